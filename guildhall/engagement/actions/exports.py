"""Taking employers along, and having one's next steps in the calendar one uses elsewhere."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from guildhall.core.actions import action, lock
from guildhall.engagement.models import Calendar, Employer, Export
from guildhall.engagement.rules import can_export, can_export_book
from guildhall.people.models import Organisation, User
from guildhall.people.passes import issue_pass, revoke_passes
from guildhall.people.rules import can_call_own

CALENDAR = "engagement.calendar"
#: An address that stopped working by itself would leave an old calendar on somebody's telephone, and nobody would notice. It ends
#: with the membership, and with a click.
CALENDAR_VALID_FOR = timedelta(days=10 * 365)


@action
def export_employers(school: Organisation, *, employers: QuerySet[Employer], file_format: str, by: User, at: datetime) -> Export:
    """Note that somebody takes these employers out of the house, and how many they are.

    Raises:
        NotAllowed: ``by`` does not work for the school.
    """
    can_export.require(by, school)
    count = employers.filter(school=school).count()
    return Export.objects.create(school=school, file_format=file_format, count=count, made_at=at, made_by=by)


@action
def export_book(school: Organisation, *, by: User, at: datetime) -> Export:
    """Note that somebody takes the whole book out of the house.

    Raises:
        NotAllowed: ``by`` does not coordinate.
    """
    can_export_book.require(by, school)
    count = Employer.objects.in_book_of(school).count()
    return Export.objects.create(school=school, file_format=Export.Format.BOOK, count=count, made_at=at, made_by=by)


@action
def forget_exports(*, before: datetime, by: User | None) -> int:
    """Delete the record of exports made before a moment; returns how many."""
    return Export.objects.made_before(before).delete()[0]


@action
def make_calendar(school: Organisation, *, has_telephones: bool, by: User, at: datetime) -> tuple[Calendar, str]:
    """Give somebody an address for their calendar at a school; return it with its secret. An earlier address stops working.

    Raises:
        NotAllowed: ``by`` does not work for the school.
    """
    can_export.require(by, school)
    calendar, _is_new = Calendar.objects.update_or_create(
        user=by, school=school, defaults={"has_telephones": has_telephones, "renewed_at": at}
    )
    revoke_passes(calendar, purpose=CALENDAR, at=at)
    _held, token = issue_pass(calendar, purpose=CALENDAR, valid_for=CALENDAR_VALID_FOR, by=by, at=at)
    return calendar, token


@action
def remove_calendar(calendar: Calendar, *, by: User, at: datetime) -> Organisation:
    """Let the address of a calendar work no longer.

    Raises:
        NotAllowed: it is somebody else's.
    """
    calendar = lock(calendar)
    can_call_own.require(by, calendar)
    revoke_passes(calendar, purpose=CALENDAR, at=at)
    school = calendar.school
    calendar.delete()
    return school


def forget_calendars(user: User, *, at: datetime) -> int:
    """Let no calendar address of somebody who is erased work any more, within the action that erases them."""
    calendars = list(Calendar.objects.of(user))
    for calendar in calendars:
        revoke_passes(calendar, purpose=CALENDAR, at=at)
        calendar.delete()
    return len(calendars)
