"""Every address, asked for by everybody: what each is answered stands in doors.csv, where a person has read it.

When a change is meant, ``python -m pytest tests/test_doors.py --write-doors`` writes the table anew: read the difference line
by line before it is kept.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from tests.world import OUTSIDERS, SENT, VISITORS, Door, World, doors, knock, signed_in
from tests.world_library import OPEN_TO_ALL

pytestmark = pytest.mark.same_on_both
TABLE = Path(__file__).with_name("doors.csv")
METHODS = ["GET", "POST"]
Row = tuple[str, str, str]
Answers = dict[str, str]


def answer(world: World, browser: Client, door: Door, method: str) -> str:
    """What somebody is answered at a door, in the words of the table."""
    data = SENT[door.name](world) if method == "POST" and door.name in SENT else {}
    response = knock(browser, method, door.address(world), data)
    if response.status_code != 302:
        return str(response.status_code)
    where = response.url.partition("?")[0]
    return {reverse("account_login"): "302 sign-in", reverse("people:confirm_by_code"): "302 confirm"}.get(where, "302")


def walk(world: World, visitors: Sequence[str]) -> dict[Row, Answers]:
    """Send some of the visitors to every door, by every method."""
    found: dict[Row, Answers] = {}
    for who in visitors:
        browser = signed_in(world, who)
        for door in doors():
            for method in METHODS:
                found.setdefault((door.name, door.thing, method), {})[who] = answer(world, browser, door, method)
    return found


def is_door(answers: Answers) -> bool:
    """Whether anything is there: a method that nobody who is signed in may use is no door."""
    return bool(set(answers.values()) - {"302 sign-in", "405"})


def read() -> dict[Row, Answers]:
    with TABLE.open(newline="", encoding="utf-8") as file:
        return {(line.pop("address"), line.pop("of what"), line.pop("method")): line for line in csv.DictReader(file)}


def write(found: dict[Row, Answers]) -> None:
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["address", "of what", "method", *VISITORS])
        writer.writerows([*row, *(answers[who] for who in VISITORS)] for row, answers in found.items() if is_door(answers))


def differences(found: dict[Row, Answers], written: dict[Row, Answers]) -> list[str]:
    said = []
    for row, answers in found.items():
        if row not in written:
            said += [f"{in_words(row)}: a new address gets its row in tests/doors.csv"] if is_door(answers) else []
            continue
        said += [
            f"{in_words(row)}: {who} is answered {answered}, the table says {written[row].get(who, 'nothing')}"
            for who, answered in answers.items()
            if answered != written[row].get(who)
        ]
    return said + [f"{in_words(row)}: is no longer there, and its row should go" for row in written if row not in found]


def in_words(row: Row) -> str:
    name, thing, method = row
    return f"{method} {name} ({thing})" if thing else f"{method} {name}"


#: In several tests, so that they can be run side by side.
GROUPS = [VISITORS[first::4] for first in range(4)]


@pytest.mark.parametrize("visitors", GROUPS, ids=" and ".join)
def test_every_door_opens_to_whom_the_table_says(world: World, pytestconfig: pytest.Config, visitors: list[str]) -> None:
    if pytestconfig.getoption("--write-doors") and visitors == GROUPS[0]:
        write(walk(world, VISITORS))
        return
    if said := differences(walk(world, visitors), read()):
        pytest.fail("\n".join([f"{len(said)} doors are not as tests/doors.csv says:", *said]), pytrace=False)


# --- What holds for the table, whoever writes it -------------------------------------------------------------------

#: One holds the link, or is oneself what the address names, or a mail server with a secret.
OPEN_TO_OTHERS = {
    "pass",
    "people:invitation",
    "people:consent_give",
    "engagement:calendar_feed",
    "engagement:mail_in",
    "engagement:needs_link",
    "engagement:needs_link_part",
    "engagement:letter_answer",
    "engagement:letter_stop",
    "library:upload_begin",  # who does not speak its protocol is told so before anything else
}


def is_open(row: Row) -> bool:
    """Whether others have something there, too: what is public is everybody's, to read and to have an opinion about."""
    return row[0] in OPEN_TO_OTHERS or (row[1].startswith("public") and (row[0].startswith("oer:") or row[0] in OPEN_TO_ALL))


def is_shared(row: Row) -> bool:
    """Whether it is the same for whoever works for any school: the methodology, and what belongs to it."""
    return row[1].startswith("shared")


def test_to_who_does_not_belong_there_nothing_of_the_school_is_there() -> None:
    seen = [
        f"{who}: {in_words(row)}"
        for row, answers in read().items()
        for who in OUTSIDERS
        if row[1] and not is_open(row) and not is_shared(row) and answers[who] not in ("404", "405")
    ]
    assert seen == []


def test_a_visitor_is_asked_to_sign_in_before_anything_of_the_school() -> None:
    seen = [
        in_words(row)
        for row, answers in read().items()
        if row[1] and not is_open(row) and answers["visitor"] not in ("302 sign-in", "404")
    ]
    assert seen == []


@pytest.mark.parametrize("who", ["learner", "trainer", "member"])
def test_who_does_not_work_for_the_school_does_not_see_its_book(who: str) -> None:
    book = {row: answers for row, answers in read().items() if row[0].startswith("engagement:") and row[0] not in OPEN_TO_OTHERS}
    answered = {answers[who] for answers in book.values()}
    assert answered <= {"404", "405"}


def test_no_door_breaks_down() -> None:
    assert [
        in_words(row) for row, answers in read().items() if any(answered.startswith("5") for answered in answers.values())
    ] == []
