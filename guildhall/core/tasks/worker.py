"""A worker: threads that run tasks, and a heart that beats, takes over from the dead and minds the schedule."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread
from uuid import uuid4

import structlog
from django.conf import settings
from django.db import OperationalError, close_old_connections, connection, transaction
from django.utils.timezone import now
from django_tasks import TaskResultStatus as Status
from django_tasks.base import TASK_MIN_PRIORITY
from django_tasks_db.models import DBTaskResult

from guildhall.core import models
from guildhall.core.tasks.declaring import OUTWARD, URGENT, defer, schedules, tasks
from guildhall.core.tasks.running import Claim, carry_out, claim_next, recover

POLL_SECONDS = 0.3
BEATS_BEFORE_DEAD = 6
#: Tasks that wait for somebody outside, side by side: who is slow holds up nobody else.
OUTWARD_AT_ONCE = 16

_log = structlog.get_logger("guildhall.worker")


class Worker:
    """One process's worth of running tasks.

    It needs a supervisor (``guildhall serve``, systemd) that starts it again: on any accident that is not a task's own it ends,
    and whoever comes next takes over what it held.
    """

    def __init__(self, threads: int = 1) -> None:
        self.id = uuid4()
        self.host = socket.gethostname()
        # One more than asked for, so that a letter somebody waits for is not behind an import.
        priorities = [URGENT] + threads * [TASK_MIN_PRIORITY]
        self.threads = [Thread(target=self._work, args=["default", least, self._carry_out], daemon=True) for least in priorities]
        self.threads.append(Thread(target=self._work_outward, daemon=True))
        self.stopping = Event()
        self.crashed = False

    def run(self, grace_seconds: float) -> bool:
        """Work until ``stopping`` is set, then give the tasks at hand some time. Returns whether all went well."""
        # Whoever had our number on this machine before us is dead: numbers are used again, above all in containers.
        models.Worker.objects.filter(host=self.host, pid=os.getpid()).delete()
        enter_schedules()
        self._beat()
        _log.info("worker started")
        for thread in self.threads:
            thread.start()
        while not self.stopping.wait(settings.WORKER_DEAD_AFTER / BEATS_BEFORE_DEAD):
            try:
                self._beat()
            except OperationalError as error:
                _log.warning("the database does not answer", error=str(error))
                connection.close()
        for thread in self.threads:
            thread.join(grace_seconds)
        if not any(thread.is_alive() for thread in self.threads):
            models.Worker.objects.filter(pk=self.id).delete()
        _log.info("worker stopped")
        return not self.crashed

    def _beat(self) -> None:
        at = now()
        models.Worker.objects.update_or_create(
            pk=self.id,
            defaults={"beat_at": at},
            create_defaults={"beat_at": at, "started_at": at, "host": self.host, "pid": os.getpid()},
        )
        alive = {str(worker.pk) for worker in models.Worker.objects.all() if is_alive(worker)}
        recover(alive)
        models.Worker.objects.exclude(pk__in=alive).delete()
        enter_due_tasks()

    def _work(self, queue: str, least: int, run: Callable[[Claim], None]) -> None:
        try:
            while not self.stopping.is_set():
                try:
                    claim = claim_next(str(self.id), self.stopping, queue=queue, least=least)
                except OperationalError as error:
                    _log.warning("the database does not answer", error=str(error))
                    connection.close()
                    self.stopping.wait(1)
                    continue
                if claim is None:
                    self.stopping.wait(POLL_SECONDS)
                    continue
                run(claim)
        except BaseException:
            self._give_up()

    def _work_outward(self) -> None:
        beside: list[Thread] = []

        def run(claim: Claim) -> None:
            beside.append(Thread(target=self._carry_out, args=[claim], daemon=True))
            beside[-1].start()
            close_old_connections()
            while len(beside) >= OUTWARD_AT_ONCE:
                beside[0].join(0.05)
                beside[:] = [thread for thread in beside if thread.is_alive()]

        self._work(OUTWARD, TASK_MIN_PRIORITY, run)
        for thread in beside:
            thread.join()

    def _carry_out(self, claim: Claim) -> None:
        try:
            carry_out(claim)
            close_old_connections()
        except BaseException:
            self._give_up()

    def _give_up(self) -> None:
        _log.critical("worker gives up", exc_info=True)
        self.crashed = True
        self.stopping.set()


def is_alive(worker: models.Worker) -> bool:
    """Whether a worker has been heard of lately and, if it is on this machine, its process exists."""
    if worker.beat_at < now() - timedelta(seconds=settings.WORKER_DEAD_AFTER):
        return False
    if worker.host == socket.gethostname():
        try:
            os.kill(worker.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass  # it exists, and belongs to somebody else
    return True


def enter_schedules() -> None:
    """Bring the table of schedules up to the declarations."""
    with transaction.atomic():
        models.Schedule.objects.exclude(task__in=schedules).delete()
        for name, timing in schedules.items():
            first = {"timing": timing.text, "next_at": timing.next(now())}
            kept, _ = models.Schedule.objects.get_or_create(task=name, defaults=first)
            if kept.timing != timing.text:
                models.Schedule.objects.filter(pk=name).update(**first)


def enter_due_tasks() -> None:
    """Ask for the tasks whose time has come. Over all workers, each once: whoever moves the schedule on asks."""
    at = now()
    for due in models.Schedule.objects.filter(next_at__lte=at, task__in=schedules):
        with transaction.atomic():
            next_at = schedules[due.task].next(at)
            moved_on = models.Schedule.objects.filter(pk=due.pk, next_at=due.next_at).update(next_at=next_at, last_at=at)
            if moved_on and not _is_under_way(due.task):
                defer(due.task)


def _is_under_way(name: str) -> bool:
    under_way = DBTaskResult.objects.filter(status__in=[Status.READY, Status.RUNNING])
    return under_way.filter(task_path=tasks[name].module_path).exists()
