"""What a school's plan answers when the house asks."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from guildhall.core.hooks import listen
from guildhall.core.ui.basics import figure
from guildhall.engagement import actions
from guildhall.engagement.methodology.reading import ReadPlan
from guildhall.engagement.models import Interview, Methodology, Plan, PlanReview, PlanStep
from guildhall.engagement.rules import can_plan
from guildhall.library.finding import languages_read
from guildhall.people.hooks import (
    Belongings,
    ErasureStep,
    Idea,
    PersonalData,
    TodayAnswer,
    TodayEntry,
    belongings_of,
    erasure_of,
    ideas_for_today,
    personal_data_of,
    today_entries,
)
from guildhall.people.models import Kind, Organisation, User

#: A step stands on somebody's Today so long before its last day.
AHEAD = timedelta(days=7)
SHOWN_TODAY = 10


@listen(today_entries)
def steps_of_the_plan(user: User, organisation: Organisation | None, at: datetime) -> TodayAnswer | None:
    """The steps of the plan that are somebody's and soon to be done; and for who coordinates, the review that is due."""
    if organisation is None or organisation.kind != Kind.SCHOOL:
        return None
    plan = Plan.objects.visible_to(user).running().filter(school=organisation).with_methodology().first()
    if plan is None:
        return None
    today = localtime(at).date()
    read = ReadPlan(plan, languages_read(get_language() or "", organisation), today=today)
    due = PlanStep.objects.filter(plan=plan).open().of(user).ending_by(today + AHEAD).in_order()
    steps = list(due[: SHOWN_TODAY + 1])
    for step in steps:
        step.plan, step.owner = plan, user
    entries = [
        TodayEntry(due=step.ends_on, template="engagement/_today_plan_step.html", context={"each": read.read(step), "plan": plan})
        for step in steps[:SHOWN_TODAY]
    ]
    count = len(steps) if len(steps) <= SHOWN_TODAY else due.count()
    if plan.due_after(1) <= today and can_plan(user, organisation) and read.is_review_due:
        context = {"plan": plan, "quarter": read.quarter_to_review, "due_on": read.review_due_on}
        entries.append(TodayEntry(due=read.review_due_on, template="engagement/_today_review.html", context=context))
        count += 1
    return TodayAnswer(
        title=_("From your school’s plan"), entries=entries, count=count, more_url=plan.get_absolute_url(), position=20
    )


@listen(ideas_for_today)
def make_a_plan(user: User, organisation: Organisation | None, at: datetime) -> list[Idea]:
    """Who could make a plan and has none is told that three minutes are enough."""
    if organisation is None or not can_plan(user, organisation):
        return []
    if Plan.objects.running().filter(school=organisation).exists() or not Methodology.objects.exists():
        return []
    return [
        Idea(
            title=_("Make a plan for working with employers"),
            sentence=_("A dozen questions, three minutes. You see what follows, and why, before anything is written."),
            button=_("Begin"),
            url=reverse("engagement:plan_now"),
            icon="list",
            position=40,
        )
    ]


@listen(belongings_of)
def steps_in_somebodys_name(user: User, organisation: Organisation) -> Belongings | None:
    count = PlanStep.objects.open().running().of(user).filter(plan__school=organisation).count()
    if not count:
        return None
    return Belongings(
        sentence=ngettext("%(count)s open step of the plan", "%(count)s open steps of the plan", count)
        % {"count": figure(count)},
        count=count,
        hand_over=lambda heir, by, at: actions.hand_over_plan_steps(organisation, of=user, heir=heir, by=by, at=at),
    )


@listen(personal_data_of)
def what_plans_hold(user: User) -> list[PersonalData]:
    steps = PlanStep.objects.of(user).select_related("plan__school", "plan__methodology").defer("plan__methodology__content")
    interviews = Interview.objects.filter(changed_by=user).select_related("school").order_by("-changed_at")
    plans = Plan.objects.filter(made_by=user).select_related("school").order_by("-made_at")
    reviews = PlanReview.objects.filter(held_by=user).select_related("plan__school").order_by("-held_at")
    return [
        PersonalData(
            key="engagement.plan_steps",
            title=_("Steps of a plan in your name"),
            why=_("So that everybody at school knows who does what."),
            columns={"ends_on": _("Until"), "school": _("School"), "what": _("What"), "state": _("State")},
            rows=[
                {
                    "ends_on": step.ends_on,
                    "school": str(step.plan.school),
                    "what": step.said_in(step.plan.methodology.words_in([get_language() or ""])).title,
                    "state": step.get_state_display(),
                }
                for step in steps.in_order()
            ],
        ),
        PersonalData(
            key="engagement.plans",
            title=_("Plans you made, interviews you answered, reviews you held"),
            why=_("So that colleagues know whom to ask."),
            columns={"at": _("When"), "school": _("School"), "what": _("What")},
            rows=[
                *({"at": each.made_at, "school": str(each.school), "what": _("a plan")} for each in plans),
                *({"at": each.changed_at, "school": str(each.school), "what": _("an interview")} for each in interviews),
                *({"at": each.held_at, "school": str(each.plan.school), "what": _("a review")} for each in reviews),
            ],
        ),
    ]


@listen(erasure_of)
def what_becomes_of_plans(user: User) -> list[ErasureStep]:
    """Plans belong to the school and stay, under "Erased person"; what is still to be done must be handed over first."""
    steps = PlanStep.objects.of(user)
    open_steps = steps.open().running().count()
    count = steps.count()
    return [
        ErasureStep(
            sentence=ngettext(
                "%(count)s step of a plan stays with the school, without the name.",
                "%(count)s steps of a plan stay with the school, without the name.",
                count,
            )
            % {"count": figure(count)},
            count=count,
            carry_out=lambda at: None,  # the name goes with the account; nothing here repeats it
            obstacle=_("Open steps of the plan must be handed over to a colleague first.") if open_steps else "",
        )
    ]
