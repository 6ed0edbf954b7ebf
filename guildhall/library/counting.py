"""What each public resource answers to each filter, kept in memory, so that counting takes milliseconds however many there are.

A work's *place* is the number of its first resource. For each choice of each filter there is one integer whose bit n says that
the work at place n answers to it: two choices together are ``&``, how many works that are is ``bit_count()``. A work has several
resources, and one of them must answer to everything that is asked: the first of each work is in the first *layer*, its
translations in the layers above, each with integers of its own. Only in the end the layers are laid on each other: then each
work counts once. With 200,000 resources an integer takes 25 kB, all of them a process some tens of megabytes.

An image is never changed. Each question asks for ``PublicState``: where something was published or withdrawn since, the works
concerned are read anew into the next image, by every process for itself. So what is counted is what the database holds.
"""

from __future__ import annotations

import re
import threading
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property, reduce
from itertools import compress, count, groupby
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
_SET = re.compile(rb"[^\0]", re.DOTALL)
_BITS_OF = [[bit for bit in range(8) if byte >> bit & 1] for byte in range(256)]
_AS_FLAGS, _AS_DIGITS = bytes.maketrans(b"01", b"\0\1"), bytes.maketrans(b"\0\1", b"01")


class Row(NamedTuple):
    """A public resource: its number, that of its work, and what it answers to the filters."""

    work: int
    key: int
    organisation: int
    choices: list[Choice]


class Layer:
    """Of each work one resource at most: the bits of each choice, and by place whose the resource is, or 0.

    Of organisations there are hundreds: they are counted in one go, and have no bits.
    """

    def __init__(self, keys: array[int], organisations: array[int], bits: dict[Choice, int]) -> None:
        self.keys, self.organisations, self.bits = keys, organisations, bits

    @cached_property
    def pairs(self) -> tuple[list[int], list[int]]:
        """The places at which there is a resource, and the number of each."""
        flags = _flags(self.bits.get(_EVERY, 0))
        return list(compress(count(), flags)), list(compress(self.keys, flags))


