from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.http import came_from, page
from guildhall.core.pages import Pages
from guildhall.core.ui.basics import near_words
from guildhall.engagement import actions
from guildhall.engagement.calling import note_whom_to_call
from guildhall.engagement.forms.contacts import ContactForm, DropForm, MoveForm, StepForm
from guildhall.engagement.models import Contact, Employer, NextStep
from guildhall.engagement.models.contacts import LONGEST_STEP
from guildhall.engagement.search import employers_found
from guildhall.engagement.views.desk import activities_known, colleagues_of, form_page, open_book
from guildhall.engagement.views.employers import done_with
from guildhall.people.middleware import PersonRequest

ROWS = 50
#: Employers to choose from.
OFFERED = 12


@require_safe
def step_list(request: PersonRequest) -> HttpResponse:
    """What is promised: by me, or by everybody at school; the most urgent first."""
    school = open_book(request)
    everybody = request.GET.get("who") == "all"
    steps = NextStep.objects.visible_to(request.user).open().filter(employer__school=school)
    if not everybody:
        steps = steps.of(request.user)
    page_of_steps = Pages(steps.for_list(), ROWS).get_page(request.GET.get("page"))
    note_whom_to_call(page_of_steps.object_list)
    context = {
        "everybody": everybody,
        "page": page_of_steps,
        "today": localdate(),
    }
    return page(request, "engagement/step_list.html", context)


@require_safe
def step_begin(request: PersonRequest) -> HttpResponse:
    """Say about which employer something is to be done; what it is comes along as ``what``."""
    school = open_book(request)
    text, what = request.GET.get("q", ""), request.GET.get("what", "")[:LONGEST_STEP]
    book = Employer.objects.visible_to(request.user).in_book_of(school).select_related("organisation")
    found = book.filter(pk__in=employers_found(text, school)) if text else book.looked_after_by(request.user)
    context = {
        "text": text,
        "what": what,
        "said": urlencode({"what": what}),
        "offered": list(found.order_by("sort_key", "pk")[:OFFERED]),
    }
    return page(request, "engagement/step_begin.html", context)


def step_add(request: PersonRequest, pk: int) -> HttpResponse:
    """Promise to do something about an employer."""
    employer = get_object_or_404(Employer.objects.visible_to(request.user).select_related("organisation", "school"), pk=pk)
    what = request.GET.get("what", "")[:LONGEST_STEP]
    form = StepForm(request.POST or None, colleagues=colleagues_of(employer.school), me=request.user, what=what)
    if request.method == "POST" and form.is_valid():
        actions.add_step(employer, **form.cleaned_data, by=request.user, at=now())
        return done_with(request, employer, _("The next step is noted."))
    return form_page(
        request, form, title=_("Add a next step"), submit=_("Add"), back=employer.get_absolute_url(), employer=employer
    )


@require_POST
def step_finish(request: PersonRequest, pk: int) -> HttpResponse:
    """Tick a next step off."""
    step = _step(request, pk)
    actions.finish_step(step, by=request.user, at=now())
    return _done(request, step, _("Done: %(step)s") % {"step": step.what}, undo=_reopening(step))


def step_contact(request: PersonRequest, pk: int) -> HttpResponse:
    """Take a next step and write down what came of it, with what comes after it."""
    step = _step(request, pk)
    known = activities_known(request, step.employer.school)
    form = ContactForm(request.POST or None, positions=step.employer.positions.for_list(), activities=known)
    if request.method == "POST" and form.is_valid():
        written = {"people": (), **form.cleaned_data}
        contact = actions.record_contact(step.employer, **written, closes=step, by=request.user, at=now())
        undo = reverse("engagement:step_contact_undo", args=[step.pk, contact.pk])
        done = _("Written down for %(employer)s, and the next step is done.") % {"employer": step.employer}
        return _done(request, step, done, undo=undo)
    return form_page(
        request,
        form,
        title=step.what,
        sentence=_("Write down what came of it. The next step is ticked off."),
        submit=_("Write it down"),
        back=came_from(request, step.employer.get_absolute_url()),
        employer=step.employer,
        draft=f"step-{step.pk}",
    )


