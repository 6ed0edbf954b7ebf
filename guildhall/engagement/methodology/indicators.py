"""The methodology's indicators, measured from a school's own book: over the 365 days that end with the one asked about.

Only what is dated until that day counts, by the calendar of the school. So any past day can be measured again, with the same
result as long as nobody changes the book. Areas and rungs are those of the newest methodology, also for past days. What each
indicator counts is said to people in ``content/methodology/*/indicators.yaml``, and here in ``MEASURES``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from itertools import groupby
from statistics import median
from typing import Any, NamedTuple

from django.db.models import Count, F, Max, Min, Q
from django.db.models.functions import TruncDate

from guildhall.engagement.catalogue import kinds_among
from guildhall.engagement.methodology.levels import WORTH, YEAR, Activity, activity, level_of, lively_areas
from guildhall.engagement.models import CapturedMail, Contact, Employer, NextStep
from guildhall.engagement.models.employers import COOLING
from guildhall.people.models import Organisation

NEEDS_ASKED = {"needs_interview", "employer_survey", "focus_group"}
MENTORS_REACHED = {"mentor_training", "mentor_meeting"}
TRAINING_PLANS = {"training_plan"}
#: Those in which learners and people of an employer meet by what the catalogue says of them, whatever else they may be.
LEARNERS_MET = {
    "guest_speaker",
    "workplace_tour",
    "project",
    "career_day",
    "speed_meeting",
    "job_shadowing",
    "mock_interview",
    "internship",
    "apprenticeship",
    "expert_teaching",
}
SHAPED_TOGETHER = {"curriculum_workshop", "joint_module", "joint_assessment", "advisory_board"}
#: Where several employers come together, so that one may bring another.
NETWORKING = {"employer_breakfast", "network", "lobbying", "training_alliance"}
MOBILITY = "2.3"
#: Of ``MOBILITY``, but with no partner yet.
PARTNER_SEARCH = "partner_search"

#: Days after which a mail is taken for a new beginning and no answer.
LONGEST_WAIT = 90
WORKING, CONSTANT = 3, 5


class Measured(NamedTuple):
    """A figure: ``value`` in ``unit``, or None where nothing can be said, such as a share of nothing.

    ``of`` is what it rests on, see ``MEASURES``. A share is in per cent with one decimal, an average has two.
    """

    value: Decimal | int | None
    of: int
    unit: str


def measure(school: Organisation, keys: Collection[str], *, on: date) -> dict[str, Measured]:
    """Return these indicators as they are on a day, by their keys; a query or two for each kind of thing they are counted from.

    Raises:
        ValueError: there is no indicator of this key.
    """
    return measure_on_days(school, keys, [on])[on]


def measure_on_days(school: Organisation, keys: Collection[str], days: Collection[date]) -> dict[date, dict[str, Measured]]:
    """Return these indicators as they are on each of some days, with as many queries as for one.

    Raises:
        ValueError: there is no indicator of this key.
    """
    if unknown := sorted(set(keys) - MEASURES.keys()):
        raise ValueError(f"There is no indicator {', '.join(unknown)}.")
    book = _Book(school, [Year(day, school.zone) for day in sorted(set(days))])
    return {year.on: {key: MEASURES[key](book, year) for key in keys} for year in book.years}


@dataclass(frozen=True)
class Year:
    """The 365 days that end with ``on``, where the school is."""

    on: date
    zone: tzinfo

    @cached_property
    def first(self) -> date:
        return self.on - timedelta(YEAR - 1)

    @cached_property
    def begins(self) -> datetime:
        return _midnight(self.first, self.zone)

    @cached_property
    def ends(self) -> datetime:
        """The first moment that is no longer of it."""
        return _midnight(self.on + timedelta(1), self.zone)

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.on

    def during(self, name: str) -> Q:
        """What has its moment of this name within the year."""
        return Q(**{f"{name}__gte": self.begins, f"{name}__lt": self.ends})


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, zone)


class _Entry(NamedTuple):
    """An employer: when it came into the book, where it is at home, its first contact and, for each year, the last until then."""

    added_at: datetime
    country: str
    first_at: datetime | None
    last_at: tuple[datetime | None, ...]


class _Deed(NamedTuple):
    """A contact that was more than plain contact."""

    employer: int
    day: date
    kind: str
    at: datetime


class _Mail(NamedTuple):
    day: date
    is_from_us: bool


@dataclass(frozen=True, slots=True)
class _Levels:
    """Of employers in touch: how many at each level, and how many lively areas. Of all: with a level in the year, and cooling."""

    in_touch: tuple[int, ...]
    lively: int
    with_level: int
    cooling: int


class _Book:
    """What is read of a school's book to measure some years; each kind of thing once, and only if it is asked for."""

    def __init__(self, school: Organisation, years: Sequence[Year]) -> None:
        self.school, self.years = school, years
        self._levels: dict[Year, _Levels] = {}

    @cached_property
    def entries(self) -> dict[int, _Entry]:
        last = {
            f"last_{at}": Max("contacts__held_at", filter=Q(contacts__held_at__lt=year.ends))
            for at, year in enumerate(self.years)
        }
        employers = Employer.objects.in_book_of(self.school).values_list("pk", "added_at", "organisation__country")
        rows = employers.annotate(first_at=Min("contacts__held_at"), **last)
        return {pk: _Entry(added_at, country, first, tuple(lasts)) for pk, added_at, country, first, *lasts in _read(rows)}

    @cached_property
    def deeds(self) -> dict[int, list[_Deed]]:
        """What was done together, by employer, as far back as it can still count for a level at the beginning of a year."""
        earliest = _midnight(self.years[0].first - timedelta(1 + YEAR * len(WORTH)), self.school.zone)
        rows = (
            Contact.objects.filter(employer__school=self.school.pk, held_at__gte=earliest, held_at__lt=self.years[-1].ends)
            .exclude(activity="")
            .values_list("employer", "held_at", "activity")
        )
        found: dict[int, list[_Deed]] = {}
        for employer, at, kind in _read(rows):
            found.setdefault(employer, []).append(_Deed(employer, self._day(at), kind, at))
        return found

    @cached_property
    def kinds(self) -> Mapping[str, Mapping[str, Any]]:
        return kinds_among({deed.kind for deeds in self.deeds.values() for deed in deeds}, self.school.pk)

    @cached_property
    def colleagues(self) -> dict[Year, tuple[int, int]]:
        """The people who wrote down contacts of each year, and how many contacts those were."""
        during = [year.during("held_at") for year in self.years]
        of_school = Contact.objects.filter(
            employer__school=self.school.pk, held_at__gte=self.years[0].begins, held_at__lt=self.years[-1].ends
        )
        people = {f"people_{at}": Count("by", distinct=True, filter=in_year) for at, in_year in enumerate(during)}
        contacts = {f"contacts_{at}": Count("pk", filter=in_year) for at, in_year in enumerate(during)}
        found = of_school.aggregate(**people, **contacts)
        return {year: (found[f"people_{at}"], found[f"contacts_{at}"]) for at, year in enumerate(self.years)}

    @cached_property
    def promises(self) -> dict[Year, tuple[int, int]]:
        """The next steps that fell due in each year, and those of them that were done in time.

        One that is due on the last day may still be done, and counts from the day after; one that was dropped in time did not
        fall due.
        """
        of_school = NextStep.objects.filter(
            employer__school=self.school.pk,
            due_on__gte=self.years[0].first - timedelta(1),
            due_on__lt=self.years[-1].on,
        ).annotate(closed_on=TruncDate("closed_at", tzinfo=self.school.zone))
        in_time = Q(closed_on__lte=F("due_on"))
        counts = {}
        for at, year in enumerate(self.years):
            due = Q(due_on__gte=year.first - timedelta(1), due_on__lt=year.on, added_at__lt=year.ends)
            counts[f"due_{at}"] = Count("pk", filter=due & ~(Q(state=NextStep.State.DROPPED) & in_time))
            counts[f"kept_{at}"] = Count("pk", filter=due & Q(state=NextStep.State.DONE) & in_time)
        found = of_school.aggregate(**counts)
        return {year: (found[f"due_{at}"], found[f"kept_{at}"]) for at, year in enumerate(self.years)}

    @cached_property
    def waits(self) -> list[tuple[date, int]]:
        """When employers answered mails, and how many days that took. Only mails that came into the book know who wrote them."""
        earliest = _midnight(self.years[0].first - timedelta(LONGEST_WAIT), self.school.zone)
        rows = (
            CapturedMail.objects.filter(
                school=self.school.pk, contact__held_at__gte=earliest, contact__held_at__lt=self.years[-1].ends
            )
            .order_by("contact__employer", "contact__held_at", "contact")
            .values_list("contact__employer", "contact__held_at", "is_from_us")
        )
        by_employer = groupby(_read(rows), key=lambda row: row[0])
        return [
            wait
            for _employer, mails in by_employer
            for wait in _waits(_Mail(self._day(at), is_from_us) for _number, at, is_from_us in mails)
        ]

    def _day(self, at: datetime) -> date:
        return at.astimezone(self.school.zone).date()

    def last_on(self, entry: _Entry, year: Year) -> date | None:
        """The day of an employer's last contact until the end of a year."""
        last_at = entry.last_at[self.years.index(year)]
        return self._day(last_at) if last_at else None

    def in_touch(self, year: Year) -> list[int]:
        at = self.years.index(year)
        return [number for number, entry in self.entries.items() if (last_at := entry.last_at[at]) and last_at >= year.begins]

    def deeds_in(self, year: Year, kinds: Collection[str] | None = None) -> list[_Deed]:
        """What was done together in a year: of some kinds, or of any that there is."""
        wanted = self.kinds if kinds is None else kinds
        return [deed for deeds in self.deeds.values() for deed in deeds if deed.kind in wanted and year.holds(deed.day)]

    def history(self, number: int, last_on: date, year: Year) -> list[Activity]:
        """What tells the level of an employer on any day of a year, and after it if nothing more is done.

        Of its plain contacts, many of which are long past, only the last is asked for: level 1 takes a single point, which the
        last contact loses last, and no other level counts what stands on rung 1.
        """
        done = [activity(deed.day, deed.kind, self.kinds) for deed in self.deeds.get(number, ()) if deed.day <= year.on]
        return [*done, Activity(last_on)]

    def levels(self, year: Year) -> _Levels:
        if year not in self._levels:
            self._levels[year] = self._found_levels(year)
        return self._levels[year]

    def _found_levels(self, year: Year) -> _Levels:
        at_level, lively, with_level, cooling = [0] * 6, 0, 0, 0
        for number, entry in self.entries.items():
            last_on = self.last_on(entry, year)
            if last_on is None or last_on <= year.first - timedelta(1 + YEAR * len(WORTH)):
                continue
            history = self.history(number, last_on, year)
            level = level_of(history, year.on)
            if last_on >= year.first:
                at_level[level] += 1
                if len(history) > 1:
                    lively += len(lively_areas(history, year.on))
            highest = _highest_level(history, year, at_least=level)
            with_level += highest > 0
            cooling += highest > level or level_of(history, year.on + COOLING) < level
        return _Levels(tuple(at_level), lively, with_level, cooling)


