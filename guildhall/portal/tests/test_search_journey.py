"""Searching in a real browser: the first hits while one types, by keyboard, and on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from guildhall.core import search
from guildhall.engagement.search import everything
from guildhall.engagement.tests.factories import ContactFactory, EmployerFactory, PositionFactory, staff_of
from guildhall.people.tests.factories import OrganisationFactory
from tests.barriers import barriers

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
Opens = Callable[..., Page]

#: Keys, focus and what is where; what is found, and why, is looked at on each database.
on_one_database = pytest.mark.same_on_both


@pytest.fixture
def cookie(live_server: Any, client: Any) -> dict[str, str]:
    """The cookie of a coordinator whose book has ten employers."""
    school = OrganisationFactory()
    for number in range(10):
        employer = EmployerFactory(school=school, organisation__name=f"Nordwind {number}")
    PositionFactory(employer=employer, person__name="Łucja Kowalska", person__phone="+49 431 5551234")
    ContactFactory(employer=employer, said="She takes two apprentices in March.", by=staff_of(school, name="Ada"))
    search.reindex(everything())
    client.force_login(staff_of(school))
    return {"name": "guildhall", "value": client.cookies["guildhall"].value, "url": live_server.url}


@pytest.fixture
def opened(chromium: Browser, live_server: Any, cookie: dict[str, str]) -> Iterator[Opens]:
    trouble: list[str] = []
    contexts: list[BrowserContext] = []

    def opened(address: str = "/", *, size: str = "desktop", scheme: Any = "light", script: bool = True) -> Page:
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            java_script_enabled=script,
            base_url=live_server.url,
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(10_000)
        context.add_cookies([cookie])  # type: ignore[list-item]
        page = context.new_page()
        page.on("console", lambda said: trouble.append(said.text) if is_trouble(said) else None)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.goto(address)
        return page

    # After live_server, so that they are closed before the database is emptied.
    yield opened
    for context in contexts:
        context.close()
    assert trouble == []


def is_trouble(said: ConsoleMessage) -> bool:
    """htmx calls it an error, too, when the next letter ends a question that nobody needs answered any more."""
    ended = ("htmx:afterRequest", "htmx:sendAbort")
    return said.type in ("error", "warning") and not said.text.startswith(ended)


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=on_one_database)])
def test_the_first_hits_show_while_one_types_and_say_why(opened, scheme):
    page = opened(scheme=scheme)
    hits = page.locator("#first-hits")
    expect(hits).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.type("kowal", delay=20)
    expect(hits).to_contain_text("Łucja Kowalska, +49 431 5551234")
    assert hits.locator("mark").all_inner_texts() == ["Kowalska"]
    expect(page.locator("#announcer")).to_have_text("1 hit")
    assert barriers(page) == []


@on_one_database
def test_the_arrows_lead_through_the_first_hits_and_back(opened):
    page = opened()
    field, links = page.locator("#search"), page.locator("#first-hits a")
    page.keyboard.press("/")
    page.keyboard.type("nord")
    expect(links).to_have_count(7)
    page.keyboard.press("ArrowUp")
    expect(field).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(field).to_be_focused()
    for _ in range(9):
        page.keyboard.press("ArrowDown")
    expect(links.nth(6)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=nord")
    expect(page.locator(".count-line")).to_have_text("11 hits")


@on_one_database
def test_a_hit_is_opened_by_tab_and_enter_and_by_mouse(opened):
    page = opened()
    page.keyboard.press("/")
    page.keyboard.type("kowalska")
    hit = page.locator("#first-hits a")
    expect(hit).to_have_count(1)
    page.keyboard.press("Tab")
    expect(hit).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nordwind 9")
    page.keyboard.press("/")
    page.keyboard.type("apprentices")
    hit.click()
    page.wait_for_url("**#contact-*")


@on_one_database
def test_escape_puts_the_first_hits_away_and_typing_brings_them_back(opened):
    page = opened()
    field, hits = page.locator("#search"), page.locator("#first-hits")
    page.keyboard.press("/")
    page.keyboard.type("nord")
    expect(hits).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(hits).to_be_hidden()
    expect(field).to_be_focused()
    expect(field).to_have_value("nord")
    page.keyboard.type("w")
    expect(hits).to_be_visible()
    field.fill("")
    expect(hits).to_be_hidden()


@on_one_database
def test_a_question_that_the_next_letter_ends_is_no_trouble(opened):
    page = opened()
    page.route("**/search/?*", lambda route: route.continue_() if route.request.url.endswith("=nordwind") else None)
    page.keyboard.press("/")
    with page.expect_request("**/search/?q=nord"):
        page.keyboard.insert_text("nord")
    with page.expect_request_finished(lambda request: request.url.endswith("?q=nordwind")):
        page.keyboard.insert_text("wind")
    expect(page.locator("#first-hits a")).to_have_count(7)


@on_one_database
def test_the_first_hits_go_when_one_goes_elsewhere(opened):
    page = opened()
    page.keyboard.press("/")
    page.keyboard.type("nord")
    expect(page.locator("#first-hits")).to_be_visible()
    page.locator("h1").click()
    expect(page.locator("#first-hits")).to_be_hidden()


@on_one_database
@pytest.mark.parametrize("script", [True, False])
def test_enter_leads_to_the_page_of_all_hits_however_quick_one_is(opened, script):
    page = opened(script=script)
    page.locator("#search").press_sequentially("nord")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=nord")
    expect(page.locator(".count-line")).to_have_text("11 hits")
    expect(page.locator(".message")).to_have_count(0)


def test_on_a_phone_the_page_searches_while_one_types(opened):
    page = opened(size="phone")
    page.get_by_role("link", name="Search").click()
    field = page.locator("main input[type=search]")
    expect(field).to_be_focused()
    page.keyboard.type("5551234", delay=20)
    expect(page.locator("#hits")).to_contain_text("Łucja Kowalska, +49 431 5551234")
    page.wait_for_url("**/search/?q=5551234")
    expect(field).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") == SIZES["phone"][0]
    assert barriers(page) == []


@on_one_database
def test_nothing_is_asked_before_somebody_types(opened):
    asked: list[str] = []
    page = opened()
    page.on("request", lambda request: asked.append(request.url) if "/search/" in request.url else None)
    page.reload(wait_until="networkidle")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    assert asked == []
    page.keyboard.insert_text("nord")  # at once, however busy the machine is
    expect(page.locator("#first-hits")).to_be_visible()
    assert len(asked) == 1
