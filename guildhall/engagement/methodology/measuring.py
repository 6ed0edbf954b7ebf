"""Indicators as plain numbers, as they are kept beside a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from guildhall.engagement.methodology.indicators import MEASURES, measure
from guildhall.people.models import Organisation

#: What the book said of indicators, by key; None where it could not say.
Values = Mapping[str, float | None]


def values_on(school: Organisation, keys: Iterable[str], *, on: date) -> Values:
    """Return indicators of a school's book as they are on a day; those nobody knows how to count are left out."""
    known = [key for key in dict.fromkeys(keys) if key in MEASURES]
    measured = measure(school, known, on=on)
    return {key: None if found.value is None else float(found.value) for key, found in measured.items()}