def _read(rows: Any) -> Iterator[tuple[Any, ...]]:
    """Rows as they come, so that a large book is never there twice."""
    found: Iterator[tuple[Any, ...]] = rows.iterator(chunk_size=5000)
    return found


def _highest_level(history: Iterable[Activity], year: Year, *, at_least: int) -> int:
    """The highest level within a year, or on the day before it began: a level rises only on days on which something is done."""
    days = {year.first - timedelta(1), *(done.day for done in history if year.holds(done.day))}
    highest = at_least
    for day in days:
        if highest < CONSTANT:
            highest = max(highest, level_of(history, day))
    return highest


def _waits(mails: Iterable[_Mail]) -> Iterator[tuple[date, int]]:
    """The days of answers, and how long each was waited for: since the first mail to which nothing had come yet."""
    asked_on: list[date] = []
    for mail in mails:
        if mail.is_from_us:
            asked_on.append(mail.day)
            continue
        if waited := [days for day in asked_on if (days := (mail.day - day).days) <= LONGEST_WAIT]:
            yield mail.day, max(waited)
        asked_on = []


def _employers_with(kinds: Collection[str]) -> Callable[[_Book, Year], Measured]:
    def measured(book: _Book, year: Year) -> Measured:
        reached = {deed.employer for deed in book.deeds_in(year, kinds)}
        return Measured(len(reached), len(book.in_touch(year)), "employers")

    return measured


