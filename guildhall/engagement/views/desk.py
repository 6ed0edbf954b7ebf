"""What the book's pages have in common: whose book is open, who the colleagues are, how a form stands on a page of its own."""

from __future__ import annotations

from django.forms import BaseForm
from django.http import Http404, HttpResponse
from django.shortcuts import render

from guildhall.engagement.catalogue import Catalogue, catalogue_of
from guildhall.engagement.colleagues import colleagues_of as colleagues_of
from guildhall.engagement.models import Employer
from guildhall.library.finding import languages_read
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import STAFF_ROLES, Kind, Organisation


def own_book(request: PersonRequest) -> Organisation | None:
    """The school whose book this person has open, if they work for one."""
    school = request.organisation
    return school if school and school.kind == Kind.SCHOOL and not request.roles.isdisjoint(STAFF_ROLES) else None


def open_book(request: PersonRequest) -> Organisation:
    """The school whose book this person has open; who works for no school has none, and there is no such page."""
    school = own_book(request)
    if school is None:
        raise Http404
    return school


def activities_known(request: PersonRequest, school: Organisation) -> Catalogue:
    """What a school and an employer can do together, in the language of who asks."""
    return catalogue_of(school, languages_read(request.LANGUAGE_CODE, request.organisation))


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
