from __future__ import annotations

from typing import Any, Literal

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import Field

from guildhall.core.actions import lock
from guildhall.core.api import Invalid, PageOf, Paging, carry_version, filled, page_of, unchanged_since
from guildhall.core.api.fields import Body, Day, Moment, Number, Numbers
from guildhall.core.api.paging import Order
from guildhall.engagement import actions
from guildhall.engagement.api.things import (
    READ,
    WRITE,
    ContactShown,
    a_contact,
    a_school,
    a_step,
    all_told,
    an_employer,
    told_contact,
)
from guildhall.engagement.catalogue import Catalogue, catalogue_of
from guildhall.engagement.forms.contacts import ContactForm
from guildhall.engagement.models import Contact
from guildhall.engagement.rules import can_change_contact
from guildhall.library.finding import languages_read
from guildhall.people.bearer import needs
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import Organisation

router = Router()

LATEST = Order("held_at", descending=True)
Kind = Literal["call", "visit", "mail", "meeting", "event", "message"]


class ContactSent(Body):
    kind: Kind
    activity: str = Field("", max_length=40, description="The key of what was done together; see the list of activities.")
    held_at: Moment | None = Field(None, description="Now if nothing is said.")
    said: str = Field("", max_length=8000)
    people: Numbers = Field([], description="The numbers of people who work there.")
    next_what: str = Field("", max_length=250, description="What comes next.")
    next_due_on: Day | None = None
    closes: Number | None = Field(None, description="The number of the next step that this fulfilled.")


class ContactChanged(Body):
    """Only the fields that are sent are changed."""

    kind: Kind | None = None
    activity: str | None = Field(None, max_length=40)
    held_at: Moment | None = None
    said: str | None = Field(None, max_length=8000)
    people: Numbers | None = None


@router.get("/schools/{int:pk}/contacts", response=PageOf[ContactShown], summary="All contacts in a book", **needs(READ))
def list_contacts(request: PersonRequest, pk: int, paging: Query[Paging]) -> Any:
    """The latest first."""
    return page_of(_shown(request).filter(employer__school=a_school(request, pk)), paging, LATEST, told=all_told(told_contact))


@router.get("/employers/{int:pk}/contacts", response=PageOf[ContactShown], summary="What was said", **needs(READ))
def list_contacts_with(request: PersonRequest, pk: int, paging: Query[Paging]) -> Any:
    """The latest first."""
    return page_of(_shown(request).filter(employer=an_employer(request, pk)), paging, LATEST, told=all_told(told_contact))


@router.post("/employers/{int:pk}/contacts", response={201: ContactShown}, summary="Write down a contact", **needs(WRITE))
def record_contact(request: PersonRequest, response: HttpResponse, pk: int, sent: ContactSent) -> Any:
    """And in the same breath what comes next."""
    employer = an_employer(request, pk)
    given = {"held_at": now(), **sent.model_dump(exclude={"closes"}, exclude_none=True)}
    known = _known(request, employer.school)
    form = filled(ContactForm, given, positions=employer.positions.for_list(), activities=known)
    closes = a_step(request, sent.closes) if sent.closes else None
    if closes is not None and closes.employer_id != employer.pk:
        raise Invalid({"closes": [_("This is not what belongs here.")]})
    contact = actions.record_contact(employer, **{"people": (), **form.cleaned_data}, closes=closes, by=request.user, at=now())
    return _told(request, response, contact)


@router.get("/contacts/{int:pk}", response=ContactShown, summary="A contact", **needs(READ))
def read_contact(request: PersonRequest, response: HttpResponse, pk: int) -> Any:
    return _told(request, response, a_contact(request, pk))


@router.patch("/contacts/{int:pk}", response=ContactShown, summary="Correct a contact", **needs(WRITE))
def change_contact(request: PersonRequest, response: HttpResponse, pk: int, sent: ContactChanged) -> Any:
    """Fields that nobody else has changed since the version you have seen; of the people no versions are kept."""
    with transaction.atomic():
        contact = lock(a_contact(request, pk))
        can_change_contact.require(request.user, contact)
        unchanged_since(request, [contact], sent.model_fields_set)
        positions, known = contact.employer.positions.for_list(), _known(request, contact.employer.school)
        form = filled(ContactForm, sent, keeping=True, positions=positions, activities=known, contact=contact)
        actions.change_contact(contact, **{"people": (), **form.cleaned_data}, by=request.user, at=now())
    return _told(request, response, contact)


@router.delete("/contacts/{int:pk}", response={204: None}, summary="Take a contact back", **needs(WRITE))
def remove_contact(request: PersonRequest, pk: int, reopens: int = Query(0, ge=0)) -> Any:
    """With the open next steps that came out of it. `reopens` is the number of the next step that it fulfilled."""
    contact = a_contact(request, pk)
    actions.remove_contact(contact, reopens=a_step(request, reopens) if reopens else None, by=request.user, at=now())


def _known(request: PersonRequest, school: Organisation) -> Catalogue:
    return catalogue_of(school, languages_read(request.LANGUAGE_CODE, school))


def _shown(request: PersonRequest) -> Any:
    shown: Any = Contact.objects.visible_to(request.user).select_related("employer__organisation", "by")
    return shown.prefetch_related("people")


def _told(request: PersonRequest, response: HttpResponse, contact: Contact) -> dict[str, Any]:
    carry_version(response, contact)
    return told_contact(get_object_or_404(_shown(request), pk=contact.pk))
