"""Erasing a person from all rooms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.people.actions.members import leave_organisation
from guildhall.people.erasure import plan_erasure
from guildhall.people.models import User
from guildhall.people.rules import can_erase


@action
def erase_person(user: User, *, heirs: Mapping[int, User] | None = None, by: User | None, at: datetime) -> User:
    """Erase a person: they leave all organisations, each room deletes or anonymises its data, the account is closed.

    Args:
        heirs: who takes over what they look after, by the number of the organisation.

    Raises:
        NotAllowed: ``by`` is neither the person nor an operator.
        Refused: something is in the way, or something would be left without an owner.
    """
    user = lock(user)
    can_erase.require(by, user)
    if user.erased_at:
        raise Refused(_("This person has been erased already."))
    plan = plan_erasure(user, at=at)
    if plan.obstacles:
        raise Refused(" ".join(plan.obstacles))
    for parting in plan.partings:
        if parting.heirs:
            leave_organisation(parting.organisation, member=user, heir=(heirs or {}).get(parting.organisation.pk), by=None, at=at)
    for step in plan.steps:
        step.carry_out(at)
    return user
