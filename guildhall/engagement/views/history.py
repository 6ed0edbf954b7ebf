from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.http import done, page
from guildhall.core.pages import Pages
from guildhall.engagement import actions
from guildhall.engagement.history import changes_about, told
from guildhall.engagement.models import Employer
from guildhall.engagement.views.duplicates import merges_of
from guildhall.people.middleware import PersonRequest

ROWS = 50


@require_safe
def employer_history(request: PersonRequest, pk: int) -> HttpResponse:
    """Every change of what the book says about an employer: who, when, from what to what."""
    employer = get_object_or_404(_shown(request), pk=pk)
    return page(request, "engagement/history.html", _context(request, employer), fragment="engagement/_history.html")


@require_POST
def change_put_back(request: PersonRequest, pk: int, change_pk: int) -> HttpResponse:
    """Give a field the value it had before."""
    employer = get_object_or_404(_shown(request), pk=pk)
    change = get_object_or_404(changes_about(employer), pk=change_pk)
    employer = actions.put_back(employer, which=change, by=request.user, at=now())
    address = reverse("engagement:history", args=[employer.pk])
    return done(
        request, "engagement/_history.html", _context(request, employer), message=_("It is as it was before."), to=address
    )


def _context(request: PersonRequest, employer: Employer) -> dict[str, Any]:
    columns = [_("Of what"), _("Before"), _("After"), _("Who"), _("When"), ""]
    shown = Pages(changes_about(employer), ROWS).get_page(request.GET.get("page"))
    return {"employer": employer, "page": shown, "entries": told(shown), "columns": columns, **merges_of(request, employer)}


def _shown(request: PersonRequest) -> Any:
    return Employer.objects.visible_to(request.user).select_related("organisation", "school")
