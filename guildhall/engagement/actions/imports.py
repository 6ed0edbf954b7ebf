from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.files import File
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from guildhall.core import files, search
from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.models import Progress, StoredFile
from guildhall.core.progress import start_progress
from guildhall.core.ui.basics import figure
from guildhall.engagement.actions.alike import search_after_import
from guildhall.engagement.actions.merging import keep_wishes
from guildhall.engagement.importing.lot import Lot, rows_of
from guildhall.engagement.importing.planning import (
    FIRM_FIELDS,
    PERSON_FIELDS,
    PLACE_FIELDS,
    Decision,
    Firm,
    Outcome,
    Place,
    Someone,
)
from guildhall.engagement.importing.understanding import Row, as_in_file
from guildhall.engagement.models import Employer, EmployerImport, ImportRow, Person, Position, sort_key_of
from guildhall.engagement.rules import can_import
from guildhall.engagement.search import employer_documents
from guildhall.people.actions import keep_organisations
from guildhall.people.models import Organisation, Site, User
from guildhall.people.notices import tell

#: Files of at most so many rows are checked while the person waits, which takes about a second; longer ones by a task.
CHECKED_AT_ONCE = 3_000
#: Rows of a file that are shown as they will be understood.
SHOWN = 8
#: A file that was brought and then forgotten goes after so long.
KEPT = timedelta(days=14)
State = EmployerImport.State


@action
def bring_list(
    school: Organisation,
    *,
    upload: File | None,
    file_name: str,
    reading: dict[str, Any],
    mapping: Mapping[str, str],
    country: str,
    by: User | None,
    at: datetime,
) -> EmployerImport:
    """Note that somebody brought a file of employers, and check it against the book if its columns are clear enough.

    ``upload`` is a table of text: of a workbook, the sheet that ``survey`` made one of.

    Raises:
        NotAllowed: ``by`` neither manages nor coordinates.
        Refused: the file is too large, or no text.
    """
    if by is not None:
        can_import.require(by, school)
    brought = EmployerImport.objects.create(
        school=school,
        file_name=file_name,
        reading=reading,
        mapping=dict(mapping),
        country=country,
        uploaded_at=at,
        uploaded_by=by,
    )
    if upload is not None and by is not None:
        brought.file = files.store(
            upload,
            allowed={"text/csv", "text/plain"},
            max_mb=settings.MAX_UPLOAD_MB,
            kept_for=brought,
            by=by,
            delete_after=at + KEPT,
        )
        brought.save(update_fields=["file"])
        if "name" in mapping:
            _check(brought, by)
    return brought


@action
def match_columns(
    employer_import: EmployerImport, *, mapping: Mapping[str, str], country: str, by: User, at: datetime
) -> EmployerImport:
    """Say which column holds what, and check the file against the book again.

    Raises:
        NotAllowed: ``by`` neither manages nor coordinates.
        Refused: the import has begun, the file is gone, no column holds the name, or one named is not in the file.
    """
    employer_import = lock(employer_import)
    can_import.require(by, employer_import.school)
    _require_not_begun(employer_import)
    _require_file(employer_import)
    if "name" not in mapping:
        raise Refused(_("Say which column holds the names of the employers."))
    if missing := set(mapping.values()) - set(employer_import.headings):
        raise Refused(_("The file has no column “%(heading)s”.") % {"heading": missing.pop()})
    employer_import.mapping, employer_import.country = dict(mapping), country
    employer_import.save(update_fields=["mapping", "country"])
    _check(employer_import, by)
    return employer_import


def _check(employer_import: EmployerImport, by: User) -> None:
    if employer_import.rows_in_file <= CHECKED_AT_ONCE:
        _keep_check(employer_import, Lot(employer_import.school, read_rows(employer_import)).check())
        return
    employer_import.state = State.CHECKING
    employer_import.progress = start_progress(
        "engagement.check_list",
        by=by,
        doing=gettext_noop("Comparing the rows with the book"),
        then=employer_import.get_absolute_url(),
        total=employer_import.rows_in_file,
        import_id=employer_import.pk,
    )
    employer_import.save(update_fields=["state", "progress"])


def read_rows(employer_import: EmployerImport) -> list[Row]:
    """Return what the rows of the file that was brought say."""
    assert employer_import.file is not None  # noqa: S101
    with employer_import.file.content.open("rb") as file:
        return rows_of(file, employer_import.reading, employer_import.mapping, employer_import.country)


@action
def keep_check(
    employer_import: EmployerImport, *, portions: Sequence[list[Decision]], by: User | None, at: datetime
) -> EmployerImport:
    """Keep what a check of the file found, so that somebody can look at it before anything is written."""
    employer_import = lock(employer_import)
    if employer_import.state == State.CHECKING:
        _keep_check(employer_import, portions)
    return employer_import


