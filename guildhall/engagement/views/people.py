from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from guildhall.engagement import actions
from guildhall.engagement.forms.employers import PersonForm
from guildhall.engagement.models import Employer, Position
from guildhall.engagement.views.desk import form_page
from guildhall.engagement.views.employers import done_with
from guildhall.people.middleware import PersonRequest


def person_add(request: PersonRequest, pk: int) -> HttpResponse:
    """Write down somebody who works at an employer."""
    employer = get_object_or_404(Employer.objects.visible_to(request.user).select_related("organisation", "school"), pk=pk)
    form = PersonForm(request.POST or None, employer=employer)
    if request.method == "POST" and form.is_valid():
        held = actions.add_person(employer, person=form.person, position=form.position, by=request.user, at=now())
        return done_with(request, employer, _("%(person)s is added.") % {"person": held.person})
    return form_page(
        request,
        form,
        title=_("Add a person"),
        sentence=_("Only what you need for working together. The person may ask to see it."),
        submit=_("Add"),
        back=employer.get_absolute_url(),
        employer=employer,
    )


def person_change(request: PersonRequest, pk: int) -> HttpResponse:
    """Correct what is known about somebody at an employer."""
    held = _position(request, pk)
    form = PersonForm(request.POST or None, employer=held.employer, held=held)
    if request.method == "POST" and form.is_valid():
        actions.change_person(held, person=form.person, position=form.position, by=request.user, at=now())
        return done_with(request, held.employer, _("Saved."))
    return form_page(
        request,
        form,
        title=str(held.person),
        submit=_("Save"),
        back=held.employer.get_absolute_url(),
        employer=held.employer,
    )


@require_POST
def position_end(request: PersonRequest, pk: int) -> HttpResponse:
    """Note that somebody does not work there any more; they stay in what was said with them."""
    held = _position(request, pk)
    actions.end_position(held, until=localdate() - timedelta(days=1), by=request.user, at=now())
    return done_with(request, held.employer, _("%(person)s is noted as having left.") % {"person": held.person})


@require_POST
def writing(request: PersonRequest, pk: int) -> HttpResponse:
    """Note that somebody asked not to be written to, or agreed to it again."""
    held = _position(request, pk)
    if request.POST.get("allow"):
        actions.allow_writing(held.person, by=request.user, at=now())
        message = _("%(person)s may be written to again.")
    else:
        actions.forbid_writing(held.person, by=request.user, at=now())
        message = _("Nothing will be sent to %(person)s any more.")
    return done_with(request, held.employer, message % {"person": held.person})


def _position(request: PersonRequest, pk: int) -> Position:
    employers = Employer.objects.visible_to(request.user).values("pk")
    held: Any = Position.objects.filter(employer__in=employers)
    return get_object_or_404(held.select_related("person", "employer__organisation", "employer__school"), pk=pk)
