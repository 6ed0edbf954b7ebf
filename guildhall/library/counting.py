"""What each public resource answers to each filter, kept in memory, so that counting takes milliseconds however many there are.

Works are numbered by their *place*. For each choice of each filter there is one integer whose bit n says that the work at place
n answers to it: two choices together are ``&``, how many works that are is ``bit_count()``. A work has several resources, and one
of them must answer to everything that is asked: the first of each work is in the first *layer*, its translations in the layers
above, each with integers of its own. Only in the end the layers are laid on each other: then each work counts once. With 200,000
resources an integer takes 20 kB, all of them a process some tens of megabytes.

An image is never changed. Each question asks for ``PublicState``: where something was published or withdrawn since, the works
concerned are read anew into the next image, by every process for itself. So what is counted is what the database holds.
"""

from __future__ import annotations

import threading
from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import reduce
from itertools import compress, groupby
from operator import or_
from typing import Any, NamedTuple

from guildhall.library import licences
from guildhall.library.models import PublicChange, PublicState, Resource
from guildhall.skills import taxonomy

#: Which works, by layer: bit n of each integer stands for the place n.
Bits = list[int]
Choice = tuple[str, str]
#: When more works than this have changed, reading all of them anew is quicker.
MOST_CHANGED = 1_000

_OPEN = {licence.key for licence in licences.KNOWN.values() if licence.is_open}
_EVERY: Choice = ("", "")
_READ = (
    "work",
    "pk",
    "organisation",
    "current__kind",
    "current__area",
    "current__language",
    "current__isced",
    "current__nace",
    "current__licence",
    "current__audience",
    "current__eqf",
)
_AS_FLAGS, _AS_DIGITS = bytes.maketrans(b"01", b"\0\1"), bytes.maketrans(b"\0\1", b"01")


class Row(NamedTuple):
    """A public resource: its number, that of its work, and what it answers to the filters."""

    work: int
    key: int
    choices: list[Choice]


class Layer:
    """Of each work one resource at most: its number at each place, or 0, and the bits of each choice."""

    def __init__(self, keys: list[int], bits: dict[Choice, int]) -> None:
        self.keys, self.bits = keys, bits


class Image:
    """All that is public, at one moment of the history of a database."""

    def __init__(self, epoch: str = "", number: int = 0) -> None:
        self.epoch, self.number = epoch, number
        self.layers: list[Layer] = []
        self.size = 0
        # By the numbers of works and resources, -1 where there is none.
        self._place_of_work, self._place_of = array("l"), array("l")
        self._layer_of = bytearray()

    def after(self, number: int, works: Collection[int], rows: Iterable[Row]) -> Image:
        """Return the image in which these works have these resources, in the order of works and numbers, and no others."""
        groups = [(work, list(theirs)) for work, theirs in groupby(rows, key=lambda row: row.work)]
        # Those with most translations come first: then the integers of upper layers are short.
        groups.sort(key=lambda group: -len(group[1]))
        made = self._with_room(number, max([0, *(max(work, theirs[-1].key) for work, theirs in groups)]))
        for work, _theirs in groups:
            if made._place_of_work[work] < 0:
                made._place_of_work[work] = made.size
                made.size += 1
        made._leave(works)
        places: list[dict[Choice, array[int]]] = []
        for work, theirs in groups:
            place = made._place_of_work[work]
            while len(places) < len(theirs):
                places.append(defaultdict(lambda: array("l")))
            for at, row in enumerate(theirs):
                if at == len(made.layers):
                    made.layers.append(Layer([], {}))
                keys = made.layers[at].keys
                keys += [0] * (place + 1 - len(keys))
                keys[place] = row.key
                made._place_of[row.key], made._layer_of[row.key] = place, at
                for choice in [_EVERY, *row.choices]:
                    places[at][choice].append(place)
        for layer, places_of in zip(made.layers, places, strict=False):
            for choice, those in places_of.items():
                flags = bytearray(max(those) + 1)
                for place in those:
                    flags[place] = 1
                layer.bits[choice] = layer.bits.get(choice, 0) | _bits(flags)
        return made

    def _with_room(self, number: int, highest: int) -> Image:
        """Return a copy that can tell the places of works and resources up to a number."""
        made = Image(self.epoch, number)
        missing = max(0, highest + 1 - len(self._place_of))
        nowhere = array("l", [-1]) * missing
        made.size, made._layer_of = self.size, self._layer_of + bytes(missing)
        made._place_of_work, made._place_of = self._place_of_work + nowhere, self._place_of + nowhere
        made.layers = [Layer(list(layer.keys), dict(layer.bits)) for layer in self.layers]
        return made

    def _leave(self, works: Collection[int]) -> None:
        """Take the resources of works away."""
        places = [place for work in works if work < len(self._place_of_work) and (place := self._place_of_work[work]) >= 0]
        left = sum(1 << place for place in places)
        for layer in self.layers if places else []:
            layer.bits = {choice: bits & ~left for choice, bits in layer.bits.items()}
            for place in places:
                if place < len(layer.keys) and layer.keys[place]:
                    self._place_of[layer.keys[place]] = -1
                    layer.keys[place] = 0

    @property
    def everything(self) -> Bits:
        return self.of("", "")

    def of(self, name: str, choice: str) -> Bits:
        """Those that answer to a choice of a filter."""
        return [layer.bits.get((name, choice), 0) for layer in self.layers]

    def of_keys(self, keys: Collection[int]) -> Bits:
        """The bits of resources that are given by their numbers; numbers of what is not public count for nothing."""
        known = len(self._place_of)
        if keys and max(keys) >= known:
            keys = [key for key in keys if key < known]
        # What is nowhere is at the place -1: a last one, which is then left off.
        flags = [bytearray(self.size + 1) for _layer in self.layers]
        place_of, layer_of = self._place_of, self._layer_of
        for key in keys if flags else ():
            flags[layer_of[key]][place_of[key]] = 1
        return [_bits(those[:-1]) for those in flags]

    def keys(self, bits: Bits) -> list[int]:
        """The numbers of these resources."""
        return [key for layer, those in zip(self.layers, bits, strict=True) for key in compress(layer.keys, _flags(those))]

    def keys_of_works(self, numbers: Iterable[int], bits: Bits) -> dict[int, int]:
        """Of works, by their numbers, the number of the resource that is among these; where there is none, nothing."""
        flags = [_flags(those) for those in bits]
        found = {}
        for work in numbers:
            place = self._place_of_work[work] if work < len(self._place_of_work) else -1
            for layer, those in zip(self.layers, flags, strict=True):
                if 0 <= place < len(those) and those[place]:
                    found[work] = layer.keys[place]
        return found

    def test(self, bits: Bits) -> Callable[[int], bool]:
        """Return what says whether a resource, by its number, is among these."""
        flags, place_of, layer_of = [_flags(those) for those in bits], self._place_of, self._layer_of

        def is_among(key: int) -> bool:
            place = place_of[key] if key < len(place_of) else -1
            return place >= 0 and flags[layer_of[key]][place : place + 1] == b"\1"

        return is_among

    def best(self, bits: Bits, languages: Sequence[str]) -> Bits:
        """Of each work the one whose language comes first; among other languages the oldest."""
        found, waiting = [0] * len(bits), works(bits)
        for wanted in [*[self.of("language", language) for language in languages], self.everything]:
            for at, those in enumerate(both(bits, wanted)):
                found[at] |= those & waiting
                waiting &= ~those
        return found

    def count(self, name: str, bits: Bits) -> dict[str, int]:
        """Of these, how many works answer to each choice of a filter that any work answers to."""
        choices = {choice for layer in self.layers for filter_name, choice in layer.bits if filter_name == name}
        counted = {choice: works(both(bits, self.of(name, choice))).bit_count() for choice in choices}
        return {choice: count for choice, count in counted.items() if count}


