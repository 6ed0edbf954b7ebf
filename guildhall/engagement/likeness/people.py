"""How likely two people in a book are one, and why. Points as for firms: their sum becomes a likelihood."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rapidfuzz import fuzz

from guildhall.engagement.importing.naming import domain_of
from guildhall.engagement.likeness.reasons import Likeness, Reason, points_at, weighed
from guildhall.engagement.likeness.writing import key, person_words, phone_key


@dataclass(frozen=True, slots=True, eq=False)
class Human:
    """Somebody as they are compared; ``employers`` are the numbers of those they work or worked at."""

    pk: int
    words: tuple[str, ...]
    mail: str
    domain: str
    phone: str
    employers: frozenset[int]

    @property
    def sorted_name(self) -> str:
        return " ".join(self.words)


def human(pk: int, *, name: str, mail: str = "", phone: str = "", employers: Iterable[int] = ()) -> Human:
    """Bring somebody into the form in which they are compared."""
    mail = mail.strip().lower()
    return Human(pk, person_words(name), mail, domain_of("", mail), phone_key(phone), frozenset(employers))


def keys_of(one: Human) -> frozenset[int]:
    """What this person may have in common with one that is the same."""
    return frozenset(_keys_of(one))


def _keys_of(one: Human) -> Iterator[int]:
    yield key("name", *one.words)
    if one.mail:
        yield key("mail", one.mail)
    if one.phone:
        yield key("phone", one.phone)
    for word in one.words:
        yield from (key("there", word[:3], str(employer)) for employer in one.employers)


_NAME_POINTS = ((0.0, -6.0), (0.6, -2.0), (0.8, 1.2), (0.9, 2.8), (1.0, 4.0))


def likeness(one: Human, other: Human) -> Likeness | None:
    """Return how likely two people are one; None where nobody need be asked. A name alone proves nothing."""
    same_name = _name_likeness(one.words, other.words)
    if same_name < 0.6:
        return None
    points = points_at(same_name, _NAME_POINTS) - 4.0
    reasons = [(Reason.NAME if same_name == 1 else Reason.NAME_ALIKE, "")]
    if one.mail and one.mail == other.mail:
        points += 4.5
        reasons.append((Reason.MAIL, ""))
    elif one.mail and other.mail:
        points -= 2.0 if one.domain == other.domain else 1.0
        reasons.append((Reason.OTHER_MAIL, ""))
    if one.phone and one.phone == other.phone:
        points += 1.8
        reasons.append((Reason.PHONE, ""))
    if one.employers & other.employers:
        points += 2.5
        reasons.append((Reason.EMPLOYER, ""))
    elif one.domain and one.domain == other.domain and one.mail != other.mail:
        points += 1.5
        reasons.append((Reason.DOMAIN, one.domain))
    return weighed(points, reasons)


def _name_likeness(a: tuple[str, ...], b: tuple[str, ...]) -> float:
    if a == b:
        return 1.0
    shorter, longer = sorted((a, b), key=len)
    if len(shorter) > 1 and _with_initials(shorter, longer):
        return 0.9
    if set(shorter) < set(longer):
        return 0.9 if len(shorter) > 1 else 0.8
    return fuzz.ratio(" ".join(a), " ".join(b)) / 100


def _with_initials(shorter: tuple[str, ...], longer: tuple[str, ...]) -> bool:
    """Whether two names agree where one has only the first letter of a word: "A. Lamb", "Ada Lamb"."""
    same = set(shorter) & set(longer)
    rest = [word for word in longer if word not in same]
    initials = [word for word in shorter if word not in same]
    return bool(same and initials) and all(
        any(min(len(initial), len(word)) == 1 and initial[0] == word[0] for word in rest) for initial in initials
    )
