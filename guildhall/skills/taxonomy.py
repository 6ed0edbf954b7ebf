"""What codes mean, in people's languages: answered from memory, for every room.

The first question about a scheme reads it; after that no question costs a query, save one a minute by which the process
notices that another has loaded a newer version. A label that a language lacks is given in English, else in any language, else
as the code itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import NamedTuple

from django.utils.translation import get_language
from rapidfuzz import fuzz, process

from guildhall.core.search.words import fold
from guildhall.skills.models import Concept, Label, Scheme
from guildhall.skills.nace import nace_from

__all__ = [
    "Hit",
    "Name",
    "ancestors",
    "choices",
    "forget",
    "is_known",
    "label",
    "nace_from",
    "name",
    "nuts_for",
    "search",
    "warm",
]

NOTICED_AFTER_SECONDS = 60
_INSIDE_FROM_LETTERS = 4
_FUZZY_FROM_LETTERS = 5
_FUZZY_FROM_SCORE = 82  # of 100: one wrong letter in six
# NUTS has its own letters for two countries (Regulation (EC) No 1059/2003); everybody else uses ISO 3166-1.
_IN_NUTS = {"GR": "EL", "GB": "UK"}

_WORDS = re.compile(r"\w+")
_NOT_OF_A_CODE = re.compile(r"[\s.]")


class Name(NamedTuple):
    """A label and its language, for the ``lang`` attribute where that is not the page's."""

    text: str
    language: str


class Hit(NamedTuple):
    """A concept found by ``search``."""

    code: str
    label: str
    level: int


def label(scheme: str, code: str, language: str | None = None) -> str:
    """Return what a code is called, in the active language unless told; the code itself where it is not known."""
    return name(scheme, code, language).text


def name(scheme: str, code: str, language: str | None = None) -> Name:
    """Return what a code is called, and in which language; that is "" where it is the code itself."""
    return _book(scheme).names(language).get(code) or Name(code, "")


def choices(
    scheme: str, *, level: int | None = None, under: str | None = None, language: str | None = None
) -> list[tuple[str, str]]:
    """Return codes with labels in alphabetical order, of one level or all, of what lies under one concept or everywhere.

    ``under`` reaches down to the lowest level. Retired concepts are not offered.
    """
    book = _book(scheme)
    key = (language or _active(), level, under)
    if key not in book.sorted:
        found = [
            (code, text)
            for code, text in book.offered(language)
            if level in (None, book.concepts[code].level) and (under is None or under in book.path(code))
        ]
        book.sorted[key] = sorted(found, key=lambda choice: (_plain(choice[1]), choice[1], choice[0]))
    return list(book.sorted[key])


def nuts_for(country: str, *, level: int = 3, language: str | None = None) -> list[tuple[str, str]]:
    """Return the regions of a country (ISO 3166-1 alpha-2) as choices: level 1 large, 2 middling, 3 small."""
    return choices("nuts", level=level, under=_IN_NUTS.get(country, country), language=language)


def is_known(scheme: str, code: str) -> bool:
    """Whether the scheme has the code, be it retired: what somebody kept stays valid."""
    return code in _book(scheme).concepts


def ancestors(scheme: str, code: str) -> list[str]:
    """Return the codes that contain ``code``, the widest first; nothing for a code that is not known."""
    return list(_book(scheme).path(code))[::-1]


def search(scheme: str, text: str, *, language: str | None = None, limit: int = 20) -> list[Hit]:
    """Find concepts by code or by label, the likeliest first; case, accents and one wrong letter in six are forgiven.

    A label that begins with the text comes before one whose words do, that before one with the text inside a word, and that
    before one it resembles.
    """
    sought = _Sought.of(text)
    if not sought.plain:
        return []
    found: list[tuple[float, int, int, Hit]] = []
    unlike: dict[int, str] = {}
    entries = _book(scheme).searchable(language)
    for index, entry in enumerate(entries):
        rank = _rank(sought, entry)
        if rank is not None:
            found.append((rank, entry.hit.level, index, entry.hit))
        elif len(entry.plain) >= len(sought.plain) - 2:
            unlike[index] = entry.plain
    if len(found) < limit and len(sought.plain) >= _FUZZY_FROM_LETTERS:
        alike = process.extract(sought.plain, unlike, scorer=fuzz.partial_ratio, score_cutoff=_FUZZY_FROM_SCORE, limit=limit)
        found += [(9 - score / 100, entries[index].hit.level, index, entries[index].hit) for _plain, score, index in alike]
    return [hit for *_order, hit in sorted(found)[:limit]]


