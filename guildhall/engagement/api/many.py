from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from django.utils.translation import gettext as _
from ninja import Router, Schema
from pydantic import Field

from guildhall.core.api import Invalid, filled
from guildhall.core.api.fields import Body, Day, Number, Numbers
from guildhall.engagement import actions
from guildhall.engagement.api.employers import EmployerFilters, employers_asked_for
from guildhall.engagement.api.things import WRITE, a_school
from guildhall.engagement.colleagues import colleagues_of
from guildhall.engagement.forms.book import DeedForm
from guildhall.engagement.models import Employer, EmployerQuerySet, Tag
from guildhall.people.bearer import needs
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import Organisation

router = Router()


class Chosen(Body):
    """Which employers: those named by number, or all that answer to filters."""

    employers: Numbers | None = Field(None, description="Their numbers.", examples=[[1, 2]])
    all_that: EmployerFilters | None = Field(None, description="Filters as of the list.")


class Owner(Chosen):
    owner: Number


class TagOn(Chosen):
    tag: str = Field(max_length=40, description="One you have, or a new word.", examples=["fair 2026"])


class TagOff(Chosen):
    tag: Number = Field(description="The number of the tag.")


class Plan(Chosen):
    what: str = Field(max_length=250, examples=["Invite to the fair"])
    due_on: Day = Field(examples=["2026-12-01"])
    owner: Number | None = Field(None, description="Who looks after each if nobody is named.")


class Rest(Chosen):
    until: Day | None = Field(description="The last day; null wakes them.", examples=["2027-01-31"])
    why: str = Field("", max_length=250)


class Done(Schema):
    count: int = Field(description="How many employers were meant.")


@router.post("/schools/{int:pk}/many/hand-over", response=Done, summary="Give many to a colleague", **needs(WRITE))
def hand_over_many(request: PersonRequest, pk: int, sent: Owner) -> Any:
    """Open next steps of who had them so far go along."""
    school, employers, done = _meant(request, pk, sent)
    owner = _understood("hand_over", school, {"owner": sent.owner})["owner"]
    actions.hand_over_employers(school, employers=employers, owner=owner, by=request.user, at=now())
    return done


@router.post("/schools/{int:pk}/many/tag", response=Done, summary="Put a tag on many", **needs(WRITE))
def tag_many(request: PersonRequest, pk: int, sent: TagOn) -> Any:
    school, employers, done = _meant(request, pk, sent)
    name = _understood("tag", school, {"tag": sent.tag})["tag"]
    actions.tag_employers(school, employers=employers, name=name, by=request.user, at=now())
    return done


@router.post("/schools/{int:pk}/many/untag", response=Done, summary="Take a tag off many", **needs(WRITE))
def untag_many(request: PersonRequest, pk: int, sent: TagOff) -> Any:
    school, employers, done = _meant(request, pk, sent)
    tag = get_object_or_404(Tag.objects.in_book_of(school).select_related("school"), pk=sent.tag)
    actions.untag_employers(tag, employers=employers, by=request.user, at=now())
    return done


@router.post("/schools/{int:pk}/many/plan", response=Done, summary="Promise the same next step for many", **needs(WRITE))
def plan_for_many(request: PersonRequest, pk: int, sent: Plan) -> Any:
    school, employers, done = _meant(request, pk, sent)
    given = _understood("plan", school, {"what": sent.what, "due_on": sent.due_on, "whose": sent.owner})
    actions.plan_for_employers(
        school,
        employers=employers,
        what=given["what"],
        due_on=given["due_on"],
        owner=given["whose"] or None,
        by=request.user,
        at=now(),
    )
    return done


@router.post("/schools/{int:pk}/many/rest", response=Done, summary="Leave many in peace, or wake them", **needs(WRITE))
def rest_many(request: PersonRequest, pk: int, sent: Rest) -> Any:
    school, employers, done = _meant(request, pk, sent)
    given = _understood("wake", school, {"why": sent.why})
    actions.rest_employers(school, employers=employers, until=sent.until, why=given["why"], by=request.user, at=now())
    return done


def _meant(request: PersonRequest, pk: int, sent: Chosen) -> tuple[Organisation, EmployerQuerySet, dict[str, int]]:
    """Return the school, the employers that are meant, and how many they are.

    Raises:
        Invalid: neither or both ways of choosing were used, or a number is of no employer in the book.
    """
    school = a_school(request, pk)
    if (sent.employers is None) == (sent.all_that is None):
        raise Invalid({"employers": [_("Name employers, or send filters: one of the two.")]})
    if sent.all_that is not None:
        employers = employers_asked_for(request, school, sent.all_that)
        return school, employers, {"count": employers.count()}
    numbers = set(sent.employers or [])
    employers = Employer.objects.visible_to(request.user).in_book_of(school).filter(pk__in=numbers)
    if (count := employers.count()) < len(numbers):
        raise Invalid({"employers": [_("There is nothing here, or nothing that you may see.")]})
    return school, employers, {"count": count}


def _understood(deed: str, school: Organisation, given: dict[str, Any]) -> dict[str, Any]:
    tags = list(Tag.objects.in_book_of(school))
    return filled(DeedForm, given, deed=deed, colleagues=colleagues_of(school), tags=tags).cleaned_data
