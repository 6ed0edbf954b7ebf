"""What tasks there are, when some recur, and how one is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from inspect import signature
from typing import Any
from uuid import UUID

from django.utils.timezone import get_default_timezone
from django_tasks import base

URGENT = 10
#: The queue of tasks that mostly wait for somebody outside; many of them are run side by side.
OUTWARD = "outward"

tasks: dict[str, Task] = {}
schedules: dict[str, Timing] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(base.Task):
    """A function that a worker runs, and what to do when it does not succeed."""

    attempts: int = 5
    backoff: timedelta = timedelta(seconds=10)
    in_parts: bool = False

    @property
    def name(self) -> str:
        room = self.func.__module__.partition(".tasks")[0].rpartition(".")[2]
        return f"{room}.{self.func.__name__}"


def task(
    *,
    attempts: int = 5,
    backoff: timedelta = timedelta(seconds=10),
    in_parts: bool = False,
    priority: int = 0,
    queue: str = "default",
) -> Callable[[Callable[..., None]], Task]:
    """Make a task of a function that takes keyword arguments and returns nothing.

    Args:
        attempts: how often it is tried in all; a worker that dies during one has used it up.
        backoff: the wait after the first failure; it doubles with each further one, up to six hours.
        in_parts: whether the function opens its transactions itself, with ``part`` or ``steps``.
        priority: from -100 to 100; higher goes first. For those from ``URGENT`` on every worker has a thread to spare.
        queue: ``OUTWARD`` for what waits for somebody outside and may be slow.
    """

    def declare(function: Callable[..., None]) -> Task:
        declared = Task(func=function, attempts=attempts, backoff=backoff, in_parts=in_parts, priority=priority, queue_name=queue)
        if tasks.setdefault(declared.name, declared) is not declared:
            raise ValueError(f"There are two tasks named {declared.name}.")
        return declared

    return declare


def defer(name: str, not_before: datetime | None = None, /, **arguments: Any) -> UUID:
    """Ask for a task, in the caller's transaction. Returns its number.

    Raises:
        LookupError: there is no task of that name.
        TypeError: it does not take these arguments, or one of them is not JSON.
    """
    if name not in tasks:
        raise LookupError(f"There is no task {name!r}. There are: {', '.join(sorted(tasks))}.")
    wanted = tasks[name] if not_before is None else tasks[name].using(run_after=not_before)
    signature(wanted.func).bind(**arguments)
    return UUID(wanted.enqueue(**arguments).id)


@dataclass(frozen=True)
class Timing:
    """When a task recurs: every so often, or daily at a time of day in the house's time zone."""

    text: str
    every: timedelta | None = None
    daily_at: time = time.min

    def next(self, after: datetime) -> datetime:
        """The first moment after ``after``. All that were missed before are one occurrence, not many."""
        if self.every:
            # On a grid counted from 1970, so that all workers agree and nothing drifts.
            period = self.every.total_seconds()
            return datetime.fromtimestamp((after.timestamp() // period + 1) * period, UTC)
        zone = get_default_timezone()
        day = after.astimezone(zone).date()
        todays, tomorrows = (datetime.combine(day + timedelta(days=d), self.daily_at, zone).astimezone(UTC) for d in (0, 1))
        return todays if todays > after else tomorrows


def schedule(*, every: str = "", daily_at: str = "") -> Callable[[Task], Task]:
    """Let a task recur: ``every="10 minutes"`` (or seconds, hours, days, weeks), or ``daily_at="03:10"``.

    Over all workers each occurrence runs once. While one is still waiting or running the next is left out.
    """
    if bool(every) == bool(daily_at):
        raise TypeError("A schedule has either every= or daily_at=.")
    if every:
        number, unit = every.split()
        timing = Timing(f"every {every}", every=timedelta(**{unit.rstrip("s") + "s": int(number)}))
    else:
        timing = Timing(f"daily at {daily_at}", daily_at=time.fromisoformat(daily_at))

    def recur(declared: Task) -> Task:
        schedules[declared.name] = timing
        return declared

    return recur
