"""The gallery: whoever uses its components with keyboard, phone or screen reader gets along."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.barriers import barriers
from tests.installation import Installation
from tests.journeys.colleague import Colleague

pytestmark = pytest.mark.same_on_both
SIZES = {"desktop": (1280, 900), "phone": (390, 844), "small phone": (320, 640)}


@pytest.fixture(scope="module")
def signed_in(house: Installation, browser: Browser) -> StorageState:
    """The state of a browser in which somebody has signed in."""
    context = browser.new_context(base_url=house.url, locale="en-GB", reduced_motion="reduce")
    me = Colleague("Gale Wright", context.new_page(), house, lambda page: None, "en")
    me.start_school(f"School {uuid4().hex[:6]}", "IE")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def opened(house: Installation, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open the gallery: ``opened(scheme=…, size=…, script=…, as_who=…)``; the page has the ``complaints`` of its console."""
    contexts = []

    def opened(
        *, scheme: Any = "light", size: str = "desktop", script: bool = True, as_who: StorageState | None = None, **more: Any
    ) -> Page:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            java_script_enabled=script,
            reduced_motion="reduce",
            locale="en-GB",
            storage_state=as_who,
            **more,
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.complaints = []  # type: ignore[attr-defined]
        page.on("console", lambda said: page.complaints.append(said.text) if said.type in ("error", "warning") else None)  # type: ignore[attr-defined]
        page.on("pageerror", lambda error: page.complaints.append(str(error)))  # type: ignore[attr-defined]
        page.goto(f"{house.url}/ui/")
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_gallery_has_no_barriers(opened, scheme, size):
    page = opened(scheme=scheme, size=size)
    page.evaluate("document.querySelectorAll('main details').forEach((details) => details.open = true)")
    assert barriers(page) == []
    page.evaluate("document.querySelectorAll('main details').forEach((details) => details.open = false)")
    page.click("[data-opens=move]")
    assert barriers(page) == []
    assert page.complaints == []


@pytest.mark.parametrize("size", SIZES)
def test_nothing_reaches_beyond_the_edge(opened, size):
    page = opened(size=size)
    assert page.evaluate("document.documentElement.scrollWidth") == SIZES[size][0]


@pytest.mark.parametrize("size", SIZES)
def test_a_word_of_two_hundred_letters_reaches_not_beyond_the_edge_either(opened, size):
    page = opened(size=size)
    page.evaluate(
        """const places = "h1, h2, th[scope=row] a, .item-title, dd, .help, .note p, .message p, li a";
           for (const one of document.querySelectorAll(`main :is(${places})`)) one.textContent = "m".repeat(200);"""
    )
    wide = """[document.documentElement, ...document.querySelectorAll("main .table-frame")]
        .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.outerHTML.slice(0, 200))"""
    assert page.evaluate(wide) == []


def test_a_phone_shows_the_button_of_a_message_below_its_words(opened):
    page = opened(size="phone")
    words, button = page.locator("#message .message:has(.act) p").first, page.locator("#message .message .act").first
    assert button.bounding_box()["y"] >= words.bounding_box()["y"] + words.bounding_box()["height"]


@pytest.mark.parametrize(("size", "least"), [("desktop", 24), ("phone", 24)])
def test_everything_that_is_pressed_is_large_enough(opened, size, least):
    page = opened(size=size)
    small = page.evaluate(
        """(least) => [...document.querySelectorAll("button, summary, input:not([type=hidden]), select, .button, nav a")]
            .filter((one) => one.checkVisibility() && !one.closest("p, .tick-line, fieldset"))
            .filter((one) => one.getBoundingClientRect().height < least)
            .map((one) => one.outerHTML.slice(0, 120))""",
        least,
    )
    assert small == []


def test_the_check_for_barriers_sees_one(opened):
    page = opened()
    page.evaluate("document.querySelector('#field input').removeAttribute('id')")
    assert any(found.startswith("label") for found in barriers(page))


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_frame_of_a_person_has_no_barriers(opened, signed_in, size):
    page = opened(size=size, as_who=signed_in)
    # The frame alone: what an open menu or the bar covers would otherwise count as too small to press.
    page.evaluate("document.querySelector('main').replaceChildren(document.querySelector('h1'))")
    page.click(".top summary:has(.avatar)")
    assert barriers(page) == []
    assert page.complaints == []


def until_kept(page: Page, text: str) -> None:
    """Wait until the draft holds a text: it is kept a moment after the last key."""
    page.wait_for_function("(text) => JSON.stringify(localStorage).includes(text)", arg=text)


def test_what_was_typed_is_there_again_until_one_starts_afresh(opened, signed_in):
    page = opened(as_who=signed_in)
    name = page.locator("#draft-form input[type=text]")
    name.fill("Marta")
    until_kept(page, "Marta")
    page.reload()
    expect(name).to_have_value("Marta")
    page.locator("#draft-form .draft-line button").click()
    expect(name).to_have_value("")
    assert page.evaluate("localStorage.length") == 0


def test_a_draft_holds_no_password_and_no_file(opened, signed_in):
    page = opened(as_who=signed_in)
    page.fill("#draft-form input[type=password]", "hunter2")
    page.fill("#draft-form input[type=text]", "Marta")
    until_kept(page, "Marta")
    assert "hunter2" not in page.evaluate("JSON.stringify(localStorage)")


def test_a_dialog_opens_keeps_the_focus_and_closes_by_keyboard(opened):
    page = opened()
    page.focus("[data-opens=move]")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="When instead?")
    expect(dialog).to_be_visible()
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("[data-opens=move]")).to_be_focused()


def test_an_explanation_shows_on_focus_and_goes_on_escape(opened):
    page = opened()
    page.focus("#term .term button")
    tip = page.locator("#term .tip")
    expect(tip).to_be_visible()
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()


def test_a_menu_opens_without_javascript_and_closes_on_escape_with_it(opened):
    plain = opened(script=False)
    plain.click("#menu .menu summary")
    expect(plain.locator("#menu .menu-sheet")).to_be_visible()
    page = opened()
    page.focus("#menu .menu summary")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.locator("#menu .menu-sheet")).to_be_hidden()
    expect(page.locator("#menu .menu summary")).to_be_focused()


def test_a_slash_leads_to_the_search_and_is_a_slash_where_one_types(opened):
    page = opened()
    page.keyboard.press("/")
    search = page.locator("#filter_bar input[type=search]")
    expect(search).to_be_focused()
    # Where nothing is sent while one types.
    name = page.locator("#draft-form input[type=text]")
    name.focus()
    page.keyboard.type("a/b")
    expect(name).to_have_value("a/b")


def test_a_message_is_put_away(opened):
    page = opened()
    page.locator("#message [data-dismisses]").first.click()
    expect(page.locator("#message .message")).to_have_count(1)


def test_a_slash_stands_between_two_crumbs_only(opened):
    page = opened()
    drawn = """(crumbs) => crumbs.map((one) => ["::before", "::after"].map((side) => getComputedStyle(one, side).content))"""
    assert page.locator("#breadcrumbs .breadcrumbs li").evaluate_all(drawn) == [["none", "none"], ['"/"', "none"]]


def test_a_finger_finds_a_telephone_number(opened):
    page = opened(size="phone", has_touch=True, is_mobile=True)
    page.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<p>Call <a href=\"tel:+352\">+352</a></p>')")
    assert page.locator("a[href^='tel:']").bounding_box()["height"] >= 44
