"""A plan as somebody reads it in their language: on its page, on paper, when a quarter is looked back at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guildhall.core.ui.basics import figure
from guildhall.engagement.methodology.planning import ProposedArea, order, pace_for
from guildhall.engagement.models import Contact, Plan, PlanArea, PlanIndicator, PlanReview, PlanStep, Words


@dataclass(frozen=True)
class ReadArea:
    """An area at its place, with why it stands there."""

    number: str
    title: str
    in_short: str
    reasons: tuple[str, ...]
    doubts: tuple[str, ...]
    begun_on: date | None = None


@dataclass(frozen=True)
class ReadStep:
    """A step in words. ``tools`` and ``activities`` are pairs of key and name, ``shown_by`` is what was done in its evidence.

    These are in the language ``said_in``; what somebody wrote themselves is in ``language``.
    """

    step: PlanStep
    area: str
    title: str
    what: str
    afterwards: str
    language: str
    roles: tuple[str, ...]
    tools: tuple[tuple[str, str], ...]
    activities: tuple[tuple[str, str], ...]
    shown_by: str
    said_in: str
    is_late: bool
    is_under_way: bool

    @property
    def sign(self) -> str:
        """The icon of its state."""
        signs = {PlanStep.State.DONE: "check", PlanStep.State.DROPPED: "close"}
        return signs.get(PlanStep.State(self.step.state), "clock")

    @property
    def who(self) -> str:
        return str(self.step.owner) if self.step.owner_id else ""

    @property
    def hours(self) -> str:
        return hours_of(self.step.hours)


@dataclass(frozen=True)
class ReadQuarter:
    """A quarter, with the steps that begin in it; ``hours`` are all that fall into it."""

    number: int
    first: date
    last: date
    hours: int
    steps: tuple[ReadStep, ...]
    is_now: bool


@dataclass(frozen=True)
class ReadIndicator:
    """An indicator in words, with how it was at the beginning and how it was measured last, if it was."""

    key: str
    name: str
    counts: str
    read_it: str
    unit: str
    baseline: str
    measured_on: date | None
    now: str
    wished: str
    wish: float | None


class ReadPlan:
    """A plan with all that its page shows, read with a handful of queries. ``plan`` is to be read ``with_methodology``."""

    def __init__(self, plan: Plan, languages: Iterable[str], *, today: date) -> None:
        self.plan, self.today = plan, today
        self.same = plan.methodology.same()
        self.words = plan.methodology.words_in(languages)
        self.said_in = self.words.language

    @cached_property
    def kept_areas(self) -> list[PlanArea]:
        return list(self.plan.areas.order_by("place", "number"))

    @cached_property
    def reviews(self) -> list[PlanReview]:
        return list(self.plan.reviews.select_related("held_by").order_by("quarter"))

    @cached_property
    def areas(self) -> list[ReadArea]:
        begun = {area.number: area.begun_on for area in self.kept_areas}
        pace = pace_for(self.plan.answers, self.same)
        why = {area.number: area for area in order(self.plan.answers, self.same, begin_with=pace.areas)}
        return [read_area(why[number], self.words, begun[number]) for number in begun if number in why]

    @property
    def begun(self) -> list[ReadArea]:
        return [area for area in self.areas if area.begun_on]

    @property
    def waiting(self) -> list[ReadArea]:
        return [area for area in self.areas if not area.begun_on]

    @cached_property
    def steps(self) -> list[ReadStep]:
        """All steps in order, those that were dropped too."""
        places = {area.number: area.place for area in self.kept_areas}
        kept = sorted(
            self.plan.steps.with_names(), key=lambda step: (step.starts_on, places.get(step.area, 0), step.position, step.pk)
        )
        return [self.read(step) for step in kept]

    def read(self, step: PlanStep) -> ReadStep:
        """A step of this plan in words."""
        said, facts = step.said_in(self.words), self._facts.get((step.area, step.key), {})
        return ReadStep(
            step=step,
            area=self.title_of(step.area),
            title=said.title,
            what=said.what,
            afterwards=said.afterwards,
            language=said.language,
            roles=tuple([self.words["who"][role] for role in facts.get("who", ())]),
            tools=tuple([(key, self.words["tools"][key]["title"]) for key in facts.get("tools", ())]),
            activities=tuple([(key, self.words["activities"][key]["name"]) for key in facts.get("activities", ())]),
            shown_by=self._name(step.evidence) if step.evidence else "",
            said_in=self.said_in,
            is_late=step.is_open and step.ends_on < self.today and self.plan.is_running,
            is_under_way=step.is_open and step.starts_on <= self.today,
        )

    def _name(self, contact: Contact) -> str:
        """What was done together in a contact."""
        said = self.words["activities"].get(contact.activity)
        return said["name"] if said else str(contact.get_kind_display())

    @cached_property
    def _facts(self) -> dict[tuple[str, str], Mapping[str, Any]]:
        areas = self.same["areas"].items()
        return {(number, step["key"]): step for number, area in areas for step in area["steps"]}

    def title_of(self, number: str) -> str:
        """The name of an area."""
        said = self.words["areas"].get(number)
        return said["title"] if said else number

    @property
    def done(self) -> list[ReadStep]:
        return [read for read in self.steps if read.step.state == PlanStep.State.DONE]

    @property
    def open(self) -> list[ReadStep]:
        return [read for read in self.steps if read.step.is_open]

    @property
    def counted(self) -> int:
        """How many steps there are, less those that were dropped."""
        return len(self.done) + len(self.open)

    @property
    def ends_on(self) -> date:
        """The last day of its last step."""
        return max([read.step.ends_on for read in self.steps], default=self.plan.starts_on)

    @cached_property
    def quarters(self) -> list[ReadQuarter]:
        """Its quarters, up to the last in which something begins or takes hours."""
        hours: dict[int, int] = {}
        beginning: dict[int, list[ReadStep]] = {}
        for read in self.steps:
            beginning.setdefault(self.plan.quarter_of(read.step.starts_on), []).append(read)
            if read.step.state != PlanStep.State.DROPPED:
                for quarter, part in read.step.spread:
                    hours[quarter] = hours.get(quarter, 0) + part
        now = self.plan.quarter_of(self.today)
        return [
            ReadQuarter(number, *self.plan.days_of(number), hours.get(number, 0), tuple(beginning.get(number, ())), number == now)
            for number in range(1, max([*hours, *beginning], default=0) + 1)
        ]

    @cached_property
    def shares(self) -> list[tuple[str, list[int]]]:
        """How many hours fall to whom in each quarter: those with most first, what is nobody's yet last."""
        found: dict[str, list[int]] = {}
        for read in self.steps:
            if read.step.state != PlanStep.State.DROPPED:
                for quarter, part in read.step.spread:
                    row = found.setdefault(read.who, [0] * len(self.quarters))
                    row[quarter - 1] += part
        return sorted(found.items(), key=lambda row: (not row[0], -sum(row[1]), row[0]))

    @cached_property
    def indicators(self) -> list[ReadIndicator]:
        last = self.reviews[-1].measured if self.reviews else {}
        found = [indicator for indicator in self.kept_indicators if indicator.key in self.words["indicators"]]
        return [read_indicator(indicator, self.same, self.words, now=last.get(indicator.key)) for indicator in found]

    @cached_property
    def kept_indicators(self) -> list[PlanIndicator]:
        return list(self.plan.indicators.order_by("place", "pk"))

    @property
    def quarter_to_review(self) -> int:
        return self.plan.quarter_to_review([review.quarter for review in self.reviews], self.today)

    @property
    def review_due_on(self) -> date:
        return self.plan.due_after(self.quarter_to_review)

    @property
    def is_review_due(self) -> bool:
        return self.plan.is_running and self.review_due_on <= self.today

    @property
    def can_be_reviewed(self) -> bool:
        """Whether the quarter in question has begun at least: a review may be held before its end."""
        return (
            self.plan.is_running
            and self.plan.starts_on <= self.today
            and self.plan.quarter_of(self.today) >= self.quarter_to_review
        )


