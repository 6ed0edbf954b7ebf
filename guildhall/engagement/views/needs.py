"""What one employer needs: the interview as a colleague fills it in, the link, and what becomes of the answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.http import done, page, wants_fragment
from guildhall.engagement import actions
from guildhall.engagement.forms.needs import EndForm, LinkForm, PartForm
from guildhall.engagement.models import Employer, Need, NeedsInterview, Person
from guildhall.engagement.needs.asking import BY_KEY, PART_KEYS, PARTS, activity_names, lines_of, proposals
from guildhall.engagement.needs.told import interviews_of, needs_of
from guildhall.engagement.purposes import PLACEMENTS
from guildhall.engagement.views.desk import form_page
from guildhall.people.middleware import PersonRequest

#: Where an interview goes on after its last part.
END = "end"
State = NeedsInterview.State


# --- An employer ---------------------------------------------------------------------------------------------------


@require_safe
def employer_needs(request: PersonRequest, pk: int) -> HttpResponse:
    """What an employer said it needs and could offer, and how to ask it."""
    employer = get_object_or_404(_employers(request), pk=pk)
    return page(request, "engagement/needs_employer.html", _employer_context(employer))


def _employers(request: PersonRequest) -> Any:
    return Employer.objects.visible_to(request.user).select_related("organisation", "school", "owner")


def _employer_context(employer: Employer) -> dict[str, Any]:
    standing, ended = needs_of(employer, get_language() or "", with_ended=True)
    return {
        "employer": employer,
        "told": standing,
        "ended": ended,
        "interviews": interviews_of(employer),
        "moment_now": now(),
    }


@require_POST
def interview_begin(request: PersonRequest, pk: int) -> HttpResponse:
    """Begin an interview, or go on with one's own."""
    employer = get_object_or_404(_employers(request), pk=pk)
    interview = actions.begin_needs_interview(employer, language=get_language() or "", by=request.user, at=now())
    return redirect(interview)


def link_make(request: PersonRequest, pk: int) -> HttpResponse:
    """Ask somebody at an employer by a link; one that is to be passed on by hand is shown once, when it is made."""
    employer = get_object_or_404(_employers(request), pk=pk)
    there = employer.positions.current().values("person")
    people = Person.objects.allowing(PLACEMENTS).filter(pk__in=there).order_by("name", "pk")
    form = LinkForm(request.POST or None, people=people)
    back = reverse("engagement:needs_employer", args=[employer.pk])
    if request.method == "POST" and form.is_valid():
        interview, address = actions.ask_by_link(employer, **form.facts, by=request.user, at=now())
        if form.facts["by_letter"]:
            message = _("The letter to %(person)s is on its way.") % {"person": interview.person}
            return done(request, "", {}, message=message, to=back)
        context = {"employer": employer, "interview": interview, "address": address, "back": back}
        response = page(request, "engagement/needs_link_made.html", context)
        response["Cache-Control"] = "private, no-store"
        return response
    return form_page(
        request,
        form,
        title=_("Ask by a link"),
        sentence=_("They need no account, can stop and go on, and see nothing of your book. It takes about four minutes."),
        submit=_("Make the link"),
        back=back,
        employer=employer,
    )


@require_POST
def need_let_go(request: PersonRequest, pk: int) -> HttpResponse:
    """Note that an employer does not need, have or offer something any more."""
    need = get_object_or_404(Need.objects.visible_to(request.user), pk=pk)
    need = actions.let_go_of_need(need, by=request.user, at=now())
    undo = reverse("engagement:need_take_back", args=[need.pk])
    return _done_with_need(request, need, _("That holds no more, as of today."), undo=undo)


@require_POST
def need_take_back(request: PersonRequest, pk: int) -> HttpResponse:
    """Undo that."""
    need = get_object_or_404(Need.objects.visible_to(request.user), pk=pk)
    need = actions.take_need_back(need, by=request.user, at=now())
    return _done_with_need(request, need, _("That still holds."))


def _done_with_need(request: PersonRequest, need: Need, message: str, undo: str = "") -> HttpResponse:
    employer = _employers(request).get(pk=need.employer_id)
    to = reverse("engagement:needs_employer", args=[employer.pk])
    return done(request, "engagement/_needs_employer.html", _employer_context(employer), message=message, to=to, undo=undo)


# --- The interview -------------------------------------------------------------------------------------------------


@require_safe
def interview_detail(request: PersonRequest, pk: int) -> HttpResponse:
    """Go on where the interview was left; or see what was said, and take it into the book."""
    interview = _interview(request, pk)
    if not interview.is_by_link and interview.state == State.OPEN and interview.reached != END:
        return _shown(request, interview, _part_form(interview, interview.reached or PART_KEYS[0]))
    return _shown(request, interview, _end_form(request, interview))


def interview_part(request: PersonRequest, pk: int, part: str) -> HttpResponse:
    """One part of the interview: asked, and kept."""
    interview = _interview(request, pk)
    if part not in BY_KEY:
        raise Http404
    if interview.is_finished or (interview.is_by_link and interview.state == State.OPEN):
        return redirect(interview)  # what an employer has not sent yet is its own
    if request.method != "POST":
        rows = request.GET.get("rows", "")
        return _shown(request, interview, _part_form(interview, part, rows=int(rows) if rows.isdecimal() else 0))
    form = _part_form(interview, part, request.POST)
    if not form.is_valid():
        return _shown(request, interview, form, status=422)
    following = _after(interview, part, request.POST)
    interview = actions.answer_needs(interview, part=part, said=form.said, reached=following, by=request.user, at=now())
    address = _address(interview, following)
    if following == part:
        address += f"?rows={len(form.rows) + 1}"
    if not wants_fragment(request):
        return redirect(address)
    more = len(form.rows) + 1 if following == part else 0
    inside = _end_form(request, interview) if following == END else _part_form(interview, following, rows=more)
    response = _shown(request, interview, inside)
    response["HX-Push-Url"] = address
    return response


