"""Finding public resources: what a search and each filter let through, of each work the best language, and how many each choice
would leave.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice

from django.db import connection
from django.db.models import Count
from django.db.models.functions import Lower

from guildhall.core.addresses import address_of
from guildhall.core.search import MOST_HITS, Hit, Results, search
from guildhall.core.search.reasons import Marked, Reason, explain
from guildhall.library.common_words import all_found
from guildhall.library.counting import Bits, both, image, works
from guildhall.library.models import Resource, ResourceQuerySet, Use
from guildhall.library.search import PUBLIC, RESOURCE, document_of
from guildhall.people.models import Organisation

LEVELS = [str(level) for level in range(1, 9)]
FILTERS = ["kind", "area", "language", "subject", "sector", "audience", "level", "organisation", "open"]
#: The orders of what is found.
BEST, NEWEST, TITLE, USED = "best", "newest", "title", "used"
#: So many are put in order by themselves; of more, all that is public is leafed through in that order.
FEW = 2_000
#: What a list shows of a resource, and what search looks at besides.
_SHOWN = ["state", "work", "public_at", "has_changes", "organisation__name", "organisation__trade_name"]
_SHOWN += [f"current__{name}" for name in ("resource", "kind", "language", "title", "summary", "licence", "is_illustration")]
_SAID = [f"current__{name}" for name in ("text", "account", "file_text", "keywords", "skills", "authors")]
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
        self.results = search(text, scopes=[PUBLIC], kinds=[RESOURCE], limit=MOST_HITS) if text else Results([])
        self.image = image()
        self.answering = self.image.everything
        if text:
            hits = [hit.key for hit in self.results.hits]
            # Of what is only near, no more than is ranked.
            few = self.results.exact or self.results.near
            self.answering = self.image.of_keys(hits) if few else all_found(text, self.image)

    def found(self, order: str = "") -> Found:
        """The resources that answer, of each work one, in an order.

        Unless told, what was searched for comes in the languages one reads first, and of these the best first; else the newest.
        """
        return Found(self, order)

    def counts(self) -> Counts:
        """Count works: for each choice of a filter those that it and the other filters would leave."""
        by_choice = {name: self.image.count(name, self._narrowed(but=name)) for name in FILTERS}
        theirs, chosen = by_choice["organisation"], self.wanted.get("organisation", "")
        offered = sorted(theirs, key=lambda number: -theirs[number])[:MOST_ORGANISATIONS]
        if chosen and chosen not in offered and works(self.image.of("organisation", chosen)):
            offered.append(chosen)
        named = Organisation.objects.filter(pk__in=offered).values_list("pk", "name") if offered else []
        names = {chosen: chosen} if chosen else {}
        names |= {str(number): name for number, name in named}
        return Counts(len(self.found()), by_choice, names)

    def reasons(self, resources: Sequence[Resource]) -> dict[int, Reason]:
        """Say of each of these resources why it was found, by its number; nothing where nothing was searched for."""
        if not self.text:
            return {}
        documents = [document_of(resource) for resource in resources]
        hits = [Hit(RESOURCE, document.key, document.title, document.language, document.boost) for document in documents]
        results = Results(hits, near=self.results.near)
        reasons = explain(results, self.text, scopes=[PUBLIC], describe={RESOURCE: lambda _keys: documents})
        return {reason.document.key: reason for reason in reasons}

    @cached_property
    def best(self) -> Bits:
        """Of each work the one that is shown."""
        return self.image.best(self._narrowed(), self.languages)

    def _narrowed(self, but: str = "") -> Bits:
        found = self.answering
        for name, chosen in self._chosen.items():
            if name != but:
                found = both(found, chosen)
        return found

    @cached_property
    def _chosen(self) -> dict[str, Bits]:
        return {name: self.image.of(name, value) for name, value in self.wanted.items()}


class Found:
    """What was found, in an order, to be cut into pages: a slice of it is a list of resources with what a list shows of them."""

    def __init__(self, finding: Finding, order: str) -> None:
        self.finding, self.image, self.order = finding, finding.image, order

    def __getitem__(self, cut: slice) -> list[Resource]:
        numbers = list(islice(self.numbers(), cut.start or 0, cut.stop))
        resources = Resource.objects.public().select_related("current", "organisation")
        # Nothing of the working copy, and long texts only where they say why something was found.
        shown = [*_SHOWN, *_SAID] if self.finding.text else _SHOWN
        by_number = resources.only(*shown).in_bulk(numbers) if numbers else {}
        return [by_number[number] for number in numbers if number in by_number]

    def __len__(self) -> int:
        return works(self.finding.best).bit_count()

    def numbers(self) -> Iterator[int]:
        """The numbers of the resources, one after the other."""
        best, hits = self.finding.best, self.finding.results.hits
        if self.order == TITLE:
            return self._in(Resource.objects.order_by(Lower("current__title"), "pk"), best)
        if self.order == USED:
            return self._most_used()
        if self.order == NEWEST or not hits:
            return self._newest(best)
        read = [0] * len(best)
        for language in self.finding.languages:
            read = [these | those for these, those in zip(read, both(best, self.image.of("language", language)), strict=True)]
        unread = [those & ~readable for those, readable in zip(best, read, strict=True)]
        return chain(self._answering_best(read), self._answering_best(unread))

    def _answering_best(self, bits: Bits) -> Iterator[int]:
        is_among = self.image.test(bits)
        first = [hit.key for hit in self.finding.results.hits if is_among(hit.key)]
        yield from first
        if works(bits).bit_count() > len(first):
            yield from self._newest(self._without(bits, first))

    def _most_used(self) -> Iterator[int]:
        counted = Use.objects.order_by().values("resource__work").annotate(count=Count("pk"))
        used = {work: count for work, count in counted.values_list("resource__work", "count") if work is not None}
        count_of = {number: used[work] for work, number in self.image.keys_of_works(used, self.finding.best).items()}
        first = sorted(self._newest(self.image.of_keys(count_of)), key=lambda number: -count_of[number])
        yield from first
        yield from self._newest(self._without(self.finding.best, first))

    def _without(self, bits: Bits, numbers: Collection[int]) -> Bits:
        return [those & ~gone for those, gone in zip(bits, self.image.of_keys(numbers), strict=True)]

    def _newest(self, bits: Bits) -> Iterator[int]:
        return self._in(Resource.objects.order_by("-public_at", "-pk"), bits)

    def _in(self, ordered: ResourceQuerySet, bits: Bits) -> Iterator[int]:
        """These resources in that order."""
        count = works(bits).bit_count()
        if count <= FEW:
            yield from ordered.filter(pk__in=self.image.keys(bits)).values_list("pk", flat=True) if count else []
            return
        is_among, numbers = self.image.test(bits), ordered.public().values_list("pk", flat=True)
        # About so many must be looked at to find a page of them; then twice as many each time.
        begin, portion = 0, 50 * works(self.image.everything).bit_count() // count
        while looked_at := list(numbers[begin : begin + portion]):
            yield from filter(is_among, looked_at)
            begin, portion = begin + portion, 2 * portion


@dataclass(frozen=True)
class Row:
    """A resource as a list shows it: which other languages it is there in, how often all of them were used, why it was found."""

    resource: Resource
    others: list[tuple[str, str]]
    """Language and address of each."""
    used: int
    """By how many people, in whatever language."""
    reason: Reason | None
    is_ticked: bool
    word: str
    """What somebody said who put it into a collection."""

    @property
    def detail(self) -> Marked | None:
        """Kind and organisation, where a word that was searched for stands there."""
        return self.reason.detail if self.reason and any(piece.asked for piece in self.reason.detail) else None


def rows_of(
    resources: Iterable[Resource],
    *,
    finding: Finding | None = None,
    ticked: Collection[int] = (),
    words: Mapping[int, str] | None = None,
) -> list[Row]:
    """Gather what a list says about resources, in one query; they come with their current versions and organisations.

    ``ticked`` and ``words`` go by the numbers of the resources.
    """
    resources = list(resources)
    of_work: dict[int | None, list[tuple[int, str, int]]] = {}
    for work, number, language, count in _renderings({resource.work_id for resource in resources}):
        of_work.setdefault(work, []).append((number, language, count))
    reasons = finding.reasons(resources) if finding else {}
    return [
        Row(
            resource=resource,
            others=[
                (language, address_of("oer:resource", number))
                for number, language, _count in of_work.get(resource.work_id, [])
                if number != resource.pk
            ],
            used=sum(count for _number, _language, count in of_work.get(resource.work_id, [])),
            reason=reasons.get(resource.pk),
            is_ticked=resource.pk in ticked,
            word=(words or {}).get(resource.pk, ""),
        )
        for resource in resources
    ]


#: Written out, for Django takes longer to write it than the database to answer: on every list, every time.
_RENDERINGS = """
    SELECT resource.work_id, resource.id, version.language, (SELECT count(*) FROM library_use WHERE resource_id = resource.id)
    FROM library_resource resource JOIN library_version version ON version.id = resource.current_id
    WHERE resource.state = 'published' AND resource.work_id IN ({}) ORDER BY version.language, resource.id
"""


def _renderings(works: Collection[int | None]) -> list[tuple[int, int, str, int]]:
    """Of each public resource of these works: work, number, language, and how often it was used."""
    if not works:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_RENDERINGS.format(", ".join(["%s"] * len(works))), list(works))
        return list(cursor.fetchall())