def warm(language: str | None = None) -> None:
    """Read all that is loaded, so that the next question costs no query."""
    for key in Scheme.objects.values_list("key", flat=True):
        _book(key).names(language)


def forget(scheme: str | None = None) -> None:
    """Drop what this process remembers of a scheme, or of all; it is read again when next asked for."""
    for key in [scheme] if scheme else list(_books):
        _books.pop(key, None)


@dataclass(frozen=True, slots=True)
class _Concept:
    code: str
    parent: str | None
    level: int
    is_retired: bool


@dataclass(frozen=True, slots=True)
class _Sought:
    """A text as it is compared: without case and accents; as words; as a code without its dots."""

    plain: str
    words: list[str]
    code: str

    @classmethod
    def of(cls, text: str, code: str | None = None) -> _Sought:
        plain = _plain(" ".join(text.split()))
        return cls(plain, _WORDS.findall(plain), _NOT_OF_A_CODE.sub("", code or plain).casefold())


@dataclass(frozen=True, slots=True)
class _Entry(_Sought):
    """A concept as it is searched for."""

    hit: Hit

    @classmethod
    def of_hit(cls, hit: Hit) -> _Entry:
        text = _Sought.of(hit.label, hit.code)
        return cls(text.plain, text.words, text.code, hit)


@dataclass(slots=True)
class _Book:
    """A scheme as this process remembers it; filled as it is asked, never changed otherwise."""

    scheme: str
    digest: str
    concepts: dict[str, _Concept]
    sorted: dict[tuple[str, int | None, str | None], list[tuple[str, str]]] = field(default_factory=dict)
    _names: dict[str, dict[str, Name]] = field(default_factory=dict)
    _searchable: dict[str, list[_Entry]] = field(default_factory=dict)

    def names(self, language: str | None) -> dict[str, Name]:
        language = language or _active()
        if language not in self._names:
            preference = {language: 0, "en": 1}
            rows = Label.objects.of_scheme(self.scheme).values_list("concept__code", "language", "text")
            # The best comes last and stays; among other languages the first of the alphabet does.
            best_last = sorted(rows, key=lambda row: (preference.get(row[1], 2), row[1]), reverse=True)
            self._names[language] = {code: Name(text, spoken) for code, spoken, text in best_last}
        return self._names[language]

    def searchable(self, language: str | None) -> list[_Entry]:
        language = language or _active()
        if language not in self._searchable:
            self._searchable[language] = [
                _Entry.of_hit(Hit(code, label, self.concepts[code].level)) for code, label in self.offered(language)
            ]
        return self._searchable[language]

    def offered(self, language: str | None) -> list[tuple[str, str]]:
        """Codes with labels of what is not retired, in the order of the scheme."""
        names = self.names(language)
        return [
            (concept.code, names[concept.code].text if concept.code in names else concept.code)
            for concept in self.concepts.values()
            if not concept.is_retired
        ]

    def path(self, code: str) -> Iterator[str]:
        """The codes above ``code``, the nearest first."""
        concept = self.concepts.get(code)
        while concept and concept.parent:
            yield concept.parent
            concept = self.concepts.get(concept.parent)


_books: dict[str, _Book] = {}
_looked_at = float("-inf")


def _book(scheme: str) -> _Book:
    global _looked_at
    if monotonic() - _looked_at >= NOTICED_AFTER_SECONDS:
        _looked_at = monotonic()
        loaded = dict(Scheme.objects.values_list("key", "digest"))
        for key, book in list(_books.items()):
            if loaded.get(key, "") != book.digest:
                forget(key)
    if scheme not in _books:
        digest = Scheme.objects.filter(key=scheme).values_list("digest", flat=True).first() or ""
        rows = Concept.objects.of_scheme(scheme).order_by("position")
        concepts = [
            _Concept(code, parent, level, retired_at is not None)
            for code, parent, level, retired_at in rows.values_list("code", "parent__code", "level", "retired_at")
        ]
        _books[scheme] = _Book(scheme, digest, {concept.code: concept for concept in concepts})
    return _books[scheme]


def _active() -> str:
    return (get_language() or "en").partition("-")[0]


def _plain(text: str) -> str:
    return fold(text.casefold())


def _rank(sought: _Sought, entry: _Entry) -> int | None:
    """Return how well a concept answers, 0 best; None if it does not."""
    if entry.code == sought.code or entry.plain == sought.plain:
        return 0
    if entry.plain.startswith(sought.plain) or (sought.code and entry.code.startswith(sought.code)):
        return 1
    if sought.words and all(any(word.startswith(part) for word in entry.words) for part in sought.words):
        return 2
    return 3 if len(sought.plain) >= _INSIDE_FROM_LETTERS and sought.plain in entry.plain else None