def _keep_check(employer_import: EmployerImport, portions: Iterable[list[Decision]]) -> None:
    employer_import.rows.all().delete()
    _forget_counts(employer_import)
    employer_import.reading["preview"] = []
    for decisions in portions:
        _note(employer_import, decisions)
        room = SHOWN - len(employer_import.reading["preview"])
        employer_import.reading["preview"] += [_as_understood(decision) for decision in decisions[:room]]
    employer_import.state = State.READY
    employer_import.save()


@action
def begin_import(employer_import: EmployerImport, *, by: User, at: datetime) -> EmployerImport:
    """Let the rows into the book. A task does it, and goes on where it was after any interruption.

    Raises:
        NotAllowed: ``by`` neither manages nor coordinates.
        Refused: it has begun already, nobody has looked at the check yet, or the file is gone.
    """
    employer_import = lock(employer_import)
    can_import.require(by, employer_import.school)
    _require_not_begun(employer_import)
    if employer_import.state != State.READY:
        raise Refused(_("This file has not been compared with the book yet."))
    _require_file(employer_import)
    employer_import.rows.all().delete()
    _forget_counts(employer_import)
    employer_import.state = State.RUNNING
    employer_import.progress = _start(employer_import, by)
    employer_import.save()
    return employer_import


@action
def go_on_with_import(employer_import: EmployerImport, *, by: User, at: datetime) -> EmployerImport:
    """Go on with an import that stopped: from the row it had come to, nothing twice.

    Raises:
        NotAllowed: ``by`` neither manages nor coordinates.
        Refused: it has not stopped.
    """
    employer_import = lock(employer_import)
    can_import.require(by, employer_import.school)
    stopped = employer_import.progress
    if employer_import.state != State.RUNNING or stopped is None or stopped.state != Progress.State.FAILED:
        raise Refused(_("This import has not stopped."))
    progress = _start(employer_import, by)
    progress.done = stopped.done
    progress.save(update_fields=["done"])
    employer_import.progress = progress
    employer_import.save(update_fields=["progress"])
    return employer_import


def _start(employer_import: EmployerImport, by: User) -> Progress:
    return start_progress(
        "engagement.import_list",
        by=by,
        doing=gettext_noop("Writing the employers into the book"),
        then=employer_import.get_absolute_url(),
        total=employer_import.rows_in_file,
        import_id=employer_import.pk,
    )


@action
def let_rows_in(
    employer_import: EmployerImport, *, lot: Lot, rows: Sequence[Row], by: User | None, at: datetime
) -> EmployerImport:
    """Write the next rows of a file into the book: all of them, or none if anything goes wrong.

    Raises:
        NotAllowed: ``by`` does not work for the school any more.
    """
    # One at a time for each school: whoever comes second sees what the first has written, and nobody is in the book twice.
    Organisation.objects.select_for_update(no_key=True).get(pk=employer_import.school_id)
    employer_import = lock(employer_import)
    decisions = lot.decide(rows)
    bringing = [decision for decision in decisions if decision.outcome in (Outcome.NEW, Outcome.CHANGED)]
    firms = list({id(decision.firm): decision.firm for decision in bringing if decision.firm is not None}.values())
    if firms:
        _write_organisations(employer_import.school, firms, by, at)
        employers = _write_employers(employer_import.school, firms, by, at)
        _write_people(employer_import.school, firms)
        lot.shelf.remember(firms)
        search.index_many(employer_documents(employers))
    _note(employer_import, decisions)
    employer_import.save()
    return employer_import


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
        Employer(pk=firm.employer_pk, sort_key=sort_key_of(firm.shown_name), note=firm.note)
        for firm in firms
        if firm.employer_pk and firm.dirty & {"name", "trade_name", "note"}
    ]
    if changed:
        Employer.objects.bulk_update(changed, ["sort_key", "note"], batch_size=100)
    for firm in firms:
        if firm.employer_pk is None:
            firm.employer_pk = new[id(firm)].pk
    return list(Employer.objects.select_related("organisation").filter(pk__in=[firm.employer_pk for firm in firms]))


def _write_people(school: Organisation, firms: Sequence[Firm]) -> None:
    here = [(firm, one) for firm in firms for one in firm.people]
    persons = {id(one): Person(school=school, **_values(one, PERSON_FIELDS)) for _firm, one in here if one.pk is None}
    keep_wishes(persons.values())
    Person.objects.bulk_create(persons.values())
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
    changed = [one for _firm, one in here if one.position_pk is not None and one.dirty]
    if changed:
        Person.objects.bulk_update([Person(pk=one.pk, **_values(one, PERSON_FIELDS)) for one in changed], ["email", "phone"], 100)
        Position.objects.bulk_update([Position(pk=one.position_pk, title=one.title) for one in changed], ["title"], 100)
    for _firm, one in here:
        one.position_pk = one.position_pk or positions[id(one)].pk


def _values(thing: Firm | Place | Someone, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in names}


def _dirty(things: Iterable[Firm | Place]) -> set[str]:
    return set().union(*(thing.dirty for thing in things))


