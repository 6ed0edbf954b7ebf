"""What nobody may do to Guildhall, tried at every door; docs/security.md says what else is tested where."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from html import unescape
from itertools import product
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from guildhall.people.models import Invitation, User
from guildhall.people.passes import issue_pass, revoke_passes
from guildhall.people.tests.factories import InvitationFactory, UserFactory
from guildhall.people.tests.test_signin import LOGIN
from tests.world import FORGED, SENT, THINGS, Door, Page, World, doors, knock, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.same_on_both]


# --- Forms of others -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["visitor", "manager"])
def test_nothing_is_done_without_the_token_of_the_form(world: World, who: str) -> None:
    browser = signed_in(world, who)
    browser.handler.enforce_csrf_checks = True
    done = {
        door.name
        for door in doors()
        if knock(browser, "POST", door.address(world), SENT[door.name](world) if door.name in SENT else {}).status_code
        not in (403, 405)
    }
    # OAI-PMH asks by POST too, and only reads; who answers by a link is let in by the secret in its address, not by a cookie.
    assert done == {"people:language", "oer:oai", "engagement:needs_link_part", "engagement:letter_stop"}


def test_the_one_form_without_a_token_changes_ones_own_language_and_nothing_else(client: Client) -> None:
    user = UserFactory(language="en")
    client.force_login(user)
    before = User.objects.values().get(pk=user.pk)
    with CaptureQueriesContext(connection) as queries:
        client.post("/people/language/", {"language": "de", "is_operator": "on", "email": "evil@evil.example", "user": "1"})
    written = {query["sql"].split('"')[1] for query in queries if re.match(r"(INSERT|UPDATE|DELETE)", query["sql"])}
    assert written == {"people_user", "core_auditline"}
    assert User.objects.values().get(pk=user.pk) == {**before, "language": "de"}


# --- Being led elsewhere -------------------------------------------------------------------------------------------

ELSEWHERE = ["//evil.example/", "https://evil.example/", r"/\evil.example/", "https:evil.example", "javascript:alert(1)"]


def asked_along(browser: Client, door: Door, world: World, method: str, where: str) -> Any:
    """What somebody is answered who brings an address along in every way there is."""
    address = f"{door.address(world)}?{'next=' + where if method == 'GET' else ''}"
    data = {"next": where, **(SENT[door.name](world) if door.name in SENT else {})} if method == "POST" else {}
    return knock(browser, method, address, data, HTTP_REFERER=where)


def led_to(response: Any) -> list[str]:
    """Where an answer leads."""
    if response.status_code in (301, 302):
        return [response.url]
    is_page = response.headers.get("Content-Type", "").startswith("text/html")
    # Taking a page apart takes longer than making it, so only those are that say it at all.
    may_lead = is_page and re.search(r"evil\.example|:alert", unescape(response.body))
    return [response.headers.get("HX-Redirect", ""), *(Page(response.body).leads_elsewhere if may_lead else [])]


@pytest.mark.parametrize("who", ["visitor", "manager"])
def test_no_door_leads_elsewhere_and_each_says_what_a_browser_may_do_with_its_answer(world: World, who: str) -> None:
    browser = signed_in(world, who)
    led = []
    for door, method in product(doors(), ("GET", "POST")):
        response = asked_along(browser, door, world, method, ELSEWHERE[0])
        led += [f"{method} {door.name}: {one}" for one in led_to(response) if "evil.example" in one.partition("?")[0]]
        if door.name != "oer:embed":  # the one page that may stand in a frame elsewhere
            check_headers(response)
        for name, cookie in response.cookies.items():
            assert (name, cookie["httponly"], cookie["samesite"]) == ("guildhall", True, "Lax"), door
    assert led == []


def test_where_one_is_led_back_one_is_led_back_here(world: World) -> None:
    browser = signed_in(world, "coordinator")
    following = [door for door in doors() if led_to(asked_along(browser, door, world, "POST", "/ui/?mine")) == ["/ui/?mine"]]
    assert {"people:language", "people:switch", "account_logout", "engagement:step_finish"} <= {door.name for door in following}
    for door, elsewhere in product(following, ELSEWHERE):
        (address,) = led_to(asked_along(browser, door, world, "POST", elsewhere))
        assert address.startswith("/"), (door, elsewhere)
        assert not address.startswith(("//", "/\\")), (door, elsewhere)


# --- What is there and what is not ---------------------------------------------------------------------------------


def _absent(arguments: dict[str, Any]) -> dict[str, Any]:
    fresh: dict[str, Callable[[Any], Any]] = {
        "pk": lambda value: 999_999 if isinstance(value, int) else uuid4(),
        "slug": lambda value: "nowhere",
        "key": lambda value: "nothing",
        "token": lambda value: FORGED,
        "purpose": lambda value: "people.nothing" if "." in value else value,
        "provider_id": lambda value: "nobody",
        **{name: lambda value: value for name in ("by", "day", "ending", "number", "kind", "language", "part", "rule")},
    }
    return {name: 999_999 if name.endswith("_pk") else fresh[name](value) for name, value in arguments.items()}


def _without_addresses(response: Any) -> tuple[int, str, str]:
    """An answer less what belongs to the address that was asked for and to the moment."""
    body = re.sub(r'(csrfmiddlewaretoken" value=|nonce=|"X-CSRFToken": )"\w+"', "", response.body)
    plain = re.sub(r"999999|[0-9a-f-]{36}|\b\d+\b|north|nowhere|sso|nobody", "", body)
    return response.status_code, response.headers.get("Content-Type", ""), plain


@pytest.mark.parametrize("who", ["stranger", "other school"])
def test_what_one_may_not_see_answers_as_what_is_not_there(world: World, who: str) -> None:
    browser = signed_in(world, who)
    own = {
        "pass", "people:invitation", "people:consent_give", "engagement:calendar_feed", "engagement:needs_link",
        "engagement:needs_link_part", "engagement:letter_answer", "engagement:letter_stop",
    }  # fmt: skip

    @cache
    def nothing_there(method: str, address: str) -> tuple[int, str, str]:
        return _without_addresses(knock(browser, method, address))

    told = [
        f"{method} {name} ({thing})"
        for name, things in THINGS.items()
        for thing, arguments in things.items()
        for method in ("GET", "POST")
        if name not in own
        and thing != "oneself"
        and not thing.startswith(("public", "shared"))
        and _without_addresses(knock(browser, method, reverse(name, kwargs=arguments(world))))
        != nothing_there(method, reverse(name, kwargs=_absent(arguments(world))))
    ]
    assert told == []


def test_a_search_tells_a_stranger_nothing(world: World) -> None:
    for who in ("stranger", "association", "other school", "learner"):
        browser = signed_in(world, who)
        for text in ("Kurz", "Ada Lamb", "spring"):
            assert knock(browser, "GET", f"/search/?q={text}").context["groups"] == [], (who, text)
    browser = signed_in(world, "manager")
    browser.post(reverse("engagement:change", args=[world.employer.pk]), {"name": "Kurz Joinery", "country": "PL"})
    assert knock(browser, "GET", "/search/?q=Kurz").context["groups"]


# --- Links that need no account ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["made up", "of another purpose", "expired", "revoked", "of a withdrawn invitation"])
def test_a_link_that_is_not_valid_opens_no_account(client: Client, kind: str) -> None:
    invitation = InvitationFactory(email="new@example.org")
    purpose = "agreements.sign" if kind == "of another purpose" else "people.invitation"
    issued_at = now() - timedelta(days=2) if kind == "expired" else now()
    _held, token = issue_pass(invitation, purpose=purpose, valid_for=timedelta(days=1), by=None, at=issued_at)
    if kind == "revoked":
        revoke_passes(invitation, purpose=purpose, at=now())
    elif kind == "of a withdrawn invitation":
        Invitation.objects.update(withdrawn_at=now())
    elif kind == "made up":
        token = FORGED
    answer = client.post(reverse("people:invitation", args=[token]), {"name": "Mallory", "informed": "on"})
    assert answer.status_code == 404
    assert not User.objects.filter(email="new@example.org").exists()
    assert "_auth_user_id" not in client.session


# --- What every answer carries -------------------------------------------------------------------------------------


def check_headers(response: Any) -> None:
    policy_sent = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy_sent
    assert "frame-ancestors 'none'" in policy_sent
    assert "unsafe" not in policy_sent
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Referrer-Policy"] in ("same-origin", "no-referrer")
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize("error", ["not there", "another host", "without a token", "broken"])
def test_errors_say_so_too(client: Client, error: str, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Client(raise_request_exception=False, enforce_csrf_checks=error == "without a token")
    if error == "broken":
        monkeypatch.setattr("guildhall.portal.views.render", lambda *arguments, **context: 1 / 0)
    asked: dict[str, Callable[[], Any]] = {
        "not there": lambda: browser.get("/nothing/here/"),
        "another host": lambda: browser.get("/", headers={"host": "evil.example"}),
        "without a token": lambda: browser.post(LOGIN, {"login": "a@example.org"}),
        "broken": lambda: browser.get("/"),
    }
    response = asked[error]()
    assert response.status_code == {"not there": 404, "another host": 400, "without a token": 403, "broken": 500}[error]
    check_headers(response)
    assert Page(response.content.decode()).run == []


# --- Production ----------------------------------------------------------------------------------------------------

TOLD = {
    "PRODUCTION": "1",
    "SECRET_KEY": "k" * 50,
    "ALLOWED_HOSTS": "guildhall.example.org",
    "DATABASE_URL": "sqlite:///:memory:",
}


def start(environment: dict[str, str], data: Path, command: str = "import guildhall.config.settings") -> Any:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    return subprocess.run(
        [sys.executable, "-c", command],
        env={**kept, "GUILDHALL_DATA": str(data), **environment},
        cwd=settings.PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"SECRET_KEY": ""}, "does not start in production without a SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "does not start in production without a SECRET_KEY"),
        ({"ALLOWED_HOSTS": ""}, "Say under which names Guildhall is reached"),
        ({"DEBUG": "1"}, "Leave it off in production"),
        ({"DEMO": "1"}, "DEMO lets anybody sign in as anybody"),
    ],
)
def test_production_does_not_start_when_it_would_be_open(tmp_path: Path, change: dict[str, str], sentence: str) -> None:
    ended = start({**TOLD, **change}, tmp_path)
    assert ended.returncode == 1
    assert sentence in ended.stderr


def test_in_production_cookies_and_pages_travel_encrypted_only(tmp_path: Path) -> None:
    names = [
        "DEBUG", "DEMO", "SESSION_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "BASE_URL", "CSRF_USE_SESSIONS",
        "PASSWORD_HASHERS",
    ]  # fmt: skip
    shown = start(
        TOLD,
        tmp_path,
        f"import json; from guildhall.config import settings as s; print(json.dumps([getattr(s, n) for n in {names}]))",
    )
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout) == [
        False, False, True, True, 31536000, "https://guildhall.example.org", True,
        ["django.contrib.auth.hashers.Argon2PasswordHasher"],
    ]  # fmt: skip


def test_cookies_are_out_of_reach_of_scripts_and_other_sites() -> None:
    assert settings.SESSION_COOKIE_HTTPONLY
    assert settings.SESSION_COOKIE_SAMESITE == "Lax"
    assert not settings.USE_X_FORWARDED_HOST
