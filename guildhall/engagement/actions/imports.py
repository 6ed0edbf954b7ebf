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

from guildhall.core import files
from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.models import Progress, StoredFile
from guildhall.core.progress import start_progress
from guildhall.core.ui.basics import figure
from guildhall.engagement.actions.alike import search_after_import
from guildhall.engagement.actions.letting_in import let_in
from guildhall.engagement.importing.choosing import identity_of, names_of
from guildhall.engagement.importing.lot import Lot, rows_of
from guildhall.engagement.importing.planning import COUNTED, Decision, Firm, Outcome, Place
from guildhall.engagement.importing.sameness import place_words
from guildhall.engagement.importing.understanding import Row, as_in_file
from guildhall.engagement.models import EmployerImport, ImportedThing, ImportRow, RowChoice
from guildhall.engagement.rules import can_import
from guildhall.engagement.telling import tell_outside
from guildhall.people.models import Organisation, User
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
            check(brought, by=by)
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
    check(employer_import, by=by)
    return employer_import


def check(employer_import: EmployerImport, *, by: User) -> None:
    """Compare the file with the book: at once if it is short, else by a task. From inside an action."""
    if employer_import.rows_in_file <= CHECKED_AT_ONCE:
        _keep_check(employer_import, lot_of(employer_import).check())
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


def lot_of(employer_import: EmployerImport) -> Lot:
    """Return the rows of the file that was brought, with what somebody has decided about some of them."""
    return Lot(employer_import.school, read_rows(employer_import), employer_import.choices.all())


