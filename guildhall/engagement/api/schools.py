from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.timezone import now
from ninja import Router, Schema

from guildhall.core.api import filled
from guildhall.core.api.fields import Body, Number
from guildhall.engagement import actions
from guildhall.engagement.api.things import READ, WRITE, EmployerNamed, Somebody, a_school, told_user
from guildhall.engagement.colleagues import colleagues_of
from guildhall.engagement.forms.employers import WorkForm
from guildhall.engagement.letters import handed_over
from guildhall.engagement.models import Employer
from guildhall.people.bearer import needs
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import STAFF_ROLES, Kind
from guildhall.people.rules import can_coordinate

router = Router()


class SchoolShown(Schema):
    id: int
    name: str
    country: str
    roles: list[str]


class WorkHandedOver(Body):
    of: Number
    heir: Number


class HandedOver(Schema):
    letter: str
    employers: list[EmployerNamed]


@router.get("/schools", response=list[SchoolShown], summary="The schools you work for", **needs(READ))
def list_schools(request: PersonRequest) -> Any:
    """Each has a book of its own. Their numbers stand in the addresses of what belongs to a whole book."""
    schools = {held.organisation for held in request.memberships if held.organisation.kind == Kind.SCHOOL}
    roles: dict[int, list[str]] = {}
    for held in request.memberships:
        roles.setdefault(held.organisation_id, []).append(held.role)
    return [
        {"id": school.pk, "name": str(school), "country": school.country, "roles": sorted(roles[school.pk])}
        for school in sorted(schools, key=lambda school: (str(school), school.pk))
        if not STAFF_ROLES_NAMES.isdisjoint(roles[school.pk])
    ]


STAFF_ROLES_NAMES = {str(role) for role in STAFF_ROLES}


@router.get("/schools/{int:pk}/colleagues", response=list[Somebody], summary="Who works for a school today", **needs(READ))
def list_colleagues(request: PersonRequest, pk: int) -> Any:
    """Employers and next steps can be given to them."""
    return [told_user(colleague) for colleague in colleagues_of(a_school(request, pk))]


@router.post("/schools/{int:pk}/hand-over", response=HandedOver, summary="Hand over all of somebody's work", **needs(WRITE))
def hand_over_work(request: PersonRequest, pk: int, sent: WorkHandedOver) -> Any:
    """All employers and open next steps of a colleague, or your own, go to another one, with a letter of what is open."""
    school = a_school(request, pk)
    colleagues = colleagues_of(school)
    givers = colleagues if can_coordinate(request.user, school) else [request.user]
    form = filled(WorkForm, sent, givers=givers, heirs=colleagues)
    of, heir = form.cleaned_data["of"], form.cleaned_data["heir"]
    letter = reverse("engagement:letter", args=[of.pk, heir.pk])
    actions.hand_over_work(school, of=of, heir=heir, letter=letter, by=request.user, at=now())
    numbers = {int(change.thing_id) for change in handed_over(school, of=of, heir=heir)}
    given = Employer.objects.filter(pk__in=numbers).select_related("organisation").order_by("sort_key", "pk")
    return {"letter": letter, "employers": [{"id": each.pk, "name": str(each)} for each in given]}
