"""What of an import can leave the book again, and what stays and why. Only reads.

An employer who came into the book by the import leaves with all that came with them, or stays with all of it as soon as anybody
has worked on any part. Of an employer who was there before, each site, person and contact leaves or stays by itself. A field goes
back to what it said before if it still says what the file said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

from django.apps import apps
from django.db import models
from django.db.models import Case, CharField, Exists, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Cast, Lower

from guildhall.core.history import as_kept
from guildhall.core.models import AuditLine, Change, StoredFile
from guildhall.engagement.models import (
    AlikeEmployers,
    AlikePeople,
    Contact,
    Employer,
    EmployerImport,
    ImportedThing,
    LikenessKey,
    Merge,
    NextStep,
    Person,
    Position,
    SharedEmployer,
)
from guildhall.people.models import ConsentRecord, Organisation, Site

Kind = ImportedThing.Kind
Outcome = ImportedThing.Outcome
MODELS: dict[str, type[models.Model]] = {
    Kind.EMPLOYER: Employer,
    Kind.ORGANISATION: Organisation,
    Kind.SITE: Site,
    Kind.PERSON: Person,
    Kind.POSITION: Position,
    Kind.CONTACT: Contact,
    Kind.STEP: NextStep,
}
KINDS = {model._meta.label_lower: kind for kind, model in MODELS.items()}
#: What Guildhall makes of the book by itself; it goes and comes with what it is about.
_MADE_OF_IT = (AlikeEmployers, AlikePeople, LikenessKey)
#: Why something stays to which rows of another table point.
_WHY: dict[type[models.Model], ImportedThing.Outcome] = {
    Merge: Outcome.MERGED,
    Merge.people.through: Outcome.MERGED,
    Employer: Outcome.SHARED,
    Contact: Outcome.CONTACT,
    Contact.people.through: Outcome.CONTACT,
    NextStep: Outcome.STEP,
    Employer.tags.through: Outcome.TAG,
    Position: Outcome.PEOPLE,
    Site: Outcome.SITES,
    SharedEmployer: Outcome.TOLD,
}
_ORDER: list[str] = list(Outcome)


@dataclass(frozen=True, slots=True)
class Stays:
    """Something that stays in the book, or a field that keeps what it says, and why; ``employer`` as in ``ImportedThing``."""

    kind: str
    number: int
    employer: int
    why: str
    field: str = ""


@dataclass
class Leaving:
    """What leaves, as numbers by kind, what stays, and what stays along with it without a reason of its own."""

    goes: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    stays: list[Stays] = field(default_factory=list)
    along: list[int] = field(default_factory=list)
    """Numbers of ``ImportedThing``."""


class _Thing(NamedTuple):  # of a long list there are a hundred thousand
    pk: int
    kind: str
    number: int
    employer: int
    why: str
    person: int | None
    site: int | None


def leaving(employer_import: EmployerImport, employers: Collection[int] | None = None) -> Leaving:
    """Return what of an import leaves and what stays: of all it made, or of what belongs to some employers, in a query or two."""
    things = [thing for thing in _things(employer_import, employers) if thing.why != "absent"]
    brought = {thing.employer for thing in things if thing.kind == Kind.EMPLOYER}
    worked_on = {thing.number: thing.why for thing in things if thing.kind == Kind.PERSON and _holds(thing)}
    found = Leaving()
    why = {
        thing.pk: worked_on.get(thing.person or 0, thing.why) if thing.kind == Kind.POSITION else thing.why for thing in things
    }
    whole: dict[int, str] = {}
    for thing in things:
        if thing.employer in brought and why[thing.pk] and why[thing.pk] != Outcome.WORKS:
            whole[thing.employer] = min(why[thing.pk], whole.get(thing.employer, _ORDER[-1]), key=_ORDER.index)
    by_itself = []
    for thing in things:
        if thing.employer not in whole:
            by_itself.append(thing)
        elif thing.kind == Kind.EMPLOYER:
            found.stays.append(Stays(thing.kind, thing.number, thing.employer, whole[thing.employer]))
        else:
            found.along.append(thing.pk)
    # Whoever holds a position that stays, stays; and so does where they work, and whom a contact that stays was with.
    stay = [thing for thing in things if thing.employer in whole or why[thing.pk]]
    people = {thing.person for thing in stay if thing.kind == Kind.POSITION}
    people |= _spoken_with([thing.number for thing in stay if thing.kind == Kind.CONTACT])
    sites = {thing.site for thing in stay if thing.kind == Kind.POSITION}
    for thing in by_itself:
        reason = why[thing.pk]
        if thing.kind == Kind.POSITION and thing.person in worked_on:
            found.along.append(thing.pk)  # told of the person
        elif not reason and thing.kind == Kind.PERSON and thing.number in people:
            found.stays.append(Stays(thing.kind, thing.number, thing.employer, Outcome.WORKS))
        elif not reason and thing.kind == Kind.SITE and thing.number in sites:
            found.stays.append(Stays(thing.kind, thing.number, thing.employer, Outcome.PEOPLE))
        elif reason:
            found.stays.append(Stays(thing.kind, thing.number, thing.employer, reason))
        else:
            found.goes[thing.kind].append(thing.number)
    return found


def _holds(thing: _Thing) -> bool:
    """Whether somebody was worked on, so that what they do stays too; that they work elsewhere as well is not such a reason."""
    return thing.why not in ("", Outcome.WORKS)


def _spoken_with(contacts: Sequence[int]) -> set[int]:
    with_whom = Contact.people.through.objects.values_list("person", flat=True)
    return {person for some in _portions(contacts) for person in with_whom.filter(contact__in=some)}


def _portions(numbers: Iterable[int]) -> Iterator[list[int]]:
    """So many numbers at a time as one question may name; SQLite takes a quarter of a million, and others grow slow before."""
    left = iter(numbers)
    return iter(lambda: list(islice(left, 10_000)), [])


def _things(employer_import: EmployerImport, employers: Collection[int] | None) -> Iterator[_Thing]:
    parts, nobody = [], Cast(Value(None), models.BigIntegerField())
    for kind, model in MODELS.items():
        of_kind = made_by(employer_import, kind).exclude(outcome=Outcome.GONE)
        if employers is not None:
            of_kind = of_kind.filter(employer__in=employers)
        here = model._base_manager.filter(pk=OuterRef("number"))
        is_position = kind == Kind.POSITION
        parts.append(
            of_kind.annotate(text=Cast("number", CharField()))
            .annotate(
                why=Case(
                    When(~Exists(here), then=Value(Outcome.MERGED if kind == Kind.EMPLOYER else "absent")),
                    *(When(condition, then=Value(why)) for why, condition in _reasons(employer_import, kind)),
                    default=Value(""),
                    output_field=CharField(),
                ),
                person=Subquery(here.values("person")[:1]) if is_position else nobody,
                site=Subquery(here.values("site")[:1]) if is_position else nobody,
            )
            .order_by()
            .values_list("pk", "kind", "number", "employer", "why", "person", "site")
        )
    return map(_Thing._make, parts[0].union(*parts[1:], all=True).iterator(10_000))


def made_by(employer_import: EmployerImport, kind: str) -> models.QuerySet[ImportedThing]:
    """What an import made of one kind."""
    return ImportedThing.objects.filter(employer_import=employer_import.pk, kind=kind, field="")


def _reasons(employer_import: EmployerImport, kind: str) -> list[tuple[str, Any]]:
    """Why things of a kind stay, each as a condition on ``ImportedThing``, in the order in which they are told."""
    model = MODELS[kind]
    reasons: list[tuple[str, Any]] = [
        (_WHY.get(other, Outcome.NEEDED), _is_pointed_to(employer_import, other, name)) for other, name in _pointing_to(model)
    ]
    if model is Organisation:
        reasons.append((Outcome.ITS_OWN, Exists(Organisation.objects.filter(pk=OuterRef("number"), kept_by__isnull=True))))
    if model is Person:
        elsewhere = Position.objects.filter(~_made(employer_import, Kind.POSITION, "pk"), person=OuterRef("number"))
        reasons += [(Outcome.WORKS, Exists(elsewhere)), (Outcome.SAID_NO, _said_something(employer_import.school_id))]
    named = {"thing_type": model._meta.label_lower, "thing_id": OuterRef("text")}
    changed = Change.objects.filter(**named).exclude(line__in=lines_of(employer_import))
    kept_for = StoredFile.objects.filter(kept_for_type=model._meta.label_lower, kept_for_id=OuterRef("text"))
    reasons += [(Outcome.CHANGED, Exists(changed)), (Outcome.FILE, Exists(kept_for))]
    # "Works elsewhere" is the weakest: it keeps the person only, and says nothing about the employer.
    return sorted(reasons, key=lambda reason: (reason[0] == Outcome.WORKS, _ORDER.index(reason[0])))


def _said_something(school: int) -> Exists | Q:
    """Whether a person has answered anything themselves.

    A no that the import found with their address and repeated (``actions.merging.keep_wishes``) they did not say to it: it stays
    with somebody who was written down before.
    """
    people = Person.objects.annotate(address=Lower("email"))
    before = people.filter(school=school, address=OuterRef("address")).exclude(email="")
    records = ConsentRecord.objects.filter(person_type=Person._meta.label_lower)
    the_same = {name: OuterRef(OuterRef(name)) for name in ("statement", "given_at", "how", "language", "note")}
    from_whom = before.filter(
        Exists(records.filter(**the_same, person_id=OuterRef("pk"), agreed=False)), pk__lt=OuterRef("person_id")
    )
    address = Subquery(people.filter(pk=OuterRef("person_id")).values("address"))
    said = records.filter(person_id=OuterRef("number")).annotate(address=address)
    asked_before = before.filter(asked_not_to_be_written_at=OuterRef("asked_not_to_be_written_at"), pk__lt=OuterRef("pk"))
    asked = people.filter(pk=OuterRef("number"), asked_not_to_be_written_at__isnull=False)
    is_repeated = Q(Exists(from_whom), agreed=False, withdrawn_at__isnull=True)
    return Exists(said.exclude(is_repeated)) | Exists(asked.filter(~Exists(asked_before)))


@cache
def _pointing_to(model: type[models.Model]) -> list[tuple[type[models.Model], str]]:
    """The columns of all rooms that point to a model, where it is people's work and not Guildhall's own that they hold."""
    return [
        (other, field.attname)
        for other in apps.get_models(include_auto_created=True)
        if other not in _MADE_OF_IT and (model, other) != (Person, Position)
        for field in other._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.related_model is model
    ]


def _is_pointed_to(employer_import: EmployerImport, other: type[models.Model], name: str) -> Exists:
    """Whether rows point to a thing which the import did not make itself."""
    rows = other._base_manager.filter(**{name: OuterRef("number")})
    if kind := KINDS.get(other._meta.label_lower):
        rows = rows.filter(~_made(employer_import, kind, "pk"))
    elif other is Contact.people.through:
        rows = rows.filter(~_made(employer_import, Kind.CONTACT, "contact_id"))
    return Exists(rows)


def _made(employer_import: EmployerImport, kind: str, name: str) -> Exists:
    """Whether the import made what a column of a row points to. Asked for each row: of all rows few point to anything it made."""
    return Exists(made_by(employer_import, kind).filter(number=OuterRef(name)))


def lines_of(employer_import: EmployerImport) -> models.QuerySet[AuditLine, Any]:
    """The lines of the audit that an import left, with those of imports that were taken back: what they changed is as it was."""
    back = EmployerImport.objects.filter(school=employer_import.school_id, state=EmployerImport.State.TAKEN_BACK)
    numbers = back.annotate(text=Cast("pk", CharField())).values("text")
    these = Q(thing_id=str(employer_import.pk)) | Q(thing_id__in=numbers)
    return AuditLine.objects.filter(these, thing_type=EmployerImport._meta.label_lower).values("pk")


# --- Fields --------------------------------------------------------------------------------------------------------

#: What the audit calls the action that takes an import back.
TAKING_BACK = "engagement.take_back_portion"
#: A thing by its model's name and its number, as the history names it.
Name = tuple[str, str]


def changes_of(employer_import: EmployerImport) -> models.QuerySet[Change]:
    """What an import changed of things that were there before."""
    lines = {"line__thing_type": EmployerImport._meta.label_lower, "line__thing_id": str(employer_import.pk)}
    changes = Change.objects.filter(**lines).exclude(line__action=TAKING_BACK)
    of_new = Q(pk__in=[])
    for kind, model in MODELS.items():
        numbers = made_by(employer_import, kind).annotate(text=Cast("number", CharField())).values("text")
        of_new |= Q(thing_type=model._meta.label_lower, thing_id__in=numbers)
    return changes.exclude(of_new)


@dataclass
class GivingBack:
    """What things say once an import's changes are taken back, as the history keeps it; and which fields keep what they say."""

    back: list[tuple[models.Model, dict[str, str | None]]] = field(default_factory=list)
    stays: list[Stays] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(len(values) for _thing, values in self.back)