def _in_touch(book: _Book, year: Year) -> Measured:
    known = sum(entry.added_at < year.ends or _is_before(entry.first_at, year.ends) for entry in book.entries.values())
    return Measured(len(book.in_touch(year)), known, "employers")


def _areas_lively(book: _Book, year: Year) -> Measured:
    levels = book.levels(year)
    employers = sum(levels.in_touch)
    return Measured(_rounded(Decimal(levels.lively) / employers, "0.01") if employers else None, employers, "areas")


def _at_level(lowest: int) -> Callable[[_Book, Year], Measured]:
    def measured(book: _Book, year: Year) -> Measured:
        at_level = book.levels(year).in_touch
        return _share(sum(at_level[lowest:]), sum(at_level))

    return measured


def _learners_met(book: _Book, year: Year) -> Measured:
    met = book.deeds_in(year, LEARNERS_MET)
    return Measured(len(met), _employers_of(met), "activities")


def _shaped_together(book: _Book, year: Year) -> Measured:
    return _occasions(book.deeds_in(year, SHAPED_TOGETHER))


def _abroad(book: _Book, year: Year) -> Measured:
    def is_abroad(deed: _Deed) -> bool:
        is_mobility = book.kinds[deed.kind]["area"] == MOBILITY and deed.kind != PARTNER_SEARCH
        return is_mobility or book.entries[deed.employer].country != book.school.country

    return _occasions([deed for deed in book.deeds_in(year) if is_abroad(deed)])


