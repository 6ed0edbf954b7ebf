"""Looking back at a quarter of a plan: what was planned, what was done, what has changed, and what comes next from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from guildhall.core.http import done, page
from guildhall.engagement import actions
from guildhall.engagement.forms.plans import ReviewForm
from guildhall.engagement.methodology.following import OpenStep, carry_over, next_monday
from guildhall.engagement.methodology.measuring import values_on
from guildhall.engagement.methodology.planning import pace_for
from guildhall.engagement.methodology.reading import ReadPlan, ReadStep, read_indicator
from guildhall.engagement.models import Methodology, PlanReview, PlanStep
from guildhall.engagement.rules import can_plan
from guildhall.engagement.views.methodology import tabs_of
from guildhall.engagement.views.plans import read_plan, the_plan
from guildhall.people.middleware import PersonRequest


@dataclass(frozen=True)
class SeenStep:
    """A step as a review sees it; ``state`` is that of ``PlanStep.State``, or "late"."""

    read: ReadStep
    state: str
    ends_on: date
    moved_to: date | None = None


def review_hold(request: PersonRequest, pk: int) -> HttpResponse:
    """Look back at a quarter, write down what was learnt, and lead on to the next."""
    plan = the_plan(request, pk)
    can_plan.require(request.user, plan.school)
    read = read_plan(request, plan)
    if not read.can_be_reviewed:
        raise Http404
    form = ReviewForm(request.POST or None, steps=_to_go_on(read), waiting=_waiting(read))
    if request.method == "POST" and form.is_valid():
        review = actions.hold_review(
            plan,
            learnt=form.cleaned_data["learnt"],
            changes=form.cleaned_data["changes"],
            days=form.days,
            begin=form.cleaned_data.get("begin", []),
            by=request.user,
            at=now(),
        )
        return done(request, "", {}, message=_("The review is kept, and the next quarter stands in the plan."), to=review)
    values = values_on(plan.school, [indicator.key for indicator in read.kept_indicators], on=read.today)
    newest = Methodology.objects.newest()
    context = {
        "plan": plan,
        "read": read,
        "form": form,
        "quarter": read.quarter_to_review,
        "draft_name": f"review-{plan.pk}-{read.quarter_to_review}",
        "areas": _by_area(read, _seen_now(read)),
        "indicator_heads": _heads(),
        "indicators": _measured(read, values, before=read.reviews[-1].measured if read.reviews else {}),
        "questions": [(area.title, read.words["areas"][area.number]["questions"]) for area in read.begun],
        "days": _day_fields(form),
        "newer": newest if newest is not None and newest.loaded_at > plan.methodology.loaded_at else None,
        "said_in": read.said_in,
        "tabs": tabs_of(request, "plan"),
    }
    return page(request, "engagement/plan_review_hold.html", context, status=422 if form.errors else 200)


@require_safe
def review_detail(request: PersonRequest, pk: int) -> HttpResponse:
    """What a school found when it looked back at a quarter."""
    reviews = PlanReview.objects.visible_to(request.user).select_related("plan__school", "plan__methodology", "held_by")
    review = get_object_or_404(reviews.defer("plan__methodology__content"), pk=pk)
    read = read_plan(request, review.plan)
    before = [other.measured for other in read.reviews if other.quarter < review.quarter]
    context = {
        "plan": review.plan,
        "read": read,
        "review": review,
        "areas": _by_area(read, _seen_then(read, review)),
        "indicator_heads": _heads(),
        "indicators": _measured(read, review.measured, before=before[-1] if before else {}),
        "begun": [read.title_of(number) for number in review.begun],
        "may_plan": can_plan(request.user, review.plan.school) and review.plan.is_running,
        "said_in": read.said_in,
        "tabs": tabs_of(request, "plan"),
    }
    return page(request, "engagement/plan_review.html", context)


def _to_go_on(read: ReadPlan) -> list[tuple[PlanStep, str, tuple[date, date]]]:
    """The open steps with days on which they could go on: new ones where something is late, else those they have."""
    plan, kept = read.plan, [each.step for each in read.open]
    pace = pace_for(plan.answers, read.same)
    starts_on = max(next_monday(read.today), plan.starts_on)
    moved = carry_over(
        # What the school has put in itself stands beside the others, and waits for none of them.
        [
            OpenStep(step.pk, step.area, step.hours, step.starts_on, step.ends_on)
            for step in kept
            if step.key or step.ends_on < read.today
        ],
        pace.quarter_hours,
        today=read.today,
        starts_on=starts_on,
    )
    return [(each.step, each.title, moved.get(each.step.pk, (each.step.starts_on, each.step.ends_on))) for each in read.open]


def _waiting(read: ReadPlan) -> list[tuple[str, str]]:
    return [(area.number, f"{area.number} {area.title}") for area in read.waiting]


def _day_fields(form: ReviewForm) -> list[tuple[PlanStep, Any, Any]]:
    return [(step, form[f"from-{step.pk}"], form[f"until-{step.pk}"]) for step in form.steps]


def _seen_now(read: ReadPlan) -> Iterable[SeenStep]:
    """The steps that were to be done until now, or were closed since the last review, in order."""
    reviewed = {found["step"] for review in read.reviews for found in review.steps if found["state"] != PlanStep.State.OPEN}
    _first, last = read.plan.days_of(read.quarter_to_review)
    until = min(last, read.today)
    for each in read.steps:
        step = each.step
        if step.pk not in reviewed and (step.starts_on <= until or not step.is_open):
            yield SeenStep(each, "late" if each.is_late else step.state, step.ends_on)


def _seen_then(read: ReadPlan, review: PlanReview) -> Iterable[SeenStep]:
    """The same as it was when a review was held."""
    by_number = {each.step.pk: each for each in read.steps}
    earlier = [other for other in read.reviews if other.quarter < review.quarter]
    reviewed = {found["step"] for other in earlier for found in other.steps if found["state"] != PlanStep.State.OPEN}
    _first, last = review.plan.days_of(review.quarter)
    until = min(last, localdate(review.held_at)).isoformat()
    for found in review.steps:
        each = by_number.get(found["step"])
        is_due = found["starts_on"] <= until or found["state"] != PlanStep.State.OPEN
        if each is not None and found["step"] not in reviewed and is_due:
            moved_to = date.fromisoformat(found["moved_to"]) if found["moved_to"] else None
            state = "late" if found["is_late"] else found["state"]
            yield SeenStep(each, state, date.fromisoformat(found["ends_on"]), moved_to)


def _by_area(read: ReadPlan, seen: Iterable[SeenStep]) -> list[tuple[str, list[SeenStep]]]:
    places = {area.number: area.place for area in read.kept_areas}
    ordered = sorted(seen, key=lambda each: places.get(each.read.step.area, 0))
    return [(read.title_of(number), list(steps)) for number, steps in groupby(ordered, key=lambda each: each.read.step.area)]


def _heads() -> list[str]:
    return [_("Indicator"), _("At the beginning"), _("The review before"), _("At this review"), _("Wished for")]


def _measured(read: ReadPlan, values: Mapping[str, float | None], *, before: Mapping[str, float | None]) -> list[Any]:
    """The indicators as they were then, each with how it was at the review before: "" where there was none."""
    kept = [indicator for indicator in read.kept_indicators if indicator.key in read.words["indicators"]]
    return [
        (
            read_indicator(indicator, read.same, read.words, now=values.get(indicator.key)),
            read_indicator(indicator, read.same, read.words, now=before.get(indicator.key)).now,
        )
        for indicator in kept
    ]
