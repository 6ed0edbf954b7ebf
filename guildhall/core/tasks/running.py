"""How one task is run: claimed, carried out once, and ended; or tried again."""

from __future__ import annotations

import random
from collections.abc import Container, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event
from time import monotonic
from traceback import format_exception
from typing import Any, cast

import structlog
from django.core.exceptions import SuspiciousOperation
from django.db import close_old_connections, connection, transaction
from django.utils import translation
from django.utils.timezone import now
from django_tasks import TaskResultStatus as Status
from django_tasks.base import TASK_MIN_PRIORITY
from django_tasks_db.models import DBTaskResult

from guildhall.core.errors import Refusal
from guildhall.core.models import Progress
from guildhall.core.tasks.declaring import Task

LONGEST_WAIT = timedelta(hours=6)

_log = structlog.get_logger("guildhall.tasks")
_current: ContextVar[Claim | None] = ContextVar("claim", default=None)


class WorkerDied(Exception):
    """The worker that ran the task is no more, or has not been heard of for too long."""


# Like KeyboardInterrupt these two are none of the task's business, and not for it to catch.
class ClaimLost(BaseException):
    """The task was given to somebody else, because this worker was believed dead. Nothing it still does may count."""


class HandBack(BaseException):
    """The worker has been asked to stop; another will go on with the task."""


@dataclass(frozen=True)
class Claim:
    """A worker's hold on a task. Who claimed it, how often and when tells this attempt from all others."""

    row: DBTaskResult
    stopping: Event = field(default_factory=Event)

    @property
    def attempt(self) -> int:
        return len(self.row.worker_ids)

    @property
    def names(self) -> dict[str, Any]:
        """What every log line about this attempt carries."""
        return {"task": self.row.task_path, "task_id": str(self.row.pk), "attempt": self.attempt}

    @contextmanager
    def held(self, *, wait: bool = True) -> Iterator[None]:
        """Open a transaction in which nobody can take the task away; what is done in it counts, or is undone with it.

        Raises:
            ClaimLost: somebody has taken it; or, unless we wait for that to end, is in the middle of something with it.
        """
        with transaction.atomic():
            running = DBTaskResult.objects.select_for_update(skip_locked=not wait).filter(pk=self.row.pk, status=Status.RUNNING)
            if running.values_list("worker_ids", "started_at").first() != (self.row.worker_ids, self.row.started_at):
                raise ClaimLost
            yield

    @property
    def task(self) -> Task:
        return cast(Task, self.row.task)

    def run(self) -> None:
        task, arguments = self.task, self.row.args_kwargs["kwargs"]
        if task.in_parts:
            self._note_progress(state=Progress.State.RUNNING, finished_at=None, error="")
            task.func(**arguments)
            with self.held():
                self._succeed()
        else:
            with self.held():
                task.func(**arguments)
                self._succeed()

    def _succeed(self) -> None:
        self._end(Status.SUCCESSFUL, finished_at=now(), exception_class_path="", traceback="")
        self._note_progress(state=Progress.State.DONE, finished_at=now())

    def fail(self, error: Exception) -> None:
        """Have the task tried again later, or keep it as failed after its last attempt. A refusal ends it: it is an answer."""
        try:
            task = self.task
        except (ImportError, SuspiciousOperation):
            task = Task(func=_unknown)  # asked for by a newer version of us: be patient as with any other
        what = {
            "exception_class_path": f"{type(error).__module__}.{type(error).__qualname__}",
            "traceback": "".join(format_exception(error)),
        }
        # Who takes a task from the dead does not wait: a lock on it is a sign of life.
        with self.held(wait=not isinstance(error, WorkerDied)):
            if isinstance(error, Refusal):
                self._end(Status.SUCCESSFUL, finished_at=now(), **what)
                self._note_progress(state=Progress.State.FAILED, finished_at=now(), error=str(error))
                _log.info("task refused", refusal=type(error).__name__)
            elif self.attempt < task.attempts:
                wait = timedelta() if isinstance(error, WorkerDied) else _wait(task.backoff, self.attempt)
                self._end(Status.READY, run_after=now() + wait, **what)
                _log.warning("task will be tried again", in_seconds=round(wait.total_seconds()), exc_info=error)
            else:
                self._end(Status.FAILED, finished_at=now(), **what)
                self._note_progress(state=Progress.State.FAILED, finished_at=now())
                _log.error("task failed", exc_info=error)

    def hand_back(self) -> None:
        """Leave the task to others. That costs it no attempt."""
        with self.held():
            self._end(Status.READY, run_after=now(), worker_ids=self.row.worker_ids[:-1])
        _log.info("task handed back")

    def _end(self, status: Status, **fields: Any) -> None:
        DBTaskResult.objects.filter(pk=self.row.pk).update(status=status, **fields)

    @property
    def _watched(self) -> bool:
        return "progress_id" in self.row.args_kwargs["kwargs"]

    def _note_progress(self, **fields: Any) -> None:
        if self._watched:
            Progress.objects.filter(task_id=self.row.pk).update(**fields)

    @property
    def language(self) -> str | None:
        """The language of whoever watches: what the task says on its way, it says to them."""
        if self._watched:
            return Progress.objects.filter(task_id=self.row.pk).values_list("language", flat=True).first()
        return translation.get_language()


