from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.conf import settings
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from pydantic import Field

from guildhall.core.api import PageOf, Paging, page_of
from guildhall.core.api.fields import Body, YesNo
from guildhall.core.api.paging import NEWEST
from guildhall.core.http import download
from guildhall.engagement import actions
from guildhall.engagement.api.employers import EmployerQuery, employers_asked_for
from guildhall.engagement.api.things import EXPORT, Somebody, a_position, a_school, an_employer, needs_for, told_user
from guildhall.engagement.colleagues import colleagues_of
from guildhall.engagement.columns import COLUMNS, chosen
from guildhall.engagement.exporting import sheet, vcard
from guildhall.engagement.exporting.table import FORMATS, table_of
from guildhall.engagement.exporting.whole import whole_book
from guildhall.engagement.filtering import ordered
from guildhall.engagement.models import Calendar, Export
from guildhall.engagement.rules import can_export_book
from guildhall.people.bearer import needs
from guildhall.people.middleware import PersonRequest

router = Router()


class ExportSent(Body):
    file_format: Literal["xlsx", "csv", "json"]
    filters: EmployerQuery | None = Field(None, description="Which employers, and in which order, as in the list; all by name.")
    columns: list[Literal[tuple(column.key for column in COLUMNS)]] = Field([], description="Those of the list if none is named.")  # type: ignore[valid-type]


class ExportShown(Schema):
    id: int
    file_format: str
    count: int
    made_at: datetime
    made_by: Somebody


class CalendarSent(Body):
    has_telephones: YesNo = Field(False, description="Whether names and telephone numbers stand in the entries.")


class CalendarShown(Schema):
    has_telephones: bool
    renewed_at: datetime
    address: str | None = Field(description="Secret, and told only once: when it is made.")


@router.post(
    "/schools/{int:pk}/exports",
    summary="Take employers along",
    **needs_for(EXPORT, *(content_type for content_type, _written in FORMATS.values())),
)
def export_employers(request: PersonRequest, pk: int, sent: ExportSent) -> HttpResponseBase:
    """In the same file as from the page."""
    school = a_school(request, pk)
    asked = sent.filters or EmployerQuery.model_validate({})
    employers = employers_asked_for(request, school, asked)
    actions.export_employers(school, employers=employers, file_format=sent.file_format, by=request.user, at=now())
    content_type, written = FORMATS[sent.file_format]
    table = table_of(ordered(employers, asked.sort), chosen(sent.columns), colleagues_of(school))
    return download(written(table), f"{_('Employers')} {localdate()}", sent.file_format, content_type)


@router.post("/schools/{int:pk}/exports/book", summary="Take the whole book along", **needs_for(EXPORT, "application/json"))
def export_book(request: PersonRequest, pk: int) -> HttpResponseBase:
    school, moment = a_school(request, pk), now()
    actions.export_book(school, by=request.user, at=moment)
    return download(whole_book(school, at=moment), f"{_('Employer book')} {localdate()}", "json", "application/json")


@router.get("/schools/{int:pk}/exports", response=PageOf[ExportShown], summary="Who took what along", **needs(EXPORT))
def list_exports(request: PersonRequest, pk: int, paging: Query[Paging]) -> Any:
    """The newest first. For those who may take the whole book along."""
    school = a_school(request, pk)
    can_export_book.require(request.user, school)
    exports = Export.objects.visible_to(request.user).filter(school=school).select_related("made_by")
    return page_of(exports, paging, NEWEST, told=lambda shown: [_told(export) for export in shown])


@router.get("/employers/{int:pk}/sheet.pdf", summary="An employer on paper", **needs_for(EXPORT, sheet.MEDIA_TYPE))
def print_employer(request: PersonRequest, pk: int) -> HttpResponseBase:
    employer = an_employer(request, pk)
    return download(sheet.sheet(employer, at=now()), f"{employer} {localdate()}", "pdf", sheet.MEDIA_TYPE, as_attachment=False)


@router.get("/employers/{int:pk}/people.vcf", summary="Everybody there, for an address book", **needs_for(EXPORT, "text/vcard"))
def read_vcards(request: PersonRequest, pk: int) -> HttpResponseBase:
    employer = an_employer(request, pk)
    held = employer.positions.current().for_list().with_answers().select_related("employer__organisation")
    return download(vcard.cards(held), str(employer), "vcf", vcard.MEDIA_TYPE)


@router.get("/positions/{int:pk}/person.vcf", summary="Somebody, for an address book", **needs_for(EXPORT, "text/vcard"))
def read_vcard(request: PersonRequest, pk: int) -> HttpResponseBase:
    held = a_position(request, pk)
    if not held.is_current:
        raise Http404
    return download(vcard.cards([held]), held.person.name, "vcf", vcard.MEDIA_TYPE)


@router.get("/schools/{int:pk}/calendar", response=CalendarShown, summary="Your calendar", **needs(EXPORT))
def read_calendar(request: PersonRequest, pk: int) -> Any:
    """Whether your next steps and visits are to be had under a secret address."""
    return _told_calendar(_calendar(request, pk))


@router.post("/schools/{int:pk}/calendar", response={201: CalendarShown}, summary="Make its address", **needs(EXPORT))
def make_calendar(request: PersonRequest, pk: int, sent: CalendarSent) -> Any:
    """An earlier one stops working."""
    wanted = sent.has_telephones
    calendar, token = actions.make_calendar(a_school(request, pk), has_telephones=wanted, by=request.user, at=now())
    return _told_calendar(calendar, settings.BASE_URL + reverse("engagement:calendar_feed", args=[token]))


@router.delete("/schools/{int:pk}/calendar", response={204: None}, summary="Take its address back", **needs(EXPORT))
def remove_calendar(request: PersonRequest, pk: int) -> Any:
    actions.remove_calendar(_calendar(request, pk), by=request.user, at=now())


def _calendar(request: PersonRequest, pk: int) -> Calendar:
    return get_object_or_404(Calendar.objects.of(request.user), school=a_school(request, pk))


def _told(export: Export) -> dict[str, Any]:
    plain = {name: getattr(export, name) for name in ("file_format", "count", "made_at")}
    return {"id": export.pk, **plain, "made_by": told_user(export.made_by)}


def _told_calendar(calendar: Calendar, address: str | None = None) -> dict[str, Any]:
    return {"has_telephones": calendar.has_telephones, "renewed_at": calendar.renewed_at, "address": address}
