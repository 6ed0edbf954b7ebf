from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from guildhall.core.http import page
from guildhall.core.pages import Pages
from guildhall.core.search.reasons import meant
from guildhall.library import finding
from guildhall.library.finding import Finding, languages_read
from guildhall.library.forms.finding import FindingForm
from guildhall.library.kinds import CASE, CASE_PARTS
from guildhall.library.listing import rows_of
from guildhall.library.markdown import render
from guildhall.library.models import Resource
from guildhall.library.rules import can_write
from guildhall.people.middleware import PersonRequest

ROWS = 20
MOST_COMPARED = 3
#: Of an address that names more cases than are compared, so many are looked up.
MOST_ASKED = 20


@login_not_required
@require_safe
def resource_list(request: PersonRequest) -> HttpResponse:
    """What is public: searched, filtered with how much each choice leaves, sorted, twenty at a time."""
    form = FindingForm(request.GET)
    asked = Finding(form.text, form.wanted, languages=languages_read(request.LANGUAGE_CODE, request.organisation))
    counts = asked.counts()
    form.offer(counts)
    order = request.GET.get("sort", "")
    shown = Pages(asked.found(order), ROWS).get_page(request.GET.get("page"))
    ticked = _numbers(request.GET.getlist("case"))
    rows = rows_of(list(shown), searched=form.text, near=asked.results.near, ticked=ticked)
    are_cases = form.wanted.get("kind") == CASE
    nearest = rows[0].reason if rows and asked.results.near else None
    context = {
        "form": form,
        "page": shown,
        "rows": rows,
        "total": counts.total,
        "near": asked.results.near,
        "meant": meant(form.text, nearest.document) if nearest else "",
        "filtered": bool(form.wanted or form.text),
        "to_tick": are_cases and counts.total > 1,
        "may_write": request.organisation is not None and can_write(request.user, request.organisation),
        **_orders(request, order),
        **tabs("cases" if are_cases else "resources"),
    }
    return page(request, "library/resource_list.html", context, fragment="library/_resources.html")


def tabs(here: str) -> dict[str, bool]:
    """What the tabs above the library's lists ask: which of them this is."""
    return {f"on_{name}": name == here for name in ("resources", "cases", "collections")}


def _orders(request: HttpRequest, chosen: str) -> dict[str, Any]:
    """The way in which the list is sorted, in words, and all ways with their addresses."""
    words = {finding.NEWEST: _("newest first"), finding.TITLE: _("by title"), finding.USED: _("most used first")}
    if request.GET.get("q"):
        words = {finding.BEST: _("what answers best first"), **words}
    chosen = chosen if chosen in words else next(iter(words))
    orders = []
    for key, label in words.items():
        asked = request.GET.copy()
        asked["sort"] = key
        asked.pop("page", None)
        orders.append({"label": label, "url": f"?{asked.urlencode()}", "current": "true" if key == chosen else None})
    return {"order": words[chosen], "orders": orders}


def _numbers(given: list[str]) -> list[int]:
    return [int(number) for number in given if number.isascii() and number.isdigit() and len(number) < 10]


@login_not_required
@require_safe
def compare(request: PersonRequest) -> HttpResponse:
    """Two or three practice cases side by side, part by part."""
    asked = list(dict.fromkeys(_numbers(request.GET.getlist("case"))))
    public = Resource.objects.public().filter(current__kind=CASE).select_related("current", "organisation")
    by_number = public.in_bulk(asked[:MOST_ASKED])
    cases = [by_number[number] for number in asked if number in by_number]
    shown = cases[:MOST_COMPARED]
    parts = [
        (label, [(case, case.shown.account.get(name, "")) for case in shown])
        for name, label in CASE_PARTS.items()
        if any(case.shown.account.get(name) for case in shown)
    ]
    query = urlencode([("kind", CASE), *(("case", case.pk) for case in shown)])
    context = {
        "cases": shown,
        "parts": [(label, [(case, render(text, level=3)) for case, text in told]) for label, told in parts],
        "figures": any(case.shown.account.get("figures") for case in shown),
        "columns": ["", *[case.shown.title for case in shown]],
        "left_out": len(cases) - len(shown),
        "most": MOST_COMPARED,
        "to_choose": f"{reverse('oer:resources')}?{query}",
    }
    return page(request, "library/compare.html", context)
