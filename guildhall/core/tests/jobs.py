"""Tasks for the tests of tasks. What they do is a line in the audit, as a table that is there anyway."""

import time
from datetime import timedelta

from django.utils.timezone import now
from django.utils.translation import gettext_noop

from guildhall.core.errors import Refused
from guildhall.core.models import AuditLine, Progress
from guildhall.core.progress import steps
from guildhall.core.tasks import URGENT, task


def write(thing: object) -> None:
    AuditLine.objects.create(at=now(), action="tests.job", thing_id=str(thing))


def written() -> list[str]:
    return sorted(AuditLine.objects.filter(action="tests.job").values_list("thing_id", flat=True))


@task(attempts=100)
def mark(thing: str, seconds: float = 0) -> None:
    write(thing)
    time.sleep(seconds)


@task(attempts=100, in_parts=True)
def march(progress_id: str, count: int, seconds: float = 0, pause_seconds: float = 0) -> None:
    progress = Progress.objects.get(pk=progress_id)
    progress.say(gettext_noop("Marching to %(count)s"), count=count)
    for step in steps(progress, range(count), size=5):
        with step as numbers:
            for number in numbers:
                write(f"step {number}")
                time.sleep(seconds)
        time.sleep(pause_seconds)


@task(attempts=3, backoff=timedelta(seconds=100))
def stumble(thing: str) -> None:
    write(thing)
    raise ValueError("It did not work.")


@task()
def tick() -> None:
    write("tick")


@task(priority=URGENT)
def ring() -> None:
    write("ring")


@task()
def refuse(progress_id: str) -> None:
    raise Refused("The file is empty.")


@task(in_parts=True)
def stumble_on_the_way(progress_id: str, count: int, at: int) -> None:
    progress = Progress.objects.get(pk=progress_id)
    for step in steps(progress, range(count), size=2):
        with step as numbers:
            for number in numbers:
                write(f"step {number}")
            if at in numbers:
                raise ValueError("There is a stone.")
