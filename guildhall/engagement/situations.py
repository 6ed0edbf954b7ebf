"""What the book knows of employers as far as it matters for what comes next, and which of them to look at first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import Exists, Max, OuterRef, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import TruncDate

from guildhall.engagement.catalogue import Catalogue, Kinds
from guildhall.engagement.methodology.levels import Activity, Fall, Standing, standing
from guildhall.engagement.methodology.next_best import (
    COMING,
    SILENT,
    Offer,
    Planned,
    Promise,
    Situation,
    Suggestion,
    suggestions,
)
from guildhall.engagement.models import Contact, Employer, Methodology, Need, NeedsInterview, NextStep, PlanStep, Words
from guildhall.engagement.standing import activities_by_employer, states_of
from guildhall.engagement.window import AREAS
from guildhall.people.models import Organisation, User

#: Employers that are looked at for each rule; the list shows the weightiest of all of them.
LOOKED_AT = 20
ASKED = "needs_interview"
#: Stand for the numbers of who asks in a query that is put into SQL once a day: Django takes as long for that as the page may.
_SCHOOL, _OWNER = 8_999_999_999_999_937, 8_999_999_999_999_939


@dataclass(frozen=True)
class Planning:
    """The open steps of a school's running plan, and what they are called, by number."""

    steps: tuple[Planned, ...] = ()
    titles: tuple[tuple[int, str], ...] = ()


class Story(NamedTuple):
    """What all that was done with an employer comes to: where it stands, and when the rules' kinds of activity were last done."""

    last_on: date | None
    level: int
    falls: Fall | None
    states: Mapping[str, str]
    done_on: Mapping[str, date]


class Said(NamedTuple):
    """One thing an employer said it needs or could do, on a day."""

    kind: str
    form: str
    noted_on: date


def planning_of(school: Organisation, day: date, words: Words | None) -> Planning:
    """Return what the school's running plan has under way on a day, in words of the newest methodology where they fit."""
    steps = PlanStep.objects.running().open().filter(plan__school=school.pk, starts_on__lte=day).order_by("ends_on", "pk")
    planned, titles = [], []
    read = steps.values_list("pk", "area", "key", "title", "ends_on", "plan__methodology__digest")
    for number, area, key, title, ends_on, digest in read:
        of_area = Methodology(digest=digest).same()["areas"][area]["steps"]
        kinds = next((about["activities"] for about in of_area if about["key"] == key), ())
        planned.append(Planned(number, area, tuple(kinds), ends_on))
        step = PlanStep(area=area, key=key, title=title)
        titles.append((number, step.said_in(words).title if words is not None else title))
    return Planning(tuple(planned), tuple(titles))


def situations(
    school: Organisation, employers: Sequence[Employer], *, known: Catalogue, planning: Planning, day: date
) -> dict[int, Situation]:
    """Return what is known of employers of one school on a day, by number, in as many queries whatever their number.

    They are read ``knowing_answers()``.
    """
    numbers = [employer.pk for employer in employers]
    promises: dict[int, Promise] = {}
    open_steps = NextStep.objects.open().filter(employer__in=numbers).order_by("-due_on", "-pk")
    for number, what, due_on in open_steps.values_list("employer", "what", "due_on"):
        promises[number] = Promise(what, due_on)
    said: dict[int, list[Said]] = {}
    needs = Need.objects.standing(day).filter(employer__in=numbers).order_by("pk")
    for number, kind, form, noted_on in needs.values_list("employer", "kind", "form", "noted_on"):
        said.setdefault(number, []).append(Said(kind, form, noted_on))
    offered = {one.form for told in said.values() for one in told if one.kind == Need.Kind.OFFER}
    stories = _stories(school, employers, {ASKED, *offered}, known.kinds, day)
    return {
        employer.pk: situation_of(
            employer,
            stories[employer.pk],
            promise=promises.get(employer.pk),
            said=said.get(employer.pk, ()),
            planning=planning,
            day=day,
        )
        for employer in employers
    }


def situation_of(
    employer: Employer,
    story: Story,
    *,
    promise: Promise | None,
    said: Collection[Said],
    planning: Planning,
    day: date,
) -> Situation:
    """Return what is known of one employer that was read ``knowing_answers()``, all of it at hand already."""
    asked_on = [one.noted_on for one in said] + ([story.done_on[ASKED]] if ASKED in story.done_on else [])
    return Situation(
        day=day,
        rests_until=employer.resting_until,
        promise=promise,
        last_on=story.last_on,
        level=story.level,
        falls=story.falls,
        states=story.states,
        done_on=story.done_on,
        offers=tuple(Offer(one.form, one.noted_on) for one in said if one.kind == Need.Kind.OFFER),
        asked_on=max(asked_on, default=None),
        has_answered=employer.answered_interview is not None,
        planned=planning.steps,
    )


def story_of(history: Iterable[Activity], now: Standing) -> Story:
    """Return what the history of an employer comes to on a day on which it stands so."""
    done_on: dict[str, date] = {}
    for done in history:
        if done.day <= now.day:
            done_on[done.kind] = max(done.day, done_on.get(done.kind, done.day))
    return Story(now.last_on, now.level, now.falls, {area: pane.state for area, pane in now.panes.items()}, done_on)


