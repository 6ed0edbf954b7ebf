"""How likely two employers are one, and why.

Each thing two entries agree or differ in is worth points; their sum becomes a likelihood by the logistic function, three
points being odds of twenty to one. The points were set by hand on one half of a labelled set and judged on the other
(docs/decisions/0005-duplicates.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from guildhall.engagement.importing.naming import domain_of
from guildhall.engagement.importing.words import words
from guildhall.engagement.likeness.reasons import Likeness, Reason, points_at, weighed
from guildhall.engagement.likeness.writing import firm_number, key, name_words, phone_key, street_parts, town_of


@dataclass(frozen=True, slots=True)
class Address:
    """A place as it is compared: the street without numbers, its numbers, postal code, town."""

    street: str
    numbers: frozenset[str]
    postal_code: str
    town: str
    is_known: bool


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it is compared: its words, and these in one line, as written and sorted."""

    words: tuple[str, ...]
    line: str
    sorted_line: str
    figures: frozenset[str]

    @property
    def letters(self) -> int:
        return len(self.line) - len(self.words) + 1


@lru_cache(maxsize=50_000)
def _name(name: str) -> Name:
    told = name_words(name)
    return Name(told, " ".join(told), " ".join(sorted(told)), frozenset(word for word in told if word.isdigit()))


@dataclass(frozen=True, slots=True, eq=False)
class Firm:
    """An employer as it is compared."""

    pk: int
    country: str
    names: tuple[Name, ...]
    numbers: frozenset[str]
    addresses: tuple[Address, ...]
    phones: frozenset[str]
    mails: frozenset[str]
    domains: frozenset[str]

    @property
    def sorted_name(self) -> str:
        return self.names[0].sorted_line if self.names else ""


_ANYBODYS = words("mail_providers")


def firm(
    pk: int,
    *,
    country: str,
    names: Iterable[str],
    numbers: Iterable[str] = (),
    places: Iterable[tuple[str, str, str]] = (),
    phones: Iterable[str] = (),
    mails: Iterable[str] = (),
    websites: Iterable[str] = (),
) -> Firm:
    """Bring an employer into the form in which it is compared; ``places`` are street, postal code and town."""
    mails = frozenset(mail.strip().lower() for mail in mails if mail)
    domains = {domain_of(website) for website in websites} | {domain_of("", mail) for mail in mails}
    return Firm(
        pk=pk,
        country=country,
        names=tuple(dict.fromkeys(_name(name) for name in names if name)),
        numbers=frozenset(firm_number(number, country) for number in numbers if number) - {""},
        addresses=tuple(
            dict.fromkeys(Address(*street_parts(s), p.replace(" ", ""), town_of(t), bool(p or t)) for s, p, t in places)
        ),
        phones=frozenset(map(phone_key, phones)) - {""},
        mails=mails,
        domains=frozenset(domains - {""}),
    )


def keys_of(one: Firm) -> frozenset[int]:
    """What this employer may have in common with one that is the same: whoever shares none of these is never compared with it."""
    return frozenset(_keys_of(one))


def _keys_of(one: Firm) -> Iterator[int]:
    yield from (key("number", number) for number in one.numbers)
    yield from (key("phone", phone) for phone in one.phones)
    yield from (key("domain", domain) for domain in one.domains)
    yield from (key("mail", mail) for mail in one.mails if mail.rpartition("@")[2] in _ANYBODYS)
    for name in one.names:
        joined = name.sorted_line.replace(" ", "")
        # A typing error is rarely at the beginning and at the end at once; another order of the words leaves pairs of them.
        yield key("begins", joined[:6])
        yield key("ends", joined[-6:])
        longest = sorted(name.words, key=len, reverse=True)[:4]
        yield from (key("pair", *sorted((a[:4], b[:4]))) for a, b in combinations(longest, 2))
        for address in one.addresses:
            yield from (key("there", word[:4], address.postal_code or address.town) for word in longest[:3] if len(word) > 3)
    for address in one.addresses:
        if address.street:
            yield key("address", address.street, *sorted(address.numbers), address.postal_code[:3])


#: By how alike the names are, from 0 to 1.
_NAME_POINTS = ((0.0, -6.0), (0.45, -4.0), (0.6, -1.5), (0.75, 0.8), (0.85, 2.4), (0.93, 4.2), (1.0, 5.2))


