from __future__ import annotations

from math import sqrt
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from guildhall.core.addresses import address_of
from guildhall.core.http import page
from guildhall.core.pages import Pages
from guildhall.core.projection import NEAREST_KM, View
from guildhall.core.ui.maps import Home, Place, address_showing, km_words
from guildhall.engagement.filtering import narrowed
from guildhall.engagement.forms.book import DISTANCES_KM, EmployerFilter, view_of
from guildhall.engagement.models import Employer, EmployerQuerySet, SavedView
from guildhall.engagement.places import Spot, Standing, by_distance, extent_of, middle_of, spread_over
from guildhall.engagement.views.desk import colleagues_of, open_book
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import Site
from guildhall.people.rules import can_coordinate

ROWS = 25


@require_safe
def employer_map(request: PersonRequest) -> HttpResponse:
    """The employers of the list on a map, site by site, and beside it the same sites by distance."""
    school = open_book(request)
    filters = EmployerFilter(request.GET, school=school, colleagues=colleagues_of(school))
    employers = narrowed(Employer.objects.visible_to(request.user).in_book_of(school), filters, school)
    homes = _homes(filters)
    middle = _at(homes[0]) if homes else middle_of(employers)
    extent = extent_of(employers, middle or (0, 0))
    view = view_of(request.GET)
    context: dict[str, Any] = {
        "school": school,
        "filters": filters,
        "view": view,
        "bare": not view,
        "views": [(saved, saved.query == view) for saved in SavedView.objects.visible_to(request.user).in_book_of(school)],
        "may_import": can_coordinate(request.user, school),
        "extent": extent,
        "spread": None,
    }
    if middle and extent.sites:
        start = View.of(*(filters.around or (*middle, extent.usual_km)))
        context |= _picture(request, employers, start, homes)
    return page(request, "engagement/employer_map.html", context, fragment="engagement/_map.html")


def _picture(request: PersonRequest, employers: EmployerQuerySet, start: View, homes: list[Site]) -> dict[str, Any]:
    shown = View.read(request.GET.get("at", "")) or start
    spread = spread_over(employers, shown)
    pages = Pages(by_distance(employers, shown, _at(homes[0]) if homes else None), ROWS)
    pages.count = spread.inside
    sites = pages.get_page(request.GET.get("page"))
    numbers = {square: place for place, spot in enumerate(spread.spots, start=1) for square in spot.squares}
    return {
        "spread": spread,
        "shown": shown,
        "start": start,
        "everything": address_showing(request.GET, View.over(spread.box)) if spread.box else "",
        "places": [_place(spot, shown) for spot in spread.spots],
        "homes": [Home(*_at(site), label=str(site)) for site in homes],
        "towns": spread.towns,
        "sentence": _("Distances are as the crow flies, from %(site)s.") % {"site": homes[0]} if homes else "",
        "rings": DISTANCES_KM,
        "legend": [*((standing, standing.words) for standing in Standing), *([("home", _("your own site"))] if homes else [])],
        "sites": sites,
        "rows": [_row(site, numbers) for site in sites],
    }


def _row(site: dict[str, Any], numbers: dict[int, int]) -> dict[str, Any]:
    """What the list says of a site, ``numbers`` being those of the places on the map by square."""
    named = site["site_name"]
    address = Site(street=site["street"], postal_code=site["postal_code"], town=site["town"]).address
    return {
        "employer": site["pk"],
        "name": site["name"],
        "where": f"{named}, {address}" if named and address else named or address,
        "distance": km_words(sqrt(site["km_squared"])) if "km_squared" in site else "",
        "standing": site["standing"],
        "words": Standing(site["standing"]).words,
        "place": f"place-{numbers.get(site['square'], 0)}",
    }


def _homes(filters: EmployerFilter) -> list[Site]:
    """The school's own sites, the one first from which distances are measured."""
    chosen = filters.cleaned_data.get("near")
    return sorted(filters.places.values(), key=lambda site: (str(site.pk) != chosen, site.pk))


def _at(site: Site) -> tuple[float, float]:
    return site.latitude or 0, site.longitude or 0


def _place(spot: Spot, shown: View) -> Place:
    if spot.count == 1:
        (standing,) = [one for one, count in spot.standing.items() if count]
        words = _("%(employer)s: %(standing)s") % {"employer": spot.name, "standing": standing.words}
        return Place(spot.latitude, spot.longitude, words, address_of("engagement:employer", spot.employer), standing)
    parts = ", ".join(f"{count} {standing.words}" for standing, count in spot.standing.items() if count)
    words = ngettext("%(count)d site: %(parts)s", "%(count)d sites: %(parts)s", spot.count) % {
        "count": spot.count,
        "parts": parts,
    }
    parted = View.over(spot.box)
    if parted.reach_km > shown.reach_km / 2:
        parted = View.of(parted.latitude, parted.longitude, shown.reach_km / 2)
    if shown.reach_km <= NEAREST_KM:  # they are in one house: the list tells them apart
        return Place(spot.latitude, spot.longitude, words, "#places", count=spot.count)
    return Place(spot.latitude, spot.longitude, words, count=spot.count, closer=parted)