def read_area(area: ProposedArea, words: Words, begun_on: date | None = None) -> ReadArea:
    """An area in words, with its reasons."""
    said, reasons = words["areas"][area.number], words["interview"]["reasons"]
    return ReadArea(
        area.number,
        said["title"],
        said["in_short"],
        tuple([reasons[reason.key] for reason in area.speaks_for]),
        tuple([reasons[reason.key] for reason in area.speaks_against]),
        begun_on,
    )


def read_indicator(indicator: PlanIndicator, same: Mapping[str, Any], words: Words, *, now: float | None) -> ReadIndicator:
    """An indicator in words; ``now`` is how it was measured last."""
    said = words["indicators"][indicator.key]
    unit = words["units"][same["indicators"][indicator.key]["unit"]]
    return ReadIndicator(
        key=indicator.key,
        name=said["name"],
        counts=said["counts"],
        read_it=said["read_it"],
        unit=unit,
        baseline=value_of(indicator.baseline, unit),
        measured_on=indicator.measured_on,
        now=value_of(now, unit),
        wished=value_of(indicator.wished, unit),
        wish=indicator.wished,
    )


def value_of(value: float | None, unit: str) -> str:
    """A figure with its unit; "" where there is none."""
    if value is None:
        return ""
    shown = figure(int(value) if value == int(value) else round(value, 2))
    return _("%(value)s %(unit)s") % {"value": shown, "unit": unit}


def hours_of(hours: int) -> str:
    """So many hours in words."""
    return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": figure(hours)}
