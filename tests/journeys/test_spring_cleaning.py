"""Spring cleaning: last year's list comes in, this year's is looked through, what is unclear decided, who is there twice merged.

And all of it can be undone: the merge, and the whole import.
"""

from __future__ import annotations

import io
import re
from uuid import uuid4

import pytest
import xlsxwriter
from playwright.sync_api import expect

from tests.journeys.colleague import SIZES, Colleague

pytestmark = pytest.mark.same_on_both

HEADINGS = ["Επωνυμία", "Διεύθυνση", "Τ.Κ.", "Πόλη", "Τηλέφωνο", "Υπεύθυνος", "E-mail υπευθύνου"]
LAST_YEAR = [
    ["Φούρνος Ανατολή", "Ερμού 4", "38221", "Βόλος", "+30 2421 000001", "Σοφία Μύλου", "sofia@anatoli.example"],
    ["Ξυλουργείο Δρυς Ο.Ε.", "Κύπρου 9", "41222", "Λάρισα", "+30 2410 000002", "Πέτρος Πριόνης", "petros@drys.example"],
    ["Γκαράζ Στροφή", "Αγίου Νικολάου 12", "38333", "Βόλος", "+30 2421 000003", "", ""],
    ["Φροντίδα Ηλιοτρόπιο", "Παπαναστασίου 1", "41223", "Λάρισα", "+30 2410 000004", "Άννα Γερανού", "anna@iliotropio.example"],
]
THIS_YEAR = [
    LAST_YEAR[0],
    ["Γκαράζ Στροφή", "Αγίου Νικολάου 12", "38333", "Βόλος", "+30 2421 000099", "Μάκης Τιμόνης", "makis@strofi.example"],
    ["Φροντίδα Ηλιοτρόπιο", "", "", "Καρδίτσα", "+30 2441 000005", "", ""],  # a branch? the same? only a person knows
    ["ΔΡΥΣ ξυλουργείο", "Κυπρου 9", "41222", "Λάρισα", "2410 000 002", "Πριόνης Πέτρος", "petros@drys.example"],
    ["Ανθοπωλείο Κυκλάμινο", "Δημητριάδος 30", "38221", "Βόλος", "+30 2421 000006", "", ""],
    ["", "Χωρίς όνομα 1", "", "Βόλος", "", "", ""],
]


def workbook() -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([HEADINGS, *LAST_YEAR]):
            sheet.write_row(number, 0, row)
    return file.getvalue()


def semicolons() -> bytes:
    return "".join(";".join(row) + "\r\n" for row in [HEADINGS, *THIS_YEAR]).encode("utf-8-sig")


class Cleaning:
    """What the coordinator does with two years of lists."""

    def __init__(self, me: Colleague) -> None:
        self.me = me

    def bring(self, name: str, content: bytes, news: int) -> None:
        """Upload a file, and see what it would do: so many rows would be imported."""
        me = self.me
        me.go("/engagement/imports/")
        me.main.locator("input[type=file]").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
        me.button("Look it through").click()
        expect(self.let_in(news)).to_be_visible()
        me.check(me.page)

    def let_in(self, count: int):
        return self.me.button("Import %(count)s row", count, plural="Import %(count)s rows")

    def book_holds(self, count: int) -> None:
        self.me.go("/engagement/")
        self.me.sees(self.me("%(count)s employer", count, plural="%(count)s employers"))

    def import_all(self, count: int) -> None:
        me = self.me
        self.let_in(count).click()  # while it goes in, the page comes anew by itself: it is checked when it is done
        expect(me.link("Go to the book")).to_be_visible()
        expect(me.link("Take this import back")).to_be_visible()
        me.check(me.page)

    def decide(self) -> None:
        """The row that only has a name in common is another employer; the form stands below the figures."""
        me = self.me
        me.press(me.main.get_by_role("link", name=re.compile(me("Unclear"), re.IGNORECASE)).first)
        row = me.main.get_by_role("group").filter(has_text="Φροντίδα Ηλιοτρόπιο").last
        row.get_by_label(me("A new employer")).check()
        me.press(me.button("Keep these decisions"))

    def merge(self) -> None:
        """The joinery is there twice, its name in another order: what the two say differently is chosen, field by field."""
        me = self.me
        me.go("/engagement/duplicates/")
        me.press(me.main.get_by_role("link", name=re.compile("ΔΡΥΣ ξυλουργείο")))
        me.sees("Ξυλουργείο Δρυς Ο.Ε.")
        me.main.get_by_role("radio", name="Ξυλουργείο Δρυς Ο.Ε.", exact=True).check()
        me.press(me.button("Merge into one"))
        expect(me.page.get_by_role("heading", level=1)).to_contain_text("Ξυλουργείο Δρυς Ο.Ε.")
        expect(me.main.locator("#people .item-title")).to_have_text(["Πέτρος Πριόνης"])

    def undo_the_merge(self) -> None:
        me = self.me
        me.go("/engagement/duplicates/?state=merged")
        me.press(me.button("Undo"))
        me.go("/engagement/duplicates/")
        me.sees("ΔΡΥΣ ξυλουργείο")

    def take_back(self, name: str) -> None:
        me = self.me
        me.go("/engagement/imports/")
        me.press(me.main.get_by_role("link", name=name))
        me.press(me.link("Take this import back"))
        me.sees(me("This is what would happen. Nothing is changed yet."))
        me.button("Take it back").click()
        me.sees(me("Fields given back"))
        me.check(me.page)


@pytest.mark.parametrize("language", ["el"])
@pytest.mark.parametrize("size", ["desktop"])
def test_spring_cleaning(visit, house, no_barriers_without_javascript, size, language):
    page = visit(*SIZES[size], javascript=False, locale=language)
    me = Colleague("Ελένη Μένουσα", page, house, no_barriers_without_javascript, language)
    me.start_school(f"ΕΠΑΛ {uuid4().hex[:6]}", "GR")
    journey = Cleaning(me)
    journey.bring("πέρσι.xlsx", workbook(), 4)
    journey.import_all(4)
    journey.book_holds(4)
    journey.bring("φέτος.csv", semicolons(), 3)
    journey.decide()
    journey.import_all(4)
    journey.book_holds(7)
    journey.merge()
    journey.book_holds(6)
    journey.undo_the_merge()
    journey.book_holds(7)
    journey.take_back("φέτος.csv")
    journey.book_holds(4)
    me.go("/engagement/")
    me.press(me.link("Γκαράζ Στροφή"))
    me.sees("+30 2421 000003")
