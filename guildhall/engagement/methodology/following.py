"""Following a plan: what the book shows to be done, into which quarters hours fall, and when goes on what came late."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from guildhall.engagement.methodology.planning import QUARTER, lay_out

#: Pairs of a quarter's number, the first being 1, and the hours that fall into it.
Spread = list[list[int]]


class Waiting(NamedTuple):
    """A step for which the book is asked: ``activities`` that show it, held on ``since`` or later."""

    number: int
    activities: Collection[str]
    since: date


class Held(NamedTuple):
    """A contact in which something of the methodology was done together."""

    number: int
    activity: str
    on: date


def shown_by(steps: Iterable[Waiting], contacts: Iterable[Held]) -> dict[int, int]:
    """Return which contact shows that a step was done, by their numbers.

    A contact shows one step only. Where several wait for the same activity, the one that comes first in the plan takes the
    contact that was held first: the same book gives the same ticks, in whatever order things were written into it.

    Args:
        steps: in the order of the plan.
        contacts: of the school's book; any order.
    """
    left = sorted(contacts, key=lambda held: (held.on, held.number))
    shown = {}
    for step in steps:
        found = next((held for held in left if held.activity in step.activities and held.on >= step.since), None)
        if found is not None:
            shown[step.number] = found.number
            left.remove(found)
    return shown


def spread(hours: int, starts_on: date, ends_on: date, *, plan_starts_on: date) -> Spread:
    """Return how many of a step's hours fall into which quarter of the plan, if they are spread evenly over its days.

    What lies before the plan counts to its first quarter; what even parts leave falls to the end.
    """
    days, length = (ends_on - starts_on).days + 1, QUARTER * 7
    first = max((starts_on - plan_starts_on).days // length, 0)
    last = max((ends_on - plan_starts_on).days // length, 0)
    given, parts = 0, []
    for quarter in range(first, last + 1):
        until = min((plan_starts_on - starts_on).days + (quarter + 1) * length, days)
        so_far = hours * until // days
        if so_far > given:
            parts.append([quarter + 1, so_far - given])
            given = so_far
    return parts


class OpenStep(NamedTuple):
    """A step that is not done when a quarter is looked back at."""

    number: int
    area: str
    hours: int
    starts_on: date
    ends_on: date


def carry_over(steps: Sequence[OpenStep], quarter_hours: int, *, today: date, starts_on: date) -> Mapping[int, tuple[date, date]]:
    """Return new days for the steps that need some, by number; those of others stay.

    In an area in which something is late all that is open is laid out anew from ``starts_on``, one step after the other, with the
    hours there are for all areas; where nothing is late nothing moves.
    """
    late = {step.area for step in steps if step.ends_on < today}
    by_area: dict[str, list[dict[str, object]]] = {}
    for step in steps:
        weeks = max(-(-((step.ends_on - step.starts_on).days + 1) // 7), 1)
        laid = {"key": str(step.number), "who": [], "hours": step.hours, "weeks": weeks, "activities": [], "tools": []}
        by_area.setdefault(step.area, []).append(laid)
    planned = lay_out(by_area, quarter_hours, starts_on=starts_on)
    return {int(step.key): (step.starts_on, step.ends_on) for step in planned if step.area in late}


def next_monday(day: date) -> date:
    """Return the day itself if it is a Monday, else the next one."""
    return day + timedelta(days=-day.weekday() % 7)
