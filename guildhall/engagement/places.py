"""Where employers are: their sites on a map, counted together where they would stand on each other, and by distance in a list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Avg, Case, Count, F, Max, Min, Q, Value, When
from django.db.models.functions import Coalesce, Floor, NullIf
from django.utils.timezone import localdate, now
from django.utils.translation import gettext_lazy as _

from guildhall.core.outlines import Box
from guildhall.core.projection import WIDTH, View
from guildhall.engagement.models import EmployerQuerySet
from guildhall.people.models import km_squared_from

#: Sites in one square of this size are counted together, in units of the picture; so are squares whose middles are as near.
SQUARE = 34
#: Spoken with since then is lately.
LATELY = timedelta(days=365)
#: Names of towns that may stand on a map; few find room.
TOWNS = 24
#: How far a map may reach before anybody moved it: so far that it shows most of the sites.
REACHES_KM = [2, 5, 10, 25, 50, 100, 250]
MOST = 0.8


#: What an employer is called.
NAME = Coalesce(NullIf("organisation__trade_name", Value("")), "organisation__name")


class Standing(StrEnum):
    """How things stand with an employer, as a map shows it: the sign for each."""

    LATELY = "full"
    LONG_AGO = "half"
    NEVER = "empty"
    RESTING = "square"

    @property
    def words(self) -> str:
        return str(_WORDS[self])


_WORDS = {
    Standing.LATELY: _("spoken with within a year"),
    Standing.LONG_AGO: _("longer ago"),
    Standing.NEVER: _("never spoken with"),
    Standing.RESTING: _("resting"),
}


@dataclass(frozen=True)
class Spot:
    """One site, or several too near to each other to be drawn apart; ``name`` is that of the employer where it is one."""

    latitude: float
    longitude: float
    count: int
    box: Box
    employer: int
    name: str
    standing: dict[Standing, int]
    squares: frozenset[int]


@dataclass(frozen=True)
class Spread:
    """All sites of some employers, as a view shows them: those in it, how many, how many beyond, and how far all reach.

    ``towns`` are those in it with the middle of their sites, the one with the most first.
    """

    spots: list[Spot]
    inside: int
    outside: int
    box: Box | None
    towns: list[tuple[str, float, float]]


@dataclass(frozen=True)
class Extent:
    """How many sites of some employers have a place on the map, how many employers have none, and how far a map reaches."""

    sites: int
    unplaced: int
    usual_km: int


def extent_of(employers: EmployerQuerySet, place: tuple[float, float]) -> Extent:
    """Count the sites of employers around a place; a usual map is the nearest one that shows most of them."""
    placed = Q(is_placed=True)
    near = {f"km_{km}": Count("pk", filter=_in_box(View.of(*place, km)) & placed) for km in REACHES_KM}
    counted = employers.with_sites().aggregate(
        sites=Count("pk", filter=placed),
        unplaced=Count("pk", distinct=True) - Count("pk", filter=placed, distinct=True),
        **near,
    )
    enough = MOST * counted["sites"]
    usual_km = next((km for km in REACHES_KM if counted[f"km_{km}"] >= enough), REACHES_KM[-1])
    return Extent(counted["sites"], counted["unplaced"], usual_km)


def spread_over(employers: EmployerQuerySet, view: View) -> Spread:
    """Count the sites of employers by square and town in the database, so that no site need be read."""
    counted = (
        _standing(_placed(employers))
        .annotate(square=_square(view))
        .values("square", town=Case(When(square__isnull=False, then="organisation__sites__town"), default=Value("")))
        .annotate(
            count=Count("pk"),
            middle_latitude=Avg("latitude"),
            middle_longitude=Avg("longitude"),
            south=Min("latitude"),
            west=Min("longitude"),
            north=Max("latitude"),
            east=Max("longitude"),
            employer=Min("pk"),
            name=Min(NAME),
            **{standing.name.lower(): Count("pk", filter=Q(standing=standing)) for standing in Standing},
        )
        .order_by("square", "town")
    )
    parts = [(row["square"], row["town"], _spot(row)) for row in counted]
    squares: dict[float, Spot] = {}
    for square, _town, part in parts:
        if square is not None:
            squares[square] = _together(squares[square], part) if square in squares else part
    shown = [part for square, _town, part in parts if square is not None]
    boxes = [part.box for _square_, _town, part in parts]
    return Spread(
        spots=joined(squares.values(), view),
        inside=sum(part.count for part in shown),
        outside=sum(part.count for square, _town, part in parts if square is None),
        box=_around(boxes) if boxes else None,
        towns=_towns((town, part) for square, town, part in parts if town),
    )


def _spot(row: dict[str, Any]) -> Spot:
    return Spot(
        latitude=row["middle_latitude"],
        longitude=row["middle_longitude"],
        count=row["count"],
        box=Box(row["south"], row["west"], row["north"], row["east"]),
        employer=row["employer"],
        name=row["name"],
        standing={standing: row[standing.name.lower()] for standing in Standing},
        squares=frozenset() if row["square"] is None else frozenset([int(row["square"])]),
    )


def _together(one: Spot, other: Spot) -> Spot:
    """Both in one; where each is but a part, it stands in their middle."""
    count = one.count + other.count
    return Spot(
        latitude=(one.latitude * one.count + other.latitude * other.count) / count,
        longitude=(one.longitude * one.count + other.longitude * other.count) / count,
        count=count,
        box=_around([one.box, other.box]),
        employer=one.employer,
        name=one.name,
        standing={standing: one.standing[standing] + other.standing[standing] for standing in Standing},
        squares=one.squares | other.squares,
    )


def _towns(parts: Iterable[tuple[str, Spot]]) -> list[tuple[str, float, float]]:
    towns: dict[str, tuple[str, Spot]] = {}
    for name, part in sorted(parts, key=lambda one: -one[1].count):
        written, before = towns.get(name.casefold(), (name, None))
        towns[name.casefold()] = (written, _together(before, part) if before else part)
    largest = sorted(towns.values(), key=lambda town: (-town[1].count, town[0]))[:TOWNS]
    return [(name, spot.latitude, spot.longitude) for name, spot in largest]


def joined(spots: Iterable[Spot], view: View) -> list[Spot]:
    """Put spots together that would stand on each other, the smaller to the larger; from north to south, as one reads."""
    kept: list[tuple[float, float, Spot]] = []
    for spot in sorted(spots, key=lambda one: (-one.count, one.latitude, one.longitude)):
        x, y = view.xy(spot.latitude, spot.longitude)
        for number, (at_x, at_y, other) in enumerate(kept):
            if (at_x - x) ** 2 + (at_y - y) ** 2 < SQUARE**2:
                both = replace(_together(other, spot), latitude=other.latitude, longitude=other.longitude)
                kept[number] = at_x, at_y, both
                break
        else:
            kept.append((x, y, spot))
    return [spot for _x, _y, spot in sorted(kept, key=lambda one: (one[1], one[0]))]


def by_distance(employers: EmployerQuerySet, view: View, place: tuple[float, float] | None) -> Any:
    """The sites of employers that a view shows, as plain values: the nearest to a place first, or by name without one."""
    shown = _standing(_placed(employers).filter(_in_box(view))).annotate(square=_square(view))
    if place:
        shown = shown.annotate(km_squared=km_squared_from(*place))
    return shown.order_by(*(["km_squared"] if place else []), "sort_key", "pk", "site").values(
        "pk",
        "square",
        "standing",
        "last_contact_at",
        *(["km_squared"] if place else []),
        name=NAME,
        site_name=F("organisation__sites__name"),
        street=F("organisation__sites__street"),
        postal_code=F("organisation__sites__postal_code"),
        town=F("organisation__sites__town"),
    )


def middle_of(employers: EmployerQuerySet) -> tuple[float, float] | None:
    """The middle of all sites of employers; None where it is not known of any where it is."""
    middle = _placed(employers).aggregate(north=Avg("latitude"), east=Avg("longitude"))
    return None if middle["north"] is None else (middle["north"], middle["east"])


def _placed(employers: EmployerQuerySet) -> Any:
    return employers.with_sites().filter(is_placed=True)


def _in_box(view: View) -> Q:
    south, west, north, east = view.box
    return Q(latitude__range=(south, north), longitude__range=(west, east))


def _square(view: View) -> Case:
    """The number of the square of the picture in which a site is; none where the view does not show it."""
    south, west, _north, _east = view.box
    east_units, north_units = view.units_per_degree
    across = WIDTH // SQUARE + 1
    column = Floor((F("longitude") - west) * east_units / SQUARE)
    row = Floor((F("latitude") - south) * north_units / SQUARE)
    return Case(
        When(_in_box(view), then=row * across + column),
        default=None,
    )


def _standing(employers: Any) -> Any:
    return employers.annotate(
        standing=Case(
            When(resting_until__gte=localdate(), then=Value(Standing.RESTING)),
            When(last_contact_at__isnull=True, then=Value(Standing.NEVER)),
            When(last_contact_at__gte=now() - LATELY, then=Value(Standing.LATELY)),
            default=Value(Standing.LONG_AGO),
        )
    )


def _around(boxes: Iterable[Box]) -> Box:
    south, west, north, east = zip(*boxes, strict=True)
    return Box(min(south), min(west), max(north), max(east))
