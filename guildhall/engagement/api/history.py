from __future__ import annotations

from datetime import datetime
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from ninja import Query, Router, Schema
from pydantic import Field

from guildhall.core.api import PageOf, Paging, page_of
from guildhall.core.api.paging import NEWEST
from guildhall.engagement import actions
from guildhall.engagement.api.things import READ, WRITE, EmployerWhole, an_employer, whole
from guildhall.engagement.history import Entry, changes_about, told
from guildhall.people.bearer import needs
from guildhall.people.middleware import PersonRequest

router = Router()


class ChangeShown(Schema):
    """A field that somebody changed, in words."""

    id: int
    at: datetime
    who: str
    thing: str = Field(description="Of what.")
    field: str
    before: str
    after: str
    may_go_back: bool = Field(description="Whether it still reads so, and can be put back.")


@router.get("/employers/{int:pk}/history", response=PageOf[ChangeShown], summary="Who changed what", **needs(READ))
def list_changes(request: PersonRequest, pk: int, paging: Query[Paging]) -> Any:
    """Of the facts, sites, people, contacts and next steps; the newest first."""

    def entries(changes: list[Any]) -> list[dict[str, Any]]:
        return [_told(entry) for entry in told(changes)]

    return page_of(changes_about(an_employer(request, pk)), paging, NEWEST, told=entries)


@router.post("/employers/{int:pk}/history/{int:change_pk}/put-back", response=EmployerWhole, summary="Put back", **needs(WRITE))
def put_back(request: PersonRequest, pk: int, change_pk: int) -> Any:
    """Give a field the value it had before."""
    employer = an_employer(request, pk)
    change = get_object_or_404(changes_about(employer), pk=change_pk)
    actions.put_back(employer, which=change, by=request.user, at=now())
    return whole(request, pk)


def _told(entry: Entry) -> dict[str, Any]:
    plain = {name: getattr(entry, name) for name in ChangeShown.model_fields if name != "id"}
    return {"id": entry.change.pk, **plain}
