from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from guildhall.core import serving


class Command(BaseCommand):
    """Listed by ``guildhall help``; ``guildhall serve`` itself goes to ``serving`` without loading Django."""

    help = "Runs Guildhall on this machine: the web server and a worker, until it is stopped."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        serving.add_arguments(parser)

    def handle(self, *, host: str, port: int, web_workers: int, web_threads: int, task_threads: int, **options: Any) -> None:
        raise SystemExit(serving.serve(host, port, web_workers, web_threads, task_threads))
