from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from django.utils.translation import gettext as _
from ninja import File, Query, Router, Schema
from ninja.files import UploadedFile
from pydantic import Field

from guildhall.core.api import Invalid, PageOf, Paging, filled, page_of
from guildhall.core.api.fields import Body
from guildhall.core.api.paging import NEWEST, Order
from guildhall.core.http import download
from guildhall.engagement.actions import imports as actions
from guildhall.engagement.actions.deciding import decide_rows
from guildhall.engagement.actions.taking_back import take_back_import as take_back
from guildhall.engagement.api.things import IMPORT, Somebody, a_school, all_told, needs_for, told_user
from guildhall.engagement.exporting.table import FORMATS
from guildhall.engagement.forms.imports import LEFT_OUT, ColumnsForm, UploadForm, possible
from guildhall.engagement.importing import mapping
from guildhall.engagement.importing.mending import rows_to_mend
from guildhall.engagement.models import EmployerImport, ImportRow
from guildhall.engagement.rules import can_import
from guildhall.people.bearer import needs
from guildhall.people.middleware import PersonRequest

router = Router()

BY_ROW = Order("number")
OutcomeAsked = Literal["", "changed", "new", "unclear", "wrong", "unchanged", "decided"]


class ColumnShown(Schema):
    heading: str
    holds: str | None = Field(description="The name of the field it holds, null where it is left out.")
    samples: list[str]


class ImportShown(Schema):
    """A file on its way into the book. Until it has run, the counts are what would happen."""

    id: int
    file_name: str
    state: str = Field(description="`mapping`: say which column holds what; `ready`: look it through, then begin.")
    new: int
    changed: int
    unchanged: int
    unclear: int
    wrong: int
    new_employers: int
    new_sites: int
    uploaded_at: datetime
    uploaded_by: Somebody | None
    finished_at: datetime | None


class ImportWhole(ImportShown):
    columns: list[ColumnShown]
    country: str
    is_under_way: bool = Field(description="Whether a task is at work on it.")
    done: int = Field(description="How many rows the task has done.")
    total: int


class Answer(Schema):
    answer: str
    words: str


class RowShown(Schema):
    number: int = Field(description="As a spreadsheet counts: the headings are row 1.")
    outcome: str
    name: str
    reason: str
    given: dict[str, Any] = Field(description="What the row says, where it could not go in.")
    answers: list[Answer] = Field(description="What can be decided about an unclear row.")
    chosen: str = Field(description="What was decided.")


class Decisions(Body):
    rows: dict[str, Annotated[str, Field(max_length=40)]] = Field(
        {},
        max_length=1000,
        description="For each row, by its number, one of its answers; empty to decide it later.",
        examples=[{"2": "new"}],
    )
    remaining: Literal["", "new", "take", "leave"] = Field("", description="The answer to all other unclear rows that it fits.")


class Columns(Body):
    columns: dict[str, str] = Field(
        max_length=200,
        description="For each heading the field it holds: " + ", ".join(f"`{name}`" for name in mapping.FIELDS) + ".",
        examples=[{"Firma": "name", "Ort": "town"}],
    )
    country: str = Field("", max_length=2, description="Of employers for which the file names none.", examples=["DE"])


@router.get("/schools/{int:pk}/imports", response=PageOf[ImportShown], summary="What was brought", **needs(IMPORT))
def list_imports(request: PersonRequest, pk: int, paging: Query[Paging]) -> Any:
    """The newest first."""
    shown = EmployerImport.objects.visible_to(request.user).filter(school=a_school(request, pk)).select_related("uploaded_by")
    return page_of(shown, paging, NEWEST, told=lambda brought: [_told(each) for each in brought])


@router.post("/schools/{int:pk}/imports", response={201: ImportWhole}, summary="Bring a list of employers", **needs(IMPORT))
def bring_list(request: PersonRequest, pk: int, file: File[UploadedFile]) -> Any:
    """Excel, LibreOffice or CSV. Nothing is written into the book yet."""
    school = a_school(request, pk)
    can_import.require(request.user, school)
    form = UploadForm({}, {"file": file}, school=school)
    if not form.is_valid():
        raise Invalid(form.errors)
    table, seen = form.cleaned_data["file"], form.seen
    understood: dict[str, Any] = {"reading": seen.reading, "mapping": seen.mapping, "country": seen.country}
    brought = actions.bring_list(school, upload=table, file_name=table.name, **understood, by=request.user, at=now())
    return _whole(brought)


@router.get("/imports/{int:pk}", response=ImportWhole, summary="An import: what would happen, how far it is", **needs(IMPORT))
def read_import(request: PersonRequest, pk: int) -> Any:
    return _whole(_brought(request, pk))


@router.get("/imports/{int:pk}/rows", response=PageOf[RowShown], summary="Rows worth looking at", **needs(IMPORT))
def list_rows(
    request: PersonRequest,
    pk: int,
    paging: Query[Paging],
    outcome: OutcomeAsked = "",
) -> Any:
    """Each with the reason: unclear, wrong, replacing what the book says, or only partly let in."""
    rows = ImportRow.objects.filter(employer_import=_brought(request, pk))
    return page_of(rows.filter(outcome=outcome) if outcome else rows, paging, BY_ROW, told=all_told(_told_row))


