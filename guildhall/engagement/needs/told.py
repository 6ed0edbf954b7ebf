"""What employers said they need, put together to be read: of one employer, and counted over a whole book."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.timezone import localdate
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from guildhall.engagement.models import Employer, Methodology, Need, NeedQuerySet, NeedsInterview
from guildhall.engagement.models.needs import HOLDS_FOR, normal_form_of, standing_on
from guildhall.engagement.needs.asking import in_words, names_of
from guildhall.people.models import Site, is_open_site

#: What stands above several of a kind, where it is not the name of the kind.
HEADINGS = {Need.Kind.OCCUPATION: _("Occupations they look for"), Need.Kind.SKILL: _("Skills they look for")}
#: Towns named beside what is asked for there.
TOWNS = 3


@dataclass(frozen=True)
class Told:
    """One thing an employer said: in words, and whether it is so long ago that it is worth asking again."""

    need: Need
    words: str
    is_own_words: bool
    is_old: bool


def needs_of(
    employer: Employer, language: str, *, methodology: Methodology | None = None, with_ended: bool = False
) -> tuple[list[tuple[str, list[Told]]], list[Told]]:
    """What an employer said by kind, newest first; and, if asked for, what holds no more."""
    needs: Iterable[Need] = employer.needs.order_by("-noted_on", "pk")
    if not with_ended:
        needs = employer.needs.filter(ended_on=None).order_by("-noted_on", "pk")
    names: dict[str, Any] = {}
    today = localdate()
    standing: dict[str, list[Told]] = defaultdict(list)
    ended = []
    for need in needs:
        if need.kind not in names:
            names[need.kind] = names_of(need.kind, language, methodology)
        told = Told(
            need,
            in_words(need.words, need.people_now, need.people_in_two_years)
            if need.kind in Need.WANTED
            else str(names[need.kind].get(need.form, need.form)),
            need.kind in Need.WANTED,
            need.noted_on <= today - HOLDS_FOR,
        )
        if need.ended_on is None:
            standing[need.kind].append(told)
        else:
            ended.append(told)
    return [(str(HEADINGS.get(kind, kind.label)), standing[kind]) for kind in Need.Kind if kind in standing], ended


def needs_beside(employer: Employer) -> dict[str, Any]:
    """What the page of an employer that was read ``for_page()`` says of its needs: one query, or none if nothing is known."""
    if not employer.has_needs:
        return {"needs": [], "needs_are_old": False}
    methodology = Methodology(digest=employer.methodology) if employer.methodology else None
    needs, _ended = needs_of(employer, get_language() or "", methodology=methodology)
    return {"needs": needs, "needs_are_old": all(each.is_old for _kind, told in needs for each in told)}


def interviews_of(employer: Employer) -> QuerySet[NeedsInterview]:
    """The interviews with an employer that are under way or sent, and the links that were withdrawn; the newest first."""
    shown = employer.needs_interviews.exclude(state=NeedsInterview.State.TAKEN)
    return shown.select_related("begun_by", "person", "closed_by").order_by("-begun_at", "-pk")[:20]


@dataclass(kw_only=True)
class Asked:
    """What is asked for under one form, today and a year before."""

    kind: str
    counts_as: str
    employers: int
    employers_before: int
    people_now: int | None = None
    people_in_two_years: int | None = None
    words: str = ""
    language: str = ""
    towns: list[str] = field(default_factory=list)
    other_towns: int = 0
    address: str = ""
    """Of the employers behind it."""

    change: int = 0
    """1 where a larger part of those asked say so than in the year before, -1 where a smaller one does; 0 if one cannot tell."""


def asked_for(needs: NeedQuerySet, kinds: Collection[str], on: date, *, has_same: bool = True) -> Any:
    """What employers said of some kinds in the year up to a day, by how many, and by how many in the year before; as ``values``.

    An employer counts once, in however many words it said the same. The most asked for come first. Where no words mean the same
    (``has_same``) no employer can stand there twice, and nothing has to be sorted to see that.
    """
    now, before = standing_on(on), standing_on(on - HOLDS_FOR)
    counts: dict[str, Any] = {
        "employers": Count("employer", filter=now, distinct=has_same),
        "employers_before": Count("employer", filter=before, distinct=has_same),
    }
    if not set(Need.WANTED).isdisjoint(kinds):  # with the others nobody says for how many people
        counts |= {name: Sum(name, filter=now) for name in ("people_now", "people_in_two_years")}
    rows: Any = needs.filter(now | before, kind__in=kinds).values("kind", "counts_as").annotate(**counts)
    return rows.order_by("-employers", "-employers_before", "kind", "counts_as")


def who_was_asked(needs: NeedQuerySet, on: date) -> tuple[int, int]:
    """How many employers said anything in the year up to a day, and how many in the year before."""
    now, before = standing_on(on), standing_on(on - HOLDS_FOR)
    recent = needs.filter(noted_on__gt=on - 2 * HOLDS_FOR, noted_on__lte=on)
    # Each employer once, then both counts: a database sorts all rows for every COUNT(DISTINCT).
    each = recent.values("employer").annotate(said=Count("pk", filter=now), said_before=Count("pk", filter=before))
    counted = each.aggregate(now=Count("employer", filter=Q(said__gt=0)), before=Count("employer", filter=Q(said_before__gt=0)))
    return counted["now"], counted["before"]


def note_changes(rows: Iterable[Asked], now: int, before: int) -> None:
    """Say of each row whether it grows: by the part of those asked, for a school may have asked more employers than before."""
    for row in rows:
        # One employer alone is no trend.
        if now and before and max(row.employers, row.employers_before) > 1:
            share, share_before = row.employers * before, row.employers_before * now
            row.change = (share > share_before) - (share < share_before)


def completed(rows: Iterable[dict[str, Any]], needs: NeedQuerySet, language: str, on: date) -> list[Asked]:
    """Rows of ``asked_for`` with what they are called and where they are asked for: two queries for a page of them."""
    asked = [Asked(**row) for row in rows]
    _find_words_and_towns([row for row in asked if row.kind in Need.WANTED], needs, on)
    names: dict[str, Any] = {}
    for row in asked:
        if row.kind not in Need.WANTED:
            if row.kind not in names:
                names[row.kind] = names_of(row.kind, language)
            row.words = str(names[row.kind].get(row.counts_as, row.counts_as))
    return asked


def _find_words_and_towns(wanted: Collection[Asked], needs: NeedQuerySet, on: date) -> None:
    if not wanted:
        return
    forms = {row.counts_as for row in wanted}
    same = needs.wanted().filter(counts_as__in=forms, noted_on__gt=on - 2 * HOLDS_FOR, noted_on__lte=on)
    said: dict[tuple[str, str], Counter[tuple[str, str]]] = defaultdict(Counter)
    for kind, form, words, spoken, count in same.values_list("kind", "counts_as", "words", "language").annotate(
        times=Count("pk")
    ):
        # Of several that mean the same, the one by whose name the others count comes first.
        said[kind, form][words, spoken] += count + (1_000_000 if normal_form_of(words) == form else 0)
    towns = _towns(same.filter(standing_on(on)))
    for row in wanted:
        [((row.words, row.language), _times)] = said[row.kind, row.counts_as].most_common(1)
        there = towns.get((row.kind, row.counts_as), Counter())
        row.towns = [town for town, _times in there.most_common(TOWNS)]
        row.other_towns = max(len(there) - TOWNS, 0)


def _towns(needs: NeedQuerySet) -> dict[tuple[str, str], Counter[str]]:
    """In which towns each form is asked for, and by how many employers: where they have an open site."""
    site = "employer__organisation__sites__"
    there = needs.filter(is_open_site(localdate(), at=site), **{f"{site}town__gt": ""})
    counted = there.values_list("kind", "counts_as", f"{site}town").annotate(times=Count("employer", distinct=True))
    found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for kind, form, town, count in counted:
        found[kind, form][town] += count
    return found


def told_under(needs: Iterable[Need]) -> list[dict[str, Any]]:
    """Rows for the employers behind one form: the need, where the employer is, and who looks after it."""
    needs = list(needs)
    organisations = [need.employer.organisation_id for need in needs]
    towns: dict[int, str] = {}
    sites = Site.objects.open().filter(organisation__in=organisations).order_by("pk")
    for organisation, town in sites.values_list("organisation", "town"):
        towns.setdefault(organisation, town)
    return [{"need": need, "town": towns.get(need.employer.organisation_id, "")} for need in needs]
