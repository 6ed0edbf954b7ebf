from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from guildhall.core.http import done, page
from guildhall.engagement import actions
from guildhall.engagement.forms.persons import MoveForm
from guildhall.engagement.models import Employer, Person, Position
from guildhall.engagement.search import employers_found
from guildhall.people.middleware import PersonRequest

ROWS = 25
#: How many employers a search for the new one offers.
OFFERED = 12


@require_safe
def person_detail(request: PersonRequest, pk: int) -> HttpResponse:
    """Somebody at employers, over the years: where they worked as what, and what was said with them."""
    person = get_object_or_404(Person.objects.visible_to(request.user), pk=pk)
    positions = person.positions.select_related("employer__organisation", "site").order_by("-until", "-since", "-pk")
    contacts = person.contacts.select_related("employer__organisation", "by").order_by("-held_at", "-pk")
    held = list(positions)
    context = {
        "person": person,
        "now": [position for position in held if position.is_current],
        "before": [position for position in held if not position.is_current],
        "page": Paginator(contacts, ROWS).get_page(request.GET.get("page")),
    }
    return page(request, "engagement/person.html", context)


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
