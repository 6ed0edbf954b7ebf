from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Count
from django.utils.timezone import now
from django_tasks import TaskResultStatus as Status
from django_tasks_db.models import DBTaskResult


class Command(BaseCommand):
    help = "Shows how many tasks wait and run, and which have failed; has failed ones tried again, or forgets them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--retry", metavar="NUMBER", help='try this failed task again; "all" for all of them')
        parser.add_argument("--forget", metavar="NUMBER", help='remove this failed task; "all" for all of them')
        parser.add_argument("--traceback-of", metavar="NUMBER", help="show what went wrong in full")

    def handle(self, *, retry: str | None, forget: str | None, traceback_of: str | None, **options: Any) -> None:
        failed = DBTaskResult.objects.failed().order_by("finished_at")
        if retry:
            chosen = failed if retry == "all" else failed.filter(pk=retry)
            count = chosen.order_by().update(status=Status.READY, run_after=now(), worker_ids=[], finished_at=None)
            self.stdout.write(f"Tried again: {count}")
        elif forget:
            count, _ = (failed if forget == "all" else failed.filter(pk=forget)).delete()
            self.stdout.write(f"Forgotten: {count}")
        elif traceback_of:
            self.stdout.write(failed.get(pk=traceback_of).traceback)
        else:
            for status, count in DBTaskResult.objects.order_by("status").values_list("status").annotate(Count("pk")):
                self.stdout.write(f"{status.lower()}: {count}")
            for task in failed:
                self.stdout.write(f"{task.pk}  {task.finished_at:%Y-%m-%d %H:%M}  {task.task_path}  {task.exception_class_path}")
