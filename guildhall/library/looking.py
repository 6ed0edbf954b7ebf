"""A process of its own that reads files: what they say, and what they look like; see ``core.apart``. Nothing in them is run.

It is asked for ``words`` (``words``: as much of the text as is searched) or for ``looks``, and then packs into a ZIP what shows
the file on a page: ``look.json`` and pictures. ``look.json`` has ``pages``, of a PDF: for each picture its width and height in
pixels and the words on it; or ``html``, of a Word file: not cleaned, its pictures named as in the ZIP. ``of`` is how many pages
there are.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from io import BytesIO
from typing import IO, Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

import mammoth
import pypdfium2
from defusedxml import ElementTree, defuse_stdlib  # type: ignore[attr-defined]  # its stubs leave it out
from defusedxml.common import DefusedXmlException
from PIL import Image

from guildhall.core import apart
from guildhall.core.apart import DAMAGED, Unread

MOST_WORDS = 200_000
MOST_PAGES = 60
MOST_PICTURES = 100
#: Pixels: as wide as a page is shown on a screen of twice the usual sharpness, and no longer than a scroll of it.
WIDTH, HEIGHT = 1000, 2000
_MOST_PIXELS = 50_000_000
#: Seconds of computing after which no further page is drawn.
_ENOUGH_SECONDS = 40
PDF = "application/pdf"
_OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX = f"{_OFFICE}wordprocessingml.document"
_OPEN = "application/vnd.oasis.opendocument."
# Which parts hold what is read, in their order.
_PARTS = {
    DOCX: r"word/document\.xml",
    f"{_OFFICE}presentationml.presentation": r"ppt/slides/slide(\d+)\.xml",
    f"{_OFFICE}spreadsheetml.sheet": r"xl/sharedStrings\.xml",
    f"{_OPEN}text": r"content\.xml",
    f"{_OPEN}presentation": r"content\.xml",
    f"{_OPEN}spreadsheet": r"content\.xml",
    "application/epub+zip": r".+\.x?html?",
}
#: The elements that hold words: those of Office, those of LibreOffice.
_SAID_IN = (frozenset({"t"}), frozenset({"p", "h"}))
_GAP_AFTER = {**dict.fromkeys(["p", "h", "si", "br", "cr", "line-break"], "\n"), "tab": "\t", "s": " "}
#: Comments, what was deleted, what older programs see instead: in the file, but not said by it.
_NOT_SAID = frozenset({"annotation", "tracked-changes", "Fallback"})
_PIECE = 64 * 1024
_LONGEST_PAGE = 2 * 1024 * 1024


def read(given: BinaryIO, made: BinaryIO, wanted: str, content_type: str) -> dict[str, Any]:
    """Say what a file says, or pack what it looks like.

    Raises:
        Unread: it is damaged.
    """
    defuse_stdlib()  # what reads XML for us reads no entities
    try:
        if wanted == "words":
            return {"words": "".join(_until_enough(_words(given, content_type)))}
        with ZipFile(made, "w", ZIP_STORED) as packed:
            look = _pages(given, packed) if content_type == PDF else _word_file(given, packed)
            packed.writestr("look.json", json.dumps(look), ZIP_DEFLATED)
        return {"pages": len(look.get("pages", [])), "of": look.get("of", 0)}
    except _BROKEN:
        raise Unread(DAMAGED) from None


_BROKEN = (
    pypdfium2.PdfiumError,
    BadZipFile,
    DefusedXmlException,
    ElementTree.ParseError,
    NotImplementedError,
    KeyError,
    ValueError,
    RecursionError,
)


def _until_enough(pieces: Iterable[str]) -> Iterator[str]:
    left = MOST_WORDS
    for piece in pieces:
        yield piece[:left]
        left -= len(piece)
        if left <= 0:
            return


# --- What is said --------------------------------------------------------------------------------------------------


def _words(given: BinaryIO, content_type: str) -> Iterator[str]:
    if content_type == PDF:
        for page in pypdfium2.PdfDocument(given):
            yield _words_on(page) + "\n"
        return
    with ZipFile(given) as packed:
        names = [name for name in packed.namelist() if re.fullmatch(_PARTS[content_type], name)]
        for name in sorted(names, key=lambda name: ([int(number) for number in re.findall(r"\d+", name)], name)):
            with packed.open(name) as part:
                if name.endswith(".xml"):
                    yield from _words_in_xml(part, _SAID_IN[content_type.startswith(_OPEN)])
                else:
                    yield _words_of_web_page(part)
            yield "\n"


def _words_on(page: pypdfium2.PdfPage) -> str:
    return page.get_textpage().get_text_bounded().replace("\r\n", "\n")


class _Listener:
    """Takes down what stands in the elements ``t`` of Office, or in the paragraphs and headings of LibreOffice."""

    def __init__(self, said_in: frozenset[str]) -> None:
        self.said: list[str] = []
        self._said_in = said_in
        self._within = self._left_out = 0

    def start(self, tag: str, _attributes: Any) -> None:
        name = tag.rpartition("}")[2]
        self._within += name in self._said_in
        self._left_out += name in _NOT_SAID

    def end(self, tag: str) -> None:
        name = tag.rpartition("}")[2]
        self._within -= name in self._said_in
        self._left_out -= name in _NOT_SAID
        if name in _GAP_AFTER and not self._left_out:
            self.said.append(_GAP_AFTER[name])

    def data(self, text: str) -> None:
        if self._within and not self._left_out:
            self.said.append(text)

    def close(self) -> None: ...


def _words_in_xml(part: IO[bytes], said_in: frozenset[str]) -> Iterator[str]:
    listener = _Listener(said_in)
    parser = ElementTree.XMLParser(target=listener, forbid_dtd=True)
    while piece := part.read(_PIECE):
        parser.feed(piece)
        yield "".join(listener.said)
        listener.said.clear()
    parser.close()
    yield "".join(listener.said)


class _Reader(HTMLParser):
    """Takes down what a web page says."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._left_out = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._left_out += tag in ("script", "style", "title")

    def handle_endtag(self, tag: str) -> None:
        self._left_out -= tag in ("script", "style", "title")
        if tag in ("p", "li", "tr", "div", "h1", "h2", "h3", "h4", "h5", "h6"):
            self.said.append("\n")

    def handle_data(self, data: str) -> None:
        if self._left_out <= 0:
            self.said.append(data)


