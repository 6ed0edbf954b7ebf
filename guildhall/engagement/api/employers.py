from __future__ import annotations

from typing import Any, Literal

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from pydantic import Field

from guildhall.core.actions import lock
from guildhall.core.api import Invalid, Order, PageOf, Paging, carry_version, filled, page_of, unchanged_since
from guildhall.core.api.fields import Body, Number
from guildhall.engagement import actions
from guildhall.engagement.api.things import (
    READ,
    WRITE,
    EmployerShown,
    EmployerWhole,
    a_school,
    all_told,
    an_employer,
    employers_seen_by,
    told_employer,
    whole,
)
from guildhall.engagement.colleagues import colleagues_of
from guildhall.engagement.filtering import narrowed
from guildhall.engagement.forms.book import EmployerFilter
from guildhall.engagement.forms.employers import EmployerAddForm, EmployerForm, HandOverForm
from guildhall.engagement.models import Employer, EmployerQuerySet, Merge
from guildhall.people.bearer import needs
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import Organisation

router = Router()

#: The orders of the list's page (``filtering.ORDERS``), as a cursor follows them.
ORDERS = {
    "name": Order("sort_key"),
    "-name": Order("sort_key", descending=True),
    "contact": Order("last_contact_at", nulls_first=True),
    "-contact": Order("last_contact_at", descending=True),
    "step": Order("next_due_on"),
    "-step": Order("next_due_on", descending=True),
    "added": Order("added_at"),
    "-added": Order("added_at", descending=True),
}


class EmployerFilters(Schema):
    """The filters of the list's page, by the same names as in its address."""

    q: str = Field("", max_length=200, description="Words, numbers or names; typos are forgiven.")
    owner: str = Field("", max_length=20, description="The number of a colleague, or `nobody`.")
    sector: str = Field("", max_length=7, description="A section of NACE 2.1, `A` to `V`.")
    place: str = Field("", max_length=60, description="How a town or a postal code begins.")
    near: str = Field("", max_length=20, description="The number of a site of the school.")
    km: Literal["", "5", "10", "25", "50", "100"] = Field("", description="How near, in km; 25 if nothing is said.")
    silent: Literal["", "never", "30", "120", "365"] = Field("", description="Days since the last contact.")
    step: Literal["", "overdue", "open", "none"] = ""
    tag: str = Field("", max_length=20, description="The number of a tag.")
    rest: Literal["", "awake", "resting"] = ""


class EmployerQuery(EmployerFilters):
    sort: Literal["name", "-name", "contact", "-contact", "step", "-step", "added", "-added"] = "name"


class EmployerFacts(Body):
    trade_name: str = Field("", max_length=250)
    register_number: str = Field("", max_length=40)
    nace: str = Field("", max_length=7, description="A division of NACE 2.1.", examples=["43"])
    size_band: str = Field("", max_length=10)
    website: str = Field("", max_length=300, examples=["https://kurz.example"])
    note: str = Field("", max_length=4000)


class EmployerSent(EmployerFacts):
    name: str = Field(max_length=250, examples=["Tischlerei Kurz"])
    country: str = Field("", max_length=2, description="That of the school if nothing is said.", examples=["DE"])
    street: str = Field("", max_length=250)
    postal_code: str = Field("", max_length=20)
    town: str = Field("", max_length=120, examples=["Kiel"])
    phone: str = Field("", max_length=40)
    email: str = Field("", max_length=254)


class EmployerChanged(EmployerFacts):
    """Only the fields that are sent are changed."""

    name: str | None = Field(None, max_length=250)
    country: str | None = Field(None, max_length=2)


class NewOwner(Body):
    owner: Number | None = Field(description="The number of a colleague, null for nobody.")


