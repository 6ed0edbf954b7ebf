"""Workbooks (XLSX, XLS, ODS and their kin): the sheet with the list becomes a table of text, read like any other from then on."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.utils.translation import gettext as _

from guildhall.core.files.kinds import chunks
from guildhall.engagement.importing.reading import Unreadable
from guildhall.engagement.importing.unpacking import MOST_CELLS

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
        answer = _unpack(given, table)
        if "refused" in answer:
            raise Unreadable(_why(answer["refused"]))
        table.seek(0)
        name = getattr(file, "name", None)
        return Sheet(ContentFile(table.read(), name=name if isinstance(name, str) else None), answer["sheet"], answer["sheets"])


def _unpack(given: IO[bytes], table: IO[bytes]) -> dict[str, Any]:
    limits = [str(table.fileno()), str(settings.MAX_UPLOAD_MB * 1024 * 1024), str(SECONDS)]
    try:
        reader = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "guildhall.engagement.importing.unpacking", *limits],
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=[table.fileno()],
            cwd=settings.PROJECT,
            env={},
            timeout=2 * SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"refused": "too much"}
    if reader.returncode == 0:
        return dict(json.loads(reader.stdout))
    # Ended by a signal, it came to a limit; ended by an error, it met what no workbook should hold.
    return {"refused": "too much" if reader.returncode < 0 else "damaged"}


def _why(refused: str) -> str:
    if refused == "cells":
        cells = _("This sheet has more than %(most)d million cells. Save only the part that lists the employers, then send that.")
        return cells % {"most": MOST_CELLS // 1_000_000}
    return {
        "bomb": _("This file unpacks to far more than any list of employers. Save the list as CSV, then send that."),
        "empty": _("This file is empty."),
        "password": _("This file is locked with a password. Save it without one, then send it again."),
        "damaged": _("This spreadsheet is damaged. Open it, save it again, then send that."),
        "other": _("This file is no table. Save the list of employers as an Excel file or as CSV, then send that."),
    }.get(
        refused,
        _(
            "This spreadsheet is too large to be read; perhaps a single cell stands far away from the others. "
            "Copy the list of employers into a new file, then send that."
        ),
    )
