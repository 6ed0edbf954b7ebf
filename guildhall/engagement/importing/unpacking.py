"""A process of its own that turns a workbook into a table of text: what breaks here, or needs too much, ends here.

Called by ``sheets`` through ``core.apart``. It says ``sheet`` and ``sheets``, the name of the sheet it wrote and how many there
are; or why there is none: bomb, cells, password, other, empty, or a word of ``core.apart``.
Nothing of a workbook is run: formulas count for the value that was saved with them, macros for nothing.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import TextIOWrapper
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from guildhall.core import apart
from guildhall.core.apart import DAMAGED, Unread
from guildhall.engagement.exporting.formulas import disarmed

DELIMITER = ";"
MOST_CELLS = 5_000_000
#: Bytes: what all parts of a packed file may have together, and what one may have that is smaller than a hundredth when packed.
MOST_UNPACKED = 200 * 1024 * 1024
_SUSPICIOUS_FROM = 10 * 1024 * 1024
_MOST_TIMES = 100
#: A row with more line breaks in its cells loses them: a reader of CSV would think that a quotation mark was never closed.
_MOST_BREAKS = 50
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# In an OLE container the names are in UTF-16. https://learn.microsoft.com/openspecs/office_file_formats/ms-offcrypto
_ENCRYPTED, _XLS = ("EncryptedPackage".encode("utf-16-le"), "Workbook".encode("utf-16-le"))

# The records BOF, perhaps WriteProtect, FilePass. https://learn.microsoft.com/openspecs/office_file_formats/ms-xls
_LOCKED = re.compile(rb"\x09\x08\x10\0\0\x06\x05\0.{12}(\x86\0\0\0)?\x2f\0", re.DOTALL)


def unpack(file: IO[bytes], made: IO[bytes]) -> dict[str, Any]:
    """Write the first sheet that has rows as CSV, its rows where they stand in the sheet; return its name and how many there are.

    Raises:
        Unread: there is none, or it may not be read.
    """
    if_broken = _look_inside(file)
    file.seek(0)
    try:
        sheet, count = _first_with_rows(CalamineWorkbook.from_filelike(file))
    except PasswordError:
        raise Unread("password") from None
    except (CalamineError, OSError, ValueError):
        raise Unread(if_broken) from None
    with TextIOWrapper(made, encoding="utf-8", newline="") as table:
        table.write(f"sep={DELIMITER}\n")  # so that no first cell makes it look like anything but a table
        csv.writer(table, delimiter=DELIMITER, lineterminator="\n").writerows(_rows(sheet))
    return {"sheet": sheet.name, "sheets": count}


def _look_inside(file: IO[bytes]) -> str:
    """Refuse what is dangerous or locked by what the container says about itself; return what to say if it cannot be read."""
    if file.read(2) != b"PK":
        file.seek(0)
        content = file.read()
        if _ENCRYPTED in content or _LOCKED.search(content):
            raise Unread("password")
        return DAMAGED if _XLS in content else "other"
    try:
        with ZipFile(file) as packed:
            parts = packed.infolist()
            if sum(part.file_size for part in parts) > MOST_UNPACKED or any(map(_is_suspicious, parts)):
                raise Unread("bomb")
            names = {part.filename for part in parts}
            if "mimetype" in names:
                if b"encryption-data" in _beginning(packed, "META-INF/manifest.xml"):
                    raise Unread("password")
                return DAMAGED if b"spreadsheet" in _beginning(packed, "mimetype") else "other"
            return DAMAGED if any(name.startswith("xl/") for name in names) else "other"
    except (BadZipFile, KeyError, NotImplementedError, RuntimeError, ValueError, OSError):
        raise Unread(DAMAGED) from None


def _beginning(packed: ZipFile, name: str) -> bytes:
    with packed.open(name) as part:
        return part.read(100_000)


def _is_suspicious(part: Any) -> bool:
    return part.file_size > _SUSPICIOUS_FROM and part.file_size > _MOST_TIMES * part.compress_size


def _first_with_rows(workbook: CalamineWorkbook) -> tuple[CalamineSheet, int]:
    """Return the first sheet that people see and that has more than a line in it, and how many sheets people see."""
    seen = [sheet for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    seen = [sheet for sheet in seen if sheet.visible == SheetVisibleEnum.Visible] or seen
    filled = None
    for each in seen:
        sheet = workbook.get_sheet_by_name(each.name)
        if sheet.height * sheet.width > MOST_CELLS:
            raise Unread("cells")
        if sheet.height > 1:
            return sheet, len(seen)
        filled = filled or (sheet if sheet.height else None)
    if filled is None:
        raise Unread("empty")
    return filled, len(seen)


def _rows(sheet: CalamineSheet) -> Iterator[list[str]]:
    for row in sheet.iter_rows():
        width = max((at for at, value in enumerate(row, 1) if value != ""), default=0)
        cells = [disarmed(as_written(value)) for value in row[:width]]
        if sum(cell.count("\n") for cell in cells) > _MOST_BREAKS:
            cells = [cell.replace("\n", " ") for cell in cells]
        yield cells


def as_written(value: str | float | bool | date | time | timedelta) -> str:
    """Return a cell's value as text: whole numbers without a point, dates as ISO 8601 has them."""
    if isinstance(value, str):
        return _CONTROL.sub(" ", value.replace("\r\n", "\n").replace("\r", "\n"))
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        # A spreadsheet knows and shows 15 digits; what is behind them is noise.
        return str(int(value)) if value.is_integer() else f"{value:.15g}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time.min else value.isoformat(" ", "seconds")
    return value.isoformat() if isinstance(value, date | time) else str(value)


if __name__ == "__main__":
    apart.answer(unpack)
