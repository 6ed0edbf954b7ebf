"""Progress: how far a long task is, shown to the person who started it, and where it goes on after an interruption.

An action starts the task; the page shows ``{% url 'core:progress' progress.pk %}``, or the view redirects there::

    progress = start_progress("engagement.import_employers", by=by, doing=gettext_noop("Reading the file"), upload_id=upload.pk)

The task goes through its work in steps. What a step does, and the note that it was done, are kept together or not at all::

    @task(in_parts=True)
    def import_employers(progress_id: str, upload_id: int) -> None:
        progress = Progress.objects.get(pk=progress_id)
        rows = read(upload_id)
        for step in steps(progress, rows, size=100):
            with step as batch:
                ...
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from guildhall.core.http import wants_fragment
from guildhall.core.models import Progress
from guildhall.core.tasks import defer, part, pause

T = TypeVar("T")


def start_progress(task: str, *, by: Model, doing: str, then: str = "", total: int = 0, **arguments: Any) -> Progress:
    """Ask for a task whose progress can be watched, in the caller's transaction.

    Args:
        task: its name; it is given ``progress_id`` besides ``arguments``.
        by: the user or pass that may watch.
        doing: what is done first, marked with ``gettext_noop``.
        then: the page to go to when all is done.
        total: how many things there are to do, 0 while that is not known.
    """
    progress = Progress(
        owner_type=by._meta.label_lower,
        owner_id=by.pk,
        language=get_language() or "",
        doing=doing,
        then=then,
        total=total,
        started_at=now(),
    )
    with transaction.atomic():
        progress.task_id = defer(task, progress_id=str(progress.pk), **arguments)
        progress.save(force_insert=True)
    return progress


def steps(progress: Progress, things: Sequence[T], *, size: int = 1) -> Iterator[AbstractContextManager[Sequence[T]]]:
    """Go through ``things``, ``size`` at a time, from where an earlier attempt got to: they must come in the same order again.

    Each step is a transaction that is kept only if the task is still this worker's. One that raises ends the task for this
    attempt: what is wrong with a single thing is dealt with inside.
    """
    progress.total = len(things)
    progress.save(update_fields=["total"])
    while progress.done < progress.total:
        pause()
        yield _step(progress, things[progress.done : progress.done + size])


@contextmanager
def _step(progress: Progress, batch: Sequence[T]) -> Iterator[Sequence[T]]:
    with part():
        yield batch
        progress.advance(len(batch))


@require_safe
def show_progress(request: HttpRequest, pk: str) -> HttpResponse:
    """Show how far a task is. The fragment asks for itself again until the task has ended, then leads on."""
    progress = get_object_or_404(Progress.objects.of(request.user), pk=pk)  # type: ignore[arg-type]  # has signed in
    leads_on = progress.state == Progress.State.DONE and progress.then
    if wants_fragment(request):
        response = render(request, "core/_progress.html", {"progress": progress})
        if leads_on:
            response["HX-Redirect"] = progress.then
        elif progress.finished:
            response["HX-Refresh"] = "true"  # all of the page says that it is over
        return response
    if leads_on:
        return redirect(progress.then)
    return render(request, "core/progress.html", {"progress": progress})
