"""A tool of the methodology as Markdown for whoever shows papers no better: blanks are underscores, empty lines are rules."""

from __future__ import annotations

import re
from collections.abc import Iterable

from guildhall.engagement.methodology.papers import Block, Heading, Items, Line, Lines, Paragraph, Table

#: Escaped, so that they are neither a rule nor emphasis.
BLANK = r"\_" * 12
_RULE = "***"
#: What means something in CommonMark and in its tables wherever it stands, and what does at the beginning of a line.
_MEANS_SOMETHING = re.compile(r"([\\`*_\[\]<>|~&])")
_BEGINS_SOMETHING = re.compile(r"^(\s*)(\d{1,9}(?=[.)](?:\s|$))|(?=[#+=-]))")


def markdown(blocks: Iterable[Block]) -> str:
    """Return a paper as Markdown (CommonMark with tables)."""
    return "\n\n".join(_block(block) for block in blocks)


def _block(block: Block) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {_words(block.line)}"
        case Paragraph():
            return _paragraph(block.line)
        case Lines():
            return "\n\n".join(_RULE for _line in block)
        case Items():
            signs = {"dot": lambda _at: "- ", "box": lambda _at: "- ☐ ", "number": lambda at: f"{block.first + at}. "}
            return "\n".join(f"{signs[block.marker](at)}{_paragraph(line)}" for at, line in enumerate(block.lines))
        case Table():
            rows = [block.head, tuple(None for _cell in block.head), *block.rows]
            return "\n".join(f"| {' | '.join('---' if cell is None else _cell(cell) for cell in row)} |" for row in rows)


def _paragraph(line: Line) -> str:
    """A line at the beginning of which nothing is the sign of a list or a heading."""
    return _BEGINS_SOMETHING.sub(lambda found: f"{found[1]}{found[2]}\\", _words(line), count=1)


def _cell(line: Line) -> str:
    return "" if line.is_blank else _words(line)


def _words(line: Line) -> str:
    said = [{"blank": BLANK, "box": "☐"}.get(piece.kind) or _piece(piece.text, piece.is_strong) for piece in line.pieces]
    if line.is_open:
        said += ["" if not said or said[-1].endswith(" ") else " ", BLANK]
    return "".join(said).strip()


def _piece(text: str, is_strong: bool) -> str:
    escaped = _MEANS_SOMETHING.sub(r"\\\1", text)
    if not is_strong or not escaped.strip():
        return escaped
    # What is bold begins and ends with a word: "** word**" would show its stars.
    before, after = escaped[: len(escaped) - len(escaped.lstrip())], escaped[len(escaped.rstrip()) :]
    return f"{before}**{escaped.strip()}**{after}"