@require_POST
def step_contact_undo(request: PersonRequest, pk: int, contact_pk: int) -> HttpResponse:
    """Take back the contact that fulfilled a next step; the step is open again."""
    step = _step(request, pk)
    contact = get_object_or_404(Contact.objects.visible_to(request.user).select_related("employer__school"), pk=contact_pk)
    actions.remove_contact(contact, reopens=step, by=request.user, at=now())
    return _done(request, step, _("The contact is taken back, and the next step is open again."))


def step_move(request: PersonRequest, pk: int) -> HttpResponse:
    """Put a next step off; ``days`` from today, or to a day one chooses."""
    step = _step(request, pk)
    if request.method == "POST" and request.POST.get("days") in ("1", "7"):
        return _moved(request, step, due_on=localdate() + timedelta(days=int(request.POST["days"])))
    form = MoveForm(request.POST or None, step=step, colleagues=colleagues_of(step.employer.school))
    if request.method == "POST" and form.is_valid():
        return _moved(request, step, **form.cleaned_data)
    return form_page(
        request,
        form,
        title=_("Move a next step"),
        sentence=step.what,
        submit=_("Move"),
        back=came_from(request, step.employer.get_absolute_url()),
        employer=step.employer,
    )


def _moved(request: PersonRequest, step: NextStep, **given: Any) -> HttpResponse:
    before = step.due_on
    moved = actions.move_step(step, **given, by=request.user, at=now())
    day = {"step": moved.what, "day": near_words(moved.due_on)}
    back = reverse("engagement:step_move_back", args=[step.pk, before.isoformat()])
    return done_with(
        request,
        step.employer,
        _("Moved, %(day)s: %(step)s") % day,
        to=came_from(request, step.employer.get_absolute_url()),
        undo=back if moved.due_on != before else "",
    )


@require_POST
def step_move_back(request: PersonRequest, pk: int, day: str) -> HttpResponse:
    """Take back that a next step was put off."""
    step = _step(request, pk)
    before = _a_day(day)
    if before is None:
        raise Http404
    actions.take_back_move(step, due_on=before, by=request.user, at=now())
    return _done(request, step, _("It is due as before."))


def _a_day(given: str) -> date | None:
    try:
        return parse_date(given)
    except ValueError:  # a date's shape, and no date: 2026-02-31
        return None


def step_drop(request: PersonRequest, pk: int) -> HttpResponse:
    """Give a next step up, with a word why."""
    step = _step(request, pk)
    form = DropForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.drop_step(step, word=form.cleaned_data["word"], by=request.user, at=now())
        return _done(request, step, _("Dropped: %(step)s") % {"step": step.what}, undo=_reopening(step))
    return form_page(
        request,
        form,
        title=_("Drop a next step"),
        sentence=step.what,
        submit=_("Drop"),
        back=came_from(request, step.employer.get_absolute_url()),
        employer=step.employer,
    )


@require_POST
def step_reopen(request: PersonRequest, pk: int) -> HttpResponse:
    """Take back that a next step was done or dropped."""
    step = _step(request, pk)
    actions.reopen_step(step, by=request.user, at=now())
    return _done(request, step, _("It is open again."))


def _step(request: PersonRequest, pk: int) -> NextStep:
    steps: Any = NextStep.objects.visible_to(request.user).select_related("employer__organisation", "employer__school", "owner")
    return get_object_or_404(steps, pk=pk)


def _reopening(step: NextStep) -> str:
    return reverse("engagement:step_reopen", args=[step.pk])


def _done(request: PersonRequest, step: NextStep, message: str, *, undo: str = "") -> HttpResponse:
    """Go back to where the step was shown: today, the list of steps, the employer."""
    return done_with(request, step.employer, message, to=came_from(request, step.employer.get_absolute_url()), undo=undo)
