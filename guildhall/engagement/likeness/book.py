"""What a school's book says about employers and people, in the form in which they are compared. Only reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

from guildhall.engagement.likeness.firms import Firm, firm
from guildhall.engagement.likeness.people import Human, human
from guildhall.engagement.models import Employer, Person, Position
from guildhall.people.models import Organisation, Site

PORTION = 2000


def firms_of(school: Organisation, only: Collection[int] | None = None) -> Iterator[Firm]:
    """Read a school's employers by their numbers, all or ``only`` some; ten queries for ten thousand."""
    employers = Employer.objects.in_book_of(school).order_by("pk")
    if only is not None:
        employers = employers.filter(pk__in=only)
    facts = (
        "pk",
        "organisation",
        *(f"organisation__{name}" for name in ("name", "trade_name", "country", "register_number", "website")),
    )
    last = 0
    while portion := list(employers.filter(pk__gt=last).values_list(*facts)[:PORTION]):
        last = portion[-1][0]
        sites = defaultdict(list)
        for site in Site.objects.filter(organisation__in=[row[1] for row in portion]).order_by("pk"):
            sites[site.organisation_id].append(site)
        people = defaultdict(list)
        held = Position.objects.filter(employer__in=[row[0] for row in portion])
        for employer, mail, phone in held.values_list("employer", "person__email", "person__phone"):
            people[employer].append((mail, phone))
        for pk, organisation, name, trade_name, country, number, website in portion:
            there = sites[organisation]
            yield firm(
                pk,
                country=country,
                names=[name, trade_name],
                numbers=[number, *(site.register_number for site in there if country == "FR")],
                places=[(site.street, site.postal_code, site.town) for site in there],
                phones=[*(site.phone for site in there), *(phone for _mail, phone in people[pk])],
                mails=[*(site.email for site in there), *(mail for mail, _phone in people[pk])],
                websites=[website],
            )


def people_of(school: Organisation, only: Collection[int] | None = None) -> Iterator[Human]:
    """Read the people in a school's book by their numbers, all or ``only`` some."""
    known = Person.objects.filter(school=school).order_by("pk")
    if only is not None:
        known = known.filter(pk__in=only)
    last = 0
    while portion := list(known.filter(pk__gt=last).values_list("pk", "name", "email", "phone")[:PORTION]):
        last = portion[-1][0]
        employers = defaultdict(set)
        held = Position.objects.filter(person__in=[row[0] for row in portion])
        for person, employer in held.values_list("person", "employer"):
            employers[person].add(employer)
        for pk, name, mail, phone in portion:
            yield human(pk, name=name, mail=mail, phone=phone, employers=employers[pk])
