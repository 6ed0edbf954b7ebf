"""What is written into the logs: what happened, and nothing by which somebody is known or gets in."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from guildhall.core import tasks
from guildhall.people.models import Mail
from guildhall.people.tests.factories import OrganisationFactory, member
from guildhall.people.tests.test_signin import CODE, LOGIN, PASSWORD, code_sent_to, with_password

pytestmark = [pytest.mark.django_db, pytest.mark.same_on_both]


def test_no_secret_and_no_name_comes_into_the_logs(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    user = with_password(email="ada@example.org", name="Ada Lovelace")
    school = OrganisationFactory(slug="north")
    manager = member(school, "manager")
    with caplog.at_level("INFO"):
        client.post(LOGIN, {"login": user.email})
        code = code_sent_to(user.email)
        client.post(CODE, {"code": code})
        secret = client.session.session_key
        client.get("/people/me/?secret=in-the-address")
        Client().post("/people/sign-in/password/", {"login": user.email, "password": PASSWORD})
        Client().post("/people/sign-in/password/", {"login": user.email, "password": "wrong-but-mine"})
        other = Client()
        other.force_login(manager)
        other.post(
            "/people/organisations/north/members/invite/", {"email": "new@example.org", "roles": ["teacher"], "language": "en"}
        )
        token = re.search(r"/p/([\w-]+)/", Mail.objects.get(to="new@example.org").text)[1]  # type: ignore[index]
        Client().get(f"/p/{token}/", follow=True)
        Client().post(reverse("people:invitation", args=[token]), {"name": "Nell", "informed": "on"})
        tasks.run_waiting()
    logged = " ".join(str(record.__dict__) for record in caplog.records if record.name.startswith("guildhall"))
    assert "/people/me/" in logged
    for kept_quiet in (
        code,
        code.replace("-", ""),
        token,
        secret,
        PASSWORD,
        "wrong-but-mine",
        "in-the-address",
        user.email,
        user.name,
    ):
        assert kept_quiet not in logged
