"""Why a document was found: its title, its detail and the passages of its text that answer, with the words that do so marked.

The index keeps no texts. The room a hit belongs to describes the thing anew, as it is now and in the reader's language, and what
is marked is what the very groups of tokens match that found it: other accents, another ending, a mistyped letter.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from guildhall.core.search import Document, Results
from guildhall.core.search.asking import misspelled, spelled, words_asked
from guildhall.core.search.words import (
    LONGEST_TEXT,
    LONGEST_WORD,
    NEAR_TO,
    STEMMED,
    STEMMED_IN_FRONT,
    beginning_of,
    closest,
    fold,
    forms,
    is_inside,
    near,
    spellings,
    words,
    words_beginning,
    words_near,
    written,
)

Describe = Callable[[Collection[int]], Iterable[Document]]

MOST_PASSAGES = 2
LONGEST_PASSAGE = 140
_BEFORE = 40  # letters that lead up to the first word marked


class Piece(NamedTuple):
    """A piece of a text, and whether it is one of the words asked for."""

    text: str
    asked: bool = False


Marked = list[Piece]


@dataclass(frozen=True)
class Reason:
    """A document as a hit shows it.

    ``passages`` answer what title and detail don't. Where nothing is left to answer, and there is no detail, the text begins.
    """

    document: Document
    title: Marked
    detail: Marked
    passages: list[Marked]


def explain(results: Results, text: str, *, scopes: Collection[str], describe: Mapping[str, Describe]) -> list[Reason]:
    """Have the hits described by their rooms, each kind by its own function, and say why they answer ``text``; in their order.

    What is no more, or not in these scopes any more, is left out.
    """
    documents: dict[tuple[str, int], Document] = {}
    for kind in {hit.kind for hit in results.hits}:
        described = describe[kind]([hit.key for hit in results.hits if hit.kind == kind])
        documents |= {(kind, document.key): document for document in described}
    found = [documents[hit.kind, hit.key] for hit in results.hits if (hit.kind, hit.key) in documents]
    reading = _Reading(words_asked(text), mistyped=results.near)
    return [reading.reason(document) for document in found if not set(scopes).isdisjoint(document.scopes)]


def meant(text: str, document: Document) -> str:
    """Return a mistyped question in the words of the document that comes closest, or nothing where they don't tell."""
    asked = words_asked(text)
    seen = [word.group() for word in written(f"{document.title} {document.detail} {document.text}"[:LONGEST_TEXT])]
    found = [closest(word, seen, unfinished=word is asked[-1]) for word in asked]
    return " ".join(word for word in found if word) if all(found) else ""


class _Word(NamedTuple):
    """A word of a text that answers: its place, and which of the words asked for, by their numbers."""

    start: int
    end: int
    answers: frozenset[int]


_Found = list[_Word]


class _Reading:
    """Reads documents with one question in mind."""

    def __init__(self, asked: list[str], *, mistyped: bool) -> None:
        # A letter left out makes a form of its own; those of whole words and of stems begin with "-" and "~".
        groups = misspelled(asked) if mistyped else spelled(asked, "w", tuple(STEMMED))
        self.forms = [
            (frozenset(form for form, begins in group if not begins), tuple(form for form, begins in group if begins))
            for group in [[(token.text[1:], token.prefix) for token in group] for group in groups]
        ]
        # Most words begin otherwise than any that was asked for, and so do their stems: they are not looked at.
        self.beginnings = tuple(beginning_of(form) for exact, begun in self.forms for form in {*exact, *begun})
        initials = frozenset(beginning[:1] for beginning in self.beginnings)
        self.candidates = words_near(frozenset(map(fold, asked))) if mistyped else words_beginning(initials)
        self.heads = [frozenset(fold(word)[:NEAR_TO]) for word in asked]
        self.everything = frozenset(range(len(asked)))
        self.mistyped = mistyped
        self.answers = cache(self._answers)  # texts repeat their words

    def reason(self, document: Document) -> Reason:
        language, text = document.language, document.text[:LONGEST_TEXT]
        title, detail = self._found(document.title, language), self._found(document.detail, language)
        missing = self.everything - _answered(title + detail)
        passages = self._passages(text, language, missing) if missing else []
        if not passages and not document.detail:
            begins = " ".join(text.split())
            if first := next(written(begins), None):
                passages = [_passage(begins, self._found(begins, language), _around(begins, first.start()))]
        return Reason(document, _marked(document.title, title), _marked(document.detail, detail), passages)

    def _found(self, text: str, language: str) -> _Found:
        """The words of a text that answer."""
        words = self.candidates.finditer(text) if self._tells_early(language) else written(text)
        return [_Word(*word.span(), answers) for word in words if (answers := self.answers(word.group(), language))]

    def _passages(self, text: str, language: str, missing: frozenset[int]) -> list[Marked]:
        """Take the passage that answers most, then the one that answers most of what is left."""
        lines = [(line, found) for line in text.splitlines() if (found := self._found(line, language))]
        passages: list[Marked] = []
        while missing and len(passages) < MOST_PASSAGES and (best := _best(lines, missing)):
            line, found, shown = best
            passages.append(_passage(line, found, shown))
            missing -= _answered(_within(found, shown))
        return passages

    def _answers(self, word: str, language: str) -> frozenset[int]:
        """Say which of the words asked for this one answers, by the tokens under which the index has it."""
        plain_ones = [word.lower()[:LONGEST_WORD]] if word.isascii() else words(word)
        if self.mistyped:
            # One letter may be missing of those that both begin with.
            if not any(len(asked.difference(fold(plain)[:NEAR_TO])) <= 1 for plain in plain_ones for asked in self.heads):
                return frozenset()
        elif word.isascii() and self._tells_early(language) and not plain_ones[0].startswith(self.beginnings):
            return frozenset()
        own: set[str] = set()
        for plain in plain_ones:
            if self.mistyped:
                own |= {f"-{spelling}" for spelling in spellings(plain)} | near(fold(plain))
            else:
                own |= forms(plain, (language,))
        return frozenset(
            number
            for number, (exact, begun) in enumerate(self.forms)
            if not exact.isdisjoint(own) or (begun and any(form.startswith(begun) for form in own))
        )

    def _tells_early(self, language: str) -> bool:
        return self.mistyped or language not in STEMMED_IN_FRONT