def _words_of_web_page(part: IO[bytes]) -> str:
    reader = _Reader()
    reader.feed(part.read(_LONGEST_PAGE).decode("utf-8", "replace"))
    reader.close()
    return "".join(reader.said)


# --- What it looks like --------------------------------------------------------------------------------------------


def _pages(given: BinaryIO, packed: ZipFile) -> dict[str, Any]:
    """Draw the first pages of a PDF, as many as there is time for."""
    pdf = pypdfium2.PdfDocument(given)
    pages: list[dict[str, Any]] = []
    for page in pdf:
        if len(pages) == MOST_PAGES or time.process_time() > _ENOUGH_SECONDS:
            break
        width, height = page.get_size()
        scale = min(WIDTH / max(width, 1), HEIGHT / max(height, 1))
        picture = page.render(scale=scale, may_draw_forms=False).to_pil()
        packed.writestr(f"{len(pages) + 1}.webp", _drawn(picture))
        pages.append({"width": picture.width, "height": picture.height, "words": _words_on(page)})
        page.close()
    return {"pages": pages, "of": len(pdf)}


def _word_file(given: BinaryIO, packed: ZipFile) -> dict[str, Any]:
    """Make HTML of a Word file, its pictures drawn anew."""
    pictures: list[str] = []

    def keep(image: Any) -> list[Any]:
        words = image.alt_text or ""
        if len(pictures) < MOST_PICTURES:
            try:
                with image.open() as content:
                    drawn = _drawn_anew(content.read())
            except _UNDRAWABLE:
                return [mammoth.html.text(words)]
            pictures.append(f"{len(pictures) + 1}.webp")
            packed.writestr(pictures[-1], drawn)
            return [mammoth.html.element("img", {"src": pictures[-1], "alt": words})]
        return [mammoth.html.text(words)]

    return {"html": mammoth.convert_to_html(given, convert_image=keep).value}


_UNDRAWABLE = (OSError, ValueError, SyntaxError, KeyError, Image.DecompressionBombError, Image.DecompressionBombWarning)


def _drawn_anew(content: bytes) -> bytes:
    picture = Image.open(BytesIO(content), formats=["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])  # reads the header only
    if picture.width * picture.height > _MOST_PIXELS:
        raise ValueError("More pixels than a page has room for.")
    picture.thumbnail((WIDTH, HEIGHT))
    return _drawn(picture)


def _drawn(picture: Image.Image) -> bytes:
    target = BytesIO()
    picture.convert("RGBA" if picture.has_transparency_data else "RGB").save(target, "WEBP", quality=80, method=4)
    return target.getvalue()


if __name__ == "__main__":
    apart.answer(read)
