"""Workbooks (XLSX, XLS, ODS and their kin): the sheet with the list becomes a table of text, read like any other from then on."""

from __future__ import annotations

from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO

from django.conf import settings
from django.core.files.base import ContentFile
from django.utils.translation import gettext as _

from guildhall.core import apart
from guildhall.core.files.kinds import chunks
from guildhall.engagement.importing import unpacking
from guildhall.engagement.importing.reading import Unreadable

#: Seconds of computing; two hundred thousand rows of twenty columns take about ten.
SECONDS = 30
#: ZIP (XLSX, ODS) and OLE (XLS, and whatever Office locked with a password).
_BEGINNINGS = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")


@dataclass(frozen=True)
class Sheet:
    """A sheet as CSV, the name it has in its workbook, and how many sheets there are."""

    table: IO[bytes]
    name: str
    of: int


def is_workbook(file: IO[bytes]) -> bool:
    """Whether a file is one, or anything else that travels in the same two containers; its name says nothing."""
    file.seek(0)
    return file.read(8).startswith(_BEGINNINGS)


def first_sheet(file: IO[bytes]) -> Sheet:
    """Return the first sheet of a workbook that has rows. Another process reads it, within limits.

    Raises:
        Unreadable: it is none, empty, damaged, locked, or needs too much.
    """
    with TemporaryFile() as given, TemporaryFile() as table:
        for piece in chunks(file):
            given.write(piece)
        given.seek(0)
        most_bytes = settings.MAX_UPLOAD_MB * 1024 * 1024
        try:
            said = apart.ask(unpacking.__name__, given, table, seconds=SECONDS, most_bytes=most_bytes)
        except apart.Unread as unread:
            raise Unreadable(_why(str(unread))) from None
        table.seek(0)
        name = getattr(file, "name", None)
        return Sheet(ContentFile(table.read(), name=name if isinstance(name, str) else None), said["sheet"], said["sheets"])


def _why(unread: str) -> str:
    if unread == "cells":
        cells = _("This sheet has more than %(most)d million cells. Save only the part that lists the employers, then send that.")
        return cells % {"most": unpacking.MOST_CELLS // 1_000_000}
    return {
        "bomb": _("This file unpacks to far more than any list of employers. Save the list as CSV, then send that."),
        "empty": _("This file is empty."),
        "password": _("This file is locked with a password. Save it without one, then send it again."),
        "damaged": _("This spreadsheet is damaged. Open it, save it again, then send that."),
        "other": _("This file is no table. Save the list of employers as an Excel file or as CSV, then send that."),
    }.get(
        unread,
        _(
            "This spreadsheet is too large to be read; perhaps a single cell stands far away from the others. "
            "Copy the list of employers into a new file, then send that."
        ),
    )
