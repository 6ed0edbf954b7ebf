"""Finding public resources: what a search and each filter let through, of each work the best language, and how many each choice
would leave.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.core.cache import cache
from django.db.models import Case, CharField, Count, F, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, Lower, Substr

from guildhall.core.addresses import address_of
from guildhall.core.search import MOST_HITS, Hit, Results, search
from guildhall.core.search.reasons import Marked, Reason, explain
from guildhall.library import kinds, licences
from guildhall.library.models import DESCRIBED, Resource, ResourceQuerySet, Use
from guildhall.library.search import PUBLIC, RESOURCE, document_of, resources_found
from guildhall.people.models import Organisation
from guildhall.skills import taxonomy

OPEN = [licence.key for licence in licences.KNOWN.values() if licence.is_open]
LEVELS = [str(level) for level in range(1, 9)]
#: From so many works on, what was counted is kept for so long.
MANY, KEPT_SECONDS = 5_000, 10 * 60
#: The orders of what is found.
BEST, NEWEST, TITLE, USED = "best", "newest", "title", "used"

#: Filters of which a resource may have several values: where they are kept, and which there are.
_SEVERAL = {"audience": ("current__audience", list(kinds.AUDIENCES)), "level": ("current__eqf", LEVELS)}
FILTERS = ["kind", "area", "language", "subject", "sector", "audience", "level", "organisation", "open"]
_WORKS = Count("work", distinct=True)


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
        self.looked_at = _looked_at()
        self.results = search(text, scopes=[PUBLIC], kinds=[RESOURCE], limit=MOST_HITS) if text else Results([])
        self.answering = Resource.objects.public().alias(
            division=Substr("current__nace", 1, 2),
            **{f"all_of_{name}": Cast(field, TextField()) for name, (field, _choices) in _SEVERAL.items()},
        )
        if text:
            found = [hit.key for hit in self.results.hits] if self.results.exact else resources_found(text)
            self.answering = self.answering.filter(pk__in=found)

    def found(self, order: str = "") -> ResourceQuerySet:
        """The resources that answer, of each work one, in an order.

        Unless told, what was searched for comes in the languages one reads first, and of these the best first; else the newest.
        """
        best = self._narrowed().best_of_each_work(self.languages).select_related("current", "organisation")
        # Of the working copy nothing is shown, and long texts only where they say why something was found.
        best = best.defer(*DESCRIBED, *([] if self.text else ["current__text", "current__account", "current__file_text"]))
        newest = ["-public_at", "-pk"]
        if order == TITLE:
            return best.order_by(Lower("current__title"), "pk")
        if order == USED:
            uses = Use.objects.filter(resource__work=OuterRef("work")).order_by().values("resource__work")
            used = Coalesce(Subquery(uses.annotate(count=Count("pk")).values("count")), 0)
            return best.order_by(used.desc(), *newest)
        if order == NEWEST or not self.results.hits:
            return best.order_by(*newest)
        unread = Case(When(rank__lt=len(self.languages), then=Value(0)), default=Value(1))
        places = [When(pk=hit.key, then=Value(place)) for place, hit in enumerate(self.results.hits)]
        return best.order_by(unread, Case(*places, default=Value(MOST_HITS)), *newest)

    def counts(self) -> Counts:
        """Count works: for each choice of a filter those that it and the other filters would leave.

        Counting very many takes seconds: what it came to is kept for some minutes, in which a count may be off by what is new.
        """
        asked = json.dumps([self.text, sorted(self.wanted.items())])
        key = f"library.counts.{sha256(asked.encode()).hexdigest()}"
        kept: Counts | None = cache.get(key)
        if kept is not None:
            return kept
        counts = self._counts()
        if counts.total > MANY:
            cache.set(key, counts, KEPT_SECONDS)
        return counts

    def _counts(self) -> Counts:
        first, *others = [self._counted(name, expression) for name, expression in [("", Value("")), *self.looked_at.items()]]
        by_choice: dict[str, dict[str, int]] = {name: {} for name in ["", *FILTERS]}
        names = {}
        for name, choice, words, count in first.union(*others, all=True):
            by_choice[name][choice] = count
            if words:
                names[choice] = words
        for (name, choice), count in self._counted_several().items():
            by_choice[name][choice] = count
        chosen = self.wanted.get("organisation")
        if chosen and chosen not in names:
            theirs = Resource.objects.public().filter(organisation=int(chosen)).values_list("organisation__name", flat=True)
            names[chosen] = theirs.first() or chosen
        return Counts(by_choice.pop("").get("", 0), by_choice, names)

    def reasons(self, resources: Sequence[Resource]) -> dict[int, Reason]:
        """Say of each of these resources why it was found, by its number; nothing where nothing was searched for."""
        if not self.text:
            return {}
        documents = [document_of(resource) for resource in resources]
        hits = [Hit(RESOURCE, document.key, document.title, document.language, document.boost) for document in documents]
        results = Results(hits, near=self.results.near)
        reasons = explain(results, self.text, scopes=[PUBLIC], describe={RESOURCE: lambda _keys: documents})
        return {reason.document.key: reason for reason in reasons}

    def _counted(self, name: str, expression: Any) -> QuerySet:
        """Rows of a filter's name, a choice, its words if it is an organisation, and how many works."""
        words = F("organisation__name") if name == "organisation" else Value("")
        rows = self._narrowed(but=[name]).order_by()
        rows = rows.annotate(
            of=Cast(Value(name), CharField()), choice=Cast(expression, CharField()), words=Cast(words, CharField())
        )
        return rows.values("of", "choice", "words").annotate(count=_WORKS).values_list("of", "choice", "words", "count")

    def _counted_several(self) -> dict[tuple[str, str], int]:
        """Both filters of several values at once: each counts as narrowed by the other."""
        asked = {(name, choice): _has(name, choice) for name, (_field, choices) in _SEVERAL.items() for choice in choices}
        for name, choice in asked:
            for other in _SEVERAL:
                if other != name and other in self.wanted:
                    asked[name, choice] &= _has(other, self.wanted[other])
        counts = {f"{name}_{choice}": Count("work", distinct=True, filter=has) for (name, choice), has in asked.items()}
        counted = self._narrowed(but=list(_SEVERAL)).order_by().aggregate(**counts)
        return {key: counted["_".join(key)] for key in asked}

    def _narrowed(self, but: Collection[str] = ()) -> ResourceQuerySet:
        resources = self.answering
        for name, value in self.wanted.items():
            if name in _SEVERAL and name not in but:
                resources = resources.filter(_has(name, value))
            elif name not in but:
                resources = resources.alias(**{f"its_{name}": self.looked_at[name]}).filter(**{f"its_{name}": value})
        return resources


