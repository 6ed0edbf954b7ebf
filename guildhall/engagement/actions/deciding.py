from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.progress import start_progress
from guildhall.engagement.actions.alike import search_after_import
from guildhall.engagement.actions.imports import check, let_rows_in, one_at_a_time
from guildhall.engagement.importing.choosing import ANSWERS, Question, as_kept
from guildhall.engagement.importing.lot import PORTION, Lot, rows_again
from guildhall.engagement.models import EmployerImport, ImportRow, RowChoice
from guildhall.engagement.rules import can_import
from guildhall.engagement.telling import tell_outside
from guildhall.people.models import User

State = EmployerImport.State
Outcome = ImportRow.Outcome


@action
def decide_rows(
    employer_import: EmployerImport, *, answers: Mapping[int, str], remaining: str = "", by: User, at: datetime
) -> EmployerImport:
    """Say of unclear rows whom or what they mean, and compare the file with the book again; if the import is done, let them in.

    ``answers`` are by number of the row: one of those that may be meant, one of ``choosing.ANSWERS``, or nothing where what was
    decided holds no longer. ``remaining`` is the answer to all other unclear rows that it can be an answer to.

    Raises:
        NotAllowed: ``by`` neither manages nor coordinates.
        Refused: the file is on its way, gone or taken back, or an answer is none to what is asked by now.
    """
    one_at_a_time(employer_import.school)  # before the import itself, as taking it back does
    employer_import = lock(employer_import)
    can_import.require(by, employer_import.school)
    if employer_import.state not in (State.READY, State.DONE):
        raise Refused(_("The rows of this file cannot be decided now."))
    is_done = employer_import.state == State.DONE
    if is_done and EmployerImport.objects.coming_in().filter(pk=employer_import.pk).exists():
        raise Refused(_("The rows of this file cannot be decided now."))
    kept = _asked(employer_import, answers, remaining)
    decided = {row: answers.get(row.number) or (remaining if row.outcome == Outcome.UNCLEAR else "") for row in kept}
    for row, answer in decided.items():
        if answer and answer not in possible_answers(row):
            raise Refused(_("Something else is asked about row %(row)d by now. Look at it again.") % {"row": row.number})
    _keep(employer_import, decided)
    if not is_done:
        check(employer_import, by=by)
    elif rows := [row for row, answer in decided.items() if answer]:
        _let_in(employer_import, rows, by=by, at=at)
    return employer_import


def possible_answers(row: ImportRow) -> set[str]:
    """Return what can be answered about a row."""
    return (
        {name for one in row.among for name in one["is"]} | set(ANSWERS.get(Question(row.question), ()))
        if row.question
        else set()
    )


def _asked(employer_import: EmployerImport, answers: Mapping[int, str], remaining: str) -> list[ImportRow]:
    """The rows that are answered. After the import only those can be that stayed out."""
    rows = employer_import.rows.filter(outcome__in=[Outcome.UNCLEAR, Outcome.DECIDED])
    if employer_import.state == State.DONE:
        rows = rows.filter(outcome=Outcome.UNCLEAR)
    named = list(rows.filter(number__in=answers).order_by("number"))
    if missing := answers.keys() - {row.number for row in named}:
        raise Refused(_("Nothing is asked about row %(row)d any more.") % {"row": min(missing)})
    if not remaining:
        return named
    questions = [question for question, known in ANSWERS.items() if remaining in known]
    unanswered = [number for number, answer in answers.items() if not answer]
    others = rows.filter(outcome=Outcome.UNCLEAR, question__in=questions).exclude(number__in=answers.keys() - set(unanswered))
    return list({row.number: row for row in [*named, *others.order_by("number")]}.values())


def _keep(employer_import: EmployerImport, decided: Mapping[ImportRow, str]) -> None:
    numbers = [row.number for row in decided]
    before = {choice.number: choice for choice in employer_import.choices.filter(number__in=numbers)}
    choices = []
    for row, answer in decided.items():
        if answer:
            earlier = before.get(row.number)
            answers = earlier.answers if earlier and earlier.said == row.said else {}
            answers = {**answers, row.question: as_kept(answer, row.among)}
            choices.append(RowChoice(employer_import=employer_import, number=row.number, said=row.said, answers=answers))
    employer_import.choices.filter(number__in=numbers).delete()
    RowChoice.objects.bulk_create(choices, batch_size=1000)


def _let_in(employer_import: EmployerImport, rows: Iterable[ImportRow], *, by: User, at: datetime) -> None:
    """Let decided rows in: at once if they are few, else by a task."""
    numbers = sorted(row.number for row in rows)
    if len(numbers) <= PORTION:
        before = employer_import.new + employer_import.changed
        let_decided_in(employer_import, numbers=numbers, by=by, at=at)
        employer_import.refresh_from_db()
        if employer_import.new + employer_import.changed > before:
            finish_decided(employer_import, by=by, at=at)
        return
    employer_import.progress = start_progress(
        "engagement.import_decided",
        by=by,
        doing=gettext_noop("Writing the employers into the book"),
        then=employer_import.get_absolute_url(),
        total=len(numbers),
        import_id=employer_import.pk,
        numbers=numbers,
    )
    employer_import.save(update_fields=["progress"])


@action
def let_decided_in(employer_import: EmployerImport, *, numbers: Sequence[int], by: User | None, at: datetime) -> EmployerImport:
    """Let rows in that were decided after the import, all of them or none: the file being gone, by the cells that were kept.

    Raises:
        NotAllowed: ``by`` does not work for the school any more.
        Refused: another import is just being taken back.
    """
    one_at_a_time(employer_import.school)
    employer_import = lock(employer_import)
    unclear = employer_import.rows.filter(number__in=numbers, outcome=Outcome.UNCLEAR)
    given = dict(unclear.order_by("number").values_list("number", "given"))
    again = rows_again(given, employer_import.reading, employer_import.mapping, employer_import.country)
    lot = Lot(employer_import.school, again, employer_import.choices.filter(number__in=given))
    unclear.delete()
    employer_import.unclear -= len(again)
    employer_import.save(update_fields=["unclear"])
    return let_rows_in(employer_import, lot=lot, rows=again, by=by, at=at)


@action
def finish_decided(employer_import: EmployerImport, *, by: User | None, at: datetime) -> EmployerImport:
    """Tell other programs that rows came in after the import, and search the book for whom it may hold twice now."""
    tell_outside(employer_import.school, "import.finished", employer_import, at=at)
    if by is not None:
        search_after_import(employer_import.school, by=by, at=at)
    return employer_import
