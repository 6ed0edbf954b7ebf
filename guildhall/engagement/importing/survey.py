"""A first look at a file: how it is to be read, what its columns seem to hold, how many rows it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, Any

from django.utils.translation import gettext as _

from guildhall.engagement.importing.mapping import country_of, guess, survey
from guildhall.engagement.importing.reading import Unreadable, find_out


@dataclass(frozen=True)
class Seen:
    """``reading`` and ``mapping`` are as ``EmployerImport`` keeps them; ``country`` is where the employers are."""

    reading: dict[str, Any]
    mapping: dict[str, str]
    country: str


def look_over(file: IO[bytes], *, country: str) -> Seen:
    """Look over a file; ``country`` is the school's, where the employers are taken to be unless their numbers say otherwise.

    Raises:
        Unreadable: it is no table, or has no rows.
    """
    reading = find_out(file, country=country)
    found = survey(reading.headings, reading.records(file))
    if not found.rows:
        raise Unreadable(_("This file has headings but no rows below them."))
    kept = {
        "encoding": reading.encoding,
        "delimiter": reading.delimiter,
        "heading_row": reading.heading_row,
        "rows": found.rows,
        "columns": [
            {"heading": column.heading, "samples": column.samples, "filled": column.filled, "codes": column.codes}
            for column in found.columns
        ],
    }
    return Seen(kept, guess(found, headed=reading.heading_row > 0), country_of(found) or country)
