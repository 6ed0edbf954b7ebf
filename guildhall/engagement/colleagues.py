"""Who works for a school today."""

from __future__ import annotations

from guildhall.people.models import Membership, Organisation, User


def colleagues_of(school: Organisation) -> list[User]:
    """The people who work for a school today, by name."""
    working = Membership.objects.current().staff().filter(organisation=school.pk)
    return list(User.objects.filter(pk__in=working.values("user")).order_by("name", "pk"))
