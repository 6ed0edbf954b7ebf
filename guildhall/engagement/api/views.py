from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from ninja import Router, Schema
from pydantic import Field

from guildhall.core.api import filled
from guildhall.core.api.fields import Body, YesNo
from guildhall.engagement import actions
from guildhall.engagement.api.things import READ, WRITE, Somebody, a_school, told_user
from guildhall.engagement.forms.book import ViewForm, view_of
from guildhall.engagement.models import SavedView
from guildhall.people.bearer import needs
from guildhall.people.middleware import PersonRequest

router = Router()


class ViewSent(Body):
    name: str = Field(max_length=60, examples=["Silent for a year"])
    query: str = Field("", max_length=1000, description="As in the address of the list.", examples=["silent=365&sort=contact"])
    is_shared: YesNo = Field(False, description="Whether colleagues see it too.")


class ViewShown(Schema):
    id: int
    name: str
    query: str
    is_shared: bool
    owner: Somebody


@router.get("/schools/{int:pk}/views", response=list[ViewShown], summary="Saved views", **needs(READ))
def list_views(request: PersonRequest, pk: int) -> Any:
    """Yours, and those that colleagues share."""
    views = SavedView.objects.visible_to(request.user).in_book_of(a_school(request, pk)).select_related("owner")
    return [_told(view) for view in views]


@router.post("/schools/{int:pk}/views", response=ViewShown, summary="Save a view", **needs(WRITE))
def save_view(request: PersonRequest, pk: int, sent: ViewSent) -> Any:
    """The same name again is the same view, changed."""
    form = filled(ViewForm, sent.model_dump(exclude={"query"}))
    query = view_of(QueryDict(sent.query))
    return _told(actions.save_view(a_school(request, pk), query=query, **form.cleaned_data, by=request.user, at=now()))


@router.delete("/views/{int:pk}", response={204: None}, summary="Forget a view", **needs(WRITE))
def remove_view(request: PersonRequest, pk: int) -> Any:
    actions.remove_view(get_object_or_404(SavedView.objects.visible_to(request.user), pk=pk), by=request.user, at=now())


def _told(view: SavedView) -> dict[str, Any]:
    plain = {name: getattr(view, name) for name in ("name", "query", "is_shared")}
    return {"id": view.pk, **plain, "owner": told_user(view.owner)}
