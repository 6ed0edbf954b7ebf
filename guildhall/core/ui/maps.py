"""Maps, drawn on the server and nowhere else: no tiles, no third party. What they show stands beside them as a list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import cos, log10, radians

from django.http import QueryDict
from django.template import Context
from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from guildhall.core import outlines
from guildhall.core.projection import FARTHEST_KM, HEIGHT, NEAREST_KM, WIDTH, View
from guildhall.core.ui.basics import figure
from guildhall.core.ui.component import Worked, component

#: What a place looks like: told apart by shape, and by colour only besides. On a ground with its middle at 0, 0.
SIGNS = {
    "full": '<circle class="full" r="8"/>',
    "half": '<circle class="half" r="8"/><path class="filled" d="M-8 0a8 8 0 0 0 16 0z"/>',
    "empty": '<circle class="empty" r="8"/>',
    "square": '<path class="square" d="M-8-8H8V8H-8z"/><path class="bars" d="M-3-4v8M3-4v8"/>',
    "home": '<path class="home" d="M-10 1 0-9 10 1H7v8H-7V1z"/>',
    "many": '<circle class="many" r="8"/>',
}
#: Nearer than this the outlines, exact to 1 km, would mislead; beyond the others they are drawn without rivers, and coarsely.
_GROUND_KM = 4
_RIVERS_KM = 150
_COARSE_KM = 250
#: Left, upper, right and lower edge.
Area = tuple[float, float, float, float]
#: Letters as wide and lines as high as on a phone, where they are drawn larger than the picture is.
_LETTER, _LINE = 8.4, 19


@dataclass(frozen=True)
class Place:
    """A place on a map, or several that stand too close to be drawn apart.

    ``look`` is one of ``SIGNS``; of several, ``count`` says how many and ``closer`` which view parts them.
    """

    latitude: float
    longitude: float
    label: str
    href: str = ""
    look: str = "empty"
    count: int = 1
    closer: View | None = None


@dataclass(frozen=True)
class Home:
    """A place of one's own: distances are measured from the first one."""

    latitude: float
    longitude: float
    label: str


@component
def map(
    context: Context,
    *,
    view: View,
    label: str,
    places: Sequence[Place] = (),
    homes: Sequence[Home] = (),
    towns: Sequence[tuple[str, float, float]] = (),
    rings: Sequence[int] = (),
    legend: Sequence[tuple[str, str | Promise]] = (),
    start: View | None = None,
    target: str = "",
    list_id: str = "",
    sentence: str = "",
) -> Worked:
    """Draw places on a map that one moves and zooms by links; ``at`` in the address says what it shows.

    Args:
        view: what of the earth is shown.
        label: what the map is of, for those who do not see it.
        places: to be pointed at; each is a link. An ``item`` of the list with ``place="place-1"`` belongs to the first.
        homes: one's own places.
        towns: names for orientation with their latitude and longitude, the most important first; those without room are left out.
        rings: distances in km around the first home.
        legend: the looks of places and what they mean.
        start: the view one began with, to come back to.
        target: the CSS selector of what htmx replaces when one moves.
        list_id: of the list that says the same.
        sentence: what is measured, below the map.
    """
    query = context["request"].GET
    moves = [
        (_("Closer"), "plus", view.times(0.5), view.reach_km > NEAREST_KM),
        (_("Wider"), "minus", view.times(2), view.reach_km < FARTHEST_KM),
        (_("West"), "left", view.moved(-1, 0), True),
        (_("North"), "up", view.moved(0, 1), True),
        (_("South"), "down", view.moved(0, -1), True),
        (_("East"), "right", view.moved(1, 0), True),
        (_("Back to the start"), "home", start or view, start not in (None, view)),
    ]
    km, length = _measure(view)
    circles, taken = _rings(view, homes[0], rings) if homes else (SafeString(), [])
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "ground": _ground(view),
        "has_ground": view.reach_km >= _GROUND_KM,
        "rings_drawn": circles,
        "names": _names(view, places, homes, towns, taken),
        "places_drawn": _places(view, places, query, target),
        "homes_drawn": _homes(view, homes),
        "measure": {"km": km_words(km), "length": length},
        "moves": [(words, icon, address_showing(query, to)) for words, icon, to, offered in moves if offered],
        "signs": [(SafeString(SIGNS[look]), words) for look, words in legend],
    }


