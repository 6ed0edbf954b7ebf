"""Finding public resources: what a search and each filter let through, of each work the best language, and how many each choice
would leave.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice

import numpy as np
from django.db.models import Count
from django.db.models.functions import Lower

from guildhall.core.fixed_sql import rows_in
from guildhall.core.search import MOST_HITS, Results, all_keys, search
from guildhall.library.common_words import LEAST, all_found
from guildhall.library.counting import FILTERS, Flags, image
from guildhall.library.models import Resource, Use
from guildhall.library.search import PUBLIC, RESOURCE
from guildhall.people.models import Organisation

LEVELS = [str(level) for level in range(1, 9)]
#: The orders of what is found.
BEST, NEWEST, TITLE, USED = "best", "newest", "title", "used"
#: So many are put in the order of titles by themselves; of more, all that is public is leafed through in that order.
FEW = 2_000
#: Of organisations those are offered of which most is found.
MOST_ORGANISATIONS = 100


def languages_read(page: str, organisation: Organisation | None) -> list[str]:
    """Return the languages in which somebody reads best first: the page's, those of who they work for, English."""
    theirs = organisation.languages if organisation else []
    return list(dict.fromkeys([page, *theirs, "en"]))


@dataclass(frozen=True)
class Counts:
    """How many works are found; by filter and choice, how many would be; the names of organisations by their numbers."""

    total: int
    by_choice: dict[str, dict[str, int]]
    organisations: dict[str, str]


class Finding:
    """What somebody looks for: ``text`` to be searched, and what they chose of ``FILTERS``, as text."""

    def __init__(self, text: str, wanted: Mapping[str, str], *, languages: Sequence[str]) -> None:
        self.text = text
        self.wanted = {name: value for name, value in wanted.items() if value}
        # Who asks for a language wants that one of each work.
        self.languages = list(dict.fromkeys([*filter(None, [self.wanted.get("language")]), *languages]))
        self.image = image()
        self.results, self.answering = self._search() if text else (Results([]), self.image.everything)

    def _search(self) -> tuple[Results, Flags]:
        """The best hits, and all that answer; of what is only near, no more than is ranked."""
        # With little in the library nearly everything that is found is ranked, and need not be found twice.
        known = all_found(self.text, self.image) if len(self.image) >= LEAST else None
        best = None if known is None else list(islice(self.image.newest(known), MOST_HITS + 1))
        results = search(self.text, scopes=[PUBLIC], kinds=[RESOURCE], limit=MOST_HITS, known=best)
        if results.near or (known is None and results.exact):
            known = self.image.of_keys([hit.key for hit in results.hits])
        elif known is None:
            known = self.image.of_keys(all_keys(RESOURCE, self.text, [PUBLIC]))
        return results, known

    def found(self, order: str = "") -> Found:
        """The numbers of the resources that answer, of each work one, in an order.

        Unless told, what was searched for comes in the languages one reads first, and of these the best first; else the newest.
        """
        return Found(self, order)

    def counts(self) -> Counts:
        """Count works: for each choice of a filter those that it and the other filters would leave."""
        by_choice = self.image.count([name for name in FILTERS if name not in self.wanted], self._narrowed())
        for name in self.wanted:
            by_choice |= self.image.count([name], self._narrowed(but=name))
        theirs, chosen = by_choice["organisation"], self.wanted.get("organisation", "")
        offered = sorted(theirs, key=lambda number: -theirs[number])[:MOST_ORGANISATIONS]
        if chosen and chosen not in offered and self.image.of("organisation", [chosen]).any():
            offered.append(chosen)
        names = ({chosen: chosen} if chosen else {}) | _names(offered)
        return Counts(len(self.found()), by_choice, names)

    @cached_property
    def best(self) -> Flags:
        """Of each work the one that is shown."""
        return self.image.best(self._narrowed(), self.languages)

    def _narrowed(self, but: str = "") -> Flags:
        found = self.answering
        for name, chosen in self._chosen.items():
            if name != but:
                found = found & chosen
        return found

    @cached_property
    def _chosen(self) -> dict[str, Flags]:
        return {name: self.image.of(name, [value]) for name, value in self.wanted.items()}


def _names(organisations: Sequence[str]) -> dict[str, str]:
    """What organisations are called, by their numbers."""
    read = rows_in("SELECT id, name FROM people_organisation WHERE id {}", list(map(int, organisations)))
    return {str(number): name for number, name in read}


class Found:
    """What was found, in an order, to be cut into pages: a slice of it is a list of numbers of resources."""

    def __init__(self, finding: Finding, order: str) -> None:
        self.finding, self.image, self.order = finding, finding.image, order

    def __getitem__(self, cut: slice) -> list[int]:
        return list(islice(self.numbers(), cut.start or 0, cut.stop))

    def __len__(self) -> int:
        return int(np.count_nonzero(self.finding.best))

    def numbers(self) -> Iterator[int]:
        """The numbers of the resources, one after the other."""
        best, hits = self.finding.best, self.finding.results.hits
        if self.order == TITLE:
            return self._by_title(best)
        if self.order == USED:
            return self._most_used()
        if self.order == NEWEST or not hits:
            return self.image.newest(best)
        read = best & self.image.of("language", self.finding.languages)
        return chain(self._answering_best(read), self._answering_best(best & ~read))

    def _answering_best(self, flags: Flags) -> Iterator[int]:
        is_among = self.image.test(flags)
        first = [hit.key for hit in self.finding.results.hits if is_among(hit.key)]
        yield from first
        yield from self.image.newest(flags & ~self.image.of_keys(first))

    def _most_used(self) -> Iterator[int]:
        counted = Use.objects.order_by().values("resource__work").annotate(count=Count("pk"))
        used = {work: count for work, count in counted.values_list("resource__work", "count") if work is not None}
        count_of = {number: used[work] for work, number in self.image.keys_of_works(used, self.finding.best).items()}
        were_used = self.image.of_keys(count_of)
        yield from sorted(self.image.newest(were_used), key=lambda number: -count_of[number])
        yield from self.image.newest(self.finding.best & ~were_used)

    def _by_title(self, flags: Flags) -> Iterator[int]:
        ordered = Resource.objects.order_by(Lower("current__title"), "pk")
        count = int(np.count_nonzero(flags))
        if count <= FEW:
            yield from ordered.filter(pk__in=self.image.keys(flags)).values_list("pk", flat=True) if count else []
            return
        is_among, numbers = self.image.test(flags), ordered.public().values_list("pk", flat=True)
        # About so many must be looked at to find a page of them; then twice as many each time.
        begin, portion = 0, 50 * len(flags) // count
        while looked_at := list(numbers[begin : begin + portion]):
            yield from filter(is_among, looked_at)
            begin, portion = begin + portion, 2 * portion
