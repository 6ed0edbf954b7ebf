"""Where all employers of a school stand: how many at each level and pane, today and in past months, and in parts of the book."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, F
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from guildhall.engagement.catalogue import kinds_of
from guildhall.engagement.methodology.levels import AREAS, LIVELY, Activity, level_of, points
from guildhall.engagement.models import Employer
from guildhall.engagement.standing import activities_in_book
from guildhall.people.models import Organisation, Site, User
from guildhall.skills import taxonomy

LEVELS = range(6)


@dataclass
class Counts:
    """How many employers stand at each level, 0 to 5, and for each area how many panes are touched, and how many lively."""

    levels: list[int] = field(default_factory=lambda: [0] * len(LEVELS))
    touched: dict[str, int] = field(default_factory=lambda: dict.fromkeys(AREAS, 0))
    lively: dict[str, int] = field(default_factory=lambda: dict.fromkeys(AREAS, 0))

    @property
    def total(self) -> int:
        return sum(self.levels)

    def add(self, level: int, panes: str, count: int = 1) -> None:
        """Add so many employers of a level with a window, as both are kept."""
        self.levels[level] += count
        for area, digit in zip(AREAS, panes, strict=True):
            if digit == "1":
                self.touched[area] += count
            elif digit == "2":
                self.lively[area] += count


def counted(school: Organisation) -> Counts:
    """Count a school's employers as they stand today."""
    found = Counts()
    rows = Employer.objects.in_book_of(school).order_by().values_list("level", "panes").annotate(count=Count("*"))
    for level, panes, count in rows:
        found.add(level, panes, count)
    return found


def counted_by_month(school: Organisation, day: date) -> dict[date, Counts]:
    """Count how a school's employers stood at the beginning of each of the twelve months that end with that of a day."""
    histories = (history for _number, history in activities_in_book(school, kinds_of(school)))
    days = month_starts(day)
    return dict(zip(days, count_on(days, histories), strict=True))


def count_on(days: Sequence[date], histories: Iterable[Collection[Activity]]) -> list[Counts]:
    """Count how employers stood on past days, from what had been done with each of them by then."""
    found = [Counts() for _day in days]
    for history in histories:
        if not history:
            continue
        for counts, day in zip(found, days, strict=True):
            if level := level_of(history, day):
                counts.add(level, _panes(history, day))
    return found


def _panes(history: Iterable[Activity], day: date) -> str:
    in_area = dict.fromkeys(AREAS, 0)
    for done in history:
        if done.area:
            in_area[done.area] += points(done, day)
    return "".join("2" if total >= LIVELY else "1" if total else "0" for total in in_area.values())


def month_starts(today: date, months: int = 12) -> list[date]:
    """Return the first days of the last months, the oldest first; today's month included."""
    year, month = today.year, today.month
    firsts = []
    for _each in range(months):
        firsts.append(date(year, month, 1))
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return firsts[::-1]


@dataclass(frozen=True)
class Part:
    """A part of the book: its name, how many of its employers stand at each level, and the filter that shows them."""

    name: str
    levels: tuple[int, ...]
    query: str = ""

    @property
    def total(self) -> int:
        return sum(self.levels)


def by_owner(school: Organisation) -> list[Part]:
    """Return a part for each colleague who looks after employers, and one for those nobody does."""
    levels = _levels_by(school, "owner")
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=[owner for owner in levels if owner])}
    return _sorted(
        Part(names[owner], tuple(counts), f"owner={owner}") if owner else Part(_("nobody yet"), tuple(counts), "owner=nobody")
        for owner, counts in levels.items()
    )


def by_sector(school: Organisation) -> list[Part]:
    """Return a part for each section of NACE, and one for employers whose sector is not known."""
    sections: dict[str, list[int]] = {}
    for code, counts in _levels_by(school, "organisation__nace").items():
        section = (taxonomy.ancestors("nace", str(code)) or [str(code)])[0] if code else ""
        kept = sections.setdefault(section, [0] * len(LEVELS))
        sections[section] = [a + b for a, b in zip(kept, counts, strict=True)]
    return _sorted(
        Part(taxonomy.label("nace", section), tuple(counts), f"sector={section}")
        if section
        else Part(_("sector not known"), tuple(counts))
        for section, counts in sections.items()
    )


def by_place(school: Organisation) -> list[Part]:
    """Return a part for each town; an employer with open sites in several stands in each of them."""
    here = Site.objects.open(localdate()).filter(organisation__in_books__school=school).exclude(town="").order_by()
    rows = here.values_list("town", F("organisation__in_books__level")).annotate(
        count=Count("organisation__in_books", distinct=True)
    )
    towns: dict[str, Counter[int]] = {}
    for town, level, count in rows:
        towns.setdefault(town, Counter())[level] += count
    return _sorted(Part(town, tuple(counts[level] for level in LEVELS), f"place={town}") for town, counts in towns.items())


def _levels_by(school: Organisation, name: str) -> dict[Any, list[int]]:
    rows = Employer.objects.in_book_of(school).order_by().values_list(name, "level").annotate(count=Count("*"))
    found: dict[Any, list[int]] = {}
    for value, level, count in rows:
        found.setdefault(value, [0] * len(LEVELS))[level] += count
    return found


def _sorted(parts: Iterable[Part]) -> list[Part]:
    return sorted(parts, key=lambda part: (-part.total, part.name.casefold()))
