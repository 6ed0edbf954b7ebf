"""Who works for a school today."""

from __future__ import annotations

from guildhall.people.models import Membership, Organisation, User


def colleagues_of(school: Organisation) -> list[User]:
    """The people who work for a school today, by name."""
    working = Membership.objects.current().staff().filter(organisation=school.pk).select_related("user")
    return list({held.user_id: held.user for held in working.order_by("user__name", "user")}.values())
