"""Signing in, by whichever way; that nobody learns who has an account; and what guards against guessing."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from guildhall.people.models import Mail, User
from guildhall.people.tests.factories import UserFactory
from guildhall.skills.actions import load_shipped

pytestmark = pytest.mark.django_db
PASSWORD = "seven quiet lanterns drift"
LOGIN, CODE = "/account/login/", "/account/login/code/confirm/"


def code_sent_to(address: str) -> str:
    """The code in the newest letter to an address."""
    return re.search(r"\d{4}-\d{4}", Mail.objects.filter(to=address).latest("pk").text)[0]


def sign_in(client: Client, user: User, **further: Any) -> Any:
    client.post(LOGIN, {"login": user.email, **further})
    return client.post(CODE, {"code": code_sent_to(user.email), **further})


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def with_password(**fields: Any) -> User:
    user = UserFactory(**fields)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def countries() -> None:
    load_shipped(by=None, at=now(), only=["country"])


# --- By code -------------------------------------------------------------------------------------------------------


def test_a_code_sent_to_ones_address_signs_one_in(client):
    user = UserFactory()

    answer = sign_in(client, user)

    assert answer.url == "/"
    assert client.session["_auth_user_id"] == str(user.pk)


def test_the_code_may_be_typed_without_its_dash_and_the_address_in_capitals(client):
    user = UserFactory(email="anna@example.org")
    client.post(LOGIN, {"login": "ANNA@example.org"})

    client.post(CODE, {"code": " " + code_sent_to(user.email).replace("-", " ")})

    assert is_signed_in(client)


def test_somebody_entered_by_a_command_signs_in_with_one_code(client):
    user = UserFactory(address=False)

    sign_in(client, user)

    assert is_signed_in(client)
    assert Mail.objects.count() == 1


def test_the_letter_is_in_the_language_of_the_account(client, settings):
    user = UserFactory(language="de")

    client.post(LOGIN, {"login": user.email}, headers={"accept-language": "pl"})

    assert Mail.objects.get().language == "de"


def test_a_letter_to_a_stranger_is_in_the_language_of_the_visit(client):
    client.post(LOGIN, {"login": "nobody@example.org"}, headers={"accept-language": "pl"})

    assert Mail.objects.get().language == "pl"


def test_three_wrong_attempts_end_a_code(client):
    user = UserFactory()
    client.post(LOGIN, {"login": user.email})
    code = code_sent_to(user.email)

    for _ in range(3):
        answer = client.post(CODE, {"code": "0000-0000"})
    client.post(CODE, {"code": code})

    assert answer.url == LOGIN
    assert not is_signed_in(client)


def test_a_code_is_valid_for_a_quarter_of_an_hour(client):
    user = UserFactory()
    client.post(LOGIN, {"login": user.email})

    with time_machine.travel(now() + timedelta(minutes=16)):
        client.post(CODE, {"code": code_sent_to(user.email)})

    assert not is_signed_in(client)


def test_a_code_works_only_in_the_browser_that_asked_for_it(client):
    user = UserFactory()
    client.post(LOGIN, {"login": user.email})
    other = Client()
    other.post(LOGIN, {"login": "nobody@example.org"})

    other.post(CODE, {"code": code_sent_to(user.email)})

    assert not is_signed_in(other)


def test_a_closed_account_gets_no_code(client):
    user = UserFactory(is_active=False)

    client.post(LOGIN, {"login": user.email})

    assert not re.search(r"\d{4}-\d{4}", Mail.objects.get().text)


def test_the_session_key_changes_when_one_signs_in(client):
    user = UserFactory()
    client.post(LOGIN, {"login": user.email})
    before = client.session.session_key

    client.post(CODE, {"code": code_sent_to(user.email)})

    assert client.session.session_key != before
    assert not Session.objects.filter(pk=before).exists()


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", r"/\evil.example", "https:evil.example"]
)
@pytest.mark.parametrize("way", [LOGIN, "/people/sign-in/password/"])
def test_nobody_is_led_elsewhere_after_signing_in(client, elsewhere, way):
    user = with_password()
    if way == LOGIN:
        answer = sign_in(client, user, next=elsewhere)
    else:
        answer = client.post(way, {"login": user.email, "password": PASSWORD, "next": elsewhere})

    assert is_signed_in(client)
    assert answer.url == "/"


def test_one_comes_back_to_the_page_one_wanted(client):
    wanted = client.get("/account/sessions/")
    assert wanted.url == f"{LOGIN}?next=/account/sessions/"

    assert sign_in(client, UserFactory(), next="/account/sessions/").url == "/account/sessions/"


def test_whoever_mistyped_their_address_types_another_one(client):
    client.post(LOGIN, {"login": "mistyped@example.org"})
    assert client.get(LOGIN).url == CODE

    answer = client.post("/account/logout/", {"next": LOGIN})

    assert answer.url == LOGIN
    assert client.get(LOGIN).status_code == 200


# --- By password ---------------------------------------------------------------------------------------------------


def test_a_password_signs_in_who_set_one(client):
    user = with_password()

    client.post("/people/sign-in/password/", {"login": user.email, "password": PASSWORD})

    assert is_signed_in(client)


def test_a_forgotten_password_is_chosen_anew_with_a_code(client):
    user = with_password()
    client.post(reverse("account_reset_password"), {"email": user.email})
    client.post(reverse("account_confirm_password_reset_code"), {"code": code_sent_to(user.email)})

    client.post(reverse("account_complete_password_reset"), {"password1": PASSWORD * 2, "password2": PASSWORD * 2})

    user.refresh_from_db()
    assert user.check_password(PASSWORD * 2)
    assert is_signed_in(client)


# --- Signing out ---------------------------------------------------------------------------------------------------


def test_signing_out_is_a_post_with_a_token(client):
    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory())

    shown = client.get("/account/logout/")
    refused = client.post("/account/logout/")
    assert (shown.status_code, refused.status_code, is_signed_in(client)) == (200, 403, True)

    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', shown.content.decode())[1]
    client.post("/account/logout/", {"csrfmiddlewaretoken": token})
    assert not is_signed_in(client)


def test_whoever_was_signed_out_while_writing_is_led_to_signing_in_and_back(client):
    client = Client(enforce_csrf_checks=True)
    form = "http://testserver/people/organisations/new/"

    answer = client.post("/people/me/profile/", {"next": "/elsewhere/"}, headers={"referer": form})

    assert answer.status_code == 403
    assert "You are signed out. Sign in and send it again; your text is kept." in answer.content.decode()
    assert f'href="{LOGIN}?next={quote(form)}"' in answer.content.decode()
    fragment = client.post("/people/me/profile/", headers={"referer": form, "HX-Request": "true"}).content.decode()
    assert f'<a href="{LOGIN}?next={quote(form)}">Sign in</a>' in fragment


def test_a_visitors_form_that_is_too_old_asks_nobody_to_sign_in(client):
    answer = Client(enforce_csrf_checks=True).post(LOGIN, {"login": "ewa@example.org"})
    assert answer.status_code == 403
    assert "open for too long" in answer.content.decode()


# --- Nobody finds out who has an account ---------------------------------------------------------------------------

START = {"organisation_name": "ZS nr 3", "kind": "school", "country": "PL", "name": "Ewa", "informed": "on"}
ENTRIES: dict[str, Callable[[str], tuple[str, dict[str, str]]]] = {
    "code": lambda address: (LOGIN, {"login": address}),
    "password": lambda address: ("/people/sign-in/password/", {"login": address, "password": "not the right one"}),
    "start": lambda address: ("/people/start/", {**START, "email": address}),
    "reset": lambda address: (reverse("account_reset_password"), {"email": address}),
}


@pytest.mark.parametrize("entry", ENTRIES)
def test_nobody_finds_out_whether_an_address_has_an_account(entry, countries):
    with_password(email="known@example.org")
    UserFactory(email="nokey@example.org")  # an account without a password
    seen, asked = {}, []
    for address in ("known@example.org", "nokey@example.org", "nobod@example.org"):
        client = Client()
        path, data = ENTRIES[entry](address)
        letters = Mail.objects.count()
        client.get(path)  # what is loaded once is loaded
        with CaptureQueriesContext(connection) as queries:
            answer = client.post(path, data)
        asked.append(len(queries))
        following = client.get(answer.url) if answer.status_code == 302 else answer
        wrong = client.post(following.request["PATH_INFO"], {"code": "0000-0000"}) if answer.status_code == 302 else answer
        seen[address] = (
            answer.status_code,
            answer.headers.get("Location"),
            plain(following, address),
            plain(wrong, address),
            Mail.objects.count() - letters,
        )

    assert seen["known@example.org"] == seen["nokey@example.org"] == seen["nobod@example.org"]
    assert max(asked) - min(asked) <= 1  # beside a password's hash, a look-up by address more or less is not to be measured


def plain(answer: Any, address: str) -> str:
    """A page without what differs from visit to visit."""
    text = answer.content.decode().replace(address, "ADDRESS")
    return re.sub(r"[A-Za-z0-9]{64}", "TOKEN", text)


def test_a_password_is_hashed_for_strangers_too(client, monkeypatch):
    hashed = []
    monkeypatch.setattr(User, "set_password", lambda self, raw: hashed.append(raw))

    client.post("/people/sign-in/password/", {"login": "nobody@example.org", "password": PASSWORD})

    assert hashed == [PASSWORD]


# --- Against guessing and flooding ---------------------------------------------------------------------------------


def test_an_address_gets_three_codes_a_minute_from_whichever_network():
    user = UserFactory()

    for number in range(4):
        answer = Client(REMOTE_ADDR=f"192.0.2.{number}").post(LOGIN, {"login": user.email})

    assert Mail.objects.count() == 3
    assert "too often" in answer.content.decode()


def test_the_address_of_a_stranger_is_limited_alike():
    for _ in range(4):
        answer = Client().post(LOGIN, {"login": "nobody@example.org"})

    assert Mail.objects.count() == 3
    assert "too often" in answer.content.decode()


def test_a_network_gets_a_clear_sentence_and_429(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "login": "2/m/ip"}

    answers = [client.post(LOGIN, {"login": f"p{number}@example.org"}) for number in range(3)]

    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert "Wait a few minutes" in answers[-1].content.decode()


def test_five_wrong_passwords_close_that_door_for_an_address(client):
    user = with_password()
    for number in range(5):
        Client(REMOTE_ADDR=f"192.0.2.{number}").post("/people/sign-in/password/", {"login": user.email, "password": "wrong"})

    client.post("/people/sign-in/password/", {"login": user.email, "password": PASSWORD})
    assert not is_signed_in(client)

    sign_in(client, user)
    assert is_signed_in(client)


def test_starting_is_limited_by_address(countries):
    answers = [Client().post("/people/start/", {**START, "email": "ewa@example.org"}) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [302, 302, 302, 429]
    assert Mail.objects.count() == 3


def test_attempts_sent_all_at_once_are_counted_too(client):
    user = UserFactory()
    client.post(LOGIN, {"login": user.email})
    code, kept = code_sent_to(user.email), dict(client.session)
    for _ in range(10):
        client.post(CODE, {"code": "0000-0000"})
        session = client.session  # as if this request had been read before the others were written
        session.update(kept)
        session.save()

    answer = client.post(CODE, {"code": code})

    assert not is_signed_in(client)
    assert "too often" in answer.content.decode()


def test_limits_hold_over_several_servers(tmp_path):
    knock = """
