"""What one changes about how one signs in: with proof of who one is, and told by letter. And how an account begins."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from guildhall.people.actions import load_statements
from guildhall.people.models import ConsentRecord, Mail, Membership, Organisation, Role, User
from guildhall.people.tests.factories import MembershipFactory, OrganisationFactory, UserFactory
from guildhall.people.tests.test_signin import PASSWORD, code_sent_to, is_signed_in, sign_in, with_password
from guildhall.skills.actions import load_shipped

pytestmark = pytest.mark.django_db
CONFIRM = "/people/sign-in/confirm/"
LATER = timedelta(minutes=6)


@pytest.fixture
def countries() -> None:
    load_shipped(by=None, at=now(), only=["country"])


def app_code(secret: str) -> str:
    """What a code app shows now."""
    return format_hotp_value(hotp_value(secret, list(yield_hotp_counters_from_time())[1]))


def with_code_app() -> tuple[User, str]:
    user, secret = UserFactory(), generate_totp_secret()
    TOTP.activate(user, secret)
    return user, secret


def confirm_by_code(client: Client, user: User, address: str) -> Any:
    client.post(address, {"send": "1"})
    return client.post(address, {"code": code_sent_to(user.email)})


# --- Proof of who one is -------------------------------------------------------------------------------------------

GUARDED = ["account_set_password", "mfa_activate_totp", "mfa_add_webauthn"]


@pytest.mark.parametrize("name", GUARDED)
def test_who_just_signed_in_need_not_prove_it_again(client, name):
    sign_in(client, UserFactory())

    assert client.get(reverse(name)).status_code == 200


@pytest.mark.parametrize("name", GUARDED)
def test_after_five_minutes_a_change_asks_for_a_code_and_then_goes_on(client, name):
    user = UserFactory()
    sign_in(client, user)

    with time_machine.travel(now() + LATER):
        asked = client.get(reverse(name))
        assert asked.url.startswith(CONFIRM)
        assert client.get(asked.url).status_code == 200

        assert confirm_by_code(client, user, asked.url).url == reverse(name)
        assert client.get(reverse(name)).status_code == 200


def test_a_change_of_address_waits_for_proof_and_is_then_made(client):
    user = UserFactory()
    sign_in(client, user)

    with time_machine.travel(now() + LATER):
        asked = client.post(reverse("account_email"), {"email": "new@example.org", "action_add": "1"})
        assert asked.url.startswith(CONFIRM)
        assert not Mail.objects.filter(to="new@example.org").exists()

        confirm_by_code(client, user, asked.url)
        client.post(reverse("account_email_verification_sent"), {"code": code_sent_to("new@example.org")})

    user.refresh_from_db()
    assert user.email == "new@example.org"


def test_wrong_codes_prove_nothing(client):
    sign_in(client, UserFactory())

    with time_machine.travel(now() + LATER):
        client.post(CONFIRM, {"send": "1"})
        for _ in range(3):
            client.post(CONFIRM, {"code": "0000-0000"})

        assert client.get(reverse("account_set_password")).url.startswith(CONFIRM)


def test_a_code_is_no_proof_for_who_has_a_second_factor(client):
    user, _secret = with_code_app()
    client.force_login(user)

    asked = client.get(reverse("mfa_deactivate_totp"))

    assert asked.url.startswith(reverse("mfa_reauthenticate"))
    assert client.get(CONFIRM).url == reverse("mfa_reauthenticate")  # and not on from here


# --- Address -------------------------------------------------------------------------------------------------------


def change_address(client: Client, new: str) -> Any:
    return client.post(reverse("account_email"), {"email": new, "action_add": "1"})


def test_a_new_address_counts_from_its_code_on_and_the_old_one_is_told(client):
    user = UserFactory(email="old@example.org")
    sign_in(client, user)

    change_address(client, "new@example.org")
    user.refresh_from_db()
    assert user.email == "old@example.org"

    client.post(reverse("account_email_verification_sent"), {"code": code_sent_to("new@example.org")})
    user.refresh_from_db()
    assert user.email == "new@example.org"
    assert list(EmailAddress.objects.values_list("email", "verified")) == [("new@example.org", True)]
    assert "new@example.org" in Mail.objects.filter(to="old@example.org").latest("pk").text


def test_an_address_that_another_account_has_looks_like_any_other(client):
    UserFactory(email="taken@example.org")
    sign_in(client, UserFactory(email="first@example.org"))

    assert change_address(client, "taken@example.org").url == reverse("account_email_verification_sent")
    answer = client.post(reverse("account_email_verification_sent"), {"code": code_sent_to("taken@example.org")})

    assert "Another account has this address" in answer.content.decode()
    assert User.objects.filter(email="taken@example.org").count() == 1


# --- Password ------------------------------------------------------------------------------------------------------


def test_a_password_is_set_changed_and_removed(client):
    user = UserFactory()
    sign_in(client, user)

    client.post(reverse("account_set_password"), {"password1": PASSWORD, "password2": PASSWORD})
    user.refresh_from_db()
    assert user.check_password(PASSWORD)

    other = PASSWORD + " away"
    client.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": other, "password2": other})
    user.refresh_from_db()
    assert user.check_password(other)

    with time_machine.travel(now() + LATER):
        asked = client.post(reverse("people:remove_password"))
        client.post(asked.url, {"password": other})
    user.refresh_from_db()
    assert not user.has_usable_password()
    assert is_signed_in(client)
    subjects = Mail.objects.exclude(subject__startswith="Your code").order_by("pk").values_list("subject", flat=True)
    assert list(subjects) == ["A password was set", "Your password was changed", "Your password was removed"]


def test_a_password_removed_signs_out_everywhere_else(client):
    user = with_password()
    elsewhere = Client()
    elsewhere.force_login(user)
    client.post("/people/sign-in/password/", {"login": user.email, "password": PASSWORD})

    client.post(reverse("people:remove_password"))

    assert client.get(reverse("mfa_index")).status_code == 200
    assert elsewhere.get(reverse("mfa_index")).status_code == 302


# --- Where one is signed in ----------------------------------------------------------------------------------------


def test_one_sees_where_one_is_signed_in_and_ends_it(client):
    user, elsewhere = (
        UserFactory(),
        Client(headers={"user-agent": "Mozilla/5.0 (iPad; CPU OS 18_0) AppleWebKit/605.1 Version/18.0 Safari/604.1"}),
    )
    sign_in(elsewhere, user)
    sign_in(client, user)

    assert "Safari on iPad" in client.get(reverse("usersessions_list")).content.decode()
    client.post(reverse("usersessions_list"))

    assert is_signed_in(client)
    assert elsewhere.get(reverse("mfa_index")).status_code == 302


def test_where_no_sign_in_is_recorded_the_page_says_so(client, monkeypatch):
    monkeypatch.setattr(UserSession.objects, "purge_and_list", lambda user: [])
    client.force_login(UserFactory())
    assert "No sign-in is recorded yet." in client.get(reverse("usersessions_list")).content.decode()


# --- Second factor -------------------------------------------------------------------------------------------------


def test_a_code_app_is_set_up_and_asked_for(client):
    user = UserFactory()
    sign_in(client, user)
    client.get(reverse("mfa_activate_totp"))
    secret = client.session["mfa.totp.secret"]
    with time_machine.travel(now(), tick=False):
        client.post(reverse("mfa_activate_totp"), {"code": app_code(secret)})
    assert set(user.authenticator_set.values_list("type", flat=True)) == {"totp", "recovery_codes"}

    again = Client()
    assert sign_in(again, user).url == reverse("mfa_authenticate")
    assert not is_signed_in(again)
    with time_machine.travel(now() + timedelta(minutes=2), tick=False):
        again.post(reverse("mfa_authenticate"), {"code": app_code(secret)})
    assert is_signed_in(again)


def test_what_a_code_app_is_set_up_with_cannot_be_read_in_the_database():
    _user, secret = with_code_app()

    assert secret not in str(Authenticator.objects.get().data)


def test_a_secret_key_that_was_exchanged_still_reads_it(client, settings):
    user, secret = with_code_app()
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another secret " * 5

    sign_in(client, user)
    client.post(reverse("mfa_authenticate"), {"code": app_code(secret)})

    assert is_signed_in(client)


def test_a_recovery_code_signs_in_once():
    user, _secret = with_code_app()
    code = RecoveryCodes.activate(user).get_unused_codes()[0]

    for expected in (True, False):
        client = Client()
        sign_in(client, user)
        client.post(reverse("mfa_authenticate"), {"code": code})
        assert is_signed_in(client) is expected


def test_a_second_factor_is_asked_for_after_a_password_too(client):
    user, _secret = with_code_app()
    user.set_password(PASSWORD)
    user.save()

    answer = client.post("/people/sign-in/password/", {"login": user.email, "password": PASSWORD})

    assert answer.url == reverse("mfa_authenticate")
    assert not is_signed_in(client)


def test_codes_of_an_app_cannot_be_guessed_at(client):
    user, secret = with_code_app()
    sign_in(client, user)
    for _ in range(5):
        client.post(reverse("mfa_authenticate"), {"code": "000000"})

    answer = client.post(reverse("mfa_authenticate"), {"code": app_code(secret)})

    assert not is_signed_in(client)
    assert "too often" in answer.content.decode()


def test_an_organisation_that_asks_for_a_second_factor_leads_there_before_anything_else(client):
    school = OrganisationFactory(requires_second_factor=True, name="Strict School")
    user = MembershipFactory(organisation=school).user
    sign_in(client, user)

    led = client.get("/")
    page = client.get(led.url)
    assert led.url == reverse("people:second_factor_needed")
    assert "Strict School" in page.content.decode()
    for name in ("mfa_add_webauthn", "mfa_activate_totp"):
        assert reverse(name) in page.content.decode()
        assert client.get(reverse(name)).status_code == 200

    TOTP.activate(user, generate_totp_secret())
    assert client.get("/").status_code == 200


# --- Starting with one's school ------------------------------------------------------------------------------------

START = {"organisation_name": "ZS nr 3 w Łodzi", "kind": "school", "country": "PL", "name": "Ewa Lis", "informed": "on"}


def test_an_account_begins_with_a_school_once_the_address_is_proved(client, countries):
    load_statements(by=None, at=now())

    assert client.get("/people/start/").status_code == 200
    assert client.post("/people/start/", {**START, "email": "Ewa@example.org"}).url == "/people/start/code/"
    assert client.get("/people/start/code/").status_code == 200
    assert (User.objects.count(), Organisation.objects.count()) == (0, 0)

    client.post("/people/start/code/", {"code": code_sent_to("ewa@example.org")}, headers={"accept-language": "pl"})

    user = User.objects.get()
    school = Organisation.objects.get()
    assert is_signed_in(client)
    assert (user.email, user.name, user.language, user.has_usable_password()) == ("ewa@example.org", "Ewa Lis", "pl", False)
    assert (school.name, school.country, school.kind) == ("ZS nr 3 w Łodzi", "PL", "school")
    assert Membership.objects.get(user=user, organisation=school).role == Role.MANAGER
    assert EmailAddress.objects.get(user=user).verified
    assert ConsentRecord.objects.about(user).exists()


def test_a_stranger_writes_nothing_into_our_letters(client, countries):
    client.post("/people/start/", {**START, "organisation_name": "Win at evil.example", "email": "ewa@example.org"})

    assert "evil.example" not in Mail.objects.get().text


def test_nothing_begins_without_having_read_what_happens_to_ones_data(client, countries):
    load_statements(by=None, at=now())

    answer = client.post("/people/start/", {**START, "informed": "", "email": "ewa@example.org"})

    assert answer.status_code == 422
    assert not Mail.objects.exists()


def test_a_known_address_begins_nothing_but_gets_a_letter_that_says_so(client, countries):
    UserFactory(email="ewa@example.org", language="de")

    client.post("/people/start/", {**START, "email": "ewa@example.org"})
    awaited = client.session["awaited_code:start"]["code"]

    letter = Mail.objects.get()
    assert not re.search(r"\d{4}-\d{4}", letter.text)
    assert awaited not in letter.text
    assert letter.language == "de"


def test_a_start_expires(client, countries):
    client.post("/people/start/", {**START, "email": "ewa@example.org"})

    with time_machine.travel(now() + timedelta(minutes=16)):
        answer = client.post("/people/start/code/", {"code": code_sent_to("ewa@example.org")})

    assert answer.url == "/people/start/"
    assert "awaited_code:start" not in client.session
    assert not User.objects.exists()


def test_three_wrong_codes_end_a_start(client, countries):
    client.post("/people/start/", {**START, "email": "ewa@example.org"})
    code = code_sent_to("ewa@example.org")

    for _ in range(3):
        client.post("/people/start/code/", {"code": "0000-0000"})
    client.post("/people/start/code/", {"code": code})

    assert not User.objects.exists()


def test_another_code_can_be_sent_twice(client, countries, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "start": "100/m/ip"}
    client.post("/people/start/", {**START, "email": "ewa@example.org"})

    for _ in range(4):
        client.post("/people/start/code/", {"again": "1"})

    assert Mail.objects.count() == 3
    client.post("/people/start/code/", {"code": code_sent_to("ewa@example.org")})
    assert is_signed_in(client)


def test_an_address_that_got_an_account_meanwhile_is_told_to_sign_in(client, countries):
    client.post("/people/start/", {**START, "email": "ewa@example.org"})
    UserFactory(email="ewa@example.org")

    answer = client.post("/people/start/code/", {"code": code_sent_to("ewa@example.org")})

    assert answer.status_code == 409
    assert not Organisation.objects.exists()
