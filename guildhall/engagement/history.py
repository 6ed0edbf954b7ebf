"""What was changed about an employer over the years, in people's words: the facts, sites, people, contacts and next steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from guildhall.core.history import value_of
from guildhall.core.models import AuditLine, Change
from guildhall.engagement.importing.leaving import TAKING_BACK
from guildhall.engagement.models import Contact, Employer, EmployerImport, Merge, NextStep, Person, Position
from guildhall.people.models import Organisation, Site, User
from guildhall.skills import taxonomy

#: What can be put back, field by field. That somebody asked not to be written to is not among it: only they can take it back.
PUT_BACK: dict[type[models.Model], set[str]] = {
    Organisation: {"name", "trade_name", "country", "register_number", "nace", "size_band", "website"},
    Site: {"name", "register_number", "street", "postal_code", "town", "country", "phone", "email", "closed_on"},
    Employer: {"note", "owner", "resting_until"},
    Person: {"name", "email", "phone", "language"},
    Position: {"title", "decides", "signs", "trains", "handles_personnel", "since", "until", "site"},
    Contact: {"kind", "activity", "held_at", "said"},
    NextStep: {"what", "due_on", "owner"},
}


@dataclass(frozen=True)
class Entry:
    """One field that somebody changed: when, who, of what, from what to what; ``may_go_back`` while it still reads so."""

    change: Change
    at: datetime
    who: str
    thing: str
    field: str
    before: str
    after: str
    may_go_back: bool


def changes_about(employer: Employer) -> models.QuerySet[Change]:
    """All changes about an employer, newest first."""
    positions = list(employer.positions.values_list("pk", "person"))
    numbers: dict[type[models.Model], Iterable[Any]] = {
        Employer: [employer.pk, *Merge.objects.standing().filter(employer=employer).values_list("gone_number", flat=True)],
        Organisation: [employer.organisation_id],
        Site: employer.organisation.sites.all(),
        Position: [position for position, _person in positions],
        Person: [person for _position, person in positions],
        Contact: employer.contacts.all(),
        NextStep: employer.next_steps.all(),
    }
    return Change.objects.of_numbers(numbers).select_related("line").order_by("-pk")


def told(changes: Iterable[Change]) -> list[Entry]:
    """Say each change in people's words, in as many queries whatever their number."""
    changes = list(changes)
    things = _things(changes)
    people = _people(changes)
    files = _files(changes)
    return [_entry(change, things.get((change.thing_type, change.thing_id)), people, files) for change in changes]


def model_of(change: Change) -> type[models.Model]:
    """The model of the thing that was changed."""
    return apps.get_model(change.thing_type)


def _things(changes: list[Change]) -> dict[tuple[str, str], models.Model]:
    wanted: dict[type[models.Model], set[str]] = {}
    for change in changes:
        wanted.setdefault(model_of(change), set()).add(change.thing_id)
    things = {}
    for model, numbers in wanted.items():
        for pk, thing in _readable(model).in_bulk([int(number) for number in numbers]).items():
            things[model._meta.label_lower, str(pk)] = thing
    return things


def _readable(model: type[models.Model]) -> models.QuerySet[Any]:
    """Things with what their names need."""
    related = {Employer: ["organisation"], Position: ["person", "employer__organisation"], Contact: ["employer__organisation"]}
    return model._default_manager.select_related(*related[model]) if model in related else model._default_manager.all()


def _people(changes: list[Change]) -> dict[int, str]:
    """The names of who acted, and of whom employers and next steps were given to or taken from."""
    user = User._meta.label_lower
    numbers = {change.line.actor_id or 0 for change in changes if change.line.actor_type == user}
    for change in changes:
        if change.field == "owner":
            numbers |= {int(number) for number in (change.before, change.after) if number}
    return {person.pk: str(person) for person in User.objects.filter(pk__in=numbers)}


def _files(changes: list[Change]) -> dict[str, str]:
    """The names of the files that were imported, by the numbers of the imports."""
    an_import = EmployerImport._meta.label_lower
    numbers = {change.line.thing_id for change in changes if change.line.thing_type == an_import}
    if not numbers:
        return {}
    return {str(pk): name for pk, name in EmployerImport.objects.filter(pk__in=numbers).values_list("pk", "file_name")}


def _who(line: AuditLine, people: dict[int, str], files: dict[str, str]) -> str:
    person = people.get(line.actor_id or 0, "")
    file = files.get(line.thing_id, "") if line.thing_type == EmployerImport._meta.label_lower else ""
    if not file:
        return person
    if line.action == TAKING_BACK:
        return _("%(person)s, taking back the import of %(file)s") % {"person": person, "file": file}
    if not person:
        return _("from %(file)s") % {"file": file}
    return _("%(person)s, from %(file)s") % {"person": person, "file": file}


def _entry(change: Change, thing: models.Model | None, people: dict[int, str], files: dict[str, str]) -> Entry:
    model = model_of(change)
    field: Any = model._meta.get_field(change.field)
    now = None if thing is None or field.value_from_object(thing) is None else str(field.value_to_string(thing))
    return Entry(
        change=change,
        at=change.line.at,
        who=_who(change.line, people, files),
        thing=_name(model, thing),
        field=capfirst(str(field.verbose_name)),
        before=_words(field, change.before, people),
        after=_words(field, change.after, people),
        may_go_back=thing is not None and now == change.after and change.field in PUT_BACK.get(model, set()),
    )


def _name(model: type[models.Model], thing: models.Model | None) -> str:
    kind = capfirst(str(model._meta.verbose_name))
    if thing is None or isinstance(thing, Employer | Organisation):
        return kind
    if isinstance(thing, Contact):
        return f"{thing.get_kind_display()}, {_day(localtime(thing.held_at))}"
    return str(thing.person) if isinstance(thing, Position) else str(thing)


def _words(field: Any, kept: str | None, people: dict[int, str]) -> str:
    value = value_of(field.model, field.name, kept)
    if value in (None, ""):
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if field.name == "owner":
        return people.get(int(value), "")
    if field.name == "employer":  # of a contact that was moved, which is rare enough to ask for each
        return str(Employer.objects.select_related("organisation").filter(pk=value).first() or "")
    if field.name in ("nace", "country"):
        return taxonomy.label(field.name, value)
    if isinstance(value, datetime):
        return f"{_day(localtime(value))} {localtime(value):%H:%M}"
    return _day(value) if isinstance(value, date) else str(value)


def _day(day: date) -> str:
    return date_format(day, pgettext("date format", "j M Y"))
