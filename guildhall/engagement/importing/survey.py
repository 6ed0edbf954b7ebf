"""A first look at a file: how it is to be read, what its columns seem to hold, how many rows it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, Any

from django.utils.translation import gettext as _

from guildhall.engagement.importing.mapping import country_of, guess, survey
from guildhall.engagement.importing.namesakes import told_apart_by
from guildhall.engagement.importing.reading import DELIMITERS, Unreadable, find_out
from guildhall.engagement.importing.sheets import first_sheet, is_workbook
from guildhall.engagement.importing.unpacking import DELIMITER


@dataclass(frozen=True)
class Seen:
    """``reading`` and ``mapping`` are as ``EmployerImport`` keeps them; ``country`` is where the employers are.

    ``table`` is what the rows are read from and what is kept: the file itself, or the sheet that a workbook holds, as text.
    """

    reading: dict[str, Any]
    mapping: dict[str, str]
    country: str
    table: IO[bytes]


def look_over(file: IO[bytes], *, country: str) -> Seen:
    """Look over a file; ``country`` is the school's, where the employers are taken to be unless their numbers say otherwise.

    Raises:
        Unreadable: it is no table, or has no rows.
    """
    sheet = first_sheet(file) if is_workbook(file) else None
    table = sheet.table if sheet else file
    reading = find_out(table, country=country, delimiters=DELIMITER if sheet else DELIMITERS)
    found = survey(reading.headings, reading.records(table))
    if not found.rows:
        raise Unreadable(_("This file has headings but no rows below them."))
    mapping = guess(found, headed=reading.heading_row > 0)
    told_apart = {}
    if other := told_apart_by(found, mapping):
        mapping["trade_name"] = other
        told_apart = {"name": mapping["name"], "trade_name": other}
    kept = {
        **({"sheet": sheet.name, "sheets": sheet.of} if sheet else {}),
        "encoding": reading.encoding,
        "delimiter": reading.delimiter,
        "heading_row": reading.heading_row,
        "rows": found.rows,
        "told_apart": told_apart,
        "columns": [
            {"heading": column.heading, "samples": column.samples, "filled": column.filled, "codes": column.codes}
            for column in found.columns
        ],
    }
    return Seen(kept, mapping, country_of(found) or country, table)
