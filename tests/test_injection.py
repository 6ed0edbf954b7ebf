"""What people type, hand in and send along: it is shown and never run, and it does nothing but what the form is for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, models
from django.db.models import Q
from django.test import Client
from django.urls import reverse

from guildhall.core import tasks
from guildhall.core.models import StoredFile
from guildhall.engagement.models import (
    Consortium,
    Contact,
    Employer,
    EmployerImport,
    Letter,
    LetterTemplate,
    Mailing,
    MailingWords,
    Need,
    NextStep,
    OwnActivity,
    Person,
    PlanReview,
    PlanStep,
    Position,
)
from guildhall.engagement.tests.factories import EmployerFactory, PersonFactory, PositionFactory
from guildhall.people.models import Invitation, Membership, Notice, Organisation, Site, User
from guildhall.people.tests.factories import SiteFactory
from tests.world import LIST, SENT, THINGS, Page, World, doors, knock, signed_in

pytestmark = pytest.mark.django_db


# --- What people typed ---------------------------------------------------------------------------------------------

TYPED = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}{%x%}"


#: Every text that people type and Guildhall keeps.
TEXTS: dict[type[models.Model], list[str]] = {
    User: ["name"],
    Organisation: ["name", "trade_name", "register_number"],
    Site: ["name", "street", "town", "phone"],
    Invitation: ["name", "sentence"],
    Notice: ["sentence"],
    Employer: ["note"],
    Person: ["name", "phone"],
    Position: ["title"],
    Contact: ["said"],
    NextStep: ["what", "word"],
    OwnActivity: ["name"],
    Need: ["words"],
    PlanStep: ["title", "what", "word"],
    PlanReview: ["learnt", "changes"],
    Consortium: ["name"],
    LetterTemplate: ["name"],
    Mailing: ["name", "trouble"],
    MailingWords: ["subject", "text"],
    Letter: ["subject", "text", "sentence", "bounce"],
    EmployerImport: ["file_name"],
    StoredFile: ["name"],
}


@pytest.fixture
def typed_everywhere(world: World) -> World:
    """Put what an attacker would type into every text that is kept, and into every cell of a file that was brought."""
    for model, names in TEXTS.items():
        for thing in model._default_manager.all():
            typed = {name: TYPED[: model._meta.get_field(name).max_length] for name in names}
            if model is Organisation:
                typed["register_number"] = f"{thing.pk}{TYPED}"[:40]
            if model is OwnActivity:  # a school has each name once
                typed["name"] = f"{thing.pk}{TYPED}"[:60]
            model._default_manager.filter(pk=thing.pk).update(**typed)
    for brought in EmployerImport.objects.all():
        brought.reading = json.loads(json.dumps(brought.reading).replace("Tischlerei Kurz", json.dumps(TYPED)[1:-1]))
        brought.wrong = 1
        brought.save()
        brought.rows.create(number=7, outcome="wrong", name=TYPED, reason=TYPED, given={"Firma": TYPED})
    return world


@pytest.mark.same_on_both
def test_what_people_typed_is_shown_and_never_run(typed_everywhere: World) -> None:
    world, showing = typed_everywhere, set()
    for who in ("visitor", "coordinator", "manager"):
        browser = signed_in(world, who)
        for door in doors():
            response = knock(browser, "GET", door.address(world))
            if not response.headers.get("Content-Type", "").startswith("text/html"):
                continue
            assert Page(response.body).run == [], door
            assert "<script>alert" not in response.body, door
            assert "</script&gt;49" not in response.body, door
            if "&lt;script&gt;alert(1)" in response.body:
                showing.add(door.name)
    assert showing >= {
        "portal:home", "people:me", "people:notices", "people:my_data", "people:organisation", "people:members",
        "people:member_edit", "people:invitation", "engagement:employers", "engagement:employer", "engagement:contact_change",
        "engagement:step_drop", "engagement:person_change", "engagement:site_change", "engagement:steps", "engagement:imports",
        "engagement:import", "engagement:methodology_activities", "engagement:plan", "engagement:plan_step",
        "engagement:plan_review", "engagement:needs", "engagement:needs_employer", "engagement:consortia",
        "engagement:consortium", "engagement:mailings", "engagement:mailing", "engagement:mailing_look",
        "engagement:letter_templates", "engagement:letter_answer",
    }  # fmt: skip


@pytest.mark.same_on_both
def test_what_people_typed_is_not_run_in_what_is_said_back(typed_everywhere: World) -> None:
    world = typed_everywhere
    browser = signed_in(world, "manager")
    deeds = {"people:member_leave": "a learner", "engagement:position_end": "a person", "engagement:step_finish": "open"}
    for name, thing in deeds.items():
        browser.post(reverse(name, kwargs=THINGS[name][thing](world)))
    said = browser.get("/people/me/").content.decode()
    assert said.count("&lt;script&gt;alert(1)") >= len(deeds)
    assert Page(said).run == []


@pytest.mark.parametrize("website", ["javascript:alert(1)", "data:text/html,<script>alert(1)</script>"])
def test_an_address_that_runs_is_not_taken_for_a_web_site(world: World, website: str) -> None:
    browser = signed_in(world, "coordinator")
    typed = browser.post(reverse("engagement:add"), {"name": "Mallory", "country": "PL", "website": website})
    assert typed.status_code == 422
    browser.post(
        reverse("engagement:imports"), {"file": SimpleUploadedFile("e.csv", f"Firma;Website\nMallory;{website}\n".encode())}
    )
    brought = EmployerImport.objects.latest("pk")
    browser.post(reverse("engagement:import_begin", args=[brought.pk]))
    tasks.run_waiting()
    assert not Organisation.objects.filter(website__iregex=r"^(javascript|data):").exists()


# --- What forms take -----------------------------------------------------------------------------------------------


def protected(world: World, known: set[int]) -> dict[str, Any]:
    """What no form may change, whatever is sent along with it; ``known`` are the organisations that were there before."""
    organisations = Organisation.objects.filter(pk__in=known)
    roles = Membership.objects.filter(organisation__in=known, role="manager")
    owner, neighbour = world.people["coordinator"], world.people["other school"]
    return {
        "operators": User.objects.filter(is_operator=True).count(),
        "moments": User.objects.filter(joined_at__year=2001).count(),
        "organisations": sorted(organisations.values_list("pk", "slug", "kept_by", "requires_second_factor"), key=str),
        "kept elsewhere": Organisation.objects.exclude(kept_by=None).exclude(kept_by=world.school).count(),
        "employers elsewhere": Employer.objects.exclude(school=world.school).count(),
        "people elsewhere": Person.objects.exclude(school=world.school).count(),
        "contacts of others": Contact.objects.filter(Q(employer=world.free_employer) | Q(by=neighbour)).count(),
        "steps of others": NextStep.objects.filter(employer=world.free_employer).exclude(added_by=owner).count(),
        "managers": roles.exclude(user=world.people["manager"]).count(),
    }


#: What no request leaves alone: who is signed in, how often somebody knocked. None of it is protected.
BOOKKEEPING = re.compile(r'"(django_session|core_cache|usersessions_usersession)"')


@contextmanager
def noted() -> Iterator[list[str]]:
    """Note what else than a question is put to the database."""
    written: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not re.match(r"\s*(SELECT|SAVEPOINT|RELEASE|ROLLBACK)\b", sql) and not BOOKKEEPING.search(sql):
            written.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield written


@pytest.mark.same_on_both
def test_what_is_sent_along_with_a_form_changes_nothing(world: World) -> None:
    neighbour, south = world.people["other school"].pk, Organisation.objects.get(slug="south").pk
    along = {
        **dict.fromkeys(["is_operator", "is_active", "requires_second_factor"], "on"),
        **dict.fromkeys(["school", "school_id", "kept_by", "organisation_id"], south),
        **dict.fromkeys(["by", "user", "added_by", "invited_by", "recorded_by"], neighbour),
        "role": "manager",
        "slug": "stolen",
        "joined_at": "2001-01-01",
        "employer": world.free_employer.pk,
        "state": "done",
        "pk": 1,
        "id": 1,
    }
    known = set(Organisation.objects.values_list("pk", flat=True))
    before = protected(world, known)
    for who in ("stranger", "learner", "teacher", "manager"):
        browser = signed_in(world, who)
        for door in doors():
            data = {**along, **(SENT[door.name](world) if door.name in SENT else {})}
            with noted() as written:
                # Most forms are refused: where nothing was written, nothing has changed.
                seen = knock(
                    *(browser, "POST", door.address(world), data),
                    look=lambda written=written: protected(world, known) if written else before,
                ).seen
            if door.name == "engagement:duplicate":  # merging does away with an organisation: that is what it is for
                assert set(seen["organisations"]) <= set(before["organisations"])
                seen = {**seen, "organisations": before["organisations"]}
            assert seen == before, f"{door} by {who}"


#: What is tried by the manager of the school with a thing of others: the address, what is sent, the answer.
Trial = tuple[str, list[int | str], dict[str, Any], int]
FOREIGN: dict[str, Callable[[World], Trial]] = {
    "a site of another employer for somebody new": lambda world: (
        *("engagement:person_add", [world.employer.pk]),
        *({"name": "Ben", "site": world.free_site.pk}, 422),
    ),
    "a site of another employer for somebody known": lambda world: (
        *("engagement:person_change", [world.position.pk]),
        *({"name": "Ben", "site": world.free_site.pk}, 422),
    ),
    "somebody of another school in a contact": lambda world: (
        *("engagement:contact_record", [world.employer.pk]),
        *({**SENT["engagement:contact_record"](world), "people": world.foreign.person_id}, 422),
    ),
    "a promise in the name of somebody elsewhere": lambda world: (
        *("engagement:step_add", [world.employer.pk]),
        *({**SENT["engagement:step_add"](world), "owner": world.people["other school"].pk}, 422),
    ),
    "a promise in the name of a learner": lambda world: (
        *("engagement:step_add", [world.employer.pk]),
        *({**SENT["engagement:step_add"](world), "owner": world.pupil.pk}, 422),
    ),
    "a next step given to a stranger": lambda world: (
        *("engagement:step_move", [world.step.pk]),
        *({**SENT["engagement:step_move"](world), "owner": world.people["stranger"].pk}, 422),
    ),
    "an employer handed to a stranger": lambda world: (
        *("engagement:hand_over", [world.employer.pk]),
        *({"owner": world.people["stranger"].pk}, 422),
    ),
    "an heir from elsewhere": lambda world: (
        *("people:member_leave", ["north", world.people["coordinator"].pk]),
        *({"heir": world.people["other school"].pk}, 422),
    ),
    "a member of another school": lambda world: (
        *("people:member_edit", ["north", world.people["other school"].pk]),
        *({"roles": ["learner"]}, 404),
    ),
    "another school's book": lambda world: ("people:switch", [], {"organisation": world.foreign.employer.school_id}, 404),
    "an employer of another school": lambda world: (
        *("engagement:site_change", [world.foreign.employer_id, world.kept_site.pk]),
        *({"town": "Kiel"}, 404),
    ),
    "somebody at an employer of another school": lambda world: (
        *("engagement:person_change", [world.foreign.pk]),
        *({"name": "Mine"}, 404),
    ),
    "a site of another school": lambda world: ("people:site_edit", [world.foreign_site.pk], {"name": "Mine"}, 404),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_a_form_takes_nothing_that_belongs_to_others(world: World, what: str) -> None:
    south = Organisation.objects.get(slug="south")
    employer = EmployerFactory(school=south)
    world.things["foreign"] = PositionFactory(employer=employer, person=PersonFactory(school=south))
    world.things["foreign_site"] = SiteFactory(organisation=south)
    name, arguments, data, status = FOREIGN[what](world)
    assert signed_in(world, "manager").post(reverse(name, args=arguments), data).status_code == status


@pytest.mark.parametrize("name", ["../../etc/passwd.csv", r"..\..\boot.csv", "/etc/cron.d/x.csv", "a\r\nb.csv"])
def test_a_file_lies_where_nobody_chose_and_is_called_nothing_harmful(world: World, name: str) -> None:
    upload = SimpleUploadedFile("list.csv", LIST.encode())
    upload._name = name  # past what Django itself makes harmless
    browser = signed_in(world, "coordinator")
    assert browser.post(reverse("engagement:imports"), {"file": upload}).status_code == 302
    brought = EmployerImport.objects.latest("pk")
    assert brought.file is not None
    assert re.fullmatch(r"kept/[0-9a-f]{2}/[0-9a-f]{32}", brought.file.content.name)
    assert not re.search(r"[/\\\r\n]", brought.file_name + brought.file.name)
    given = browser.get(brought.file.get_absolute_url())
    assert "attachment" in given["Content-Disposition"]
    given.getvalue()


@pytest.mark.parametrize("path", ["/static/../pyproject.toml", "/static/%2e%2e/pyproject.toml", "/files/../pyproject.toml"])
def test_no_address_leads_out_of_the_folders(client: Client, path: str) -> None:
    assert client.get(path).status_code in (302, 404)
