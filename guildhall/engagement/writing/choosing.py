"""Who gets a letter and who does not, and why: asked while one writes it, when it is sent, and just before each goes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.timezone import localtime

from guildhall.engagement.models import Employer, Letter, LetterSettings, Mailing, Person, Position, Why
from guildhall.engagement.models.mailings import why_not

#: The time within which letters are counted.
MONTH = timedelta(days=30)


@dataclass(frozen=True)
class No:
    """Why somebody does not get a letter, with what makes it exact: a day, a number."""

    why: str
    detail: str = ""

    def __str__(self) -> str:
        return why_not(self.why, self.detail)


def whom_to_write_to(employers: Iterable[Employer], mailing: Mailing) -> dict[int, int]:
    """Of each employer the person a letter goes to, by their numbers; employers at which nobody is noted are left out.

    Who may be written to comes before who may not, then who decides, handles personnel, signs, trains.
    """
    numbers = [employer.pk for employer in employers]
    held = list(Position.objects.current().filter(employer__in=numbers).select_related("person").order_by("pk"))
    allowed = set(_allowed(mailing, [position.person_id for position in held]))

    def last(position: Position) -> tuple[bool, ...]:
        person = position.person
        reachable = bool(person.email) and not person.has_bounced and person.pk in allowed
        does = (position.decides, position.handles_personnel, position.signs, position.trains)
        return (not reachable, *(not one for one in does))

    chosen: dict[int, int] = {}
    for position in sorted(held, key=last):
        chosen.setdefault(position.employer_id, position.person_id)
    return chosen


def verdicts(letters: Sequence[Letter], mailing: Mailing, *, at: datetime) -> dict[int, No | None]:
    """Say of each letter that waits why it will not be sent, or None; in as many queries whatever their number.

    The letters come with ``employer`` and ``person``. Of several to one address the first counts.
    """
    employers = {letter.employer_id for letter in letters}
    people = {letter.person_id for letter in letters if letter.person_id}
    works = set(Position.objects.current().filter(person__in=people, employer__in=employers).values_list("person", "employer"))
    allowed = set(_allowed(mailing, people))
    others = people - allowed
    refusing = (
        set(Person.objects.filter(pk__in=others).refusing(mailing.wanted).values_list("pk", flat=True)) if others else set()
    )
    addresses = {letter.person.email.lower() for letter in letters if letter.person and letter.person.email}
    had = _had(employers, addresses, mailing, at)
    most = LetterSettings.of(mailing.school).most_in_30_days
    taken = {} if mailing.is_draft else _taken(mailing, addresses)
    today = localtime(at).date()

    def verdict(letter: Letter) -> No | None:
        person, employer = letter.person, letter.employer
        if letter.why == Why.LEFT_OUT:
            return No(Why.LEFT_OUT)
        if person is None:
            return No(Why.NOBODY)
        if (person.pk, employer.pk) not in works:
            return No(Why.LEFT)
        if person.asked_not_to_be_written_at is not None:
            return No(Why.ASKED)
        if person.pk not in allowed:
            return No(Why.SAID_NO if person.pk in refusing else Why.NO_YES)
        if not person.email:
            return No(Why.NO_ADDRESS)
        if person.has_bounced:
            return No(Why.BOUNCED)
        if employer.resting_until is not None and employer.resting_until >= today:
            return No(Why.RESTING, employer.resting_until.isoformat())
        address = person.email.lower()
        count = max(had[employer.pk], had[address])
        if count >= most:
            return No(Why.FULL, str(count))
        if taken.setdefault(address, letter.pk) != letter.pk:
            return No(Why.TWICE)
        return None

    return {letter.pk: verdict(letter) for letter in letters}


def _allowed(mailing: Mailing, people: Collection[int]) -> Iterable[int]:
    return Person.objects.filter(pk__in=people).allowing(mailing.wanted).values_list("pk", flat=True)


def _had(employers: Collection[int], addresses: Collection[str], mailing: Mailing, at: datetime) -> Counter[int | str]:
    """How many letters of other mailings each employer and each address had within a month."""
    counting = Letter.objects.counting(at - MONTH).exclude(mailing=mailing.pk).order_by()
    counting = counting.filter(mailing__school=mailing.school_id).annotate(to=Lower("address"))
    found = counting.filter(Q(employer__in=employers) | Q(to__in=addresses)).values_list("employer", "to")
    return Counter(each for pair in found for each in pair)


def _taken(mailing: Mailing, addresses: Collection[str]) -> dict[str, int]:
    """To which addresses this mailing has a letter already, and which."""
    with_address = mailing.letters.exclude(address="").annotate(to=Lower("address")).filter(to__in=addresses)
    return dict(with_address.values_list("to", "pk"))
