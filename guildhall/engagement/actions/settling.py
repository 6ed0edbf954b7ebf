"""Ticking off what the book shows: part of every action that changes which activities stand in a school's book."""

from __future__ import annotations

from datetime import datetime, time

from guildhall.core.actions import at_the_end, lock
from guildhall.core.history import change
from guildhall.engagement.methodology.following import Held, Waiting, shown_by
from guildhall.engagement.models import Contact, Employer, Plan, PlanStep
from guildhall.people.models import Organisation


def settle_at_the_end(employer: Employer, *, at: datetime) -> None:
    """Have the plan of an employer's school settled when the action under way has done all it does, once for all employers."""
    at_the_end(_settle_all, (employer.school_id, at))


def _settle_all(asked: list[tuple[int, datetime]]) -> None:
    for school, at in dict(asked).items():
        settle_steps(school, at=at)


def settle_steps(school: Organisation | int, *, at: datetime) -> list[PlanStep]:
    """Tick off the steps of a school's running plan that its book shows to be done, open again those it no longer shows.

    A step is shown by a contact with one of its activities, held since its area was begun; ``following.shown_by`` says which
    where several would do. What a person has said of a step holds: it is neither ticked nor opened here, and the contact that
    would show it shows no other. Called within an action, after contacts were recorded, changed or removed; returns the steps
    that changed.
    """
    number = school if isinstance(school, int) else school.pk
    plan = Plan.objects.running().filter(school=number).with_methodology().select_related("school").first()
    if plan is None:
        return []
    plan = lock(plan)
    begun = {area.number: area for area in plan.areas.all() if area.begun_on is not None}
    facts = {
        (number, step["key"]): step["activities"]
        for number, area in plan.methodology.same()["areas"].items()
        for step in area["steps"]
    }
    places = {number: area.place for number, area in begun.items()}
    steps = {
        step.pk: step
        for step in sorted(plan.steps.in_order(), key=lambda step: (step.starts_on, places.get(step.area, 0), step.position))
        if step.state != PlanStep.State.DROPPED and step.area in begun and facts.get((step.area, step.key))
    }
    waiting = [
        Waiting(step.pk, facts[step.area, step.key], begun[step.area].begun_on or plan.starts_on) for step in steps.values()
    ]
    shown = shown_by(waiting, _held(plan, waiting))
    contacts = Contact.objects.in_bulk(shown.values())
    changed = []
    for step in steps.values():
        if step.is_by_hand:
            continue
        contact = contacts.get(shown.get(step.pk, 0))
        state = PlanStep.State.DONE if contact else PlanStep.State.OPEN
        values = {"state": state, "evidence": contact, "closed_at": contact.held_at if contact else None, "closed_by": None}
        if change(step, **values):
            changed.append(step)
    return changed


def _held(plan: Plan, waiting: list[Waiting]) -> list[Held]:
    """The contacts in the school's book that could show one of these."""
    wanted = {activity for step in waiting for activity in step.activities}
    if not wanted:
        return []
    zone = plan.school.zone
    since = datetime.combine(min(step.since for step in waiting), time(), zone)
    held = Contact.objects.filter(employer__school=plan.school_id, activity__in=wanted, held_at__gte=since)
    return [
        Held(number, activity, held_at.astimezone(zone).date())
        for number, activity, held_at in held.values_list("pk", "activity", "held_at")
    ]
