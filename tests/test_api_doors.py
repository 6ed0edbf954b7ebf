"""Every operation of the API, asked by everybody: what each is answered stands in api_doors.csv, where a person has read it.

``python -m pytest tests/test_api_doors.py --write-doors`` writes the table anew.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.utils.timezone import localdate, now

from guildhall.config.api import api
from guildhall.people.tests.programs import Program
from tests.world import LIST, OUTSIDERS, VISITORS, World

pytestmark = pytest.mark.same_on_both
TABLE = Path(__file__).with_name("api_doors.csv")
Answers = dict[str, str]


def _step(world: World) -> dict[str, Any]:
    return {"what": "Call", "due_on": localdate().isoformat(), "owner": world.people["coordinator"].pk}


def _many(world: World) -> dict[str, Any]:
    return {"employers": [world.employer.pk]}


def _webhook(world: World) -> dict[str, Any]:
    return {"address": "https://receiver.example/in", "events": ["employer.added"]}


#: What is sent, so that the answer is what becomes of the deed.
SENT: dict[str, Callable[[World], dict[str, Any]]] = {
    "hand_over_work": lambda world: {"of": world.people["coordinator"].pk, "heir": world.people["teacher"].pk},
    "add_employer": lambda world: {"name": "Lang Joinery"},
    "hand_over_employer": lambda world: {"owner": world.people["teacher"].pk},
    "add_site": lambda world: {"town": "Kiel"},
    "change_site": lambda world: {"town": "Kiel"},
    "add_person": lambda world: {"name": "Ben Bell"},
    "change_person": lambda world: {"name": "Ada Lamm"},
    "move_person": lambda world: {"to": world.writers_employer.pk},
    "note_wish": lambda world: {"purpose": "any", "agreed": False},
    "record_contact": lambda world: {"kind": "call", "held_at": (now() - timedelta(hours=2)).isoformat()},
    "add_step": _step,
    "move_step": lambda world: {"due_on": localdate().isoformat()},
    "move_step_back": lambda world: {"due_on": localdate().isoformat()},
    "drop_step": lambda world: {"word": "No longer needed"},
    "tag_employer": lambda world: {"name": "fair"},
    "save_view": lambda world: {"name": "Planned"},
    "hand_over_many": lambda world: {**_many(world), "owner": world.people["teacher"].pk},
    "tag_many": lambda world: {**_many(world), "tag": "fair"},
    "untag_many": lambda world: {**_many(world), "tag": world.tag.pk},
    "plan_for_many": lambda world: {**_many(world), "what": "Invite", "due_on": localdate().isoformat()},
    "rest_many": lambda world: {**_many(world), "until": localdate().isoformat()},
    "merge_pair": lambda world: {"choices": {"name": "Kurz Joinery"}},
    "export_employers": lambda world: {"file_format": "csv"},
    "match_columns": lambda world: {"columns": {"Firma": "name"}},
    "file_mail": lambda world: {"employer": world.writers_employer.pk},
    "add_webhook": _webhook,
    "change_webhook": _webhook,
}
#: What stands behind a number in an address: by the word before it, or by its own name.
THINGS: dict[str, Callable[[World], int]] = {
    "schools": lambda world: world.school.pk,
    "employers": lambda world: world.employer.pk,
    "people": lambda world: world.position.person_id,
    "positions": lambda world: world.position.pk,
    "contacts": lambda world: world.contact.pk,
    "steps": lambda world: world.step.pk,
    "views": lambda world: world.view.pk,
    "{of}": lambda world: world.pair.pk,
    "merges": lambda world: world.merge.pk,
    "imports": lambda world: world.ready_import.pk,
    "mails": lambda world: world.mail.pk,
    "webhooks": lambda world: world.webhook.pk,
    "messages": lambda world: world.message.pk,
    "{site_pk}": lambda world: world.kept_site.pk,
    "{tag_pk}": lambda world: world.tag.pk,
    "{change_pk}": lambda world: world.change.pk,
}


def address_of(world: World, template: str) -> str:
    words = template.removeprefix("/api/").split("/")
    filled = [
        str(THINGS[word if word in THINGS else words[at - 1]](world)) if word.startswith("{") and word != "{of}" else word
        for at, word in enumerate(words)
    ]
    return "/".join(filled).replace("{of}", "employers")


def operations() -> list[tuple[str, str, str]]:
    """Name, method and address of every operation."""
    return [
        (operation["operationId"], method.upper(), address)
        for address, methods in api.document["paths"].items()
        for method, operation in methods.items()
    ]


def answer(world: World, program: Program, name: str, method: str, address: str) -> str:
    """What a program is answered, and everything as before."""
    with transaction.atomic():
        if name == "bring_list":
            response = _bring(program, f"/api/{address_of(world, address)}")
        else:
            sent = SENT[name](world) if name in SENT else ({} if method != "GET" else None)
            response = program.ask(method, address_of(world, address), sent, If_Match="*")
        b"".join(response)  # a file is closed when it is read; closing the answer itself would close PostgreSQL's connection
        transaction.set_rollback(True)
    return str(response.status_code)


def _bring(program: Program, address: str) -> Any:
    headers = {"Authorization": f"Bearer {program.token}"}
    return program.client.post(address, {"file": SimpleUploadedFile("list.csv", LIST.encode())}, headers=headers)


def walk(world: World) -> dict[tuple[str, str], Answers]:
    """Let everybody's program ask everything."""
    world.things["tag"].employers.add(world.employer)
    programs = {who: Program(world.people.get(who)) for who in VISITORS}
    return {
        (name, f"{method} {address}"): {who: answer(world, programs[who], name, method, address) for who in VISITORS}
        for name, method, address in operations()
    }