@action
def finish_import(employer_import: EmployerImport, *, by: User | None, at: datetime) -> EmployerImport:
    """Note that all rows are in, let go of the file, and tell who brought it."""
    employer_import = lock(employer_import)
    if employer_import.state == State.DONE:
        return employer_import
    file, employer_import.file = employer_import.file, None
    employer_import.state, employer_import.finished_at = State.DONE, at
    employer_import.reading.pop("preview", None)
    employer_import.save()
    if file is not None:
        files.remove(StoredFile.objects.filter(pk=file.pk))
    if by is not None:
        if employer_import.new_employers:
            search_after_import(employer_import.school, by=by, at=at)
        tell(
            by,
            kind="engagement.import_finished",
            sentence=gettext_noop(
                "%(file)s is in the book: %(new)s new, %(changed)s changed, %(unchanged)s unchanged, "
                "%(unclear)s unclear, %(wrong)s wrong."
            ),
            params={"file": employer_import.file_name, **_figures(employer_import)},
            url=employer_import.get_absolute_url(),
            at=at,
        )
    return employer_import


@action
def drop_list(employer_import: EmployerImport, *, by: User, at: datetime) -> Organisation:
    """Take back a file that was brought but not let in; nothing of it stays.

    Raises:
        NotAllowed: ``by`` neither manages nor coordinates.
        Refused: the import has begun.
    """
    employer_import = lock(employer_import)
    can_import.require(by, employer_import.school)
    _require_not_begun(employer_import)
    if employer_import.file is not None:
        files.remove(StoredFile.objects.filter(pk=employer_import.file.pk))
    school = employer_import.school
    employer_import.delete()
    return school


def _require_not_begun(employer_import: EmployerImport) -> None:
    if employer_import.state == State.RUNNING:
        raise Refused(_("This import is already running."))
    if employer_import.state == State.DONE:
        raise Refused(_("This import is done."))


def _require_file(employer_import: EmployerImport) -> None:
    if employer_import.file is None:
        raise Refused(_("This file has waited too long and is gone. Bring it again."))


def counts_of(employer_import: EmployerImport) -> dict[str, int]:
    """How many rows came out as what, in the order in which that is said."""
    return {outcome.value: getattr(employer_import, outcome.value) for outcome in Outcome}


def _figures(employer_import: EmployerImport) -> dict[str, Any]:
    """The counts as the language in which they are said writes them."""
    return {name: lazy(figure, str)(count) for name, count in counts_of(employer_import).items()}


def _forget_counts(employer_import: EmployerImport) -> None:
    for name in (*counts_of(employer_import), "new_employers", "new_sites"):
        setattr(employer_import, name, 0)


def _note(employer_import: EmployerImport, decisions: Sequence[Decision]) -> None:
    """Count what became of rows, and keep those worth looking at."""
    for outcome, count in Counter(decision.outcome for decision in decisions).items():
        setattr(employer_import, outcome.value, getattr(employer_import, outcome.value) + count)
    employer_import.new_employers += sum(decision.is_new_firm for decision in decisions)
    employer_import.new_sites += sum(decision.is_new_place for decision in decisions)
    headings = employer_import.headings
    ImportRow.objects.bulk_create(
        ImportRow(
            employer_import=employer_import,
            number=decision.row.number,
            outcome=decision.outcome.value,
            name=(decision.row.trade_name or decision.row.name)[:250],
            reason=decision.reason[:1000],
            given=as_in_file(headings, decision.row) if decision.outcome in (Outcome.UNCLEAR, Outcome.WRONG) else {},
        )
        for decision in decisions
        if decision.reason
    )


def _as_understood(decision: Decision) -> dict[str, Any]:
    """A row as it is shown before it is let in; codes are put into words by whoever shows them."""
    row, firm = decision.row, decision.firm
    place = ", ".join(part for part in (row.street, " ".join(part for part in (row.postal_code, row.town) if part)) if part)
    return {
        "number": row.number,
        "outcome": decision.outcome.value,
        "reason": decision.reason,
        "employer": firm.shown_name if firm else row.trade_name or row.name,
        "name": firm.name if firm else row.name,
        "site": decision.place.name if decision.place else "",
        "address": place,
        "nace": row.nace,
        "size_band": row.size_band,
        "person": row.person_name,
    }


@action
def forget_import_details(*, before: datetime, by: User | None) -> int:
    """Delete what is still held of files brought before a moment: rows that were looked at, samples. Returns of how many files.

    The counts stay, and what went into the book.
    """
    stale = list(EmployerImport.objects.with_details_from_before(before).select_for_update(of=("self",)))
    ImportRow.objects.filter(employer_import__in=stale).delete()
    for brought in stale:
        brought.reading.pop("preview", None)
        for column in brought.reading.get("columns", []):
            column["samples"] = []
        brought.reading["forgotten"] = True
        brought.save(update_fields=["reading"])
    return len(stale)
