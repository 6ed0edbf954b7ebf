"""Employers as the list shows them, in a file: Excel, CSV or JSON, row after row, whatever their number."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from tempfile import SpooledTemporaryFile
from typing import IO

import xlsxwriter
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from guildhall.engagement.columns import KEPT, BookColumn, Row, rows_of
from guildhall.engagement.exporting.formulas import disarmed
from guildhall.engagement.models import Employer, EmployerQuerySet
from guildhall.people.models import User

Value = str | int | date | None

#: Employers that are in memory at a time.
PORTION = 1000
#: Bytes of a file that are kept in memory before it goes to disk.
IN_MEMORY = 1024 * 1024
#: Languages in which a comma stands within numbers, so that spreadsheets take semicolons between cells.
_WITH_POINT = ("en",)
#: Characters; what is longer is cut off by the edge of the cell on screen only.
_WIDEST = 60
_NOT_IN_SHEET_NAMES = re.compile(r"[\[\]:*?/\\']")


@dataclass(frozen=True)
class Column:
    """A column of a file: its name for programs, its heading for people, and what it says of an employer."""

    name: str
    heading: str | Promise
    value: Callable[[Row], Value]


_NAME = Column("name", gettext_lazy("Employer"), lambda row: row.name)
#: What the list says under the value of a column has a column of its own in a file.
_UNDER: dict[str, Column] = {
    "where": Column("other_sites", gettext_lazy("Other sites"), lambda row: row.other_sites),
    "step": Column("what", gettext_lazy("What comes next"), lambda row: row.what),
    "rest": Column("why", gettext_lazy("Why it rests"), lambda row: row.resting_why),
}


@dataclass(frozen=True)
class Table:
    """Employers row by row, as somebody chose to see them. The rows can be gone through once."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Value]]


def columns_of(shown: Iterable[BookColumn]) -> list[Column]:
    """Return the columns of a file with what the list shows."""
    columns = [_NAME]
    for column in shown:
        columns.append(Column(column.key, column.label, column.value))
        columns += [_UNDER[column.key]] if column.key in _UNDER else []
    return columns


def table_of(employers: EmployerQuerySet, shown: Sequence[BookColumn], colleagues: Collection[User]) -> Table:
    """Return the table of employers, in their order, with the columns the list shows; read in portions."""
    columns = columns_of(shown)
    return Table(_("Employers"), columns, _rows(employers, shown, columns, colleagues))


def _rows(
    employers: EmployerQuerySet, shown: Sequence[BookColumn], columns: Sequence[Column], colleagues: Collection[User]
) -> Iterator[list[Value]]:
    numbers = list(employers.values_list("pk", flat=True))
    for at in range(0, len(numbers), PORTION):
        portion = numbers[at : at + PORTION]
        rows = {row.pk: row for row in rows_of(Employer.objects.filter(pk__in=portion).values(*KEPT), colleagues, shown)}
        for number in portion:
            if row := rows.get(number):  # somebody may remove one meanwhile
                yield [column.value(row) for column in columns]


def as_xlsx(table: Table) -> IO[bytes]:
    """Return a table as a workbook: headings that stay, a filter, dates that are dates, and text that is text."""
    file = new_file()
    # With constant_memory each row goes to disk before the next is written.
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": table.title})
    sheet = book.add_worksheet(_NOT_IN_SHEET_NAMES.sub(" ", table.title)[:31])
    heading, day = book.add_format({"bold": True, "bottom": 1}), book.add_format({"num_format": 14, "align": "left"})
    widths = [len(str(column.heading)) + 4 for column in table.columns]  # the button of the filter needs room
    sheet.freeze_panes(1, 1)
    for at, column in enumerate(table.columns):
        sheet.write_string(0, at, str(column.heading), heading)
    number = 0
    for number, row in enumerate(table.rows, 1):
        for at, value in enumerate(row):
            match value:
                case date():
                    sheet.write_datetime(number, at, value, day)
                case int():
                    sheet.write_number(number, at, value)
                case str() if value:
                    sheet.write_string(number, at, value)
            widths[at] = max(widths[at], 12 if isinstance(value, date) else len(str(value or "")))
    sheet.autofilter(0, 0, number, len(table.columns) - 1)
    for at, width in enumerate(widths):
        sheet.set_column(at, at, min(width, _WIDEST))
    book.close()
    return from_start(file)


def as_csv(table: Table) -> IO[bytes]:
    """Return a table as CSV, as spreadsheets in the reader's language take it: UTF-8 with its mark, dates as 2026-11-22.

    All cells stand in quotation marks, so that a program which expects other delimiters finds no cell within a cell.
    """
    file = new_file()
    text = io.TextIOWrapper(file, "utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text, delimiter=delimiter(), quoting=csv.QUOTE_ALL)
    writer.writerow([disarmed(str(column.heading)) for column in table.columns])
    writer.writerows([_cell(value) for value in row] for row in table.rows)
    text.detach()
    return from_start(file)


def as_json(table: Table) -> IO[bytes]:
    """Return a table as JSON: ``{"format": "guildhall-employers-1", "headings": {name: heading}, "employers": [{name: value}]}``.

    Names are those of ``Column``, whatever the language; dates are ISO 8601, what is not known is null.
    """
    names = [column.name for column in table.columns]
    head: dict[str, object] = {
        "format": "guildhall-employers-1",
        "headings": {column.name: str(column.heading) for column in table.columns},
    }
    file = new_file()
    write_json(file, head, "employers", (dict(zip(names, map(_known, row), strict=True)) for row in table.rows))
    return from_start(file)


#: What the list can be had as: the ending of the file's name and its content type, and who writes it.
FORMATS: dict[str, tuple[str, Callable[[Table], IO[bytes]]]] = {
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_xlsx),
    "csv": ("text/csv; charset=utf-8", as_csv),
    "json": ("application/json", as_json),
}


def delimiter() -> str:
    """What stands between the cells of a CSV file where the reader's language is spoken."""
    return "," if (get_language() or "").split("-")[0] in _WITH_POINT else ";"


def write_json(file: IO[bytes], head: dict[str, object], name: str, things: Iterable[dict[str, object]]) -> None:
    """Write ``{**head, name: [thing, thing, …]}``, a line for each thing, holding one of them at a time."""
    file.write(json.dumps(head, ensure_ascii=False)[:-1].encode())
    file.write(f', "{name}": ['.encode())
    for at, thing in enumerate(things):
        file.write(f"{',' if at else ''}\n{json.dumps(thing, ensure_ascii=False)}".encode())
    file.write(b"\n]}\n")


def _cell(value: Value) -> str:
    match value:
        case None:
            return ""
        case date():
            return value.isoformat()
        case str():
            return disarmed(value)
    return str(value)


def _known(value: Value) -> object:
    return value.isoformat() if isinstance(value, date) else None if value == "" else value


def new_file() -> IO[bytes]:
    """Return a file that goes to disk when it grows; closed with the answer it is sent in."""
    return SpooledTemporaryFile(IN_MEMORY)


def from_start(file: IO[bytes]) -> IO[bytes]:
    """Return a file that was written, to be read."""
    file.seek(0)
    return file
