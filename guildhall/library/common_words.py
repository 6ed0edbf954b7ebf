"""Common words of the library, gathered ahead: which public resources have each, as bits, so that they are not all found again.

Counting what each filter leaves needs all that is found, and PostgreSQL takes a third of a microsecond for each: a word that
stands in every third of 200,000 resources, or a beginning of many words, costs more than a search may take. So a worker writes
down for each word and each beginning that is common which resources have it: one integer of as many bits as there are numbers
(``counting``). Two such words together are ``&``; of a word whose forms are partly common the index is asked for the others.

What was gathered holds as of a number of ``PublicState``. Works that have changed since are asked of the index each time, so what
is found is what the database holds. When too many have changed, or a word is not common, all is asked of the index.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from functools import reduce
from operator import and_, or_
from zlib import compress, decompress

from guildhall.core.fixed_sql import rows_in
from guildhall.core.search import Asked, asked_of_index, sampled_words
from guildhall.core.tokens import Token, keys_matching, keys_matching_each
from guildhall.library.counting import Flags, Image
from guildhall.library.models import CommonWord, PublicChange, PublicState, Resource
from guildhall.library.search import PUBLIC, RESOURCE

#: In so many public resources a word is common: of fewer the index gives out all in about a millisecond.
LEAST = 1_000
#: Which words are common is told by one in so many resources.
ONE_IN = 16
#: Of so many works that have changed the index is asked each time; gathering begins anew from half of them on.
MOST_CHANGED = 500
_LONGEST_BEGINNING = 20


# --- Asking ----------------------------------------------------------------------------------------------------------


def all_found(text: str, image: Image) -> Flags:
    """Return all public resources that have the words of a search, spelled as asked."""
    asked = asked_of_index(RESOURCE, text, [PUBLIC])
    if asked is None:
        return image.of_keys([])
    gathered = _gathered(asked, image)
    # Whatever its scope: only what is public has a row in the image, and looking the scope up too takes as long again.
    return image.of_keys(keys_matching(RESOURCE, asked.groups)) if gathered is None else image.of_numbers(gathered)


def _gathered(asked: Asked, image: Image) -> int | None:
    """Put together what was gathered and what the index says of the rest; None where that is no help."""
    names = {_name(token) for group in asked.groups for token in group}
    kept = _kept(names)
    common = [[kept[name] for token in group if (name := _name(token)) in kept] for group in asked.groups]
    if not any(common):
        return None  # then what has these words is not much
    since = min(number for words in common for number, _resources in words)
    changed = _changed_since(since, image)
    if changed is None:
        return None
    others = [[token for token in group if _name(token) not in kept] for group in asked.groups]
    asked_besides = [[rest] for rest in others if rest]
    if changed:
        asked_besides.append(asked.groups)
    found = iter(keys_matching_each(RESOURCE, asked_besides))
    groups = [
        reduce(or_, (_unpacked(resources) for _number, resources in words), _packed_bits(next(found)) if rest else 0)
        for words, rest in zip(common, others, strict=True)
    ]
    numbers = reduce(and_, groups)
    if changed:
        again = _packed_bits(changed)
        numbers = numbers & ~again | _packed_bits(next(found)) & again
    return numbers


def _changed_since(number: int, image: Image) -> list[int] | None:
    """The public resources of works that have changed since; None where these are too many."""
    if number == image.number:
        return []
    works = list(PublicChange.objects.filter(number__gt=number).values_list("work_id", flat=True)[: MOST_CHANGED + 1])
    return image.keys_of(works) if len(works) <= MOST_CHANGED else None


def _name(token: Token) -> str:
    return f"{token.text}*" if token.prefix else token.text


def _kept(names: Collection[str]) -> dict[str, tuple[int, bytes]]:
    """What was gathered of words: at which number of ``PublicState``, and the resources, packed."""
    read = rows_in("SELECT token, number, resources FROM library_commonword WHERE token {}", names)
    return {token: (number, resources) for token, number, resources in read}


def _unpacked(resources: bytes) -> int:
    return int.from_bytes(decompress(resources), "little")


def _packed_bits(keys: Collection[int]) -> int:
    packed = bytearray(max(keys, default=0) // 8 + 1)
    for key in keys:
        packed[key >> 3] |= 1 << (key & 7)
    return int.from_bytes(packed, "little")


# --- Gathering -------------------------------------------------------------------------------------------------------


def is_due() -> bool:
    """Whether to gather: there is much to be found, and nothing was gathered yet or much has changed since."""
    oldest = CommonWord.objects.order_by("number").values_list("number", flat=True).first()
    if oldest is None:
        return PublicState.objects.exists() and Resource.objects.public().count() >= LEAST
    return PublicChange.objects.filter(number__gt=oldest).count() > MOST_CHANGED // 2


def gather() -> Iterator[CommonWord]:
    """Yield anew which resources have each common word."""
    asked = asked_of_index(RESOURCE, "any", [PUBLIC])
    for token in _common() if asked else []:
        # The number is read first: what changes meanwhile is asked of the index again.
        number = PublicState.objects.values_list("number", flat=True).get()
        keys = keys_matching(RESOURCE, [*asked.bounds, [token]])  # type: ignore[union-attr]
        yield CommonWord(token=_name(token), number=number, resources=_packed(keys))


def keep(words: Iterable[CommonWord]) -> None:
    """Put what was gathered in the place of what was gathered before."""
    CommonWord.objects.all().delete()
    CommonWord.objects.bulk_create(words, batch_size=200)


def forget() -> None:
    """Throw away what was gathered: the index is made anew."""
    CommonWord.objects.all().delete()


def _packed(keys: Collection[int]) -> bytes:
    bits = _packed_bits(keys)
    return compress(bits.to_bytes(bits.bit_length() // 8 + 1, "little"), 1)


def _common() -> list[Token]:
    """The words and beginnings that are common, as one in so many resources tells."""
    counted = Counter[Token]()
    for tokens in sampled_words(RESOURCE, ONE_IN):
        counted.update(Token(token) for token in tokens)
        # A word as it is written may be asked for unfinished: after the letter of its place, its drawer and "-".
        written = [token for token in tokens if token[3] == "-"]
        beginnings = {token[: 4 + end] for token in written for end in range(2, min(len(token) - 4, _LONGEST_BEGINNING) + 1)}
        counted.update(Token(beginning, prefix=True) for beginning in beginnings)
    return sorted(token for token, count in counted.items() if count * ONE_IN >= LEAST)
