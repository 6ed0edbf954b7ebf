"""What the walks find behind the addresses of the consortia: one the school hosts, and one into which it is invited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.timezone import now

from guildhall.engagement import actions
from guildhall.people.models import Kind, Organisation, Role, User
from guildhall.people.tests.factories import OrganisationFactory, member


def fill_consortia(school: Organisation, manager: User) -> dict[str, Any]:
    """Let the school host a consortium with a member and with a school that has not answered; others invite it into theirs."""
    west = OrganisationFactory(name="West School", slug="west", country="PL")
    east = OrganisationFactory(name="East School", slug="east", country="PL")
    hosted = actions.begin_consortium(school, name="Wood around Kiel", by=manager, at=now())
    theirs = actions.invite_school(hosted, school=west, by=manager, at=now())
    actions.accept_invitation(theirs, by=member(west, Role.MANAGER), at=now())
    unanswered = actions.invite_school(hosted, school=east, by=manager, at=now())
    chamber = OrganisationFactory(name="The Chamber", slug="chamber", kind=Kind.ASSOCIATION)
    chair = member(chamber, Role.MANAGER)
    other = actions.begin_consortium(chamber, name="Metal around Kiel", by=chair, at=now())
    return {
        "consortium": hosted,
        "membership": hosted.members.get(school=school),
        "other_membership": theirs,
        "unanswered": unanswered,
        "other_consortium": other,
        "asked_in": actions.invite_school(other, school=school, by=chair, at=now()),
        "uninvited": OrganisationFactory(name="Inland School", slug="inland", country="PL"),
    }


def _of(name: str) -> Callable[[Any], dict[str, Any]]:
    return lambda world: {"pk": getattr(world, name).pk}


A_CONSORTIUM = {"the school's": _of("consortium"), "invites the school": _of("other_consortium")}
AN_INVITATION = {"of the school": _of("asked_in"), "of another school": _of("unanswered")}
A_MEMBERSHIP = {"of the school": _of("membership"), "of another school": _of("other_membership")}
AN_EMPLOYER = {
    name: lambda world, of=of: {"pk": world.employer.pk, "consortium_pk": of(world)["pk"]}  # type: ignore[misc]
    for name, of in A_CONSORTIUM.items()
}
CONSORTIA_THINGS: dict[str, dict[str, Callable[[Any], dict[str, Any]]]] = {
    "engagement:consortium": A_CONSORTIUM,
    "engagement:consortium_invite": A_CONSORTIUM,
    "engagement:consortium_end": A_CONSORTIUM,
    "engagement:shared": A_CONSORTIUM,
    "engagement:consortium_accept": AN_INVITATION,
    "engagement:consortium_decline": AN_INVITATION,
    "engagement:consortium_leave": A_MEMBERSHIP,
    "engagement:consortium_remove": {**A_MEMBERSHIP, "asked in by others": _of("asked_in")},
    "engagement:share": AN_EMPLOYER,
    "engagement:unshare": AN_EMPLOYER,
}
CONSORTIA_SENT: dict[str, Callable[[Any], dict[str, Any]]] = {
    "engagement:consortium_begin": lambda world: {"name": "Care around Kiel"},
    "engagement:consortium_invite": lambda world: {"school": world.uninvited.pk},
}
