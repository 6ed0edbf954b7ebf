"""The gallery shows every component, and whoever uses it with keyboard, phone or screen reader gets along."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from guildhall.core.gallery import sign_names
from guildhall.core.ui import components
from tests.barriers import barriers

pytestmark = pytest.mark.same_on_both
ADDRESS = "/ui/"
CORE = Path(__file__).parent.parent
CHROMIUM = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SIZES = {"desktop": (1280, 900), "phone": (390, 844), "small phone": (320, 640)}


@pytest.mark.django_db
def test_every_component_appears_in_the_gallery(client):
    shown = client.get(ADDRESS).content.decode()
    assert [name for name in components if f"{{% {name} " not in shown and f"{{% {name}%" not in shown] == []


@pytest.mark.django_db
def test_the_gallery_gives_a_visitor_no_cookie(client):
    assert not client.get(ADDRESS).cookies


def test_every_sign_a_template_asks_for_is_there():
    templates = CORE.parent.rglob("templates/**/*.html")
    asked = {sign for path in templates for sign in re.findall(r'(?:icon|{% icon name)="([\w-]+)"', path.read_text())}
    assert asked - set(sign_names()) == set()


@pytest.fixture
def signed_in(live_server: Any, client: Any, user: Any) -> dict[str, str]:
    """The cookie of somebody who is signed in; asked for before ``browser``, because it writes."""
    client.force_login(user)
    cookie = client.cookies["guildhall"]
    return {"name": cookie.key, "value": cookie.value, "url": live_server.url}


@pytest.fixture
def browser(live_server: Any) -> Iterator[Browser]:
    # After live_server, so that it is closed before the database is emptied.
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        yield chromium
        chromium.close()


def opened(
    browser: Browser, address: str, *, scheme: str = "light", size: str = "desktop", script: bool = True, cookie: Any = None
) -> Page:
    width, height = SIZES[size]
    context: BrowserContext = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
        java_script_enabled=script,
        reduced_motion="reduce",
    )
    context.set_default_timeout(30_000)
    if cookie:
        context.add_cookies([cookie])
    page = context.new_page()
    page.complaints = []  # type: ignore[attr-defined]
    page.on("console", lambda said: page.complaints.append(said.text) if said.type in ("error", "warning") else None)  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.complaints.append(str(error)))  # type: ignore[attr-defined]
    page.goto(address)
    return page


@pytest.mark.journey
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_gallery_has_no_barriers(live_server, browser, scheme, size):
    page = opened(browser, live_server.url + ADDRESS, scheme=scheme, size=size)
    page.evaluate("document.querySelectorAll('main details').forEach((details) => details.open = true)")
    assert barriers(page) == []
    page.evaluate("document.querySelectorAll('main details').forEach((details) => details.open = false)")
    page.click("[data-opens=move]")
    assert barriers(page) == []
    assert page.complaints == []


@pytest.mark.journey
@pytest.mark.parametrize("size", SIZES)
def test_nothing_reaches_beyond_the_edge(live_server, browser, size):
    page = opened(browser, live_server.url + ADDRESS, size=size)
    assert page.evaluate("document.documentElement.scrollWidth") == SIZES[size][0]


@pytest.mark.journey
@pytest.mark.parametrize("size", SIZES)
def test_a_word_of_two_hundred_letters_reaches_not_beyond_the_edge_either(live_server, browser, size):
    page = opened(browser, live_server.url + ADDRESS, size=size)
    page.evaluate(
        """const places = "h1, h2, th[scope=row] a, .item-title, dd, .help, .note p, .message p, li a";
           for (const one of document.querySelectorAll(`main :is(${places})`)) one.textContent = "m".repeat(200);"""
    )
    wide = """[document.documentElement, ...document.querySelectorAll("main .table-frame")]
        .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.outerHTML.slice(0, 200))"""
    assert page.evaluate(wide) == []


@pytest.mark.journey
def test_a_phone_shows_the_button_of_a_message_below_its_words(live_server, browser):
    page = opened(browser, live_server.url + ADDRESS, size="phone")
    words, button = page.locator("#message .message:has(.act) p").first, page.locator("#message .message .act").first
    assert button.bounding_box()["y"] >= words.bounding_box()["y"] + words.bounding_box()["height"]


@pytest.mark.journey
@pytest.mark.parametrize(("size", "least"), [("desktop", 24), ("phone", 24)])
def test_everything_that_is_pressed_is_large_enough(live_server, browser, size, least):
    page = opened(browser, live_server.url + ADDRESS, size=size)
    small = page.evaluate(
        """(least) => [...document.querySelectorAll("button, summary, input:not([type=hidden]), select, .button, nav a")]
            .filter((one) => one.checkVisibility() && !one.closest("p, .tick-line, fieldset"))
            .filter((one) => one.getBoundingClientRect().height < least)
            .map((one) => one.outerHTML.slice(0, 120))""",
        least,
    )
    assert small == []


@pytest.mark.journey
def test_the_check_for_barriers_sees_one(live_server, browser):
    page = opened(browser, live_server.url + ADDRESS)
    page.evaluate("document.querySelector('#field input').removeAttribute('id')")
    assert any(found.startswith("label") for found in barriers(page))


@pytest.mark.journey
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_frame_of_a_person_has_no_barriers(live_server, signed_in, browser, size):
    page = opened(browser, live_server.url + ADDRESS, size=size, cookie=signed_in)
    # The frame alone: what an open menu or the bar covers would otherwise count as too small to press.
    page.evaluate("document.querySelector('main').replaceChildren(document.querySelector('h1'))")
    page.click(".top summary:has(.avatar)")
    assert barriers(page) == []
    assert page.complaints == []


def until_kept(page: Page, text: str) -> None:
    """Wait until the draft holds a text: it is kept a moment after the last key."""
    page.wait_for_function("(text) => JSON.stringify(localStorage).includes(text)", arg=text)


@pytest.mark.journey
def test_what_was_typed_is_there_again_until_one_starts_afresh(live_server, signed_in, browser):
    page = opened(browser, live_server.url + ADDRESS, cookie=signed_in)
    name = page.locator("#draft-form input[type=text]")
    name.fill("Marta")
    until_kept(page, "Marta")
    page.reload()
    expect(name).to_have_value("Marta")
    page.locator("#draft-form .draft-line button").click()
    expect(name).to_have_value("")
    assert page.evaluate("localStorage.length") == 0


@pytest.mark.journey
def test_a_draft_holds_no_password_and_no_file(live_server, signed_in, browser):
    page = opened(browser, live_server.url + ADDRESS, cookie=signed_in)
    page.fill("#draft-form input[type=password]", "hunter2")
    page.fill("#draft-form input[type=text]", "Marta")
    until_kept(page, "Marta")
    assert "hunter2" not in page.evaluate("JSON.stringify(localStorage)")


@pytest.mark.journey
def test_a_dialog_opens_keeps_the_focus_and_closes_by_keyboard(live_server, browser):
    page = opened(browser, live_server.url + ADDRESS)
    page.focus("[data-opens=move]")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="When instead?")
    expect(dialog).to_be_visible()
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("[data-opens=move]")).to_be_focused()


@pytest.mark.journey
def test_an_explanation_shows_on_focus_and_goes_on_escape(live_server, browser):
    page = opened(browser, live_server.url + ADDRESS)
    page.focus("#term .term button")
    tip = page.locator("#term .tip")
    expect(tip).to_be_visible()
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()


@pytest.mark.journey
def test_a_menu_opens_without_javascript_and_closes_on_escape_with_it(live_server, browser):
    plain = opened(browser, live_server.url + ADDRESS, script=False)
    plain.click("#menu .menu summary")
    expect(plain.locator("#menu .menu-sheet")).to_be_visible()
    page = opened(browser, live_server.url + ADDRESS)
    page.focus("#menu .menu summary")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.locator("#menu .menu-sheet")).to_be_hidden()
    expect(page.locator("#menu .menu summary")).to_be_focused()


@pytest.mark.journey
def test_a_slash_leads_to_the_search_and_is_a_slash_where_one_types(live_server, browser):
    page = opened(browser, live_server.url + ADDRESS)
    page.keyboard.press("/")
    search = page.locator("#filter_bar input[type=search]")
    expect(search).to_be_focused()
    page.keyboard.type("a/b")
    expect(search).to_have_value("a/b")


@pytest.mark.journey
def test_a_message_is_put_away(live_server, browser):
    page = opened(browser, live_server.url + ADDRESS)
    page.locator("#message [data-dismisses]").first.click()
    expect(page.locator("#message .message")).to_have_count(1)


@pytest.mark.journey
def test_a_slash_stands_between_two_crumbs_only(live_server, browser):
    page = opened(browser, live_server.url + ADDRESS)
    drawn = """(crumbs) => crumbs.map((one) => ["::before", "::after"].map((side) => getComputedStyle(one, side).content))"""
    assert page.locator("#breadcrumbs .breadcrumbs li").evaluate_all(drawn) == [["none", "none"], ['"/"', "none"]]


@pytest.mark.journey
def test_a_finger_finds_a_telephone_number(live_server, browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(live_server.url + ADDRESS)
    page.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<p>Call <a href=\"tel:+352\">+352</a></p>')")
    assert page.locator("a[href^='tel:']").bounding_box()["height"] >= 44
