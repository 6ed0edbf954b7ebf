"""Requests that are sent again, one after the other or at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils.timezone import now

from guildhall.core.api.repeating import forget_old_answers
from guildhall.core.models import KeptAnswer
from guildhall.core.tests.conftest import live
from guildhall.engagement.forms.imports import UploadForm
from guildhall.engagement.models import Employer, EmployerImport, Export
from guildhall.people.actions import erase_person, revoke_token
from guildhall.people.models import AccessToken, Membership, Organisation, Role
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
    assert {answer.status_code for answer in answers} == {201}, answers[0].content
    assert len({answer.content for answer in answers}) == 1
    assert Employer.objects.count() == 1


def _twin(program: Program) -> Program:
    twin = Program(None)
    twin.token = program.token
    return twin


def test_what_was_answered_cannot_be_read_in_the_database(program: Program, school: Organisation) -> None:
    made = program.post(f"schools/{school.pk}/calendar", Idempotency_Key="one")
    again = program.post(f"schools/{school.pk}/calendar", Idempotency_Key="one")
    assert made.content == again.content
    assert made.json()["address"] not in str(list(KeptAnswer.objects.values()))


@pytest.mark.parametrize(
    "end",
    [
        lambda user: revoke_token(AccessToken.objects.get(user=user), by=user, at=now()),
        lambda user: erase_person(user, by=user, at=now()),
    ],
    ids=["revoked", "erased"],
)
def test_what_was_answered_goes_with_the_token(school: Organisation, end: Any) -> None:
    user = member(school, Role.COORDINATOR)
    made = Program(user).post(f"schools/{school.pk}/calendar", Idempotency_Key="one")
    assert made.status_code == 201
    assert KeptAnswer.objects.exists()
    end(user)
    assert not KeptAnswer.objects.exists()


@pytest.fixture
def importing(school: Organisation) -> Program:
    return Program(member(school, Role.COORDINATOR))


def bring(program: Program, school: Organisation, key: str = "one") -> Any:
    headers = {"Authorization": f"Bearer {program.token}", "Idempotency-Key": key}
    file = SimpleUploadedFile("list.csv", b"Firma;Ort\nLang;Kiel\n")
    return program.client.post(f"/api/schools/{school.pk}/imports", {"file": file}, headers=headers)


def test_a_list_that_is_sent_again_is_brought_once(importing: Program, school: Organisation) -> None:
    first, again = bring(importing, school), bring(importing, school)
    assert first.content == again.content
    assert EmployerImport.objects.count() == 1


def test_while_a_list_is_read_nothing_is_locked_and_who_sends_it_again_is_told_to_wait(
    importing: Program, school: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    depth, seen = len(connection.savepoint_ids), []

    def read(self: Any) -> bool:
        seen.append(len(connection.savepoint_ids) - depth)
        if len(seen) == 1:
            seen.append(bring(_twin(importing), school))
        raise ZeroDivisionError

    monkeypatch.setattr(UploadForm, "is_valid", read)
    with pytest.raises(ZeroDivisionError):
        bring(importing, school)
    transactions, meanwhile = seen
    assert transactions == 0
    assert (meanwhile.status_code, "worked on" in meanwhile.json()["detail"]) == (409, True)
    assert not KeptAnswer.objects.exists()


def test_who_died_while_reading_a_list_leaves_the_key_free_a_little_later(importing: Program, school: Organisation) -> None:
    assert bring(importing, school).status_code == 201
    KeptAnswer.objects.update(status=0, made_at=now() - timedelta(minutes=9))
    assert bring(importing, school).status_code == 409
    KeptAnswer.objects.update(made_at=now() - timedelta(minutes=11))
    assert bring(importing, school).status_code == 201


def test_a_file_is_made_anew_whatever_the_key(program: Program, school: Organisation) -> None:
    for _ in range(2):
        answer = program.post(f"schools/{school.pk}/exports", {"file_format": "csv"}, Idempotency_Key="one")
        assert answer.status_code == 200
        assert answer.getvalue()
    assert Export.objects.count() == 2
    assert not KeptAnswer.objects.exists()
