"""Health: whether this process lives (``/healthz``), and whether all it needs does (``/readyz``)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from time import monotonic

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import get_random_string
from django.utils.timezone import now

from guildhall.core.models import Worker

STORAGE_IS_TRIED_EVERY = 60  # seconds: with S3 each trial costs money


class Unwell(Exception):
    """What does not work, in a sentence without secrets."""


class HealthMiddleware:
    """Answer machines before anything else happens: they come without host name and session, and leave no line in the log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.answers: dict[str, Callable[[HttpRequest], HttpResponse]] = {"/healthz": healthz, "/readyz": readyz}
        if settings.METRICS:
            from guildhall.core.metrics import metrics

            self.answers["/metrics"] = metrics

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.answers.get(request.path, self.get_response)
        return answer(request)


def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process lives; asks nothing and nobody."""
    return HttpResponse("alive\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether requests can be answered: 200 or 503, with each check in JSON."""
    results: dict[str, str] = {}
    for name, check in {"database": database, "migrations": migrations, "worker": worker, "storage": storage}.items():
        try:
            check()
            results[name] = "ok"
        except Unwell as trouble:
            results[name] = str(trouble)
        except Exception as error:
            # Only its kind: its text may hold addresses or names, and anybody may ask here.
            results[name] = f"This does not work ({type(error).__name__}). `guildhall doctor` says why."
        if name == "database" and results[name] != "ok":
            break  # the others would only wait for it
    ready = all(result == "ok" for result in results.values())
    return JsonResponse({"ready": ready, "checks": results}, status=200 if ready else 503)


def database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def migrations() -> None:
    """Raise ``Unwell`` unless the database has the shape that this version needs."""
    if not _is_migrated():
        _is_migrated.cache_clear()
        raise Unwell("The database is older than this version: run `guildhall prepare`.")


@cache
def _is_migrated() -> bool:
    # Reading all migrations takes a tenth of a second; a yes stays true for as long as this process runs.
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def worker() -> None:
    """Raise ``Unwell`` unless some worker's heart beats."""
    if not Worker.objects.filter(beat_at__gte=now() - timedelta(seconds=settings.WORKER_DEAD_AFTER)).exists():
        raise Unwell("No worker runs: mails, imports and the schedule wait. Start one with `guildhall worker`.")


def storage() -> None:
    """Raise ``Unwell`` unless a file can be written, read and deleted."""
    global _storage_is_believed_until
    if monotonic() < _storage_is_believed_until:
        return
    content = get_random_string(32).encode()
    name = default_storage.save(f"trial/{get_random_string(16)}", ContentFile(content))
    try:
        with default_storage.open(name) as file:
            if file.read() != content:
                raise Unwell("A file that was written comes back with another content.")
    finally:
        default_storage.delete(name)
    _storage_is_believed_until = monotonic() + STORAGE_IS_TRIED_EVERY


_storage_is_believed_until = 0.0
