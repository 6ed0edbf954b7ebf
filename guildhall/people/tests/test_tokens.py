"""Tokens with which programs act for people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localdate, now

from guildhall.core.errors import NotAllowed, Refused
from guildhall.people import actions
from guildhall.people.models import AccessToken, Membership, Organisation, Role, User
from guildhall.people.tests.factories import OrganisationFactory, UserFactory, member
from guildhall.people.tests.programs import Program, token_of
from guildhall.people.tests.test_signin import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def school() -> Organisation:
    return OrganisationFactory(name="North School")


@pytest.fixture
def teacher(school: Organisation) -> User:
    return member(school, Role.TEACHER)


def make(user: User, **kwargs: Any) -> AccessToken:
    given = {"name": "Mine", "scopes": ["book:read"], "valid_for": timedelta(days=1), "by": user, "at": now(), **kwargs}
    return actions.make_token(user, **given)[0]


def status_of(program: Program) -> int:
    return program.get("schools").status_code


def test_a_token_opens_what_its_person_may_see(teacher: User, school: Organisation) -> None:
    (seen,) = Program(teacher, "book:read").get("schools").json()
    assert (seen["id"], seen["roles"]) == (school.pk, ["teacher"])


def test_of_the_secret_only_a_digest_is_kept(teacher: User) -> None:
    secret = token_of(teacher)
    assert secret.startswith("guildhall_")
    assert secret not in str(AccessToken.objects.values().get())


@pytest.mark.parametrize("wrong", ["", "Bearer", "Bearer x", "Basic {}", "{}", "Bearer {}x", "bearer  {}"])
def test_anything_but_the_token_opens_nothing(teacher: User, wrong: str) -> None:
    secret = token_of(teacher)
    response = Client().get("/api/schools", headers={"Authorization": wrong.format(secret)})
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert response["Content-Type"] == "application/problem+json"


def test_a_token_ends_by_itself(teacher: User) -> None:
    program = Program(teacher)
    AccessToken.objects.update(made_at=now() - timedelta(days=2), expires_at=now() - timedelta(days=1))
    assert status_of(program) == 401


def test_a_revoked_token_opens_nothing(teacher: User) -> None:
    program = Program(teacher)
    actions.revoke_token(AccessToken.objects.get(), by=teacher, at=now())
    assert status_of(program) == 401


def test_a_token_ends_with_the_account(teacher: User) -> None:
    program = Program(teacher)
    User.objects.filter(pk=teacher.pk).update(is_active=False)
    assert status_of(program) == 401


def test_who_leaves_the_school_takes_no_token_along(teacher: User, school: Organisation) -> None:
    program = Program(teacher)
    Membership.objects.filter(user=teacher).update(since=localdate() - timedelta(days=9), until=localdate() - timedelta(days=1))
    assert program.get("schools").json() == []
    assert program.get(f"schools/{school.pk}/employers").status_code == 404


def test_where_a_second_factor_is_asked_for_a_token_is_no_way_around_it(teacher: User, school: Organisation) -> None:
    program = Program(teacher)
    Organisation.objects.filter(pk=school.pk).update(requires_second_factor=True)
    response = program.get("schools")
    assert response.status_code == 403
    assert "second factor" in response.json()["detail"]


def test_it_is_known_on_which_day_a_token_was_used_last(teacher: User) -> None:
    program = Program(teacher)
    assert AccessToken.objects.get().last_used_on is None
    status_of(program)
    assert AccessToken.objects.get().last_used_on == localdate()


def test_who_asks_too_often_is_told_when_to_go_on(teacher: User, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 2
    program = Program(teacher)
    assert [status_of(program) for _ in range(3)] == [200, 200, 429]
    assert 1 <= int(program.get("schools")["Retry-After"]) <= 60
    AccessToken.objects.update(window_at=now() - timedelta(minutes=2))
    assert status_of(program) == 200


def test_nobody_makes_a_token_of_somebody_else(teacher: User) -> None:
    with pytest.raises(NotAllowed):
        make(UserFactory(), by=teacher)


@pytest.mark.parametrize("wrong", [{"scopes": []}, {"scopes": ["all"]}, {"valid_for": timedelta(days=400)}])
def test_a_token_has_scopes_that_there_are_and_lasts_a_year_at_most(teacher: User, wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        make(teacher, **wrong)


# --- The pages -----------------------------------------------------------------------------------------------------


def test_a_token_is_made_and_its_secret_is_shown_once(client: Client, teacher: User) -> None:
    sign_in(client, teacher)
    made = client.post(reverse("people:token_make"), {"name": "Timetable", "scopes": ["book:read"], "days": "90"})
    secret = made.context["secret"]["secret"].initial
    assert secret in made.content.decode()
    assert made["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    assert secret not in client.get(reverse("people:tokens")).content.decode()
    token = AccessToken.objects.get()
    assert (token.name, token.scopes) == ("Timetable", ["book:read"])
    assert token.expires_at.date() == (now() + timedelta(days=90)).date()


def test_a_token_is_made_only_by_who_has_just_proved_who_they_are(client: Client, teacher: User) -> None:
    client.force_login(teacher)
    response = client.get(reverse("people:token_make"))
    assert response.status_code == 302
    assert response.url.startswith((reverse("account_reauthenticate"), reverse("people:confirm_by_code")))


def test_somebody_elses_token_is_not_there(client: Client, teacher: User) -> None:
    token = make(UserFactory())
    client.force_login(teacher)
    assert client.post(reverse("people:token_revoke", args=[token.pk])).status_code == 404
    assert AccessToken.objects.valid(now()).exists()


def test_ones_own_token_is_revoked(client: Client, teacher: User) -> None:
    make(teacher)
    client.force_login(teacher)
    client.post(reverse("people:token_revoke", args=[AccessToken.objects.get().pk]))
    assert not AccessToken.objects.valid(now()).exists()


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_and_for_three(
    client: Client, teacher: User, count: int, django_assert_num_queries: Any
) -> None:
    for _ in range(count):
        make(teacher)
    client.force_login(teacher)
    client.get(reverse("people:tokens"))
    with django_assert_num_queries(6):
        response = client.get(reverse("people:tokens"))
    assert len(response.context["tokens"]) == count


# --- The reference -------------------------------------------------------------------------------------------------


def test_the_reference_and_the_description_are_open_to_everybody(client: Client) -> None:
    page = client.get("/api/")
    assert page.status_code == 200
    assert "list_employers" in page.content.decode()
    document = client.get("/api/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"] == "Guildhall"
    assert django_settings.BASE_URL in page.content.decode()


def test_what_there_is_not_is_told_as_a_problem(client: Client) -> None:
    response = client.get("/api/nothing/here")
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
