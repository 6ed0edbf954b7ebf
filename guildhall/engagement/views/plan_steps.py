"""The steps of a school's plan: looked at, changed, added, ticked off, dropped and opened again."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.http import page
from guildhall.engagement import actions
from guildhall.engagement.forms.contacts import DropForm
from guildhall.engagement.forms.plans import PlanStepForm
from guildhall.engagement.models import PlanStep
from guildhall.engagement.rules import can_plan, can_tick_off
from guildhall.engagement.views.desk import colleagues_of
from guildhall.engagement.views.methodology import tabs_of
from guildhall.engagement.views.plans import done_with_plan, form_of_plan, read_plan, the_plan
from guildhall.library.markdown import render
from guildhall.people.middleware import PersonRequest


@require_safe
def step_detail(request: PersonRequest, pk: int) -> HttpResponse:
    """A step in full: what, how, who, with which tools, and what shows that it was done."""
    step = _step(request, pk)
    read = read_plan(request, step.plan).read(step)
    context = {
        "plan": step.plan,
        "read": read,
        "what": render(read.what, level=2),
        "may_tick": can_tick_off(request.user, step) and step.plan.is_running,
        "may_plan": can_plan(request.user, step.plan.school) and step.plan.is_running,
        "tabs": tabs_of(request, "plan"),
    }
    return page(request, "engagement/plan_step.html", context)


def step_add(request: PersonRequest, pk: int) -> HttpResponse:
    """Add a step of the school's own."""
    plan = the_plan(request, pk)
    can_plan.require(request.user, plan.school)
    read = read_plan(request, plan)
    areas = [(area.number, f"{area.number} {area.title}") for area in read.areas]
    day = max(localdate(), plan.starts_on)
    form = PlanStepForm(
        request.POST or None,
        colleagues=colleagues_of(plan.school),
        areas=areas,
        initial={"hours": 2, "starts_on": day, "ends_on": day},
    )
    if request.method == "POST" and form.is_valid():
        actions.add_plan_step(plan, **form.cleaned_data, language=request.LANGUAGE_CODE, by=request.user, at=now())
        return done_with_plan(request, plan, _("The step is in the plan."))
    return form_of_plan(request, plan, form, title=_("Add a step of your own"), submit=_("Add"), draft=f"plan-{plan.pk}-step")


def step_change(request: PersonRequest, pk: int) -> HttpResponse:
    """Say otherwise what a step is, who does it, how much it takes, or when."""
    step = _step(request, pk)
    can_plan.require(request.user, step.plan.school)
    said = read_plan(request, step.plan).read(step)
    form = PlanStepForm(request.POST or None, colleagues=colleagues_of(step.plan.school), step=step)
    if request.method == "POST" and form.is_valid():
        actions.change_plan_step(step, **form.cleaned_data, language=request.LANGUAGE_CODE, by=request.user, at=now())
        return done_with_plan(request, step.plan, _("Saved."))
    return form_of_plan(
        request,
        step.plan,
        form,
        title=_("Change a step"),
        sentence=said.title,
        submit=_("Save"),
        draft=f"plan-step-{step.pk}",
    )


@require_POST
def step_finish(request: PersonRequest, pk: int) -> HttpResponse:
    """Say that a step is done."""
    step = _step(request, pk)
    undo = _back(step)
    step = actions.finish_plan_step(step, by=request.user, at=now())
    return done_with_plan(request, step.plan, _("Done: %(step)s") % {"step": _title(request, step)}, undo=undo)


def step_drop(request: PersonRequest, pk: int) -> HttpResponse:
    """Say that a step will not be done, with a word why."""
    step = _step(request, pk)
    can_plan.require(request.user, step.plan.school)
    form, undo = DropForm(request.POST or None), _back(step)
    if request.method == "POST" and form.is_valid():
        step = actions.drop_plan_step(step, word=form.cleaned_data["word"], by=request.user, at=now())
        return done_with_plan(request, step.plan, _("Dropped: %(step)s") % {"step": _title(request, step)}, undo=undo)
    return form_of_plan(request, step.plan, form, title=_("Drop a step"), sentence=_title(request, step), submit=_("Drop"))


@require_POST
def step_reopen(request: PersonRequest, pk: int) -> HttpResponse:
    """Say that a step is not done after all."""
    step = actions.reopen_plan_step(_step(request, pk), by=request.user, at=now())
    undo = reverse("engagement:plan_step_to_book", args=[step.pk])
    return done_with_plan(request, step.plan, _("It is open again, and the book does not tick it off."), undo=undo)


@require_POST
def step_to_book(request: PersonRequest, pk: int) -> HttpResponse:
    """Take back what somebody said of a step: the book says again whether it is done."""
    step = actions.leave_to_book(_step(request, pk), by=request.user, at=now())
    return done_with_plan(request, step.plan, _("The book says again whether it is done."))


def _step(request: PersonRequest, pk: int) -> PlanStep:
    shown: Any = PlanStep.objects.visible_to(request.user).with_names()
    shown = shown.select_related("plan__methodology", "plan__school").defer("plan__methodology__content")
    return get_object_or_404(shown, pk=pk)


def _title(request: PersonRequest, step: PlanStep) -> str:
    return read_plan(request, step.plan).read(step).title


def _back(step: PlanStep) -> str:
    """Where a POST brings an open step back to how it is now."""
    return reverse(f"engagement:plan_step_{'reopen' if step.is_by_hand else 'to_book'}", args=[step.pk])
