"""How far school and employer have come: the window's six panes, and the level from 1 to 5. Both from dated activities only.

The rule in two sentences: an activity is worth four points for each rung it stands on, half of that in its second year, a quarter
in its third, and nothing afterwards. A level takes so many points of activities on so high a rung or above (``NEEDS``), a lively
pane so many of its area (``LIVELY``).

From the Employer Engagement Tracker of JVS and Public/Private Ventures, which files each dated contact at one of five levels and
adds up count × level. Why there is no average, and where the numbers come from: docs/decisions/0011-level.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby, pairwise
from typing import Any, NamedTuple

AREAS = ("1.1", "1.2", "1.3", "2.1", "2.2", "2.3")
#: The kind of what is no activity of the catalogue: a call, a letter, a talk. It counts at rung 1, and for no area.
PLAIN = ""

#: Points for each rung in the first, second and third year.
WORTH = (4, 2, 1)
#: Days. Not calendar years: a page may say on which day something fades, and a database can count along.
YEAR = 365
#: For each level: the rung from which on activities count for it, and the points they must come to.
NEEDS = {1: (1, 1), 2: (2, 8), 3: (2, 40), 4: (3, 60), 5: (4, 80)}
#: Points with which a pane is lively; with fewer it is touched.
LIVELY = 16
DARK, TOUCHED, LIT = "dark", "touched", "lively"


@dataclass(frozen=True, slots=True)
class Activity:
    """Something school and employer did together on a day; ``number`` is that of whatever recorded it."""

    day: date
    kind: str = PLAIN
    area: str = ""
    rung: int = 1
    number: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.rung <= 5:
            raise ValueError(f"There is no rung {self.rung}.")
        if self.area and self.area not in AREAS:
            raise ValueError(f"There is no area {self.area}.")


class Share(NamedTuple):
    """What an activity adds today: its points, until the day before ``fades_on``, and then only ``then``."""

    activity: Activity
    points: int
    fades_on: date
    then: int


class Fall(NamedTuple):
    """What happens on a day if nothing is done before: the level or state then, and the activities that fade on that day."""

    on: date
    to: int | str
    faded: tuple[Activity, ...]


class Fallen(NamedTuple):
    """That the level fell on a day by time alone, and from which one; it has not come back since."""

    on: date
    came_from: int


class Move(NamedTuple):
    """What the next level takes: at least ``missing`` more points, of activities on ``rung`` or above."""

    to: int
    rung: int
    missing: int


class Way(NamedTuple):
    """One way up: a kind of activity so many times, and the hours school and employer typically spend on that together."""

    kind: str
    times: int
    hours: float


@dataclass(frozen=True, slots=True)
class PaneState:
    """A pane: "dark", "touched" or "lively". ``last_on`` is when its area was last worked on, also where that has faded."""

    state: str
    points: int
    last_on: date | None
    falls: Fall | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an employer stands on a day, and why.

    ``level`` is 1 to 5, or 0 where nothing counts. ``points`` are those that count for this level, ``rung`` is from which rung
    on, ``needed`` how many it takes; ``counting`` is all that has points, the strongest first, ``carried_by`` what of it carries
    the level. ``falls`` says when and why the level falls if nothing is done, ``move`` what the next one takes. ``changes_on``
    is the first day on which the level or a pane differs by time alone, or on which something noted ahead takes place: until the
    day before, what was kept is right.
    """

    day: date
    level: int
    points: int
    rung: int
    needed: int
    carried_by: tuple[Share, ...]
    counting: tuple[Share, ...]
    falls: Fall | None
    move: Move | None
    panes: dict[str, PaneState]
    changes_on: date | None
    last_on: date | None