class _Changed(NamedTuple):
    pk: int
    thing_type: str
    thing_id: str
    field: str
    before: str | None
    after: str | None


def giving_back(employer_import: EmployerImport, names: Collection[Name] | None = None) -> GivingBack:
    """Return which fields an import changed get back what they said: of everything, or of some things, which are locked then."""
    changes = changes_of(employer_import).order_by("pk")
    if names is not None:
        wanted = {number for _model, number in names}
        changes = changes.filter(thing_id__in=wanted)
    by_thing: dict[Name, list[_Changed]] = defaultdict(list)
    for change in map(_Changed._make, changes.values_list(*_Changed._fields)):
        if names is None or (change.thing_type, change.thing_id) in names:
            by_thing[change.thing_type, change.thing_id].append(change)
    found, stays = GivingBack(), []
    for label, kind in KINDS.items():
        numbers = [int(number) for model, number in by_thing if model == label]
        if not numbers:
            continue
        rows: Any = MODELS[kind]._default_manager.order_by("pk")
        if kind == Kind.SITE:
            rows = rows.select_related("organisation")
        if names is not None:
            rows = rows.select_for_update(of=("self",))
        for number, thing in rows.in_bulk(numbers).items():
            back, keep = _fields_back(thing, by_thing[label, str(number)])
            if _is_its_own(thing):
                stays += [(kind, thing, name, Outcome.ITS_OWN) for name in (*back, *keep)]
                continue
            stays += [(kind, thing, name, Outcome.CHANGED) for name in keep]
            if back:
                found.back.append((thing, back))
    entries = entries_of(employer_import, [thing for _kind, thing, _name, _why in stays])
    found.stays = [Stays(kind, thing.pk, entries.get(thing, 0), why, name) for kind, thing, name, why in stays]
    return found


