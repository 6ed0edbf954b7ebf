"""What people do with a school's plan as a whole: make it, begin with further areas, move it on, close it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

from django.db.models import Max
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.history import change
from guildhall.engagement.actions.settling import settle_steps
from guildhall.engagement.methodology.following import next_monday, spread
from guildhall.engagement.methodology.measuring import values_on
from guildhall.engagement.methodology.planning import PlannedStep, lay_out, pace_for
from guildhall.engagement.methodology.versions import indicators_of, moving_on
from guildhall.engagement.models import Interview, Methodology, Plan, PlanArea, PlanIndicator, PlanStep
from guildhall.engagement.models.plans import LONGEST_TITLE, LONGEST_WHAT
from guildhall.engagement.rules import can_plan
from guildhall.people.models import User

#: A plan may begin so long ago, or from now.
FURTHEST = timedelta(days=366)


@action
def make_plan(
    interview: Interview,
    *,
    starts_on: date,
    order: Sequence[str],
    begin: Collection[str],
    by: User,
    at: datetime,
) -> Plan:
    """Make the plan that follows from an interview the one the school follows from now on.

    The plan it followed so far is closed. What was done in it is not planned again, who was to do a step still is, and the
    school's own steps that are open go along.

    Args:
        starts_on: the first day.
        order: the numbers of all areas, what comes first first.
        begin: those it begins with.

    Raises:
        NotAllowed: ``by`` does not coordinate.
        Refused: the interview is closed, the first day lies too far away, or the areas are not those there are.
    """
    interview = lock(interview)
    school = interview.school
    can_plan.require(by, school)
    if interview.closed_at is not None:
        raise Refused(_("This interview is closed: a plan was made from it, or somebody threw it away."))
    if abs(starts_on - localdate(at)) > FURTHEST:
        raise Refused(_("A plan begins within a year of today."))
    same = interview.methodology.same()
    if sorted(order) != sorted(same["areas"]) or not begin or not set(begin) <= set(order):
        raise Refused(_("Choose at least one of the areas to begin with."))
    change(interview, closed_at=at, closed_by=by)
    before = Plan.objects.running().filter(school=school).first()
    if before is not None:
        before = lock(before)
        change(before, closed_at=at, closed_by=by)
    plan = Plan.objects.create(
        school=school,
        methodology=interview.methodology,
        answers=interview.answers,
        starts_on=starts_on,
        follows=before,
        made_at=at,
        made_by=by,
    )
    PlanArea.objects.bulk_create(
        [
            PlanArea(plan=plan, number=number, place=place, begun_on=starts_on if number in begin else None)
            for place, number in enumerate(order)
        ]
    )
    earlier = list(before.steps.all()) if before else []
    done = {(step.area, step.key) for step in earlier if step.state == PlanStep.State.DONE}
    to_do = {
        number: [step for step in same["areas"][number]["steps"] if (number, step["key"]) not in done]
        for number in order
        if number in begin
    }
    hours = pace_for(plan.answers, same).quarter_hours
    owners = {(step.area, step.key): step.owner_id for step in earlier if step.key}
    add_planned(plan, lay_out(to_do, hours, starts_on=starts_on), laid_from=starts_on, owners=owners, by=by, at=at)
    PlanStep.objects.bulk_create([_taken_along(step, plan, by, at) for step in earlier if step.is_open and not step.key])
    add_indicators(plan, list(to_do), at=at)
    settle_steps(school, at=at)
    return plan


@action
def begin_area(plan: Plan, *, number: str, by: User, at: datetime) -> Plan:
    """Begin with an area that waited until now; its steps go into the plan from next Monday on.

    Raises:
        NotAllowed: ``by`` does not coordinate.
        Refused: the plan is closed, or it has begun with this area already.
    """
    plan = running(plan, by)
    begin_areas(plan, [number], starts_on=next_monday(localdate(at)), by=by, at=at)
    settle_steps(plan.school, at=at)
    return plan


@action
def close_plan(plan: Plan, *, by: User, at: datetime) -> Plan:
    """Follow a plan no longer; it stays to be read.

    Raises:
        NotAllowed: ``by`` does not coordinate.
        Refused: it is closed already.
    """
    plan = running(plan, by)
    change(plan, closed_at=at, closed_by=by)
    return plan


@action
def reopen_plan(plan: Plan, *, by: User, at: datetime) -> Plan:
    """Follow a plan again that was closed.

    Raises:
        NotAllowed: ``by`` does not coordinate.
        Refused: the school follows another one by now.
    """
    plan = lock(plan)
    can_plan.require(by, plan.school)
    if plan.is_running:
        return plan  # pressed twice: it is what was wanted
    lock(plan.school)
    if Plan.objects.running().filter(school=plan.school_id).exists():
        raise Refused(_("Your school follows another plan by now."))
    change(plan, closed_at=None, closed_by=None)
    settle_steps(plan.school, at=at)
    return plan


@action
def wish_for(plan: Plan, *, wishes: Mapping[str, float | None], by: User, at: datetime) -> Plan:
    """Say how the school wishes indicators of its plan to be; those that are not named stay.

    Raises:
        NotAllowed: ``by`` does not coordinate.
        Refused: the plan is closed, or it has no such indicator.
    """
    plan = running(plan, by)
    found = {indicator.key: indicator for indicator in plan.indicators.all()}
    for key, wished in wishes.items():
        if key not in found:
            raise Refused(_("This is not what belongs here."))
        change(found[key], wished=wished)
    return plan


@action
def move_plan_on(plan: Plan, *, to: Methodology, by: User, at: datetime) -> Plan:
    """Have a running plan follow a newer version of the methodology, as ``moving_on`` says what that changes.

    A step that is no longer there stays as one of the school's own, in the words of the version it came from.

    Raises:
        NotAllowed: ``by`` does not coordinate.
        Refused: the plan is closed, the version is not newer, or an area the plan has begun with is not in it.
    """
    plan = running(plan, by)
    if to.loaded_at <= plan.methodology.loaded_at:
        raise Refused(_("This version of the methodology is not newer than the plan’s."))
    areas, old, new = list(plan.areas.all()), plan.methodology, to.same()
    if any(area.number not in new["areas"] for area in areas if area.begun_on):
        raise Refused(_("The newer version has no place for an area that you work on. Make a new plan from it."))
    begun = [area.number for area in areas if area.begun_on]
    moving = moving_on(plan.steps.all(), plan.indicators.values_list("key", flat=True), begun, new)
    words = old.words_in([*plan.school.languages, "en"])
    for step in moving.gone:
        said = step.said_in(words)
        change(step, key="", title=said.title[:LONGEST_TITLE], what=said.what[:LONGEST_WHAT], language=said.language)
    plan.areas.exclude(number__in=new["areas"]).delete()
    there = {area.number for area in areas}
    last = plan.areas.aggregate(last=Max("place"))["last"]
    fresh = [number for number in new["areas"] if number not in there]
    PlanArea.objects.bulk_create(
        [PlanArea(plan=plan, number=number, place=place) for place, number in enumerate(fresh, start=last + 1)]
    )
    change(plan, methodology=to)
    hours = pace_for(plan.answers, new).quarter_hours
    starts_on = next_monday(localdate(at))
    add_planned(plan, lay_out(moving.new, hours, starts_on=starts_on), laid_from=starts_on, by=by, at=at)
    plan.indicators.exclude(key__in=new["indicators"]).delete()
    add_indicators(plan, begun, at=at)
    settle_steps(plan.school, at=at)
    return plan


# Parts of these and of other actions.


def running(plan: Plan, by: User) -> Plan:
    """Return a plan, locked, if it runs and somebody may change it; with its methodology, less what is long of it.

    Raises:
        NotAllowed: ``by`` does not coordinate.
        Refused: it is closed.
    """
    plan = lock(plan)
    can_plan.require(by, plan.school)
    require_running(plan)
    if not Plan.methodology.is_cached(plan):
        plan.methodology = Methodology.objects.defer("content").get(pk=plan.methodology_id)
    return plan


def require_running(plan: Plan) -> None:
    if not plan.is_running:
        raise Refused(_("This plan is closed: it can only be read."))


def begin_areas(plan: Plan, numbers: Sequence[str], *, starts_on: date, by: User, at: datetime) -> None:
    """Begin with areas of a plan that waited, which share the hours there are with those under way.

    Raises:
        Refused: one of them has begun, or is none of the plan's.
    """
    same = plan.methodology.same()
    waiting = {area.number: area for area in plan.areas.filter(begun_on__isnull=True)}
    for number in numbers:
        if number not in waiting:
            raise Refused(_("The plan has begun with this area already."))
        change(waiting[number], begun_on=starts_on)
    under_way = set(plan.steps.open().values_list("area", flat=True))
    hours = pace_for(plan.answers, same).quarter_hours * len(numbers) // (len(under_way) + len(numbers))
    held = set(plan.steps.values_list("area", "key"))
    to_do = {number: [step for step in same["areas"][number]["steps"] if (number, step["key"]) not in held] for number in numbers}
    add_planned(plan, lay_out(to_do, max(hours, 1), starts_on=starts_on), laid_from=starts_on, by=by, at=at)
    add_indicators(plan, numbers, at=at)


def add_planned(
    plan: Plan,
    steps: Sequence[PlannedStep],
    *,
    laid_from: date,
    owners: Mapping[tuple[str, str], int | None] | None = None,
    by: User,
    at: datetime,
) -> None:
    """Write steps of the methodology into a plan, as they were laid out from a day; ``owners`` by area and key."""
    positions: dict[str, int] = dict(plan.steps.values_list("area").annotate(last=Max("position")))
    new = []
    for step in sorted(steps, key=lambda step: (step.starts_on, step.ends_on)):
        positions[step.area] = positions.get(step.area, 0) + 1
        new.append(
            PlanStep(
                plan=plan,
                area=step.area,
                key=step.key,
                position=positions[step.area],
                owner_id=(owners or {}).get((step.area, step.key)),
                hours=step.hours,
                starts_on=step.starts_on,
                ends_on=step.ends_on,
                # Where it was laid out from another day, its quarters are not the plan's.
                spread=[list(part) for part in step.quarters]
                if laid_from == plan.starts_on
                else spread(step.hours, step.starts_on, step.ends_on, plan_starts_on=plan.starts_on),
                added_at=at,
                added_by=by,
            )
        )
    PlanStep.objects.bulk_create(new)


def _taken_along(step: PlanStep, plan: Plan, by: User, at: datetime) -> PlanStep:
    """One of the school's own steps, as it stands in the plan that follows."""
    same = {name: getattr(step, name) for name in ("area", "position", "title", "what", "language", "owner_id", "hours")}
    days = {"starts_on": step.starts_on, "ends_on": step.ends_on}
    hours = spread(step.hours, **days, plan_starts_on=plan.starts_on)
    return PlanStep(plan=plan, **same, **days, spread=hours, added_at=at, added_by=by)


def add_indicators(plan: Plan, numbers: Sequence[str], *, at: datetime) -> None:
    """Count the indicators of some areas from now on; those that are counted already go on from how they were then."""
    counted = set(plan.indicators.values_list("key", flat=True))
    new = [key for key in indicators_of(numbers, plan.methodology.same()) if key not in counted]
    measured = values_on(plan.school, new, on=localdate(at))
    PlanIndicator.objects.bulk_create(
        [
            PlanIndicator(plan=plan, key=key, place=len(counted) + place, baseline=measured.get(key), measured_on=localdate(at))
            for place, key in enumerate(new)
        ]
    )
