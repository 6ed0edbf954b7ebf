"""How the employer book is found: what a search for an employer or a contact looks at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from guildhall.core.addresses import address_of
from guildhall.core.search import Document, matching_keys
from guildhall.engagement.models import Contact, Employer, Position
from guildhall.people.models import Organisation

EMPLOYER = "engagement.employer"
CONTACT = "engagement.contact"


def scope_of(school: Organisation | int) -> str:
    """The scope in which a school's book is found: by its staff, and by nobody else."""
    return f"book:{school if isinstance(school, int) else school.pk}"


def employer_documents(employers: Iterable[Employer]) -> Iterator[Document]:
    """Describe employers as they are now: what the caller holds may be older than what it has just written."""
    return describe_employers([employer.pk for employer in employers])


def describe_employers(keys: Collection[int]) -> Iterator[Document]:
    """Describe employers by their names, number, sites and people; what was said about them is described by the contacts."""
    kept = Employer.objects.filter(pk__in=keys).select_related("organisation")
    positions = Prefetch("positions", Position.objects.select_related("person"))
    for employer in kept.prefetch_related("organisation__sites", positions):
        organisation = employer.organisation
        sites = list(organisation.sites.all())
        people = [held.person for held in employer.positions.all()]
        towns = list(dict.fromkeys(site.town or site.postal_code for site in sites if site.town or site.postal_code))
        lines = [
            [organisation.name, organisation.trade_name],
            [organisation.register_number],
            [organisation.website],
            *([site.name, site.address, site.register_number] for site in sites),
            *([person.name, person.phone, person.email] for person in people),
            [employer.note],
        ]
        yield Document(
            kind=EMPLOYER,
            key=employer.pk,
            title=str(organisation),
            detail=", ".join(towns[:3]),
            text="\n".join(", ".join(part for part in line if part) for line in lines if any(line)),
            scopes=[scope_of(employer.school_id)],
            url=employer.get_absolute_url(),
            boost=1,
        )


def describe_contacts(keys: Collection[int]) -> Iterator[Document]:
    """Describe contacts as they are now."""
    return contact_documents(Contact.objects.filter(pk__in=keys).select_related("employer__organisation", "by"))


def contact_documents(contacts: Iterable[Contact]) -> Iterator[Document]:
    """Describe contacts by what was said."""
    for contact in contacts:
        address = address_of("engagement:employer", contact.employer_id)
        yield Document(
            kind=CONTACT,
            key=contact.pk,
            title=str(contact.employer),
            text=contact.said,
            about=_("%(contact)s by %(person)s") % {"contact": contact.get_kind_display(), "person": contact.by},
            at=contact.held_at,
            scopes=[scope_of(contact.employer.school_id)],
            url=f"{address}#contact-{contact.pk}",
        )


def employers_found(text: str, school: Organisation) -> QuerySet | list[int]:
    """The numbers of the employers in a school's book that a search finds, to be asked for with ``__in``."""
    return matching_keys(EMPLOYER, text, [scope_of(school)])


def everything() -> Iterator[Document]:
    """Describe the whole book, all schools', in portions that fit into memory."""
    employers = Employer.objects.select_related("organisation").order_by("pk")
    last = 0
    while portion := list(employers.filter(pk__gt=last)[:500]):
        yield from employer_documents(portion)
        last = portion[-1].pk
    contacts = Contact.objects.select_related("employer__organisation", "by").order_by("pk")
    yield from contact_documents(contacts.iterator(chunk_size=1000))
