"""Requests that are sent again, one after the other or at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils.timezone import now

from guildhall.core.api.repeating import forget_old_answers
from guildhall.core.models import KeptAnswer
from guildhall.core.tests.conftest import live
from guildhall.engagement.models import Employer
from guildhall.people.models import Membership, Organisation, Role
from guildhall.people.tests.factories import OrganisationFactory, member
from guildhall.people.tests.programs import Program

__all__ = ["live"]

SENT = {"name": "Lang Bakery"}


@pytest.fixture
def school(db: None) -> Organisation:
    return OrganisationFactory(country="PL")


@pytest.fixture
def program(school: Organisation) -> Program:
    return Program(member(school, Role.TEACHER))


def add(program: Program, school: Organisation, key: str = "one", sent: Any = SENT) -> Any:
    return program.post(f"schools/{school.pk}/employers", sent, Idempotency_Key=key)


def test_what_is_sent_again_is_done_once_and_answered_alike(program: Program, school: Organisation) -> None:
    first, again = add(program, school), add(program, school)
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert first["Location"] == again["Location"]
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert Employer.objects.count() == 1


def test_another_key_is_another_employer(program: Program, school: Organisation) -> None:
    add(program, school)
    add(program, school, "two")
    assert Employer.objects.count() == 2


def test_a_key_is_for_one_request_only(program: Program, school: Organisation) -> None:
    add(program, school)
    other = add(program, school, sent={"name": "Another"})
    assert (other.status_code, other.json()["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert Employer.objects.count() == 1


def test_the_same_key_of_another_token_is_another_key(program: Program, school: Organisation) -> None:
    add(program, school)
    assert add(Program(member(school, Role.TEACHER)), school).status_code == 201
    assert Employer.objects.count() == 2


def test_what_was_refused_may_be_sent_again(program: Program, school: Organisation) -> None:
    assert add(program, school, sent={"name": ""}).status_code == 422
    assert not KeptAnswer.objects.exists()
    assert add(program, school).status_code == 201


def test_after_a_day_a_key_is_forgotten(program: Program, school: Organisation) -> None:
    add(program, school)
    KeptAnswer.objects.update(made_at=now() - timedelta(hours=25))
    add(program, school)
    assert Employer.objects.count() == 2
    KeptAnswer.objects.update(made_at=now() - timedelta(hours=25))
    assert forget_old_answers() == 1


def test_who_has_left_the_school_gets_no_answer_of_before(program: Program, school: Organisation) -> None:
    add(program, school)
    Membership.objects.all().delete()
    assert add(program, school).status_code == 404


@pytest.mark.parametrize("key", ["x" * 101, "ü", "a b"])
def test_a_key_is_short_and_plain(program: Program, school: Organisation, key: str) -> None:
    assert add(program, school, key).status_code == 422


def test_a_key_without_a_token_opens_nothing(school: Organisation) -> None:
    assert add(Program(None), school).status_code == 401


def test_of_many_at_the_same_time_one_is_done_and_all_are_answered_alike(live: Any) -> None:
    school = OrganisationFactory(country="PL")
    programs = [Program(member(school, Role.TEACHER))]
    programs += [_twin(programs[0]) for _ in range(3)]

    def ask(program: Program) -> Any:
        try:
            return add(program, school)
        finally:
            connection.close()

    with ThreadPoolExecutor() as at_once:
        answers = list(at_once.map(ask, programs))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Employer.objects.count() == 1


def _twin(program: Program) -> Program:
    twin = Program(None)
    twin.token = program.token
    return twin
