"""What tests of plans share: the methodology as it is shipped, a school that coordinates, a plan that runs."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache

from django.conf import settings
from django.utils.timezone import localdate, now

from guildhall.engagement import actions
from guildhall.engagement.methodology.content import Content, read
from guildhall.engagement.methodology.planning import propose
from guildhall.engagement.models import Methodology, Plan, PlanStep
from guildhall.engagement.tests.factories import EmployerFactory

#: Two schools as far from each other as can be: what they said in the interview.
RURAL_CARE = {
    "learners": ["few"],
    "place": ["rural"],
    "field": ["social_care"],
    "time": ["none"],
    "employers": ["dozens"],
    "mentors": ["nobody"],
    "network": ["alone"],
    "hurts": ["no_time", "mentors"],
    "wish": ["better_places"],
}
CITY_METAL = {
    "learners": ["many"],
    "place": ["city"],
    "field": ["metal"],
    "time": ["post"],
    "employers": ["hundreds"],
    "places": ["short"],
    "curriculum": ["sometimes"],
    "hurts": ["outdated"],
    "wish": ["curriculum", "more_places"],
}


@cache
def shipped() -> Content:
    return read(settings.PROJECT / "content" / "methodology", list(settings.ALL_LANGUAGES))


def load_shipped(at: datetime | None = None) -> Methodology:
    return actions.load_methodology(content=shipped(), by=None, at=at or now())


def newer(version: str = "2027.1", **areas) -> Content:
    """The content as a newer version, in which some areas have other steps: ``newer(**{"1.2": […]})``."""
    same = {**shipped().same, "version": version, "areas": {**shipped().same["areas"]}}
    for number, steps in areas.items():
        same["areas"][number] = {**same["areas"][number], "steps": steps}
    return Content(version, same, shipped().words)


def plan_of(coordinator, school, answers=None, *, starts_on: date | None = None, at: datetime | None = None, **given) -> Plan:
    """A plan that a coordinator made from these answers as it was proposed; by default it begins today."""
    at, starts_on = at or now(), starts_on or localdate()
    interview = actions.begin_interview(school, by=coordinator, at=at)
    actions.answer_interview(interview, answers=CITY_METAL if answers is None else answers, by=coordinator, at=at)
    interview.refresh_from_db()
    proposed = propose(interview.answers, interview.methodology.same(), starts_on=starts_on)
    chosen = {
        "order": [area.number for area in proposed.areas],
        "begin": [area.number for area in proposed.areas if area.begins],
        **given,
    }
    return actions.make_plan(interview, starts_on=starts_on, **chosen, by=coordinator, at=at)


def held(coordinator, school, activity: str, *, days_ago: int = 0, employer=None, at: datetime | None = None):
    """A contact in which a school and an employer did something together."""
    employer = employer or EmployerFactory(school=school)
    moment = (at or now()) - timedelta(days=days_ago)
    return actions.record_contact(employer, kind="meeting", held_at=moment, activity=activity, by=coordinator, at=at or now())


def step_of(plan: Plan, key: str) -> PlanStep:
    return plan.steps.select_related("plan__school").get(key=key)
