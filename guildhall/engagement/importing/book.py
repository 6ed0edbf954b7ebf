"""What a school's book holds, fetched as far as some rows need it. Only reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from django.utils.timezone import localdate

from guildhall.engagement.importing.naming import folded, name_key
from guildhall.engagement.importing.past import Promised, Spoken
from guildhall.engagement.importing.planning import FIRM_FIELDS, PLACE_FIELDS, Book, Firm, Place, Someone
from guildhall.engagement.importing.understanding import Row
from guildhall.engagement.models import Contact, Employer, NextStep, Person, Position
from guildhall.people.models import Membership, Organisation, Site


class Shelf:
    """A school's employers by number and by name, from which those that rows may mean are fetched into a ``Book``.

    Names and numbers are read once, and from then on what is new: an import goes on while others work. What the file has told
    about each firm and site is kept here between one portion of rows and the next.
    """

    def __init__(self, school: Organisation, *, with_past: bool = False) -> None:
        self.school = school
        self._with_past = with_past
        self._newest = 0
        self._numbers: dict[tuple[str, str], int] = {}
        self._names: dict[str, set[int]] = defaultdict(set)
        self._without_number: set[int] = set()
        self._told: dict[tuple[str, int], dict[str, int]] = {}
        # An organisation with an account of its own may be in the book; it does not come and go with imports.
        self._learn(Organisation.objects.filter(in_books__school=school).exclude(kept_by=school))
        self.catch_up()

    def catch_up(self) -> None:
        """Learn of the employers that came into the book since the last time."""
        self._newest = max(self._learn(Organisation.objects.filter(kept_by=self.school, pk__gt=self._newest)), self._newest)

    def _learn(self, organisations: Any) -> int:
        newest = 0
        for pk, country, number, name, trade_name in organisations.values_list(
            "pk", "country", "register_number", "name", "trade_name"
        ).iterator():
            newest = max(newest, pk)
            for each in (name, trade_name):
                if each:
                    self._names[name_key(each)].add(pk)
            if number:
                self._numbers[country, number] = pk
            else:
                self._without_number.add(pk)
        return newest

    def fetch(self, rows: Sequence[Row], book: Book) -> None:
        """Put all the firms that these rows may mean into a book, unless they are in it already."""
        wanted: set[int] = set()
        site_numbers = set()
        for row in rows:
            held = self._numbers.get((row.country, row.firm_number)) if row.firm_number else None
            if held is not None:
                wanted.add(held)
                continue
            namesakes = self._names.get(name_key(row.name), set())
            wanted |= namesakes & self._without_number if row.firm_number else namesakes
            if row.site_number and not row.firm_number:
                site_numbers.add(row.site_number)
        if site_numbers:
            sites = Site.objects.filter(organisation__in_books__school=self.school, register_number__in=site_numbers)
            wanted.update(sites.values_list("organisation", flat=True))
        for firm in self._load(wanted - book.firms.keys()):
            book.add(firm)
        emails = {row.person_email for row in rows if row.person_email}
        if emails:
            known = Person.objects.filter(school=self.school, email__in=emails | {email.lower() for email in emails})
            for pk, email, name in known.order_by("-pk").values_list("pk", "email", "name"):
                book.acquaintances[email.lower(), folded(name)] = pk

    def _load(self, wanted: Collection[int]) -> list[Firm]:
        if not wanted:
            return []
        kept_here = self.school.pk
        firms: dict[int, Firm] = {}
        for values in Organisation.objects.filter(pk__in=wanted).values("pk", "kept_by", *FIRM_FIELDS):
            ours = values.pop("kept_by") == kept_here
            firms[values["pk"]] = Firm(**values, ours=ours, told=self._told_of("firm", values["pk"]))
        in_book: dict[int, Firm] = {}
        for pk, organisation, note in Employer.objects.filter(school=self.school, organisation__in=wanted).values_list(
            "pk", "organisation", "note"
        ):
            firm = in_book[pk] = firms[organisation]
            firm.employer_pk, firm.note = pk, note
        places: dict[int, Place] = {}
        for values in Site.objects.filter(organisation__in=wanted).order_by("pk").values("pk", "organisation", *PLACE_FIELDS):
            firm = firms[values.pop("organisation")]
            place = places[values["pk"]] = Place(**values, told=self._told_of("site", values["pk"]))
            firm.places.append(place)
        for held in Position.objects.current().filter(employer__in=in_book).select_related("person").order_by("pk"):
            person = held.person
            in_book[held.employer_id].people.append(
                Someone(
                    person.name,
                    person.email,
                    person.phone,
                    held.title,
                    pk=person.pk,
                    position_pk=held.pk,
                    place=places.get(held.site_id) if held.site_id else None,
                    told=self._told_of("position", held.pk),
                )
            )
        if self._with_past and in_book:
            self._load_past(in_book)
        return list(firms.values())

    def _load_past(self, in_book: dict[int, Firm]) -> None:
        """Read what was said and promised, so that nothing of it comes in twice."""
        said = Contact.objects.filter(employer__in=in_book).values_list("pk", "employer", "held_at", "kind", "said")
        for pk, employer, held_at, kind, words in said.iterator():
            in_book[employer].contacts.append(Spoken(localdate(held_at), kind, words, pk=pk))
        promised = NextStep.objects.filter(employer__in=in_book).values_list("pk", "employer", "what", "due_on")
        for pk, employer, what, due_on in promised.iterator():
            in_book[employer].next_steps.append(Promised(what, due_on, pk=pk))

    def _told_of(self, kind: str, pk: int) -> dict[str, int]:
        return self._told.setdefault((kind, pk), {})

    def remember(self, firms: Collection[Firm]) -> None:
        """Keep what the file has told about firms that were only planned, now that they have their numbers."""
        for firm in firms:
            assert firm.pk is not None  # noqa: S101
            self._told["firm", firm.pk] = firm.told
            self._told |= {("site", place.pk): place.told for place in firm.places if place.pk is not None}
            self._told |= {("position", one.position_pk): one.told for one in firm.people if one.position_pk is not None}


def colleagues_by_name(school: Organisation) -> dict[str, int]:
    """Return the people who work or worked for a school by their folded names and addresses; by parts of names too if they are
    the only one with it."""
    by_name: dict[str, set[int]] = defaultdict(set)
    by_part: dict[str, set[int]] = defaultdict(set)
    staff = Membership.objects.staff().filter(organisation=school, user__erased_at__isnull=True)
    for pk, name, email in staff.values_list("user", "user__name", "user__email").distinct():
        by_name[folded(email)].add(pk)
        by_name[folded(name)].add(pk)
        for part in folded(name).split():
            by_part[part].add(pk)
    return {name: pks.copy().pop() for name, pks in {**by_part, **by_name}.items() if name and len(pks) == 1}
