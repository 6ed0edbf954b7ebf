"""Telling other programs what happens in the book: the events a school's webhooks can be told of, and what a message is about.

``tell_outside`` is called by actions, after what they tell of is written. A message says that something happened to a thing, and
where the thing is; who may know more reads it there.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from guildhall.core.addresses import address_of
from guildhall.engagement.models import Contact, Employer, EmployerImport, NextStep, Person
from guildhall.people.models import Organisation
from guildhall.people.webhooks import Thing, tell_webhooks

EVENTS = {
    "employer.added": _("An employer was added"),
    "employer.changed": _("What is known of an employer, its sites or who looks after it was changed"),
    "employer.merged": _("Two employers were merged, or a merge was undone"),
    "person.added": _("Somebody who works at an employer was added"),
    "person.changed": _("What is known of somebody, or where they work, was changed"),
    "person.merged": _("Two people were merged, or a merge was undone"),
    "person.wish_changed": _("Somebody said whether they want to be written to"),
    "person.forgotten": _("Somebody was forgotten: what other programs know of them must go, too"),
    "contact.recorded": _("A contact was written down"),
    "contact.changed": _("A contact was corrected"),
    "contact.removed": _("A contact was taken back"),
    "step.set": _("A next step was set"),
    "step.changed": _("A next step was put off, handed over, dropped or opened again"),
    "step.done": _("A next step was done"),
    "import.finished": _("An import is done: employers and people came in, or were changed"),
    "import.taken_back": _("An import was taken back as a whole"),
}


def tell_outside(
    school: Organisation, event: str, things: models.Model | Collection[models.Model], *, at: datetime | None
) -> None:
    """Tell a school's webhooks what happened to one thing of its book, or to many. From inside an action."""
    if event not in EVENTS:
        raise LookupError(f"There is no event {event!r}.")
    if school.has_webhooks:
        many = [things] if isinstance(things, models.Model) else things
        tell_webhooks(school, event, [thing_of(thing) for thing in many], at=at)


def thing_of(thing: models.Model) -> Thing:
    """Say what a thing of the book is called in messages, and where it is."""
    number = thing.pk
    match thing:
        case Employer():
            kind, of, page = "employer", "employers", address_of("engagement:employer", number)
        case Contact():
            kind, of, page = "contact", "contacts", f"{address_of('engagement:employer', thing.employer_id)}#contact-{number}"
        case NextStep():
            kind, of, page = "step", "steps", address_of("engagement:employer", thing.employer_id)
        case Person():
            kind, of, page = "person", "people", address_of("engagement:person", number)
        case EmployerImport():
            kind, of, page = "import", "imports", address_of("engagement:import", number)
        case _:
            raise TypeError(f"Nobody outside is told of {thing!r}.")
    return Thing(kind, number, page=page, api=f"/api/{of}/{number}")
