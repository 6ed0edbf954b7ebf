"""What files say and what they look like, so that they are found and can be looked at. Nothing in them is run.

A text is read at once. Whatever has to be unpacked or drawn for it is read by a worker, in a process of its own (``looking``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

from charset_normalizer import from_bytes

from guildhall.core import apart
from guildhall.core.files import kinds, made
from guildhall.core.files.kinds import utf_16
from guildhall.core.models import StoredFile
from guildhall.library.cleaning import as_text
from guildhall.library.models import Part, Preview

_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."
PDF, DOCX = "application/pdf", f"{_OFFICE}wordprocessingml.document"
#: What a resource may consist of. No HTML and no drawings (SVG): they could run something. No Office file with macros, and none
#: of before 2007, in which macros cannot be told from the rest.
ALLOWED = frozenset(kinds.KINDS) - {
    "text/html",
    "text/xml",
    "image/svg+xml",
    "application/x-ole-storage",
    kinds.MACROS,
    kinds.UNKNOWN,
}
#: What is shown as pages, and what is read only.
SHOWN = frozenset({PDF, DOCX})
READ_APART = frozenset({PDF, "application/epub+zip"}) | {kind for kind in kinds.KINDS if kind.startswith((_OFFICE, _OPEN))}
MOST_WORDS, MOST_PICTURES = 200_000, 100
#: What texts were written in before UTF-8: in the west of Europe, in its middle, in Greek, in Cyrillic.
_OLD_ENCODINGS = ["cp1252", "cp1250", "cp1253", "cp1251"]
_GAPS = re.compile(r"\n\s*\n")
_LOOKING = "guildhall.library.looking"
#: Seconds of computing: to read a file, and to draw its pages.
SECONDS_TO_READ, SECONDS_TO_DRAW = 20, 60
_MOST_BYTES = 50 * 1024 * 1024


def words_in(stored: StoredFile) -> str:
    """Return what a text says, whatever encoding it is in; "" for all that is no plain text: ``looked_into`` reads that."""
    if not stored.content_type.startswith("text/"):
        return ""
    with stored.content.open("rb") as file:
        beginning = file.read(MOST_WORDS)
    return as_text(_decoded(beginning))


def words_of(parts: Iterable[Part]) -> str:
    """Return what files say together, as much of it as is searched."""
    return "\n".join(part.text for part in parts if part.text)[:MOST_WORDS]


@dataclass(frozen=True)
class Look:
    """What was found in a file: its words, and a ZIP with what shows it on a page, if anything does."""

    words: str = ""
    packed: Path | None = None
    pages: int = 0
    of: int = 0


@contextmanager
def looked_into(stored: StoredFile) -> Iterator[Look]:
    """Read a file and draw its pages, within limits; what cannot be read has no words, what cannot be drawn no pages.

    It takes up to minutes, and the ZIP is there until the block ends unless it is moved.
    """
    with made.local(stored) as path, TemporaryDirectory(prefix="guildhall-") as folder:
        words = _asked(path, Path(folder, "words"), "words", stored.content_type).get("words", "")
        packed = Path(folder, "look")
        said = _asked(path, packed, "looks", stored.content_type) if stored.content_type in SHOWN else {}
        yield Look(_GAPS.sub("\n\n", as_text(words)).strip(), packed if said else None, said.get("pages", 0), said.get("of", 0))


def _asked(path: Path, target: Path, wanted: str, content_type: str) -> dict[str, Any]:
    seconds = SECONDS_TO_READ if wanted == "words" else SECONDS_TO_DRAW
    with path.open("rb") as given, target.open("wb") as result:
        try:
            return apart.ask(_LOOKING, given, result, wanted, content_type, seconds=seconds, most_bytes=_MOST_BYTES)
        except apart.Unread:
            return {}


def look_of(preview: Preview) -> dict[str, Any]:
    """Return what is known of the looks of a file: ``pages`` or ``html``, see ``looking``; nothing where it has none."""
    return json.loads(_packed(preview, "look.json") or "{}")


def picture_of(preview: Preview, number: int) -> bytes | None:
    """Return a page, or a picture in a text, counted from 1: WebP; None where there is none of that number."""
    return _packed(preview, f"{number}.webp")


def _packed(preview: Preview, name: str) -> bytes | None:
    if preview.packed is None:
        return None
    with preview.packed.content.open("rb") as content, ZipFile(content) as packed:
        return packed.read(name) if name in packed.NameToInfo else None


def _decoded(beginning: bytes) -> str:
    """Read a text in the encoding that fits it: what UTF-8 it can be it is; the last letter may be cut in two."""
    for encoding in filter(None, [utf_16(beginning[:4096]), "utf-8-sig"]):
        try:
            return beginning.decode(encoding)
        except UnicodeDecodeError as error:
            if error.end == len(beginning) and error.start >= len(beginning) - 4:
                return beginning[: error.start].decode(encoding)
    fitting = from_bytes(beginning, cp_isolation=_OLD_ENCODINGS)
    best = min(fitting, key=lambda each: (each.chaos, -each.coherence, _OLD_ENCODINGS.index(each.encoding)), default=None)
    return str(best) if best else beginning.decode("latin-1")
