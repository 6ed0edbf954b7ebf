"""Where a place on the earth stands on a picture. Around the middle of a picture the earth is taken as flat."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import cos, radians

from guildhall.core.outlines import Box

#: A degree of latitude on the meridian, on average.
KM_PER_DEGREE = 111.195
WIDTH, HEIGHT = 480, 440
#: How far from the middle of a picture its reach stands; what is beyond that is margin.
REACH = 200
NEAREST_KM, FARTHEST_KM = 0.25, 2000
#: Nearer to the poles than this, a flat picture makes no sense.
_NORTHMOST = 80.0


@dataclass(frozen=True)
class View:
    """What a map shows: its middle (WGS 84, °), and how far from there one sees at least in every direction."""

    latitude: float
    longitude: float
    reach_km: float

    def __str__(self) -> str:
        """As it stands in an address; ``read`` understands it."""
        return f"{self.latitude:.4f},{self.longitude:.4f},{self.reach_km:.2f}"

    @classmethod
    def of(cls, latitude: float, longitude: float, reach_km: float) -> View:
        """Make a view that can be drawn of any three numbers."""
        if abs(longitude) > 180:
            longitude = (longitude + 180) % 360 - 180
        return cls(min(max(latitude, -_NORTHMOST), _NORTHMOST), longitude, min(max(reach_km, NEAREST_KM), FARTHEST_KM))

    @classmethod
    def read(cls, text: str) -> View | None:
        """Understand what stands in an address; None where that is no view."""
        try:
            latitude, longitude, reach_km = map(float, text.split(","))
        except ValueError:
            return None
        # What is not a number is not within these either.
        if abs(latitude) <= 90 and abs(longitude) <= 180 and 0 < reach_km < 1e5:
            return cls.of(latitude, longitude, reach_km)
        return None

    @classmethod
    def over(cls, box: Box) -> View:
        """The view that holds a box and a little around it."""
        latitude, longitude = (box.south + box.north) / 2, (box.west + box.east) / 2
        high = (box.north - box.south) / 2 * KM_PER_DEGREE
        wide = (box.east - box.west) / 2 * KM_PER_DEGREE * cos(radians(latitude))
        return cls.of(latitude, longitude, 1.2 * max(high, wide))

    @cached_property
    def scale(self) -> float:
        """Units of the picture for a km."""
        return REACH / self.reach_km

    @cached_property
    def units_per_degree(self) -> tuple[float, float]:
        """Units of the picture for a degree eastwards and for one northwards."""
        return self.scale * KM_PER_DEGREE * cos(radians(self.latitude)), self.scale * KM_PER_DEGREE

    def xy(self, latitude: float, longitude: float) -> tuple[float, float]:
        """Where a place stands on the picture, from its upper left corner."""
        east, north = self.units_per_degree
        return WIDTH / 2 + (longitude - self.longitude) * east, HEIGHT / 2 - (latitude - self.latitude) * north

    @cached_property
    def box(self) -> Box:
        """The part of the earth that the picture shows."""
        east, north = self.units_per_degree
        high, wide = HEIGHT / 2 / north, WIDTH / 2 / east
        return Box(self.latitude - high, self.longitude - wide, self.latitude + high, self.longitude + wide)

    def moved(self, east: float, north: float) -> View:
        """The view beside this one; 1 is as far as this one reaches."""
        degrees_east, degrees_north = (REACH / units for units in self.units_per_degree)
        return self.of(self.latitude + north * degrees_north, self.longitude + east * degrees_east, self.reach_km)

    def times(self, factor: float) -> View:
        """The view of the same middle that reaches so many times as far."""
        return self.of(self.latitude, self.longitude, self.reach_km * factor)
