"""What happened with an employer, newest first: the contacts of a page, and the next steps closed between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from guildhall.core.pages import Page, Pages
from guildhall.engagement.catalogue import ActivityKind, Catalogue, Kinds
from guildhall.engagement.methodology.levels import Activity, activity
from guildhall.engagement.models import CapturedMail, Contact, Employer, Letter, NextStep

ENTRIES = 20
#: What kinds of contacts are called: a model would put that together anew for each entry.
KINDS = dict(Contact.Kind.choices)


@dataclass(frozen=True)
class Moment:
    """One entry of a timeline: a contact, a next step that was closed, or a letter that was sent.

    A letter is no contact: nothing was said yet, and no number of letters makes a relation livelier.
    """

    at: datetime
    contact: Contact | None = None
    activity: ActivityKind | None = None
    people: Sequence[str] = ()
    mail: CapturedMail | None = None
    step: NextStep | None = None
    letter: Letter | None = None

    @property
    def title(self) -> str:
        """What kind of contact it was, in words."""
        return str(KINDS.get(self.contact.kind, self.contact.kind)) if self.contact else ""

    @property
    def icon(self) -> str:
        kind = self.contact.kind if self.contact else "dot"
        return {"call": "phone", "message": "chat"}.get(kind, kind)


def steps_beside(employer: Employer, contacts: Page) -> QuerySet[NextStep]:
    """The open next steps of an employer, and those closed in the time of a page of contacts: after the first of the next page,
    and up to its own first one. So each stands on one page.
    """
    closed = ~Q(state=NextStep.State.OPEN)
    if contacts.following is not None:
        closed &= Q(closed_at__gt=contacts.following.held_at)
    if contacts.has_previous():
        closed &= Q(closed_at__lte=contacts[0].held_at)
    steps = employer.next_steps.filter(Q(state=NextStep.State.OPEN) | closed)
    return steps.select_related("owner", "closed_by").order_by("due_on", "pk")


def letters_beside(employer: Employer, contacts: Page) -> QuerySet[Letter]:
    """The letters that were sent in the time of a page of contacts, as ``steps_beside`` has the steps."""
    sent = Q()
    if contacts.following is not None:
        sent &= Q(sent_at__gt=contacts.following.held_at)
    if contacts.has_previous():
        sent &= Q(sent_at__lte=contacts[0].held_at)
    return Letter.objects.telling().filter(sent, employer=employer)


def contacts_of(employer: Employer, page: str | None) -> Page:
    """A page of the contacts with an employer, newest first."""
    contacts = employer.contacts.select_related("by", "mail").order_by("-held_at", "-pk")
    return Pages(contacts, ENTRIES, counted=False).get_page(page)


def history_of(employer: Employer, kinds: Kinds) -> tuple[list[Activity], dict[int, list[str]]]:
    """What was done with an employer, as ``activities_of`` says it; and with whom, by contact, in the order of the alphabet."""
    zone, done = employer.school.zone, {}
    names: dict[int, list[str]] = {}
    rows = employer.contacts.order_by("people__name").values_list("held_at", "activity", "pk", "people__name")
    for at, key, number, name in rows:
        done[number] = activity(at.astimezone(zone).date(), key, kinds, number=number)
        if name is not None:
            names.setdefault(number, []).append(name)
    return list(done.values()), names


def timeline_of(
    contacts: Iterable[Contact],
    closed: Iterable[NextStep],
    known: Catalogue,
    *,
    names: Mapping[int, Sequence[str]],
    letters: Iterable[Letter] = (),
) -> list[Moment]:
    """What happened, newest first; contacts come with their kinds of activity, their people, and the mails they were made of."""
    moments = [
        *(
            Moment(
                contact.held_at,
                contact=contact,
                activity=known.by_key.get(contact.activity),
                people=names.get(contact.pk, ()),
                mail=getattr(contact, "mail", None),
            )
            for contact in contacts
        ),
        *(Moment(step.closed_at, step=step) for step in closed if step.closed_at),
        *(Moment(letter.sent_at, letter=letter) for letter in letters if letter.sent_at),
    ]
    return sorted(moments, key=lambda moment: moment.at, reverse=True)