def read() -> dict[tuple[str, str], Answers]:
    with TABLE.open(newline="", encoding="utf-8") as file:
        return {(line.pop("operation"), line.pop("address")): line for line in csv.DictReader(file)}


def write(found: dict[tuple[str, str], Answers]) -> None:
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["operation", "address", *VISITORS])
        writer.writerows([*row, *(answers[who] for who in VISITORS)] for row, answers in found.items())


def test_every_operation_answers_to_whom_the_table_says(world: World, pytestconfig: pytest.Config, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 10**9
    found = walk(world)
    if pytestconfig.getoption("--write-doors"):
        write(found)
    assert found == read()


# --- What holds for the table, whoever writes it -------------------------------------------------------------------

#: Which schools somebody works for is theirs to know: none.
OPEN_TO_OTHERS = {"list_schools"}


def test_without_a_token_nothing_is_answered() -> None:
    assert {answers["visitor"] for answers in read().values()} == {"401"}


@pytest.mark.parametrize("who", [*OUTSIDERS, "learner", "trainer", "member"])
def test_to_who_does_not_work_for_the_school_nothing_of_it_is_there(who: str) -> None:
    seen = [row for row, answers in read().items() if row[0] not in OPEN_TO_OTHERS and answers[who] != "404"]
    assert seen == []


def test_nothing_breaks_down() -> None:
    assert [row for row, answers in read().items() if any(answer[0] == "5" for answer in answers.values())] == []


def test_a_browser_that_is_signed_in_opens_nothing(world: World) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.people["manager"])
    for name, method, address in operations():
        assert browser.generic(method, f"/api/{address_of(world, address)}").status_code == 401, name


def test_a_token_does_only_what_its_scopes_say(world: World) -> None:
    reads, files_mail = (Program(world.people["manager"], scope) for scope in ("book:read", "book:mail"))
    for name, method, address in operations():
        scope = api.document["paths"][address][method.lower()]["x-scope"]
        program = files_mail if scope == "book:read" else reads
        response = program.ask(method, address_of(world, address), {} if method != "GET" else None)
        assert response.status_code == 403, name
        assert scope in response.json()["detail"]
