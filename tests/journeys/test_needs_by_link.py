"""Needs by link: a coordinator asks an employer, who answers on the phone, in Portuguese, in two goes; it comes into the book."""

from __future__ import annotations

import re
import time
from uuid import uuid4

import pytest
from django.utils import translation
from django.utils.translation import gettext
from playwright.sync_api import Page, expect

from guildhall.engagement.needs.asking import PARTS
from tests.journeys.colleague import SIZES, Colleague

pytestmark = pytest.mark.same_on_both

#: What the issue asks for.
MOST_SECONDS = 4 * 60


class Employer(Colleague):
    """Somebody at an employer, who has no account and a telephone."""

    def is_asked(self, number: int) -> None:
        """See a part of the questions, by its number from 0."""
        expect(self.main.get_by_role("heading", level=2, name=self(str(_untranslated(number))))).to_be_visible()

    def go_on(self, number: int) -> None:
        self.button("Save and go on").click()
        self.is_asked(number)
        self.check(self.page)

    def letter(self) -> str:
        return self._from_letter(r"http://\S+/p/[\w-]+/")


def _untranslated(number: int) -> str:
    with translation.override(None):
        return str(PARTS[number].title)


class Needs:
    def __init__(self, coordinator: Colleague, employer: Employer) -> None:
        self.coordinator, self.employer = coordinator, employer
        self.name = f"Metalúrgica {uuid4().hex[:6]}"
        self.link = ""

    def write_the_employer_down(self) -> None:
        """The employer comes into the book, with the person to be asked."""
        coordinator = self.coordinator
        coordinator.go("/engagement/add/")
        coordinator.main.locator("[name=name]").fill(self.name)
        coordinator.press(coordinator.main.locator("form.form button.primary"))
        coordinator.press(coordinator.main.locator("#people").get_by_role("link", name=coordinator("Add")))
        coordinator.main.locator("[name$=name]").first.fill("Ana Forja")
        coordinator.main.locator("[name$=email]").first.fill(self.employer.address)
        coordinator.main.locator("select[name$=language]").first.select_option(self.employer.language)
        coordinator.press(coordinator.main.locator("form.form button.primary"))

    def send_the_link(self) -> None:
        coordinator = self.coordinator
        coordinator.press(coordinator.link("Ask them"))
        coordinator.press(coordinator.link("Ask by a link"))
        coordinator.press(coordinator.button("Make the link"))
        coordinator.is_told("The letter to %(person)s is on its way.", person="Ana Forja")

    def answer_the_first_half(self) -> None:
        employer = self.employer
        self.link = employer.letter()
        employer.go(self.link)
        employer.sees(self.name)
        employer.main.locator("[name=hard]").fill("Soldadores")
        employer.go_on(1)
        employer.main.locator("[name=words_0]").fill("Soldador")
        employer.main.locator("[name=now_0]").fill("2")
        employer.main.locator("[name=later_0]").fill("5")
        employer.go_on(2)

    def answer_the_rest(self, page: Page) -> None:
        """The telephone rang: everything was closed. The same link in a browser that knows nothing goes on where it was."""
        employer = self.employer
        employer.page = page
        employer.go(self.link)
        employer.is_asked(2)
        employer.button("Back").click()
        employer.is_asked(1)
        expect(employer.main.locator("[name=words_0]")).to_have_value("Soldador")
        employer.go_on(2)
        employer.main.locator("[name=words_0]").fill("Soldadura TIG")
        employer.go_on(3)
        employer.main.locator("[name=trends][value=green]").check()
        employer.go_on(4)
        employer.main.locator("[name=obstacles][value=time]").check()
        employer.main.locator("[name=offers][value=workplace_tour]").check()
        employer.button("Send to the school").click()
        expect(employer.main.get_by_text(employer("Thank you"))).to_be_visible()
        employer.sees("Soldador", "Soldadura TIG")
        employer.check(employer.page)
        assert employer.page.context.cookies() == []

    def take_it_over(self) -> None:
        """The coordinator finds it on Today, and makes of the offer a next step."""
        coordinator = self.coordinator
        coordinator.go("/")
        coordinator.press(coordinator.link("Look at it and take it into the book"))
        coordinator.sees("Soldadura TIG")
        coordinator.press(coordinator.button("Take it into the book"))
        coordinator.is_told("It is in the book: the needs, the contact and the next steps.")
        coordinator.sees("Soldadura TIG", coordinator("What they could offer"))
        coordinator.go("/engagement/needs/")
        coordinator.sees("Soldador", "Soldadura TIG")

    def find_the_link_closed(self) -> None:
        employer = self.employer
        employer.page.goto(self.link)
        expect(employer.main.get_by_role("heading", level=1, name=employer("This link is closed"))).to_be_visible()
        expect(employer.main).not_to_contain_text("Soldadura")
        employer.check(employer.page)


@pytest.mark.parametrize("size", ["phone"])
def test_an_employer_answers_a_link_on_the_phone_in_two_goes(visit, house, no_barriers, size):
    width, height = SIZES[size]
    coordinator = Colleague("Rita Coordena", visit(*SIZES["desktop"], locale="pt"), house, no_barriers, "pt")
    coordinator.start_school(f"Escola {uuid4().hex[:6]}", "PT")
    employer = Employer("Ana Forja", visit(width, height, locale="en-GB"), house, no_barriers, "pt")
    needs = Needs(coordinator, employer)
    needs.write_the_employer_down()
    needs.send_the_link()
    begun = time.monotonic()
    needs.answer_the_first_half()
    employer.page.close()
    needs.answer_the_rest(visit(width, height, locale="en-GB"))
    assert time.monotonic() - begun < MOST_SECONDS
    needs.take_it_over()
    needs.find_the_link_closed()


def test_the_same_without_javascript(visit, house, no_barriers_without_javascript, no_barriers):
    coordinator = Colleague("Rita Coordena", visit(*SIZES["desktop"], locale="pt"), house, no_barriers, "pt")
    coordinator.start_school(f"Escola {uuid4().hex[:6]}", "PT")
    check = no_barriers_without_javascript
    employer = Employer("Ana Forja", visit(*SIZES["phone"], javascript=False, locale="en-GB"), house, check, "pt")
    needs = Needs(coordinator, employer)
    needs.write_the_employer_down()
    needs.send_the_link()
    needs.answer_the_first_half()
    needs.answer_the_rest(employer.page)
    with translation.override("pt"):
        assert re.search(re.escape(gettext("Thank you")), employer.page.content())
