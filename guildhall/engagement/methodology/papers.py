"""A tool of the methodology as a paper: what its Markdown says, block by block, with blanks to write into.

The Markdown is a small part of CommonMark: headings, paragraphs, bold, lists, check lists (``- [ ] …``) and tables. ``{line}`` is
a line to write on, ``{lines 4}`` alone in a paragraph as many of them, ``{box}`` a box to tick; ``{employer}`` and the others of
``PLACEHOLDERS`` are filled in where the value is known and are a line where it is not. They are filled in when the Markdown is
read already: a name is never markup. How a paper looks is said by the template, ``typesetting`` and ``documents``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

#: What a paper is filled in with. ``contact`` is the person at the employer, ``owner`` the colleague who looks after it.
PLACEHOLDERS = frozenset({"school", "employer", "contact", "owner", "date", "place", "sector"})
#: The most lines to write on in one place, and letters that are filled in for one placeholder.
MOST_LINES, LONGEST_VALUE = 20, 200

_BRACES = re.compile(r"(\{[^{}]*\})")
_LINES = re.compile(r"\{lines (\d{1,2})\}")
_CHECK = re.compile(r"\[ \]\s+")
_READER = MarkdownIt("commonmark", {"html": False}).enable("table")


class PaperError(ValueError):
    """A text that is no paper: what is wrong, and where."""


@dataclass(frozen=True)
class Piece:
    """A part of a line: ``words``, a ``blank`` to write into, or a ``box`` to tick."""

    kind: str
    text: str = ""
    is_strong: bool = False


BLANK, BOX = Piece("blank"), Piece("box")


@dataclass(frozen=True)
class Line:
    """What stands in a paragraph, an item or a cell, without the blank at its end, if there is one (``is_open``)."""

    pieces: tuple[Piece, ...]
    is_open: bool = False

    def __str__(self) -> str:
        return "".join({"blank": "…", "box": "☐"}.get(piece.kind, piece.text) for piece in self.pieces)

    @property
    def is_blank(self) -> bool:
        """Whether it is there to be written into, and for nothing else."""
        return self.is_open and not self.pieces

    @property
    def is_box(self) -> bool:
        """Whether it is a box to tick, and nothing else."""
        return self.pieces == (BOX,) and not self.is_open


@dataclass(frozen=True)
class Heading:
    """A heading below the paper's own, which is the first: its level is 2 to 4."""

    level: int
    line: Line
    kind: str = field(default="heading", init=False)


@dataclass(frozen=True)
class Paragraph:
    """A paragraph."""

    line: Line
    kind: str = field(default="paragraph", init=False)


@dataclass(frozen=True)
class Lines:
    """Empty lines to write on, over the whole width."""

    count: int
    kind: str = field(default="lines", init=False)

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.count))


@dataclass(frozen=True)
class Items:
    """A list: its ``marker`` is a "dot", a "box" to tick, or a "number", the first of which is ``first``."""

    marker: str
    lines: tuple[Line, ...]
    first: int = 1
    kind: str = field(default="items", init=False)


@dataclass(frozen=True)
class Table:
    """A table: its headings, and rows of as many cells."""

    head: tuple[Line, ...]
    rows: tuple[tuple[Line, ...], ...]
    kind: str = field(default="table", init=False)


Block = Heading | Paragraph | Lines | Items | Table


def fill(text: str, values: Mapping[str, str]) -> list[Block]:
    """Read a paper and fill it in.

    Args:
        text: its Markdown, without front matter.
        values: what is known, by the names of ``PLACEHOLDERS``; what is missing or empty becomes a line.

    Raises:
        PaperError: there is something in it that no paper has, such as a link, a list in a list or a placeholder nobody knows.
    """
    return list(_Reading(text, {key: printable(value)[:LONGEST_VALUE] for key, value in values.items()}))


def leads(block: Block, following: Block) -> bool:
    """Whether a block says what the next one is for, so that no page should end between them."""
    if isinstance(block, Heading):
        return True
    asks = isinstance(block, Paragraph) or (isinstance(block, Items) and len(block.lines) == 1)
    is_answer = isinstance(following, Lines | Table) or (isinstance(following, Items) and following.marker == "box")
    return asks and is_answer


