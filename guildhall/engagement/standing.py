"""Where employers stand: what was done with them, read from the book, and the form in which the result is kept beside them.

The calculation is ``methodology.levels``. What is kept is true until ``standing_changes_on``; after every action on contacts it
is found anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date, tzinfo
from itertools import groupby, islice
from typing import Any

from guildhall.engagement.catalogue import Kinds, kinds_among
from guildhall.engagement.methodology.levels import AREAS, Activity, Standing, activity, fallen, standing
from guildhall.engagement.models import Contact, Employer
from guildhall.engagement.models.employers import COOLING
from guildhall.engagement.window import STATES
from guildhall.people.models import Organisation

#: Employers whose contacts are read at once.
PORTION = 2000
#: What is kept beside an employer.
FIELDS = ["level", "panes", "falls_on", "falls_to", "fell_on", "fell_from", "standing_changes_on"]


def activities_of(employer: Employer, kinds: Kinds | None = None) -> list[Activity]:
    """Return what was done with one employer, on the days it was at its school; of ``kinds`` nothing has to be known before."""
    rows = list(employer.contacts.values_list("held_at", "activity", "pk"))
    known = kinds_among((key for _at, key, _pk in rows), employer.school_id) if kinds is None else kinds
    zone = employer.school.zone
    return [activity(at.astimezone(zone).date(), key, known, number=pk) for at, key, pk in rows]


def activities_by_employer(employers: Collection[int], kinds: Kinds, zone: tzinfo) -> Iterator[tuple[int, list[Activity]]]:
    """Yield what was done with each of these employers, those without a contact included."""
    rows = (
        Contact.objects.filter(employer__in=employers).order_by("employer").values_list("employer", "held_at", "activity", "pk")
    )
    found = {
        employer: [activity(at.astimezone(zone).date(), key, kinds, number=pk) for _employer, at, key, pk in of_one]
        for employer, of_one in groupby(rows, key=lambda row: row[0])
    }
    for employer in employers:
        yield employer, found.get(employer, [])


def activities_in_book(school: Organisation, kinds: Kinds) -> Iterator[tuple[int, list[Activity]]]:
    """Yield what was done with each employer of a school's book, without keeping all of it in memory."""
    numbers = iter(list(Employer.objects.in_book_of(school).order_by("pk").values_list("pk", flat=True)))
    while portion := list(islice(numbers, PORTION)):
        yield from activities_by_employer(portion, kinds, school.zone)


def states_of(panes: str) -> dict[str, str]:
    """Return the state of each area, from how it is kept."""
    return {area: STATES[int(digit)] for area, digit in zip(AREAS, panes, strict=True)}


def kept_of(activities: Iterable[Activity], day: date) -> tuple[Standing, dict[str, Any]]:
    """Return where an employer stands on a day, and the values of ``FIELDS`` that say so."""
    history = list(activities)
    now = standing(history, day)
    falls, fell = now.falls, fallen(history, day, since=day - COOLING)
    return now, {
        "level": now.level,
        "panes": "".join(str(STATES.index(now.panes[area].state)) for area in AREAS),
        "falls_on": falls.on if falls else None,
        "falls_to": falls.to if falls else None,
        "fell_on": fell.on if fell else None,
        "fell_from": fell.came_from if fell else None,
        "standing_changes_on": now.changes_on,
    }
