import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from guildhall.core.tasks.worker import Worker


class Command(BaseCommand):
    help = "Runs tasks and minds the schedule until it is stopped."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--threads", type=int, default=1, help="how many tasks to run at a time (default: 1)")
        parser.add_argument("--grace", type=float, default=10, help="seconds a task has to end when told to stop (default: 10)")

    def handle(self, *, threads: int, grace: float, **options: Any) -> None:
        worker = Worker(threads)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stopping.set())
        if not worker.run(grace):
            raise SystemExit(1)