def works(bits: Bits) -> int:
    """Lay the layers on each other: the works that have one of these."""
    return reduce(or_, bits, 0)


def both(one: Bits, other: Bits) -> Bits:
    """Those that are among the one and the other."""
    return [these & those for these, those in zip(one, other, strict=True)]


_lock = threading.Lock()
_latest = Image()


def image() -> Image:
    """Return the image of what is public now. One query where nothing has changed since the last."""
    global _latest
    state = PublicState.objects.values_list("epoch", "number").first()
    if state is None:  # nothing was ever published; or it did not come here by an action, then nobody says when it changes
        return Image().after(0, [], _rows(Resource.objects.all()))
    epoch, number = state
    with _lock:
        known = _latest
        is_older = known.epoch == epoch and known.number < number
        if (known.epoch, known.number) == (epoch, number):
            return known
        changed = PublicChange.objects.filter(number__gt=known.number).values_list("work_id", flat=True)
        works_changed: list[int] = list(changed[: MOST_CHANGED + 1]) if is_older else []
        if is_older and len(works_changed) <= MOST_CHANGED:
            _latest = known.after(number, works_changed, _rows(Resource.objects.filter(work__in=works_changed)))
        else:
            _latest = Image(epoch).after(number, [], _rows(Resource.objects.all()))
        return _latest


def _rows(resources: Any) -> Iterator[Row]:
    section_of = {
        code: section
        for section, _name in taxonomy.choices("nace", level=1)
        for code in [section, *[code for code, _name in taxonomy.choices("nace", under=section, level=2)]]
    }
    read = resources.public().order_by("work", "pk").values_list(*_READ)
    for work, key, organisation, kind, area, language, isced, nace, licence, audience, levels in read.iterator(chunk_size=5_000):
        choices = [
            ("organisation", str(organisation)),
            ("kind", kind),
            ("area", area),
            ("language", language),
            ("subject", isced[:2]),
            ("sector", section_of.get(nace[:2], "")),
            ("open", "on" if licence in _OPEN else ""),
            *[("audience", one) for one in audience],
            *[("level", str(level)) for level in levels],
        ]
        yield Row(work, key, [choice for choice in choices if choice[1]])


def _flags(bits: int) -> bytes:
    """One byte for each place, up to the last one set: 1 where it is."""
    return f"{bits:b}".encode().translate(_AS_FLAGS)[::-1]


def _bits(flags: bytes | bytearray) -> int:
    return int(flags.translate(_AS_DIGITS)[::-1] or b"0", 2)
