"""Files that do, or hide, more than they say: archives, PDFs and films, before they are kept.

What a file is was found out before (``kinds``): no web page, no drawing that runs scripts, no Office file with macros comes this
far where they are not allowed, and pictures are drawn anew. This is about what is left.
"""

from __future__ import annotations

import re
import stat
import struct
from pathlib import PurePosixPath
from tempfile import TemporaryFile
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo

from django.utils.translation import gettext as _

from guildhall.core import apart
from guildhall.core.errors import Refused
from guildhall.core.files import kinds, pictures

MOST_PACKED = 5_000
#: Bytes: what all parts of an archive may have together, and what one may have that is smaller than a hundredth when packed.
MOST_UNPACKED = 500 * 1024 * 1024
_SUSPICIOUS_FROM = 10 * 1024 * 1024
_MOST_TIMES = 100
#: Seconds of computing: a PDF of a hundred thousand parts takes about two.
SECONDS_FOR_PDF = 8
_PROGRAMS = frozenset(
    {".exe", ".com", ".scr", ".pif", ".bat", ".cmd", ".ps1", ".vbs", ".vbe", ".wsf", ".hta", ".msi", ".dll", ".jar", ".lnk"}
    | {".reg", ".app", ".dmg", ".sh", ".command", ".apk", ".deb", ".rpm", ".desktop", ".chm", ".iso", ".jse", ".cpl"}
)
_FILMS = frozenset({"video/mp4", "audio/mp4"})
_LONGEST_NAME = 250
# Control characters, and what turns the direction in which a name is read.
_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_MOST_BOXES = 50_000


def require_harmless(upload: IO[bytes]) -> None:
    """Refuse a file that does or hides more than it says; leave it at its beginning.

    Raises:
        Refused: it is an archive that unpacks to too much or to somewhere else, that is locked or holds programs; a PDF with
            scripts, programs to be opened or other files in it; a film that breaks off; a file that is an archive as well.
    """
    kind = kinds.found(upload)
    upload.seek(0)
    if kind in pictures.READABLE:
        return  # of a picture nothing is kept but what one sees
    if kind in kinds.PACKED:
        _require_harmless_archive(upload, kind)
    elif _holds_archive(upload):
        raise Refused(_("This is %(kind)s and an archive at once. Save it anew, then send that.") % {"kind": kinds.label(kind)})
    elif kind == "application/pdf":
        _require_harmless_pdf(upload)
    elif kind in _FILMS:
        _require_whole_film(upload)
    upload.seek(0)


# --- Archives, and what is one: Office files, e-books -------------------------------------------------------------


def _require_harmless_archive(upload: IO[bytes], kind: str) -> None:
    try:
        with ZipFile(upload) as packed:
            parts = packed.infolist()
            _require_bearable(parts, upload)
            for part in parts:
                _require_harmless_part(part, kind)
                packed.open(part).close()  # whether it is where and what the directory says
    except (BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, struct.error):
        raise Refused(_("This file is damaged. Save it anew, then send that.")) from None


def _require_bearable(parts: list[ZipInfo], upload: IO[bytes]) -> None:
    if len(parts) > MOST_PACKED:
        raise Refused(_("There are more than %(most)s files in this archive.") % {"most": MOST_PACKED})
    unpacked, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
    # Together they cannot be larger than the whole, unless one is named more than once.
    if unpacked > MOST_UNPACKED or packed > upload.seek(0, 2) or any(map(_is_suspicious, parts)):
        raise Refused(_("This file unpacks to far more than it is. Leave out what is not needed, then send that."))


def _is_suspicious(part: ZipInfo) -> bool:
    return part.file_size > _SUSPICIOUS_FROM and part.file_size > _MOST_TIMES * part.compress_size


def _require_harmless_part(part: ZipInfo, kind: str) -> None:
    said = {"name": _ODD.sub("", part.orig_filename[:80])}
    if part.flag_bits & 1:
        raise Refused(_("This file is locked with a password. Save it without one, then send that."))
    if _leads_elsewhere(part):
        raise Refused(
            _("“%(name)s” in this archive would be unpacked to another place. Pack the files anew, then send that.") % said
        )
    if kind == kinds.ZIP and PurePosixPath(part.filename.lower().rstrip(". ")).suffix in _PROGRAMS:
        raise Refused(_("There is a program in this archive: “%(name)s”. Programs are not kept here.") % said)


def _leads_elsewhere(part: ZipInfo) -> bool:
    """Whether whoever unpacks a part without care would write outside the folder, or into a place that a link names."""
    name = part.orig_filename.replace("\\", "/")
    is_link = stat.S_IFMT(part.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR)
    is_absolute = name.startswith("/") or name[1:2] == ":"
    is_odd = not name or len(name) > _LONGEST_NAME or _ODD.search(name) is not None
    return is_link or is_absolute or is_odd or ".." in name.split("/")


def _holds_archive(upload: IO[bytes]) -> bool:
    """Whether programs that look for the directory of an archive at the end of a file find one."""
    try:
        with ZipFile(upload) as packed:
            return bool(packed.infolist())
    except (BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, struct.error):
        return False


# --- PDFs ----------------------------------------------------------------------------------------------------------


def _require_harmless_pdf(upload: IO[bytes]) -> None:
    with TemporaryFile() as given, TemporaryFile() as made:
        for piece in kinds.chunks(upload):
            given.write(piece)
        given.seek(0)
        try:
            apart.ask("guildhall.core.pdfs", given, made, seconds=SECONDS_FOR_PDF, most_bytes=0)
        except apart.Unread as unread:
            raise Refused(_why(str(unread))) from None


def _why(unread: str) -> str:
    return {
        "script": _("There is a script in this PDF. Print it into a new PDF, then send that."),
        "launch": _("This PDF opens other programs or files. Print it into a new PDF, then send that."),
        "files": _("There are other files in this PDF. Send those by themselves, and the PDF without them."),
        "password": _("This PDF is locked with a password. Save it without one, then send that."),
        "damaged": _("This PDF is damaged. Save it anew, then send that."),
    }.get(unread, _("This PDF cannot be looked through, it has too many parts. Print it into a new PDF, then send that."))


# --- Films ---------------------------------------------------------------------------------------------------------


def _require_whole_film(upload: IO[bytes]) -> None:
    """Go from box to box (ISO/IEC 14496-12, 4.2): each must end within the file, and the index of the film must be there."""
    size, at, names = upload.seek(0, 2), 0, set()
    for _box in range(_MOST_BOXES):
        if at == size:
            break
        upload.seek(at)
        head = upload.read(16)
        if len(head) < 8:
            raise _broken_film()
        length, name = struct.unpack(">I4s", head[:8])
        if length == 1:
            length = struct.unpack(">Q", head[8:])[0] if len(head) == 16 else 0
        elif length == 0:  # the last one goes to the end
            length = size - at
        if length < 8 or at + length > size or not name.isascii():
            raise _broken_film()
        names.add(name)
        at += length
    if at < size or b"moov" not in names or not names & {b"mdat", b"moof"}:
        raise _broken_film()


def _broken_film() -> Refused:
    return Refused(_("This film or recording is damaged, or was cut off. Save it anew, then send that."))
