"""Why a document was found: its title, its detail and the passages of its text that answer, with the words that do so marked.

The index keeps no texts. The room a hit belongs to describes the thing anew, as it is now and in the reader's language, and what
is marked is what the very groups of tokens match that found it: other accents, another ending, a mistyped letter.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from guildhall.core.search import Document, Results
from guildhall.core.search.asking import misspelled, spelled, words_asked
from guildhall.core.search.words import (
    LONGEST_TEXT,
    STEMMED,
    STEMMED_IN_FRONT,
    closest,
    every_word,
    fold,
    forms,
    is_inside,
    near,
    words,
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
    """A word of a text: its place, and which of the words asked for it answers, by their numbers."""

    start: int
    end: int
    answers: frozenset[int]


class _Place(NamedTuple):
    """Where a word begins that answers, and what is answered as near to it as may be shown with it."""

    line: str
    start: int
    near: frozenset[int]


class _Reading:
    """Reads documents with one question in mind."""

    def __init__(self, asked: list[str], *, mistyped: bool) -> None:
        groups = misspelled(asked) if mistyped else spelled(asked, "w", tuple(STEMMED))
        self.tokens = [
            (frozenset(token.text for token in group if not token.prefix), tuple(token.text for token in group if token.prefix))
            for group in groups
        ]
        self.initials = {token.text[2:3] for group in groups for token in group}
        self.everything = frozenset(range(len(asked)))
        self.mistyped = mistyped
        self.answers = cache(self._answers)  # texts repeat their words

    def reason(self, document: Document) -> Reason:
        language, text = document.language, document.text[:LONGEST_TEXT]
        title, detail = self._words(document.title, language), self._words(document.detail, language)
        missing = self.everything - _answered(title + detail)
        passages = self._passages(text, language, missing) if missing else []
        if not passages and not document.detail and text:
            begins = " ".join(text.split())
            words = self._words(begins, language)
            passages = [_passage(begins, words, _around(words, 0))] if words else []
        return Reason(document, _marked(document.title, title), _marked(document.detail, detail), passages)

    def _passages(self, text: str, language: str, missing: frozenset[int]) -> list[Marked]:
        """Take the passage that answers most, then the one that answers most of what is left."""
        answering = {word: answers for word in every_word(text) if (answers := self.answers(word, language))}
        if not any(answers & missing for answers in answering.values()):
            return []
        places = [
            _Place(line, start, _near(found, start))
            for line in text.splitlines()
            for found in [sorted((start, answers) for word, answers in answering.items() for start in _places(line, word))]
            for start, answers in found
            if answers & missing
        ]
        passages: list[Marked] = []
        while missing and places and len(passages) < MOST_PASSAGES:
            line, words, shown = self._best(places, language, missing)
            passages.append(_passage(line, words, shown))
            missing -= _answered(words[shown])
            places = [place for place in places if place.near & missing]
        return passages

    def _best(self, places: list[_Place], language: str, missing: frozenset[int]) -> tuple[str, list[_Word], slice]:
        """The line, its words, and which of them to show, where most is answered; of several such places the first."""
        most, best = -1, (places[0].line, list[_Word](), slice(0))
        for line, start, beside in places:
            if len(beside & missing) > most:
                words = self._words(line, language, around=start)
                shown = _around(words, next(number for number, word in enumerate(words) if word.start == start))
                if (count := len(_answered(words[shown]) & missing)) > most:
                    most, best = count, (line, words, shown)
            if most == len(missing):
                break
        return best

    def _words(self, text: str, language: str, around: int | None = None) -> list[_Word]:
        """The words of a text; of a long one those that may be shown around a place, and some more on either side."""
        start, end = 0, len(text)
        if around is not None:
            end = around + LONGEST_PASSAGE + 2 * _BEFORE
            start = around - 2 * _BEFORE if around > LONGEST_PASSAGE else 0
        while 0 < start < len(text) and is_inside(text[start - 1]):
            start -= 1
        words = []
        for word in written(text, start):
            if word.start() >= end:
                break
            words.append(_Word(word.start(), word.end(), self.answers(word.group(), language)))
        return words

    def _answers(self, word: str, language: str) -> frozenset[int]:
        """Say which of the words asked for this one answers, by the tokens under which the index has it."""
        if not self.mistyped and language not in STEMMED_IN_FRONT and word.isascii() and word[:1].lower() not in self.initials:
            return frozenset()  # most words begin otherwise than any that was asked for, and so do their stems
        tokens = set()
        for plain in words(word):
            tokens |= {"w" + form for form in forms(plain, (language,))}
            if self.mistyped:
                tokens |= {"n" + form for form in near(fold(plain))}
        return frozenset(
            number
            for number, (exact, begun) in enumerate(self.tokens)
            if not exact.isdisjoint(tokens) or (begun and any(token.startswith(begun) for token in tokens))
        )


def _answered(words: list[_Word]) -> frozenset[int]:
    return frozenset().union(*[word.answers for word in words])


def _places(line: str, word: str) -> Iterator[int]:
    """Where a word begins that is written so."""
    start = line.find(word)
    while start >= 0:
        end = start + len(word)
        if not (start and is_inside(line[start - 1])) and not is_inside(line[end : end + 1]):
            yield start
        start = line.find(word, end)


def _near(found: list[tuple[int, frozenset[int]]], start: int) -> frozenset[int]:
    return frozenset().union(*[answers for place, answers in found if -_BEFORE <= place - start <= LONGEST_PASSAGE])


def _around(words: list[_Word], number: int) -> slice:
    """Choose the words of a line that are shown around one of them: all of them, if that is not too long."""
    if words[-1].end <= LONGEST_PASSAGE:
        return slice(0, len(words))
    first, end = number, number + 1
    while first and words[number].start - words[first - 1].start <= _BEFORE:
        first -= 1
    while end < len(words) and words[end].end - words[first].start <= LONGEST_PASSAGE:
        end += 1
    return slice(first, end)


def _passage(line: str, words: list[_Word], shown: slice) -> Marked:
    """Cut a passage out of its line; what stands before the first word and after the last is kept unless it is long."""
    start, end = words[shown][0].start, words[shown][-1].end
    if shown.start == 0 and start <= _BEFORE:
        start = 0
    if shown.stop == len(words) and len(line) - end <= _BEFORE:
        end = len(line)
    pieces = _marked(line, words[shown], start, end)
    return [*[Piece("… ")] * (start > 0), *pieces, *[Piece(" …")] * (end < len(line))]


def _marked(text: str, words: list[_Word], start: int = 0, end: int | None = None) -> Marked:
    pieces = []
    for word in words:
        if word.answers:
            pieces += [Piece(text[start : word.start]), Piece(text[word.start : word.end], asked=True)]
            start = word.end
    return [piece for piece in [*pieces, Piece(text[start:end])] if piece.text]
