"""What people do with the steps of a school's plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.db.models import Max
from django.utils.translation import gettext as _

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.history import change
from guildhall.engagement.actions.book import give
from guildhall.engagement.actions.plans import require_running, running
from guildhall.engagement.actions.settling import settle_steps
from guildhall.engagement.methodology.following import spread
from guildhall.engagement.models import Plan, PlanStep
from guildhall.engagement.models.plans import MOST_HOURS
from guildhall.engagement.rules import can_tick_off
from guildhall.people.models import Organisation, User
from guildhall.people.rules import can_coordinate, can_work_for

#: A step ends at most so long after its plan begins.
LONGEST = timedelta(days=3653)
#: Steps in a plan.
MOST_STEPS = 300


@action
def add_plan_step(
    plan: Plan,
    *,
    area: str,
    title: str,
    what: str = "",
    language: str,
    owner: User | None = None,
    hours: int,
    starts_on: date,
    ends_on: date,
    by: User,
    at: datetime,
) -> PlanStep:
    """Add a step of the school's own to its plan.

    Raises:
        NotAllowed: ``by`` does not coordinate.
        Refused: the plan is closed, the area is none of its own, its days or hours cannot be, or there are too many steps.
    """
    plan = running(plan, by)
    if not plan.areas.filter(number=area).exists():
        raise Refused(_("This is not what belongs here."))
    if plan.steps.count() >= MOST_STEPS:
        raise Refused(_("A plan has room for %(count)d steps.") % {"count": MOST_STEPS})
    _check(plan, owner, hours, starts_on, ends_on)
    if not title.strip():
        raise Refused(_("Say what is to be done."))
    position = plan.steps.filter(area=area).aggregate(last=Max("position"))["last"] or 0
    return PlanStep.objects.create(
        plan=plan,
        area=area,
        position=position + 1,
        title=title.strip(),
        what=what.strip(),
        language=language,
        owner=owner,
        hours=hours,
        starts_on=starts_on,
        ends_on=ends_on,
        spread=spread(hours, starts_on, ends_on, plan_starts_on=plan.starts_on),
        added_at=at,
        added_by=by,
    )


@action
def change_plan_step(
    step: PlanStep,
    *,
    title: str,
    what: str,
    language: str,
    owner: User | None,
    hours: int,
    starts_on: date,
    ends_on: date,
    by: User,
    at: datetime,
) -> PlanStep:
    """Say otherwise what a step is, who does it, how much it takes, or when. Without own words it has the methodology's.

    Raises:
        NotAllowed: ``by`` does not coordinate.
        Refused: the plan is closed, a step of the school's own would have no words, or its days or hours cannot be.
    """
    plan, step = _of_running(step, by)
    _check(plan, owner if owner and owner.pk != step.owner_id else None, hours, starts_on, ends_on)
    title, what = title.strip(), what.strip()
    if not (title or step.key):
        raise Refused(_("Say what is to be done."))
    if (hours, starts_on, ends_on) != (step.hours, step.starts_on, step.ends_on):
        step.spread = spread(hours, starts_on, ends_on, plan_starts_on=plan.starts_on)
        step.save(update_fields=["spread"])
    if (title, what) != (step.title, step.what):
        change(step, title=title, what=what, language=language if title or what else "")
    change(step, owner=owner, hours=hours, starts_on=starts_on, ends_on=ends_on)
    return step


@action
def share_out(plan: Plan, *, owners: Mapping[int, User | None], by: User, at: datetime) -> Plan:
    """Say who does which open steps, by their numbers; steps that are not named stay with whom they are.

    Raises:
        NotAllowed: ``by`` does not coordinate.
        Refused: the plan is closed, it has no such open step, or somebody does not work for the school.
    """
    plan = running(plan, by)
    steps = plan.steps.open().select_for_update().in_bulk(owners)
    if len(steps) != len(owners):
        raise Refused(_("One of these steps was closed in the meantime. Look at the plan again."))
    for number, owner in owners.items():
        if owner is not None and owner.pk != steps[number].owner_id:
            _check_owner(owner, plan.school)
        change(steps[number], owner=owner)
    return plan


@action
def finish_plan_step(step: PlanStep, *, word: str = "", by: User, at: datetime) -> PlanStep:
    """Say that a step is done, whatever the book shows.

    Raises:
        NotAllowed: ``by`` neither does it nor coordinates.
        Refused: the plan is closed, or the step is closed already.
    """
    step = _open(step, by)
    change(step, state=PlanStep.State.DONE, is_by_hand=True, closed_at=at, closed_by=by, word=word.strip())
    return step


@action
def drop_plan_step(step: PlanStep, *, word: str, by: User, at: datetime) -> PlanStep:
    """Say that a step will not be done, and why.

    Raises:
        NotAllowed: ``by`` does not coordinate.
        Refused: the plan or the step is closed already, or the word why is missing.
    """
    _plan, step = _of_running(step, by)
    _require_open(step)
    if not word.strip():
        raise Refused(_("Say in a word why this is dropped: a colleague will wonder."))
    change(step, state=PlanStep.State.DROPPED, is_by_hand=True, closed_at=at, closed_by=by, word=word.strip())
    return step


@action
def reopen_plan_step(step: PlanStep, *, by: User, at: datetime) -> PlanStep:
    """Say that a step is not done, or not dropped, after all; the book does not tick it off again by itself.

    Raises:
        NotAllowed: ``by`` neither does it nor coordinates.
        Refused: the plan is closed.
    """
    step = _tickable(step, by)
    if step.is_open:
        return step  # pressed twice: it is what was wanted
    change(step, state=PlanStep.State.OPEN, is_by_hand=True, evidence=None, closed_at=None, closed_by=None, word="")
    return step


@action
def leave_to_book(step: PlanStep, *, by: User, at: datetime) -> PlanStep:
    """Take back what somebody said of a step: it is done if the book shows it, and open if it does not.

    Raises:
        NotAllowed: ``by`` neither does it nor coordinates.
        Refused: the plan is closed.
    """
    step = _tickable(step, by)
    change(step, state=PlanStep.State.OPEN, is_by_hand=False, evidence=None, closed_at=None, closed_by=None, word="")
    settle_steps(step.plan.school, at=at)
    return lock(step)


@action
def hand_over_plan_steps(school: Organisation, *, of: User, heir: User, by: User | None, at: datetime) -> Organisation:
    """Put the open steps that a colleague has in the school's plan into another one's hands.

    Raises:
        NotAllowed: ``by`` is neither that colleague nor a coordinator.
        Refused: the heir does not work for the school.
    """
    if by is not None and by != of:
        can_coordinate.require(by, school)
    _check_owner(heir, school)
    give_plan_steps(school, of=of, heir=heir)
    return school


def give_plan_steps(school: Organisation, *, of: User, heir: User) -> None:
    """Put a colleague's open steps into another one's hands: part of every action by which work goes over."""
    give(PlanStep.objects.open().running().of(of).filter(plan__school=school.pk), heir)


def _of_running(step: PlanStep, by: User) -> tuple[Plan, PlanStep]:
    """The step and its plan, which is locked first: whoever ticks off by the book does so too."""
    plan = running(step.plan, by)
    step = lock(step)
    step.plan = plan
    return plan, step


def _tickable(step: PlanStep, by: User) -> PlanStep:
    plan = lock(step.plan)
    step = lock(step)
    step.plan = plan
    can_tick_off.require(by, step)
    require_running(plan)
    return step


def _open(step: PlanStep, by: User) -> PlanStep:
    step = _tickable(step, by)
    _require_open(step)
    return step


def _require_open(step: PlanStep) -> None:
    if not step.is_open:
        raise Refused(_("This step is already %(state)s.") % {"state": step.get_state_display()})


def _check(plan: Plan, owner: User | None, hours: int, starts_on: date, ends_on: date) -> None:
    if owner is not None:
        _check_owner(owner, plan.school)
    if not 0 <= hours <= MOST_HOURS:
        raise Refused(_("A step takes up to %(count)d hours.") % {"count": MOST_HOURS})
    check_days(plan, starts_on, ends_on)


def check_days(plan: Plan, starts_on: date, ends_on: date) -> None:
    """Refuse days that a step of a plan cannot have."""
    if ends_on < starts_on:
        raise Refused(_("The last day lies before the first."))
    if starts_on < plan.starts_on - LONGEST or ends_on > plan.starts_on + LONGEST:
        raise Refused(_("This day lies too far away from the plan’s first."))


def _check_owner(owner: User, school: Organisation) -> None:
    if not can_work_for(owner, school):
        raise Refused(_("%(person)s does not work for %(school)s.") % {"person": owner, "school": school})
