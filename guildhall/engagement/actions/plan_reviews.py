"""Looking back at a quarter of a plan, and writing the next one from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from guildhall.core.actions import action
from guildhall.core.errors import Refused
from guildhall.core.history import change
from guildhall.engagement.actions.plan_steps import check_days
from guildhall.engagement.actions.plans import begin_areas, running
from guildhall.engagement.actions.settling import settle_steps
from guildhall.engagement.methodology.following import next_monday, spread
from guildhall.engagement.methodology.measuring import values_on
from guildhall.engagement.models import Plan, PlanReview, PlanStep
from guildhall.people.models import User


@action
def hold_review(
    plan: Plan,
    *,
    learnt: str,
    changes: str,
    days: Mapping[int, tuple[date, date]],
    begin: Sequence[str],
    by: User,
    at: datetime,
) -> PlanReview:
    """Keep what a school found when it looked back at a quarter, and write the next one into its plan.

    What the quarter looked like is kept as it was before that: which steps were planned in it, which were done, late or dropped.

    Args:
        learnt: what was evaluated.
        changes: what is done otherwise from now on.
        days: the new first and last days of open steps, by their numbers; steps that are not named keep theirs.
        begin: numbers of the areas with which the plan begins now.

    Raises:
        NotAllowed: ``by`` does not coordinate.
        Refused: the plan is closed, its quarter has not begun or was reviewed already, nothing was written, a day cannot be, or a
            step was closed meanwhile.
    """
    plan = running(plan, by)
    today = localdate(at)
    if today < plan.starts_on:
        raise Refused(_("This plan has not begun yet."))
    if not (learnt.strip() or changes.strip()):
        raise Refused(_("Write down in a sentence what you have learnt or what you change: that is what a review is for."))
    settle_steps(plan.school, at=at)
    quarter = plan.quarter_to_review(plan.reviews.values_list("quarter", flat=True), today)
    if plan.quarter_of(today) < quarter:
        raise Refused(_("This quarter has been reviewed already."))
    steps = {step.pk: step for step in plan.steps.in_order()}
    if any(number not in steps or not steps[number].is_open for number in days):
        raise Refused(_("One of these steps was closed in the meantime. Look at the plan again."))
    found = [_found(step, days.get(step.pk), today) for step in steps.values()]
    for number, (starts_on, ends_on) in days.items():
        step = steps[number]
        check_days(plan, starts_on, ends_on)
        if (starts_on, ends_on) != (step.starts_on, step.ends_on):
            step.spread = spread(step.hours, starts_on, ends_on, plan_starts_on=plan.starts_on)
            step.save(update_fields=["spread"])
            change(step, starts_on=starts_on, ends_on=ends_on)
    if begin:
        begin_areas(plan, begin, starts_on=next_monday(today), by=by, at=at)
        settle_steps(plan.school, at=at)
    return PlanReview.objects.create(
        plan=plan,
        quarter=quarter,
        due_on=plan.due_after(quarter),
        held_at=at,
        held_by=by,
        steps=found,
        measured=values_on(plan.school, plan.indicators.values_list("key", flat=True), on=today),
        begun=list(begin),
        learnt=learnt.strip(),
        changes=changes.strip(),
    )


def _found(step: PlanStep, days: tuple[date, date] | None, today: date) -> dict[str, object]:
    """What is kept of a step in a review."""
    moved = days is not None and days != (step.starts_on, step.ends_on)
    return {
        "step": step.pk,
        "starts_on": step.starts_on.isoformat(),
        "ends_on": step.ends_on.isoformat(),
        "state": step.state,
        "is_late": step.is_open and step.ends_on < today,
        "moved_to": days[1].isoformat() if days and moved else "",
    }
