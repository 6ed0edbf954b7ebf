"""The next best step: with one employer, and for today with all of them. Always with its reason, and one click away."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.http import came_from, done, page
from guildhall.engagement import actions, next_best_words
from guildhall.engagement.catalogue import Catalogue, catalogue
from guildhall.engagement.methodology.next_best import Promise, Situation, Suggestion, is_open_to_plan, suggestions
from guildhall.engagement.models import Employer, Methodology, NextStep, OwnActivity, Words
from guildhall.engagement.situations import (
    Planning,
    Said,
    Story,
    best,
    planning_of,
    situation_of,
    situations,
    worth_a_look,
)
from guildhall.engagement.standing import FIELDS
from guildhall.engagement.views.desk import activities_known, open_book
from guildhall.library.finding import languages_read
from guildhall.people.middleware import PersonRequest

SHOWN = 20
#: Rules whose step is there already, or is taken where the suggestion leads.
LEADS_ELSEWHERE = ("promise_overdue", "has_answered")
#: Days a step that is taken over has.
DUE_IN = timedelta(days=7)


@require_safe
def next_best(request: PersonRequest) -> HttpResponse:
    """What would be best to do today, for the employers one looks after or for all of them."""
    school = open_book(request)
    everybody = request.GET.get("who") == "all"
    today, newest = localdate(), Methodology.objects.newest()
    known = catalogue(_languages(request), methodology=newest, own=OwnActivity.objects.of_school(school))
    planning = planning_of(school, today, newest.words_in(_languages(request)) if newest else None)
    numbers = worth_a_look(school, None if everybody else request.user, planning=planning, day=today)
    chosen = Employer.objects.filter(pk__in=numbers).knowing_answers().select_related("organisation")
    employers = list(
        chosen.only("sort_key", "resting_until", "last_contact_at", *FIELDS, "organisation__name", "organisation__trade_name")
    )
    for employer in employers:
        employer.school = school
    found = best(school, employers, known=known, planning=planning, day=today)[:SHOWN]
    context = {
        "everybody": everybody,
        "rows": [_row(employer, situation, one, known, planning) for employer, situation, one in found],
        "next": reverse("engagement:next_best") + ("?who=all" if everybody else ""),
    }
    return page(request, "engagement/next_best.html", context)


@require_POST
def next_best_take(request: PersonRequest, pk: int, rule: str) -> HttpResponse:
    """Make a suggestion a next step, if the rule still says so."""
    shown = Employer.objects.visible_to(request.user).knowing_answers().select_related("organisation", "school")
    employer = get_object_or_404(shown, pk=pk)
    known, today = activities_known(request, employer.school), localdate()
    planning = planning_of(employer.school, today, _words(request))
    situation = situations(employer.school, [employer], known=known, planning=planning, day=today)[employer.pk]
    suggestion = next((one for one in suggestions(situation) if one.rule == rule), None)
    if suggestion is None or rule in LEADS_ELSEWHERE:
        raise Http404
    what = next_best_words.what(suggestion, situation, known)
    due_on = today + DUE_IN
    step = actions.add_step(employer, what=what, due_on=due_on, owner=request.user, by=request.user, at=now())
    to = came_from(request, employer.get_absolute_url())
    return done(request, "", {}, message=_("It is among your next steps: %(step)s") % {"step": step.what}, to=to)


def next_best_beside(
    request: PersonRequest,
    employer: Employer,
    story: Story,
    *,
    steps: Collection[NextStep],
    needs: Collection[Said],
    known: Catalogue,
) -> dict[str, Any]:
    """What ``_next_best.html`` needs on the page of an employer read ``for_page()``; its steps and needs are at hand."""
    first = min(steps, key=lambda step: (step.due_on, step.pk), default=None)
    promise, today = Promise(first.what, first.due_on) if first else None, localdate()
    newest = Methodology(digest=employer.methodology) if employer.methodology else None
    words = newest.words_in(_languages(request)) if newest else None
    asks_plan = employer.has_plan and is_open_to_plan(story.level, promise)
    planning = planning_of(employer.school, today, words) if asks_plan else Planning()
    situation = situation_of(
        employer,
        story,
        promise=promise,
        said=needs,
        planning=planning,
        day=today,
    )
    # A promise stands right below, and the answers have a note of their own.
    found = [one for one in suggestions(situation) if one.rule not in LEADS_ELSEWHERE]
    return {"best": _row(employer, situation, found[0], known, planning) if found else None}


def _row(employer: Employer, situation: Situation, one: Suggestion, known: Catalogue, planning: Planning) -> dict[str, Any]:
    kind = known.by_key.get(one.kind)
    return {
        "employer": employer,
        "what": next_best_words.what(one, situation, known),
        "why": next_best_words.why(one, situation, dict(planning.titles)),
        "kind": kind if kind and kind.tools else None,
        "take": "" if one.rule in LEADS_ELSEWHERE else one.rule,
    }


def _words(request: PersonRequest) -> Words | None:
    newest = Methodology.objects.newest()
    return newest.words_in(_languages(request)) if newest else None


def _languages(request: PersonRequest) -> list[str]:
    return languages_read(request.LANGUAGE_CODE, request.organisation)