@action
def keep_check(
    employer_import: EmployerImport, *, progress: Progress, portions: Sequence[list[Decision]], by: User | None, at: datetime
) -> EmployerImport:
    """Keep what a check of the file found, so that somebody can look at it before anything is written.

    It is not kept where the columns were matched otherwise during the check: another one is under way then.
    """
    employer_import = lock(employer_import)
    if employer_import.state == State.CHECKING and employer_import.progress_id == progress.pk:
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
        Refused: it has begun already, nobody has looked at the check yet, the file is gone, or another import is just being
            taken back.
    """
    one_at_a_time(employer_import.school)
    employer_import = lock(employer_import)
    can_import.require(by, employer_import.school)
    _require_not_begun(employer_import)
    require_none_taken_back(employer_import.school)
    if employer_import.state != State.READY:
        raise Refused(_("This file has not been compared with the book yet."))
    _require_file(employer_import)
    employer_import.rows.all().delete()
    _forget_counts(employer_import)
    employer_import.state = State.RUNNING
    employer_import.progress = start(employer_import, by)
    employer_import.save()
    return employer_import


@action
def go_on_with_import(employer_import: EmployerImport, *, by: User, at: datetime) -> EmployerImport:
    """Go on with an import that stopped: from the row it had come to, nothing twice. Without its file it ends there.

    Raises:
        NotAllowed: ``by`` neither manages nor coordinates.
        Refused: it has not stopped.
    """
    employer_import = lock(employer_import)
    can_import.require(by, employer_import.school)
    stopped = employer_import.progress
    under_way = employer_import.state in (State.RUNNING, State.TAKING_BACK)
    if not under_way or stopped is None or stopped.state != Progress.State.FAILED:
        raise Refused(_("This import has not stopped."))
    if employer_import.state == State.RUNNING and employer_import.file is None:  # it waited longer than files are kept
        return finish_import(employer_import, by=by, at=at)
    progress = start(employer_import, by)
    progress.done = stopped.done
    progress.save(update_fields=["done"])
    employer_import.progress = progress
    employer_import.save(update_fields=["progress"])
    return employer_import


def start(employer_import: EmployerImport, by: User) -> Progress:
    """Ask for the task that lets rows in, or takes them back. From inside an action."""
    is_back = employer_import.state == State.TAKING_BACK
    doing = (
        gettext_noop("Taking the import out of the book again")
        if is_back
        else gettext_noop("Writing the employers into the book")
    )
    return start_progress(
        "engagement.take_back_list" if is_back else "engagement.import_list",
        by=by,
        doing=doing,
        then=employer_import.get_absolute_url(),
        total=0 if is_back else employer_import.rows_in_file,
        import_id=employer_import.pk,
    )


@action
def let_rows_in(
    employer_import: EmployerImport, *, lot: Lot, rows: Sequence[Row], by: User | None, at: datetime
) -> EmployerImport:
    """Write the next rows of a file into the book: all of them, or none if anything goes wrong.

    Raises:
        NotAllowed: ``by`` does not work for the school any more.
        Refused: another import is just being taken back.
    """
    one_at_a_time(employer_import.school)
    require_none_taken_back(employer_import.school)
    employer_import = lock(employer_import)
    decisions = lot.decide(rows)
    bringing = [decision for decision in decisions if decision.outcome in (Outcome.NEW, Outcome.CHANGED)]
    firms = list({id(decision.firm): decision.firm for decision in bringing if decision.firm is not None}.values())
    if firms:
        let_in(employer_import, firms, by=by, at=at)
        lot.shelf.remember(firms)
    _note(employer_import, decisions)
    employer_import.save()
    return employer_import


def one_at_a_time(school: Organisation) -> None:
    """Let nobody else write an import into a school's book, or take one back, until the transaction ends.

    Whoever comes second sees what the first has written, and nobody is in the book twice.
    """
    Organisation.objects.select_for_update(no_key=True).get(pk=school.pk)


def require_none_taken_back(school: Organisation) -> None:
    """Refuse to go on while an import is being taken back: what a list finds in the book would leave it a moment later."""
    if EmployerImport.objects.filter(school=school, state=State.TAKING_BACK).exists():
        raise Refused(_("An import is just being taken back. Wait until that is done."))


@action
def finish_import(employer_import: EmployerImport, *, by: User | None, at: datetime) -> EmployerImport:
    """Note that all rows are in, let go of the file, and tell who brought it."""
    employer_import = lock(employer_import)
    if employer_import.finished_at is not None:
        return employer_import
    file, employer_import.file = employer_import.file, None
    employer_import.state, employer_import.finished_at = State.DONE, at
    employer_import.reading.pop("preview", None)
    employer_import.save()
    if file is not None:
        files.remove(StoredFile.objects.filter(pk=file.pk))
    tell_outside(employer_import.school, "import.finished", employer_import, at=at)
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
    if employer_import.finished_at is not None:
        raise Refused(_("This import is done."))


def _require_file(employer_import: EmployerImport) -> None:
    if employer_import.file is None:
        raise Refused(_("This file has waited too long and is gone. Bring it again."))


def counts_of(employer_import: EmployerImport) -> dict[str, int]:
    """How many rows came out as what, in the order in which that is said."""
    return {outcome.value: getattr(employer_import, outcome.value) for outcome in COUNTED}


def _figures(employer_import: EmployerImport) -> dict[str, Any]:
    """The counts as the language in which they are said writes them."""
    return {name: lazy(figure, str)(count) for name, count in counts_of(employer_import).items()}


def _forget_counts(employer_import: EmployerImport) -> None:
    for name in (*Outcome, "new_employers", "new_sites", "new_people", "new_contacts"):
        setattr(employer_import, name, 0)


def _note(employer_import: EmployerImport, decisions: Sequence[Decision]) -> None:
    """Count what became of rows, and keep those worth looking at."""
    for outcome, count in Counter(decision.outcome for decision in decisions).items():
        setattr(employer_import, outcome.value, getattr(employer_import, outcome.value) + count)
    employer_import.new_employers += sum(decision.is_new_firm for decision in decisions)
    employer_import.new_sites += sum(decision.is_new_place for decision in decisions)
    employer_import.new_people += sum(decision.is_new_person for decision in decisions)
    employer_import.new_contacts += sum(decision.is_new_contact for decision in decisions)
    headings = employer_import.headings
    ImportRow.objects.bulk_create(
        ImportRow(
            employer_import=employer_import,
            number=decision.row.number,
            outcome=(ImportRow.Outcome.DECIDED if decision.chosen else ImportRow.Outcome(decision.outcome)).value,
            name=(decision.row.trade_name or decision.row.name)[:250],
            reason=decision.reason[:1000],
            given=as_in_file(headings, decision.row) if decision.question or decision.outcome == Outcome.WRONG else {},
            question=decision.question,
            among=[_as_meant(meant) for meant in decision.among],
            chosen=decision.chosen,
            said=identity_of(decision.row) if decision.question else "",
        )
        for decision in decisions
        if decision.reason or decision.chosen
    )


def _as_meant(meant: Firm | Place) -> dict[str, Any]:
    """Who or what may be meant, as it is shown and chosen; of a firm where it is, as far as there is room."""
    places = meant.places if isinstance(meant, Firm) else [meant]
    where = "; ".join(words for words in map(place_words, places[:3]) if words)
    name = meant.shown_name if isinstance(meant, Firm) else meant.name
    return {"is": names_of(meant), "name": name, "where": where, "sites": len(places)}


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
        "contact": {"kind": row.contact_kind, "on": row.contact_on.isoformat(), "said": row.contact_text[:80]}
        if row.contact_on
        else None,
    }


@action
def forget_import_details(*, before: datetime, by: User | None) -> int:
    """Delete what is still held of files brought before a moment: rows that were looked at, samples, what was made of them.

    The counts stay, and what went into the book, but it cannot be taken back as a whole any more. Returns of how many files.
    """
    stale = list(EmployerImport.objects.with_details_from_before(before).select_for_update(of=("self",)))
    ImportRow.objects.filter(employer_import__in=stale).delete()
    ImportedThing.objects.filter(employer_import__in=stale).delete()
    RowChoice.objects.filter(employer_import__in=stale).delete()
    for brought in stale:
        brought.reading.pop("preview", None)
        for column in brought.reading.get("columns", []):
            column["samples"] = []
        brought.reading["forgotten"] = True
        brought.save(update_fields=["reading"])
    return len(stale)
