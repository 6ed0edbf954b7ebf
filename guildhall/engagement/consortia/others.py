"""Who else talks to an employer: what the members of a consortium see of each other. Only reads.

They see that another school talks to the same employer, since which month, and whom to ask there: who looks after it, as long
as that person works for the school, and how the school itself can be reached. What was said, how often, with whom, and what comes
next is in nobody's book but the school's own.

All of it is asked anew each time, so nothing stale is shown: both schools must be members of a consortium that goes on, both
share the employer in it, both have talked to it lately, and what is known of it must still be the same. Who is seen, sees.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Exists, Min, OuterRef, Subquery

from guildhall.engagement.likeness.across import entries, is_same
from guildhall.engagement.models import (
    CommonEmployer,
    Consortium,
    ConsortiumMember,
    Contact,
    Employer,
    SharedEmployer,
)
from guildhall.people.models import Membership, Organisation, Site, User

#: Who has not talked to an employer for so long does not talk to it any more: a school year missed, and the next one as well.
TALKS_FOR = timedelta(days=2 * 365)


@dataclass(frozen=True)
class Other:
    """Another school that talks to an employer. ``since`` is the first contact; only its month is told."""

    school: Organisation
    since: datetime
    ask: User | None
    phone: str
    email: str


@dataclass(frozen=True)
class Circle:
    """A consortium of ours as it looks from one employer: whether we share it there, and who else does."""

    consortium: Consortium
    shared_at: datetime | None
    others: list[Other] = field(default_factory=list)


def talked_since(employer: Employer, at: datetime) -> bool:
    """Whether the school has talked to an employer lately, seen from a moment."""
    return employer.last_contact_at is not None and employer.last_contact_at >= at - TALKS_FOR


def circles_around(employer: Employer, *, at: datetime) -> list[Circle]:
    """Return the consortia of the employer's school and who else talks to it: one query, up to four more where shared."""
    mine = SharedEmployer.objects.filter(consortium=OuterRef("pk"), employer=employer.pk).values("shared_at")
    consortia = list(Consortium.objects.joined_by(employer.school).annotate(shared_at=Subquery(mine)))
    shared = [consortium.pk for consortium in consortia if consortium.shared_at]
    others = _others(employer, shared, at) if shared and talked_since(employer, at) else {}
    return [Circle(one, one.shared_at, others.get(one.pk, [])) for one in consortia]


def _others(employer: Employer, consortia: Collection[int], at: datetime) -> dict[int, list[Other]]:
    """Who else talks to an employer that is shared in these consortia, by their numbers."""
    first = Contact.objects.filter(employer=OuterRef("theirs")).order_by().values("employer").annotate(first=Min("held_at"))
    there = {"consortium": OuterRef("consortium")}
    works = Membership.objects.current().staff().filter(user=OuterRef("theirs__owner"), organisation=OuterRef("theirs__school"))
    pairs = list(
        CommonEmployer.objects.filter(
            Exists(SharedEmployer.objects.filter(**there, employer=OuterRef("theirs"))),
            Exists(ConsortiumMember.objects.current().filter(**there, school=OuterRef("theirs__school"))),
            ours=employer.pk,
            consortium__in=consortia,
            theirs__last_contact_at__gte=at - TALKS_FOR,
        )
        .annotate(since=Subquery(first.values("first")), works=Exists(works))
        .select_related("theirs__school", "theirs__owner")
        .order_by("theirs__school__name", "pk")
    )
    if not pairs:
        return {}
    known = entries([employer.pk, *(pair.theirs_id for pair in pairs)])
    reached = _ways_to({pair.theirs.school_id for pair in pairs})
    found: dict[int, list[Other]] = {}
    for pair in pairs:
        if is_same(known[employer.pk], known[pair.theirs_id]):
            owner = pair.theirs.owner if pair.works and pair.theirs.owner and pair.theirs.owner.is_active else None
            phone, email = reached.get(pair.theirs.school_id, ("", ""))
            found.setdefault(pair.consortium_id, []).append(Other(pair.theirs.school, pair.since, owner, phone, email))
    return found


def _ways_to(schools: Collection[int]) -> dict[int, tuple[str, str]]:
    """Telephone and mail address of schools: of their first open sites that have one."""
    found: dict[int, tuple[str, str]] = {}
    sites = Site.objects.open().filter(organisation__in=schools).order_by("pk")
    for school, phone, email in sites.values_list("organisation", "phone", "email"):
        known = found.get(school, ("", ""))
        found[school] = (known[0] or phone, known[1] or email)
    return found
