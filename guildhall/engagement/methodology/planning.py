"""A school's bespoke plan, from what it said in the interview: which areas first and why, and their steps over the quarters.

The rules are content (``rules`` and ``pace`` of ``methodology.yaml``) and can be read there; this only applies them. Nothing is
drawn by lot or learnt: the same answers and the same first day give the same plan. What is returned has keys, the sentences to
them are the methodology's words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import copy
from datetime import date, timedelta
from typing import Any, NamedTuple

#: Weeks of a quarter, which is counted from the plan's first day: after each the plan is reviewed.
QUARTER = 13

#: What was answered: the options chosen, by question. A question may be missing or have none.
Answers = Mapping[str, Collection[str]]


class Reason(NamedTuple):
    """Why an area comes earlier (points above nothing) or later (below); ``said`` are the answers it follows from."""

    key: str
    points: int
    said: tuple[tuple[str, str], ...]


class ProposedArea(NamedTuple):
    """An area at its place in the order; ``begins`` says whether the plan begins with it."""

    number: str
    points: int
    speaks_for: tuple[Reason, ...]
    speaks_against: tuple[Reason, ...]
    begins: bool


class Pace(NamedTuple):
    """How much a school takes on: areas at once, and hours in a quarter. ``said`` is false where it was not asked for."""

    key: str
    areas: int
    quarter_hours: int
    said: bool


class PlannedStep(NamedTuple):
    """A step with its days, both included. ``hours`` are the school's; ``quarters`` says how many of them fall into which."""

    area: str
    key: str
    who: tuple[str, ...]
    hours: int
    quarters: tuple[tuple[int, int], ...]
    starts_on: date
    ends_on: date
    activities: tuple[str, ...]
    tools: tuple[str, ...]


class Quarter(NamedTuple):
    """A quarter of the plan, the first being 1; ``hours`` are those its steps take of the school's time."""

    number: int
    starts_on: date
    ends_on: date
    hours: int


class PlannedIndicator(NamedTuple):
    """An indicator, and the areas the plan begins with for which it is read."""

    key: str
    unit: str
    areas: tuple[str, ...]


class Plan(NamedTuple):
    """What is proposed. ``areas`` are all there are, in order; ``steps`` those of the areas it begins with, by day."""

    starts_on: date
    areas: tuple[ProposedArea, ...]
    pace: Pace
    steps: tuple[PlannedStep, ...]
    quarters: tuple[Quarter, ...]
    indicators: tuple[PlannedIndicator, ...]


def propose(answers: Answers, same: Mapping[str, Any], *, starts_on: date) -> Plan:
    """Return the plan that fits these answers.

    Args:
        answers: the options chosen, by question. Anything the methodology does not know is passed over.
        same: what of the methodology is the same in every language, with ``areas``.
        starts_on: the first day; weeks and quarters count from it.
    """
    pace = pace_for(answers, same)
    areas = order(answers, same, begin_with=pace.areas)
    begun = [area.number for area in areas if area.begins]
    steps = lay_out({number: same["areas"][number]["steps"] for number in begun}, pace.quarter_hours, starts_on=starts_on)
    return Plan(starts_on, areas, pace, steps, _quarters(steps, starts_on), _indicators(begun, same))