def activity(day: date, kind: str, kinds: Mapping[str, Mapping[str, Any]], *, number: int = 0) -> Activity:
    """Return what took place as an activity.

    Args:
        day: when, where the school is.
        kind: a key of ``kinds``. Any other is a plain contact: also a kind that a newer methodology has no more.
        kinds: ``area`` and ``rung`` by kind, as the methodology's ``activities``, with those a school added.
        number: of the contact that says so.
    """
    known = kinds.get(kind)
    return Activity(day, kind, known["area"], known["rung"], number) if known else Activity(day, number=number)


def points(done: Activity, day: date) -> int:
    """Return what an activity is worth on a day: 0 before it took place and from three years after."""
    years = (day - done.day).days // YEAR
    return done.rung * WORTH[years] if 0 <= years < len(WORTH) else 0


def level_of(activities: Iterable[Activity], day: date) -> int:
    """Return the level on a day, 0 to 5; what took place later does not count."""
    by_rung = [0] * 6
    for done in activities:
        by_rung[done.rung] += points(done, day)
    return _level(by_rung)


def lively_areas(activities: Iterable[Activity], day: date) -> list[str]:
    """Return the areas whose pane is lively on a day: what ``standing`` says of them, in a tenth of the time."""
    by_area = dict.fromkeys(AREAS, 0)
    for done in activities:
        if done.area:
            by_area[done.area] += points(done, day)
    return [area for area, total in by_area.items() if total >= LIVELY]


def standing(activities: Iterable[Activity], day: date) -> Standing:
    """Return where an employer stands on a day, and why; in whichever order its activities come."""
    history = list(activities)
    past, shares, by_rung = _counted(history, day)
    level = _level(by_rung)
    rung, needed = NEEDS.get(level, (1, 0))
    carrying = [share for share in shares if share.activity.rung >= rung] if level else []
    falls = _fall(past, carrying, needed) if level else None
    panes = _panes(past, shares)
    changes = [fall.on for fall in [falls, *(pane.falls for pane in panes.values())] if fall]
    changes += [done.day for done in history if done.day > day]
    return Standing(
        day=day,
        level=level,
        points=sum(share.points for share in carrying),
        rung=rung,
        needed=needed,
        carried_by=tuple(carrying),
        counting=tuple(shares),
        falls=falls,
        move=_move(by_rung, level),
        panes=panes,
        changes_on=min(changes, default=None),
        last_on=max([done.day for done in past], default=None),
    )


def next_fall(activities: Iterable[Activity], day: date) -> Fall | None:
    """Return on which day the level falls if nothing is done: what ``standing`` says of it, without all else."""
    past, shares, by_rung = _counted(activities, day)
    level = _level(by_rung)
    if not level:
        return None
    rung, needed = NEEDS[level]
    return _fall(past, [share for share in shares if share.activity.rung >= rung], needed)


def fallen(activities: Iterable[Activity], day: date, *, since: date) -> Fallen | None:
    """Return the last day after ``since`` on which the level fell by time, if it has not come back until ``day``."""
    past = [done for done in activities if done.day <= day]
    fades = {done.day + timedelta(YEAR * years) for done in past for years in range(1, len(WORTH) + 1)}
    now = None
    for on in sorted((on for on in fades if since < on <= day), reverse=True):
        now = level_of(past, day) if now is None else now
        before = [done for done in past if done.day < on]
        came_from = level_of(before, on - timedelta(1))
        if came_from > now and came_from > level_of(before, on):
            return Fallen(on, came_from)
    return None


def ways(move: Move, kinds: Mapping[str, Mapping[str, Any]]) -> list[Way]:
    """Return the ways to the next level, each with one kind of activity only; the one of the fewest hours first.

    Args:
        move: where to.
        kinds: ``rung``, ``school_hours`` and ``employer_hours`` by kind, as the methodology's ``activities``.
    """
    found = [Way(PLAIN, _times(move, 1), 0)] if move.rung == 1 else []
    for kind, about in kinds.items():
        if about["rung"] >= move.rung:
            times = _times(move, about["rung"])
            found.append(Way(kind, times, times * (about["school_hours"] + about["employer_hours"])))
    return sorted(found, key=lambda way: (way.hours, way.times))


