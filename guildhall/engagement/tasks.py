"""Work of this room that goes on after the answer."""

from __future__ import annotations

from django.utils.timezone import now

from guildhall.core.models import Progress
from guildhall.core.progress import steps
from guildhall.core.tasks import part, pause, task
from guildhall.engagement.actions import imports
from guildhall.engagement.importing.lot import PORTION, Lot
from guildhall.engagement.models import EmployerImport


@task(in_parts=True)
def check_list(progress_id: str, import_id: int) -> None:
    """Compare a file of employers with the book; nothing is written into it."""
    progress = Progress.objects.get(pk=progress_id)
    brought = _brought(import_id)
    if brought is None:
        return
    portions = []
    for decisions in Lot(brought.school, imports.read_rows(brought)).check():
        pause()
        portions.append(decisions)
        progress.done = min(len(portions) * PORTION, progress.total)
        progress.save(update_fields=["done"])
    with part():
        imports.keep_check(brought, portions=portions, by=brought.uploaded_by, at=now())


@task(in_parts=True)
def import_list(progress_id: str, import_id: int) -> None:
    """Write a file of employers into the book, portion by portion."""
    progress = Progress.objects.get(pk=progress_id)
    brought = _brought(import_id)
    if brought is None or brought.state == EmployerImport.State.DONE:
        return
    lot = Lot(brought.school, imports.read_rows(brought))
    lot.go_on_from(progress.done)
    for step in steps(progress, lot.rows, size=PORTION):
        with step as rows:
            imports.let_rows_in(brought, lot=lot, rows=rows, by=brought.uploaded_by, at=now())
    with part():
        imports.finish_import(brought, by=brought.uploaded_by, at=now())


def _brought(import_id: int) -> EmployerImport | None:
    """The import, unless somebody has taken it back in the meantime."""
    return EmployerImport.objects.select_related("school", "uploaded_by", "file").filter(pk=import_id).first()