def _after(interview: NeedsInterview, part: str, sent: Any) -> str:
    """Where it goes on after a part was sent: the same one again, one back, the next one, or the end."""
    if "more" in sent:
        return part
    number = PART_KEYS.index(part)
    if "back" in sent:
        return PART_KEYS[max(number - 1, 0)]
    if interview.is_by_link or interview.reached == END:
        return END  # what was sent is corrected in one place, not asked again
    return PART_KEYS[number + 1] if number + 1 < len(PART_KEYS) else END


def interview_end(request: PersonRequest, pk: int) -> HttpResponse:
    """What was said, in full; and taking it into the book, with the next steps that offer themselves."""
    interview = _interview(request, pk)
    form = _end_form(request, interview, request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _shown(request, interview, form, status=422 if form.is_bound else 200)
    given = form.cleaned_data
    known = proposals(interview.answers, get_language() or "")
    interview = actions.take_over_needs(
        interview,
        **{name: given[name] for name in ("kind", "held_at", "people") if name in given},
        steps=[known[key] for key in given.get("steps", [])],
        by=request.user,
        at=now(),
    )
    message = _("It is in the book: the needs, the contact and the next steps.")
    return done(request, "", {}, message=message, to=interview.employer)


@require_POST
def interview_withdraw(request: PersonRequest, pk: int) -> HttpResponse:
    """Take a link back."""
    interview = actions.withdraw_needs_link(_interview(request, pk), by=request.user, at=now())
    message = _("The link is withdrawn, and what was answered by it is deleted.")
    return done(request, "", {}, message=message, to=reverse("engagement:needs_employer", args=[interview.employer_id]))


@require_POST
def interview_drop(request: PersonRequest, pk: int) -> HttpResponse:
    """Give an interview up."""
    employer = actions.drop_needs_interview(_interview(request, pk), by=request.user, at=now())
    return done(request, "", {}, message=_("The interview is gone."), to=reverse("engagement:needs_employer", args=[employer.pk]))


def _interview(request: PersonRequest, pk: int) -> NeedsInterview:
    interviews = NeedsInterview.objects.visible_to(request.user)
    related = ["employer__organisation", "employer__school", "employer__owner", "begun_by", "closed_by", "person", "contact"]
    return get_object_or_404(interviews.select_related(*related), pk=pk)


def _address(interview: NeedsInterview, following: str) -> str:
    name, more = ("needs_end", []) if following == END else ("needs_part", [following])
    return reverse(f"engagement:{name}", args=[interview.pk, *more])


def _part_form(interview: NeedsInterview, part: str, data: Any = None, *, rows: int = 0) -> PartForm:
    return PartForm(data, part=part, interview=interview, offers=activity_names(get_language() or ""), rows=rows)


def _end_form(request: PersonRequest, interview: NeedsInterview, data: Any = None) -> EndForm:
    people = [held.person for held in interview.employer.positions.current().select_related("person").order_by("person__name")]
    return EndForm(data, interview=interview, people=people, steps=proposals(interview.answers, get_language() or ""))


def _shown(request: PersonRequest, interview: NeedsInterview, form: PartForm | EndForm, status: int = 200) -> HttpResponse:
    """The interview at one of its parts, or at its end."""
    context: dict[str, Any] = {"interview": interview, "employer": interview.employer, "form": form, "moment_now": now()}
    if isinstance(form, PartForm):
        context |= part_context(form) | {
            "inside": "engagement/_needs_part.html",
            "address": _address(interview, form.part),
            "is_first": form.part == PART_KEYS[0],
            "submit": _("Save and go on"),
            "is_public": False,
            "draft": f"needs-{interview.pk}-{form.part}",
        }
    else:
        context |= {
            "inside": "engagement/_needs_end.html",
            "parts": answered_parts(interview, partial(_address, interview)),
            "is_to_read": not interview.is_by_link or interview.state in (State.ANSWERED, State.TAKEN),
        }
    return page(request, "engagement/needs_interview.html", context, fragment=context["inside"], status=status)


def part_context(form: PartForm) -> dict[str, Any]:
    """What a part says of itself and of where in the interview it stands; on the colleague's page and on the employer's."""
    return {
        "part": BY_KEY[form.part],
        "step_labels": [str(part.title) for part in PARTS],
        "step": PART_KEYS.index(form.part) + 1,
    }


@dataclass(frozen=True)
class AnsweredPart:
    """What was said in a part of the interview, and where it is corrected."""

    title: str
    address: str
    lines: list[tuple[str, list[str], str]]
    """Question, what was said to it, and the language that is in where somebody wrote it themselves."""


def answered_parts(interview: NeedsInterview, address_of: Callable[[str], str]) -> list[AnsweredPart]:
    """All parts of the interview with what was said in them."""
    lines = list(lines_of(interview.answers, get_language() or ""))
    return [
        AnsweredPart(
            str(part.title),
            address_of(part.key),
            [(question, said, interview.language if own else "") for key, question, said, own in lines if key == part.key],
        )
        for part in PARTS
    ]
