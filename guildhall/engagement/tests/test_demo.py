from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
import yaml

from guildhall.engagement.demo import BOOKS, ROLES, day_of
from guildhall.engagement.models import Contact
from guildhall.people.demo import ORGANISATIONS
from guildhall.skills.nace import nace_from

SUNDAY = date(2026, 11, 22)
WEEK = [SUNDAY - timedelta(days=number) for number in range(7)]
THREADS = [
    pytest.param(thread, id=thread["domain"])
    for path in sorted(BOOKS.rglob("threads-*.yaml"))
    for thread in yaml.safe_load(path.read_text())
]
BOOK_FILES = [pytest.param(path, id=path.parent.name) for path in sorted(BOOKS.rglob("book.yaml"))]
EVENTS = {*Contact.Kind.values, "moved", "done", "dropped", "left", "silence", "handed"}


def moment_of(words: str, today: date) -> datetime:
    day, hour = re.match(r"(.+?) (\d\d:\d\d)", words).groups()
    return datetime.combine(day_of(day, today), time.fromisoformat(hour))


@pytest.mark.parametrize(
    ("words", "today", "meant"),
    [
        ("-1w tue", date(2026, 11, 25), date(2026, 11, 17)),
        ("+0w fri", date(2026, 11, 25), date(2026, 11, 27)),
        ("-1d", date(2026, 11, 23), date(2026, 11, 20)),  # a Monday: the working day before is Friday
        ("-1d", SUNDAY, date(2026, 11, 20)),
        ("-3d", SUNDAY, date(2026, 11, 18)),
        ("0d", SUNDAY, date(2026, 11, 23)),
        ("0d", date(2026, 11, 25), date(2026, 11, 25)),
        ("+1d", date(2026, 11, 27), date(2026, 11, 30)),
        ("+1d", SUNDAY, date(2026, 11, 24)),
        ("-47w thu", SUNDAY, date(2025, 12, 23)),  # Christmas Day
    ],
)
def test_days_are_told_from_today(words, today, meant):
    assert day_of(words, today) == meant


@pytest.mark.parametrize("words", ["-3", "3w", "-2d tue", "soon", "-1w sunday"])
def test_a_day_that_is_written_otherwise_is_no_day(words):
    with pytest.raises(ValueError, match="Not a day"):
        day_of(words, SUNDAY)


@pytest.mark.parametrize("today", WEEK, ids=lambda day: f"{day:%a}")
@pytest.mark.parametrize("thread", THREADS)
def test_a_story_goes_forward_and_ends_before_today(thread, today):
    moments = [moment_of(next(iter(line.values())), today) for line in thread["story"]]
    days = [moment.date() for moment in moments]  # hours may cross where a holiday pushes two days together
    assert days == sorted(days)
    assert moments[-1].date() < today
    assert all(
        moment.weekday() < 5 or (moment.weekday() == 5 and "event" in line)
        for moment, line in zip(moments, thread["story"], strict=True)
    )
    assert all(6 <= moment.hour < 20 for moment in moments)


@pytest.mark.parametrize("thread", THREADS)
def test_a_story_knows_whom_and_what_it_tells_of(thread):
    people = {person["key"] for person in thread["people"]}
    assert {next(iter(line)) for line in thread["story"]} <= EVENTS
    assert nace_from(thread["nace"], version="2.1") == thread["nace"]
    assert all(set(person["does"].split()) <= set(ROLES) for person in thread["people"])
    spoken_with = {
        word for line in thread["story"] for word in next(iter(line.values())).split()[-1:] if next(iter(line)) == "call"
    }
    assert spoken_with <= people
    assert all("word" in line for line in thread["story"] if next(iter(line)) in ("moved", "done", "dropped"))


@pytest.mark.parametrize("path", BOOK_FILES)
def test_every_school_has_at_least_sixty_contacts_in_its_own_words(path: Path):
    threads = [thread for other in path.parent.glob("threads-*.yaml") for thread in yaml.safe_load(other.read_text())]
    language = yaml.safe_load(path.read_text())["language"]
    told = [
        line["said"]
        for thread in threads
        for line in thread["story"]
        if "said" in line and line.get("language", thread.get("language", language)) == language
    ]
    assert len(threads) >= 12
    assert len(told) >= 60
    assert len(set(told)) == len(told)


@pytest.mark.parametrize("path", BOOK_FILES)
def test_an_employer_is_in_a_town_and_takes_a_course_that_there_are(path: Path):
    book = yaml.safe_load(path.read_text())
    courses = {*book["courses"], *book["courses_elsewhere"], ""}
    for name, _street, town, nace, _size, person, _title, does, course in book["employers"]:
        assert town in book["towns"], name
        assert nace_from(nace, version="2.1") == nace, name
        assert course in courses, name
        assert set(does.split()) <= set(ROLES), person
    names = [line[0] for line in book["employers"]]
    assert len(set(names)) == len(names)


def test_nobody_outside_can_be_written_to():
    """Addresses end in .example, and those of web sites are made from them."""
    accounts = [
        person["email"] for organisation in yaml.safe_load(ORGANISATIONS.read_text()) for person in organisation["people"]
    ]
    assert all(address.endswith(".example") for address in accounts)
    texts = "".join(path.read_text() for path in BOOKS.rglob("*.yaml"))
    assert "@" not in texts
    assert "http" not in texts
