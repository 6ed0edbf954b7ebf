from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from ninja import Router
from pydantic import Field

from guildhall.core.api.fields import Body
from guildhall.engagement import actions
from guildhall.engagement.api.things import READ, WRITE, EmployerWhole, TagShown, a_school, an_employer, whole
from guildhall.engagement.models import Employer, Tag
from guildhall.people.bearer import needs
from guildhall.people.middleware import PersonRequest

router = Router()


class TagSent(Body):
    name: str = Field(max_length=40, description="One you have, or a new word.", examples=["fair 2026"])


@router.get("/schools/{int:pk}/tags", response=list[TagShown], summary="A school's tags", **needs(READ))
def list_tags(request: PersonRequest, pk: int) -> Any:
    return [{"id": tag.pk, "name": tag.name} for tag in Tag.objects.in_book_of(a_school(request, pk))]


@router.post("/employers/{int:pk}/tags", response=EmployerWhole, summary="Put a tag on an employer", **needs(WRITE))
def tag_employer(request: PersonRequest, pk: int, sent: TagSent) -> Any:
    employer = an_employer(request, pk)
    alone = Employer.objects.filter(pk=employer.pk)
    actions.tag_employers(employer.school, employers=alone, name=sent.name, by=request.user, at=now())
    return whole(request, pk)


@router.delete("/employers/{int:pk}/tags/{int:tag_pk}", response=EmployerWhole, summary="Take a tag off", **needs(WRITE))
def untag_employer(request: PersonRequest, pk: int, tag_pk: int) -> Any:
    """A tag that no employer carries any more is gone."""
    employer = an_employer(request, pk)
    tag = get_object_or_404(Tag.objects.select_related("school"), school=employer.school, employers=employer, pk=tag_pk)
    actions.untag_employers(tag, employers=Employer.objects.filter(pk=employer.pk), by=request.user, at=now())
    return whole(request, pk)