def _is_its_own(thing: models.Model) -> bool:
    organisation = thing.organisation if isinstance(thing, Site) else thing
    return isinstance(organisation, Organisation) and organisation.kept_by_id is None


def entries_of(employer_import: EmployerImport, things: Iterable[Any]) -> dict[models.Model, int]:
    """Return in whose entry of the school's book things are: the employer's number."""
    things = list(things)
    organisations = {thing.organisation_id if isinstance(thing, Site) else thing.pk for thing in things if _is_place(thing)}
    book = Employer.objects.filter(school=employer_import.school_id).values_list("organisation", "pk")
    by_organisation = dict(held for some in _portions(organisations) for held in book.filter(organisation__in=some))
    people = {thing.pk for thing in things if isinstance(thing, Person)}
    work = Position.objects.order_by("-pk").values_list("person", "employer")
    by_person = dict(held for some in _portions(people) for held in work.filter(person__in=some))
    entries: dict[models.Model, int] = {}
    for thing in things:
        match thing:
            case Employer():
                entries[thing] = thing.pk
            case Organisation():
                entries[thing] = by_organisation.get(thing.pk, 0)
            case Site():
                entries[thing] = by_organisation.get(thing.organisation_id, 0)
            case Person():
                entries[thing] = by_person.get(thing.pk, 0)
            case Position() | Contact():
                entries[thing] = thing.employer_id
    return entries


def _is_place(thing: models.Model) -> bool:
    return isinstance(thing, Organisation | Site)


def _fields_back(thing: models.Model, changes: Iterable[_Changed]) -> tuple[dict[str, str | None], list[str]]:
    """Return what fields of a thing say once these changes are taken back, the last one first, and which keep what they say."""
    back: dict[str, str | None] = {}
    was: dict[str, str | None] = {}
    for change in sorted(changes, key=lambda one: one.pk, reverse=True):
        now = was.setdefault(change.field, as_kept(thing, change.field))
        if back.get(change.field, now) == change.after:
            back[change.field] = change.before
    on_the_map = {"latitude", "longitude"}
    if len(back.keys() & on_the_map) == 1 and on_the_map <= was.keys():
        back = {name: value for name, value in back.items() if name not in on_the_map}  # both or none
    return back, [name for name in was if name not in back]
