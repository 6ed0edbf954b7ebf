from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from guildhall.core.errors import NotAllowed
from guildhall.people import actions
from guildhall.people.middleware import LANGUAGE_SESSION_KEY
from guildhall.people.tests.factories import OrganisationFactory, UserFactory, member

pytestmark = pytest.mark.django_db


def test_a_profile_is_changed_and_answered_in_the_language_just_chosen(client):
    user = UserFactory(language="en")
    client.force_login(user)
    data = {"name": "Marta Król", "language": "de", "time_zone": "Europe/Warsaw"}
    response = client.post(reverse("people:profile"), data, follow=True)
    user.refresh_from_db()
    assert (user.name, user.language, user.time_zone) == ("Marta Król", "de", "Europe/Warsaw")
    assert response.headers["Content-Language"] == "de"


@pytest.mark.parametrize(("field", "value"), [("language", "xx"), ("time_zone", "Mars/Olympus"), ("name", "")])
def test_a_profile_takes_no_nonsense(client, field, value):
    client.force_login(UserFactory())
    data = {"name": "Marta", "language": "de", "time_zone": ""} | {field: value}
    response = client.post(reverse("people:profile"), data)
    assert response.status_code == 422
    assert field in response.context["form"].errors


def test_nobody_changes_the_profile_of_somebody_else():
    with pytest.raises(NotAllowed):
        actions.edit_profile(UserFactory(), name="x", language="de", time_zone="", by=UserFactory(), at=now())


def test_a_member_is_shown_the_language_they_chose_on_every_later_visit(client):
    user = UserFactory(language="en")
    client.force_login(user)
    assert client.post(reverse("people:language"), {"language": "pl", "next": "/people/me/"}).url == "/people/me/"
    user.refresh_from_db()
    assert user.language == "pl"
    assert client.get(reverse("people:me")).headers["Content-Language"] == "pl"


def test_a_visitor_is_shown_the_language_they_chose_for_this_visit(client):
    client.post(reverse("people:language"), {"language": "el"})
    assert client.session[LANGUAGE_SESSION_KEY] == "el"
    assert client.get(reverse("account_login")).headers["Content-Language"] == "el"


@pytest.mark.parametrize("language", ["", "xx", "de-at", "../de"])
def test_a_language_that_is_not_offered_changes_nothing(client, language):
    user = UserFactory(language="en")
    client.force_login(user)
    client.post(reverse("people:language"), {"language": language})
    user.refresh_from_db()
    assert user.language == "en"


def test_a_visitor_without_a_token_may_choose_a_language():
    careful = Client(enforce_csrf_checks=True)
    assert careful.post(reverse("people:language"), {"language": "pt"}).status_code == 302


def test_other_forms_ask_for_their_token():
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(UserFactory())
    assert careful.post(reverse("people:profile"), {"name": "x", "language": "de"}).status_code == 403
    assert careful.post(reverse("people:switch"), {"organisation": "1"}).status_code == 403


def test_members_have_their_organisation_in_the_rail(client):
    school = OrganisationFactory(slug="north")
    client.force_login(member(school))
    rail = client.get(reverse("people:me")).context["frame"].rail
    assert [str(place["entry"].label) for place in rail if place["entry"].url == school.get_absolute_url()] == ["School"]
