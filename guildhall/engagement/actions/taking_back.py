"""Taking back a whole import: what it brought leaves the book, and what it changed says what it said before.

What people have worked on since stays (``importing.leaving``). A task does it in portions, each of them whole, and goes on where
it was after any interruption; what others do meanwhile counts, for each portion looks again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from guildhall.core import search
from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.history import as_kept, forget, noted, value_of
from guildhall.engagement.actions.alike import search_after_import
from guildhall.engagement.actions.imports import one_at_a_time, start
from guildhall.engagement.actions.standing import settle_contacts
from guildhall.engagement.importing.leaving import (
    KINDS,
    MODELS,
    Leaving,
    Stays,
    changes_of,
    entries_of,
    giving_back,
    leaving,
    made_by,
)
from guildhall.engagement.models import (
    AlikeEmployers,
    AlikePeople,
    Contact,
    Employer,
    EmployerImport,
    ImportedThing,
    LikenessKey,
    NextStep,
    Person,
    Position,
    sort_key_of,
)
from guildhall.engagement.rules import can_import
from guildhall.engagement.search import CONTACT, EMPLOYER, employer_documents
from guildhall.engagement.telling import tell_outside
from guildhall.people.actions import keep_organisations, let_go_of_organisations
from guildhall.people.models import ConsentRecord, Organisation, Site, User
from guildhall.people.notices import tell

#: Employers, people or things with changed fields that are dealt with together or not at all.
PORTION = 200
State = EmployerImport.State
Kind = ImportedThing.Kind
Outcome = ImportedThing.Outcome
#: Something to be dealt with: "employer" or "person" and their number, or the name of a model and the number of what was changed.
Unit = tuple[str, str]
#: A thing, and what fields of it say once they are given back, as the history keeps it.
Back = tuple[models.Model, dict[str, str | None]]


@action
def take_back_import(employer_import: EmployerImport, *, by: User, at: datetime) -> EmployerImport:
    """Take out of the book again what an import brought, but for what people have worked on since. A task does it.

    Raises:
        NotAllowed: ``by`` neither manages nor coordinates.
        Refused: the import is not done, is taken back already, it is no longer known what came of it, or another list is on its
            way into the book.
    """
    one_at_a_time(employer_import.school)
    employer_import = lock(employer_import)
    can_import.require(by, employer_import.school)
    if employer_import.state == State.TAKING_BACK:
        raise Refused(_("This import is already being taken back."))
    if employer_import.state == State.TAKEN_BACK:
        raise Refused(_("This import was taken back already."))
    if employer_import.state != State.DONE:
        raise Refused(_("Only an import that is done can be taken back."))
    if employer_import.is_forgotten:
        raise Refused(_("This import cannot be taken back any more: what it changed is known for a while only."))
    if EmployerImport.objects.coming_in().filter(school=employer_import.school).exists():
        raise Refused(_("Another list is just on its way into the book. Wait until it is there."))
    employer_import.state, employer_import.taken_back_at, employer_import.taken_back_by = State.TAKING_BACK, at, by
    employer_import.progress = start(employer_import, by)
    employer_import.save()
    return employer_import


def units_of(employer_import: EmployerImport) -> list[Unit]:
    """Return all that has to be dealt with, in the same order each time: employers, then people, then what was changed.

    Of what was changed there may be less the next time: some of it may be forgotten in the meantime.
    """
    made = ImportedThing.objects.filter(employer_import=employer_import, field="")
    employers = made.order_by("employer").values_list("employer", flat=True).distinct()
    people = made.filter(kind=Kind.PERSON).order_by("number").values_list("number", flat=True)
    changed = changes_of(employer_import).order_by().values_list("thing_type", "thing_id").distinct()
    all_of_it = [*(("employer", str(pk)) for pk in employers), *(("person", str(pk)) for pk in people)]
    return [*all_of_it, *sorted(changed, key=_place_of)]


def dealt_with(employer_import: EmployerImport, units: Sequence[Unit]) -> int:
    """How many of the units lie before the place that was come to."""
    come_to = employer_import.reading.get("taken_back_to")
    return bisect_right(units, _place_of((come_to[0], come_to[1])), key=_place_of) if come_to else 0


def _place_of(unit: Unit) -> tuple[int, str, int]:
    kind, number = unit
    return {"employer": 0, "person": 1}.get(kind, 2), kind, int(number)


@action
def take_back_portion(employer_import: EmployerImport, *, units: Sequence[Unit], by: User | None, at: datetime) -> EmployerImport:
    """Take back a part of an import: all of the part, or nothing if anything goes wrong.

    Raises:
        NotAllowed: ``by`` neither manages nor coordinates any more.
    """
    one_at_a_time(employer_import.school)
    employer_import = lock(employer_import)
    if employer_import.state != State.TAKING_BACK or by is None:
        return employer_import
    can_import.require(by, employer_import.school)
    numbers: dict[str, list[int]] = defaultdict(list)
    for kind, number in units:
        numbers[kind].append(int(number))
    _let_employers_go(employer_import, numbers.pop("employer", []), by, at)
    _let_people_go(employer_import, numbers.pop("person", []), at)
    _give_back(employer_import, [unit for unit in units if unit[0] in numbers], by, at)
    employer_import.reading["taken_back_to"] = units[-1]
    employer_import.save(update_fields=["given_back", "reading"])
    return employer_import


@action
def finish_taking_back(employer_import: EmployerImport, *, by: User | None, at: datetime) -> EmployerImport:
    """Note that all of an import is taken back, and tell who asked for it."""
    employer_import = lock(employer_import)
    if employer_import.state != State.TAKING_BACK or by is None:
        return employer_import
    employer_import.state = State.TAKEN_BACK
    employer_import.reading.pop("taken_back_to", None)
    employer_import.save(update_fields=["state", "reading"])
    search_after_import(employer_import.school, by=by, at=at)
    tell_outside(employer_import.school, "import.taken_back", employer_import, at=at)
    gone = gone_of(employer_import)
    tell(
        by,
        kind="engagement.import_taken_back",
        sentence=gettext_noop(
            "%(file)s is taken back. Gone: %(employers)s employers, %(sites)s sites, %(people)s people. "
            "Fields that say what they said before: %(fields)s."
        ),
        params={
            "file": employer_import.file_name,
            "employers": str(gone.get(Kind.EMPLOYER, 0)),
            "sites": str(gone.get(Kind.SITE, 0)),
            "people": str(gone.get(Kind.PERSON, 0)),
            "fields": str(employer_import.given_back),
        },
        url=employer_import.get_absolute_url(),
        at=at,
    )
    return employer_import


def gone_of(employer_import: EmployerImport) -> dict[str, int]:
    """How much of each kind has left the book again."""
    gone = ImportedThing.objects.filter(employer_import=employer_import, outcome=Outcome.GONE)
    return dict(gone.values_list("kind").annotate(Count("pk")))


# --- Employers, with their sites, positions and contacts -----------------------------------------------------------


def _let_employers_go(employer_import: EmployerImport, numbers: Sequence[int], by: User, at: datetime) -> None:
    if not numbers:
        return
    list(Employer.objects.select_for_update(of=("self",)).filter(pk__in=numbers).order_by("pk"))
    found = leaving(employer_import, numbers)
    people = found.goes.pop(Kind.PERSON, [])  # they go last, once nobody holds a position any more
    found.stays = [stays for stays in found.stays if (stays.kind, stays.why) != (Kind.PERSON, Outcome.WORKS)]
    employers, contacts = found.goes[Kind.EMPLOYER], found.goes[Kind.CONTACT]
    spoken_with = list(Employer.objects.filter(contacts__in=contacts).exclude(pk__in=employers).distinct()) if contacts else []
    _raw_delete(NextStep.objects.filter(pk__in=found.goes[Kind.STEP]))
    NextStep.objects.filter(contact__in=contacts).update(contact=None)
    _raw_delete(Contact.people.through.objects.filter(contact__in=contacts))
    _raw_delete(Contact.objects.filter(pk__in=contacts))
    search.remove_many(CONTACT, contacts)
    _raw_delete(Position.objects.filter(pk__in=found.goes[Kind.POSITION]))
    AlikeEmployers.objects.of(*employers).delete()
    LikenessKey.objects.filter(employer__in=employers).delete()
    _raw_delete(Employer.objects.filter(pk__in=employers))
    search.remove_many(EMPLOYER, employers)
    let_go_of_organisations(
        employer_import.school, organisations=found.goes[Kind.ORGANISATION], sites=found.goes[Kind.SITE], by=by, at=at
    )
    _note(employer_import, found)
    for employer in spoken_with:
        settle_contacts(employer, at=at)
    staying = set(numbers) - set(employers)
    if people or found.goes:
        search.index_many(employer_documents(Employer.objects.filter(pk__in=staying)))


def _let_people_go(employer_import: EmployerImport, numbers: Sequence[int], at: datetime) -> None:
    """Let people go to whom nothing holds any more: their employers have left, or what they did there."""
    if not numbers:
        return
    list(Person.objects.select_for_update().filter(pk__in=numbers).order_by("pk"))
    waiting = made_by(employer_import, Kind.PERSON).filter(number__in=numbers, outcome="")
    entries = dict(waiting.values_list("number", "employer"))
    held = Position.objects.filter(person=OuterRef("pk"))
    with_whom = Contact.people.through.objects.filter(person=OuterRef("pk"))
    alone = ~Exists(held) & ~Exists(with_whom)
    free = set(Person.objects.filter(alone, pk__in=entries).values_list("pk", flat=True))
    found = leaving(employer_import, set(entries.values()))
    going = [number for number in found.goes[Kind.PERSON] if number in free]
    tell_outside(employer_import.school, "person.forgotten", [Person(pk=number) for number in going], at=at)
    AlikePeople.objects.of(*going).delete()
    ConsentRecord.objects.filter(person_type=Person._meta.label_lower, person_id__in=going).delete()
    _raw_delete(Person.objects.filter(pk__in=going))
    there = Person.objects.filter(pk__in=entries.keys() - set(going)).values_list("pk", flat=True)
    stays = [Stays(Kind.PERSON, number, entries[number], Outcome.WORKS) for number in there]
    _note(employer_import, Leaving({Kind.PERSON: going}, stays))


def _note(employer_import: EmployerImport, found: Leaving) -> None:
    """Note what is gone, what stays, and forget what was changed of what is gone."""
    for kind, numbers in found.goes.items():
        made_by(employer_import, kind).filter(number__in=numbers).update(outcome=Outcome.GONE)
        forget(MODELS[kind], numbers)
    why: dict[tuple[str, str], list[int]] = defaultdict(list)
    for stays in found.stays:
        why[stays.kind, stays.why].append(stays.number)
    for (kind, outcome), numbers in why.items():
        made_by(employer_import, kind).filter(number__in=numbers).update(outcome=outcome)
    ImportedThing.objects.filter(pk__in=found.along).update(outcome=Outcome.ALONG)


def _raw_delete(rows: models.QuerySet[Any]) -> None:
    """Delete rows to which nothing points: not ``delete``, which would take along what nobody has looked at."""
    rows._raw_delete(rows.db)


# --- Fields --------------------------------------------------------------------------------------------------------


def _give_back(employer_import: EmployerImport, names: Collection[Unit], by: User, at: datetime) -> None:
    if not names:
        return
    school, found = employer_import.school, giving_back(employer_import, names)
    given, taken = found.back, []
    try:
        with transaction.atomic():
            _write(school, given, by, at)
    except IntegrityError:  # one of them; which one is found out by trying
        given = []
        for each in giving_back(employer_import, names).back:
            try:
                with transaction.atomic():
                    _write(school, [each], by, at)
                given.append(each)
            except IntegrityError:
                taken.append(each)
    employer_import.given_back += sum(len(values) for _thing, values in given)
    entries = entries_of(employer_import, [thing for thing, _values in taken])
    stays = [
        *found.stays,
        *(
            Stays(KINDS[thing._meta.label_lower], thing.pk, entries.get(thing, 0), Outcome.TAKEN, name)
            for thing, values in taken
            for name in values
        ),
    ]
    ImportedThing.objects.bulk_create(
        ImportedThing(
            employer_import=employer_import,
            kind=one.kind,
            number=one.number,
            employer=one.employer,
            field=one.field,
            outcome=one.why,
        )
        for one in stays
    )
    _bring_up_to_date(school, [thing for thing, _values in given], at)


def _write(school: Organisation, given: Sequence[Back], by: User, at: datetime) -> None:
    """Write what things say from now on, with a line in the history for each field.

    Raises:
        IntegrityError: what one of them said is said of something else by now.
    """
    was = [(thing, {name: as_kept(thing, name) for name in values}) for thing, values in given]
    things: dict[type[models.Model], list[Any]] = defaultdict(list)
    fields: dict[type[models.Model], set[str]] = defaultdict(set)
    for thing, values in given:
        for name, text in values.items():
            setattr(thing, name, value_of(type(thing), name, text))
        things[type(thing)].append(thing)
        fields[type(thing)] |= values.keys()
    kept = {model: (things.pop(model), fields[model]) for model in (Organisation, Site) if model in things}
    for model, of_model in things.items():
        model._default_manager.bulk_update(of_model, sorted(fields[model]), batch_size=100)
    if kept:  # last: its line of the audit is undone with it, but not with what failed after it
        keep_organisations(school, organisations=[], sites=[], changed=kept, by=by, at=at)
    for thing, before in was:
        noted(thing, before)


def _bring_up_to_date(school: Organisation, things: Sequence[Any], at: datetime) -> None:
    """Bring up to date what is kept beside employers, after they or parts of them have got back what they said."""
    by_type: dict[type[models.Model], list[Any]] = defaultdict(list)
    for thing in things:
        by_type[type(thing)].append(thing)
    organisations = {thing.pk for thing in by_type[Organisation]} | {thing.organisation_id for thing in by_type[Site]}
    numbers = {thing.pk for thing in by_type[Employer]}
    numbers |= {thing.employer_id for model in (Position, Contact) for thing in by_type[model]}
    numbers |= set(Position.objects.filter(person__in=by_type[Person]).values_list("employer", flat=True))
    touched = Employer.objects.filter(Q(organisation__in=organisations) | Q(pk__in=numbers), school=school)
    employers = list(touched.select_related("organisation"))
    for employer in employers:
        employer.sort_key = sort_key_of(str(employer.organisation))
    Employer.objects.bulk_update(employers, ["sort_key"], batch_size=100)
    for contact in by_type[Contact]:
        settle_contacts(contact.employer, at=at)
    search.index_many(employer_documents(employers))
