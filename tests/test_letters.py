"""What letters say: nothing that people type gets into their heads, and their links lead here, whatever name was asked."""

from __future__ import annotations

import re
from email import message_from_bytes, policy

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client

from guildhall.core import tasks
from guildhall.people.models import Invitation, Mail, Role
from guildhall.people.notices import envelope
from guildhall.people.tests.factories import MailFactory, OrganisationFactory, member
from guildhall.people.tests.test_signin import LOGIN

pytestmark = pytest.mark.django_db

INVITE = "/people/organisations/north/members/invite/"
INVITED = {"email": "new@example.org", "roles": ["teacher"], "language": "en"}


@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r", "\u2028"])
def test_a_name_puts_nothing_into_the_head_of_a_letter(client: Client, line_end: str) -> None:
    name = f"Eve{line_end}Bcc: victim@example.org"
    client.force_login(member(OrganisationFactory(name=name, slug="north"), Role.MANAGER, name=name))
    client.post(INVITE, {**INVITED, "name": name, "sentence": name})
    tasks.run_waiting()
    (sent,) = mail.outbox
    read = message_from_bytes(sent.message().as_bytes(), policy=policy.default)
    assert sent.recipients() == ["new@example.org"]
    assert read["Bcc"] is None
    assert read["From"].addresses[0].addr_spec == "guildhall@localhost"


def test_a_letter_with_a_subject_of_two_lines_is_not_sent() -> None:
    letter = envelope(MailFactory(subject="A letter\nBcc: victim@example.org"))
    with pytest.raises(ValueError, match="newline"):
        letter.message()


@pytest.mark.parametrize("headers", [{"X-Forwarded-Host": "evil.example"}, {"X-Host": "evil.example"}, {"Host": "localhost"}])
def test_letters_lead_to_where_the_operator_says_whatever_name_was_asked(client: Client, headers: dict[str, str]) -> None:
    client.force_login(member(OrganisationFactory(slug="north"), Role.MANAGER))
    assert client.post(INVITE, INVITED, headers=headers).status_code == 302
    Client().post(LOGIN, {"login": "nobody@example.org"}, headers=headers)
    for letter in Mail.objects.all():
        assert set(re.findall(r"https?://[^/\s]+", letter.text)) == {settings.BASE_URL}


def test_another_name_than_ours_is_not_answered(client: Client) -> None:
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


def test_nobody_sends_invitations_by_the_hundred(client: Client) -> None:
    client.force_login(member(OrganisationFactory(slug="north"), Role.MANAGER))
    answers = [client.post(INVITE, {**INVITED, "email": f"victim{number}@example.org"}).status_code for number in range(31)]
    assert answers == [302] * 30 + [429]
    assert Invitation.objects.count() == 30
