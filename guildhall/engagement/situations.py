"""What the book knows of employers as far as it matters for what comes next, and which of them to look at first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, QuerySet

from guildhall.engagement.catalogue import Catalogue
from guildhall.engagement.methodology.levels import Activity, standing
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
from guildhall.engagement.models import Contact, Employer, Need, NeedsInterview, NextStep, PlanStep, Words
from guildhall.engagement.standing import activities_by_employer
from guildhall.engagement.window import AREAS
from guildhall.people.models import Organisation, User

#: Employers that are looked at for each rule; the list shows the weightiest of all of them.
LOOKED_AT = 20
ASKED = "needs_interview"


@dataclass(frozen=True)
class Planning:
    """The open steps of a school's running plan, and what they are called, by number."""

    steps: tuple[Planned, ...] = ()
    titles: tuple[tuple[int, str], ...] = ()


class Said(NamedTuple):
    """One thing an employer said it needs or could do, on a day."""

    kind: str
    form: str
    noted_on: date


def planning_of(school: Organisation, day: date, words: Words | None) -> Planning:
    """Return what the school's running plan has under way on a day, in words of the newest methodology where they fit."""
    steps = PlanStep.objects.running().open().filter(plan__school=school.pk, starts_on__lte=day)
    held = list(steps.select_related("plan__methodology").defer("plan__methodology__content").order_by("ends_on", "pk"))
    planned, titles = [], []
    for step in held:
        of_area = {about["key"]: about["activities"] for about in step.plan.methodology.same()["areas"][step.area]["steps"]}
        planned.append(Planned(step.pk, step.area, tuple(of_area.get(step.key, ())), step.ends_on))
        titles.append((step.pk, step.said_in(words).title if words is not None else step.title))
    return Planning(tuple(planned), tuple(titles))


def situations(
    school: Organisation, employers: Sequence[Employer], *, known: Catalogue, planning: Planning, day: date
) -> dict[int, Situation]:
    """Return what is known of employers of one school on a day, by number, in as many queries whatever their number."""
    numbers = [employer.pk for employer in employers]
    histories = dict(activities_by_employer(numbers, known.kinds, school.zone))
    promises: dict[int, Promise] = {}
    open_steps = NextStep.objects.open().filter(employer__in=numbers).order_by("-due_on", "-pk")
    for number, what, due_on in open_steps.values_list("employer", "what", "due_on"):
        promises[number] = Promise(what, due_on)
    said: dict[int, list[Said]] = {}
    needs = Need.objects.standing(day).filter(employer__in=numbers).order_by("pk")
    for number, kind, form, noted_on in needs.values_list("employer", "kind", "form", "noted_on"):
        said.setdefault(number, []).append(Said(kind, form, noted_on))
    answered = NeedsInterview.objects.filter(employer__in=numbers, state=NeedsInterview.State.ANSWERED)
    waiting = set(answered.values_list("employer", flat=True))
    return {
        employer.pk: situation_of(
            employer,
            histories[employer.pk],
            promise=promises.get(employer.pk),
            said=said.get(employer.pk, ()),
            has_answered=employer.pk in waiting,
            planning=planning,
            day=day,
        )
        for employer in employers
    }


def situation_of(
    employer: Employer,
    history: Collection[Activity],
    *,
    promise: Promise | None,
    said: Iterable[Said],
    has_answered: bool,
    planning: Planning,
    day: date,
) -> Situation:
    """Return what is known of one employer, all of it read already."""
    now = standing(history, day)
    done_on: dict[str, date] = {}
    for done in history:
        if done.day <= day:
            done_on[done.kind] = max(done.day, done_on.get(done.kind, done.day))
    asked_on = [one.noted_on for one in said] + ([done_on[ASKED]] if ASKED in done_on else [])
    return Situation(
        day=day,
        rests_until=employer.resting_until,
        promise=promise,
        last_on=now.last_on,
        level=now.level,
        falls=now.falls,
        states={area: pane.state for area, pane in now.panes.items()},
        done_on=done_on,
        offers=tuple(Offer(one.form, one.noted_on) for one in said if one.kind == Need.Kind.OFFER),
        asked_on=max(asked_on, default=None),
        has_answered=has_answered,
        planned=planning.steps,
    )


def worth_a_look(school: Organisation, owner: User | None, *, planning: Planning, day: date) -> list[int]:
    """Return the numbers of employers the rules are most likely about, of one colleague or of all; some for each rule."""
    book = Employer.objects.in_book_of(school).exclude(resting_until__gte=day)
    if owner is not None:
        book = book.looked_after_by(owner)
    mine = {"employer__school": school.pk} | ({"employer__owner": owner.pk} if owner else {})
    due = NextStep.objects.open().due_by(day).filter(**mine).order_by("due_on", "pk").values_list("employer", flat=True)
    answered = NeedsInterview.objects.filter(**mine, state=NeedsInterview.State.ANSWERED).values_list("employer", flat=True)
    falling = book.filter(falls_on__gt=day, falls_on__lte=day + timedelta(COMING)).order_by("falls_on", "pk")
    silent_since = datetime.combine(day - timedelta(SILENT), time(), school.zone)
    silent = book.filter(last_contact_at__lt=silent_since).order_by("last_contact_at", "pk")
    numbers: list[QuerySet[Any, Any]] = [
        due,
        answered,
        _offers_open(day, mine),
        *(
            employers.values_list("pk", flat=True)
            for employers in (
                falling,
                silent,
                book.filter(last_contact_at=None).order_by("added_at", "pk"),
                *(_not_lively(book, area) for area in dict.fromkeys(step.area for step in planning.steps if step.kinds)),
            )
        ),
    ]
    # Some of each, in one query: a part that has a limit of its own can be part of a union only as somebody's subquery.
    some = [Employer.objects.filter(pk__in=each[:LOOKED_AT]).values_list("pk", flat=True) for each in numbers]
    return list(some[0].union(*some[1:]))


def _offers_open(day: date, mine: dict[str, int]) -> QuerySet[Need, int]:
    since = Contact.objects.filter(
        employer=OuterRef("employer"), activity=OuterRef("form"), held_at__date__gte=OuterRef("noted_on")
    )
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
