"""Whose mail it is: who wrote to whom, in which words, and which employers of a school's book that may concern."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.timezone import localdate

from guildhall.engagement.importing.naming import domain_of
from guildhall.engagement.importing.words import phrases, words
from guildhall.engagement.mailing.understanding import Letter
from guildhall.engagement.mailing.wording import Original, Parted, moment_in, part
from guildhall.engagement.models import Employer, Person, Position
from guildhall.engagement.models.mail import BEFORE_SECRET
from guildhall.people.models import Membership, Organisation, Site, User

#: What a timeline shows at first, and how much is kept folded below.
LONGEST_SAID = 8_000
LONGEST_QUOTED = 30_000
LONGEST_SUBJECT = 250
#: A date further back than this is a fault of somebody's clock.
OLDEST = timedelta(days=10 * 365)

_FORWARDED = re.compile(r"^\s*(?:(?:fwd?|wg|tr|rv|enc|pd|i|πρθ|προωθ|σχετ)\s*:\s*)+", re.IGNORECASE)
#: Names below which anybody can have a domain: "firm.co.uk".
_SECOND_LEVEL = {"ac", "co", "com", "edu", "gob", "gouv", "gov", "net", "org"}

Someone = tuple[str, str]


@dataclass(frozen=True)
class Placed:
    """What a mail means to a school: with whom, in which direction, when, and in which words."""

    others: list[Someone]
    is_from_us: bool
    subject: str
    said: str
    quoted: str
    sent_at: datetime


class Desk:
    """The desk of the colleague to whom mails came: it knows who is of the school."""

    def __init__(self, school: Organisation, owner: User) -> None:
        self.school = school
        self.owner = owner
        colleagues = Membership.objects.current().staff().filter(organisation=school.pk).values("user")
        addresses = User.objects.filter(pk__in=colleagues).values_list(Lower("email"))
        more = EmailAddress.objects.filter(user__in=colleagues, verified=True).values_list(Lower("email"))
        self.colleagues = {address for (address,) in addresses.union(more)}
        self.domains = {domain_of(school.website), domain_of("", owner.email)} - anybodys - {""}
        self.known: set[str] = set()

    def place(self, letter: Letter, at: datetime) -> Placed:
        """Find out who wrote to whom, and part the words from those that are quoted. What was forwarded counts as what it was."""
        parted = part(letter.text)
        sender = letter.sender if letter.sender and not _is_a_book(letter.sender) else None
        recipients = [person for person in letter.recipients if not _is_a_book(person)]
        attached = letter.attached
        original = Original(attached.sender, attached.recipients, attached.subject) if attached else parted.original
        named = [*(original.recipients if original else ()), *recipients, sender, original.sender if original else None]
        self.known = self._people_among(named)
        strangers = [person for person in recipients if not self.is_ours(person)]
        sent_to_the_book = not recipients or (sender is not None and self.is_ours(sender))
        written_by_them = sender is not None and sender[0] in self.known and not self.is_ours(sender)
        if original and sent_to_the_book and not strangers and not written_by_them:
            return self._forwarded(letter, parted, original, at)
        return self._placed(
            sender,
            recipients,
            subject=letter.subject,
            said=parted.new,
            quoted=[parted.signature, parted.head, parted.quoted],
            sent_at=_possible(letter.sent_at, at) or at,
        )

    def _forwarded(self, letter: Letter, parted: Parted, original: Original, at: datetime) -> Placed:
        attached = letter.attached
        inner = part(attached.text if attached else parted.quoted)
        arrived = _possible(letter.sent_at, at) or at
        zone = letter.sent_at.tzinfo if letter.sent_at else self.owner.zone
        sent_at = attached.sent_at if attached else moment_in(original.date, zone)
        return self._placed(
            original.sender,
            list(original.recipients),
            subject=original.subject or _FORWARDED.sub("", letter.subject),
            said="\n\n".join(filter(None, [parted.new, inner.new])),
            quoted=[inner.signature, inner.head, inner.quoted],
            sent_at=_possible(sent_at, arrived) or arrived,
        )

    def _placed(
        self, sender: Someone | None, recipients: list[Someone], *, subject: str, said: str, quoted: list[str], sent_at: datetime
    ) -> Placed:
        is_from_us = sender is not None and self.is_ours(sender)
        everybody = [*([sender] if sender else []), *recipients]
        others = {address: name for address, name in reversed(everybody) if not self.is_ours((address, name))}
        said, rest = _shortened(said, LONGEST_SAID - LONGEST_SUBJECT - 2)
        return Placed(
            others=list(reversed([(address, name) for address, name in others.items() if not _is_a_book((address, name))])),
            is_from_us=is_from_us,
            subject=_shortened(subject, LONGEST_SUBJECT)[0],
            said=said,
            quoted="\n\n".join(filter(None, [rest, *quoted]))[:LONGEST_QUOTED],
            sent_at=sent_at,
        )

    def is_ours(self, person: Someone) -> bool:
        """Whether somebody is of the school: a colleague, or at an address of its domain at which the book knows nobody."""
        address = person[0]
        if address in self.colleagues:
            return True
        return address not in self.known and address.rpartition("@")[2] in self.domains

    def _people_among(self, people: Iterable[Someone | None]) -> set[str]:
        addresses = {person[0] for person in people if person}
        known = Person.objects.filter(school=self.school.pk).annotate(address=Lower("email"))
        return set(known.filter(address__in=addresses).values_list("address", flat=True))


anybodys = frozenset(phrases("mail_words")["providers"]) | words("mail_providers")


def employers_of(school: Organisation, addresses: Iterable[str]) -> dict[str, list[int]]:
    """Return for each address the numbers of the employers it may belong to, by the surest sign there is.

    That is a person of the book who has it; else a site that has it; else a web site, a site or people with its domain.
    Domains at which anybody can have an address say nothing.
    """
    wanted = {address: domains_of(address, school) for address in addresses}
    domains = {domain for each in wanted.values() for domain in each}
    if not wanted:
        return {}
    by_address: list[dict[str, set[int]]] = [{}, {}]
    by_domain: dict[str, set[int]] = {}

    def note(level: int, email: str, employer: int) -> None:
        by_address[level].setdefault(email.lower(), set()).add(employer)
        by_domain.setdefault(email.lower().rpartition("@")[2], set()).add(employer)

    held = Position.objects.current(localdate()).filter(employer__school=school.pk)
    for email, employer in _with_addresses(held, "person__email", wanted, domains).values_list("person__email", "employer"):
        note(0, email, employer)
    sites = _with_addresses(Site.objects.open().filter(organisation__in_books__school=school.pk), "email", wanted, domains)
    for email, employer in sites.values_list("email", "organisation__in_books").filter(organisation__in_books__school=school.pk):
        note(1, email, employer)
    if domains:
        named = Q()
        for domain in domains:
            named |= Q(organisation__website__icontains=domain)
        book = Employer.objects.in_book_of(school).filter(named)
        for website, employer in book.values_list("organisation__website", "pk"):
            by_domain.setdefault(domain_of(website), set()).add(employer)
    found = {}
    for address, its_domains in wanted.items():
        signs = [by_address[0].get(address), by_address[1].get(address), *(by_domain.get(domain) for domain in its_domains)]
        found[address] = sorted(next((employers for employers in signs if employers), set()))
    return found


def domains_of(address: str, school: Organisation) -> list[str]:
    """Return the domain of an address and those above it, as far as they are one firm's."""
    labels = address.rpartition("@")[2].split(".")
    above = [".".join(labels[at:]) for at in range(len(labels) - 1)]
    firms = [name for name in above if not (name.count(".") == 1 and name.partition(".")[0] in _SECOND_LEVEL)]
    own = domain_of(school.website)
    return [] if labels and anybodys.intersection(above) else [name for name in firms if name != own][:3]


