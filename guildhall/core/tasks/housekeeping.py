"""What the house does for itself at night."""

from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.utils.timezone import now
from django_tasks_db.models import DBTaskResult

from guildhall.core import files
from guildhall.core.api.repeating import forget_old_answers
from guildhall.core.models import Progress
from guildhall.core.tasks.declaring import schedule, task

DONE_IS_KEPT = timedelta(days=7)
FAILED_IS_KEPT = timedelta(days=90)


@schedule(daily_at="03:40")
@task()
def tidy_up() -> None:
    """Remove what nobody needs any more: tasks long finished, their progress, sessions that have run out."""
    DBTaskResult.objects.successful().filter(finished_at__lt=now() - DONE_IS_KEPT).delete()
    DBTaskResult.objects.failed().filter(finished_at__lt=now() - FAILED_IS_KEPT).delete()
    Progress.objects.filter(finished_at__lt=now() - DONE_IS_KEPT).delete()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()


@schedule(every="1 hour")
@task()
def forget_answers() -> None:
    """Forget what programs were answered a day ago: nobody sends that again."""
    forget_old_answers()


@schedule(daily_at="03:50")
@task(in_parts=True)
def sweep_files() -> None:
    """Remove files whose time is over, and bytes that a failed transaction left behind."""
    files.sweep(now())
