"""Whether names tell employers apart: in some files many have the same, and another column says which is which."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from guildhall.engagement.importing import numbers
from guildhall.engagement.importing.mapping import Survey, is_ours
from guildhall.engagement.importing.naming import folded

#: Rows with a register number without which nothing is concluded.
_FEWEST = 10
#: The share of rows that must be the only employer with what a column says. Below the first the names tell nothing apart; another
#: column does from the second on.
_ALONE_BY_NAME = 0.5
_ALONE_BY_ANOTHER = 0.8


def told_apart_by(seen: Survey, mapping: Mapping[str, str]) -> str:
    """Return the heading of the column that tells employers apart where that of their names does not; empty where the names do.

    Only register numbers show that rows of one name are about several employers: without them they may be sites of one.
    """
    firms = _firms(seen, mapping)
    if "name" not in mapping or sum(map(bool, firms)) < _FEWEST:
        return ""
    alone = {column.heading: _alone(seen, at, firms) for at, column in enumerate(seen.columns)}
    if alone[mapping["name"]] >= _ALONE_BY_NAME:
        return ""
    taken = {*mapping.values(), *(column.heading for column in seen.columns if is_ours(column.heading))}
    free = [column.heading for column in seen.columns if column.heading not in taken and column.holds_words]
    others = [mapping["trade_name"]] if "trade_name" in mapping else free
    best = max(others, key=alone.__getitem__, default="")
    return best if best and alone[best] >= _ALONE_BY_ANOTHER else ""


def _firms(seen: Survey, mapping: Mapping[str, str]) -> list[str]:
    """The number of the firm in each row that was looked at, empty where there is none."""
    headings = [column.heading for column in seen.columns]
    of_firm, of_site = (headings.index(mapping[name]) if name in mapping else None for name in ("firm_number", "site_number"))
    # What the number of a site says of its firm we know in France only.
    return [_cell(cells, of_firm) or numbers.siret(_cell(cells, of_site))[:9] for cells in seen.looked_at]


def _alone(seen: Survey, at: int, firms: list[str]) -> float:
    """The share of rows, among those with a number, that say in a column what is said of no other firm."""
    said = [(folded(_cell(cells, at)), firm) for cells, firm in zip(seen.looked_at, firms, strict=True) if firm]
    bearers: dict[str, set[str]] = defaultdict(set)
    for words, firm in said:
        bearers[words].add(firm)
    return sum(bool(words) and len(bearers[words]) == 1 for words, _firm in said) / len(said)


def _cell(cells: list[str], at: int | None) -> str:
    return cells[at].strip() if at is not None and at < len(cells) else ""
