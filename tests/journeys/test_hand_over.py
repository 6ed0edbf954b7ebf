"""Hand-over: a colleague leaves; his employers and promises go to somebody else, with a letter, and stand on her Today."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils.timezone import localdate
from playwright.sync_api import expect

from tests.journeys.colleague import SIZES, Colleague

pytestmark = pytest.mark.same_on_both

EMPLOYERS = [
    ("Αρτοποιείο Πρωινό", "Λάρισα", "Μαρία Ζυμάρη", "Θέλει δύο μαθητές από τον Μάρτιο.", "Να στείλω τα χαρτιά"),
    ("Ηλεκτρολογικά Σπίθα", "Βόλος", "Γιάννης Καλώδιος", "Ρωτά ποιος πληρώνει την ασφάλιση.", "Να ρωτήσω τη διεύθυνση"),
]


class Leaving:
    """Who leaves, ``of``; and who stays and manages the school, ``heir``."""

    def __init__(self, of: Colleague, heir: Colleague) -> None:
        self.of, self.heir = of, heir

    def work_with_employers(self) -> None:
        """The one who leaves has written down two employers, spoken with both, and promised something to each."""
        of = self.of
        for name, town, person, said, what in EMPLOYERS:
            of.go("/engagement/add/")
            of.field("Name").fill(name)
            of.main.locator("[name=town]").fill(town)
            of.press(of.button("Add"))
            of.press(of.main.locator("#people").get_by_role("link", name=of("Add")).first)
            of.field("Name").fill(person)
            of.main.locator("[name=phone]").fill("+30 2410 000 001")
            of.press(of.button("Add"))
            of.main.get_by_label(person).check()
            of.field("What was said?").fill(said)
            of.field("What comes next?").fill(what)
            of.field("Until when?").fill((localdate() - timedelta(days=1)).isoformat())
            of.press(of.button("Write it down"))
            of.is_told("Written down.")
        of.go("/")
        of.sees(*(what for *_others, what in EMPLOYERS))

    def hand_over(self) -> None:
        """The manager puts all his work into her hands, and gets the letter that tells what is open."""
        heir = self.heir
        heir.go("/")
        heir.go("/engagement/")
        heir.main.locator("summary").filter(has_text=heir("View", context="of a list")).click()
        heir.check(heir.page)
        heir.press(heir.link("Hand over all of somebody's work"))
        heir.field("Whose work?").select_option(label=self.of.name)
        heir.field("To whom?").select_option(label=heir.name)
        heir.press(heir.button("Hand over"))
        heir.is_told("Handed over. This is the letter that goes with it.")
        for name, _town, person, said, what in EMPLOYERS:
            heir.sees(name, person, said, what)

    def go(self) -> None:
        """Who has nothing left in his name can go, and sees the book no more."""
        heir, of = self.heir, self.of
        heir.go_to_school()
        heir.press(heir.main.get_by_role("link", name=heir("Members"), exact=True))
        heir.press(heir.main.get_by_role("row").filter(has_text=of.name).get_by_role("link"))
        heir.press(heir.link("Let this person leave"))
        heir.press(heir.button("End these roles"))
        expect(heir.main.locator("#members")).not_to_contain_text(of.name)
        assert of.page.goto("/engagement/").status == 404

    def begin_the_day(self) -> None:
        """Today tells the one who stays what he had promised; she calls, and it is done."""
        heir = self.heir
        heir.go("/")
        heir.sees("+30 2410 000 001", *(text for name, _town, person, _said, what in EMPLOYERS for text in (name, person, what)))
        heir.press(heir.button("Done"))
        heir.press(heir.link(EMPLOYERS[1][0]))
        expect(heir.main.locator("#timeline")).to_contain_text(EMPLOYERS[1][3])
        expect(heir.main.locator("#timeline")).to_contain_text(self.of.name)


@pytest.mark.parametrize("language", ["el"])
@pytest.mark.parametrize("size", ["phone"])
def test_hand_over(visit, house, no_barriers_without_javascript, size, language):
    of, heir = (
        Colleague(name, visit(*SIZES[size], javascript=False, locale=language), house, no_barriers_without_javascript, language)
        for name in ("Νίκος Αναχώρης", "Ελένη Μένουσα")
    )
    heir.start_school(f"ΕΠΑΛ {uuid4().hex[:6]}", "GR")
    heir.invite(of, roles=["coordinator"])
    journey = Leaving(of, heir)
    journey.work_with_employers()
    journey.hand_over()
    journey.go()
    journey.begin_the_day()
