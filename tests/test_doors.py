"""Every address, asked for by everybody: what each is answered stands in doors.csv, where a person has read it.

When a change is meant, ``python -m pytest tests/test_doors.py --write-doors`` writes the table anew: read the difference line
by line before it is kept.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from tests.world import OUTSIDERS, SENT, VISITORS, Door, World, build_world, doors, knock, signed_in

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


def walk(world: World) -> dict[Row, Answers]:
    """Send everybody to every door. A method that nobody who is signed in may use is no door."""
    found: dict[Row, Answers] = {}
    for who in VISITORS:
        browser = signed_in(world, who)
        for door in doors():
            for method in METHODS:
                found.setdefault((door.name, door.thing, method), {})[who] = answer(world, browser, door, method)
    return {row: answers for row, answers in found.items() if set(answers.values()) - {"302 sign-in", "405"}}


def read() -> dict[Row, Answers]:
    with TABLE.open(newline="", encoding="utf-8") as file:
        return {(line.pop("address"), line.pop("of what"), line.pop("method")): line for line in csv.DictReader(file)}


def write(found: dict[Row, Answers]) -> None:
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["address", "of what", "method", *VISITORS])
        writer.writerows([*row, *(answers[who] for who in VISITORS)] for row, answers in found.items())


def differences(found: dict[Row, Answers], written: dict[Row, Answers]) -> list[str]:
    said = []
    for row, answers in found.items():
        if row not in written:
            said.append(f"{in_words(row)}: a new address gets its row in tests/doors.csv")
            continue
        said += [
            f"{in_words(row)}: {who} is answered {answers[who]}, the table says {written[row].get(who, 'nothing')}"
            for who in VISITORS
            if answers[who] != written[row].get(who)
        ]
    return said + [f"{in_words(row)}: is no longer there, and its row should go" for row in written if row not in found]


def in_words(row: Row) -> str:
    name, thing, method = row
    return f"{method} {name} ({thing})" if thing else f"{method} {name}"


def test_every_door_opens_to_whom_the_table_says(db: None, pytestconfig: pytest.Config) -> None:
    found = walk(build_world())
    if pytestconfig.getoption("--write-doors"):
        write(found)
    if said := differences(found, read()):
        pytest.fail("\n".join([f"{len(said)} doors are not as tests/doors.csv says:", *said]), pytrace=False)


# --- What holds for the table, whoever writes it -------------------------------------------------------------------

#: One holds the link, or is oneself what the address names, or a mail server with a secret.
OPEN_TO_OTHERS = {"pass", "people:invitation", "people:consent_give", "engagement:calendar_feed", "engagement:mail_in"}


def test_to_who_does_not_belong_there_nothing_of_the_school_is_there() -> None:
    seen = [
        f"{who}: {in_words(row)}"
        for row, answers in read().items()
        for who in OUTSIDERS
        if row[1] and row[0] not in OPEN_TO_OTHERS and answers[who] not in ("404", "405")
    ]
    assert seen == []


def test_a_visitor_is_asked_to_sign_in_before_anything_of_the_school() -> None:
    seen = [
        in_words(row)
        for row, answers in read().items()
        if row[1] and row[0] not in OPEN_TO_OTHERS and answers["visitor"] not in ("302 sign-in", "404")
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