def likeness(one: Firm, other: Firm) -> Likeness | None:
    """Return how likely two employers are one; None where nobody need be asked."""
    reasons: list[tuple[Reason, str]] = []
    points = -4.5
    if one.country != other.country:
        points -= 3.0
    elif not one.numbers.isdisjoint(other.numbers):
        points += 12.5
        reasons.append((Reason.NUMBER, min(one.numbers & other.numbers)))
    where, there = _place_likeness(one.addresses, other.addresses)
    points += there
    if where:
        reasons.append((where, ""))
    if not one.phones.isdisjoint(other.phones):
        points += 3.5
        reasons.append((Reason.PHONE, ""))
    elif one.phones and other.phones:
        points -= 0.7
    if not one.mails.isdisjoint(other.mails):
        points += 3.0
        reasons.append((Reason.MAIL, ""))
    elif not one.domains.isdisjoint(other.domains):
        points += 1.0 if where == Reason.OTHER_TOWN else 2.5  # the branches of a chain share theirs
        reasons.append((Reason.DOMAIN, min(one.domains & other.domains)))
    elif one.domains and other.domains:
        points -= 1.5
    if one.numbers and other.numbers and one.numbers.isdisjoint(other.numbers):
        points -= 1.5 if _mistyped(one.numbers, other.numbers) else 6.0
        reasons.append((Reason.OTHER_NUMBER, ""))
    if points + _NAME_POINTS[-1][1] < 0:
        return None  # the best of names would not make up for it, and names take longest
    same_name = max((_of_names(a, b) for a, b in product(one.names, other.names)), default=0.0)
    if same_name < 0.45 and (not reasons or reasons[0][0] != Reason.NUMBER):
        return None
    if same_name >= 0.75:
        reasons.append((Reason.NAME if same_name > 0.985 else Reason.NAME_ALIKE, ""))
    reasons.sort(key=lambda reason: _ORDER[reason[0]])
    return weighed(points + points_at(same_name, _NAME_POINTS), reasons)


_ORDER = {reason: place for place, reason in enumerate(Reason)}


def _of_names(a: Name, b: Name) -> float:
    """How alike two names are, from 0 to 1, whatever the order of their words."""
    if not a.words or not b.words:
        return 0.0
    if a.sorted_line == b.sorted_line:
        return 1.0
    # Sorted for another order of the words, as written for a slip in the first letter of one.
    alike = max(fuzz.ratio(a.sorted_line, b.sorted_line), fuzz.ratio(a.line, b.line)) / 100
    if alike > 0.9 and a.line.replace(" ", "") == b.line.replace(" ", ""):
        return 0.985
    shorter, longer = (a, b) if a.letters <= b.letters else (b, a)
    if len(shorter.words) <= len(longer.words) and all(_is_among(word, longer.words) for word in shorter.words):
        # All words of one stand in the other: the more of it they make up, the surer.
        share = shorter.letters / longer.letters
        alike = max(alike, 0.7 + 0.28 * share if shorter.letters >= 5 else 0.6 + 0.35 * share)
    return min(alike, 0.6) if a.figures and b.figures and a.figures != b.figures else alike


def _is_among(word: str, others: tuple[str, ...]) -> bool:
    if word in others:
        return True
    return len(word) > 4 and any(
        abs(len(word) - len(other)) < 2 and OSA.distance(word, other, score_cutoff=1) <= 1 for other in others
    )


def _place_likeness(ours: Sequence[Address], theirs: Sequence[Address]) -> tuple[Reason | None, float]:
    """The best that any two addresses have in common, and what that is worth."""
    best: tuple[Reason | None, float] = (None, 0.0)
    compared = False
    for one in ours:
        for other in theirs:
            if not one.is_known or not other.is_known:
                continue
            compared = True
            if not _same_town(one, other):
                continue
            found = _in_one_town(one, other)
            if found[0] == Reason.ADDRESS:
                return found
            if best[0] is None or found[1] > best[1]:
                best = found
    return best if best[0] or not compared else (Reason.OTHER_TOWN, -4.5)


def _in_one_town(one: Address, other: Address) -> tuple[Reason, float]:
    if not one.street or not other.street:
        return Reason.TOWN, 0.6
    same_number = not one.numbers.isdisjoint(other.numbers) or not (one.numbers or other.numbers)
    if one.street == other.street and same_number:
        return Reason.ADDRESS, 3.4
    if one.street != other.street and fuzz.ratio(one.street, other.street) <= 84:
        return Reason.TOWN, -0.4
    if same_number:
        return Reason.ADDRESS_ALIKE, 3.0
    return (Reason.TOWN, 0.3) if one.numbers and other.numbers else (Reason.ADDRESS_ALIKE, 1.4)


def _same_town(one: Address, other: Address) -> bool:
    if one.town and other.town:
        if one.town == other.town or _same_word(one.town, other.town):
            return True
        # "Metz" and "Metz Borny": a part of a town, under one postal code
        return one.postal_code == other.postal_code != "" and (one.town in other.town or other.town in one.town)
    return one.postal_code == other.postal_code != ""


@lru_cache(maxsize=20_000)
def _same_word(one: str, other: str) -> bool:
    return fuzz.ratio(one, other) > 84


def _mistyped(ours: Collection[str], theirs: Collection[str]) -> bool:
    return any(OSA.distance(a, b, score_cutoff=1) <= 1 for a, b in product(ours, theirs))