class Image:
    """All that is public, at one moment of the history of a database."""

    def __init__(self, epoch: str = "", number: int = 0) -> None:
        self.epoch, self.number = epoch, number
        self.layers: list[Layer] = []
        # By the numbers of works and resources, -1 where there is none.
        self._place_of_work, self._place_of = array("l"), array("l")
        self._layer_of = bytearray()
        self._of_organisation: dict[str, Bits] = {}
        self._of_everything: dict[str, dict[str, int]] = {}

    @property
    def size(self) -> int:
        """How many places there are: no number of a resource is higher."""
        return len(self._place_of)

    def after(self, number: int, works: Collection[int], rows: Iterable[Row]) -> Image:
        """Return the image in which these works have these resources, in the order of works and numbers, and no others."""
        groups = [(work, list(theirs)) for work, theirs in groupby(rows, key=lambda row: row.work)]
        made = self._with_room(number, max([0, *(max(work, theirs[-1].key) for work, theirs in groups)]))
        made._leave(works)
        places: list[dict[Choice, array[int]]] = [defaultdict(lambda: array("l")) for _layer in made.layers]
        for work, theirs in groups:
            # The place of a work is the number of its first resource: then most bits stand where the resource itself would.
            place = made._place_of_work[work] = theirs[0].key
            for at, row in enumerate(theirs):
                if at == len(made.layers):
                    made.layers.append(Layer(_zeros(made.size), _zeros(made.size), {}))
                    places.append(defaultdict(lambda: array("l")))
                made.layers[at].keys[place], made.layers[at].organisations[place] = row.key, row.organisation
                made._place_of[row.key], made._layer_of[row.key] = place, at
                for choice in [_EVERY, *row.choices]:
                    places[at][choice].append(place)
        for layer, places_of in zip(made.layers, places, strict=True):
            for choice, those in places_of.items():
                layer.bits[choice] = layer.bits.get(choice, 0) | _at(those, made.size)
        return made

    def _with_room(self, number: int, highest: int) -> Image:
        """Return a copy that can tell the places of works and resources up to a number."""
        made = Image(self.epoch, number)
        missing = max(0, highest + 1 - self.size)
        nowhere, nothing = array("l", [-1]) * missing, _zeros(missing)
        made._layer_of = self._layer_of + bytes(missing)
        made._place_of_work, made._place_of = self._place_of_work + nowhere, self._place_of + nowhere
        made.layers = [Layer(layer.keys + nothing, layer.organisations + nothing, dict(layer.bits)) for layer in self.layers]
        return made

    def _leave(self, works: Collection[int]) -> None:
        """Take the resources of works away."""
        places = [place for work in works if work < self.size and (place := self._place_of_work[work]) >= 0]
        left = _at(places, self.size)
        for layer in self.layers if places else []:
            layer.bits = {choice: bits & ~left for choice, bits in layer.bits.items()}
            for place in places:
                if layer.keys[place]:
                    self._place_of[layer.keys[place]] = -1
                    layer.keys[place] = 0
        for work in works:
            if work < self.size:
                self._place_of_work[work] = -1

    @property
    def everything(self) -> Bits:
        return self.of("", "")

    def of(self, name: str, choice: str) -> Bits:
        """Those that answer to a choice of a filter."""
        if name != "organisation":
            return [layer.bits.get((name, choice), 0) for layer in self.layers]
        if choice not in self._of_organisation and choice.isdecimal():
            theirs = int(choice).__eq__
            self._of_organisation[choice] = [
                _bits(bytes(map(theirs, layer.organisations))) & layer.bits.get(_EVERY, 0) for layer in self.layers
            ]
        return self._of_organisation.get(choice) or [0 for _layer in self.layers]

    def of_keys(self, keys: Collection[int]) -> Bits:
        """The bits of resources that are given by their numbers; numbers of what is not public count for nothing."""
        known = self.size
        if keys and max(keys) >= known:
            keys = [key for key in keys if key < known]
        places: list[list[int]] = [[] for _layer in self.layers]
        if places:
            for place, layer in zip(map(self._place_of.__getitem__, keys), map(self._layer_of.__getitem__, keys), strict=True):
                if place >= 0:
                    places[layer].append(place)
        return [_at(those, known) for those in places]

    def of_numbers(self, numbers: int) -> Bits:
        """The same of resources that are given by an integer whose bit n stands for the number n."""
        if not self.layers:
            return []
        first, *others = self.layers
        found, flags = [numbers & first.bits.get(_EVERY, 0)], _flags(numbers).ljust(self.size, b"\0") if others else b""
        for layer in others:
            places, keys = layer.pairs
            found.append(_at(list(compress(places, map(flags.__getitem__, keys))), self.size))
        return found

    def keys_of(self, works: Iterable[int]) -> list[int]:
        """The numbers of all public resources of works."""
        places = [self._place_of_work[work] for work in works if work < self.size and self._place_of_work[work] >= 0]
        return [layer.keys[place] for layer in self.layers for place in places if layer.keys[place]]

    def keys(self, bits: Bits) -> list[int]:
        """The numbers of these resources."""
        return [layer.keys[place] for layer, those in zip(self.layers, bits, strict=True) for place in _places(those)]

    def keys_of_works(self, numbers: Iterable[int], bits: Bits) -> dict[int, int]:
        """Of works, by their numbers, the number of the resource that is among these; where there is none, nothing."""
        tests = [_test(those) for those in bits]
        found = {}
        for work in numbers:
            place = self._place_of_work[work] if work < self.size else -1
            for layer, is_there in zip(self.layers, tests, strict=True):
                if place >= 0 and is_there(place):
                    found[work] = layer.keys[place]
        return found

    def test(self, bits: Bits) -> Callable[[int], bool]:
        """Return what says whether a resource, by its number, is among these."""
        tests, place_of, layer_of = [_test(those) for those in bits], self._place_of, self._layer_of

        def is_among(key: int) -> bool:
            place = place_of[key] if key < len(place_of) else -1
            return place >= 0 and tests[layer_of[key]](place)

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
        if bits == self.everything:  # as the library begins, every time
            if name not in self._of_everything:
                self._of_everything[name] = self._count(name, bits)
            return self._of_everything[name]
        return self._count(name, bits)

    def _count(self, name: str, bits: Bits) -> dict[str, int]:
        if name == "organisation":
            return self._count_organisations(bits)
        choices = {choice for layer in self.layers for filter_name, choice in layer.bits if filter_name == name}
        counted = {choice: works(both(bits, self.of(name, choice))).bit_count() for choice in choices}
        return {choice: count for choice, count in counted.items() if count}

    def _count_organisations(self, bits: Bits) -> dict[str, int]:
        counted, several = Counter[int](), works_in_several(bits)
        for layer, those in zip(self.layers, bits, strict=True):
            counted.update(_picked(layer.organisations, those & ~several))
        # Of one work an organisation may have this language and that: it counts once.
        twice: set[tuple[int, int]] = set()
        for layer, those in zip(self.layers, bits, strict=True):
            places = _places(those & several)
            twice.update(zip(places, map(layer.organisations.__getitem__, places), strict=True))
        counted.update(organisation for _place, organisation in twice)
        return {str(organisation): number for organisation, number in counted.items()}