@router.get("/schools/{int:pk}/employers", response=PageOf[EmployerShown], summary="The employers in a book", **needs(READ))
def list_employers(request: PersonRequest, pk: int, asked: Query[EmployerQuery], paging: Query[Paging]) -> Any:
    """Searched, filtered and sorted as on the page."""
    school = a_school(request, pk)
    employers = employers_asked_for(request, school, asked).select_related("organisation", "owner").prefetch_related("tags")
    return page_of(employers.with_next_step(), paging, ORDERS[asked.sort], told=all_told(told_employer))


def employers_asked_for(request: PersonRequest, school: Organisation, asked: EmployerFilters) -> EmployerQuerySet:
    """The employers that answer to the filters. Unlike the page, which shows all then, it says what it did not understand.

    Raises:
        Invalid: a filter names what is not there.
    """
    wanted = {name: value for name, value in asked.model_dump(include=set(EmployerFilters.model_fields)).items() if value}
    filters = EmployerFilter(wanted, school=school, colleagues=colleagues_of(school), is_shown=False)
    unknown = {name: [_("This is not what belongs here.")] for name in wanted if name not in filters.fields}
    if unknown or not filters.is_valid():
        raise Invalid({**filters.errors, **unknown})
    return narrowed(Employer.objects.visible_to(request.user).in_book_of(school), filters, school)


@router.post("/schools/{int:pk}/employers", response={201: EmployerWhole}, summary="Add an employer", **needs(WRITE))
def add_employer(request: PersonRequest, response: HttpResponse, pk: int, sent: EmployerSent) -> Any:
    """With its first site, if one is given. You look after it."""
    school = a_school(request, pk)
    form = filled(EmployerAddForm, {"country": school.country, **sent.model_dump(exclude_unset=True, exclude_defaults=True)})
    employer = actions.add_employer(
        school, **form.facts, note=form.cleaned_data["note"], site=form.site, owner=request.user, by=request.user, at=now()
    )
    response["Location"] = reverse("api:read_employer", args=[employer.pk])
    return _whole(request, response, employer)


@router.get("/employers/{int:pk}", response=EmployerWhole, summary="An employer", **needs(READ))
def read_employer(request: PersonRequest, response: HttpResponse, pk: int) -> Any:
    """With its sites and people. The number of one that was merged tells the one that is kept."""
    employer = employers_seen_by(request.user).filter(pk=pk).first() or _kept_instead(request, pk)
    return _whole(request, response, employer)


@router.patch("/employers/{int:pk}", response=EmployerWhole, summary="Change the facts", **needs(WRITE))
def change_employer(request: PersonRequest, response: HttpResponse, pk: int, sent: EmployerChanged) -> Any:
    """Fields that nobody else has changed since the version you have seen."""
    with transaction.atomic():
        employer = lock(an_employer(request, pk))
        unchanged_since(request, [employer, employer.organisation], sent.model_fields_set)
        form = filled(EmployerForm, sent, keeping=True, employer=employer)
        actions.change_employer(employer, facts=form.facts, note=form.cleaned_data["note"], by=request.user, at=now())
    return _whole(request, response, employer)


@router.post("/employers/{int:pk}/hand-over", response=EmployerWhole, summary="Who looks after an employer", **needs(WRITE))
def hand_over_employer(request: PersonRequest, pk: int, sent: NewOwner) -> Any:
    """Open next steps of the one who had it so far go along."""
    employer = an_employer(request, pk)
    form = filled(HandOverForm, sent, colleagues=colleagues_of(employer.school))
    actions.hand_over_employer(employer, owner=form.cleaned_data["owner"], by=request.user, at=now())
    return whole(request, pk)


def _whole(request: PersonRequest, response: HttpResponse, employer: Employer) -> dict[str, Any]:
    carry_version(response, employer, employer.organisation)
    return whole(request, employer.pk)


def _kept_instead(request: PersonRequest, pk: int) -> Employer:
    merges: Any = Merge.objects.visible_to(request.user).standing().filter(gone_number=pk, employer__isnull=False)
    merge = get_object_or_404(merges.order_by("-pk")[:1])
    return an_employer(request, merge.employer_id)
