"""A school's plan: the one it follows, those before, what can be changed of it as a whole, and the plan on paper."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.http import came_from, done, download, page
from guildhall.core.ui.lists import Column
from guildhall.engagement import actions
from guildhall.engagement.exporting import plan_paper
from guildhall.engagement.forms.plans import ShareForm, WishForm
from guildhall.engagement.methodology.reading import ReadPlan
from guildhall.engagement.methodology.versions import moving_on
from guildhall.engagement.models import Interview, Methodology, Plan
from guildhall.engagement.rules import can_plan
from guildhall.engagement.views.desk import colleagues_of, open_book
from guildhall.engagement.views.methodology import tabs_of
from guildhall.library.finding import languages_read
from guildhall.people.middleware import PersonRequest


@require_safe
def plan_now(request: PersonRequest) -> HttpResponse:
    """The plan the school follows; while there is none, the way to one."""
    school = open_book(request)
    plan = Plan.objects.visible_to(request.user).running().filter(school=school).first()
    if plan is not None:
        return redirect(plan)
    interview = Interview.objects.visible_to(request.user).open_for(school)
    context = {
        "may_plan": can_plan(request.user, school),
        "interview": interview,
        "answered": len(interview.answers) if interview else 0,
        "last": Plan.objects.visible_to(request.user).filter(school=school).order_by("-made_at", "-pk").first(),
        "is_loaded": interview is not None or Methodology.objects.exists(),
        "tabs": tabs_of(request, "plan"),
    }
    return page(request, "engagement/plan_none.html", context)


@require_safe
def plan_detail(request: PersonRequest, pk: int) -> HttpResponse:
    """A plan: its areas and why, its steps by quarter, who does how much, and what is counted."""
    return page(request, "engagement/plan.html", plan_context(request, pk), fragment="engagement/_plan.html")


def plan_context(request: PersonRequest, pk: int) -> dict[str, Any]:
    """What the page of a plan shows, as it is now."""
    plan = the_plan(request, pk)
    read = read_plan(request, plan)
    return {
        "plan": plan,
        "read": read,
        "may_plan": can_plan(request.user, plan.school) and plan.is_running,
        "may_reopen": can_plan(request.user, plan.school) and not plan.is_running,
        "has_newer": plan.is_running and plan.newest_loaded_at > plan.methodology.loaded_at,
        "today": read.today,
        "said_in": read.said_in,
        "tabs": tabs_of(request, "plan"),
        "indicator_heads": [_("Indicator"), _("At the beginning"), _("Last review"), _("Wished for")],
        "share_heads": [_("Who"), *(Column(str(quarter.number), numeric=True) for quarter in read.quarters)],
        "chart_labels": [str(quarter.number) for quarter in read.quarters],
        "chart_series": [(_("Hours"), [quarter.hours for quarter in read.quarters])],
        "unshared": sum(1 for each in read.open if not each.who),
    }


def the_plan(request: PersonRequest, pk: int) -> Plan:
    return get_object_or_404(Plan.objects.visible_to(request.user).for_page(), pk=pk)


def read_plan(request: PersonRequest, plan: Plan) -> ReadPlan:
    return ReadPlan(plan, languages_read(request.LANGUAGE_CODE, request.organisation), today=localdate())


def done_with_plan(request: PersonRequest, plan: Plan, message: str, *, undo: str = "") -> HttpResponse:
    """Answer after an action on a plan or a step of it: the plan's page as it is now, or the page from which it was done."""
    to = came_from(request, plan.get_absolute_url())
    return done(request, "engagement/_plan.html", plan_context(request, plan.pk), message=message, to=to, undo=undo)


@require_safe
def plan_pdf(request: PersonRequest, pk: int) -> HttpResponseBase:
    """The plan on paper, for the board of the school."""
    read = read_plan(request, the_plan(request, pk))
    title = _("Plan for working with employers")
    return download(plan_paper.pdf(read, title=title, at=now()), title, "pdf", plan_paper.MEDIA_TYPE, as_attachment=False)


def plan_share(request: PersonRequest, pk: int) -> HttpResponse:
    """Say who does which open steps, all at once."""
    plan = the_plan(request, pk)
    can_plan.require(request.user, plan.school)
    read = read_plan(request, plan)
    details = _("%(area)s · %(hours)s · until %(day)s")
    steps = [
        (
            each.step,
            each.title,
            details % {"area": each.area, "hours": each.hours, "day": date_format(each.step.ends_on, "SHORT_DATE_FORMAT")},
        )
        for each in read.open
    ]
    form = ShareForm(request.POST or None, steps=steps, colleagues=colleagues_of(plan.school))
    if request.method == "POST" and form.is_valid():
        plan = actions.share_out(plan, owners=form.owners, by=request.user, at=now())
        return done_with_plan(request, plan, _("It is noted who does what."))
    return form_of_plan(
        request, plan, form, title=_("Who does what?"), submit=_("Save"), sentence=_("Steps that are not done yet.")
    )


