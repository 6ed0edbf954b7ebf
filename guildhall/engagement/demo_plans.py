"""The demo's plans: one for each school that has a ``plan.yaml`` beside its book, made and followed by the actions people use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import yaml

from guildhall.engagement import actions
from guildhall.engagement.methodology.planning import propose
from guildhall.engagement.models import Interview, Methodology, Plan, PlanStep
from guildhall.people.models import Organisation, User

#: What understands a day, and a moment, as the stories of the demo tell them.
Day: TypeAlias = Callable[[str], date]
Moment: TypeAlias = Callable[[str], datetime]


def write_plan(path: Path, school: Organisation, *, colleagues: dict[str, User], day: Day, moment: Moment) -> None:
    """Let a school answer the interview, make its plan and follow it until today.

    Where no methodology is loaded, nothing is done: a plan is made from one.
    """
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not Methodology.objects.exists():
        return
    began, coordinator = day(told["began"]), colleagues[told["by"]]
    at = datetime.combine(began, time(7, 50), ZoneInfo(school.time_zone))
    interview = actions.begin_interview(school, by=coordinator, at=at)
    interview = actions.answer_interview(interview, answers=told["answers"], by=coordinator, at=at)
    plan = _made(interview, began, coordinator, at)
    steps = {f"{step.area} {step.key}": step for step in plan.steps.select_related("plan")}
    # What the book has shown to be done by now is nobody's any more.
    owners = {steps[name].pk: colleagues[who] for name, who in told["who"].items() if steps[name].is_open}
    actions.share_out(plan, owners=owners, by=coordinator, at=at)
    for own in told["own"]:
        _add(plan, own, coordinator, colleagues, day, at)
    actions.wish_for(plan, wishes=told["wishes"], by=coordinator, at=at)
    for done in told["done"]:
        step = PlanStep.objects.select_related("plan__school").get(pk=steps[done["step"]].pk)
        if step.is_open:  # else the book has shown it before
            actions.finish_plan_step(step, word=done.get("word", ""), by=colleagues[done["by"]], at=moment(done["at"]))


def _made(interview: Interview, began: date, coordinator: User, at: datetime) -> Plan:
    proposed = propose(interview.answers, interview.methodology.same(), starts_on=began)
    return actions.make_plan(
        interview,
        starts_on=began,
        order=[area.number for area in proposed.areas],
        begin=[area.number for area in proposed.areas if area.begins],
        by=coordinator,
        at=at,
    )


def _add(plan: Plan, own: dict[str, Any], by: User, colleagues: dict[str, User], day: Day, at: datetime) -> None:
    actions.add_plan_step(
        plan,
        area=own["area"],
        title=own["title"],
        language=plan.school.languages[0],
        owner=colleagues[own["who"]],
        hours=own["hours"],
        starts_on=day(own["from"]),
        ends_on=day(own["until"]),
        by=by,
        at=at,
    )
