"""The letter that goes with handed-over employers: whom each means, what was said last, what is open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet

from guildhall.core.models import Change
from guildhall.engagement.models import Contact, Employer, NextStep, Position
from guildhall.people.models import Organisation, User


@dataclass
class Relation:
    """One employer in the letter: since when it is the heir's, whom one speaks with, the last contact, what is open."""

    employer: Employer
    at: datetime
    positions: list[Position] = field(default_factory=list)
    last: Contact | None = None
    steps: list[NextStep] = field(default_factory=list)


def handed_over(school: Organisation, *, of: User, heir: User) -> QuerySet[Change]:
    """The changes by which employers of a school went from one colleague to another, newest first."""
    book = Employer.objects.in_book_of(school).looked_after_by(heir)
    changes = Change.objects.of_numbers({Employer: book}).filter(field="owner", before=str(of.pk), after=str(heir.pk))
    return changes.select_related("line").order_by("-pk")


def relations(changes: Iterable[Change]) -> list[Relation]:
    """What the letter says of each employer, in as many queries whatever their number."""
    when: dict[int, datetime] = {}
    for change in changes:
        when.setdefault(int(change.thing_id), change.line.at)
    employers = Employer.objects.select_related("organisation").in_bulk(when)
    told = {pk: Relation(employers[pk], at) for pk, at in when.items() if pk in employers}
    for held in (
        Position.objects.current().filter(employer__in=told).select_related("person").order_by("-decides", "person__name")
    ):
        told[held.employer_id].positions.append(held)
    newest = Contact.objects.filter(employer__in=told, held_at__isnull=False).order_by("employer", "-held_at", "-pk")
    for contact in _first_of_each(newest.select_related("by")):
        told[contact.employer_id].last = contact
    for step in NextStep.objects.open().filter(employer__in=told).order_by("due_on", "pk"):
        told[step.employer_id].steps.append(step)
    return sorted(told.values(), key=lambda relation: (relation.employer.sort_key, relation.employer.pk))


def _first_of_each(contacts: Iterable[Contact]) -> Iterable[Contact]:
    seen: set[int] = set()
    for contact in contacts:
        if contact.employer_id not in seen:
            seen.add(contact.employer_id)
            yield contact
