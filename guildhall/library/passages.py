"""Markdown taken apart: into blocks to be read beside each other, and into passages to be translated and put back.

A passage is the words of a paragraph, a heading, an item or a cell, as a fragment of HTML: whoever translates it moves the tags
with the words. All else (marks of blocks, code, addresses, rows of dashes) stays where it is, as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape, unescape
from html.parser import HTMLParser
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

_PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
#: What stands around the words of a mark; a link's and a picture's end holds where it leads.
_TAGS = {"strong": ("b", "**"), "em": ("i", "*"), "s": ("s", "~~")}
_ADDRESS = re.compile(r"(https?://[^\s<>]*[^\s<>.,;:!?)])")
_SPECIAL = re.compile(r"[\\`*\[\]<]|(?<!\w)_|_(?!\w)|&(?=#?\w+;)|~(?=~)")
#: What would begin a block of its own at the beginning of a line.
_BEGINS_BLOCK = re.compile(r"(#{1,6}(?=\s|$)|[-+](?=\s|$)|>|\d{1,9}(?=[.)](?:\s|$))|=+$|-+$)")


def blocks_of(text: str) -> list[str]:
    """Return the blocks of a text as they were written: paragraphs, headings, lists, tables, code."""
    environment: dict[str, Any] = {}
    lines = text.splitlines()
    tokens = _PARSER.parse("\n".join(lines), environment)
    # A link may lead where a line elsewhere says.
    named = [lines[at] for reference in environment.get("references", {}).values() for at in range(*reference["map"])]
    tail = "\n\n" + "\n".join(named) if named else ""
    tops = [token.map for token in tokens if token.level == 0 and token.nesting >= 0 and token.map]
    return ["\n".join(lines[first:last]).rstrip() + tail for first, last in tops]


@dataclass
class Passage:
    """Words to be translated: ``html``, the marks in it by their number, and the lines they come from."""

    first: int
    last: int
    content: str
    is_cell: bool
    html: str = ""
    marks: dict[str, Token] = field(default_factory=dict)

    @classmethod
    def of(cls, token: Token, *, is_cell: bool) -> Passage:
        first, last = token.map or (0, 0)
        passage = cls(first, last, token.content, is_cell)
        passage.html = "".join(passage._as_html(token.children or []))
        return passage

    @property
    def pieces(self) -> list[str]:
        """The passage in pieces without tags, for whom it comes back from with the tags in a muddle."""
        return [part for part in re.split(r"(<[^>]*>)", self.html) if part and not part.startswith("<")]

    def from_pieces(self, translated: Sequence[str]) -> str:
        """Return the passage with each of its ``pieces`` replaced."""
        following = iter(translated)
        parts = re.split(r"(<[^>]*>)", self.html)
        return "".join(part if not part or part.startswith("<") else _spaced_as(part, next(following)) for part in parts)

    def as_markdown(self, html: str) -> str | None:
        """Return what came back as Markdown; None where a mark is missing, doubled, or out of its place."""
        reader = _Reader(self.marks)
        reader.feed(html)
        reader.close()
        return reader.written if reader.is_whole else None

    def _as_html(self, tokens: Sequence[Token]) -> Iterator[str]:
        open_tags: list[str] = []
        for token in _with_addresses(tokens):
            name, _, side = token.type.rpartition("_")
            if token.type == "text":
                yield escape(token.content)
            elif token.type == "softbreak":
                yield " "
            elif token.type == "hardbreak":
                yield f'<br id="{self._mark(token)}">'
            elif token.type in ("code_inline", "address"):
                yield f'<code id="{self._mark(token)}" translate="no">{escape(token.content)}</code>'
            elif token.type == "image":
                yield f'<a id="{self._mark(token)}">{escape(_words(token.children or []))}</a>'
            elif side == "open":
                open_tags.append(_TAGS.get(name, ("a", ""))[0])
                yield f'<{open_tags[-1]} id="{self._mark(token)}">'
            elif side == "close":
                yield f"</{open_tags.pop()}>"

    def _mark(self, token: Token) -> str:
        number = f"m{len(self.marks)}"
        self.marks[number] = token
        return number


class Passages:
    """A text in Markdown, and the passages to be translated in it."""

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines()
        self.passages = list(_passages(_PARSER.parse("\n".join(self.lines))))

    def written(self, translated: Sequence[str]) -> str:
        """Return the text with its passages (in Markdown, one for each of ``passages``) replaced."""
        lines = list(self.lines)
        ends: dict[int, int] = {}  # of each row, where what was dealt with already begins
        for passage, words in reversed(list(zip(self.passages, translated, strict=True))):
            if passage.is_cell:
                row = lines[passage.first]
                lines[passage.first], ends[passage.first] = _in_row(row, ends.get(passage.first, len(row)), passage, words)
            else:
                lines[passage.first : passage.last] = _in_lines(lines[passage.first : passage.last], passage, words)
        return "\n".join(lines)


def plain_html(text: str) -> str:
    """Return plain text as a passage without marks."""
    return escape(text)


def plain_text(html: str) -> str:
    """Return a passage without marks as plain text."""
    return " ".join(unescape(re.sub(r"<[^>]*>", "", html)).split())


def _passages(tokens: Sequence[Token]) -> Iterator[Passage]:
    is_cell = False
    for token in tokens:
        if token.type in ("th_open", "td_open", "th_close", "td_close"):
            is_cell = token.nesting > 0
        if token.type == "inline" and any(_has_words(child) for child in token.children or []):
            yield Passage.of(token, is_cell=is_cell)


def _with_addresses(tokens: Sequence[Token]) -> Iterator[Token]:
    """The tokens of a passage, with addresses that stand in it as such in the place of their letters."""
    following = iter(tokens)
    for token in following:
        if token.type == "link_open" and token.markup == "autolink":
            yield Token("address", "", 0, content=f"<{next(following).content}>")
            next(following)
        elif token.type == "text":
            for at, part in enumerate(_ADDRESS.split(token.content)):
                yield Token("address" if at % 2 else "text", "", 0, content=part)
        else:
            yield token


def _has_words(token: Token) -> bool:
    return token.type in ("text", "image") and any(letter.isalpha() for letter in token.content)


def _words(tokens: Sequence[Token]) -> str:
    return "".join(token.content if token.type in ("text", "code_inline") else _words(token.children or []) for token in tokens)


def _spaced_as(piece: str, words: str) -> str:
    """Machines cut the space off that parts a piece from what is beside it."""
    before, after = piece[: len(piece) - len(piece.lstrip())], piece[len(piece.rstrip()) :]
    return f"{before}{words.strip()}{after}" if piece.strip() else piece


def _in_lines(lines: list[str], passage: Passage, words: str) -> list[str]:
    """Put words in the place of a passage that has its lines to itself but for what stands before it: a dash, a number."""
    said = passage.content.splitlines()
    start = _place(lines[0], said[0])
    if start is None:
        return lines
    before = lines[0][:start]
    second = _place(lines[1], said[1]) if len(lines) > 1 and len(said) > 1 else None
    following = lines[1][:second] if second is not None else re.sub(r"[^>\s]", " ", before)
    begun, *others = words.split("\n")
    return [before + _kept_from_beginning_a_block(begun, said[0]), *[following + other for other in others]]


def _place(line: str, said: str) -> int | None:
    if line.rstrip().endswith(said.rstrip()):
        return len(line.rstrip()) - len(said.rstrip())
    found = line.find(said.rstrip())
    return found if found >= 0 else None


def _kept_from_beginning_a_block(words: str, said: str) -> str:
    begins = _BEGINS_BLOCK.match(words)
    if begins is None or _BEGINS_BLOCK.match(said):
        return words
    at = begins.end() if begins[0].isdigit() else 0
    return f"{words[:at]}\\{words[at:]}"


def _in_row(line: str, end: int, passage: Passage, words: str) -> tuple[str, int]:
    """Put words into the last cell before ``end`` that says what the passage does; return the row, and where the cell begins."""
    said = passage.content if passage.content in line else passage.content.replace("|", "\\|")
    start = line.rfind(said, 0, end)
    new = re.sub(r"(?<!\\)\|", "\\|", words.replace("\\\n", " ").replace("\n", " "))
    return (line, end) if start < 0 else (line[:start] + new + line[start + len(said) :], start)


class _Reader(HTMLParser):
    """Reads a passage that came back, and writes it down as Markdown."""

    def __init__(self, marks: dict[str, Token]) -> None:
        super().__init__()
        self.marks = marks
        self.missing = set(marks)
        self.is_well_formed = True
        self.open: list[tuple[str, Token]] = []
        self.said: list[list[str]] = [[]]

    @property
    def is_whole(self) -> bool:
        return self.is_well_formed and not self.missing and not self.open

    @property
    def written(self) -> str:
        # No space at the ends, and none around the end of a line.
        return re.sub(r" *(\\\n) *", r"\1", "".join(self.said[0])).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        number = dict(attrs).get("id") or ""
        if number not in self.missing:
            self.is_well_formed = False
            return
        self.missing.discard(number)
        if tag == "br":
            self.said[-1].append("\\\n")
        else:
            self.open.append((tag, self.marks[number]))
            self.said.append([])

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1][0] != tag:
            self.is_well_formed = self.is_well_formed and tag == "br"
            return
        _tag, token = self.open.pop()
        inside = "".join(self.said.pop())
        self.said[-1].append(_marked(token, inside))

    def handle_data(self, data: str) -> None:
        self.said[-1].append(_SPECIAL.sub(r"\\\g<0>", re.sub(r"\s+", " ", data)))


def _marked(token: Token, inside: str) -> str:
    """Return Markdown for a mark and what it holds; space at its edges goes outside, where it belongs."""
    words = inside.strip()
    before, after = inside[: len(inside) - len(inside.lstrip())], inside[len(inside.rstrip()) :] if words else ""
    if token.type == "code_inline":
        marked = f"{token.markup}{_code(token)}{token.markup}"
    elif token.type == "address":
        marked = token.content
    elif token.type == "image":
        marked = f"![{words}]({_where_to(token, 'src')})"
    elif token.type == "link_open":
        marked = f"[{words}]({_where_to(token, 'href')})" if words else ""
    else:
        around = _TAGS[token.type.removesuffix("_open")][1]
        marked = f"{around}{words}{around}" if words else ""
    return f"{before}{marked}{after}"


def _code(token: Token) -> str:
    needs_room = token.content.startswith("`") or token.content.endswith("`")
    return f" {token.content} " if needs_room else token.content


def _where_to(token: Token, name: str) -> str:
    address = str(token.attrs[name])
    title = str(token.attrs.get("title", "")).replace('"', '\\"')
    shown = f"<{address}>" if re.search(r"[\s()]", address) else address
    return f'{shown} "{title}"' if title else shown