def _promises_kept(book: _Book, year: Year) -> Measured:
    due, kept = book.promises[year]
    return _share(kept, due)


def _answered_in(book: _Book, year: Year) -> Measured:
    days = [waited for answered_on, waited in book.waits if year.holds(answered_on)]
    return Measured(_plain(median(days)) if days else None, len(days), "days")


def _brought_by_others(book: _Book, year: Year) -> Measured:
    new = {number for number, entry in book.entries.items() if year.begins <= entry.added_at < year.ends}
    brought = {
        deed.employer
        for deed in book.deeds_in(year, NETWORKING)
        if deed.employer in new and deed.at == book.entries[deed.employer].first_at
    }
    return Measured(len(brought), len(new), "employers")


def _colleagues_involved(book: _Book, year: Year) -> Measured:
    people, contacts = book.colleagues[year]
    return Measured(people, contacts, "people")


def _cooling(book: _Book, year: Year) -> Measured:
    levels = book.levels(year)
    return Measured(levels.cooling, levels.with_level, "employers")


def _is_before(moment: datetime | None, end: datetime) -> bool:
    return moment is not None and moment < end


def _share(part: int, whole: int) -> Measured:
    return Measured(_rounded(Decimal(100 * part) / whole, "0.1") if whole else None, whole, "percent")


def _plain(days: float) -> Decimal | int:
    """Days or half days, as exact numbers."""
    return int(days) if days == int(days) else Decimal(str(days))


def _rounded(value: Decimal, to: str) -> Decimal:
    return value.quantize(Decimal(to), ROUND_HALF_UP)


def _occasions(deeds: Collection[_Deed]) -> Measured:
    """One kind on one day is one occasion, however many employers took part: it is written down with each of them."""
    return Measured(len({(deed.day, deed.kind) for deed in deeds}), _employers_of(deeds), "activities")


def _employers_of(deeds: Iterable[_Deed]) -> int:
    return len({deed.employer for deed in deeds})


#: How each indicator is counted. What ``of`` is stands beside it; an employer in touch has a contact in the year.
MEASURES: dict[str, Callable[[_Book, Year], Measured]] = {
    "in_touch": _in_touch,  # of all employers of which the book knew then
    "needs_asked": _employers_with(NEEDS_ASKED),  # of employers in touch
    "areas_lively": _areas_lively,  # of employers in touch
    "working_relations": _at_level(WORKING),  # of employers in touch
    "constant_partners": _at_level(CONSTANT),  # of employers in touch
    "mentors_reached": _employers_with(MENTORS_REACHED),  # of employers in touch
    "training_plans": _employers_with(TRAINING_PLANS),  # of employers in touch
    "learners_met": _learners_met,  # with so many employers
    "promises_kept": _promises_kept,  # of next steps that fell due
    "answered_in": _answered_in,  # of answers
    "shaped_together": _shaped_together,  # with so many employers
    "brought_by_others": _brought_by_others,  # of employers that are new in the book
    "colleagues_involved": _colleagues_involved,  # of contacts
    "cooling": _cooling,  # of employers that had a level on some day of the year
    "abroad": _abroad,  # with so many employers
}