@router.get(
    "/imports/{int:pk}/rows/to-mend",
    summary="The rows that stayed out, as a file",
    **needs_for(IMPORT, *(FORMATS[name][0] for name in ("xlsx", "csv"))),
)
def read_rows_to_mend(request: PersonRequest, pk: int, file_format: Literal["xlsx", "csv"] = "xlsx") -> HttpResponseBase:
    """To be mended and brought again."""
    brought = _brought(request, pk)
    can_import.require(request.user, brought.school)
    content_type, written = FORMATS[file_format]
    name = f"{Path(brought.file_name).stem} {_('to mend')}"
    return download(written(rows_to_mend(brought)), name, file_format, content_type)


@router.post("/imports/{int:pk}/decide", response=ImportWhole, summary="Say what unclear rows mean", **needs(IMPORT))
def decide_import_rows(request: PersonRequest, pk: int, sent: Decisions) -> Any:
    """And see again what would happen; once the import is done, let them in."""
    if wrong := {number: [_("There is no such field.")] for number in sent.rows if not _is_row(number)}:
        raise Invalid(wrong)
    answers = {int(number): answer for number, answer in sent.rows.items()}
    brought = _brought(request, pk)
    return _whole(decide_rows(brought, answers=answers, remaining=sent.remaining, by=request.user, at=now()))


@router.put("/imports/{int:pk}/columns", response=ImportWhole, summary="Say which column holds what", **needs(IMPORT))
def match_columns(request: PersonRequest, pk: int, sent: Columns) -> Any:
    """And see again what would happen. Headings that are not named are left out."""
    brought = _brought(request, pk)
    at = {heading: f"column_{number}" for number, heading in enumerate(brought.headings)}
    wanted = {**dict.fromkeys(at.values(), LEFT_OUT), "country": sent.country or brought.country}
    wanted |= {at.get(heading, heading): name for heading, name in sent.columns.items()}
    form = filled(ColumnsForm, wanted, employer_import=brought)
    country = form.cleaned_data["country"]
    return _whole(actions.match_columns(brought, mapping=form.mapping, country=country, by=request.user, at=now()))


@router.post("/imports/{int:pk}/begin", response={202: ImportWhole}, summary="Let the rows into the book", **needs(IMPORT))
def begin_import(request: PersonRequest, pk: int) -> Any:
    """A task does it."""
    return _whole(actions.begin_import(_brought(request, pk), by=request.user, at=now()))


@router.post("/imports/{int:pk}/go-on", response={202: ImportWhole}, summary="Go on with one that stopped", **needs(IMPORT))
def go_on_with_import(request: PersonRequest, pk: int) -> Any:
    return _whole(actions.go_on_with_import(_brought(request, pk), by=request.user, at=now()))


@router.delete("/imports/{int:pk}", response={204: None}, summary="Take back a file that was not let in", **needs(IMPORT))
def drop_import(request: PersonRequest, pk: int) -> Any:
    actions.drop_list(_brought(request, pk), by=request.user, at=now())


@router.post("/imports/{int:pk}/take-back", response={202: ImportWhole}, summary="Take an import back", **needs(IMPORT))
def take_back_import(request: PersonRequest, pk: int) -> Any:
    """What it brought leaves the book again, but for what somebody has worked on since. A task does it."""
    return _whole(take_back(_brought(request, pk), by=request.user, at=now()))


def _is_row(number: str) -> bool:
    return number.isascii() and number.isdigit() and len(number) < 8


def _brought(request: PersonRequest, pk: int) -> EmployerImport:
    shown: Any = EmployerImport.objects.visible_to(request.user).select_related("school", "uploaded_by", "progress")
    return get_object_or_404(shown, pk=pk)


def _told_row(row: ImportRow) -> dict[str, Any]:
    plain = {name: getattr(row, name) for name in ("number", "outcome", "name", "reason", "given", "chosen")}
    return {**plain, "answers": [{"answer": answer, "words": words} for answer, words in possible(row)]}


def _told(brought: EmployerImport) -> dict[str, Any]:
    plain = [name for name in ImportShown.model_fields if name not in ("id", "uploaded_by")]
    told = {"id": brought.pk, "uploaded_by": told_user(brought.uploaded_by)}
    return told | {name: getattr(brought, name) for name in plain}


def _whole(brought: EmployerImport) -> dict[str, Any]:
    held = {heading: name for name, heading in brought.mapping.items()}
    columns = [
        {"heading": column["heading"], "holds": held.get(column["heading"]), "samples": column.get("samples", [])}
        for column in brought.reading.get("columns", [])
    ]
    progress = brought.progress
    return {
        **_told(brought),
        "columns": columns,
        "country": brought.country,
        "is_under_way": progress is not None and not progress.finished,
        "done": progress.done if progress else 0,
        "total": progress.total if progress else 0,
    }
