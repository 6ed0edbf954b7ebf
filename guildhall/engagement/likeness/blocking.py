"""Which entries are worth comparing: those that have something in common, a key. Of a hundred thousand each meets a few dozen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby

#: As many entries with one key are compared each with each; in a larger block each with its neighbours in the order of names.
LARGEST = 40
NEIGHBOURS = 6


class Blocks:
    """Entries by what they have in common.

    Args:
        keys: of each entry.
        names: of each entry, by which neighbours are found where too many have one key.
    """

    def __init__(self, keys: Sequence[Collection[int]], names: Sequence[str]) -> None:
        self._keys = keys
        self._members: dict[int, list[int]] = {}
        self._lines: dict[int, _Line] = {}
        for key, members in _shared(keys):
            if len(members) <= LARGEST:
                self._members[key] = members
            else:
                self._lines[key] = _Line(sorted(members, key=lambda at: (names[at], at)))

    def later(self, at: int) -> set[int]:
        """The entries after this one that are worth comparing with it."""
        found: set[int] = set()
        for key in self._keys[at]:
            if key in self._members:
                found.update(self._members[key])
            elif key in self._lines:
                found.update(self._lines[key].near(at))
        return {other for other in found if other > at}


class _Line:
    """Too many entries with one key, in the order of their names."""

    def __init__(self, members: list[int]) -> None:
        self._members = members
        self._places = {member: place for place, member in enumerate(members)}

    def near(self, member: int) -> Iterable[int]:
        place = self._places[member]
        return self._members[max(place - NEIGHBOURS, 0) : place + NEIGHBOURS + 1]


def _shared(keys: Sequence[Collection[int]]) -> Iterator[tuple[int, list[int]]]:
    """The keys that more than one entry has. Sorted rather than gathered in a dict: most keys are one entry's alone."""
    pairs = [key << 32 | at for at, of_one in enumerate(keys) for key in of_one]
    pairs.sort()
    for key, group in groupby(pairs, key=lambda pair: pair >> 32):
        members = [pair & 0xFFFFFFFF for pair in group]
        if len(members) > 1:
            yield key, members
