"""Signing in, in a real browser: with a code, a passkey, a code app; and starting with one's school."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.utils.timezone import now
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect

from guildhall.people.models import Organisation, Role
from guildhall.people.tests.factories import MembershipFactory, OrganisationFactory, UserFactory
from guildhall.people.tests.test_signin import code_sent_to
from guildhall.people.tests.test_signin_account import app_code
from guildhall.people.views import members
from guildhall.skills.actions import load_shipped
from tests.barriers import barriers

pytestmark = [pytest.mark.journey, pytest.mark.same_on_both, pytest.mark.django_db(transaction=True)]
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
Opens = Callable[..., Page]


@pytest.fixture
def opened(chromium: Browser, live_server: Any) -> Iterator[Opens]:
    contexts: list[BrowserContext] = []

    def opened(address: str, *, size: str = "desktop", script: bool = True) -> Page:
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            java_script_enabled=script,
            base_url=live_server.url,
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.goto(address)
        return page

    cache.clear()  # what was counted in another test; emptying the database after a test leaves the cache alone
    yield opened
    for context in contexts:
        context.close()


def with_key(page: Page) -> CDPSession:
    """Give the browser a device that keeps passkeys and whose owner is there."""
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return device


def sign_in(page: Page, address: str) -> None:
    page.get_by_label("Your e-mail address").fill(address)
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_label("Code", exact=True)).to_be_visible()
    page.get_by_label("Code", exact=True).fill(code_sent_to(address))
    page.get_by_role("button", name="Continue").click()


def sign_out(page: Page) -> None:
    page.goto("/account/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()


@pytest.mark.parametrize(("size", "script"), [("desktop", True), ("phone", True), ("phone", False)])
def test_signing_in_with_a_code(opened, size, script):
    user = UserFactory(email="ewa@example.org")
    page = opened("/account/sessions/", size=size, script=script)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    expect(page.get_by_role("button", name="Use a passkey")).to_be_visible(visible=script)
    if script:
        assert barriers(page) == []

    page.keyboard.press("Tab")  # the whole way works with the keyboard; here only as far as the first link
    sign_in(page, user.email)

    expect(page.get_by_role("heading", level=1)).to_have_text("Where you are signed in")
    if script:
        assert barriers(page) == []


def test_what_was_typed_outlives_a_refusal_and_the_end_of_a_session_until_it_is_sent(opened, monkeypatch):
    manager = MembershipFactory(role=Role.MANAGER, organisation__slug="north").user
    page = opened("/people/organisations/north/members/invite/")
    sign_in(page, manager.email)
    word, send = page.get_by_label("A word to them"), page.get_by_role("button", name="Send the invitation")
    page.get_by_label("mail").fill("anna@example.org")
    word.fill("We met on Tuesday.")

    with monkeypatch.context() as busy:
        busy.setattr(members, "ratelimit", SimpleNamespace(consume=lambda *_, **__: False))
        send.click()
        expect(page.get_by_role("main")).to_contain_text("too often")
    page.get_by_role("link", name="Go back").click()
    expect(word).to_have_value("We met on Tuesday.")

    page.context.clear_cookies()
    send.click()
    expect(page.get_by_role("main")).to_contain_text("You are signed out.")
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    sign_in(page, manager.email)
    expect(word).to_have_value("We met on Tuesday.")

    send.click()
    expect(page.locator("#messages .done")).to_contain_text("on its way")
    assert page.evaluate("Object.keys(localStorage).length") == 0


def test_a_wrong_code_is_said_beside_the_field(opened):
    user = UserFactory(email="ewa@example.org")
    page = opened("/account/login/")
    page.get_by_label("Your e-mail address").fill(user.email)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Code", exact=True).fill("0000-0000")
    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_label("Code", exact=True)).to_have_attribute("aria-invalid", "true")
    assert barriers(page) == []


def test_a_passkey_is_made_and_then_signs_in_alone_and_is_removed(opened, settings):
    user = UserFactory(email="ewa@example.org")
    page = opened("/account/login/?next=/account/2fa/")
    device = with_key(page)
    sign_in(page, user.email)
    assert barriers(page) == []

    page.get_by_role("link", name="Set up a passkey").click()
    page.get_by_label("What you call it").fill("My telephone")
    assert barriers(page) == []
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    assert barriers(page) == []

    sign_out(page)
    page.goto("/account/login/?next=/account/2fa/")
    page.get_by_role("button", name="Use a passkey").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Signing in")
    expect(page.get_by_text("My telephone")).to_be_visible()

    page.goto("/account/2fa/webauthn/")
    assert barriers(page) == []
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    page.get_by_role("link", name="Remove").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is it you?")
    assert barriers(page) == []
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 60
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("button", name="Remove this passkey").click()
    expect(page.get_by_text("The passkey is removed.")).to_be_visible()
    assert not user.authenticator_set.exists()
    device.detach()


def test_a_passkey_that_is_not_known_here_opens_nothing(opened):
    page = opened("/account/login/")
    with_key(page)
    page.evaluate(
        """() => {
            const ask = navigator.credentials.get.bind(navigator.credentials);
            navigator.credentials.get = (asked) => ask(asked).finally(() => document.body.setAttribute("data-asked", ""));
        }"""
    )

    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_selector("body[data-asked]")

    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_passkey_is_the_second_proof_after_a_code(opened):
    user = UserFactory(email="ewa@example.org")
    page = opened("/account/login/?next=/account/2fa/webauthn/add/")
    with_key(page)
    sign_in(page, user.email)
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    sign_out(page)

    page.goto("/account/login/?next=/account/2fa/")
    sign_in(page, user.email)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your second proof")
    assert barriers(page) == []
    page.get_by_role("button", name="Use a passkey").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Signing in")


@pytest.mark.parametrize("script", [True, False])
def test_a_second_proof_that_the_school_asks_for_is_set_up_on_the_way_in(opened, script):
    school = OrganisationFactory(name="Strict School", requires_second_factor=True)
    user = MembershipFactory(organisation=school, user=UserFactory(email="ewa@example.org")).user
    page = opened("/account/login/", size="phone", script=script)

    sign_in(page, user.email)
    expect(page.get_by_text("Strict School asks everybody")).to_be_visible()
    if script:
        assert barriers(page) == []
    page.get_by_role("link", name="Set up a code app").click()
    secret = page.locator("code").inner_text()
    if script:
        assert barriers(page) == []
    page.get_by_label("The code that the app shows now").fill(app_code(secret))
    page.get_by_role("button", name="Set up").click()
    page.get_by_role("link", name="I have kept them").click()

    assert not page.url.endswith("/second-factor/")


def test_starting_with_ones_school(opened):
    load_shipped(by=None, at=now(), only=["country"])
    page = opened("/account/login/", size="phone")
    page.get_by_role("link", name="Start with your school").click()
    assert barriers(page) == []

    page.get_by_label("Name of your school").fill("ZS nr 3")
    page.get_by_label("Country").select_option("PL")
    page.get_by_label("Your name").fill("Ewa Lis")
    page.get_by_label("Your e-mail address").fill("ewa@example.org")
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_label("Code", exact=True)).to_be_visible()
    assert barriers(page) == []
    page.get_by_label("Code", exact=True).fill(code_sent_to("ewa@example.org"))
    page.get_by_role("button", name="Continue").click()

    page.wait_for_url(re.compile(r"/$"))
    assert Organisation.objects.get().name == "ZS nr 3"
