"""How a school's earlier files were matched: one with the same headings begins as the last of them ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from guildhall.engagement.importing.mapping import is_ours
from guildhall.engagement.importing.naming import folded
from guildhall.engagement.importing.survey import Seen
from guildhall.engagement.models import EmployerImport
from guildhall.people.models import Organisation

#: Files that are looked at, the newest first.
_LOOKED_AT = 100


def as_before(seen: Seen, school: Organisation) -> Seen:
    """Match the columns as in the newest file with the same headings that went into the school's book, if there is one.

    The order of the headings, capitals, accents and signs make no difference. ``reading["as_in"]`` then names the file.
    """
    headings = _headings(seen.reading)
    if not headings:
        return seen
    done = EmployerImport.objects.filter(school=school, state=EmployerImport.State.DONE).order_by("-finished_at", "-pk")
    for reading, mapping, file_name in done.values_list("reading", "mapping", "file_name")[:_LOOKED_AT]:
        if _headings(reading).keys() == headings.keys():
            again = {name: headings[folded(heading)] for name, heading in mapping.items()}
            return replace(seen, mapping=again, reading={**seen.reading, "as_in": file_name})
    return seen


def _headings(reading: Mapping[str, Any]) -> dict[str, str]:
    """The headings of a file by what they are compared by; none if it has none, or some that are told apart by a sign only."""
    columns = [column["heading"] for column in reading["columns"] if not is_ours(column["heading"])]
    headings = {folded(heading): heading for heading in columns}
    return headings if reading["heading_row"] and len(headings) == len(columns) else {}
