from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext as _

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.history import change
from guildhall.engagement.models import Contact, Employer, NextStep
from guildhall.engagement.rules import can_change_step, can_write_in_book
from guildhall.engagement.telling import tell_outside
from guildhall.people.models import User
from guildhall.people.rules import can_work_for


@action
def add_step(
    employer: Employer, *, what: str, due_on: date, owner: User, contact: Contact | None = None, by: User, at: datetime
) -> NextStep:
    """Promise to do something about an employer until a day.

    Raises:
        NotAllowed: ``by`` does not work for the school.
        Refused: ``owner`` does not work for the school.
    """
    can_write_in_book.require(by, employer.school)
    _check_owner(owner, employer)
    step = NextStep.objects.create(
        employer=employer, what=what.strip(), due_on=due_on, owner=owner, contact=contact, added_at=at, added_by=by
    )
    tell_outside(employer.school, "step.set", step, at=at)
    return step


@action
def finish_step(step: NextStep, *, word: str = "", by: User, at: datetime) -> NextStep:
    """Say that a next step has been taken.

    Raises:
        NotAllowed: ``by`` does not work for the school.
        Refused: it is not open any more.
    """
    return _close(step, NextStep.State.DONE, word=word, by=by, at=at)


@action
def drop_step(step: NextStep, *, word: str, by: User, at: datetime) -> NextStep:
    """Say that a next step will not be taken, and why.

    Raises:
        NotAllowed: ``by`` does not work for the school.
        Refused: it is not open any more, or the word why is missing.
    """
    if not word.strip():
        raise Refused(_("Say in a word why this is dropped: a colleague will wonder."))
    return _close(step, NextStep.State.DROPPED, word=word, by=by, at=at)


@action
def move_step(step: NextStep, *, due_on: date, word: str = "", owner: User | None = None, by: User, at: datetime) -> NextStep:
    """Put a next step off to another day, or give it to a colleague.

    Raises:
        NotAllowed: ``by`` does not work for the school.
        Refused: it is not open any more, or ``owner`` does not work for the school.
    """
    step = _open(step, by)
    if owner is not None:
        _check_owner(owner, step.employer)
    times_moved = step.times_moved + (due_on != step.due_on)
    change(step, due_on=due_on, times_moved=times_moved, word=word.strip(), owner=owner or step.owner)
    tell_outside(step.employer.school, "step.changed", step, at=at)
    return step


@action
def take_back_move(step: NextStep, *, due_on: date, by: User, at: datetime) -> NextStep:
    """Take back that a next step was put off: it is due as before, and was not moved.

    Raises:
        NotAllowed: ``by`` does not work for the school.
        Refused: it is not open any more.
    """
    step = _open(step, by)
    change(step, due_on=due_on, times_moved=max(step.times_moved - 1, 0))
    tell_outside(step.employer.school, "step.changed", step, at=at)
    return step


@action
def reopen_step(step: NextStep, *, by: User, at: datetime) -> NextStep:
    """Take back that a next step was done or dropped.

    Raises:
        NotAllowed: ``by`` does not work for the school.
    """
    step = lock(step)
    can_change_step.require(by, step)
    if step.state == NextStep.State.OPEN:
        return step  # pressed twice: it is what was wanted
    change(step, state=NextStep.State.OPEN, closed_at=None, closed_by=None, word="")
    tell_outside(step.employer.school, "step.changed", step, at=at)
    return step


def _close(step: NextStep, state: NextStep.State, *, word: str, by: User, at: datetime) -> NextStep:
    step = _open(step, by)
    change(step, state=state, closed_at=at, closed_by=by, word=word.strip())
    tell_outside(step.employer.school, "step.done" if state == NextStep.State.DONE else "step.changed", step, at=at)
    return step


def _open(step: NextStep, by: User) -> NextStep:
    step = lock(step)
    can_change_step.require(by, step)
    if step.state != NextStep.State.OPEN:
        raise Refused(_("“%(step)s” is already %(state)s.") % {"step": step.what, "state": step.get_state_display()})
    return step


def _check_owner(owner: User, employer: Employer) -> None:
    if not can_work_for(owner, employer.school):
        raise Refused(_("%(person)s does not work for %(school)s.") % {"person": owner, "school": employer.school})
