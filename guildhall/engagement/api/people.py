from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from pydantic import Field

from guildhall.core.actions import lock
from guildhall.core.api import Invalid, PageOf, Paging, carry_version, filled, page_of, unchanged_since
from guildhall.core.api.fields import Body, Day, Moment, Number, YesNo
from guildhall.core.api.paging import BY_NUMBER
from guildhall.engagement import actions
from guildhall.engagement.api.things import (
    READ,
    WRITE,
    PersonShown,
    PositionShown,
    a_position,
    a_school,
    all_told,
    an_employer,
    told_person,
    told_position,
)
from guildhall.engagement.forms.employers import PersonForm
from guildhall.engagement.models import Employer, Person, Position
from guildhall.engagement.purposes import BY_KEY
from guildhall.people.bearer import needs
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import ConsentRecord

router = Router()


class PersonSent(Body):
    name: str = Field(max_length=200, examples=["Ada Lamb"])
    email: str = Field("", max_length=254)
    phone: str = Field("", max_length=40)
    language: str = Field("", max_length=10, description="ISO 639-1.")
    title: str = Field("", max_length=150, description="What they are there.")
    site: Number | None = Field(None, description="One of the employer's open sites.")
    decides: YesNo = False
    signs: YesNo = False
    trains: YesNo = False
    handles_personnel: YesNo = False


class PersonChanged(Body):
    """Only the fields that are sent are changed."""

    name: str | None = Field(None, max_length=200)
    email: str | None = Field(None, max_length=254)
    phone: str | None = Field(None, max_length=40)
    language: str | None = Field(None, max_length=10)
    title: str | None = Field(None, max_length=150)
    site: Number | None = None
    decides: YesNo = False
    signs: YesNo = False
    trains: YesNo = False
    handles_personnel: YesNo = False


class Left(Body):
    until: Day | None = Field(None, description="The last day; yesterday if nothing is said.")


class Moved(Body):
    to: Number = Field(description="The number of the employer where they work now.")
    title: str = Field("", max_length=150)
    stays: YesNo = Field(False, description="Whether they still work at the old one too.")
    on: Day | None = Field(None, description="The first day there; today if nothing is said.")


class Wish(Body):
    """What somebody said to a purpose, or to being written to at all."""

    purpose: Literal["any", "placements", "news", "learners"] = Field(
        description="`any`: whether they may be written to at all; the others one by one."
    )
    agreed: YesNo | None = Field(description="Null for one who was not asked after all; not for `any`.")
    how: Literal["form", "link", "paper", "phone", "spoken", "mail"] = "spoken"
    given_at: Moment | None = Field(None, description="Now if nothing is said.")
    note: str = Field("", max_length=250)


class Known(Schema):
    person: PersonShown
    positions: list[PositionShown]


#: What PostgreSQL can look for.
WITHOUT_NULL = r"^[^\x00]*$"


@router.get("/schools/{int:pk}/people", response=PageOf[PersonShown], summary="The people in a book", **needs(READ))
def list_people(
    request: PersonRequest, pk: int, paging: Query[Paging], email: str = Query("", max_length=254, pattern=WITHOUT_NULL)
) -> Any:
    """All of them, or those with an e-mail address."""
    people = Person.objects.visible_to(request.user).filter(school=a_school(request, pk))
    if email:
        people = people.filter(email__iexact=email)
    return page_of(people, paging, BY_NUMBER, told=all_told(told_person))


@router.get("/people/{int:pk}", response=Known, summary="Somebody, and where they worked as what", **needs(READ))
def read_person(request: PersonRequest, pk: int) -> Any:
    person = get_object_or_404(Person.objects.visible_to(request.user), pk=pk)
    held = person.positions.with_answers().select_related("person").order_by("pk")
    return {"person": told_person(person), "positions": [told_position(each) for each in held]}


