"""What happened with an employer, newest first: the contacts of a page, and the next steps closed between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Page
from django.db.models import Q, QuerySet

from guildhall.engagement.models import CapturedMail, Contact, Employer, NextStep, Person


@dataclass(frozen=True)
class Moment:
    """One entry of a timeline: a contact, or a next step that was closed."""

    at: datetime
    contact: Contact | None = None
    people: Sequence[Person] = ()
    mail: CapturedMail | None = None
    step: NextStep | None = None

    @property
    def icon(self) -> str:
        kind = self.contact.kind if self.contact else "dot"
        return {"call": "phone", "message": "chat"}.get(kind, kind)


def steps_beside(employer: Employer, contacts: Page[Contact]) -> QuerySet[NextStep]:
    """The open next steps of an employer, and those closed between the first and the last contact of a page of its timeline."""
    shown = list(contacts)
    closed = ~Q(state=NextStep.State.OPEN)
    if contacts.has_next():
        closed &= Q(closed_at__gte=shown[-1].held_at)
    if contacts.has_previous():
        closed &= Q(closed_at__lt=shown[0].held_at)
    steps = employer.next_steps.filter(Q(state=NextStep.State.OPEN) | closed)
    return steps.select_related("owner", "closed_by").order_by("due_on", "pk")


def timeline_of(contacts: Iterable[Contact], closed: Iterable[NextStep]) -> list[Moment]:
    """What happened, newest first; the contacts come with their people, and with the mails they were made of."""
    moments = [
        *(
            Moment(contact.held_at, contact=contact, people=list(contact.people.all()), mail=getattr(contact, "mail", None))
            for contact in contacts
        ),
        *(Moment(step.closed_at, step=step) for step in closed if step.closed_at),
    ]
    return sorted(moments, key=lambda moment: moment.at, reverse=True)
