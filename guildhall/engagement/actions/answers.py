"""What people at employers say to being written to, called, or shown to others."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.engagement.actions.contacts import TOLERANCE
from guildhall.engagement.models import Person
from guildhall.engagement.purposes import Purpose
from guildhall.engagement.rules import can_write_in_book
from guildhall.engagement.telling import tell_outside
from guildhall.people.actions import record_answer
from guildhall.people.models import ConsentRecord, User


@action
def note_answer(
    somebody: Person,
    *,
    purpose: Purpose,
    agreed: bool | None,
    how: ConsentRecord.How | str,
    given_at: datetime,
    note: str = "",
    by: User,
    at: datetime,
) -> Person:
    """Write down whether somebody agrees to a purpose, and how they said so; None for one who was not asked after all.

    Raises:
        NotAllowed: ``by`` does not work for the school.
        Refused: ``given_at`` is still to come, or they gave a later answer.
    """
    somebody = lock(somebody)
    can_write_in_book.require(by, somebody.school)
    if given_at > at + TOLERANCE:
        raise Refused(_("That day is still to come."))
    language = somebody.language or by.language
    record_answer(
        somebody,
        purpose=purpose.statement,
        agreed=agreed,
        given_at=given_at,
        how=how,
        language=language,
        note=note,
        by=by,
        at=at,
    )
    tell_outside(somebody.school, "person.wish_changed", somebody, at=at)
    return somebody
