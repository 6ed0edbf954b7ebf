from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import retarget

from guildhall.core.http import came_from, done, wants_fragment
from guildhall.engagement import actions
from guildhall.engagement.forms.contacts import ContactForm
from guildhall.engagement.models import Contact, Employer
from guildhall.engagement.rules import can_change_contact
from guildhall.engagement.timeline import Moment
from guildhall.engagement.views.desk import activities_known, form_page
from guildhall.engagement.views.employers import done_with, known_activities, standing_context
from guildhall.people.middleware import PersonRequest
from guildhall.people.rules import can_coordinate


def contact_record(request: PersonRequest, pk: int) -> HttpResponse:
    """Write down a contact; the same form stands on the employer's page."""
    employer = get_object_or_404(Employer.objects.visible_to(request.user).for_page().select_related("school"), pk=pk)
    known = known_activities(request, employer)
    form = ContactForm(request.POST or None, positions=employer.positions.for_list(), activities=known)
    if request.method == "POST" and form.is_valid():
        contact = actions.record_contact(employer, **_written(form), by=request.user, at=now())
        return _recorded(request, employer, contact, form)
    if form.is_bound and wants_fragment(request):
        return render(request, "engagement/_contact_card.html", {"employer": employer, "contact_form": form}, status=422)
    return form_page(
        request,
        form,
        title=_("Write down a contact"),
        submit=_("Write it down"),
        back=employer.get_absolute_url(),
        employer=employer,
        draft=f"contact-{employer.pk}",
    )


def _recorded(request: PersonRequest, employer: Employer, contact: Contact, form: ContactForm) -> HttpResponse:
    """Answer with what a new contact changes on the employer's page, or all of that where it is not simply the newest there.

    ``employer`` is as it was before, ``form`` the one that was sent. This is what people do all day: it reads next to nothing.
    """
    sentence, undo = _("Written down."), reverse("engagement:contact_remove", args=[contact.pk])
    if not wants_fragment(request):
        return done_with(request, employer, sentence, undo=undo)
    known = form.activities
    steps = list(employer.next_steps.open_or_closed_after(contact.held_at).select_related("owner").order_by("due_on", "pk"))
    last = employer.last_contact_at
    follows_last = last is None or last <= contact.held_at
    leafed_on = "page=" in request.headers.get("HX-Current-URL", "")
    if leafed_on or not follows_last or any(step.closed_at for step in steps):
        return retarget(done_with(request, employer, sentence, undo=undo), "#employer")
    context = {
        "employer": employer,
        "contact_form": ContactForm(positions=form.positions, activities=known),
        "open_steps": steps,
        "moment": Moment(
            contact.held_at,
            contact=contact,
            activity=known.by_key.get(contact.activity),
            people=sorted(map(str, form.cleaned_data.get("people", ()))),
        ),
        "may_coordinate": can_coordinate(request.user, employer.school),
        "first": last is None,
        "today": localdate(),
        **standing_context(contact.employer.standing, known),
    }
    return done(request, "engagement/_recorded.html", context, message=sentence, to=employer, undo=undo)


def _written(form: ContactForm) -> dict[str, Any]:
    return {"people": (), **form.cleaned_data}


def contact_change(request: PersonRequest, pk: int) -> HttpResponse:
    """Correct what was written down about a contact."""
    contact = get_object_or_404(_visible(request), pk=pk)
    can_change_contact.require(request.user, contact)
    known = activities_known(request, contact.employer.school)
    form = ContactForm(request.POST or None, positions=contact.employer.positions.for_list(), activities=known, contact=contact)
    if request.method == "POST" and form.is_valid():
        actions.change_contact(contact, **_written(form), by=request.user, at=now())
        return done_with(request, contact.employer, _("Saved."))
    return form_page(
        request,
        form,
        title=_("Correct a contact"),
        submit=_("Save"),
        back=contact.employer.get_absolute_url(),
        employer=contact.employer,
    )


@require_POST
def contact_remove(request: PersonRequest, pk: int) -> HttpResponse:
    """Take back a contact that was written down by mistake."""
    contact = get_object_or_404(_visible(request), pk=pk)
    employer = actions.remove_contact(contact, by=request.user, at=now())
    return done_with(request, employer, _("The contact is taken back."), to=came_from(request, employer.get_absolute_url()))


def _visible(request: PersonRequest) -> Any:
    return Contact.objects.visible_to(request.user).select_related("employer__organisation", "employer__school")
