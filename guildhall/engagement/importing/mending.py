"""The rows that did not go in, as a file to be mended and brought again: as they stood in it, with the reason beside each."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from guildhall.engagement.exporting.table import Column, Table, Value
from guildhall.engagement.importing.mapping import FIELDS, NUMBER, REASON
from guildhall.engagement.models import EmployerImport, ImportRow

_STAYED_OUT = [ImportRow.Outcome.WRONG, ImportRow.Outcome.UNCLEAR]


def rows_to_mend(employer_import: EmployerImport) -> Table:
    """Return the wrong rows and those nobody has decided, cell by cell as their file has them, in its order."""
    headings = employer_import.headings
    shown = headings
    if not employer_import.reading["heading_row"]:
        # A file without headings comes back with some by which it is understood again.
        fields = {heading: str(FIELDS[name]) for name, heading in employer_import.mapping.items()}
        shown = [fields.get(heading, heading) for heading in headings]
    stayed_out = employer_import.rows.filter(outcome__in=_STAYED_OUT).order_by("number")
    rows = list(stayed_out.values_list("number", "reason", "given"))
    known = set(headings)
    surplus = sorted({name for _number, _reason, given in rows for name in given if name not in known}, key=_place)
    written = [*shown, *([" "] * len(surplus)), str(NUMBER), str(REASON)]
    columns = [Column(heading, heading, str) for heading in written]

    def cells() -> Iterator[list[Value]]:
        for number, reason, given in rows:
            yield [*(given.get(name, "") for name in [*headings, *surplus]), number, reason]

    return Table(_("To mend"), columns, cells())


def _place(name: str) -> int:
    """Where a cell stands that has no heading (``understanding.as_in_file``)."""
    return int(name.removeprefix("+"))
