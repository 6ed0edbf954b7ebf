"""Two organisations that a school keeps become one, and what two records of one person say about consent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.undoing import Deeds
from guildhall.people.models import ConsentRecord, Organisation, Site, User
from guildhall.people.rules import can_work_for

_FILLED = ("name", "register_number", "street", "postal_code", "town", "country", "phone", "email")


@action
def fold_kept_organisation(
    kept: Organisation,
    *,
    gone: Organisation,
    facts: dict[str, Any],
    same_sites: Sequence[tuple[Site, Site]],
    deeds: Deeds,
    by: User,
    at: datetime,
) -> Organisation:
    """Make two organisations that a school keeps one: the sites of the one that goes, and all that points to it, move.

    Args:
        gone: the one that goes; nobody's book may hold it any more.
        facts: what is said of both from now on: fields of ``Organisation``.
        same_sites: pairs of a site that stays and one that is the same; what is not known of the first is taken from the second.
        deeds: where it is kept, so that it can be undone.

    Raises:
        NotAllowed: ``by`` does not work for the school that keeps them.
        Refused: one of them keeps its own record.
    """
    kept, gone = lock(kept), lock(gone)
    for organisation in (kept, gone):
        if organisation.kept_by is None:
            words = {"organisation": organisation}
            raise Refused(_("%(organisation)s keeps its own record, which cannot be merged with another one.") % words)
        can_work_for.require(by, organisation.kept_by)
    for stays, goes in same_sites:
        deeds.lead_elsewhere(goes, stays)
        deeds.remove(goes)
        filled = {name: getattr(goes, name) for name in _FILLED if not getattr(stays, name) and getattr(goes, name)}
        if stays.latitude is None and goes.latitude is not None:
            filled |= {"latitude": goes.latitude, "longitude": goes.longitude}
        deeds.change(stays, **filled)
    deeds.lead_elsewhere(gone, kept)
    deeds.remove(gone)
    deeds.change(kept, **facts)
    return kept


@action
def fold_consents(kept: Model, *, gone: Model, deeds: Deeds, by: User, at: datetime) -> Model:
    """Let one person's records of consent become another's, who is the same; whoever said no has said no."""
    theirs = list(ConsentRecord.objects.about(gone).select_related("statement"))
    ours = list(ConsentRecord.objects.about(kept).select_related("statement"))
    for one, others in [*((record, ours) for record in theirs), *((record, theirs) for record in ours)]:
        if one.withdrawn_at is not None or not one.agreed:
            continue
        about_it = [other for other in others if other.statement.purpose == one.statement.purpose]
        ends = [other.withdrawn_at for other in about_it if other.agreed and other.withdrawn_at] + [
            max(other.given_at, one.given_at) for other in about_it if not other.agreed and not other.withdrawn_at
        ]
        if ends and max(ends) >= one.given_at:
            deeds.change(one, withdrawn_at=max(ends))
    in_force = {(record.statement_id, record.agreed) for record in ours if record.withdrawn_at is None}
    for record in theirs:
        if record.withdrawn_at is None and (record.statement_id, record.agreed) in in_force:
            deeds.remove(record)
    deeds.move(ConsentRecord.objects.about(gone), "person_id", kept.pk)
    return kept
