"""A list of AMB records at one address: a JSON array, as we offer one ourselves."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator

from guildhall.library.harvesting.describing import from_amb, stamp_of
from guildhall.library.harvesting.fetching import Gone, fetch
from guildhall.library.harvesting.finds import Find, Known, NoLook, Portion
from guildhall.library.models import Harvest

Trouble = Harvest.Trouble
PORTION = 50


def portions(address: str, *, allowed: Collection[str], known: Known) -> Iterator[Portion]:
    """Go through the list. It is fetched as a whole; what this look has been through before an interruption is left out.

    Raises:
        NoLook: there is no such list.
    """
    try:
        content = fetch(address, accept="application/json, application/ld+json").content
    except Gone:
        raise NoLook(Trouble.STATUS, status="404") from None
    try:
        records = json.loads(content)
    except (ValueError, RecursionError):
        raise NoLook(Trouble.NO_JSON) from None
    if not isinstance(records, list):
        raise NoLook(Trouble.NO_LIST)
    finds: list[Find] = []
    named: set[str] = set(known.seen)
    for record in records:
        stamp = stamp_of(record)
        identifier = record.get("id") if isinstance(record, dict) else None
        if isinstance(identifier, str) and known.is_as_before(identifier, stamp):
            find = Find(identifier, stamp)
        else:
            find = from_amb(record, allowed=allowed, stamp=stamp)
        if find.identifier not in named:  # of two of the same name the first one counts
            named.add(find.identifier)
            finds.append(find)
        if len(finds) == PORTION:
            yield Portion(finds, total=len(records))
            finds = []
    if finds:
        yield Portion(finds, total=len(records))