@component(keep=True)
def map_sign(*, look: str, label: str = "") -> Worked:
    """Draw the sign that a place has on a ``map``, for the list beside it.

    Args:
        look: "full", "half", "empty", "square" or "home".
        label: what it means, where no word says so.
    """
    return {"sign": SafeString(SIGNS[look])}


def address_showing(query: QueryDict, view: View) -> str:
    """Return the address of the page one is on with another view of its map."""
    changed = query.copy()
    changed.pop("page", None)
    changed["at"] = str(view)
    return f"?{changed.urlencode()}"


def km_words(distance: float) -> str:
    """Say a distance: to 100 m up to 100 km, then to the km."""
    return _("%(distance)s km") % {"distance": figure(round(distance, 1) if distance % 1 and distance < 100 else round(distance))}


@lru_cache(maxsize=256)
def _ground(view: View) -> SafeString:
    """Land and water, rivers and borders: the same for everybody, so what was drawn is remembered."""
    if view.reach_km < _GROUND_KM:
        return SafeString(f'<rect class="land" width="{WIDTH}" height="{HEIGHT}"/>')
    box, is_coarse = view.box, view.reach_km > _COARSE_KM
    least_km2 = 6 / view.scale**2
    drawn = []
    for line in outlines.coasts(box, is_coarse=is_coarse, least_km2=least_km2):
        if path := _path(view, line.points):
            drawn.append(f'<path class="{"water" if line.is_water else "land"}" d="{path}z"/>')
    if view.reach_km <= _RIVERS_KM:
        drawn.append(_lines(view, "river", outlines.rivers(box, is_coarse=is_coarse)))
    drawn.append(_lines(view, "border", outlines.borders(box, is_coarse=is_coarse)))
    return SafeString("".join(drawn))


def _lines(view: View, name: str, lines: Iterable[outlines.Line]) -> str:
    path = "".join(_path(view, line.points) for line in lines)
    return f'<path class="{name}" d="{path}"/>' if path else ""


def _path(view: View, points: Iterable[tuple[float, float]]) -> str:
    """The line through points, less those that stand on the one before; "" where all stand on one."""
    drawn: list[tuple[int, int]] = []
    for longitude, latitude in points:
        x, y = view.xy(latitude, longitude)
        spot = round(x), round(y)
        if not drawn or spot != drawn[-1]:
            drawn.append(spot)
    if len(drawn) < 2:
        return ""
    (x, y), *others = drawn
    path = [f"M{x} {y}"]
    for to_x, to_y in others:
        path.append(f"l{to_x - x} {to_y - y}")
        x, y = to_x, to_y
    return "".join(path)


def _rings(view: View, home: Home, rings: Sequence[int]) -> tuple[SafeString, list[Area]]:
    """Circles around a home, and where their names stand; those too small or too large to be seen are left out."""
    x, y = view.xy(home.latitude, home.longitude)
    # On a picture whose middle lies elsewhere, a km eastwards is not quite as long as here.
    narrow = cos(radians(view.latitude)) / cos(radians(home.latitude))
    drawn, taken = [], []
    for km in rings:
        high = km * view.scale
        if not 24 <= high <= 2 * WIDTH:
            continue
        drawn.append(f'<ellipse class="ring" cx="{x:.0f}" cy="{y:.0f}" rx="{high * narrow:.1f}" ry="{high:.1f}"/>')
        if _LINE < y - high < HEIGHT and 0 < x < WIDTH:
            drawn.append(f'<text class="ring-name" x="{x:.0f}" y="{y - high - 4:.0f}">{escape(km_words(km))}</text>')
            taken.append((x - 26, y - high - _LINE, x + 26, y - high))
    return SafeString("".join(drawn)), taken


