"""Kinds of activity that a school adds to those of the methodology."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.engagement.actions.standing import keep_standings
from guildhall.engagement.models import Contact, OwnActivity
from guildhall.engagement.rules import can_shape_methodology
from guildhall.people.models import Organisation, User

#: More kinds of its own than this no school keeps apart.
MOST_KINDS = 100


@action
def add_own_activity(school: Organisation, *, facts: dict[str, Any], by: User, at: datetime) -> OwnActivity:
    """Add a kind of activity; ``facts`` are its name, area, rung, school_hours and employer_hours.

    Raises:
        NotAllowed: ``by`` neither manages nor coordinates.
        Refused: the school has added very many.
    """
    can_shape_methodology.require(by, school)
    if OwnActivity.objects.of_school(school).count() >= MOST_KINDS:
        raise Refused(_("These are as many kinds as a list can hold. Use one that is there."))
    return OwnActivity.objects.create(school=school, **facts, added_at=at, added_by=by)


@action
def change_own_activity(activity: OwnActivity, *, facts: dict[str, Any], by: User, at: datetime) -> OwnActivity:
    """Say something else of a kind of activity; where employers stand follows at once.

    Raises:
        NotAllowed: ``by`` neither manages nor coordinates.
    """
    activity = lock(activity)
    can_shape_methodology.require(by, activity.school)
    for name, value in facts.items():
        setattr(activity, name, value)
    activity.save(update_fields=list(facts))
    known_by = Contact.objects.filter(employer__school=activity.school, activity=activity.key)
    keep_standings(activity.school, list(known_by.values_list("employer", flat=True).distinct()), at=at)
    return activity


@action
def retire_own_activity(activity: OwnActivity, *, by: User, at: datetime) -> OwnActivity:
    """Offer a kind no longer; what was written down of it still counts.

    Raises:
        NotAllowed: ``by`` neither manages nor coordinates.
    """
    activity = lock(activity)
    can_shape_methodology.require(by, activity.school)
    activity.retired_at = activity.retired_at or at
    activity.save(update_fields=["retired_at"])
    return activity


@action
def offer_own_activity(activity: OwnActivity, *, by: User, at: datetime) -> OwnActivity:
    """Offer a kind again.

    Raises:
        NotAllowed: ``by`` neither manages nor coordinates.
    """
    activity = lock(activity)
    can_shape_methodology.require(by, activity.school)
    activity.retired_at = None
    activity.save(update_fields=["retired_at"])
    return activity
