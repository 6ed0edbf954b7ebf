"""The first page for everybody: Today for who is signed in, what Guildhall is for who is not; and one search over all rooms."""

from __future__ import annotations

from itertools import chain
from typing import cast

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.formats import date_format
from django.utils.timezone import localdate, localtime, now
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.http import page
from guildhall.core.questions import search_kinds, search_scopes
from guildhall.core.search import search
from guildhall.core.search.reasons import explain, meant
from guildhall.people.hooks import Idea, TodayAnswer, ideas_for_today, today_entries
from guildhall.people.middleware import PersonRequest
from guildhall.portal.demo import personas
from guildhall.portal.forms import SearchForm

HITS = 20
FIRST_HITS = 6


@login_not_required
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """What programs that read the web are told: nothing is closed to them, and here is a list of what is public."""
    listed = f"{settings.BASE_URL}{reverse('oer:sitemap')}"
    return HttpResponse(f"User-agent: *\nDisallow:\n\nSitemap: {listed}\n", content_type="text/plain; charset=utf-8")


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Today, or the welcome."""
    if not request.user.is_authenticated:
        return render(request, "portal/welcome.html", {"personas": personas() if settings.DEMO else []})
    parts = _parts_of_today(cast(PersonRequest, request))
    context = {
        "greeting": _greeting(request.user.name),
        "date": date_format(localdate(), pgettext("date format", "l, j F")),
        "parts": parts,
        "waiting": sum(part.count for part in parts),
        "ideas": [] if parts else _ideas(cast(PersonRequest, request)),
    }
    return render(request, "portal/today.html", context)


def _parts_of_today(request: PersonRequest) -> list[TodayAnswer]:
    answers = today_entries.ask(user=request.user, organisation=request.organisation, at=now())
    parts = [part for part in answers if part is not None and part.count]
    return sorted(parts, key=lambda part: (min(e.due for e in part.entries), part.position))


def _ideas(request: PersonRequest) -> list[Idea]:
    answers = ideas_for_today.ask(user=request.user, organisation=request.organisation, at=now())
    return sorted(chain.from_iterable(answers), key=lambda idea: idea.position)


def _greeting(name: str) -> str:
    hour = localtime().hour
    if hour < 11:
        return _("Good morning, %(name)s") % {"name": name} if name else _("Good morning")
    if hour < 18:
        return _("Good afternoon, %(name)s") % {"name": name} if name else _("Good afternoon")
    return _("Good evening, %(name)s") % {"name": name} if name else _("Good evening")


@require_safe
def search_page(request: HttpRequest) -> HttpResponse:
    """One search over all rooms: what this person may see and nothing else. The field in the frame shows the first few hits."""
    form = SearchForm(request.GET)
    text = form.cleaned_data["q"] if form.is_valid() else ""
    in_frame = request.headers.get("HX-Target") == "first-hits"
    scopes = list(chain.from_iterable(search_scopes.ask(request=request)))
    kinds = sorted(chain.from_iterable(search_kinds.ask()), key=lambda kind: kind.position)
    wanted = [kind for kind in kinds if kind.kind == request.GET.get("kind")] or kinds
    results = search(text, scopes=scopes, kinds=[kind.kind for kind in wanted], limit=FIRST_HITS if in_frame else HITS)
    reasons = explain(results, text, scopes=scopes, describe={kind.kind: kind.describe for kind in kinds})
    groups = [(kind, [reason for reason in reasons if reason.document.kind == kind.kind]) for kind in kinds]
    context = {
        "form": form,
        "text": text,
        "results": results,
        "meant": meant(text, reasons[0].document) if results.near and reasons else "",
        "groups": [(kind, found) for kind, found in groups if found],
    }
    fragment = "portal/_first_hits.html" if in_frame else "portal/_hits.html"
    response = page(request, "portal/search.html", context, fragment=fragment)
    patch_vary_headers(response, ["HX-Target"])
    return response


@login_not_required
@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the demo's people, by one click; there is no such page outside the demo."""
    if not settings.DEMO:
        raise Http404
    known = {str(persona.user.pk): persona.user for persona in personas()}
    user = known.get(request.POST.get("user", ""))
    if user is None:
        raise Http404
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    UserSession.objects.create_from_request(request)  # so that "where you are signed in" is true in the demo too
    return redirect("portal:home")
