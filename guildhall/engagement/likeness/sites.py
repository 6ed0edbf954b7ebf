"""Which sites of two employers are the same place."""

from __future__ import annotations

from collections.abc import Iterable

from guildhall.engagement.likeness.writing import street_parts, town_of
from guildhall.people.models import Site


def same_sites(ours: Iterable[Site], theirs: Iterable[Site]) -> list[tuple[Site, Site]]:
    """Return pairs of the same place, ours first: of the same number, or at the same address without another number."""
    free = list(ours)
    pairs = []
    for their in theirs:
        same = next((our for our in free if _is_same(our, their)), None)
        if same is not None:
            pairs.append((same, their))
            free.remove(same)
    return pairs


def _is_same(one: Site, other: Site) -> bool:
    if one.register_number and other.register_number:
        return one.register_number == other.register_number
    if not one.street or street_parts(one.street) != street_parts(other.street):
        return False
    if one.postal_code and other.postal_code and one.postal_code.replace(" ", "") == other.postal_code.replace(" ", ""):
        return True
    return bool(one.town) and town_of(one.town) == town_of(other.town)
