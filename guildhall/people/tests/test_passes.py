from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import pytest
from django.urls import reverse
from django.utils.timezone import now

from guildhall.people.models import Pass
from guildhall.people.passes import LinkNotValid, issue_pass, link, open_pass, revoke_passes
from guildhall.people.tests.factories import InvitationFactory, UserFactory

pytestmark = pytest.mark.django_db

PURPOSE = "people.invitation"


@pytest.fixture
def issued():
    invitation = InvitationFactory()
    held, token = issue_pass(invitation, purpose=PURPOSE, valid_for=timedelta(days=1), by=invitation.invited_by, at=now())
    return invitation, held, token


def forgeries(token: str) -> dict[str, str]:
    return {
        "made up": "x" * 43,
        "one letter off": token[:-1] + ("A" if token[-1] != "A" else "B"),
        "shortened": token[:-1],
        "lengthened": token + "A",
        "in other letters": token.swapcase(),
        "the digest itself": sha256(token.encode()).hexdigest(),
        "with a wildcard": "%",
        "with a zero byte": token + "\0",
        "very long": "a" * 5000,
    }


def test_a_link_opens_the_thing_it_was_issued_for(issued):
    _invitation, held, token = issued
    assert open_pass(token, purpose=PURPOSE, at=now()) == held


def test_the_secret_of_a_link_is_not_kept(issued):
    _invitation, held, token = issued
    assert held.digest == sha256(token.encode()).hexdigest()
    assert token not in [str(value) for value in Pass.objects.values_list().get()]


@pytest.mark.parametrize("kind", forgeries("token"))
def test_a_forged_link_opens_nothing(client, issued, kind):
    forged = forgeries(issued[2])[kind]
    with pytest.raises(LinkNotValid):
        open_pass(forged, purpose=PURPOSE, at=now())
    for name in ("pass", "people:invitation"):
        assert client.get(reverse(name, args=[forged])).status_code == 404


def test_what_is_wrong_with_a_link_is_not_said(client, issued):
    invitation, held, token = issued
    made_up = client.get(reverse("pass", args=["x" * 43]))
    held.expires_at = held.issued_at + timedelta(seconds=1)
    held.issued_at -= timedelta(days=2)
    held.expires_at -= timedelta(days=1)
    held.save()
    expired = client.get(reverse("pass", args=[token]))
    other, other_token = issue_pass(invitation, purpose="people.unknown", valid_for=timedelta(days=1), by=None, at=now())
    elsewhere = client.get(reverse("people:invitation", args=[other_token]))
    revoke_passes(invitation, purpose=other.purpose, at=now())
    revoked = client.get(reverse("pass", args=[other_token]))
    for answer in (expired, elsewhere, revoked):
        assert answer.status_code == made_up.status_code == 404
        assert answer.context["sentence"] == made_up.context["sentence"]


def test_a_pass_for_one_purpose_does_not_open_another(issued):
    with pytest.raises(LinkNotValid):
        open_pass(issued[2], purpose="agreements.sign", at=now())


def test_a_pass_expires_to_the_second(issued):
    _invitation, held, token = issued
    assert open_pass(token, at=held.expires_at - timedelta(seconds=1)) == held
    with pytest.raises(LinkNotValid):
        open_pass(token, at=held.expires_at)


def test_revoking_counts_only_what_was_valid(issued):
    invitation, _held, token = issued
    assert revoke_passes(invitation, purpose=PURPOSE, at=now()) == 1
    assert revoke_passes(invitation, purpose=PURPOSE, at=now()) == 0
    with pytest.raises(LinkNotValid):
        open_pass(token, at=now())


def test_revoking_leaves_the_passes_to_other_things(issued):
    other = InvitationFactory()
    _held, token = issue_pass(other, purpose=PURPOSE, valid_for=timedelta(days=1), by=None, at=now())
    revoke_passes(issued[0], purpose=PURPOSE, at=now())
    assert open_pass(token, at=now())


def test_opening_a_link_writes_nothing_starts_no_session_and_tells_nobody(client, issued):
    response = client.get(link(issued[2]))
    assert response.status_code == 302
    assert response.url == reverse("people:invitation", args=[issued[2]])
    assert "sessionid" not in response.cookies
    assert not client.cookies
    assert response["Referrer-Policy"] == "no-referrer"
    assert "noindex" in response["X-Robots-Tag"]
    assert "no-store" in response["Cache-Control"]


def test_a_link_in_a_letter_is_only_opened_by_get(client, issued):
    assert client.post(reverse("pass", args=[issued[2]])).status_code == 405


def test_a_link_does_the_same_for_who_is_signed_in(client, issued):
    client.force_login(UserFactory())
    assert client.get(reverse("pass", args=[issued[2]])).status_code == 302
