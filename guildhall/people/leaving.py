"""Leaving an organisation: what is in the way, what somebody must take over, and who could."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from guildhall.people.hooks import Belongings, belongings_of
from guildhall.people.models import Membership, Organisation, Role, User


@dataclass(frozen=True)
class Parting:
    """What it means for an organisation that a person leaves it."""

    organisation: Organisation
    belongings: list[Belongings]
    heirs: list[User]
    obstacle: str

    @property
    def needs_heir(self) -> bool:
        return bool(self.belongings and self.heirs)


def part(user: User, organisation: Organisation, at: datetime) -> Parting:
    """Work out what a person's leaving means; nothing is changed."""
    staff = organisation.memberships.current(localdate(at)).staff().filter(user__is_active=True).exclude(user=user)
    return Parting(
        organisation=organisation,
        belongings=[owned for owned in belongings_of.ask(user=user, organisation=organisation) if owned and owned.count],
        heirs=list(User.objects.filter(pk__in=staff.values("user")).order_by("name", "email")),
        obstacle=no_manager_left(organisation)
        if is_last_manager(user, organisation, at) and _others(user, organisation, at)
        else "",
    )


def is_last_manager(user: User, organisation: Organisation, at: datetime) -> bool:
    """Whether a person manages an organisation and nobody else does."""
    managers = organisation.memberships.current(localdate(at)).filter(role=Role.MANAGER, user__is_active=True)
    return [membership.user_id for membership in managers] == [user.pk]


def no_manager_left(organisation: Organisation) -> str:
    """Say why the last manager stays."""
    return _("%(organisation)s would have no manager any more. Make somebody else a manager first.") % {
        "organisation": organisation
    }


def _others(user: User, organisation: Organisation, at: datetime) -> bool:
    return Membership.objects.current(localdate(at)).filter(organisation=organisation).exclude(user=user).exists()
