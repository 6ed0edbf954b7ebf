"""Writing what rows bring into a school's book: what is new, what is changed with its history, and which import did it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, models

from guildhall.core import search
from guildhall.core.history import as_kept, noted
from guildhall.engagement.actions.merging import keep_wishes
from guildhall.engagement.actions.past_contacts import write_past
from guildhall.engagement.importing.past import Promised, Spoken
from guildhall.engagement.importing.planning import FIRM_FIELDS, PERSON_FIELDS, PLACE_FIELDS, Firm, Place, Someone
from guildhall.engagement.models import Employer, EmployerImport, ImportedThing, Person, Position, sort_key_of
from guildhall.engagement.search import employer_documents
from guildhall.people.actions import keep_organisations
from guildhall.people.models import Organisation, Site, User

Kind = ImportedThing.Kind
#: Something new, where its number will stand once it is written, and the firm it belongs to.
New = tuple[ImportedThing.Kind, Firm | Place | Someone | Spoken | Promised, str, Firm]


def let_in(employer_import: EmployerImport, firms: Sequence[Firm], *, by: User | None, at: datetime) -> None:
    """Write firms, as they were planned, into the school's book. From inside an action on the import.

    What was there before and is changed gets its lines in the history, which are those of the import.

    Raises:
        NotAllowed: ``by`` does not work for the school any more.
    """
    school, new = employer_import.school, _new(firms)
    _write_organisations(school, firms, by, at)
    employers = _write_employers(school, firms, by, at)
    _write_people(school, firms)
    write_past(school, firms, by=by, at=at)
    _note_as_imported(employer_import, new)
    search.index_many(employer_documents(employers))


def _note_as_imported(employer_import: EmployerImport, new: Iterable[New]) -> None:
    """Note what is new, so that the import can be taken back."""
    # By hand: there are half a dozen for each row, and a model of each would cost as much as writing the thing itself.
    table = connection.ops.quote_name(ImportedThing._meta.db_table)
    rows = [
        (employer_import.pk, kind.value, getattr(thing, number), firm.employer_pk)
        for kind, thing, number, firm in new
        if getattr(thing, number) is not None
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} (employer_import_id, kind, number, employer, field, outcome) VALUES (%s, %s, %s, %s, '', '')",  # noqa: S608
            rows,
        )


def _new(firms: Iterable[Firm]) -> list[New]:
    """What is only planned so far."""
    new: list[New] = []
    for firm in firms:
        parts: list[New] = [
            (Kind.ORGANISATION, firm, "pk", firm),
            (Kind.EMPLOYER, firm, "employer_pk", firm),
            *((Kind.SITE, place, "pk", firm) for place in firm.places),
            *((Kind.PERSON, one, "pk", firm) for one in firm.people),
            *((Kind.POSITION, one, "position_pk", firm) for one in firm.people),
            *((Kind.CONTACT, spoken, "pk", firm) for spoken in firm.contacts),
            *((Kind.STEP, step, "pk", firm) for step in firm.next_steps),
        ]
        new += [part for part in parts if getattr(part[1], part[2]) is None]
    return new


def _write_organisations(school: Organisation, firms: Sequence[Firm], by: User | None, at: datetime) -> None:
    new = {id(firm): Organisation(**_values(firm, FIRM_FIELDS)) for firm in firms if firm.pk is None}
    changed = {id(firm): Organisation(pk=firm.pk, **_values(firm, FIRM_FIELDS)) for firm in firms if firm.pk and firm.dirty}
    new_sites: dict[int, Site] = {}
    changed_sites: list[tuple[Place, Site]] = []
    for firm in firms:
        of = {"organisation": new[id(firm)]} if firm.pk is None else {"organisation_id": firm.pk}
        for place in firm.places:
            site = Site(pk=place.pk, **of, **_values(place, PLACE_FIELDS))
            if place.pk is None:
                new_sites[id(place)] = site
            elif place.dirty:
                changed_sites.append((place, site))
    keep_organisations(
        school,
        organisations=list(new.values()),
        sites=list(new_sites.values()),
        changed={
            Organisation: (list(changed.values()), _dirty(firms) & set(FIRM_FIELDS)),
            Site: ([site for _place, site in changed_sites], _dirty(place for place, _site in changed_sites)),
        },
        by=by,
        at=at,
    )
    for firm in firms:
        if id(firm) in changed:
            _note(changed[id(firm)], firm.dirty, FIRM_FIELDS)
    for place, site in changed_sites:
        _note(site, place.dirty, PLACE_FIELDS)
    for firm in firms:
        if firm.pk is None:
            firm.pk = new[id(firm)].pk
        for place in firm.places:
            if place.pk is None:
                place.pk = new_sites[id(place)].pk


def _write_employers(school: Organisation, firms: Sequence[Firm], by: User | None, at: datetime) -> list[Employer]:
    """Write the firms into the school's book, and return all of them as they now stand there."""
    new = {
        id(firm): Employer(
            school=school,
            organisation_id=firm.pk,  # type: ignore[misc]  # written just before
            sort_key=sort_key_of(firm.shown_name),
            note=firm.note,
            added_at=at,
            added_by=by,
        )
        for firm in firms
        if firm.employer_pk is None
    }
    Employer.objects.bulk_create(new.values())
    changed = [
        (firm, Employer(pk=firm.employer_pk, sort_key=sort_key_of(firm.shown_name), note=firm.note))
        for firm in firms
        if firm.employer_pk and not firm.dirty.keys().isdisjoint({"name", "trade_name", "note"})
    ]
    Employer.objects.bulk_update([employer for _firm, employer in changed], ["sort_key", "note"], batch_size=100)
    for firm, employer in changed:
        _note(employer, firm.dirty, ("note",))
    for firm in firms:
        if firm.employer_pk is None:
            firm.employer_pk = new[id(firm)].pk
    return list(Employer.objects.select_related("organisation").filter(pk__in=[firm.employer_pk for firm in firms]))


