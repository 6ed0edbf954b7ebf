from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from ninja import Query, Router, Schema
from pydantic import Field

from guildhall.core.api import PageOf, Paging, filled, page_of
from guildhall.core.api.fields import Body
from guildhall.core.api.paging import NEWEST, Order
from guildhall.engagement import actions
from guildhall.engagement.api.things import READ, WRITE, Somebody, a_school, told_user
from guildhall.engagement.forms.merging import MergeEmployersForm, MergePeopleForm
from guildhall.engagement.likeness.wording import in_words
from guildhall.engagement.models import AlikeEmployers, AlikePeople, DuplicateSearch, Merge
from guildhall.engagement.rules import can_merge
from guildhall.people.bearer import needs
from guildhall.people.middleware import PersonRequest

router = Router()

LIKELIEST = Order("score", descending=True)
Of = Literal["employers", "people"]


class Side(Schema):
    id: int
    name: str


class PairShown(Schema):
    """Two that may be one."""

    id: int
    first: Side
    second: Side
    score: int = Field(description="How likely they are one, up to 100.")
    reasons: list[str]
    state: str
    found_at: datetime
    asked: dict[str, list[str]] | None = Field(
        None,
        description="What a merge asks, told of a single pair: fields in which the two differ, and what one may say.",
    )


class MergeShown(Schema):
    id: int
    employer: int | None
    person: int | None
    gone_number: int
    gone_name: str
    made_at: datetime
    made_by: Somebody | None
    undone_at: datetime | None
    can_be_undone: bool


class SearchShown(Schema):
    is_under_way: bool
    finished_at: datetime | None


class Choices(Body):
    """What holds of both, for each field in `asked`: one of the two values that are offered there."""

    choices: dict[str, str] = Field({}, max_length=20, examples=[{"name": "Tischlerei Kurz"}])


@router.get("/schools/{int:pk}/duplicates", response=PageOf[PairShown], summary="Who may be in the book twice", **needs(READ))
def list_pairs(
    request: PersonRequest, pk: int, paging: Query[Paging], of: Of = "employers", state: Literal["open", "different"] = "open"
) -> Any:
    """The likeliest first."""
    school = a_school(request, pk)
    pairs: Any = _pairs(request, of).in_book_of(school).filter(state=state)
    return page_of(pairs, paging, LIKELIEST, told=lambda shown: [_told(pair) for pair in shown])


@router.post("/schools/{int:pk}/duplicates/search", response={202: SearchShown}, summary="Search the whole book", **needs(WRITE))
def search_duplicates(request: PersonRequest, pk: int) -> Any:
    """A task does it."""
    return _told_search(actions.search_duplicates(a_school(request, pk), by=request.user, at=now()))


@router.get("/schools/{int:pk}/duplicates/search", response=SearchShown, summary="How far the search is", **needs(READ))
def read_search(request: PersonRequest, pk: int) -> Any:
    search = DuplicateSearch.objects.select_related("progress").filter(school=a_school(request, pk)).first()
    return _told_search(search or DuplicateSearch())


@router.get("/duplicates/{of}/{int:pk}", response=PairShown, summary="A pair, and what a merge asks", **needs(READ))
def read_pair(request: PersonRequest, of: Of, pk: int) -> Any:
    pair = _pair(request, of, pk)
    form = _form(of)(first=pair.first, second=pair.second)
    asked = {name: [str(value) for value, _label in field.choices] for name, field in form.fields.items()}
    return {**_told(pair), "asked": asked}


@router.post("/duplicates/{of}/{int:pk}/merge", response={201: MergeShown}, summary="They are one", **needs(WRITE))
def merge_pair(request: PersonRequest, of: Of, pk: int, sent: Choices) -> Any:
    """One is kept, with all that was of the other. It can be undone for ninety days."""
    pair = _pair(request, of, pk)
    can_merge.require(request.user, pair.school)
    if of == "people":
        people = filled(MergePeopleForm, dict(sent.choices), first=pair.first, second=pair.second)
        return _told_merge(actions.merge_people(pair, person=people.person, by=request.user, at=now()))
    form = filled(MergeEmployersForm, dict(sent.choices), first=pair.first, second=pair.second)
    merge = actions.merge_employers(pair, facts=form.facts, note=form.note, owner=form.owner, by=request.user, at=now())
    return _told_merge(merge)


@router.post("/duplicates/{of}/{int:pk}/apart", response=PairShown, summary="They are two", **needs(WRITE))
def tell_apart(request: PersonRequest, of: Of, pk: int) -> Any:
    """Nobody will be asked about them again."""
    return _told(actions.tell_apart(_pair(request, of, pk), by=request.user, at=now()))


@router.post("/duplicates/{of}/{int:pk}/again", response=PairShown, summary="Take back that they are two", **needs(WRITE))
def doubt_again(request: PersonRequest, of: Of, pk: int) -> Any:
    return _told(actions.doubt_again(_pair(request, of, pk), by=request.user, at=now()))


@router.get("/schools/{int:pk}/merges", response=PageOf[MergeShown], summary="What was merged", **needs(READ))
def list_merges(request: PersonRequest, pk: int, paging: Query[Paging], of: Of = "employers") -> Any:
    """The newest first."""
    merges = Merge.objects.visible_to(request.user).in_book_of(a_school(request, pk)).select_related("made_by")
    shown = merges.filter(employer__isnull=of == "people")
    return page_of(shown, paging, NEWEST, told=lambda each: [_told_merge(merge) for merge in each])


@router.post("/merges/{int:pk}/undo", response=MergeShown, summary="Make two of it again", **needs(WRITE))
def undo_merge(request: PersonRequest, pk: int) -> Any:
    shown: Any = Merge.objects.visible_to(request.user).select_related("school", "employer__organisation", "person", "made_by")
    return _told_merge(actions.undo_merge(get_object_or_404(shown, pk=pk), by=request.user, at=now()))


def _pairs(request: PersonRequest, of: str) -> Any:
    if of == "people":
        return AlikePeople.objects.visible_to(request.user).select_related("school", "first", "second")
    both = [f"{side}__{thing}" for side in ("first", "second") for thing in ("organisation", "owner")]
    return AlikeEmployers.objects.visible_to(request.user).select_related("school", *both)


def _pair(request: PersonRequest, of: str, pk: int) -> Any:
    return get_object_or_404(_pairs(request, of), pk=pk)


def _form(of: str) -> Any:
    return MergePeopleForm if of == "people" else MergeEmployersForm


def _told(pair: Any) -> dict[str, Any]:
    sides = {name: {"id": side.pk, "name": str(side)} for name, side in (("first", pair.first), ("second", pair.second))}
    plain = {name: getattr(pair, name) for name in ("score", "state", "found_at")}
    return {"id": pair.pk, **sides, **plain, "reasons": in_words(pair.reasons)}


def _told_merge(merge: Merge) -> dict[str, Any]:
    plain = ["gone_number", "gone_name", "made_at", "undone_at", "can_be_undone"]
    told = {"id": merge.pk, "employer": merge.employer_id, "person": merge.person_id, "made_by": told_user(merge.made_by)}
    return told | {name: getattr(merge, name) for name in plain}


def _told_search(search: DuplicateSearch) -> dict[str, Any]:
    return {"is_under_way": search.is_under_way, "finished_at": search.finished_at}
