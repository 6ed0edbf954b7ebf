"""First morning once more, by somebody who uses no mouse: every stop is reached with Tab, shows it, and works by Enter."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.test_first_morning import LIST, Morning

pytestmark = pytest.mark.same_on_both

# What a screen reader would say of what has the focus, near enough to find it by.
FOCUS = """() => {
  const here = document.activeElement;
  if (!here || here === document.body) return "";
  const labels = here.labels ? [...here.labels].map((label) => label.textContent) : [];
  return [here.getAttribute("aria-label"), ...labels, here.textContent].filter(Boolean).join(" ").replace(/\\s+/g, " ").trim();
}"""
VISIBLE = """() => {
  const here = document.activeElement, style = getComputedStyle(here), box = here.getBoundingClientRect();
  return box.width > 0 && (style.outlineStyle !== "none" || style.boxShadow !== "none" || style.borderColor !== "");
}"""
FILE = {"name": "firmy.csv", "mimeType": "text/csv", "buffer": LIST.encode()}


class Keyboard:
    def __init__(self, page: Page) -> None:
        self.page = page

    def to(self, what: str, stops: int = 80) -> None:
        """Press Tab until something called ``what`` has the focus, and see that it shows."""
        self.page.wait_for_load_state()
        seen = []
        for _ in range(stops):
            self.page.keyboard.press("Tab")
            seen.append(self.page.evaluate(FOCUS))
            if re.search(what, seen[-1]):
                assert self.page.evaluate(VISIBLE), f"{what!r} has the focus, and nothing shows it"
                return
        raise AssertionError(f"{what!r} is not reached by keyboard; these were: {seen}")

    def type(self, what: str, text: str) -> None:
        self.to(what)
        self.page.keyboard.insert_text(text)

    def press(self, what: str, key: str = "Enter") -> None:
        self.to(what)
        self.page.keyboard.press(key)


def test_first_morning_by_keyboard(visit, house, no_barriers):
    page = visit(1280, 900)
    keys, morning = Keyboard(page), Morning(page, house, no_barriers)
    # Listened for from the start: Chromium needs a moment until it hands us the files to choose, and Enter would be faster.
    page.on("filechooser", lambda chooser: chooser.set_files(FILE))
    page.goto("/")
    keys.press("Start with your school")
    page.wait_for_url("**/start/")
    keys.type("Name of your school", f"Szkoła {uuid4().hex[:6]}")
    keys.to("Country")
    page.keyboard.type("Pola")
    expect(page.get_by_label("Country")).to_have_value("PL")
    keys.type("Your name", "Bożena")
    keys.type("e-mail address", morning.address)
    keys.press("I have read", "Space")
    page.keyboard.press("Enter")
    page.wait_for_url("**/code/")
    keys.type("Code", morning.code())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bożena")

    keys.press("^Employers$")
    page.wait_for_url("**/engagement/")
    keys.press("Import a file")
    page.wait_for_url("**/imports/")
    keys.press("Your list")
    expect(page.get_by_label("Your list")).to_have_value(re.compile("firmy.csv"))
    no_barriers(page)
    keys.press("Look it through")
    morning.wait_until_ready()
    keys.press(r"Import \d+ rows")
    expect(page.get_by_role("link", name="Go to the book")).to_be_visible()

    page.wait_for_load_state()
    page.keyboard.press("/")
    page.keyboard.insert_text("blitzfink")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/**")
    no_barriers(page)
    keys.press("^Elektro Blitzfink")
    page.wait_for_url(re.compile(r"/engagement/\d+/"))
    keys.to("Call")
    page.keyboard.press("ArrowRight")
    keys.type("What was said", "Zadzwoni w poniedziałek.")
    keys.type("What comes next", "Czekać na telefon")
    keys.press("^Write it down$")
    expect(page.locator("#messages")).to_contain_text("Written down.")
    expect(page.locator("#timeline")).to_contain_text("Visit")
    expect(page.locator("#timeline")).to_contain_text("Zadzwoni w poniedziałek.")
    no_barriers(page)
