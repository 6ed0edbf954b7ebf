"""What the book's pages have in common: whose book is open, who the colleagues are, how a form stands on a page of its own."""

from __future__ import annotations

from django.forms import BaseForm
from django.http import Http404, HttpResponse
from django.shortcuts import render

from guildhall.engagement.models import Employer
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import STAFF_ROLES, Kind, Membership, Organisation, User


def open_book(request: PersonRequest) -> Organisation:
    """The school whose book this person has open; who works for no school has none, and there is no such page."""
    school = request.organisation
    if school is None or school.kind != Kind.SCHOOL or request.roles.isdisjoint(STAFF_ROLES):
        raise Http404
    return school


def colleagues_of(school: Organisation) -> list[User]:
    """The people who work for a school today, by name."""
    working = Membership.objects.current().staff().filter(organisation=school.pk).select_related("user")
    return list({held.user_id: held.user for held in working.order_by("user__name", "user")}.values())


def form_page(
    request: PersonRequest,
    form: BaseForm,
    *,
    title: str,
    submit: str,
    back: str,
    sentence: str = "",
    employer: Employer | None = None,
    draft: str = "",
) -> HttpResponse:
    """A form on a page of its own; 422 when what was sent did not do."""
    context = {
        "form": form,
        "title": title,
        "submit": submit,
        "back": back,
        "sentence": sentence,
        "employer": employer,
        "draft": draft,
    }
    return render(request, "engagement/form.html", context, status=422 if form.is_bound else 200)