@router.get("/employers/{int:pk}/people", response=list[PositionShown], summary="Who works or worked there", **needs(READ))
def list_positions(request: PersonRequest, pk: int) -> Any:
    return [told_position(held) for held in _positions_at(an_employer(request, pk))]


@router.post("/employers/{int:pk}/people", response={201: PositionShown}, summary="Write down somebody there", **needs(WRITE))
def add_person(request: PersonRequest, response: HttpResponse, pk: int, sent: PersonSent) -> Any:
    """Only what you need for working together. The person may ask to see it."""
    employer = an_employer(request, pk)
    form = filled(PersonForm, sent, employer=employer)
    return _told(
        request, response, actions.add_person(employer, person=form.person, position=form.position, by=request.user, at=now())
    )


@router.get("/positions/{int:pk}", response=PositionShown, summary="A position", **needs(READ))
def read_position(request: PersonRequest, response: HttpResponse, pk: int) -> Any:
    return _told(request, response, a_position(request, pk))


@router.patch("/positions/{int:pk}", response=PositionShown, summary="Change a person or their position", **needs(WRITE))
def change_person(request: PersonRequest, response: HttpResponse, pk: int, sent: PersonChanged) -> Any:
    """Fields that nobody else has changed since the version you have seen."""
    with transaction.atomic():
        held = lock(a_position(request, pk))
        unchanged_since(request, [held, held.person], sent.model_fields_set)
        form = filled(PersonForm, sent, keeping=True, employer=held.employer, held=held)
        held = actions.change_person(held, person=form.person, position=form.position, by=request.user, at=now())
    return _told(request, response, held)


@router.post("/positions/{int:pk}/end", response=PositionShown, summary="Somebody left", **needs(WRITE))
def end_position(request: PersonRequest, response: HttpResponse, pk: int, sent: Left) -> Any:
    """They stay in what was said with them."""
    until = sent.until or localdate() - timedelta(days=1)
    return _told(request, response, actions.end_position(a_position(request, pk), until=until, by=request.user, at=now()))


@router.post("/positions/{int:pk}/move", response={201: PositionShown}, summary="Somebody works elsewhere", **needs(WRITE))
def move_person(request: PersonRequest, response: HttpResponse, pk: int, sent: Moved) -> Any:
    """As well, or instead. What the school knows of them goes along, and what they asked not to be done."""
    held = a_position(request, pk)
    to = get_object_or_404(Employer.objects.visible_to(request.user).select_related("organisation", "school"), pk=sent.to)
    moved = actions.move_person(
        held, to=to, stays=sent.stays, title=sent.title, on=sent.on or localdate(), by=request.user, at=now()
    )
    return _told(request, response, moved)


@router.post("/people/{int:pk}/wishes", response=PersonShown, summary="What somebody agrees to, or does not", **needs(WRITE))
def note_wish(request: PersonRequest, pk: int, sent: Wish) -> Any:
    """`any` with false: from then on nothing is sent to them."""
    person = get_object_or_404(Person.objects.visible_to(request.user).select_related("school"), pk=pk)
    if sent.purpose == "any":
        if sent.agreed is None:
            raise Invalid({"agreed": [_("Please choose one.")]})
        settle = actions.allow_writing if sent.agreed else actions.forbid_writing
        return told_person(settle(person, by=request.user, at=now()))
    person = actions.note_answer(
        person,
        purpose=BY_KEY[sent.purpose],
        agreed=sent.agreed,
        how=ConsentRecord.How(sent.how),
        given_at=sent.given_at or now(),
        note=sent.note,
        by=request.user,
        at=now(),
    )
    return told_person(person)


def _positions_at(employer: Employer) -> Any:
    return employer.positions.with_answers().select_related("person").order_by("pk")


def _told(request: PersonRequest, response: HttpResponse, held: Position) -> dict[str, Any]:
    carry_version(response, held, held.person)
    return told_position(a_position(request, held.pk))
