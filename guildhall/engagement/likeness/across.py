"""Whether entries in the books of two schools are the same employer, as surely as one must know before one school tells another.

Two schools may hold one and the same record of an organisation: then nothing need be compared. Mostly each keeps its own, and
what they say of it is compared by ``firms.likeness``, more strictly than within a book, where a person looks at every pair:

- They lie in one country. Names and numbers are given out by countries, and "Müller" across a border is another Müller.
- They are nearly certain (``SURE``), and agree in two of three: official number, name, address. A number alone is not enough, for
  courts number their registers each for itself.
- Nothing speaks against it: neither numbers that differ nor places of which none is in the same town. A number says which firm it
  is, the town which of its branches: who talks to the branch in Metz does not talk to the one in Nancy, and whoever talks to
  both writes both places down.

So two bakeries of one name are two unless they share an address or a number, even in one town. It is better to miss a common
employer, which a word between colleagues repairs, than to tell a school of somebody else's.

Only what is known of the organisation is compared; the people who work there, their addresses and telephones are not: they gave
them to one school.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from guildhall.engagement.likeness.firms import Firm, firm, likeness
from guildhall.engagement.likeness.reasons import SURE, Reason
from guildhall.engagement.models import Employer
from guildhall.people.models import Site

_IN_FAVOUR = ({Reason.NUMBER}, {Reason.NAME, Reason.NAME_ALIKE}, {Reason.ADDRESS})
_SPEAKS_AGAINST = {Reason.OTHER_NUMBER, Reason.OTHER_TOWN}


@dataclass(frozen=True, slots=True)
class Entry:
    """An employer of some school's book as it is compared with those of others."""

    organisation: int
    firm: Firm


def is_same(one: Entry, other: Entry) -> bool:
    """Whether two entries are surely the same employer."""
    if one.organisation == other.organisation:
        return True
    if one.firm.country != other.firm.country:
        return False
    found = likeness(one.firm, other.firm)
    if found is None or found.score < SURE:
        return False
    reasons = {reason for reason, _shared in found.reasons}
    agreed = sum(not reasons.isdisjoint(each) for each in _IN_FAVOUR)
    return agreed >= 2 and reasons.isdisjoint(_SPEAKS_AGAINST)


def entries(numbers: Collection[int]) -> dict[int, Entry]:
    """Read employers of whichever books, by their numbers, in two queries; closed sites no longer say where they are."""
    facts = ("name", "trade_name", "country", "register_number", "website")
    rows = list(
        Employer.objects.filter(pk__in=numbers).values_list("pk", "organisation", *(f"organisation__{name}" for name in facts))
    )
    places = defaultdict(list)
    for site in Site.objects.open().filter(organisation__in={row[1] for row in rows}).order_by("pk"):
        places[site.organisation_id].append(site)
    return {
        pk: Entry(
            organisation,
            firm(
                pk,
                country=country,
                names=[name, trade_name],
                numbers=[number, *(site.register_number for site in places[organisation] if country == "FR")],
                places=[(site.street, site.postal_code, site.town) for site in places[organisation]],
                phones=[site.phone for site in places[organisation]],
                mails=[site.email for site in places[organisation]],
                websites=[website],
            ),
        )
        for pk, organisation, name, trade_name, country, number, website in rows
    }
