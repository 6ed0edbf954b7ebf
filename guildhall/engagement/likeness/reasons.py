"""What speaks for two entries being one, or against it, and how all of it together is weighed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from math import exp

#: Below this likelihood nobody is asked; from ``SURE`` on it is called nearly certain. In percent.
LIKELY_ENOUGH = 60
LIKELY = 80
SURE = 95


class Reason(StrEnum):
    """What two entries agree or differ in."""

    NUMBER = "number"
    NAME = "name"
    NAME_ALIKE = "name_alike"
    ADDRESS = "address"
    ADDRESS_ALIKE = "address_alike"
    TOWN = "town"
    PHONE = "phone"
    MAIL = "mail"
    DOMAIN = "domain"
    EMPLOYER = "employer"
    OTHER_NUMBER = "other_number"
    OTHER_TOWN = "other_town"
    OTHER_MAIL = "other_mail"


@dataclass(frozen=True, slots=True)
class Likeness:
    """How likely two entries are one, in percent, and why: each reason with what both share, where that is nobody's own."""

    score: int
    reasons: tuple[tuple[Reason, str], ...]


def weighed(points: float, reasons: Iterable[tuple[Reason, str]]) -> Likeness | None:
    """Return what points come to; None where that is not likely enough to ask anybody."""
    score = round(100 / (1 + exp(-points)))
    return Likeness(min(score, 99), tuple(reasons)) if score >= LIKELY_ENOUGH else None


def points_at(value: float, line: Sequence[tuple[float, float]]) -> float:
    """Return how many points a value is worth, in a straight line between those that are given."""
    for (low, low_points), (high, high_points) in pairwise(line):
        if value <= high:
            return low_points + (high_points - low_points) * (value - low) / (high - low)
    return line[-1][1]
