"""Where all employers of a school stand, as picture and table, and which relations cool down."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from guildhall.core.http import page
from guildhall.core.pages import Pages
from guildhall.core.ui.basics import figure
from guildhall.core.ui.lists import Column
from guildhall.core.ui.pictures import Pane
from guildhall.engagement import level_words
from guildhall.engagement.catalogue import Catalogue
from guildhall.engagement.methodology.levels import next_fall
from guildhall.engagement.models import Employer, PortfolioMonth
from guildhall.engagement.portfolio import Counts, by_owner, by_place, by_sector, counted
from guildhall.engagement.standing import activities_by_employer
from guildhall.engagement.views.desk import activities_known, open_book
from guildhall.engagement.window import AREAS, LEVELS
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import Organisation

#: Relations that cool down, to a page; parts of the book, to a page.
ROWS = 20


@require_safe
def portfolio(request: PersonRequest) -> HttpResponse:
    """How many employers stand where today, in the past months, and which relations cool down."""
    school = open_book(request)
    known = activities_known(request, school)
    now = counted(school)
    months = list(PortfolioMonth.objects.in_book_of(school))
    cooling = Employer.objects.in_book_of(school).cooling(localdate()).for_cooling()
    shown = Pages(cooling.order_by("falls_on", "-fell_on", "pk"), ROWS).get_page(request.GET.get("page"))
    context = {
        "counts": now,
        "panes": _panes(now),
        "rows": LEVELS,
        "levels": [(level, level_words.level_name(level), now.levels[level]) for level in range(5, -1, -1)],
        "level_labels": [_("none")] + [str(level) for level in range(1, 6)],
        "level_series": [(_("Employers"), now.levels)],
        "month_labels": [date_format(month.first_on, "M Y") for month in months],
        "month_series": _over_time(months),
        "page": shown,
        "cooling": _cooling(list(shown), school, known),
        **_tabs(""),
    }
    return page(request, "engagement/portfolio.html", context)


@require_safe
def portfolio_parts(request: PersonRequest, by: str) -> HttpResponse:
    """How many employers stand where in each part of the book: by sector, place or owner."""
    school = open_book(request)
    parts = {"sector": by_sector, "place": by_place, "owner": by_owner}[by](school)
    shown = Pages(parts, 50).get_page(request.GET.get("page"))
    first = {"sector": _("Sector"), "place": _("Place"), "owner": _("Looked after by")}[by]
    headings = [first, _("none"), *(str(level) for level in range(1, 6)), _("together")]
    context = {
        "by": by,
        "page": shown,
        "columns": [Column(headings[0]), *(Column(heading, numeric=True) for heading in headings[1:])],
        "parts": [
            (
                part.name,
                f"{reverse('engagement:employers')}?{part.query}" if part.query else "",
                list(zip(headings[1:], map(figure, [*part.levels, part.total]), strict=True)),
            )
            for part in shown
        ],
        **_tabs(by),
    }
    return page(request, "engagement/portfolio_parts.html", context)


def _tabs(here: str) -> dict[str, Any]:
    parts = [("sector", _("By sector")), ("place", _("By place")), ("owner", _("By colleague"))]
    tabs = [("", _("Overview"), reverse("engagement:portfolio"))]
    tabs += [(key, label, reverse("engagement:portfolio_parts", args=[key])) for key, label in parts]
    return {"tabs": [(label, address, key == here) for key, label, address in tabs]}


def _panes(counts: Counts) -> list[Pane]:
    """The six panes, each with how many employers work on it, and the list of those behind it."""
    return [
        Pane(
            label=name,
            state="",
            detail=_("%(lively)s lively, %(touched)s touched")
            % {"lively": figure(counts.lively[area]), "touched": figure(counts.touched[area])},
            url=f"{reverse('engagement:employers')}?lit={area}",
        )
        for area, name in AREAS.items()
    ]


def _over_time(months: list[PortfolioMonth]) -> list[tuple[str, list[int]]]:
    """Three lines: employers in touch, those worked with, and those who join in what others do."""
    return [
        (_("Levels 1 and 2"), [sum(month.levels[1:3]) for month in months]),
        (_("Levels 3 and 4"), [sum(month.levels[3:5]) for month in months]),
        (_("Level 5"), [month.levels[5] for month in months]),
    ]


def _cooling(employers: list[Employer], school: Organisation, known: Catalogue) -> list[dict[str, Any]]:
    """Each with the reason: what counts for less, from when on."""
    falling = [employer.pk for employer in employers if employer.falls_on]
    histories = dict(activities_by_employer(falling, known.kinds, school.zone))
    today, told = localdate(), []
    for employer in employers:
        why = ""
        if employer.fell_on and employer.fell_from:
            why = level_words.what_fell(employer.fell_on, employer.fell_from, employer.level)
        elif employer.falls_on:
            why = level_words.what_falls(next_fall(histories[employer.pk], today), known)
        silent = (today - employer.last_contact_at.astimezone(school.zone).date()).days if employer.last_contact_at else 0
        months = silent // 30
        since = ngettext("No contact for %(count)d month.", "No contact for %(count)d months.", months) % {"count": months}
        told.append({"employer": employer, "why": why, "since": since if months else ""})
    return told
