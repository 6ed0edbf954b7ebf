"""What most routes need: a thing among those its person may see, and what is told of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.shortcuts import get_object_or_404
from ninja import Schema
from pydantic import Field

from guildhall.engagement.models import Contact, Employer, NextStep, Position
from guildhall.engagement.standing import states_of
from guildhall.people.bearer import needs
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import Kind, Organisation, Site, User

READ, WRITE, IMPORT, EXPORT, MAIL = "book:read", "book:write", "book:import", "book:export", "book:mail"


def needs_for(scope: str, *media_types: str) -> dict[str, Any]:
    """Return what an operation says of itself that needs a scope and answers with a file."""
    said = needs(scope)
    plain, binary = {"type": "object"}, {"type": "string", "format": "binary"}
    content = {each: {"schema": plain if each == "application/json" else binary} for each in media_types}
    file = {"responses": {200: {"description": "OK", "content": content}}}
    return {**said, "openapi_extra": {**said["openapi_extra"], **file}}


# --- Finding -------------------------------------------------------------------------------------------------------


def a_school(request: PersonRequest, pk: int) -> Organisation:
    """Return a school whose book this person may open, or answer that it is not there."""
    return get_object_or_404(Organisation.objects.run_by(request.user).filter(kind=Kind.SCHOOL), pk=pk)


def an_employer(request: PersonRequest, pk: int) -> Employer:
    return get_object_or_404(employers_seen_by(request.user), pk=pk)


def a_position(request: PersonRequest, pk: int) -> Position:
    employers = Employer.objects.visible_to(request.user).values("pk")
    held: Any = Position.objects.filter(employer__in=employers)
    return get_object_or_404(
        held.with_answers().select_related("person", "site", "employer__organisation", "employer__school"), pk=pk
    )


def a_contact(request: PersonRequest, pk: int) -> Contact:
    shown: Any = Contact.objects.visible_to(request.user).select_related("employer__organisation", "employer__school", "by")
    return get_object_or_404(shown, pk=pk)


def a_step(request: PersonRequest, pk: int) -> NextStep:
    shown: Any = NextStep.objects.visible_to(request.user).select_related("employer__organisation", "employer__school", "owner")
    return get_object_or_404(shown, pk=pk)


def employers_seen_by(user: User) -> Any:
    return Employer.objects.visible_to(user).select_related("organisation", "school", "owner")


# --- Telling -------------------------------------------------------------------------------------------------------


class Somebody(Schema):
    """A colleague."""

    id: int
    name: str


class TagShown(Schema):
    id: int
    name: str


class EmployerNamed(Schema):
    id: int
    name: str


class SiteShown(Schema):
    id: int
    name: str
    street: str
    postal_code: str
    town: str
    country: str
    phone: str
    email: str
    latitude: float | None
    longitude: float | None
    closed_on: date | None


class PersonShown(Schema):
    id: int
    name: str
    email: str
    phone: str
    language: str = Field(description="ISO 639-1; the one to write to them in.")
    asked_not_to_be_written_at: datetime | None


class PositionShown(Schema):
    """Where somebody works, and what they do there for the school."""

    id: int
    person: PersonShown
    employer: int
    site: int | None
    title: str
    decides: bool
    signs: bool
    trains: bool
    handles_personnel: bool
    since: date | None
    until: date | None
    wishes: dict[str, bool] = Field(description="What the person said, yes or no, to each purpose they were asked about.")


class EmployerShown(Schema):
    id: int
    school: int
    name: str
    trade_name: str = Field(description="The name on the door, if it is another.")
    country: str = Field(description="ISO 3166-1 alpha-2.")
    register_number: str
    nace: str = Field(description="NACE 2.1.")
    size_band: str
    website: str
    note: str
    owner: Somebody | None = Field(description="Who looks after it.")
    tags: list[TagShown]
    level: int = Field(description="Where it stands: 1 to 5, or 0 where nothing was done in the last three years. Not a rank.")
    window: dict[str, str] = Field(description="For each area of the methodology: dark, touched or lively.")
    last_contact_at: datetime | None
    next_due_on: date | None = Field(description="When the most urgent next step is due.")
    resting_until: date | None
    resting_why: str
    added_at: datetime
    page: str = Field(description="The address of its page for people.")


class EmployerWhole(EmployerShown):
    sites: list[SiteShown]
    positions: list[PositionShown]


class ContactShown(Schema):
    id: int
    employer: EmployerNamed
    kind: str
    activity: str = Field(description="What was done together: a key of the list of activities, or nothing.")
    held_at: datetime
    said: str
    people: list[PersonShown]
    by: Somebody
    recorded_at: datetime


class StepShown(Schema):
    id: int
    employer: EmployerNamed
    what: str
    due_on: date
    owner: Somebody
    contact: int | None = Field(description="The contact in which it was agreed.")
    state: str
    times_moved: int
    word: str
    closed_at: datetime | None


FACTS = ["name", "trade_name", "country", "register_number", "nace", "size_band", "website"]


def told_employer(employer: Employer) -> dict[str, Any]:
    """Tell an employer; read with its organisation, owner and tags, and ``with_next_step``."""
    return {
        "id": employer.pk,
        "school": employer.school_id,
        **{name: getattr(employer.organisation, name) for name in FACTS},
        "note": employer.note,
        "owner": told_user(employer.owner),
        "tags": [{"id": tag.pk, "name": tag.name} for tag in employer.tags.all()],
        "level": employer.level,
        "window": states_of(employer.panes),
        "last_contact_at": employer.last_contact_at,
        "next_due_on": getattr(employer, "next_due_on", None),
        "resting_until": employer.resting_until,
        "resting_why": employer.resting_why,
        "added_at": employer.added_at,
        "page": settings.BASE_URL + employer.get_absolute_url(),
    }


def whole(request: PersonRequest, pk: int) -> dict[str, Any]:
    """Tell all of an employer as it is now: the answer to whatever changed it."""
    employer = employers_seen_by(request.user).with_next_step().prefetch_related("tags").get(pk=pk)
    return {
        **told_employer(employer),
        "sites": [told_site(site) for site in employer.organisation.sites.order_by("pk")],
        "positions": [told_position(held) for held in employer.positions.with_answers().select_related("person").order_by("pk")],
    }


def told_user(user: User | None) -> dict[str, Any] | None:
    return {"id": user.pk, "name": str(user)} if user else None


def told_site(site: Site) -> dict[str, Any]:
    return {"id": site.pk, **{name: getattr(site, name) for name in SiteShown.model_fields if name != "id"}}


def told_person(person: Any) -> dict[str, Any]:
    return {"id": person.pk, **{name: getattr(person, name) for name in PersonShown.model_fields if name != "id"}}


def told_position(held: Position) -> dict[str, Any]:
    """Tell a position; read with its person, and ``with_answers``."""
    plain = ["title", "decides", "signs", "trains", "handles_personnel", "since", "until"]
    told = {"id": held.pk, "person": told_person(held.person), "employer": held.employer_id, "site": held.site_id}
    wishes = {purpose.key: agreed for purpose, agreed in held.answers}
    return told | {name: getattr(held, name) for name in plain} | {"wishes": wishes}


def told_contact(contact: Contact) -> dict[str, Any]:
    """Tell a contact; read with its employer's organisation, who wrote it down, and the people."""
    return {
        "id": contact.pk,
        "employer": named(contact.employer),
        "kind": contact.kind,
        "activity": contact.activity,
        "held_at": contact.held_at,
        "said": contact.said,
        "people": [told_person(person) for person in contact.people.all()],
        "by": told_user(contact.by),
        "recorded_at": contact.recorded_at,
    }


def told_step(step: NextStep) -> dict[str, Any]:
    """Tell a next step; read with its employer's organisation and its owner."""
    plain = ["what", "due_on", "state", "times_moved", "word", "closed_at"]
    told = {"id": step.pk, "employer": named(step.employer), "owner": told_user(step.owner), "contact": step.contact_id}
    return told | {name: getattr(step, name) for name in plain}


def named(employer: Employer) -> dict[str, Any]:
    return {"id": employer.pk, "name": str(employer)}


def all_told(tell: Any) -> Any:
    """Return what tells a page of things, one by one."""

    def told(things: Iterable[Any]) -> list[dict[str, Any]]:
        return [tell(thing) for thing in things]

    return told
