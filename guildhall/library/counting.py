"""What each public resource answers to each filter, kept in memory, so that counting takes milliseconds however many there are.

An image is a table: a row for each public resource, a column for each filter, in which a number (*code*) stands for what it
answers. What is found is one flag for each row. The resources of a work stand beside each other in the order of their numbers: a
work that was found in two languages counts once. With 200,000 resources that takes some ten megabytes.

An image is never changed. Each question asks for ``PublicState``: where something was published or withdrawn since, the works
concerned are read anew into the next image, by every process for itself. So what is counted is what the database holds.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from guildhall.core.fixed_sql import among, among_given, moment_kept
from guildhall.library import licences
from guildhall.library.models import PublicChange
from guildhall.skills import taxonomy

FILTERS = ["kind", "area", "language", "subject", "sector", "audience", "level", "organisation", "open"]
#: Of each row of an image, whether it is meant.
Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]
#: In a number that stands for a work and a choice so many bits are the choice's.
_CODE = 20
_FEW_CODES = 20
#: When more works than this have changed, reading all of them anew is quicker.
MOST_CHANGED = 1_000

_OPEN = {licence.key for licence in licences.KNOWN.values() if licence.is_open}
#: In the order of ``Row``; written out, for Django takes five times as long to read all there is.
_READ = """
    SELECT resource.work_id, resource.id, resource.public_at, resource.organisation_id, version.kind, version.area,
        version.language, version.isced, version.nace, version.licence, version.audience, version.eqf
    FROM library_resource resource JOIN library_version version ON version.id = resource.current_id
    WHERE resource.state = 'published'{} ORDER BY resource.work_id, resource.id
