"""A lot: all the rows of one file, decided on against one school's book, portion by portion."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import IO, Any

from django.utils.timezone import localdate

from guildhall.engagement.importing.book import Shelf, colleagues_by_name
from guildhall.engagement.importing.choosing import Answers, answers_in, identity_of
from guildhall.engagement.importing.planning import Book, Decision, Told, plan
from guildhall.engagement.importing.reading import Reading
from guildhall.engagement.importing.understanding import Row, Understanding
from guildhall.engagement.models import RowChoice
from guildhall.people.models import Organisation

#: Rows that go into the book together or not at all.
PORTION = 500


def rows_of(file: IO[bytes], reading: Mapping[str, Any], mapping: Mapping[str, str], country: str) -> list[Row]:
    """Return what each row of a file says; ``reading`` is as ``EmployerImport.reading`` keeps it.

    Raises:
        Unreadable: the file is not the one it was.
    """

    def records(headings: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
        return Reading(reading["encoding"], reading["delimiter"], tuple(headings), reading["heading_row"]).records(file)

    return _understood(records, reading, mapping, country)


def rows_again(
    given: Mapping[int, Mapping[str, str]], reading: Mapping[str, Any], mapping: Mapping[str, str], country: str
) -> list[Row]:
    """Return what rows say of which only the cells were kept (``as_in_file``), by their numbers."""
    return _understood(
        lambda headings: ((number, [cells.get(heading, "") for heading in headings]) for number, cells in given.items()),
        reading,
        mapping,
        country,
    )


def _understood(
    records: Callable[[Sequence[str]], Iterator[tuple[int, list[str]]]],
    reading: Mapping[str, Any],
    mapping: Mapping[str, str],
    country: str,
) -> list[Row]:
    columns = reading["columns"]
    headings = [column["heading"] for column in columns]
    codes = {column["heading"]: column["codes"] for column in columns}
    understanding = Understanding(headings, mapping, country=country, codes=codes, today=localdate())
    return list(understanding.rows(records(headings)))


class Lot:
    """The rows of a file on their way into a book, with what somebody has decided about some of them."""

    def __init__(self, school: Organisation, rows: Sequence[Row], choices: Iterable[RowChoice] = ()) -> None:
        self.rows = rows
        brings_past = any(row.contact_on or row.next_step for row in rows)
        self.shelf = Shelf(school, with_past=brings_past)
        self._told = Told(rows)
        self._colleagues = colleagues_by_name(school) if brings_past else {}
        kept = {choice.number: choice for choice in choices}
        self._answers: dict[int, Answers] = {
            row.number: answers_in(kept[row.number].answers)
            for row in rows
            if row.number in kept and kept[row.number].said == identity_of(row)
        }

    def check(self) -> Iterator[list[Decision]]:
        """Return what would become of the rows, portion by portion; nothing is written."""
        book = Book(self._colleagues)
        for rows in self._portions(len(self.rows)):
            yield self._decide(rows, book)

    def decide(self, rows: Sequence[Row]) -> list[Decision]:
        """Return what becomes of the next rows, by what the book holds at this moment. To be called under its lock."""
        self.shelf.catch_up()
        return self._decide(rows, Book(self._colleagues))

    def go_on_from(self, count: int) -> None:
        """Learn again what the first rows have told, which are in the book already."""
        for rows in self._portions(count):
            self.decide(rows)

    def _decide(self, rows: Sequence[Row], book: Book) -> list[Decision]:
        self.shelf.fetch([row for row in rows if not row.wrong], book)
        return list(plan(rows, book, self._told, self._answers))

    def _portions(self, count: int) -> Iterator[Sequence[Row]]:
        return (self.rows[at : min(at + PORTION, count)] for at in range(0, count, PORTION))