def printable(words: str) -> str:
    """Return words on one line, without what paper and XML cannot show."""
    shown = "".join(" " if letter.isspace() else letter for letter in words)
    shown = "".join(letter for letter in shown if unicodedata.category(letter)[0] != "C")
    return " ".join(unicodedata.normalize("NFC", shown).split())


# --- How wide columns are ---

#: Letters that fit into a line across the page, and what a column has beside its letters, in letters.
_ACROSS, _BESIDE = 92, 3
#: How much wider bold letters are, also where a document is shown in another font than its own.
_BOLD = 1.15
#: Letters for which a column of words may ask, and from how many to how many one to write into asks for, by its heading.
_MOST_WORDS, _TO_WRITE = 40, (14, 28)
#: The longest word that is kept in one piece.
LONGEST_WORD = 24


def shares(table: Table) -> list[float]:
    """Return how wide each column is, as a share of the whole: no word is broken if that can be, and room to write is left."""
    columns = _columns(table)
    least = [_least(column) for column in columns]
    # One row names what all is about, filled in or not: its columns are alike.
    is_about = len(table.rows) == 1
    wanted = [max(low, 0 if is_about else _wish(column)) for low, column in zip(least, columns, strict=True)]
    room = _ACROSS - sum(wanted)
    if is_about and max(least) * len(least) <= _ACROSS:
        widths = [1.0 for _column in columns]
    elif room < 0:
        spare = [want - low for want, low in zip(wanted, least, strict=True)]
        part = min(1.0, -room / sum(spare)) if sum(spare) else 0.0
        widths = [want - part * one for want, one in zip(wanted, spare, strict=True)]
    else:
        takes = [_takes(column, table) for column in columns]
        widths = [want + room * take / sum(takes) for want, take in zip(wanted, takes, strict=True)]
    return [width / sum(widths) for width in widths]


def is_tight(table: Table) -> bool:
    """Whether its longest words do not all fit beside each other."""
    return sum(_least(column) for column in _columns(table)) > _ACROSS


def _columns(table: Table) -> list[list[Line]]:
    return [[row[at] for row in (table.head, *table.rows)] for at in range(len(table.head))]


def _least(column: Sequence[Line]) -> int:
    head, *cells = column
    words = [len(word) for line in cells for word in str(line).split()]
    words += [int(_BOLD * len(word)) + 1 for word in str(head).split()]
    return _BESIDE + min(max(words, default=0), LONGEST_WORD)


def _longest(column: Sequence[Line]) -> int:
    return _BESIDE + max((len(str(line)) for line in column[1:]), default=0)


def _wish(column: Sequence[Line]) -> int:
    words = min(_longest(column), _MOST_WORDS)
    if any(line.is_open for line in column[1:]):
        narrowest, widest = _TO_WRITE
        return max(words, min(max(len(str(column[0])) + _BESIDE, narrowest), widest))
    return words


def _takes(column: Sequence[Line], table: Table) -> float:
    """How much of the room that is left a column takes: most where there is something to write, next to nothing beside boxes."""
    if any(line.is_open for line in column[1:]):
        return 12.0
    if all(line.is_box for line in column[1:]):
        return 0.25
    is_read_only = not any(line.is_open for row in table.rows for line in row)
    return max(1.0, _longest(column) - _MOST_WORDS) if is_read_only else 1.0


# --- Reading ---


