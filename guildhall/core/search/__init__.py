"""Search: rooms say what can be found, people find what they may see.

A room describes each of its things as a ``Document`` from inside its actions, in the same transaction, and answers
``documents_of_everything`` so that the whole index can be made anew. Whoever asks gives the scopes they may look into. A scope is
a token of the index like any word, and part of every question put to it: without one of them there is no hit.

The index keeps words, not texts. What a hit shows, and why it was found, comes from its room when it is shown: ``reasons.py``.

How it works and what it costs: docs/decisions/0004-search.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any, NamedTuple
from zlib import crc32

from django.db.models import QuerySet
from rapidfuzz import fuzz

from guildhall.core.models import SearchDocument
from guildhall.core.search.asking import Group, anywhere, beginning, misspelled, spelled, words_asked
from guildhall.core.search.words import STEMMED, STEMMED_IN_FRONT, beginning_of, fold, forms, near, spellings, starts, words
from guildhall.core.tokens import (
    AtMost,
    Known,
    OpenToAll,
    Question,
    Token,
    keys_matching,
    rows_matching_each,
    sampled_tokens,
    with_handful,
)

#: The scope of what everybody may find.
PUBLIC = "public"
MOST_HITS = 100
FEW_HITS = 2_000
_WORDS_OF_A_TITLE = 50
_WORDS_HELD_AGAINST_TYPOS = 30
_NAME = re.compile(r"[a-z0-9_.-]{1,60}(:[a-z0-9_.-]{1,60})?", re.ASCII)
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class Document:
    """One thing as search knows it: what it is found by, what a hit shows, and who may find it.

    ``kind`` and ``key`` name the thing ("engagement.employer", 12). ``scopes`` are names such as "public" or "organisation:12"; a
    document without one is found by nobody. ``detail`` is the second line of a hit and searched too. Of the ``text`` a hit shows
    what answers the question, line by line: what belongs together stands on one. ``about``, a few words in the reader's language,
    and after it ``at``, when it was, are shown and not searched. ``language`` is that of the text, or empty. Of documents that
    answer equally well the one with the higher ``boost`` is first.
    """

    kind: str
    key: int
    title: str
    scopes: Collection[str]
    url: str
    text: str = ""
    detail: str = ""
    about: str = ""
    at: datetime | None = None
    language: str = ""
    boost: int = 0


class Hit(NamedTuple):
    """A document somebody found and may see, by its name and by what it is ranked by."""

    kind: str
    key: int
    title: str
    language: str
    boost: int


@dataclass(frozen=True)
class Results:
    """A page of hits, the best first.

    ``total`` counts all of them, or those that were ranked where there are more: then ``exact`` is false. They are ``near`` when
    nothing was spelled as asked and these come closest.
    """

    hits: list[Hit]
    total: int = 0
    exact: bool = True
    near: bool = False


def index(**description: Any) -> None:
    """Make a thing findable, or find it differently from now on: takes what a ``Document`` takes."""
    index_many([Document(**description)])


def index_many(documents: Iterable[Document]) -> None:
    """Make many things findable; the same thing twice counts as described last."""
    waiting = iter(documents)
    while batch := list(islice(waiting, 1000)):
        latest = {(document.kind, document.key): document for document in batch}
        SearchDocument.objects.bulk_create(
            [_kept(latest[name]) for name in sorted(latest)],  # in one order, so that two who write don't wait for each other
            update_conflicts=True,
            unique_fields=["kind", "key"],
            update_fields=["title", "language", "boost", "is_public", "tokens"],
        )


def remove(kind: str, key: int) -> None:
    """Make a thing unfindable."""
    remove_many(kind, [key])


def remove_many(kind: str, keys: Iterable[int]) -> None:
    """Make things of one kind unfindable."""
    waiting = iter(keys)
    while batch := list(islice(waiting, 1000)):
        SearchDocument.objects.filter(kind=kind, key__in=batch).delete()


def reindex(documents: Iterable[Document]) -> int:
    """Make the index anew from all there is, and forget what is no more; returns how many documents there are."""
    before = set(SearchDocument.objects.values_list("kind", "key"))
    seen = set()

    def noted() -> Iterable[Document]:
        for document in documents:
            seen.add((document.kind, document.key))
            yield document

    index_many(noted())
    # Only what was there before: what an action made findable meanwhile is not ours to remove.
    for kind in {kind for kind, _ in before - seen}:
        remove_many(kind, [key for gone, key in before - seen if gone == kind])
    return len(seen)


def search(
    text: str,
    *,
    scopes: Collection[str],
    kinds: Collection[str] | None = None,
    languages: Collection[str] | None = None,
    limit: int = 20,
    offset: int = 0,
    known: Sequence[int] | None = None,
) -> Results:
    """Find what has all the words asked for, the last of which may be unfinished; nothing else than within ``scopes``.

    A title that begins as asked comes first, then by how many of the words are in the title. With ``languages`` only documents
    in one of them are found, and those that have none. Without ``kinds`` it is asked first which there are. ``known`` are keys of
    what has the words, or of as much of it as is ranked, all of one kind: then the index is asked for the best titles only.
    """
    asked = words_asked(text)
    if not asked or not scopes:
        return Results([])
    kinds = _all_kinds() if kinds is None else kinds
    within = _within(scopes, kinds, languages)
    if not kinds:
        return Results([])
    spoken = tuple(STEMMED) if languages is None else tuple(languages)

    # Where there are too many to rank them all, the best are among those whose titles begin so, or have the words.
    there = within(anywhere(asked, spoken)) if known is None else [Known(next(iter(kinds)), known)]
    ways = [within([beginning(asked)]), there]
    if len(asked[-1]) > 1:
        ways.append(within(spelled(asked, "t", spoken)))
    found, are_all = _find(ways)
    if not found:
        return _closest_results(asked, within(misspelled(asked)), limit, offset)
    rank = _ranking(asked)
    ranked = sorted(found, key=lambda hit: rank(hit, found[hit]))[:MOST_HITS]
    return Results(ranked[offset : offset + limit], len(ranked), are_all and len(found) <= MOST_HITS)


def matching_keys(kind: str, text: str, scopes: Collection[str]) -> QuerySet[SearchDocument, Any] | list[int]:
    """Return the keys of the documents of one kind that ``search`` would find, all of them, for a list's filter with ``__in``.

    They are the keys themselves where they are few, for a list counts first and shows then, and need not search again each time;
    else a subquery.
    """
    asked = words_asked(text)
    if not asked or not scopes:
        return SearchDocument.objects.none().values("key")
    bounds = _bounds(scopes, [kind], None)
    groups = [*bounds, *_of_kinds([kind], anywhere(asked, tuple(STEMMED)))]
    matching = SearchDocument.objects.filter(tokens__match=groups)
    few = list(SearchDocument.objects.filter(tokens__match=AtMost(groups, FEW_HITS + 1)).values_list("key", flat=True))
    if not few:
        matching = SearchDocument.objects.filter(tokens__match=[*bounds, *_of_kinds([kind], misspelled(asked))])
    elif len(few) <= FEW_HITS:
        return few
    return matching.values("key")


@dataclass(frozen=True)
class Asked:
    """A search for one kind as the index is asked it: ``bounds`` keep it where it belongs, and there is a group for each word."""

    bounds: list[Group]
    groups: list[Group]


def asked_of_index(kind: str, text: str, scopes: Collection[str]) -> Asked | None:
    """Return what ``search`` asks of the index before it knows how much it finds; None where nothing is asked."""
    asked = words_asked(text)
    if not asked or not scopes:
        return None
    return Asked(_bounds(scopes, [kind], None), _of_kinds([kind], anywhere(asked, tuple(STEMMED))))


def all_keys(kind: str, text: str, scopes: Collection[str]) -> list[int]:
    """Return the keys of all documents of one kind that have the words asked for, spelled as asked, however many they are."""
    asked = asked_of_index(kind, text, scopes)
    return keys_matching(kind, [*asked.bounds, *asked.groups]) if asked else []


def sampled_words(kind: str, one_in: int) -> Iterator[list[str]]:
    """Yield the tokens of the words that one in so many documents of a kind is found by."""
    start = f"w{_drawer(kind)}"
    for tokens in sampled_tokens(kind, one_in):
        yield [token for token in tokens if token.startswith(start)]


# --- What is kept --------------------------------------------------------------------------------------------------


def _kept(document: Document) -> SearchDocument:
    return SearchDocument(
        kind=document.kind,
        key=document.key,
        title=_UNKEEPABLE.sub("", document.title)[:300],
        language=document.language,
        boost=document.boost,
        is_public=PUBLIC in document.scopes,
        tokens=with_handful(_tokens(document), document.key),
    )


def _tokens(document: Document) -> set[str]:
    title = words(document.title, _WORDS_OF_A_TITLE)
    shown = title + words(document.detail, _WORDS_OF_A_TITLE)
    text = words(document.text)
    languages = (document.language,)
    drawer = _drawer(document.kind)
    return {
        f"l{document.language and _name(document.language)}",
        *[_scope(document.kind, scope) for scope in document.scopes],
        *["=" + drawer + start for start in starts(title) if start],
        *["t" + drawer + form for form in _union(forms(word, languages) for word in title)],
        *["w" + drawer + form for form in _union(forms(word, languages) for word in {*shown, *text})],
        *["n" + drawer + form for form in _union(near(fold(word)) for word in shown + text[:_WORDS_HELD_AGAINST_TYPOS])],
    }


def _union(sets: Iterable[frozenset[str]]) -> set[str]:
    return set().union(*sets)


def _scope(kind: str, scope: str) -> str:
    """Return the token of what is of a kind and in a scope: the database goes through the list of these for every question."""
    return f"s{_name(kind)}={_name(scope)}"


def _name(name: str) -> str:
    """Return a kind, scope or language as it may stand in a token.

    Raises:
        ValueError: it has other characters than it may: a mistake in the program, or an attack.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"Not a name for a kind, scope or language: {name!r}")
    return name


