"""Kinds of files: what a file is, found out from its content. Its name and what the browser says are only claims."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import IO
from zipfile import BadZipFile, ZipFile

import puremagic
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_CHUNK = 64 * 1024


@dataclass(frozen=True)
class Kind:
    """What people call such a file, and the endings its name may have, the usual one first."""

    label: str | Promise
    endings: tuple[str, ...]


_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."
ZIP, MACROS, UNKNOWN = "application/zip", "application/vnd.ms-office.macros", "application/octet-stream"

KINDS = {
    "text/csv": Kind(_("a table (CSV)"), (".csv", ".tsv")),
    "text/plain": Kind(_("a plain text"), (".txt", ".md", ".log")),
    "text/vtt": Kind(_("subtitles (VTT)"), (".vtt",)),
    "text/html": Kind(_("a web page (HTML)"), (".html", ".htm")),
    "text/xml": Kind(_("an XML file"), (".xml",)),
    "image/jpeg": Kind(_("a picture (JPEG)"), (".jpg", ".jpeg")),
    "image/png": Kind(_("a picture (PNG)"), (".png",)),
    "image/webp": Kind(_("a picture (WebP)"), (".webp",)),
    "image/gif": Kind(_("a picture (GIF)"), (".gif",)),
    "image/svg+xml": Kind(_("a drawing (SVG)"), (".svg",)),
    "application/pdf": Kind(_("a PDF"), (".pdf",)),
    f"{_OFFICE}spreadsheetml.sheet": Kind(_("an Excel file"), (".xlsx",)),
    f"{_OFFICE}wordprocessingml.document": Kind(_("a Word file"), (".docx",)),
    f"{_OFFICE}presentationml.presentation": Kind(_("a PowerPoint file"), (".pptx",)),
    f"{_OPEN}spreadsheet": Kind(_("a LibreOffice table"), (".ods",)),
    f"{_OPEN}text": Kind(_("a LibreOffice text"), (".odt",)),
    f"{_OPEN}presentation": Kind(_("a LibreOffice presentation"), (".odp",)),
    "application/epub+zip": Kind(_("an e-book (EPUB)"), (".epub",)),
    "application/x-ole-storage": Kind(_("an Office file of before 2007"), (".xls", ".doc", ".ppt", ".msg")),
    MACROS: Kind(_("an Office file with macros"), (".xlsm", ".docm", ".pptm")),
    ZIP: Kind(_("a ZIP archive"), (".zip", ".h5p")),
    "video/mp4": Kind(_("a video (MP4)"), (".mp4", ".m4v", ".mov")),
    "video/webm": Kind(_("a video (WebM)"), (".webm",)),
    "audio/mpeg": Kind(_("a sound recording (MP3)"), (".mp3",)),
    "audio/mp4": Kind(_("a sound recording (MP4)"), (".m4a",)),
    UNKNOWN: Kind(_("a file of unknown kind"), ()),
}

# Where a kind of file has to begin so that nothing else could read it as something else. "...." is any four bytes.
_BEGINNINGS = [
    (rb"%PDF-\d", "application/pdf"),
    (rb"\x89PNG\r\n\x1a\n", "image/png"),
    (rb"\xff\xd8\xff", "image/jpeg"),
    (rb"GIF8[79]a", "image/gif"),
    (rb"RIFF....WEBP", "image/webp"),
    (rb"PK(\x03\x04|\x05\x06)", ZIP),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (rb"....ftyp", "video/mp4"),
    (rb"\x1a\x45\xdf\xa3.{0,60}webm", "video/webm"),
    (rb"ID3|\xff[\xfb\xf3\xf2]", "audio/mpeg"),
]
_BEGINNING = [(re.compile(beginning, re.DOTALL), kind) for beginning, kind in _BEGINNINGS]
_CONTROL = r"[\x00-\x08\x0b\x0e-\x19\x1b-\x1f\x7f]"  # 1A: old programs end a table with it
_NOT_IN_BYTES, _NOT_IN_LETTERS = re.compile(_CONTROL.encode()), re.compile(_CONTROL)
_OFFICE_FOLDERS = {
    "xl/": f"{_OFFICE}spreadsheetml.sheet",
    "word/": f"{_OFFICE}wordprocessingml.document",
    "ppt/": f"{_OFFICE}presentationml.presentation",
}
# Macros of Office, controls that run, macros of LibreOffice; of the last an empty library is in many files.
_MACRO = re.compile(r"vbaproject\.bin$|(^|/)activex/|^(Basic|Scripts)/(?!.*script-l[bc]\.xml$).*[^/]$", re.IGNORECASE)
_MACRO_TYPE = re.compile(r"vbaProject|macroEnabled", re.IGNORECASE)
_LONGEST_LIST = 1024 * 1024
#: What travels as a ZIP.
PACKED = frozenset(kind for kind in KINDS if kind.startswith((_OFFICE, _OPEN)) or kind in (ZIP, MACROS, "application/epub+zip"))
_DECLARED = {kind for kind in KINDS if kind.startswith(_OPEN)} | {"application/epub+zip"}


def found(file: IO[bytes]) -> str:
    """Return the content type of a file as its content shows it, reading no more than necessary at once."""
    head = _head(file)
    kind = next((kind for beginning, kind in _BEGINNING if beginning.match(head)), None)
    if kind == ZIP:
        return _packed(file)
    if kind:
        return kind
    if _is_text(file, head):
        return _written(head)
    return _guessed(head)


def claimed(name: str) -> str:
    """Return the content type that a file's name claims, or UNKNOWN."""
    return next((kind for kind, known in KINDS.items() if name.lower().endswith(known.endings or "\0")), UNKNOWN)