def _answered(found: _Found) -> frozenset[int]:
    return frozenset().union(*[word.answers for word in found])


def _within(found: _Found, shown: slice) -> _Found:
    return [word for word in found if shown.start <= word.start and word.end <= shown.stop]


def _best(lines: list[tuple[str, _Found]], missing: frozenset[int]) -> tuple[str, _Found, slice] | None:
    """The line, what answers in it, and which part of it to show, where most is answered; of several such places the first."""
    most, best = 0, None
    for line, found in lines:
        of_line = len(_answered(found) & missing)
        for number, word in enumerate(found):
            if of_line <= most:
                break
            if word.answers & missing and len(_near(found, number) & missing) > most:
                shown = _around(line, word.start)
                if (count := len(_answered(_within(found, shown)) & missing)) > most:
                    most, best = count, (line, found, shown)
    return best


def _near(found: _Found, number: int) -> frozenset[int]:
    """What is answered as near to one of the words as may be shown with it."""
    first, end, start = number, number + 1, found[number].start
    while first and start - found[first - 1].start <= _BEFORE:
        first -= 1
    while end < len(found) and found[end].start - start <= LONGEST_PASSAGE:
        end += 1
    return _answered(found[first:end])


def _around(line: str, at: int) -> slice:
    """Choose the words of a line that are shown around the one at a place, from where to where: all, if that is not too long."""
    start, end = 0, len(line)
    if end > LONGEST_PASSAGE:
        start = max(0, at - _BEFORE)
        while 0 < start < at and is_inside(line[start - 1]):
            start += 1
    start = next(written(line, start)).start()
    if len(line) > LONGEST_PASSAGE and end > start + LONGEST_PASSAGE:
        end = start + LONGEST_PASSAGE
        while end > at and is_inside(line[end]):
            end -= 1
    while end > at and not is_inside(line[end - 1]):
        end -= 1
    return slice(start, max(end, next(written(line, at)).end()))


def _passage(line: str, found: _Found, shown: slice) -> Marked:
    """Cut a passage out of its line; what stands before the first word and after the last is kept unless it is long."""
    start, end = shown.start, shown.stop
    if start <= _BEFORE and next(written(line)).start() == start:
        start = 0
    if len(line) - end <= _BEFORE and next(written(line, end), None) is None:
        end = len(line)
    pieces = _marked(line, _within(found, shown), start, end)
    return [*[Piece("… ")] * (start > 0), *pieces, *[Piece(" …")] * (end < len(line))]


def _marked(text: str, found: _Found, start: int = 0, end: int | None = None) -> Marked:
    pieces = []
    for word in found:
        pieces += [Piece(text[start : word.start]), Piece(text[word.start : word.end], asked=True)]
        start = word.end
    return [piece for piece in [*pieces, Piece(text[start:end])] if piece.text]
