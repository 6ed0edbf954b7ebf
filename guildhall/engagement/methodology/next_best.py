"""What to do next with an employer, by rules one can read: each says when it holds, how much it weighs, and its reason.

Nothing is learnt and nothing is drawn by lot: the same situation gives the same suggestions in the same order. They have keys;
the sentences to them are ``engagement.next_best_words``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from guildhall.engagement.methodology.levels import LIT, Fall

#: Days.
SOON, COMING = 30, 90
SILENT = 120
#: What an employer said of its needs is worth asking anew after so long.
ASK_AGAIN = 365
#: A step of the plan presses in its last days.
PRESSING = 14


class Offer(NamedTuple):
    """Something an employer said it could do, and when; ``kind`` is that of an activity."""

    kind: str
    said_on: date


class Planned(NamedTuple):
    """An open step of the school's plan, and the kinds of activity that would show it was done."""

    number: int
    area: str
    kinds: tuple[str, ...]
    ends_on: date


class Promise(NamedTuple):
    """An open next step."""

    what: str
    due_on: date


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What is known of an employer on a day, as far as it matters for what comes next.

    ``done_on`` has for each kind of activity when it was last done; ``asked_on`` is when needs were last asked for; ``states``
    those of the panes, by area.
    """

    day: date
    rests_until: date | None = None
    promise: Promise | None = None
    last_on: date | None = None
    level: int = 0
    falls: Fall | None = None
    states: Mapping[str, str] = field(default_factory=dict)
    done_on: Mapping[str, date] = field(default_factory=dict)
    offers: Collection[Offer] = ()
    asked_on: date | None = None
    has_answered: bool = False
    planned: Collection[Planned] = ()


class Suggestion(NamedTuple):
    """What to do, by the name of its rule; ``kind`` is what to do together where the rule knows, ``on`` the day it turns on."""

    rule: str
    weight: int
    kind: str = ""
    on: date | None = None
    step: int = 0


def suggestions(now: Situation) -> list[Suggestion]:
    """Return what could be done next, the weightiest first. Who is to be left in peace is left in peace."""
    if now.rests_until is not None and now.rests_until >= now.day:
        return []
    found = [suggestion for rule in RULES if (suggestion := rule(now)) is not None]
    return sorted(found, key=lambda one: -one.weight)  # those of one weight stay in the order of the rules


def promise_overdue(now: Situation) -> Suggestion | None:
    """A promise whose day has come comes before all else, the more the longer ago."""
    if now.promise is None or now.promise.due_on > now.day:
        return None
    return Suggestion("promise_overdue", 100 + min((now.day - now.promise.due_on).days, 30), on=now.promise.due_on)


def has_answered(now: Situation) -> Suggestion | None:
    """Who took the time to answer is not kept waiting."""
    return Suggestion("has_answered", 90) if now.has_answered else None


def level_falls(now: Situation) -> Suggestion | None:
    """A level that falls soon is held more easily than won back. The promise of something says that it is being seen to."""
    if now.falls is None or now.promise is not None:
        return None
    days = (now.falls.on - now.day).days
    if days > COMING:
        return None
    return Suggestion("level_falls", (80 if days <= SOON else 60) + now.level, on=now.falls.on)


def offer_open(now: Situation) -> Suggestion | None:
    """What an employer offered and nobody took up, the oldest first, for as long as its word holds."""
    waiting = [
        offer
        for offer in now.offers
        if (now.day - offer.said_on).days <= ASK_AGAIN and now.done_on.get(offer.kind, offer.said_on) <= offer.said_on
    ]
    if not waiting:
        return None
    oldest = min(waiting, key=lambda offer: (offer.said_on, offer.kind))
    return Suggestion("offer_open", 70, kind=oldest.kind, on=oldest.said_on)


def plan_says(now: Situation) -> Suggestion | None:
    """A step of the plan that this employer could help with: one is in touch, and its area is not lively here yet."""
    if not is_open_to_plan(now.level, now.promise):
        return None
    fitting = [step for step in now.planned if step.kinds and now.states.get(step.area) != LIT]
    if not fitting:
        return None
    first = min(fitting, key=lambda step: (step.ends_on, step.number))
    presses = (first.ends_on - now.day).days <= PRESSING
    return Suggestion("plan_says", 65 if presses else 50, kind=first.kinds[0], on=first.ends_on, step=first.number)


def is_open_to_plan(level: int, promise: Promise | None) -> bool:
    """Whether a step of the plan may be suggested: whoever has not to know what is planned need not look it up."""
    return level > 0 and promise is None


def silent(now: Situation) -> Suggestion | None:
    """Nobody has spoken to them for four months; the longer, the weightier, up to a year."""
    if now.last_on is None or now.promise is not None or (now.day - now.last_on).days < SILENT:
        return None
    return Suggestion("silent", 40 + min((now.day - now.last_on).days, 365) // 30, on=now.last_on)


def needs_not_asked(now: Situation) -> Suggestion | None:
    """One is in touch and has never asked what they need, or not for a year."""
    if not now.level or now.promise is not None:
        return None
    if now.asked_on is None:
        return Suggestion("needs_not_asked", 30, kind="needs_interview")
    if (now.day - now.asked_on).days <= ASK_AGAIN:
        return None
    return Suggestion("needs_asked_long_ago", 35, kind="needs_interview", on=now.asked_on)


def never_spoken(now: Situation) -> Suggestion | None:
    """In the book, and nobody has called yet."""
    return Suggestion("never_spoken", 20) if now.last_on is None and now.promise is None else None


RULES: tuple[Callable[[Situation], Suggestion | None], ...] = (
    promise_overdue,
    has_answered,
    level_falls,
    offer_open,
    plan_says,
    silent,
    needs_not_asked,
    never_spoken,
)