# --- What is asked and found ---------------------------------------------------------------------------------------


def _bounds(scopes: Collection[str], kinds: Collection[str], languages: Collection[str] | None) -> list[Group]:
    """Return the groups that keep a question where it belongs."""
    names = [_name(scope) for scope in scopes]
    bounds = [[Token(_scope(kind, name)) for kind in kinds for name in names]]
    if languages is not None:
        bounds.append([Token("l"), *(Token(f"l{_name(language)}") for language in languages)])
    return bounds


def _within(
    scopes: Collection[str], kinds: Collection[str], languages: Collection[str] | None
) -> Callable[[list[Group]], list[Question]]:
    """Return what puts groups of words as questions that stay where they belong."""
    own = [scope for scope in scopes if scope != PUBLIC]
    of_all, of_own, *spoken = [*_bounds([PUBLIC], kinds, None), *_bounds(own, kinds, languages)]

    def within(groups: list[Group]) -> list[Question]:
        words, questions = [*spoken, *_of_kinds(kinds, groups)], list[Question]()
        if PUBLIC in scopes:
            questions.append(OpenToAll(words, MOST_HITS + 1, list(kinds), of_all))
        if own:
            questions.append(AtMost([of_own, *words], MOST_HITS + 1))
        return questions

    return within


def _of_kinds(kinds: Collection[str], groups: list[Group]) -> list[Group]:
    """Return what is asked, in the drawers of some kinds."""
    drawers = sorted({_drawer(kind) for kind in kinds})
    return [
        [Token(f"{token.text[0]}{drawer}{token.text[1:]}", token.prefix) for drawer in drawers for token in group]
        for group in groups
    ]