def claim_next(worker_id: str, stopping: Event | None = None, *, queue: str = "", least: int = TASK_MIN_PRIORITY) -> Claim | None:
    """Claim the task of a queue (of any) that is to be run next, of those with at least the priority ``least``, if any."""
    ready = DBTaskResult.objects.ready().filter(priority__gte=least, **({"queue_name": queue} if queue else {}))
    if not ready.exists():  # a read that locks nobody: all that an idle worker does
        return None
    with transaction.atomic():
        row = ready.select_for_update(skip_locked=True).first()
        if row is None:
            return None
        row.claim(worker_id)
    return Claim(row, stopping or Event())


def carry_out(claim: Claim) -> Exception | None:
    """Run a claimed task and keep how it ended. Returns what it raised."""
    failure = None
    began = monotonic()
    current = _current.set(claim)
    with structlog.contextvars.bound_contextvars(**claim.names), translation.override(claim.language):
        try:
            try:
                claim.run()
                _log.info("task done", ms=round((monotonic() - began) * 1000))
            except Exception as error:
                failure = error
                claim.fail(error)
            except HandBack:
                claim.hand_back()
        except ClaimLost:
            _log.warning("task was taken over by another worker")
        finally:
            _current.reset(current)
    return failure


def recover(alive: Container[str]) -> None:
    """Give the tasks of workers that are not ``alive`` to others."""
    for row in DBTaskResult.objects.running():
        if row.worker_ids[-1] not in alive:
            claim = Claim(row)
            with structlog.contextvars.bound_contextvars(**claim.names), suppress(ClaimLost):
                claim.fail(WorkerDied())


@contextmanager
def part() -> Iterator[None]:
    """Open a transaction for one part of a task: it is kept only if the task is still this worker's.

    Outside a worker (a command, a test) it is a plain transaction.
    """
    claim = _current.get()
    with claim.held() if claim else transaction.atomic():
        yield


def pause() -> None:
    """Leave the task here if its worker has been asked to stop. Call it between parts."""
    claim = _current.get()
    if claim and claim.stopping.is_set():
        raise HandBack


def let_go_of_database() -> None:
    """Give the connection to others while a task waits for somebody outside; the next question gets another one."""
    if not connection.in_atomic_block:  # as a test is
        close_old_connections()


def run_waiting() -> int:
    """Run all tasks that wait, here and now, and return how many there were: for tests and commands.

    Raises:
        Exception: whatever a task raised.
    """
    count = 0
    while claim := claim_next("here"):
        if failure := carry_out(claim):
            raise failure
        count += 1
    return count


def _wait(backoff: timedelta, attempt: int) -> timedelta:
    # Spread by half, so that what failed together does not come back together.
    return min(backoff * 2 ** (attempt - 1), LONGEST_WAIT) * random.uniform(0.75, 1.25)  # noqa: S311


def _unknown() -> None: ...
