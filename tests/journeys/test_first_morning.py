"""First morning: a school starts, brings its list, calls somebody, notes what was said and what comes next, and has a Today."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils.timezone import localdate
from playwright.sync_api import Page, expect

LIST = """Firma;Straße;PLZ;Ort;Telefon;E-Mail;Ansprechpartner;Branche
Bäckerei Morgenrot GmbH;Mühlgasse 4;02826;Görlitz;+49 30 23125 001;info@morgenrot.example;Uta Teig;10.71
Elektro Blitzfink;Am Markt 1;02625;Bautzen;+49 30 23125 002;post@blitzfink.example;Jörg Draht;43.21
Elektro Blitzfink;Hafenstr. 9;02826;Görlitz;+49 30 23125 003;;;43.21
Pflegedienst Lindenhof;Lindenweg 12;02708;Löbau;+49 30 23125 004;hallo@lindenhof.example;Maria;88.10
;Ohne Namen 1;02708;Löbau;;;;
"""

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


class Morning:
    """What somebody does on the first morning, by the words on the screen."""

    def __init__(self, page: Page, house, check) -> None:
        self.page, self.house, self.check = page, house, check
        self.address = f"katrin.{uuid4().hex[:6]}@schule.example"

    def start_with_the_school(self) -> None:
        page = self.page
        page.goto("/")
        self.check(page)
        page.get_by_role("link", name="Start with your school").click()
        page.get_by_label("Name of your school").fill(f"Berufsschule {uuid4().hex[:6]}")
        page.get_by_label("Country").select_option(label="Germany")
        page.get_by_label("Your name").fill("Katrin Vollmer")
        page.get_by_label("E-mail address").fill(self.address)
        page.get_by_label("I have read").check()
        self.check(page)
        page.locator("main form button[type=submit]").first.click()
        page.get_by_label("Code").fill(self.code())
        self.check(page)
        page.locator("main form button[type=submit]").first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Katrin Vollmer")

    def code(self) -> str:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            for letter in reversed(self.house.mails_to(self.address)):
                if found := re.search(r"\d{4}-\d{4}", letter["Subject"]):
                    return found[0]
            self.page.wait_for_timeout(100)
        raise AssertionError(f"No code came to {self.address}.")

    def bring_the_list(self) -> None:
        page = self.page
        page.goto("/engagement/")
        self.check(page)
        page.locator("main").get_by_role("link", name="Import a file").first.click()
        page.locator("input[type=file]").set_input_files(
            {"name": "betriebe.csv", "mimeType": "text/csv", "buffer": LIST.encode("cp1252")}
        )
        self.check(page)
        page.get_by_role("button", name="Look it through").click()
        self.wait_until_ready()
        self.check(page)
        expect(page.locator("main")).to_contain_text("Morgenrot")
        page.get_by_role("button", name=re.compile("Import \\d+ rows?")).first.click()
        expect(page.get_by_role("link", name="Go to the book")).to_be_visible()
        self.check(page)
        page.get_by_role("link", name="Go to the book").click()
        expect(page.locator("main")).to_contain_text("3 employers")

    def wait_until_ready(self) -> None:
        expect(self.page.get_by_role("button", name=re.compile("Import \\d+ rows?")).first).to_be_visible()

    def call_somebody(self) -> None:
        page = self.page
        page.get_by_role("link", name="Elektro Blitzfink").click()
        expect(page.locator("main")).to_contain_text("Jörg Draht")
        self.check(page)
        page.get_by_label("Jörg Draht").check()
        page.get_by_label("What was said?").fill("Er hat einen Platz ab Februar und ruft zurück.")
        page.get_by_label("What comes next?").fill("Unterlagen schicken")
        page.get_by_label("Until when?").fill((localdate() - timedelta(days=0)).isoformat())
        page.get_by_role("button", name="Write it down").last.click()
        expect(page.locator("main")).to_contain_text("Er hat einen Platz ab Februar")
        expect(page.locator("#messages")).to_contain_text("Written down.")
        self.check(page)

    def look_at_today(self) -> None:
        page = self.page
        page.goto("/")
        expect(page.locator("main")).to_contain_text("1 thing needs you now.")
        expect(page.locator("main")).to_contain_text("Unterlagen schicken")
        self.check(page)
        page.get_by_role("button", name="Done").click()
        expect(page.locator("main")).to_contain_text("Nothing needs you now.")
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("main")).to_contain_text("Unterlagen schicken")


@pytest.mark.parametrize("size", SIZES)
def test_first_morning(visit, house, no_barriers, size):
    morning = Morning(visit(*SIZES[size]), house, no_barriers)
    morning.start_with_the_school()
    morning.bring_the_list()
    morning.call_somebody()
    morning.look_at_today()


def test_first_morning_without_javascript(visit, house, no_barriers_without_javascript):
    morning = Morning(visit(*SIZES["phone"], javascript=False), house, no_barriers_without_javascript)
    morning.start_with_the_school()
    morning.bring_the_list()
    morning.call_somebody()
    morning.look_at_today()
