"""The plan of the school in the world: one that runs and was looked back at once, and an interview for the next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils.timezone import localdate, now

from guildhall.engagement.actions import begin_interview, hold_review, make_plan, share_out
from guildhall.people.models import Organisation, User

ORDER = ["1.1", "1.2", "1.3", "2.1", "2.2", "2.3"]


def fill_plans(school: Organisation, owner: User) -> dict[str, Any]:
    """Let the school follow a plan for a quarter; the first of its steps is the owner's."""
    begun = now() - timedelta(weeks=14)
    interview = begin_interview(school, by=owner, at=begun)
    plan = make_plan(interview, starts_on=localdate(begun), order=ORDER, begin=["1.1"], by=owner, at=begun)
    step = plan.steps.in_order()[0]
    share_out(plan, owners={step.pk: owner}, by=owner, at=begun)
    review = hold_review(plan, learnt="Ask early.", changes="", days={}, begin=[], by=owner, at=now())
    begin_interview(school, by=owner, at=now())
    return {"plan": plan, "plan_step": step, "plan_review": review}


def _of(name: str) -> Callable[[Any], dict[str, Any]]:
    return lambda world: {"pk": getattr(world, name).pk}


A_PLAN = {"the school's": _of("plan")}
A_PLAN_STEP = {"the coordinator's": _of("plan_step")}

#: For every address with arguments: the words by which the table calls a thing, and how the address is made of it.
PLAN_THINGS = {
    **{
        f"engagement:plan{deed}": A_PLAN
        for deed in ("", "_pdf", "_share", "_wishes", "_close", "_reopen", "_move_on", "_review_hold", "_step_add")
    },
    **{f"engagement:plan_step{deed}": A_PLAN_STEP for deed in ("", "_change", "_finish", "_drop", "_reopen", "_to_book")},
    "engagement:plan_area_begin": {"the school's": lambda world: {"pk": world.plan.pk, "number": "2.2"}},
    "engagement:plan_review": {"the school's": _of("plan_review")},
}


def _a_step(world: Any) -> dict[str, Any]:
    day = localdate().isoformat()
    return {"area": "1.1", "title": "Ask the baker", "hours": 2, "starts_on": day, "ends_on": day}


def _days(world: Any) -> dict[str, Any]:
    """From when until when the steps that are not done go on."""
    day = localdate().isoformat()
    return {f"{end}-{step.pk}": day for step in world.plan.steps.all() for end in ("from", "until")}


PLAN_SENT: dict[str, Callable[[Any], dict[str, Any]]] = {
    "engagement:interview": lambda world: {"before": "{}", "learners": "some"},
    "engagement:plan_make": lambda world: {"on": localdate().isoformat(), "order": ",".join(ORDER), "begin": "1.1"},
    "engagement:plan_share": lambda world: {f"step-{world.plan_step.pk}": world.people["teacher"].pk},
    "engagement:plan_wishes": lambda world: {"sent": "yes"},
    "engagement:plan_review_hold": lambda world: {"learnt": "Ask earlier.", **_days(world)},
    "engagement:plan_step_add": _a_step,
    "engagement:plan_step_change": _a_step,
    "engagement:plan_step_drop": lambda world: {"word": "No longer needed"},
}
