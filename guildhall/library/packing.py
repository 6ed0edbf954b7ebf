"""Everything of a resource in one archive, to be taken along: its text as Markdown and as a page, its files, who made it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count
from pathlib import PurePosixPath
from urllib.parse import quote
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import get_language, override

from guildhall.core.http import plain_name
from guildhall.core.models import StoredFile
from guildhall.library.attribution import attribution_html, attribution_text
from guildhall.library.cleaning import link_to
from guildhall.library.kinds import CASE_PARTS
from guildhall.library.markdown import render
from guildhall.library.models import Film, Part, Resource, Version

_PIECE = 256 * 1024
_FOLDER = "files"
# What Windows takes for a device, whatever its ending. https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_MARKS = re.compile(r"([\\`*_\[\]<>#~|])")
_OURS = re.compile(r'(src|href)="(/[^"]*)"')


@dataclass(frozen=True)
class Packed:
    """A file in the archive: its name there, and its content."""

    name: str
    content: bytes | StoredFile


def packed(shown: Version | Resource) -> Iterator[bytes]:
    """Yield the archive as it is packed; all that the database knows has been read before the first byte.

    ``shown.resource`` of a version comes with its organisation. What is written for it is in the language of the resource.
    """
    known = {code for code, _name in settings.LANGUAGES}
    with override(shown.language if shown.language in known else get_language()):
        contents = list(_contents(shown))
    at = shown.published_at if isinstance(shown, Version) else shown.changed_at
    return _pieces(contents, localtime(at))


def _contents(shown: Version | Resource) -> Iterator[Packed]:
    resource = shown.resource if isinstance(shown, Version) else shown
    parts = Part.objects.of_version(shown) if isinstance(shown, Version) else resource.parts.of_working_copy()
    names: dict[int, str] = {}
    files: list[Packed] = []
    for part in parts.select_related("file"):
        names[part.pk] = _unused(part.file.name, names.values())
        files.append(Packed(names[part.pk], part.file))
    attribution = attribution_text(shown)
    yield Packed("ATTRIBUTION.txt", f"{attribution}\n".encode())
    yield Packed("LICENSE.txt", f"{shown.under.label}\n{shown.under.uri}\n".encode())
    yield Packed("text.md", _markdown(shown, attribution).encode())
    yield Packed("text.html", _web_page(shown, names).encode())
    yield from files
    yield from _film(resource)


def _film(resource: Resource) -> Iterator[Packed]:
    """The film in the best picture there is, and what is read along with it."""
    film = Film.objects.filter(resource=resource.work_id).first()
    if film is None or not film.is_ready:
        return
    best = film.renditions.exclude(kind="audio").select_related("file").order_by("-height").first()
    if best is not None:
        yield Packed("film.mp4", best.file)
    for track in film.tracks.order_by("language", "kind"):
        yield Packed(f"film.{plain_name(track.language)}.{track.kind}.vtt", track.vtt.encode())


def _told(shown: Version | Resource) -> Iterator[tuple[str, str]]:
    """The parts of what is written, each with its heading: those of a practice case, and the text, which has none."""
    for name, label in CASE_PARTS.items():
        if words := str(shown.account.get(name) or "").strip():
            yield str(label), words
            figures = shown.account.get("figures") or [] if name == "results" else []
            yield "", "\n".join(f"- **{_as_typed(each['value'])}** {_as_typed(each['label'])}" for each in figures)
    yield "", shown.text


def _markdown(shown: Version | Resource, attribution: str) -> str:
    pieces = [f"# {_as_typed(shown.title)}", _as_typed(shown.summary)]
    for heading, words in _told(shown):
        pieces += [f"## {heading}" if heading else "", words.strip()]
    pieces += [f"<{link}>" if (link := link_to(shown.link)) else "", "---", _as_typed(attribution)]
    return "\n\n".join(filter(None, pieces)) + "\n"


def _web_page(shown: Version | Resource, names: Mapping[int, str]) -> str:
    told = "\n".join(
        format_html("<h2>{}</h2>\n{}", heading, render(words, level=3)) if heading else render(words, level=2)
        for heading, words in _told(shown)
    )
    return format_html(
        '<!doctype html>\n<html lang="{}">\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n'
        "<title>{}</title>\n<h1>{}</h1>\n<p>{}</p>\n{}\n{}<hr>\n<p>{}</p>\n</html>\n",
        shown.language,
        shown.title,
        shown.title,
        shown.summary,
        SafeString(_OURS.sub(lambda found: _from_elsewhere(found, names), told)),
        format_html('<p><a href="{}">{}</a></p>\n', link, link) if (link := link_to(shown.link)) else "",
        attribution_html(shown),
    )


def _from_elsewhere(found: re.Match[str], names: Mapping[int, str]) -> str:
    """Lead from a page on somebody's disk: to what lies beside it, or to this server. What was found is cleaned HTML."""
    part = re.search(r"/files/(\d+)/", found[2])
    near = names.get(int(part[1])) if part else None
    return f'{found[1]}="{quote(near) if near else settings.BASE_URL + found[2]}"'


def _as_typed(words: object) -> str:
    """Write words so that nothing in them is taken for Markdown, in one line."""
    return _MARKS.sub(r"\\\1", " ".join(str(words).split()))


def _unused(name: str, taken: Iterable[str]) -> str:
    """Return a place in the folder that no other file has, on systems that know no capitals either."""
    name = f"_{name}" if _DEVICE.fullmatch(name) else name
    folded = {other.casefold() for other in taken}
    stem, ending = PurePosixPath(name).stem, PurePosixPath(name).suffix
    candidates = chain([name], (f"{stem} ({number}){ending}" for number in count(2)))
    return next(place for each in candidates if (place := f"{_FOLDER}/{each}").casefold() not in folded)


class _Outlet:
    """What the archive is written to: it gives away at once what it was given."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None: ...

    def taken(self) -> bytes:
        given, self._pieces = b"".join(self._pieces), []
        return given


def _pieces(contents: Iterable[Packed], at: datetime) -> Iterator[bytes]:
    outlet = _Outlet()
    with ZipFile(outlet, "w") as archive:  # type: ignore[call-overload]  # a thing to write to is all it needs
        for each in contents:
            info = ZipInfo(each.name, (max(at.year, 1980), *at.timetuple()[1:6]))
            info.external_attr = 0o644 << 16
            info.compress_type = ZIP_DEFLATED if isinstance(each.content, bytes) else ZIP_STORED
            with archive.open(info, "w", force_zip64=not isinstance(each.content, bytes)) as target:
                for piece in _read(each.content):
                    target.write(piece)
                    yield outlet.taken()
    yield outlet.taken()


def _read(content: bytes | StoredFile) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.content.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
