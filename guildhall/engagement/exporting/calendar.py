"""Somebody's next steps and visits as an iCalendar feed (RFC 5545), for the calendar they use elsewhere.

A next step is an entry of its whole day that leaves the day free, not a VTODO: Outlook and Google show no tasks of a calendar one
subscribes to. What was said stays in the book; whom to ring up is named only to those who chose it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.db.models import Max
from django.utils.translation import gettext as _
from icalendar import Calendar as ICalendar
from icalendar import Event, vDuration

from guildhall.core.addresses import address_of
from guildhall.core.models import Change
from guildhall.engagement.calling import note_whom_to_call
from guildhall.engagement.models import Calendar, Contact, NextStep
from guildhall.people.models import Site

MEDIA_TYPE = "text/calendar; charset=utf-8"
#: How long ago a visit may be that is still shown.
LOOKING_BACK = timedelta(days=180)
#: Nobody notes how long a visit takes.
LENGTH = timedelta(hours=1)
#: Kinds of contact for which one goes somewhere.
MET = [Contact.Kind.VISIT, Contact.Kind.MEETING, Contact.Kind.EVENT]
#: Programs that ask too often are asked to wait so long.
REFRESH = timedelta(hours=1)
MOST = 1000


def feed(calendar: Calendar, *, at: datetime) -> bytes:
    """Return the calendar as it is at a moment, in the language that is active. The same entries are the same bytes."""
    school = calendar.school
    steps = list(
        NextStep.objects.open()
        .of(calendar.user)
        .filter(employer__school=school)
        .select_related("employer__organisation")
        .order_by("due_on", "pk")[:MOST]
    )
    met = Contact.objects.filter(by=calendar.user, employer__school=school, kind__in=MET, held_at__gte=at - LOOKING_BACK)
    contacts = list(met.select_related("employer__organisation").order_by("-held_at", "-pk")[:MOST])
    if calendar.has_telephones:
        note_whom_to_call(steps)
    shown: list[NextStep | Contact] = [*steps, *contacts]
    places = _places(thing.employer.organisation_id for thing in shown)
    changed = _changed(steps, contacts)
    drawn = ICalendar()
    drawn.add("prodid", "-//Guildhall//Employer book//EN")
    drawn.add("version", "2.0")
    drawn.add("method", "PUBLISH")
    name = _("Employers · %(school)s") % {"school": school}
    for key in ("name", "x-wr-calname"):
        drawn.add(key, name)
    drawn.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    drawn.add("x-published-ttl", vDuration(REFRESH))
    for step in steps:
        drawn.add_component(_planned(step, changed, places))
    for contact in contacts:
        drawn.add_component(_held(contact, changed, places))
    return drawn.to_ical()


def tag_of(content: bytes) -> str:
    """Return the ETag of a feed. There is no Last-Modified: what is taken back leaves no date."""
    return f'"{sha256(content).hexdigest()[:32]}"'


def _planned(step: NextStep, changed: Mapping[str, datetime], places: Mapping[int, str]) -> Event:
    event = _event(f"step-{step.pk}", step, changed.get(f"step {step.pk}", step.added_at), places)
    event.add("summary", f"{step.what} · {step.employer}")
    event.add("dtstart", step.due_on)
    event.add("dtend", step.due_on + timedelta(days=1))
    event.add("sequence", step.times_moved)
    lines = [_("Next step in the employer book. Tick it off there: %(address)s") % {"address": event["url"]}]
    if step.call:
        lines.insert(0, ", ".join(part for part in (step.call.person.name, step.call.title, step.call.person.phone) if part))
    event.add("description", "\n".join(lines))
    return event


def _held(contact: Contact, changed: Mapping[str, datetime], places: Mapping[int, str]) -> Event:
    event = _event(f"contact-{contact.pk}", contact, changed.get(f"contact {contact.pk}", contact.recorded_at), places)
    event.add("summary", f"{contact.get_kind_display()} · {contact.employer}")
    event.add("dtstart", contact.held_at)
    event.add("dtend", contact.held_at + LENGTH)
    event.add("description", _("What was said stands in the employer book: %(address)s") % {"address": event["url"]})
    return event


def _event(name: str, thing: NextStep | Contact, changed_at: datetime, places: Mapping[int, str]) -> Event:
    event = Event()
    event.add("uid", f"{name}@{settings.BASE_URL.partition('://')[2]}")
    event.add("dtstamp", changed_at)
    event.add("last-modified", changed_at)
    event.add("url", settings.BASE_URL + address_of("engagement:employer", thing.employer_id))
    event.add("transp", "TRANSPARENT")
    event.add("class", "PRIVATE")
    if place := places.get(thing.employer.organisation_id):
        event.add("location", place)
    return event


def _places(organisations: Iterable[int]) -> dict[int, str]:
    """Where organisations are to be found: the first open site of each that has an address."""
    sites = Site.objects.open().filter(organisation__in=set(organisations)).order_by("-pk")
    return {site.organisation_id: site.address for site in sites if site.address}


def _changed(steps: Iterable[NextStep], contacts: Iterable[Contact]) -> dict[str, datetime]:
    """When each was last changed, of those that ever were."""
    names = {NextStep._meta.label_lower: "step", Contact._meta.label_lower: "contact"}
    changes = Change.objects.of(*steps, *contacts).order_by()
    last = changes.values_list("thing_type", "thing_id").annotate(at=Max("line__at"))
    return {f"{names[kind]} {number}": at for kind, number, at in last}