def _looked_at() -> dict[str, Any]:
    """What each filter of one value looks at."""
    sections = [
        When(
            division__in=[section, *[code for code, _name in taxonomy.choices("nace", under=section, level=2)]],
            then=Value(section),
        )
        for section, _name in taxonomy.choices("nace", level=1)
    ]
    return {
        "kind": F("current__kind"),
        "area": F("current__area"),
        "language": F("current__language"),
        "subject": Substr("current__isced", 1, 2),
        "sector": Case(*sections, default=Value("")),
        "organisation": Cast("organisation", CharField()),
        "open": Case(When(current__licence__in=OPEN, then=Value("on")), default=Value("")),
    }


def _has(name: str, choice: str) -> Q:
    """Whether a list of closed words, or of levels, has one of them: as JSON writes it, a word in quotes."""
    return Q(**{f"all_of_{name}__contains": choice if choice.isdigit() else f'"{choice}"'})


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
    renderings = Resource.objects.public().filter(work__in=[resource.work_id for resource in resources])
    of_work: dict[int | None, list[tuple[int, str, int]]] = {}
    counted = renderings.values("work", "pk", "current__language").annotate(count=Count("uses"))
    listed = counted.order_by("current__language", "pk").values_list("work", "pk", "current__language", "count")
    for work, number, language, count in listed:
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