def _stories(
    school: Organisation, employers: Iterable[Employer], asked_for: Collection[str], kinds: Kinds, day: date
) -> dict[int, Story]:
    """What ``story_of`` says, as far as these kinds are asked for: from what is kept beside the employers.

    Where that is not true on the day all their contacts are read: it has changed by time, or something is noted ahead.
    """
    zone = school.zone
    spoken_on = {each.pk: each.last_contact_at and each.last_contact_at.astimezone(zone).date() for each in employers}
    stories, true = {}, []
    for employer in employers:
        last_on, changes_on = spoken_on[employer.pk], employer.standing_changes_on
        if (changes_on is None or changes_on > day) and (last_on is None or last_on <= day):
            true.append(employer)
    last_done = _last_done([employer.pk for employer in true], [key for key in asked_for if key in kinds], zone, day)
    for employer in true:
        falls = Fall(employer.falls_on, employer.falls_to or 0, ()) if employer.falls_on else None
        done_on, states = last_done.get(employer.pk, {}), states_of(employer.panes)
        stories[employer.pk] = Story(spoken_on[employer.pk], employer.level, falls, states, done_on)
    if outdated := [number for number in spoken_on if number not in stories]:
        for number, history in activities_by_employer(outdated, kinds, zone):
            stories[number] = story_of(history, standing(history, day))
    return stories


def _last_done(employers: Collection[int], kinds: Collection[str], zone: tzinfo, day: date) -> dict[int, dict[str, date]]:
    """By employer and kind of activity, when it was last done up to a day."""
    until = datetime.combine(day + timedelta(1), time(), zone)
    contacts = Contact.objects.filter(employer__in=employers, activity__in=kinds, held_at__lt=until)
    found: dict[int, dict[str, date]] = {}
    for employer, kind, at in contacts.values_list("employer", "activity").annotate(last=Max("held_at")):
        found.setdefault(employer, {})[kind] = at.astimezone(zone).date()
    return found


def worth_a_look(school: Organisation, owner: User | None, *, planning: Planning, day: date) -> QuerySet[Employer, int]:
    """The numbers of employers the rules are most likely about, of one colleague or of all; some for each rule."""
    areas = tuple(dict.fromkeys(step.area for step in planning.steps if step.kinds))
    sql, given = _worth_a_look(owner is not None, areas, day, school.zone)
    meant = {_SCHOOL: school.pk, _OWNER: owner and owner.pk}
    numbers = RawSQL(sql, [meant.get(value, value) for value in given])  # noqa: S611  # the ORM's
    return Employer.objects.filter(pk__in=numbers).values_list("pk", flat=True)


@lru_cache(maxsize=64)
def _worth_a_look(is_of_one: bool, areas: Iterable[str], day: date, zone: tzinfo) -> tuple[str, tuple[Any, ...]]:
    """The query for the numbers, and what is given to it; ``_SCHOOL`` and ``_OWNER`` stand in it for those who ask on a day."""
    book = Employer.objects.in_book_of(Organisation(pk=_SCHOOL)).exclude(resting_until__gte=day)
    if is_of_one:
        book = book.looked_after_by(User(pk=_OWNER))
    mine = {"employer__school": _SCHOOL} | ({"employer__owner": _OWNER} if is_of_one else {})
    due = NextStep.objects.open().due_by(day).filter(**mine).order_by("due_on", "pk").values_list("employer", flat=True)
    answered = NeedsInterview.objects.filter(**mine, state=NeedsInterview.State.ANSWERED).values_list("employer", flat=True)
    falling = book.filter(falls_on__gt=day, falls_on__lte=day + timedelta(COMING)).order_by("falls_on", "pk")
    silent_since = datetime.combine(day - timedelta(SILENT), time(), zone)
    silent = book.filter(last_contact_at__lt=silent_since).order_by("last_contact_at", "pk")
    never = book.filter(last_contact_at=None).order_by("added_at", "pk")
    others = [falling, silent, never, *(_not_lively(book, area) for area in areas)]
    numbers: list[QuerySet[Any, Any]] = [due, answered, _offers_open(day, zone, mine)]
    numbers += [employers.values_list("pk", flat=True) for employers in others]
    # Some of each, as one query: a part that has a limit of its own can be part of a union only as somebody's subquery.
    some = [Employer.objects.filter(pk__in=each[:LOOKED_AT]).values_list("pk", flat=True) for each in numbers]
    return some[0].union(*some[1:]).query.sql_with_params()


def _offers_open(day: date, zone: tzinfo, mine: dict[str, int]) -> QuerySet[Need, int]:
    same = Contact.objects.filter(employer=OuterRef("employer"), activity=OuterRef("form"))
    since = same.annotate(held_on=TruncDate("held_at", tzinfo=zone)).filter(held_on__gte=OuterRef("noted_on"))
    offers = Need.objects.standing(day).filter(kind=Need.Kind.OFFER, **mine).exclude(Exists(since))
    return offers.order_by("noted_on", "pk").values_list("employer", flat=True)


def _not_lively(book: QuerySet[Employer], area: str) -> QuerySet[Employer]:
    """Those in touch whose pane is not lively, the closest first."""
    place = list(AREAS).index(area)
    is_lively = rf"^.{{{place}}}2"
    return book.filter(level__gte=1).exclude(panes__regex=is_lively).order_by("-level", "pk")


def best(
    school: Organisation, employers: Sequence[Employer], *, known: Catalogue, planning: Planning, day: date
) -> list[tuple[Employer, Situation, Suggestion]]:
    """Return the weightiest suggestion for each of these employers that has one, the weightiest first."""
    found = situations(school, employers, known=known, planning=planning, day=day)
    first = [(employer, found[employer.pk], suggestions(found[employer.pk])[:1]) for employer in employers]
    suggested = [(employer, now, one) for employer, now, ones in first for one in ones]
    return sorted(suggested, key=lambda row: (-row[2].weight, row[0].sort_key, row[0].pk))
