from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from guildhall.core import search
from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.history import change
from guildhall.engagement.actions.settling import settle_at_the_end
from guildhall.engagement.actions.sharing import find_common
from guildhall.engagement.actions.standing import keep_standing, settle_contacts
from guildhall.engagement.actions.steps import add_step, finish_step, reopen_step
from guildhall.engagement.catalogue import kinds_among
from guildhall.engagement.consortia.others import talked_since
from guildhall.engagement.hooks import contact_recorded
from guildhall.engagement.models import CapturedMail, Contact, Employer, NextStep, Person
from guildhall.engagement.rules import can_change_contact, can_write_in_book
from guildhall.engagement.search import CONTACT, contact_documents
from guildhall.engagement.telling import tell_outside
from guildhall.people.models import User

#: Clocks differ a little; a contact further ahead than this is a plan, and belongs into the next steps.
TOLERANCE = timedelta(hours=1)


@action
def record_contact(
    employer: Employer,
    *,
    kind: str,
    held_at: datetime,
    activity: str = "",
    said: str = "",
    people: Iterable[Person] = (),
    next_what: str = "",
    next_due_on: date | None = None,
    closes: NextStep | None = None,
    by: User,
    at: datetime,
) -> Contact:
    """Write down a contact with an employer, and in the same breath what comes next.

    ``activity`` is the key of what was done together, "" of plain contact; ``closes`` the next step that this fulfilled.

    Raises:
        NotAllowed: ``by`` does not work for the school.
        Refused: the contact lies in the future, there is no such activity, somebody named does not work there, a next step lacks
            its day, or the one it fulfilled was promised to another employer.
    """
    employer = lock(employer)
    can_write_in_book.require(by, employer.school)
    _check_moment(held_at, at)
    _check_activity(activity, employer)
    people = list(people)
    _check_people(people, employer)
    if next_what and next_due_on is None:
        raise Refused(_("Say until when the next step is due."))
    if closes is not None and closes.employer_id != employer.pk:
        raise Refused(_("This is not what belongs here."))
    contact = Contact.objects.create(
        employer=employer, kind=kind, activity=activity, held_at=held_at, said=said.strip(), by=by, recorded_at=at
    )
    contact.people.add(*people)
    had_talked = talked_since(employer, at)
    employer.last_contact_at = max(held_at, employer.last_contact_at or held_at)
    keep_standing(employer, at=at, also=["last_contact_at"])
    if not had_talked:
        find_common([employer.pk], at=at)
    if closes is not None:
        finish_step(closes, word="", by=by, at=at)
    if next_what and next_due_on:
        add_step(employer, what=next_what, due_on=next_due_on, owner=by, contact=contact, by=by, at=at)
    search.index_many(contact_documents([contact]))
    contact_recorded.announce(contact=contact, by=by)
    if activity:
        settle_at_the_end(employer, at=at)
    tell_outside(employer.school, "contact.recorded", contact, at=at)
    return contact


@action
def change_contact(
    contact: Contact,
    *,
    kind: str,
    held_at: datetime,
    activity: str | None = None,
    said: str,
    people: Iterable[Person],
    by: User,
    at: datetime,
) -> Contact:
    """Correct what was written down about a contact; ``activity`` stays as it was where nothing is said of it.

    Raises:
        NotAllowed: ``by`` neither wrote it down nor coordinates.
        Refused: it lies in the future, there is no such activity, or somebody named does not work there.
    """
    contact = lock(contact)
    can_change_contact.require(by, contact)
    _check_moment(held_at, at)
    if activity is None:
        activity = contact.activity
    elif activity != contact.activity:
        _check_activity(activity, contact.employer)
    people = list(people)
    _check_people(people, contact.employer)
    change(contact, kind=kind, held_at=held_at, activity=activity, said=said.strip())
    contact.people.set(people)
    settle_contacts(contact.employer, at=at)
    search.index_many(contact_documents([contact]))
    tell_outside(contact.employer.school, "contact.changed", contact, at=at)
    return contact


@action
def remove_contact(contact: Contact, *, reopens: NextStep | None = None, by: User, at: datetime) -> Employer:
    """Take back a contact that was written down by mistake, and the open next steps that came out of it.

    ``reopens`` is the next step that the contact fulfilled, which is open again then.

    Raises:
        NotAllowed: ``by`` neither wrote it down nor coordinates.
        Refused: the step to be opened again was touched since, or what came out of the contact is done already.
    """
    contact = lock(contact)
    can_change_contact.require(by, contact)
    employer = contact.employer
    if reopens is not None:
        _check_nothing_went_on(contact, lock(reopens))
        reopen_step(reopens, by=by, at=at)
    contact.next_steps.open().delete()
    CapturedMail.objects.put_back(contact, at)
    search.remove(CONTACT, contact.pk)
    tell_outside(employer.school, "contact.removed", contact, at=at)
    contact.delete()
    return settle_contacts(employer, at=at)


def _check_moment(held_at: datetime, at: datetime) -> None:
    if held_at > at + TOLERANCE:
        raise Refused(_("This contact lies in the future. Write down what is planned as a next step."))


def _check_activity(activity: str, employer: Employer) -> None:
    if activity and activity not in kinds_among([activity], employer.school_id):
        raise Refused(_("There is no such kind of activity. Choose one from the list."))


def _check_people(people: list[Person], employer: Employer) -> None:
    known = set(employer.positions.filter(person__in=people).values_list("person_id", flat=True))
    for person in people:
        if person.pk not in known:
            raise Refused(_("%(person)s does not work at %(employer)s.") % {"person": person, "employer": employer})


def _check_nothing_went_on(contact: Contact, fulfilled: NextStep) -> None:
    if fulfilled.employer_id != contact.employer_id or fulfilled.closed_at != contact.recorded_at:
        raise Refused(_("Somebody has changed “%(step)s” since. Nothing was taken back.") % {"step": fulfilled})
    if done := contact.next_steps.closed().first():
        raise Refused(_("“%(step)s”, which came next, is closed by now. Nothing was taken back.") % {"step": done})