def pace_for(answers: Answers, same: Mapping[str, Any]) -> Pace:
    """Return how much a school can take on. If it did not say how much time it has, that is the middle one of all paces."""
    paces = same["pace"]
    said = next((option for option in _chosen(answers, "time") if option in paces), None)
    by_hours = sorted(paces, key=lambda key: paces[key]["quarter_hours"])
    key = said or by_hours[len(by_hours) // 2]
    return Pace(key, paces[key]["areas"], paces[key]["quarter_hours"], said is not None)


def order(answers: Answers, same: Mapping[str, Any], *, begin_with: int) -> tuple[ProposedArea, ...]:
    """Return all areas, the one with most points first, equal ones by number; each with the reasons that hold.

    A rule holds if each of its questions was answered with one of the options it names. A rule that names none is for when
    no area has more for it than against it. The plan begins with ``begin_with`` areas at most, all of which have.
    """
    holding = [(rule, reason) for rule in same["rules"] if rule["when"] and (reason := _holds(rule, answers))]
    numbers = [number for level in same["levels"].values() for number in level]
    reasons = {number: [reason for rule, reason in holding if rule["area"] == number] for number in numbers}
    if all(sum(reason.points for reason in theirs) <= 0 for theirs in reasons.values()):
        for rule in same["rules"]:
            if not rule["when"]:
                reasons[rule["area"]].append(Reason(rule["reason"], rule["points"], ()))
    totals = {number: sum(reason.points for reason in reasons[number]) for number in numbers}
    ordered = sorted(numbers, key=lambda number: (-totals[number], number))
    begun = [number for number in ordered if totals[number] > 0][:begin_with] or ordered[:1]
    return tuple(
        [
            ProposedArea(
                number,
                totals[number],
                tuple(sorted([reason for reason in reasons[number] if reason.points > 0], key=lambda reason: -reason.points)),
                tuple(sorted([reason for reason in reasons[number] if reason.points < 0], key=lambda reason: reason.points)),
                number in begun,
            )
            for number in ordered
        ]
    )


def lay_out(steps: Mapping[str, Sequence[Mapping[str, Any]]], quarter_hours: int, *, starts_on: date) -> tuple[PlannedStep, ...]:
    """Return the steps of some areas with their days, by day.

    Within an area one step follows the other. Areas run side by side and share a quarter's hours evenly; what one does not need
    goes to the others. A step that does not fit into the hours left goes on in the next quarter: it takes longer, nothing is
    left out.

    Args:
        steps: by area, in the order of the plan: ``key``, ``who``, ``hours``, ``weeks``, ``activities``, ``tools`` of each.
        quarter_hours: hours the school has for all of it in a quarter, at least one.
        starts_on: the first day.
    """
    if quarter_hours < 1:
        raise ValueError("Without an hour nothing can be planned.")
    lines = [_Line(area, of_area) for area, of_area in steps.items()]
    quarter = 0
    while waiting := [line for line in lines if not line.is_done]:
        left = quarter_hours
        # Who needs least first, so that what it leaves is there for the others.
        waiting.sort(key=lambda line: line.needs(quarter, quarter_hours))
        for place, line in enumerate(waiting):
            left -= line.work(quarter, -(-left // (len(waiting) - place)))
        quarter += 1
    planned = [step for line in lines for step in line.planned(starts_on)]
    places = list(steps)
    return tuple(sorted(planned, key=lambda step: (step.starts_on, places.index(step.area), step.ends_on)))


class _Line:
    """The steps of one area while they are laid out, in whole hours and weeks."""

    def __init__(self, area: str, steps: Sequence[Mapping[str, Any]]) -> None:
        self.area, self.steps = area, steps
        self.days: list[tuple[int, int]] = []  # of each step that is done: its first week, and the week after its last
        self.spent: list[dict[int, int]] = [{} for _step in steps]
        self._begin()

    @property
    def is_done(self) -> bool:
        return len(self.days) == len(self.steps)

    def _begin(self) -> None:
        self.begun_in: int | None = None
        if not self.is_done:
            step = self.steps[len(self.days)]
            self.hours, self.weeks = step["hours"], step["weeks"]

    def needs(self, quarter: int, hours: int) -> int:
        """Return how many of these hours it would take in a quarter if it had them for itself."""
        alone = copy(self)
        alone.days, alone.spent = [*self.days], [{**spent} for spent in self.spent]
        return alone.work(quarter, hours)

    def work(self, quarter: int, share: int) -> int:
        """Go on for a quarter with ``share`` hours at most, and return how many it took."""
        taken, week = 0, 0
        while not self.is_done and week < QUARTER:
            left = share - taken
            if self.begun_in is None:
                if not left:
                    break
                self.begun_in = quarter * QUARTER + week
            fitting = min(self.weeks, QUARTER - week)
            # Hours are spread evenly over a step's weeks; the part of a week that this leaves falls to the end.
            wanted = self.hours * fitting // self.weeks
            given = min(wanted, left)
            if given:
                spent = self.spent[len(self.days)]
                spent[quarter] = spent.get(quarter, 0) + given
                taken += given
            if given < wanted:
                self.weeks = max(1, -(-self.weeks * (self.hours - given) // self.hours))
                self.hours -= given
                break
            self.hours -= given
            self.weeks -= fitting
            week += fitting
            if not self.weeks:
                self.days.append((self.begun_in, quarter * QUARTER + week))
                self._begin()
        return taken

    def planned(self, starts_on: date) -> Iterator[PlannedStep]:
        for step, (begin, end), spent in zip(self.steps, self.days, self.spent, strict=True):
            yield PlannedStep(
                area=self.area,
                key=step["key"],
                who=tuple(step["who"]),
                hours=step["hours"],
                quarters=tuple([(quarter + 1, hours) for quarter, hours in spent.items()]),
                starts_on=starts_on + timedelta(weeks=begin),
                ends_on=starts_on + timedelta(weeks=end, days=-1),
                activities=tuple(step["activities"]),
                tools=tuple(step["tools"]),
            )


def _chosen(answers: Answers, question: str) -> Sequence[str]:
    """The options chosen; one alone may come as a text."""
    chosen = answers.get(question) or []
    return [chosen] if isinstance(chosen, str) else list(chosen)


def _holds(rule: Mapping[str, Any], answers: Answers) -> Reason | None:
    said = []
    for question, options in rule["when"].items():
        matching = [option for option in options if option in _chosen(answers, question)]
        if not matching:
            return None
        said += [(question, option) for option in matching]
    return Reason(rule["reason"], rule["points"], tuple(said))


def _quarters(steps: Sequence[PlannedStep], starts_on: date) -> tuple[Quarter, ...]:
    days = QUARTER * 7
    last = max([(step.ends_on - starts_on).days // days for step in steps], default=-1)
    spent = [0] * (last + 1)
    for step in steps:
        for number, hours in step.quarters:
            spent[number - 1] += hours
    return tuple(
        [
            Quarter(
                number + 1, starts_on + timedelta(number * days), starts_on + timedelta((number + 1) * days - 1), spent[number]
            )
            for number in range(last + 1)
        ]
    )


def _indicators(begun: Sequence[str], same: Mapping[str, Any]) -> tuple[PlannedIndicator, ...]:
    """Those of the areas the plan begins with, in their order, each once."""
    keys = dict.fromkeys([key for number in begun for key in same["areas"][number]["indicators"]])
    return tuple(
        [
            PlannedIndicator(
                key,
                same["indicators"][key]["unit"],
                tuple([number for number in begun if key in same["areas"][number]["indicators"]]),
            )
            for key in keys
        ]
    )
