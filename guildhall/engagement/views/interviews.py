"""From a short interview to a plan: the questions, what would follow from the answers and why, and the plan."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.http import done, page, wants_fragment
from guildhall.engagement import actions
from guildhall.engagement.forms.plans import InterviewForm, ProposalForm
from guildhall.engagement.methodology.following import next_monday
from guildhall.engagement.methodology.planning import PlannedStep, lay_out, order, pace_for
from guildhall.engagement.methodology.reading import ReadArea, hours_of, read_area
from guildhall.engagement.models import Interview, Plan, Words
from guildhall.engagement.rules import can_plan
from guildhall.engagement.views.desk import open_book
from guildhall.engagement.views.methodology import tabs_of
from guildhall.library.finding import languages_read
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import Organisation


@require_POST
def interview_begin(request: PersonRequest) -> HttpResponse:
    """Begin the interview, or go on with the one a colleague has begun."""
    actions.begin_interview(open_book(request), by=request.user, at=now())
    return redirect("engagement:interview")


def interview_answer(request: PersonRequest) -> HttpResponse:
    """All questions on one page; each answer is kept as it is given, and what would follow from them is one button away."""
    school = open_book(request)
    can_plan.require(request.user, school)
    interview = _interview(school)
    words = _words(request, interview)
    asked = interview.methodology.same()["interview"]
    form = InterviewForm(request.POST or None, asked=asked, words=words, answers=interview.answers)
    if request.method == "POST" and form.is_valid():
        if form.given:
            interview = actions.answer_interview(interview, answers=form.given, by=request.user, at=now())
        if not wants_fragment(request):
            return redirect("engagement:proposal")
    context = {
        "form": form,
        "before": json.dumps(interview.answers, sort_keys=True),
        "interview": interview,
        "answered": len(interview.answers),
        "count": len(asked),
        "tabs": tabs_of(request, "plan"),
    }
    status = 422 if form.errors else 200
    return page(request, "engagement/interview.html", context, fragment="engagement/_interview_kept.html", status=status)


@require_POST
def interview_drop(request: PersonRequest) -> HttpResponse:
    """Throw away what was answered."""
    interview = _interview(open_book(request))
    actions.drop_interview(interview, by=request.user, at=now())
    return done(request, "", {}, message=_("The answers are thrown away."), to=reverse("engagement:plan_now"))


@dataclass(frozen=True)
class _Chosen:
    """The areas in an order, those to begin with, and the first day."""

    order: list[str]
    begin: list[str]
    on: date

    @property
    def query(self) -> dict[str, str]:
        return {"order": ",".join(self.order), "begin": ",".join(self.begin), "on": self.on.isoformat()}

    def address(self) -> str:
        return f"{reverse('engagement:proposal')}?{urlencode(self.query)}"

    def with_place(self, number: str, by: int) -> _Chosen:
        """The same with an area so many places later."""
        changed = [other for other in self.order if other != number]
        changed.insert(max(self.order.index(number) + by, 0), number)
        return _Chosen(changed, self.begin, self.on)

    def with_begin(self, number: str) -> _Chosen:
        """The same but for whether it begins with an area."""
        begun = {*self.begin} ^ {number}
        return _Chosen(self.order, [other for other in self.order if other in begun], self.on)


@require_safe
def proposal(request: PersonRequest) -> HttpResponse:
    """What would follow from the answers, and why. Nothing is written: order, beginning and first day live in the address."""
    school = open_book(request)
    can_plan.require(request.user, school)
    interview = _interview(school)
    return _proposal_page(request, interview, _chosen(request.GET, interview), status=200)


@require_POST
def plan_make(request: PersonRequest) -> HttpResponse:
    """Make what is proposed the plan of the school."""
    interview = _interview(open_book(request))
    form = ProposalForm(request.POST)
    if not form.is_valid():
        raise Http404  # the page sends these by itself
    plan = actions.make_plan(
        interview,
        starts_on=form.cleaned_data["on"],
        order=form.cleaned_data["order"],
        begin=form.cleaned_data["begin"],
        by=request.user,
        at=now(),
    )
    return done(request, "", {}, message=_("This is your plan now. Say next who does what."), to=plan)


def _interview(school: Organisation) -> Interview:
    interview = Interview.objects.open_for(school)
    if interview is None:
        raise Http404
    interview.school = school
    return interview


def _words(request: PersonRequest, interview: Interview) -> Words:
    return interview.methodology.words_in(languages_read(request.LANGUAGE_CODE, request.organisation))


def _chosen(asked: Any, interview: Interview) -> _Chosen:
    """What the address asks for; of what it leaves out or does not make sense, what is proposed."""
    same = interview.methodology.same()
    pace = pace_for(interview.answers, same)
    areas = order(interview.answers, same, begin_with=pace.areas)
    form = ProposalForm(asked)
    given = form.cleaned_data if form.is_valid() else {**form.cleaned_data} if form.is_bound else {}
    numbers = [area.number for area in areas]
    chosen = given.get("order") or numbers
    if sorted(chosen) != sorted(numbers):
        chosen = numbers
    begin = [number for number in chosen if number in given.get("begin", [])] if "order" in asked else []
    begin = begin or [area.number for area in areas if area.begins]
    return _Chosen(chosen, [number for number in chosen if number in begin], given.get("on") or next_monday(localdate()))


@dataclass(frozen=True)
class _ProposedArea:
    """An area of a proposal, with the addresses of what it would be otherwise."""

    read: ReadArea
    begins: bool
    earlier: str
    later: str
    otherwise: str


def _proposal_page(request: PersonRequest, interview: Interview, chosen: _Chosen, *, status: int) -> HttpResponse:
    same, words = interview.methodology.same(), _words(request, interview)
    pace = pace_for(interview.answers, same)
    why = {area.number: area for area in order(interview.answers, same, begin_with=pace.areas)}
    steps = lay_out({number: same["areas"][number]["steps"] for number in chosen.begin}, pace.quarter_hours, starts_on=chosen.on)
    last = len(chosen.order) - 1
    areas = [
        _ProposedArea(
            read_area(why[number], words),
            number in chosen.begin,
            chosen.with_place(number, -1).address() if place else "",
            chosen.with_place(number, 1).address() if place < last else "",
            "" if chosen.begin == [number] else chosen.with_begin(number).address(),
        )
        for place, number in enumerate(chosen.order)
    ]
    said_time = words["interview"]["questions"]["time"]["options"].get(pace.key, "")
    context = {
        "areas": areas,
        "begun": [area.read for area in areas if area.begins],
        "steps": [(step, *_in_words(step, words), hours_of(step.hours)) for step in steps],
        "heads": [
            _("What"),
            _("Area"),
            _("Hours"),
            pgettext("step of a plan", "From"),
            pgettext("step of a plan", "Until"),
        ],
        "hours": hours_of(sum(step.hours for step in steps)),
        "quarter_hours": hours_of(pace.quarter_hours),
        "said_time": said_time if pace.said else "",
        "ends_on": max([step.ends_on for step in steps], default=chosen.on),
        "chosen": chosen.query,
        "answered": len(interview.answers),
        "said_in": words.language,
        "replaces": Plan.objects.running().filter(school=interview.school).first(),
        "tabs": tabs_of(request, "plan"),
        "form": ProposalForm(initial={"on": chosen.on}),
    }
    return page(request, "engagement/proposal.html", context, fragment="engagement/_proposal.html", status=status)


def _in_words(step: PlannedStep, words: Words) -> Sequence[str]:
    said = words["areas"][step.area]
    return said["steps"][step.key]["title"], said["title"]
