"""Writing what people noted in their lists, contacts and next steps, as if each had been written down by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

from django.utils.timezone import get_current_timezone

from guildhall.core import search
from guildhall.engagement.actions.standing import keep_standings
from guildhall.engagement.hooks import contact_recorded
from guildhall.engagement.importing.past import Promised, Spoken
from guildhall.engagement.importing.planning import Firm
from guildhall.engagement.models import Contact, Employer, NextStep
from guildhall.engagement.search import contact_documents
from guildhall.people.models import Organisation, User

#: A list says on which day it was; at noon it is that day wherever it is looked at from.
NOON = time(12)


def write_past(school: Organisation, firms: Sequence[Firm], *, by: User | None, at: datetime) -> None:
    """Write the contacts and next steps that were planned for firms, which have their numbers by now. From inside an action.

    What nobody of ours is named for was done, and is to be done, by ``by``; without anybody nothing is written. What somebody has
    promised who has left is to be done by ``by``, too.
    """
    spoken = [(firm, one) for firm in firms for one in firm.contacts if one.pk is None and (one.by or by)]
    promised = [(firm, step) for firm in firms for step in firm.next_steps if step.pk is None and (step.by or by)]
    if spoken:
        _write_contacts(school, spoken, by, at)
    if promised:
        working = set(school.memberships.current().staff().values_list("user", flat=True)) if by else set()
        _write_steps(promised, working, by, at)


def _write_contacts(school: Organisation, spoken: Sequence[tuple[Firm, Spoken]], by: User | None, at: datetime) -> None:
    contacts = Contact.objects.bulk_create(
        [
            Contact(
                employer_id=firm.employer_pk,  # type: ignore[misc]  # written just before, like the people
                kind=one.kind,
                held_at=_noon(one.on),
                said=one.said,
                by_id=one.by or (by.pk if by else None),
                recorded_at=at,
            )
            for firm, one in spoken
        ],
        batch_size=500,
    )
    for (_firm, one), contact in zip(spoken, contacts, strict=True):
        one.pk = contact.pk
    Contact.people.through.objects.bulk_create(
        Contact.people.through(contact_id=one.pk, person_id=one.person.pk) for _firm, one in spoken if one.person is not None
    )
    latest: dict[int, date] = {}
    for firm, one in spoken:
        if firm.employer_pk is not None:
            latest[firm.employer_pk] = max(one.on, latest.get(firm.employer_pk, one.on))
    employers = [
        employer
        for employer in Employer.objects.filter(pk__in=latest).only("last_contact_at")
        if employer.last_contact_at is None or employer.last_contact_at < _noon(latest[employer.pk])
    ]
    for employer in employers:
        employer.last_contact_at = _noon(latest[employer.pk])
    Employer.objects.bulk_update(employers, ["last_contact_at"], batch_size=500)
    keep_standings(school, list(latest), at=at)
    written = Contact.objects.filter(pk__in=[contact.pk for contact in contacts]).select_related("employer__organisation", "by")
    recorded = list(written.order_by("pk"))
    search.index_many(contact_documents(recorded))
    for contact in recorded:
        contact_recorded.announce(contact=contact, by=contact.by)


def _write_steps(promised: Sequence[tuple[Firm, Promised]], working: set[int], by: User | None, at: datetime) -> None:
    steps = NextStep.objects.bulk_create(
        [
            NextStep(
                employer_id=firm.employer_pk,  # type: ignore[misc]  # written just before
                what=step.what,
                due_on=step.due_on,
                owner_id=by.pk if by and step.by not in working else step.by,
                contact_id=step.contact.pk if step.contact else None,
                added_at=at,
                added_by_id=by.pk if by else step.by,
            )
            for firm, step in promised
        ],
        batch_size=500,
    )
    for (_firm, step), kept in zip(promised, steps, strict=True):
        step.pk = kept.pk


def _noon(day: date) -> datetime:
    return datetime.combine(day, NOON, get_current_timezone())