def plan_wishes(request: PersonRequest, pk: int) -> HttpResponse:
    """Say how the indicators should be one day."""
    plan = the_plan(request, pk)
    can_plan.require(request.user, plan.school)
    read = read_plan(request, plan)
    details = _("At the beginning: %(value)s")
    indicators = [
        (each.key, each.name, details % {"value": each.baseline} if each.baseline else each.unit, each.wish)
        for each in read.indicators
    ]
    form = WishForm(request.POST or None, indicators=indicators)
    if request.method == "POST" and form.is_valid():
        plan = actions.wish_for(plan, wishes=form.cleaned_data, by=request.user, at=now())
        return done_with_plan(request, plan, _("Your wishes are noted."))
    sentence = _("A figure to reach, where you want one. Each review shows how far it is.")
    return form_of_plan(request, plan, form, title=_("What do you wish for?"), submit=_("Save"), sentence=sentence)


@require_POST
def area_begin(request: PersonRequest, pk: int, number: str) -> HttpResponse:
    """Begin with an area that waited."""
    plan = the_plan(request, pk)
    if number not in plan.methodology.same()["areas"]:
        raise Http404
    plan = actions.begin_area(plan, number=number, by=request.user, at=now())
    return done_with_plan(request, plan, _("The steps of this area are in the plan now."))


@require_POST
def plan_close(request: PersonRequest, pk: int) -> HttpResponse:
    """Follow a plan no longer."""
    plan = actions.close_plan(the_plan(request, pk), by=request.user, at=now())
    undo = reverse("engagement:plan_reopen", args=[plan.pk])
    return done_with_plan(request, plan, _("The plan is closed. It stays here to be read."), undo=undo)


@require_POST
def plan_reopen(request: PersonRequest, pk: int) -> HttpResponse:
    """Follow a plan again that was closed."""
    plan = actions.reopen_plan(the_plan(request, pk), by=request.user, at=now())
    return done_with_plan(request, plan, _("You follow this plan again."))


def plan_move_on(request: PersonRequest, pk: int) -> HttpResponse:
    """Have the plan follow the newest version of the methodology, after seeing what that changes."""
    plan = the_plan(request, pk)
    can_plan.require(request.user, plan.school)
    to = Methodology.objects.visible_to(request.user).newest()
    if to is None or to.loaded_at <= plan.methodology.loaded_at or not plan.is_running:
        raise Http404
    read = read_plan(request, plan)
    begun = [area.number for area in read.kept_areas if area.begun_on]
    if request.method == "POST":
        plan = actions.move_plan_on(plan, to=to, by=request.user, at=now())
        return done_with_plan(request, plan, _("The plan follows version %(version)s now.") % {"version": to})
    held = [indicator.key for indicator in read.kept_indicators]
    moving = moving_on([each.step for each in read.steps], held, begun, to.same())
    words = to.words_in(languages_read(request.LANGUAGE_CODE, request.organisation))
    context = {
        "plan": plan,
        "read": read,
        "to": to,
        "moving": moving,
        "gone": [read.read(step) for step in moving.gone],
        "new": [
            (words["areas"][number]["title"], [words["areas"][number]["steps"][step["key"]]["title"] for step in steps])
            for number, steps in moving.new.items()
        ],
        "counted": [words["indicators"][key]["name"] for key in moving.counted],
        "not_counted": [read.words["indicators"][key]["name"] for key in moving.not_counted],
        "said_in": words.language,
        "tabs": tabs_of(request, "plan"),
    }
    return page(request, "engagement/plan_move_on.html", context)


def form_of_plan(
    request: PersonRequest, plan: Plan, form: Any, *, title: str, submit: str, sentence: str = "", draft: str = ""
) -> HttpResponse:
    """A form about a plan on a page of its own; 422 when what was sent did not do."""
    context = {
        "plan": plan,
        "form": form,
        "title": title,
        "submit": submit,
        "sentence": sentence,
        "draft": draft,
        "back": came_from(request, plan.get_absolute_url()),
    }
    return page(request, "engagement/plan_form.html", context, status=422 if form.errors else 200)
