"""Keeping beside each employer where it stands, after what was done with it has changed and as time passes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Max

from guildhall.core.actions import action, lock
from guildhall.core.tasks import defer
from guildhall.engagement.actions.settling import settle_at_the_end
from guildhall.engagement.catalogue import kinds_of
from guildhall.engagement.models import Employer, PortfolioMonth
from guildhall.engagement.portfolio import Counts
from guildhall.engagement.standing import FIELDS, activities_by_employer, activities_of, kept_of
from guildhall.people.models import Organisation, User


def settle_contacts(employer: Employer, *, at: datetime) -> Employer:
    """Keep beside the employer when it was last spoken to and where it stands, after its contacts were changed;
    what that shows of the school's plan is found at the end.

    From inside an action. What is returned knows its ``standing``.
    """
    employer = lock(employer)
    employer.last_contact_at = employer.contacts.aggregate(last=Max("held_at"))["last"]
    settle_at_the_end(employer, at=at)
    return keep_standing(employer, at=at, also=["last_contact_at"])


def keep_standing(employer: Employer, *, at: datetime, also: Collection[str] = ()) -> Employer:
    """Keep beside a locked employer where it stands; other fields may be saved at the same time. From inside an action."""
    employer.standing, kept = kept_of(activities_of(employer), at.astimezone(employer.school.zone).date())
    for name, value in kept.items():
        setattr(employer, name, value)
    employer.save(update_fields=[*FIELDS, *also])
    return employer


@action
def keep_portfolio(school: Organisation, *, months: Mapping[date, Counts], by: User | None, at: datetime) -> Organisation:
    """Keep how a school's employers stood on the first days of months, instead of what was kept before."""
    PortfolioMonth.objects.in_book_of(school).delete()
    PortfolioMonth.objects.bulk_create(
        PortfolioMonth(
            school=school, first_on=day, levels=counts.levels, touched=counts.touched, lively=counts.lively, counted_at=at
        )
        for day, counts in months.items()
    )
    return school


def outdate_standings(*, at: datetime) -> None:
    """Say of every employer that is known to have been spoken to that what is kept of it is not true any more. From an action."""
    Employer.objects.filter(last_contact_at__isnull=False).update(standing_changes_on=at.date())
    defer("engagement.refresh_standings")


@action
def refresh_standings(school: Organisation, *, numbers: Collection[int], by: User | None, at: datetime) -> int:
    """Find anew where employers of a school's book stand, as time has passed; returns for how many that is new."""
    return keep_standings(school, numbers, at=at)


def keep_standings(school: Organisation, numbers: Collection[int], *, at: datetime) -> int:
    """Keep beside employers of a school's book where they stand; returns for how many that is new. From inside an action.

    They are locked in the order of their numbers, so that two who do this never wait for each other.
    """
    held = Employer.objects.in_book_of(school).filter(pk__in=numbers).order_by("pk").select_for_update(no_key=True)
    before = {number: kept for number, *kept in held.values_list("pk", *FIELDS)}
    day, changed = at.astimezone(school.zone).date(), []
    for number, activities in activities_by_employer(list(before), kinds_of(school), school.zone):
        _standing, kept = kept_of(activities, day)
        now = [kept[name] for name in FIELDS]
        if now != before[number]:
            changed.append((*now, number))
    _write_down(changed)
    return len(changed)


def _write_down(rows: Sequence[tuple[Any, ...]]) -> None:
    """Keep the values of ``FIELDS`` of employers, each with its number behind them."""
    # By hand: for seven fields of some hundred employers Django computes longer than it takes to find all that out.
    table, quoted = Employer._meta.db_table, connection.ops.quote_name
    columns = ", ".join(f"{quoted(name)} = %s" for name in FIELDS)
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(f"UPDATE {quoted(table)} SET {columns} WHERE id = %s", rows)  # noqa: S608
