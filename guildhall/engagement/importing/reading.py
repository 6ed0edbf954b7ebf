"""What a table of text is: its encoding, its delimiter, its headings, its records."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from typing import IO

from django.utils.translation import gettext as _

from guildhall.core.files.kinds import utf_16
from guildhall.engagement.exporting.formulas import as_meant

DELIMITERS = ";\t|,"
MOST_ROWS = 200_000
MOST_COLUMNS = 500
#: Characters; a cell of ours holds at most 4,000.
LONGEST_LINE = 100_000
#: Lines that one record may fill: more, and a quotation mark was opened and never closed.
LONGEST_RECORD = 60
_LOOKED_AT = 200
_BYTE_ORDER_MARK = "\ufeff"
_BLOCK = 1024 * 1024
_END = "\ue000 end of file \ue000"
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x19\x1b-\x1d]")
_ACCENTED = re.compile(r"[^\x00-\x7f]")
_BROKEN = re.compile(r"[\udc80-\udcff]")
_YEAR = re.compile(r"(19|20)\d\d")

#: How files begin that people take for CSV. https://en.wikipedia.org/wiki/List_of_file_signatures
_OTHERS = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"\x1f\x8b", b"GIF8", b"7z\xbc\xaf", b"Rar!", b"{\\rtf")
_PAGES = (b"<!doctype", b"<html", b"<head", b"<table", b"<meta", b"<?xml", b"<script", b"<style")
#: What spreadsheets in these countries write when they do not write UTF-8; elsewhere it is Windows-1252.
_CODE_PAGES = {
    "cp1250": ("PL", "CZ", "SK", "HU", "SI", "HR", "RO", "BA", "RS", "ME", "AL"),
    "cp1251": ("BG", "MK"),
    "cp1253": ("GR", "CY"),
    "cp1254": ("TR",),
    "cp1257": ("EE", "LV", "LT"),
}


class Unreadable(Exception):
    """A file that cannot be read as rows and columns; the sentence says why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class Reading:
    """How a file is to be read.

    ``headings`` are those of all columns, each different from the others. ``heading_row`` is the row they stand in, as a
    spreadsheet counts; 0 when the file has none and the columns are named by their letters.
    """

    encoding: str
    delimiter: str
    headings: tuple[str, ...]
    heading_row: int

    def records(self, file: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
        """Return the rows below the headings that hold anything, each with its number as a spreadsheet counts.

        Raises:
            Unreadable: with the number of the row where it stopped to make sense.
        """
        count = 0
        for number, cells in _records(_lines(file, self.encoding), self.delimiter):
            if number > self.heading_row and any(cell and not cell.isspace() for cell in cells):
                count += 1
                if count > MOST_ROWS:
                    too_many = _("This file has more than %(most)d rows. Split it, and send one part after the other.")
                    raise Unreadable(too_many % {"most": MOST_ROWS})
                yield number, cells


def find_out(file: IO[bytes], *, country: str = "", delimiters: str = DELIMITERS) -> Reading:
    """Find out how a file is to be read, from its first rows and from whether all of it can be decoded.

    ``country`` (ISO 3166-1) tells old encodings apart that the bytes alone do not; the delimiter is one of ``delimiters``.

    Raises:
        Unreadable: it is empty, no text, or has more columns than anybody's list of employers.
    """
    encoding = _encoding(file, country)
    sample = list(islice(_lines(file, encoding), _LOOKED_AT))
    if not any(line.strip() for line in sample):
        raise Unreadable(_("This file is empty."))
    delimiter, rows = max(((mark, _rows(sample, mark)) for mark in delimiters), key=lambda tried: _evenness(tried[1]))
    if not any(rows):
        raise Unreadable(_("This file is empty."))
    at = _widest(rows)
    _require_few(max(rows, key=len))
    if _are_headings(rows[at]):
        return Reading(encoding, delimiter, _distinct(_trimmed(rows[at])), at + 1)
    width = max(len(_trimmed(row)) for row in rows)
    return Reading(encoding, delimiter, _distinct([""] * width), 0)


def _encoding(file: IO[bytes], country: str) -> str:
    file.seek(0)
    head = file.read(4096)
    _check_kind(head)
    if head.startswith(codecs.BOM_UTF8):
        return _decoding(file, "utf-8-sig")
    if two_bytes := utf_16(head):
        return _decoding(file, two_bytes)
    try:
        return _decoding(file, "utf-8")
    except Unreadable as unreadable:
        old = next((page for page, countries in _CODE_PAGES.items() if country in countries), "cp1252")
        return _old_encoding(file, old, unreadable)


def _check_kind(head: bytes) -> None:
    if head.startswith(_OTHERS):
        raise Unreadable(_("This file is no table. Save the list of employers as an Excel file or as CSV, then send that."))
    if head.lstrip(codecs.BOM_UTF8 + b" \t\r\n").lower().startswith(_PAGES):
        raise Unreadable(_("This is a web page, not a table. Open it in Excel and save it as an Excel file, then send that."))


def _decoding(file: IO[bytes], encoding: str) -> str:
    """Return the encoding if all of the file can be read in it."""
    row = 1
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while True:
            block = file.read(_BLOCK)
            text = decoder.decode(block, final=not block)
            if "\0" in text:
                row += text.count("\n", 0, text.index("\0"))
                raise Unreadable(_no_text(row))
            row += text.count("\n")
            if not block:
                return encoding
    except UnicodeDecodeError as error:
        row += error.object[: error.start].count(b"\n")
        raise Unreadable(
            _("Row %(row)d holds signs that cannot be read. Save the file again as “CSV UTF-8”, then send that.") % {"row": row}
        ) from None


def _no_text(row: int) -> str:
    return _("This file is not plain text (row %(row)d). Save the list of employers as CSV, then send that.") % {"row": row}


def _old_encoding(file: IO[bytes], encoding: str, unreadable: Unreadable) -> str:
    """Return the one-byte encoding of a file that is not UTF-8, unless it almost is, or is no text at all."""
    file.seek(0)
    strange, whole, broken = False, 0, 0
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    row = 1
    while block := file.read(_BLOCK):
        if b"\0" in block:
            raise Unreadable(_no_text(row + block.count(b"\n", 0, block.index(b"\0"))))
        row += block.count(b"\n")
        strange = strange or _CONTROL.search(block) is not None
        text = decoder.decode(block)
        spoilt = len(_BROKEN.findall(text))
        broken += spoilt
        whole += len(_ACCENTED.findall(text)) - spoilt
    if strange:
        raise Unreadable(_no_text(1))
    if whole > 4 * broken:
        # Read as anything else, every other accent would be spoilt.
        raise unreadable
    try:
        return _decoding(file, encoding)
    except Unreadable:
        return "latin-1"


def _lines(file: IO[bytes], encoding: str) -> Iterator[str]:
    """Return the lines of a file as they are. Reads a file of any size without holding more than a line."""
    file.seek(0)
    text = io.TextIOWrapper(io.BufferedReader(_Lent(file)), encoding, newline="")  # type: ignore[type-var]
    number = 0
    while line := text.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise Unreadable(_("Line %(row)d has no end: it is longer than any row of a table.") % {"row": number})
        if number == 1:
            line = line.lstrip(_BYTE_ORDER_MARK)  # some programs write it twice
        if number == 1 and line.strip().lower() in {f"sep={mark}" for mark in DELIMITERS}:
            continue  # a hint for Excel, which does not count it as a row either
        yield line


class _Lent(io.RawIOBase):
    """A file that is read through something which would close it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        block = self.file.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)


def _records(lines: Iterator[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    # The last line is a record of its own, unless an open quotation mark has swallowed it.
    reader = csv.reader(chain(_narrowed(lines, delimiter), [_END]), delimiter=delimiter)
    number = began = 0
    try:
        for cells in reader:
            number += 1
            if cells == [_END]:
                return
            if reader.line_num - began > LONGEST_RECORD or (cells and cells[-1].endswith(_END)):
                raise Unreadable(_never_closed(number))
            _require_few(cells)
            began = reader.line_num
            yield number, [as_meant(cell) for cell in cells]
    except csv.Error:  # a cell longer than any note: all that follows an open quotation mark
        raise Unreadable(_never_closed(number + 1)) from None


def _never_closed(row: int) -> str:
    return _(
        "A quotation mark in row %(row)d is never closed, so the rows below cannot be told apart. "
        "Take it out, or write it twice, and send the file again."
    ) % {"row": row}


def _rows(sample: list[str], delimiter: str) -> list[list[str]]:
    rows = []
    with suppress(csv.Error):  # said in full, with the row, when all is read
        for cells in csv.reader(_narrowed(sample, delimiter), delimiter=delimiter):
            rows.append(_trimmed(cells))
            if len(cells) > MOST_COLUMNS:
                break  # that is enough to refuse it
    return rows


def _narrowed(lines: Iterable[str], delimiter: str) -> Iterator[str]:
    """Take the empty cells at their end off very long rows: some spreadsheets save all the columns that a sheet could have."""
    for line in lines:
        yield line.rstrip(f"{delimiter}\r\n") + "\n" if line.count(delimiter) > MOST_COLUMNS else line


def _require_few(cells: list[str]) -> None:
    if len(cells) > MOST_COLUMNS:
        raise Unreadable(
            _("This file has more than %(most)d columns. Save only the part that lists the employers.") % {"most": MOST_COLUMNS}
        )


def _trimmed(cells: list[str]) -> list[str]:
    """A row without the empty cells at its end."""
    width = max((at for at, cell in enumerate(cells, 1) if cell.strip()), default=0)
    return [as_meant(cell.strip()) for cell in cells[:width]]


def _widest(rows: list[list[str]]) -> int:
    """The place of the first row that fills most of the columns: above it stand titles and remarks."""
    filled = [sum(map(bool, row)) for row in rows]
    return next(at for at, count in enumerate(filled) if count > 0.6 * max(filled))


def _evenness(rows: list[list[str]]) -> float:
    """How well rows look parted: many columns, about as many in each row, and no remarks above the first."""
    if not any(rows):
        return 0.0
    at = _widest(rows)
    below = [len(row) for row in rows[at:] if row]
    width = len(rows[at])
    if sum(len(row) > 1 for row in rows) < 0.5 * sum(map(bool, rows)):
        return 0.0  # a sign that stands in a name now and then
    # Cells at the end of a row are often empty; a row longer than its heading speaks for a wrong delimiter.
    fitting = sum(width * 0.5 <= length <= width for length in below) / len(below)
    return fitting * fitting * width / (1 + at) if width > 1 else 0.0


def _are_headings(row: list[str]) -> bool:
    """Whether a row names columns: no cell of it is a number or an address."""
    return not any(_is_value(cell) for cell in row)


def _is_value(cell: str) -> bool:
    figures = re.sub(r"[\s.,/()+-]", "", cell)
    if figures.isdigit():
        return len(figures) > 1 and not _YEAR.fullmatch(figures)
    return "@" in cell and "." in cell and " " not in cell


def _distinct(headings: list[str]) -> tuple[str, ...]:
    named: dict[str, None] = {}
    for at, heading in enumerate(headings):
        name = first = " ".join(heading.split())[:120] or _("Column %(letter)s") % {"letter": _letter(at)}
        again = 1
        while name in named:
            again += 1
            name = f"{first} ({again})"
        named[name] = None
    return tuple(named)


def _letter(at: int) -> str:
    """The letter of a column as a spreadsheet has it: A to Z, then AA."""
    return (_letter(at // 26 - 1) if at >= 26 else "") + chr(ord("A") + at % 26)