class _Reading:
    """The blocks of a text, in their order."""

    def __init__(self, text: str, values: Mapping[str, str]) -> None:
        self.tokens = iter(_READER.parse(text))
        self.values = values

    def __iter__(self) -> Iterator[Block]:
        for token in self.tokens:
            match token.type:
                case "heading_open":
                    yield Heading(_level(token), self._line("heading_close"))
                case "paragraph_open":
                    yield self._paragraph()
                case "bullet_list_open":
                    yield self._items("bullet_list_close")
                case "ordered_list_open":
                    yield self._items("ordered_list_close", first=int(token.attrs.get("start", 1)))
                case "table_open":
                    yield self._table()
                case _:
                    raise PaperError(f"{_where(token)}: a paper has no {token.type}")

    def _inline(self, end: str) -> Token:
        """The one inline token up to that which ends it."""
        inline = next(self.tokens)
        if inline.type != "inline":
            raise PaperError(f"{_where(inline)}: expected words, not {inline.type}")
        if (following := next(self.tokens)).type != end:
            raise PaperError(f"{_where(following)}: expected {end}, not {following.type}")
        return inline

    def _line(self, end: str) -> Line:
        return _line(self._inline(end), self.values)

    def _paragraph(self) -> Block:
        inline = self._inline("paragraph_close")
        if found := _LINES.fullmatch(inline.content.strip()):
            if not 1 <= int(found[1]) <= MOST_LINES:
                raise PaperError(f"{_where(inline)}: {inline.content} is too many lines, or none")
            return Lines(int(found[1]))
        line = _line(inline, self.values)
        return Lines(1) if line.is_blank else Paragraph(line)

    def _items(self, end: str, *, first: int = 1) -> Items:
        inlines = []
        while (token := next(self.tokens)).type == "list_item_open":
            if (opened := next(self.tokens)).type != "paragraph_open":
                raise PaperError(f"{_where(opened)}: an item is one paragraph, not {opened.type}")
            inlines.append(self._inline("paragraph_close"))
            if (closed := next(self.tokens)).type != "list_item_close":
                raise PaperError(f"{_where(closed)}: an item is one paragraph, without {closed.type}")
        if token.type != end:
            raise PaperError(f"{_where(token)}: expected {end}, not {token.type}")
        checks = [bool(_CHECK.match(inline.content)) for inline in inlines]
        if any(checks) and (not all(checks) or end != "bullet_list_close"):
            raise PaperError(f"{_where(inlines[0])}: items with a box and without one are two lists")
        marker = "number" if end == "ordered_list_close" else "box" if any(checks) else "dot"
        return Items(marker, tuple(_line(inline, self.values, is_check=any(checks)) for inline in inlines), first)

    def _table(self) -> Table:
        rows: list[tuple[Line, ...]] = []
        cells: list[Line] = []
        while (token := next(self.tokens)).type != "table_close":
            if token.type in ("th_open", "td_open"):
                cells.append(self._line(token.type.replace("open", "close")))
            elif token.type == "tr_close":
                rows.append(tuple(cells))
                cells = []
        return Table(rows[0], tuple(rows[1:]))


def _level(token: Token) -> int:
    level = int(token.tag[1:])
    if not 2 <= level <= 4:
        raise PaperError(f"{_where(token)}: headings of a paper have levels 2 to 4")
    return level


def _line(inline: Token, values: Mapping[str, str], *, is_check: bool = False) -> Line:
    pieces: list[Piece] = []
    is_strong = False
    for at, token in enumerate(inline.children or []):
        match token.type:
            case "strong_open" | "strong_close":
                is_strong = token.type == "strong_open"
            case "text":
                text = _CHECK.sub("", token.content, count=1) if is_check and at == 0 else token.content
                pieces += _pieces(text, values, is_strong, inline)
            case "softbreak":
                pieces.append(Piece("words", " ", is_strong))
            case _:
                raise PaperError(f"{_where(inline)}: a paper has no {token.type}: {inline.content}")
    is_open = bool(pieces) and pieces[-1] == BLANK
    return Line(tuple(pieces[:-1] if is_open else pieces), is_open)


def _pieces(text: str, values: Mapping[str, str], is_strong: bool, inline: Token) -> Iterator[Piece]:
    for part in _BRACES.split(text):
        if not _BRACES.fullmatch(part):
            if "{" in part or "}" in part:
                raise PaperError(f"{_where(inline)}: a brace without its other half: {inline.content}")
            yield from [Piece("words", part, is_strong)] if part else []
        elif part in ("{line}", "{box}"):
            yield BLANK if part == "{line}" else BOX
        elif part[1:-1] in PLACEHOLDERS:
            value = values.get(part[1:-1], "")
            yield Piece("words", value, is_strong) if value else BLANK
        else:
            raise PaperError(f"{_where(inline)}: nobody knows {part} here")


def _where(token: Token) -> str:
    return f"line {token.map[0] + 1}" if token.map else "somewhere"
