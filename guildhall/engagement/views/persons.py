from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import localdate, now
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from guildhall.core.http import done, page
from guildhall.core.pages import Pages
from guildhall.engagement import actions
from guildhall.engagement.forms.persons import AnswerForm, MoveForm
from guildhall.engagement.models import Employer, Person, Position
from guildhall.engagement.purposes import BY_KEY, PURPOSES, Purpose
from guildhall.engagement.search import employers_found
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import ConsentRecord, Statement

ROWS = 25
#: How many employers a search for the new one offers.
OFFERED = 12


@require_safe
def person_detail(request: PersonRequest, pk: int) -> HttpResponse:
    """Somebody at employers, over the years: where they worked as what, what they agreed to, and what was said with them."""
    person = get_object_or_404(Person.objects.visible_to(request.user), pk=pk)
    positions = person.positions.select_related("employer__organisation", "site").order_by("-until", "-since", "-pk")
    contacts = person.contacts.select_related("employer__organisation", "by").order_by("-held_at", "-pk")
    held = list(positions)
    context = {
        "person": person,
        "now": [position for position in held if position.is_current],
        "before": [position for position in held if not position.is_current],
        "answers": _answers(person),
        "ask": urlencode({"what": _("Ask for a new e-mail address of %(person)s") % {"person": person}}),
        "page": Pages(contacts, ROWS).get_page(request.GET.get("page")),
    }
    return page(request, "engagement/person.html", context)


def person_answer(request: PersonRequest, pk: int, purpose: str) -> HttpResponse:
    """Write down whether somebody agrees to a purpose: what they are told, in their language, and what they said."""
    person = get_object_or_404(Person.objects.visible_to(request.user).select_related("school"), pk=pk)
    if purpose not in BY_KEY:
        raise Http404
    wanted = BY_KEY[purpose]
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("agreed", "how", "note")}
        actions.note_answer(person, purpose=wanted, given_at=form.given_at, **said, by=request.user, at=now())
        return done(request, "", {}, message=_("Noted."), to=person)
    statement = Statement.objects.current(localdate()).filter(purpose=wanted.statement).prefetch_related("texts").first()
    language = person.language or get_language() or ""
    context = {"person": person, "purpose": wanted, "form": form, "told": statement and statement.in_language(language)}
    return page(request, "engagement/person_answer.html", context, status=422 if form.is_bound else 200)


def _answers(person: Person) -> list[dict[str, Any]]:
    """For each purpose what somebody says today, and what they said before."""
    records = list(
        ConsentRecord.objects.about(person).select_related("statement", "recorded_by").order_by("-given_at", "agreed", "-pk")
    )

    def of(purpose: Purpose) -> dict[str, Any]:
        said = [record for record in records if record.statement.purpose == purpose.statement]
        # Of two that count, which two entries that became one may have brought along, the no does.
        standing = min((one for one in said if one.withdrawn_at is None), key=lambda one: one.agreed, default=None)
        return {"purpose": purpose, "now": standing, "before": [one for one in said if one != standing]}

    return [of(purpose) for purpose in PURPOSES]


def person_move(request: PersonRequest, pk: int) -> HttpResponse:
    """Note that somebody works at another employer, as well or instead: look for it first, then say which."""
    employers = Employer.objects.visible_to(request.user)
    mine: Any = Position.objects.filter(employer__in=employers.values("pk"))
    held = get_object_or_404(mine.select_related("person", "employer__organisation", "employer__school"), pk=pk)
    text = request.POST.get("q") or request.GET.get("q", "")
    found = employers.in_book_of(held.employer.school).filter(pk__in=employers_found(text, held.employer.school))
    offered = list(
        found.exclude(pk=held.employer_id).select_related("organisation", "school").order_by("sort_key", "pk")[:OFFERED]
    )
    form = MoveForm(request.POST or None, offered=offered)
    if request.method == "POST" and form.is_valid():
        moved = actions.move_person(held, **form.cleaned_data, on=localdate(), by=request.user, at=now())
        message = _("%(person)s works at %(employer)s.") % {"person": moved.person, "employer": moved.employer}
        return done(request, "", {}, message=message, to=moved.employer)
    context = {"held": held, "form": form, "text": text, "offered": offered}
    return page(request, "engagement/person_move.html", context, status=422 if form.is_bound else 200)
