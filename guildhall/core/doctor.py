"""What ``guildhall doctor`` looks at: each function examines one thing and says in sentences what it found."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core import checks
from django.core.cache import cache
from django.core.mail import EmailMessage, get_connection
from django.db import connection
from django.utils.crypto import get_random_string
from django.utils.timezone import now
from django_tasks_db.models import DBTaskResult

from guildhall.core import health
from guildhall.core.catalogues import catalogues
from guildhall.core.models import Schedule
from guildhall.core.questions import Finding, installation_findings
from guildhall.core.tasks.declaring import schedules

ENOUGH_DISK_MB = 1024
OLDEST_POSTGRESQL = 14
LATE = timedelta(minutes=15)
LONG = timedelta(hours=1)

Findings = Iterator[Finding]


def well(sentence: str) -> Finding:
    return Finding("well", sentence)


def doubtful(sentence: str) -> Finding:
    return Finding("doubtful", sentence)


def wrong(sentence: str) -> Finding:
    return Finding("wrong", sentence)


def examine() -> Findings:
    """Examine everything, first what the rest depends on. A check that itself breaks down is a finding too."""
    for check in [_settings, _database, _migrations, _clock, _cache, _storage, _disk, _mail, _worker, _tasks, _schedule]:
        try:
            yield from check()
        except health.Unwell as trouble:
            yield wrong(str(trouble))
        except Exception as error:
            yield wrong(f"{_subject(check)} could not be examined: {type(error).__name__}: {error}")
            if check is _database:
                yield doubtful("What needs the database was not examined.")
                break
    for check in [_languages, _static_files, _django]:
        yield from check()
    for answers in installation_findings.ask():
        yield from answers


def _subject(check: Callable[[], Findings]) -> str:
    return f"The {check.__name__.strip('_').replace('_', ' ')}"


def _settings() -> Findings:
    if not settings.PRODUCTION:
        yield doubtful(
            "A development installation: its secret is known to all, cookies go in the clear. PRODUCTION=1 changes that."
        )
    else:
        yield well(f"Production, reached as {', '.join(settings.ALLOWED_HOSTS)}; letters lead to {settings.BASE_URL}.")
        if not settings.BASE_URL.startswith("https://"):
            yield wrong("Links in letters are not encrypted: BASE_URL must begin with https://.")
        if not any(host in settings.BASE_URL for host in settings.ALLOWED_HOSTS):
            yield wrong(f"Letters lead to {settings.BASE_URL}, but Guildhall does not answer under that name: see ALLOWED_HOSTS.")
    if "*" in settings.ALLOWED_HOSTS:
        yield wrong("ALLOWED_HOSTS=* lets strangers send people to their own site in our name. Name the hosts.")


def _database() -> Findings:
    health.database()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            version = connection.pg_version // 10000  # type: ignore[attr-defined]
            if version < OLDEST_POSTGRESQL:
                yield wrong(f"PostgreSQL {version} is too old: {OLDEST_POSTGRESQL} or newer is needed.")
            cursor.execute("SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()")
            if (encoding := cursor.fetchone()[0]) != "UTF8":
                yield wrong(f"The database keeps its texts as {encoding}: make one with UTF8.")
            yield well(f"The database answers: PostgreSQL {version}.")
        else:
            cursor.execute("SELECT sqlite_version(), sqlite_compileoption_used('ENABLE_FTS5')")
            version, has_search = cursor.fetchone()
            if not has_search:
                yield wrong("This SQLite was built without FTS5: search cannot work.")
            yield well(f"The database answers: SQLite {version}. For several schools or servers use PostgreSQL.")


def _migrations() -> Findings:
    health.migrations()
    yield well("The database has the shape this version needs.")


def _clock() -> Findings:
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        apart = abs((cursor.fetchone()[0] - now()).total_seconds())
    if apart > 5:
        yield wrong(f"This machine and the database disagree about the time by {apart:.0f} seconds: let both keep it by NTP.")
    else:
        yield well("This machine and the database agree about the time.")


def _cache() -> Findings:
    value = get_random_string(16)
    cache.set("doctor", value, 60)
    if cache.get("doctor") != value:
        yield wrong("The cache does not keep what it is given: rate limits cannot work. Run `guildhall prepare`.")
    else:
        yield well("The cache keeps what it is given.")


def _storage() -> Findings:
    bucket = f"the bucket {settings.S3_BUCKET} that S3_ENDPOINT_URL, S3_ACCESS_KEY and S3_SECRET_KEY lead to"
    try:
        health.storage()
    except Exception as error:
        yield wrong(f"Files cannot be kept in {bucket if settings.S3_BUCKET else settings.MEDIA_ROOT}: {error}")
    else:
        yield well("Files can be written, read and deleted.")


def _disk() -> Findings:
    # The folder may not be there yet; then it will be made where its parents are.
    folder = next(path for path in [settings.DATA, *settings.DATA.parents] if path.exists())
    free_mb = shutil.disk_usage(folder).free // 2**20
    say = wrong if free_mb < ENOUGH_DISK_MB // 4 else doubtful if free_mb < ENOUGH_DISK_MB else well
    yield say(f"{free_mb:,} MB are free where data is kept ({settings.DATA}).")


def _mail() -> Findings:
    kind = settings.EMAIL_BACKEND.split(".")[-2]
    if kind != "smtp":
        say = wrong if settings.PRODUCTION else well
        yield say(f"Letters are not sent ({kind}): EMAIL_URL names the mail server.")
        return
    post = get_connection(timeout=10)
    post.open()
    post.close()
    yield well(f"The mail server {settings.EMAIL_HOST} answers and knows us.")
    if "localhost" in settings.DEFAULT_FROM_EMAIL:
        yield wrong("Letters come from an address at localhost and will be refused: MAIL_FROM names the sender.")


def send_trial_letter(to: str) -> Findings:
    """Send a letter, so that somebody can see whether it arrives."""
    try:
        EmailMessage("Guildhall can send letters", "This letter was asked for with `guildhall doctor --mail`.", to=[to]).send()
    except Exception as error:
        yield wrong(f"A letter to {to} could not be sent: {type(error).__name__}: {error}")
    else:
        yield well(f"A letter to {to} was handed over. See whether it arrives, and not among the unwanted ones.")


def _worker() -> Findings:
    health.worker()
    yield well("A worker runs.")


def _tasks() -> Findings:
    failed = DBTaskResult.objects.failed().count()
    if failed:
        yield doubtful(f"Tasks that have failed for good: {failed}. `guildhall tasks` shows them.")
    late = DBTaskResult.objects.ready().filter(enqueued_at__lt=now() - LATE, worker_ids=[]).count()
    if late:
        yield wrong(f"Tasks that have waited for over a quarter of an hour: {late}. TASK_THREADS runs more at a time.")
    for task in DBTaskResult.objects.running().filter(started_at__lt=now() - LONG):
        yield doubtful(f"{task.task_path} has been running since {task.started_at:%Y-%m-%d %H:%M} UTC.")
    if not failed:
        yield well("No task has failed.")


def _schedule() -> Findings:
    kept = {schedule.task: schedule for schedule in Schedule.objects.all()}
    for name in sorted(schedules):
        if name not in kept:
            yield wrong(f"{name} is not scheduled yet: no worker of this version has run.")
        elif kept[name].next_at < now() - LATE:
            yield wrong(f"{name} ({kept[name].timing}) is overdue since {kept[name].next_at:%Y-%m-%d %H:%M} UTC.")
        else:
            yield well(f"{name} runs {kept[name].timing}, next at {kept[name].next_at:%Y-%m-%d %H:%M} UTC.")


def _languages() -> Findings:
    missing = sorted({source.parts[-3] for source in catalogues() if not source.with_suffix(".mo").exists()})
    if missing:
        yield wrong(f"Translations that are not compiled: {', '.join(missing)}. Run `guildhall prepare`.")
    else:
        yield well(f"Languages offered: {', '.join(code for code, _ in settings.LANGUAGES)}.")


def _static_files() -> Findings:
    if settings.PRODUCTION and not (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
        yield wrong("Pages have no looks: run `guildhall prepare`.")


def _django() -> Findings:
    for message in checks.run_checks(include_deployment_checks=settings.PRODUCTION, databases=["default"]):
        if not message.is_silenced():
            say = wrong if message.level >= checks.ERROR else doubtful
            yield say(f"Django says: {' '.join(filter(None, [message.msg, message.hint]))} ({message.id})")


def versions() -> str:
    return f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