import django; django.setup()
from django.test import RequestFactory
from allauth.core import ratelimit
request = RequestFactory().post("/", REMOTE_ADDR="192.0.2.1")
print(sum(ratelimit.consume(request, action="request_login_code", key="a@example.org") for _ in range(3)))
"""
    environment = {
        "DJANGO_SETTINGS_MODULE": "guildhall.config.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path}/shared.sqlite3",
        "GUILDHALL_DATA": str(tmp_path),
    }
    run = {"env": environment, "cwd": settings.PROJECT, "text": True}
    subprocess.run([sys.executable, "-m", "guildhall", "createcachetable"], check=True, capture_output=True, timeout=60, **run)

    with ThreadPoolExecutor() as servers:
        knocks = [
            servers.submit(subprocess.run, [sys.executable, "-c", knock], check=True, capture_output=True, timeout=60, **run)
            for _ in range(2)
        ]
        let_through = [int(knocked.result().stdout.split()[-1]) for knocked in knocks]

    assert sum(let_through) == 3  # of six, by two processes at once


@pytest.mark.parametrize(("proxies", "address"), [(0, "198.51.100.9"), (1, "203.0.113.5"), (2, "192.0.2.77")])
def test_only_trusted_proxies_say_where_somebody_comes_from(settings, proxies, address):
    from allauth.account.adapter import get_adapter

    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    request = RequestFactory().get(
        "/", REMOTE_ADDR="198.51.100.9", headers={"X-Forwarded-For": "10.6.6.6, 192.0.2.77, 203.0.113.5"}
    )

    assert get_adapter().get_client_ip(request) == address


def test_the_cache_that_counts_is_large_enough_not_to_be_emptied():
    assert settings.CACHES["default"]["OPTIONS"]["MAX_ENTRIES"] >= 20_000