def _times(move: Move, rung: int) -> int:
    return -(-move.missing // (rung * WORTH[0]))


def _counted(activities: Iterable[Activity], day: date) -> tuple[list[Activity], list[Share], list[int]]:
    """What took place by a day, the strongest first; what of it counts; and the points by rung."""
    past = sorted([done for done in activities if done.day <= day], key=_strongest_first(day))
    shares = [_share(done, day) for done in past if points(done, day)]
    by_rung = [0] * 6
    for share in shares:
        by_rung[share.activity.rung] += share.points
    return past, shares, by_rung


def _fall(past: Iterable[Activity], carrying: Sequence[Share], needed: int) -> Fall:
    on, faded, _left = _first_below(carrying, needed)
    return Fall(on, level_of(past, on), faded)


def _level(by_rung: Sequence[int]) -> int:
    """The highest level for which there is enough; each includes those below it, as ``NEEDS`` only grows."""
    for level in (5, 4, 3, 2, 1):
        rung, needed = NEEDS[level]
        if sum(by_rung[rung:]) >= needed:
            return level
    return 0


def _move(by_rung: Sequence[int], level: int) -> Move | None:
    if level + 1 not in NEEDS:
        return None
    rung, needed = NEEDS[level + 1]
    return Move(level + 1, rung, needed - sum(by_rung[rung:]))


def _share(done: Activity, day: date) -> Share:
    years = (day - done.day).days // YEAR
    worth = (*WORTH, 0)
    return Share(done, done.rung * worth[years], done.day + timedelta(YEAR * (years + 1)), done.rung * worth[years + 1])


def _strongest_first(day: date) -> Callable[[Activity], tuple[int, int, str, int, str, int]]:
    return lambda done: (-points(done, day), -done.day.toordinal(), done.kind, done.rung, done.area, done.number)


def _panes(past: Iterable[Activity], shares: Iterable[Share]) -> dict[str, PaneState]:
    of_area: dict[str, list[Share]] = {area: [] for area in AREAS}
    last_on: dict[str, date] = {}
    for done in past:
        last_on[done.area] = max(done.day, last_on.get(done.area, done.day))
    for share in shares:
        if share.activity.area:
            of_area[share.activity.area].append(share)
    return {area: _pane(counting, last_on.get(area)) for area, counting in of_area.items()}


def _pane(counting: Sequence[Share], last_on: date | None) -> PaneState:
    if not counting:
        return PaneState(DARK, 0, last_on, None)
    total = sum([share.points for share in counting])
    state = _lit(total)
    on, faded, left = _first_below(counting, LIVELY if state == LIT else 1)
    return PaneState(state, total, last_on, Fall(on, _lit(left), faded))


def _lit(total: int) -> str:
    return LIT if total >= LIVELY else TOUCHED if total else DARK


def _first_below(shares: Sequence[Share], needed: int) -> tuple[date, tuple[Activity, ...], int]:
    """The day on which shares that come to ``needed`` at least no longer do, what fades on it, and how many points are left."""
    left = sum(share.points for share in shares)
    for on, losses in groupby(sorted(_losses(shares), key=lambda loss: loss[0]), key=lambda loss: loss[0]):
        lost = list(losses)
        left -= sum(points for _on, points, _done in lost)
        if left < needed:
            return on, tuple([done for _on, _points, done in lost]), left
    raise ValueError("They do not come to that much today.")


def _losses(shares: Iterable[Share]) -> Iterator[tuple[date, int, Activity]]:
    """Every day on which one of them fades, with the points lost."""
    for done, now, fades_on, _then in shares:
        worth = [*(done.rung * each for each in WORTH if done.rung * each <= now), 0]
        for step, (before, after) in enumerate(pairwise(worth)):
            yield fades_on + timedelta(YEAR * step), before - after, done