def works(bits: Bits) -> int:
    """Lay the layers on each other: the works that have one of these."""
    return reduce(or_, bits, 0)


def works_in_several(bits: Bits) -> int:
    """The works of which there is one of these in more than one layer."""
    once = twice = 0
    for those in bits:
        once, twice = once | those, twice | once & those
    return twice


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
            ("kind", kind),
            ("area", area),
            ("language", language),
            ("subject", isced[:2]),
            ("sector", section_of.get(nace[:2], "")),
            ("open", "on" if licence in _OPEN else ""),
            *[("audience", one) for one in audience],
            *[("level", str(level)) for level in levels],
        ]
        yield Row(work, key, organisation, [choice for choice in choices if choice[1]])


#: From so many bits on, working through all places is quicker than through those that are set.
_MANY = 4_000


def _flags(bits: int) -> bytes:
    """One byte for each place, up to the last one set: 1 where it is."""
    return f"{bits:b}".encode().translate(_AS_FLAGS)[::-1]


def _bits(flags: bytes | bytearray) -> int:
    return int(flags.translate(_AS_DIGITS)[::-1] or b"0", 2)


def _at(places: Collection[int], size: int) -> int:
    """The integer in which the bits at these places are set."""
    if len(places) > _MANY:
        flags = bytearray(size)
        for place in places:
            flags[place] = 1
        return _bits(flags)
    packed = bytearray(size // 8 + 1)
    for place in places:
        packed[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(packed, "little")


def _places(bits: int) -> list[int]:
    """At which places bits are set."""
    if bits.bit_count() > _MANY:
        return list(compress(count(), _flags(bits)))
    packed = bits.to_bytes(bits.bit_length() // 8 + 1, "little")
    return [found.start() * 8 + bit for found in _SET.finditer(packed) for bit in _BITS_OF[packed[found.start()]]]


def _picked(values: array[int], bits: int) -> Iterable[int]:
    """What stands at the places at which bits are set."""
    return compress(values, _flags(bits)) if bits.bit_count() > _MANY else map(values.__getitem__, _places(bits))


def _test(bits: int) -> Callable[[int], bool]:
    """Return what says whether the bit at a place is set."""
    packed = bits.to_bytes(bits.bit_length() // 8 + 1, "little")
    end = 8 * len(packed)
    return lambda place: place < end and packed[place >> 3] >> (place & 7) & 1 == 1


def _zeros(size: int) -> array[int]:
    return array("l", bytes(array("l").itemsize * size))