"""


class Row(NamedTuple):
    """A public resource: its work, its number, when it was published, and what it answers to each of the filters."""

    work: int
    key: int
    public_at: datetime
    answers: dict[str, tuple[str, ...]]


class Column:
    """The codes of one filter, as small as they may be, and what they stand for: the choices to which a resource answers."""

    def __init__(self, codes: NDArray[Any], answers: list[tuple[str, ...]], code_of: dict[tuple[str, ...], int]) -> None:
        self.codes, self.answers, self._code_of = codes, answers, code_of
        self.size = len(answers)  # of its own: another thread may be adding answers for the next image

    def code_of(self, answer: tuple[str, ...]) -> int:
        """Return what stands for an answer. Codes are given once and stay, so images may share them."""
        code = self._code_of.setdefault(answer, len(self.answers))
        if code == len(self.answers):
            self.answers.append(answer)
        return code

    def after(self, stays: Flags, added: list[int]) -> Column:
        """Return the column with these rows only, and more."""
        codes = np.array(added, np.min_scalar_type(len(self.answers)))
        return Column(np.concatenate([self.codes[stays], codes]), self.answers, self._code_of)

    def of(self, choices: Collection[str]) -> Flags:
        """Which rows answer to one of these choices."""
        flags = np.zeros(len(self.codes), np.bool_)
        for code, answer in enumerate(self.answers):
            if not set(choices).isdisjoint(answer):
                flags |= self.codes == code
        return flags

    @cached_property
    def _choices(self) -> list[str]:
        return list(dict.fromkeys(choice for answer in self.answers for choice in answer))

    @cached_property
    def _chosen(self) -> Numbers:
        """Of each code the places of its choices among all, as many as any has; -1 for one that it has not."""
        place_of = {choice: place for place, choice in enumerate(self._choices)}
        chosen = np.full((len(self.answers), max(map(len, self.answers), default=0)), -1, np.int64)
        for code, answer in enumerate(self.answers):
            chosen[code, : len(answer)] = [place_of[choice] for choice in answer]
        return chosen

    def count(self, once: Numbers, several: Numbers, works: Numbers) -> dict[str, int]:
        """Count works by choice: those of which one row is meant, and those of which several are and that count once for each.

        ``works`` numbers the works that are in ``several``, row by row.
        """
        by_choice = Counter[str]()
        counted = self._tally(self.codes[once])
        if len(several):
            codes = self.codes[several]
            # Of most works every language answers alike.
            is_alike = np.ones(works[-1] + 1, np.bool_)
            is_alike[works[1:][(codes[1:] != codes[:-1]) & (works[1:] == works[:-1])]] = False
            is_alike = is_alike[works]
            counted += self._tally(codes[is_alike & _first_of_each(works)])
            chosen = self._chosen[codes[~is_alike]]
            pairs = np.sort((works[~is_alike][:, np.newaxis] << _CODE | chosen)[chosen >= 0])
            numbers = np.bincount(pairs[_first_of_each(pairs)] & (1 << _CODE) - 1)
            by_choice.update({self._choices[choice]: int(numbers[choice]) for choice in np.flatnonzero(numbers).tolist()})
        for code in np.flatnonzero(counted).tolist():
            for choice in self.answers[code]:
                by_choice[choice] += int(counted[code])
        return dict(by_choice)

    def _tally(self, codes: NDArray[Any]) -> Numbers:
        """How often each code is there. A few of one byte are looked for one after the other more quickly than counted."""
        if self.size > _FEW_CODES:
            return np.bincount(codes, minlength=self.size)
        return np.array([np.count_nonzero(codes == code) for code in range(self.size)], np.int64)

    def places(self, choices: Sequence[str]) -> Numbers:
        """Of each code the place of its first choice that is among these; their number where none is."""
        places = {choice: place for place, choice in enumerate(choices)}
        found = [min((places.get(one, len(choices)) for one in answer), default=len(choices)) for answer in self.answers]
        return np.array(found, np.int64)


class Image:
    """All that is public, at one moment of the history of a database."""

    def __init__(self, epoch: str = "", number: int = 0) -> None:
        self.epoch, self.number = epoch, number
        self._keys, self._works, self._public_at = (np.zeros(0, np.int64) for _ in range(3))
        self._is_alone = np.zeros(0, np.bool_)  # in no other language
        self._columns = {name: Column(np.zeros(0, np.uint8), [], {}) for name in FILTERS}
        self._of_everything: dict[str, dict[str, int]] = {}
        self._best_of_everything: dict[tuple[str, ...], Flags] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def after(self, number: int, works: Collection[int], rows: Iterable[Row]) -> Image:
        """Return the image in which these works have these resources, in the order of works and numbers, and no others."""
        made, stays = Image(self.epoch, number), ~np.isin(self._works, list(works))
        keys, of_works, public_at = list[int](), list[int](), list[int]()
        codes: dict[str, list[int]] = {name: [] for name in FILTERS}
        for row in rows:  # one by one, for there may be many
            keys.append(row.key)
            of_works.append(row.work)
            public_at.append(_microseconds(row.public_at))
            for name, answer in row.answers.items():
                codes[name].append(self._columns[name].code_of(answer))
        resources = Counter(of_works)

        def with_added(column: Any, added: list[Any]) -> Any:
            return np.concatenate([column[stays], np.array(added, column.dtype)])

        made._keys, made._works = with_added(self._keys, keys), with_added(self._works, of_works)
        made._public_at = with_added(self._public_at, public_at)
        made._is_alone = with_added(self._is_alone, [resources[work] == 1 for work in of_works])
        made._columns = {name: column.after(stays, codes[name]) for name, column in self._columns.items()}
        return made

    @cached_property
    def everything(self) -> Flags:
        return np.ones(len(self._keys), np.bool_)

    def of(self, name: str, choices: Collection[str]) -> Flags:
        """Those that answer to one of the choices of a filter."""
        return self._columns[name].of(choices)

    def of_keys(self, keys: Collection[int]) -> Flags:
        """Resources that are given by their numbers; numbers of what is not public count for nothing."""
        given = np.fromiter(keys, np.int64, len(keys))
        rows = self._row_of[given[given < len(self._row_of)]]
        return self._flags(rows[rows >= 0])

    def of_numbers(self, numbers: int) -> Flags:
        """The same of resources that are given by an integer whose bit n stands for the number n."""
        size = len(self._row_of)
        packed = np.frombuffer((numbers & (1 << size) - 1).to_bytes(size // 8 + 1, "little"), np.uint8)
        return np.unpackbits(packed, bitorder="little").view(np.bool_)[self._keys]

    def keys_of(self, works: Collection[int]) -> list[int]:
        """The numbers of all public resources of works."""
        return self.keys(np.isin(self._works, list(works)))

    def keys(self, flags: Flags) -> list[int]:
        """The numbers of these resources."""
        return list(self._keys[flags].tolist())

    def keys_of_works(self, numbers: Collection[int], flags: Flags) -> dict[int, int]:
        """Of works, by their numbers, the number of the resource that is among these; where there is none, nothing."""
        theirs = flags & np.isin(self._works, list(numbers))
        return dict(zip(self._works[theirs].tolist(), self._keys[theirs].tolist(), strict=True))

    def newest(self, flags: Flags) -> Iterator[int]:
        """The numbers of these resources, those that were published last first."""
        rows = self._newest_first[flags[self._newest_first]]
        return map(self._keys.item, rows)

    def test(self, flags: Flags) -> Callable[[int], bool]:
        """Return what says whether a resource, by its number, is among these."""
        row_of, size, is_meant = self._row_of.item, len(self._row_of), flags.item
        return lambda key: key < size and (row := row_of(key)) >= 0 and is_meant(row)

    def best(self, flags: Flags, languages: Sequence[str]) -> Flags:
        """Of each work the one whose language comes first; among other languages the oldest."""
        if not flags.all():
            return self._best(flags, languages)
        asked = tuple(languages)  # as the library begins, every time
        if asked not in self._best_of_everything:
            self._best_of_everything[asked] = self._best(flags, languages)
        return self._best_of_everything[asked]

    def _best(self, flags: Flags, languages: Sequence[str]) -> Flags:
        several = np.flatnonzero(flags & ~self._is_alone)
        column = self._columns["language"]
        if len(several) == 0:
            return flags
        # By work, then by how well one reads the language, then, for they stand so, by number.
        score = self._works[several] * (len(languages) + 1) + column.places(languages)[column.codes[several]]
        several = several[np.argsort(score, kind="stable")]
        best = flags & self._is_alone
        best[several[_first_of_each(self._works[several])]] = True
        return best

    def count(self, names: Collection[str], flags: Flags) -> dict[str, dict[str, int]]:
        """Of these, by filter, how many works answer to each choice that any of them answers to."""
        if not flags.all():
            return self._count(names, flags)
        if missing := set(names) - set(self._of_everything):  # as the library begins, every time
            self._of_everything |= self._count(missing, flags)
        return {name: self._of_everything[name] for name in names}

    def _count(self, names: Collection[str], flags: Flags) -> dict[str, dict[str, int]]:
        rows = np.flatnonzero(flags)
        works = self._works[rows]
        is_first, is_last = _first_of_each(works), _first_of_each(works[::-1])[::-1]
        once, several = rows[is_first & is_last], rows[~(is_first & is_last)]
        numbered = np.cumsum(_first_of_each(self._works[several])) - 1
        return {name: self._columns[name].count(once, several, numbered) for name in names}

    def _flags(self, rows: Numbers) -> Flags:
        flags = np.zeros(len(self._keys), np.bool_)
        flags[rows] = True
        return flags

    @cached_property
    def _row_of(self) -> Numbers:
        """By the number of a resource its row, -1 where there is none."""
        rows = np.full(int(self._keys.max(initial=-1)) + 1, -1, np.int64)
        rows[self._keys] = np.arange(len(self._keys))
        return rows

    @cached_property
    def _newest_first(self) -> Numbers:
        return np.lexsort((-self._keys, -self._public_at))


def _first_of_each(numbers: Numbers) -> Flags:
    """Of numbers, of which the same stand beside each other, whether it is the first of its kind."""
    is_first = np.ones(len(numbers), np.bool_)
    is_first[1:] = numbers[1:] != numbers[:-1]
    return is_first


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_lock = threading.Lock()
_latest = Image()


def image() -> Image:
    """Return the image of what is public now. One query where nothing has changed since the last."""
    global _latest
    state = _state()
    if state is None:  # nothing was ever published; or it did not come here by an action, then nobody says when it changes
        return Image().after(0, [], _rows())
    epoch, number = state
    with _lock:
        known = _latest
        is_older = known.epoch == epoch and known.number < number
        if (known.epoch, known.number) == (epoch, number):
            return known
        changed = PublicChange.objects.filter(number__gt=known.number).values_list("work_id", flat=True)
        works_changed: list[int] = list(changed[: MOST_CHANGED + 1]) if is_older else []
        if is_older and len(works_changed) <= MOST_CHANGED:
            _latest = known.after(number, works_changed, _rows(works_changed))
        else:
            _latest = Image(epoch).after(number, [], _rows())
        return _latest


def _state() -> tuple[str, int] | None:
    # Written out, for Django takes longer to write it than the database to answer: at every question.
    with connection.cursor() as cursor:
        cursor.execute("SELECT epoch, number FROM library_publicstate ORDER BY id LIMIT 1")
        return cursor.fetchone()


def _rows(works: Collection[int] | None = None) -> Iterator[Row]:
    """Read all that is public, or what is of some works."""
    only = "" if works is None else f" AND resource.work_id {among(works)}"
    # Thousands of rows say the same: it is understood once.
    section_of, several = _sections(), cache(lambda said: tuple(str(one) for one in json.loads(said) if one != ""))
    with connection.cursor() as cursor:
        cursor.execute(_READ.format(only), [] if works is None else among_given(works))
        while rows := cursor.fetchmany(5_000):
            for work, key, at, organisation, kind, area, language, isced, nace, licence, audience, levels in rows:
                answers = {
                    "kind": _one(kind),
                    "area": _one(area),
                    "language": _one(language),
                    "subject": _one(isced[:2]),
                    "sector": _one(section_of.get(nace[:2], "")),
                    "audience": several(audience),
                    "level": several(levels),
                    "organisation": _one(str(organisation)),
                    "open": _one("on" if licence in _OPEN else ""),
                }
                yield Row(work, key, moment_kept(at), answers)


def _one(choice: str) -> tuple[str, ...]:
    return (choice,) if choice else ()


def _sections() -> dict[str, str]:
    """The section of each section and division of NACE."""
    return {
        code: section
        for section, _name in taxonomy.choices("nace", level=1)
        for code in [section, *[code for code, _name in taxonomy.choices("nace", under=section, level=2)]]
    }
