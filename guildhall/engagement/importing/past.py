"""Contacts and next steps that people noted in their lists before there was a book."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from guildhall.engagement.importing.naming import folded
from guildhall.engagement.importing.words import phrases

if TYPE_CHECKING:
    from guildhall.engagement.importing.planning import Someone

#: What a contact is that nobody has said more about.
OTHERWISE = "message"
#: Letters of a word from which on another word may begin with it and still mean the same.
_GOES_ON = 5


@dataclass(eq=False, slots=True)
class Spoken:
    """A contact, held or planned (``pk`` None). ``by`` is the number of who held it; None for whoever brings the file."""

    on: date
    kind: str
    said: str = ""
    by: int | None = None
    person: Someone | None = None
    pk: int | None = None

    def is_told_by(self, on: date, kind: str, said: str) -> bool:
        """Whether somebody who says this means this contact: what was said may go on below, after an empty line."""
        same = self.on == on and self.kind == kind
        return same and (not said or self.said == said or self.said.startswith(f"{said}\n\n"))


@dataclass(eq=False, slots=True)
class Promised:
    """A next step, held or planned (``pk`` None), and the planned contact in which it was agreed."""

    what: str
    due_on: date
    by: int | None = None
    contact: Spoken | None = None
    pk: int | None = None


@lru_cache(maxsize=2_000)
def kind_of(word: str) -> str:
    """Return what a contact was by how people say it, empty if they don't: the first word of it that tells."""
    plain = f" {folded(word)} "
    found = [(plain.find(phrase), -len(phrase), kind) for kind, known in _kinds().items() for phrase in known]
    return min((each for each in found if each[0] >= 0), default=(0, 0, ""))[2]


@cache
def _kinds() -> dict[str, Sequence[str]]:
    """How each kind is found: short words must stand there as they are, longer ones may go on ("visit": "visited")."""
    return {
        kind: [f" {phrase}{' ' if len(phrase) < _GOES_ON else ''}" for phrase in map(folded, known)]
        for kind, known in phrases("contact_kinds").items()
    }
