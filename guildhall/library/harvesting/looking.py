"""A look at a place, whatever its form: from where the last one was interrupted, to its end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from guildhall.library.harvesting import lists, oai, sitemaps
from guildhall.library.harvesting.finds import Known, Portion
from guildhall.library.models import Harvest

#: A stamp that only says a day tells nothing apart that changed on it; wherever the place is, its day is over two days later.
_A_DAY, _DAY_IS_OVER = len("2026-11-30"), timedelta(days=2)


def portions(harvest: Harvest, begun_at: datetime) -> Iterator[Portion]:
    """Go through what a place offers.

    Raises:
        NoLook: it cannot be looked at, or not to its end.
    """
    known, allowed = _known(harvest, begun_at), harvest.licences
    if harvest.form == Harvest.Form.AMB:
        yield from lists.portions(harvest.address, allowed=allowed, known=known)
    elif harvest.form == Harvest.Form.SITEMAP:
        yield from sitemaps.portions(harvest.address, allowed=allowed, known=known)
    else:
        position = {name: value for name, value in harvest.position.items() if name != "begun_at"}
        yield from oai.portions(harvest.address, allowed=allowed, known=known, position=position, since=harvest.known_until)


def is_of_everything(harvest: Harvest) -> bool:
    """Whether the look under way goes through all there is, so that what it does not see is gone."""
    return not harvest.position.get("since")


def _known(harvest: Harvest, begun_at: datetime) -> Known:
    rows = harvest.found.values_list("identifier", "stamp", "seen_at")
    stamps, seen = {}, set()
    for identifier, stamp, seen_at in rows.iterator(chunk_size=2000):
        if len(stamp) > _A_DAY or stamp < (seen_at - _DAY_IS_OVER).date().isoformat():
            stamps[identifier] = stamp
        if seen_at == begun_at:
            seen.add(identifier)
    return Known(stamps, frozenset(seen))