def _write_people(school: Organisation, firms: Sequence[Firm]) -> None:
    here = [(firm, one) for firm in firms for one in firm.people]
    persons = {id(one): Person(school=school, **_values(one, PERSON_FIELDS)) for _firm, one in here if one.pk is None}
    Person.objects.bulk_create(persons.values())
    keep_wishes(persons.values())
    for _firm, one in here:
        one.pk = one.pk or persons[id(one)].pk
    positions = {
        id(one): Position(
            person_id=one.pk,  # type: ignore[misc]  # written just before, like the employer and the site
            employer_id=firm.employer_pk,
            site_id=one.place.pk if one.place else None,
            title=one.title,
        )
        for firm, one in here
        if one.position_pk is None
    }
    Position.objects.bulk_create(positions.values())
    changed = [
        (one, Person(pk=one.pk, **_values(one, PERSON_FIELDS)), Position(pk=one.position_pk, title=one.title))
        for _firm, one in here
        if one.position_pk is not None and one.dirty
    ]
    Person.objects.bulk_update([person for _one, person, _held in changed], ["email", "phone"], 100)
    Position.objects.bulk_update([held for _one, _person, held in changed], ["title"], 100)
    for one, person, held in changed:
        _note(person, one.dirty, PERSON_FIELDS)
        _note(held, one.dirty, ("title",))
    for _firm, one in here:
        one.position_pk = one.position_pk or positions[id(one)].pk


def _values(thing: Firm | Place | Someone, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in names}


def _dirty(things: Iterable[Firm | Place]) -> set[str]:
    return set().union(*(thing.dirty for thing in things))


def _note(thing: models.Model, dirty: Mapping[str, Any], names: Iterable[str]) -> None:
    """Note what was changed of a thing that was there before; ``dirty`` holds what the values were."""
    before = {name: dirty[name] for name in names if name in dirty}
    was = type(thing)(**before)
    noted(thing, {name: as_kept(was, name) for name in before})