def people_at(employer: Employer, addresses: Iterable[str]) -> list[Person]:
    """The people of an employer to whom addresses belong."""
    there = Person.objects.filter(positions__employer=employer.pk).annotate(address=Lower("email"))
    return list(there.filter(address__in=list(addresses)).order_by("pk").distinct())


def _with_addresses(rows: Any, field: str, addresses: Iterable[str], domains: Iterable[str]) -> Any:
    alike = Q(lowered__in=list(addresses))
    for domain in domains:
        alike |= Q(lowered__endswith=f"@{domain}")
    return rows.annotate(lowered=Lower(field)).filter(alike)


def _is_a_book(person: Someone) -> bool:
    return person[0].startswith(BEFORE_SECRET) and person[0].endswith(f"@{settings.MAIL_IN_DOMAIN}")


def _possible(moment: datetime | None, at: datetime) -> datetime | None:
    """The moment, if a mail can have been sent then that was there at another."""
    if moment is None or moment.tzinfo is None or moment < at - OLDEST:
        return None
    return min(moment, at) if moment < at + timedelta(days=1) else None


def _shortened(text: str, longest: int) -> tuple[str, str]:
    """Part a text that is too long where a word ends."""
    if len(text) <= longest:
        return text, ""
    end = text.rfind(" ", longest - 200 if longest > 1000 else longest // 2, longest - 2)
    end = end if end > 0 else longest - 2
    return f"{text[:end].rstrip()} …", f"… {text[end:].strip()}"
