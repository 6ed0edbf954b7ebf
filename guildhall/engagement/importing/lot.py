"""A lot: all the rows of one file, decided on against one school's book, portion by portion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

from guildhall.engagement.importing.book import Shelf
from guildhall.engagement.importing.planning import Book, Decision, Told, plan
from guildhall.engagement.importing.reading import Reading
from guildhall.engagement.importing.understanding import Row, Understanding
from guildhall.people.models import Organisation

#: Rows that go into the book together or not at all.
PORTION = 500


def rows_of(file: IO[bytes], reading: Mapping[str, Any], mapping: Mapping[str, str], country: str) -> list[Row]:
    """Return what each row of a file says; ``reading`` is as ``EmployerImport.reading`` keeps it.

    Raises:
        Unreadable: the file is not the one it was.
    """
    columns = reading["columns"]
    headings = [column["heading"] for column in columns]
    codes = {column["heading"]: column["codes"] for column in columns}
    understanding = Understanding(headings, mapping, country=country, codes=codes)
    how = Reading(reading["encoding"], reading["delimiter"], tuple(headings), reading["heading_row"])
    return list(understanding.rows(how.records(file)))


class Lot:
    """The rows of a file on their way into a book."""

    def __init__(self, school: Organisation, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.shelf = Shelf(school)
        self._told = Told(rows)

    def check(self) -> Iterator[list[Decision]]:
        """Return what would become of the rows, portion by portion; nothing is written."""
        book = Book()
        for rows in self._portions(len(self.rows)):
            yield self._decide(rows, book)

    def decide(self, rows: Sequence[Row]) -> list[Decision]:
        """Return what becomes of the next rows, by what the book holds at this moment. To be called under its lock."""
        self.shelf.catch_up()
        return self._decide(rows, Book())

    def go_on_from(self, count: int) -> None:
        """Learn again what the first rows have told, which are in the book already."""
        for rows in self._portions(count):
            self.decide(rows)

    def _decide(self, rows: Sequence[Row], book: Book) -> list[Decision]:
        self.shelf.fetch([row for row in rows if not row.wrong], book)
        return list(plan(rows, book, self._told))

    def _portions(self, count: int) -> Iterator[Sequence[Row]]:
        return (self.rows[at : min(at + PORTION, count)] for at in range(0, count, PORTION))