def _names(
    view: View,
    places: Sequence[Place],
    homes: Sequence[Home],
    towns: Sequence[tuple[str, float, float]],
    taken: Sequence[Area],
) -> SafeString:
    """Names beside what they name, each where nothing else stands; a name for which there is no such place is left out."""
    taken = [*taken, *(_around(*view.xy(place.latitude, place.longitude), _radius(place.count)) for place in places)]
    for home in homes:
        x, y = view.xy(home.latitude, home.longitude)
        taken.append((x - 11, y - 36, x + 11, y))
    drawn = []
    named = [(home.label, home.latitude, home.longitude, "home-name", (-46, 18)) for home in homes]
    for name, latitude, longitude, kind, where in [*named, *[(*town, "town", (26, -26, 46, -46)) for town in towns]]:
        x, y = view.xy(latitude, longitude)
        half = len(name) * _LETTER / 2
        for away in where:
            area = (x - half, y + away - _LINE / 2, x + half, y + away + _LINE / 2)
            if _fits(area, taken):
                taken.append(area)
                drawn.append(f'<text class="{kind}" x="{x:.0f}" y="{y + away + 4:.0f}">{escape(name)}</text>')
                break
    return SafeString("".join(drawn))


def _around(x: float, y: float, radius: float) -> Area:
    return x - radius, y - radius, x + radius, y + radius


def _fits(area: Area, taken: Iterable[Area]) -> bool:
    left, top, right, foot = area
    if left < 4 or top < 4 or right > WIDTH - 4 or foot > HEIGHT - 40:  # the measure stands below
        return False
    return all(right < other[0] or left > other[2] or foot < other[1] or top > other[3] for other in taken)


def _radius(count: int) -> float:
    return 8 if count == 1 else 11 + 3 * log10(count)


def _places(view: View, places: Sequence[Place], query: QueryDict, target: str) -> SafeString:
    drawn = []
    for number, place in enumerate(places, start=1):
        x, y = view.xy(place.latitude, place.longitude)
        href, swap = place.href, ""
        if place.closer:
            href = address_showing(query, place.closer)
            if target:
                swap = f' hx-get="{escape(href)}" hx-target="{escape(target)}" hx-swap="outerHTML" hx-push-url="true"'
        sign = SIGNS[place.look]
        if place.count > 1:
            sign = f'<circle class="many" r="{_radius(place.count):.1f}"/><text y="4">{figure(place.count)}</text>'
        drawn.append(
            f'<a class="place" id="place-{number}" href="{escape(href)}"{swap} aria-label="{escape(place.label)}"'
            f' transform="translate({x:.1f} {y:.1f})"><title>{escape(place.label)}</title>'
            f'<circle class="reach" r="16"/>{sign}</a>'
        )
    return SafeString("".join(drawn))


def _homes(view: View, homes: Sequence[Home]) -> SafeString:
    """A house on a pole for each home, so that it does not stand on the places beside it."""
    drawn = []
    for home in homes:
        x, y = view.xy(home.latitude, home.longitude)
        drawn.append(
            f'<g class="home-place" transform="translate({x:.0f} {y:.0f})"><title>{escape(home.label)}</title>'
            f'<path class="pole" d="M0 0v-17"/><g transform="translate(0 -25)">{SIGNS["home"]}</g></g>'
        )
    return SafeString("".join(drawn))


def _measure(view: View) -> tuple[float, int]:
    """The longest round distance that a quarter of the picture holds: in km, and in units."""
    most = WIDTH / 4 / view.scale
    power = 10 ** (len(str(int(most))) - 1) if most >= 1 else 0.1 if most >= 0.1 else 0.01
    km = max(step * power for step in (1, 2, 5, 10) if step * power <= most)
    return km if km < 1 else round(km), round(km * view.scale)
