"""Somebody who works at a school, in the language they speak: what they see and press is named by its sentence in the code.

``colleague("Save")`` is "Αποθήκευση" to who reads Greek. So a journey goes through in every language, and through sentences
nobody has translated yet.
"""

from __future__ import annotations

import re
import time
from typing import Any
from uuid import uuid4

from django.utils import translation
from django.utils.translation import gettext, ngettext, pgettext
from playwright.sync_api import Locator, Page, expect

from tests.installation import Installation

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


class Colleague:
    """What somebody does, by the words on the screen; every page they come to is checked by ``check``."""

    def __init__(self, name: str, page: Page, house: Installation, check: Any, language: str) -> None:
        self.name, self.page, self.house, self.check, self.language = name, page, house, check, language
        self.address = f"{uuid4().hex[:10]}@school.example"

    def __call__(self, sentence: str, count: int | None = None, *, plural: str = "", context: str = "", **values: Any) -> str:
        """A sentence of the code as this person reads it."""
        with translation.override(self.language):
            if context:
                return pgettext(context, sentence) % values if values else pgettext(context, sentence)
            said = gettext(sentence) if count is None else ngettext(sentence, plural, count)
            values = {"count": count, **values} if count is not None else values
            return said % values if values else said

    # --- What one does on any page -----------------------------------------------------------------------------------

    @property
    def main(self) -> Locator:
        return self.page.locator("main")

    def go(self, address: str) -> None:
        self.page.goto(address)
        expect(self.page.locator("html")).to_have_attribute("lang", self.language)
        self.check(self.page)

    def link(self, sentence: str, **values: Any) -> Locator:
        return self.main.get_by_role("link", name=self(sentence, **values)).first

    def button(self, sentence: str, *more: Any, **values: Any) -> Locator:
        return self.main.get_by_role("button", name=self(sentence, *more, **values)).first

    def field(self, sentence: str) -> Locator:
        return self.main.get_by_label(self(sentence), exact=False).first

    def press(self, what: Locator) -> None:
        """Press something that leads to another page, and check that page."""
        what.click()
        self.page.wait_for_load_state()
        self.check(self.page)

    def sees(self, *texts: str) -> None:
        for text in texts:
            expect(self.main).to_contain_text(text)

    def is_told(self, sentence: str, **values: Any) -> None:
        expect(self.page.locator("#messages")).to_contain_text(self(sentence, **values))

    # --- How one comes to be here ------------------------------------------------------------------------------------

    def start_school(self, name: str, country: str) -> None:
        """Open a school, of which this person is the manager."""
        self.go("/")
        self.press(self.link("Start with your school"))
        self.field("Name of your school").fill(name)
        self.field("Country").select_option(country)
        self.field("Your name").fill(self.name)
        self.field("Your e-mail address").fill(self.address)
        self.field("I have read what happens to my data.").check()
        self.press(self.button("Send me a code"))
        self.field("Code").fill(self._from_letter(r"\d{4}-\d{4}", "Subject"))
        self.press(self.button("Continue"))
        self.sees(self.name)

    def go_to_school(self) -> None:
        """Go to the page of the school, which a phone has under "More"."""
        more = self.page.locator(".bar summary")
        if more.is_visible():
            more.click()
        self.press(self.page.get_by_role("link", name=self("School")).locator("visible=true").first)

    def invite(self, other: Colleague, *, roles: list[str]) -> None:
        """Invite somebody by mail to the school one manages, who accepts in their own browser."""
        self.go("/me/")
        self.go_to_school()
        self.press(self.main.get_by_role("link", name=self("Members"), exact=True))
        self.press(self.link("Invite somebody"))
        self.field("E-mail address").fill(other.address)
        for role in ["teacher", *roles]:
            self.main.locator(f"input[name=roles][value={role}]").set_checked(role in roles)
        self.press(self.button("Send the invitation"))
        self.is_told("The invitation to %(email)s is on its way.", email=other.address)
        other.go(other._from_letter(r"/p/[\w-]+/"))
        other.field("Your name").fill(other.name)
        other.field("I have read what happens to my data.").check()
        other.press(other.button("Accept"))

    def _from_letter(self, pattern: str, part: str = "") -> str:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            for letter in reversed(self.house.mails_to(self.address)):
                text = letter[part] if part else letter.get_body(("plain",)).get_content()
                if found := re.search(pattern, text):
                    return found[0]
            self.page.wait_for_timeout(100)
        raise AssertionError(f"No letter with {pattern} came to {self.address}.")