def _drawer(kind: str) -> str:
    """Return the two characters under which the index keeps the words of a kind.

    Of contacts there are ten times as many as of employers, and they speak of them: who looks for an employer by a beginning must
    not leaf through what was said. That two kinds may share a drawer does no harm, for scopes name the kind.
    """
    return f"{crc32(kind.encode()) % 256:02x}"


def _all_kinds() -> list[str]:
    return list(SearchDocument.objects.order_by("kind").values_list("kind", flat=True).distinct())


def _find(ways: Sequence[Sequence[Question]]) -> tuple[dict[Hit, set[int]], bool]:
    """Find what answers one of several ways of asking, and say which ones each answers, and whether these are all there are."""
    asked = [(way, question) for way, questions in enumerate(ways) for question in questions]
    found: dict[Hit, set[int]] = {}
    rows = rows_matching_each([question for _way, question in asked])
    for row in filter(None, rows):
        found.setdefault(Hit(*row[1:]), set()).add(asked[row.question][0])
    return found, None not in rows


#: The places of two of the ways in which a search asks.
_BEGINS_SO, _IN_THE_TITLE = 0, 2


def _ranking(asked: list[str]) -> Callable[[Hit, set[int]], tuple[Any, ...]]:
    """Order hits by how well the title answers, then by boost, then the shorter title first, of one title the newest."""
    *finished, last = asked
    unfinished = tuple(f"-{spelling}" for spelling in spellings(last))

    @cache
    def beginnings(languages: tuple[str, ...]) -> set[str]:
        return {beginning_of(form) for word in asked for form in forms(word, languages)}

    def words_in_title(hit: Hit, ways: set[int]) -> int:
        if _IN_THE_TITLE in ways:
            return len(asked)
        if len(asked) == 1 and len(last) > 1:
            return 0  # it would have been found in the title
        languages = (hit.language,)
        if hit.title.isascii() and hit.language not in STEMMED_IN_FRONT:
            lower = hit.title.lower()
            if not any(beginning in lower for beginning in beginnings(languages)):
                return 0
        title = _union(forms(word, languages) for word in words(hit.title, _WORDS_OF_A_TITLE))
        return any(form.startswith(unfinished) for form in title) + sum(
            not title.isdisjoint(forms(word, languages)) for word in finished
        )

    def rank(hit: Hit, ways: set[int]) -> tuple[Any, ...]:
        count = words_in_title(hit, ways)
        return _BEGINS_SO not in ways, -count, -hit.boost, len(hit.title), hit.title, hit.kind, -hit.key

    return rank


def _closest_results(asked: list[str], questions: Sequence[Question], limit: int, offset: int) -> Results:
    question = " ".join(fold(word) for word in asked)

    def distance(hit: Hit) -> tuple[Any, ...]:
        title = " ".join(fold(word) for word in words(hit.title, _WORDS_OF_A_TITLE))
        return -fuzz.token_set_ratio(question, title), -hit.boost, hit.title, hit.kind, -hit.key

    near, are_all = _find([questions])
    found = sorted(near, key=distance)
    ranked = found[:MOST_HITS]
    return Results(ranked[offset : offset + limit], len(ranked), are_all and len(found) == len(ranked), bool(ranked))