def label(content_type: str) -> str:
    """Return what people call such a file, in the language that is active."""
    return str(KINDS.get(content_type, KINDS[UNKNOWN]).label)


def utf_16(head: bytes) -> str:
    """Return in which UTF-16 a text is by its beginning, or nothing if it is in none."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Without the mark: of western text, the second byte of most pairs is zero, or the first, and the other hardly ever.
    zeros = {"utf-16-be": head[::2].count(0), "utf-16-le": head[1::2].count(0)}
    return max(zeros, key=zeros.__getitem__) if max(zeros.values()) > 0.2 * len(head) > 10 * min(zeros.values()) else ""


def chunks(file: IO[bytes]) -> Iterator[bytes]:
    """Yield a file from its beginning in pieces, and leave it at its beginning."""
    file.seek(0)
    while piece := file.read(_CHUNK):
        yield piece
    file.seek(0)


def _head(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read(4096)


def _packed(file: IO[bytes]) -> str:
    """Tell apart what travels as a ZIP by the names inside."""
    try:
        with ZipFile(file) as packed:
            names = packed.namelist()
            if any(_MACRO.search(name) for name in names):
                return MACROS
            if "[Content_Types].xml" in names:
                with packed.open("[Content_Types].xml") as inner:  # a macro may have any name, but says there what it is
                    said = inner.read(_LONGEST_LIST).replace(b"\0", b"").decode("ascii", "ignore")  # in UTF-8 or UTF-16
                if _MACRO_TYPE.search(unescape(said)):
                    return MACROS
                folders = (kind for folder, kind in _OFFICE_FOLDERS.items() if any(name.startswith(folder) for name in names))
                return next(folders, ZIP)
            if names[:1] == ["mimetype"]:
                with packed.open("mimetype") as inner:
                    declared = inner.read(100).decode("ascii", "replace")
                return declared if declared in _DECLARED else ZIP
            return ZIP
    except (BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError):
        return UNKNOWN


def _is_text(file: IO[bytes], head: bytes) -> bool:
    encoding = utf_16(head)
    if not encoding:
        return not any(_NOT_IN_BYTES.search(piece) for piece in chunks(file))
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        return not any(_NOT_IN_LETTERS.search(decoder.decode(piece)) for piece in chunks(file))
    except UnicodeDecodeError:
        return False


def _written(head: bytes) -> str:
    """Tell apart what is text by how it begins; anything with a tag first is never taken for a table."""
    text = head.decode(utf_16(head) or "utf-8-sig", "ignore").lstrip().lower()
    if text.startswith("webvtt"):
        return "text/vtt"
    if not text.startswith("<"):
        return "text/plain"
    if "<svg" in text:
        return "image/svg+xml"
    return "text/xml" if text.startswith("<?xml") and "<html" not in text else "text/html"


def _guessed(head: bytes) -> str:
    """Name what we don't accept anyway, so that the refusal can say what it was; a guess never lets a file in."""
    try:
        guess = puremagic.from_string(head, mime=True)
    except (puremagic.PureError, ValueError):
        return UNKNOWN
    return guess if guess and guess not in KINDS else UNKNOWN
