from datetime import date

import pytest

from guildhall.engagement.importing.planning import Book, Firm, Outcome, Place, Someone, Told, plan
from guildhall.engagement.importing.understanding import Row

NEW, CHANGED, UNCHANGED, UNCLEAR = Outcome.NEW, Outcome.CHANGED, Outcome.UNCHANGED, Outcome.UNCLEAR
SIREN = "850520263"
SIRET, ANOTHER = "85052026300011", "85052026300029"


def rows(*given, country="DE"):
    return [Row(number, country=country, **values) for number, values in enumerate(given, 2)]


def decide(book, *given, **kwargs):
    lines = rows(*given, **kwargs)
    return list(plan(lines, book, Told(lines)))


def outcomes(book, *given, **kwargs):
    return [decision.outcome for decision in decide(book, *given, **kwargs)]


def forget_the_file(book):
    """As if the next file came: what the last one told is in the book now."""
    firms = {id(firm): firm for named in book._by_name.values() for firm in named}.values()
    for firm in firms:
        for thing in (firm, *firm.places, *firm.people):
            thing.told = {}
    return list(firms)


def again(book, *given, **kwargs):
    forget_the_file(book)
    return outcomes(book, *given, **kwargs)


def held(**values):
    book = Book()
    firm = Firm(**{"country": "DE", "pk": 1, "employer_pk": 1, **values})
    book.add(firm)
    return book, firm


class TestNumbers:
    def test_one_firm_may_have_several_sites(self):
        book = Book()
        given = [
            {"name": "Alpha", "firm_number": SIREN, "site_number": SIRET, "street": "1 rue A"},
            {"name": "Alpha", "firm_number": SIREN, "site_number": ANOTHER, "street": "2 rue B"},
        ]
        decisions = decide(book, *given, country="FR")
        assert [decision.outcome for decision in decisions] == [NEW, NEW]
        assert decisions[0].firm is decisions[1].firm
        assert [(d.is_new_firm, d.is_new_place) for d in decisions] == [(True, True), (False, True)]
        assert [place.register_number for place in decisions[0].firm.places] == [SIRET, ANOTHER]
        assert again(book, *given, country="FR") == [UNCHANGED, UNCHANGED]

    def test_two_firms_of_one_name_with_two_numbers_are_two(self):
        given = [
            {"name": "Eve Coiffure", "firm_number": "1111", "town": "Metz"},
            {"name": "Eve Coiffure", "firm_number": "2222", "town": "Metz"},
        ]
        decisions = decide(Book(), *given)
        assert decisions[0].firm is not decisions[1].firm

    def test_the_same_number_in_another_country_is_another_firm(self):
        book, firm = held(name="Alpha", register_number="123456")
        (decision,) = decide(book, {"name": "Beta", "firm_number": "123456", "town": "Gent"}, country="BE")
        assert decision.firm is not firm

    def test_a_row_twice_counts_once_as_new(self):
        row = {"name": "Alpha", "firm_number": SIREN, "site_number": SIRET}
        assert outcomes(Book(), row, row, row, country="FR") == [NEW, UNCHANGED, UNCHANGED]

    def test_one_number_with_different_names_is_one_firm_called_as_most_rows_say(self):
        book = Book()
        given = [
            {"name": "Alpha Nord", "firm_number": SIREN, "site_number": ANOTHER, "town": "Laon"},
            {"name": "Alpha", "firm_number": SIREN, "site_number": SIRET, "town": "Metz"},
            {"name": "Alpha", "firm_number": SIREN, "site_number": "85052026300037", "town": "Lyon"},
        ]
        decisions = decide(book, *given, country="FR")
        firm = decisions[0].firm
        assert firm.name == "Alpha"
        assert [place.name for place in firm.places] == ["Alpha Nord", "", ""]
        assert again(book, *given, country="FR") == [UNCHANGED] * 3

    def test_a_firm_whose_name_others_have_too_is_called_by_one_of_its_doors(self):
        book = Book()
        given = [
            {"name": "Training centre", "firm_number": SIREN, "site_number": SIRET, "trade_name": "Builders", "town": "Lyon"},
            {"name": "Training centre", "firm_number": SIREN, "site_number": ANOTHER, "trade_name": "Bakers", "town": "Metz"},
            {"name": "Training centre", "firm_number": "779310044", "trade_name": "Joiners", "town": "Metz"},
        ]
        decisions = decide(book, *given, country="FR")
        firm = decisions[0].firm
        assert (firm.name, firm.shown_name) == ("Training centre", "Bakers")
        assert [place.name for place in firm.places] == ["Builders", "Bakers"]
        assert again(book, *given, country="FR") == [UNCHANGED] * 3

    def test_a_site_that_was_known_without_number_gets_it(self):
        book, firm = held(name="Alpha", places=[Place(street="1 rue A", postal_code="57000", country="DE", pk=5)])
        (decision,) = decide(
            book, {"name": "ALPHA", "firm_number": "77", "site_number": "77-1", "street": "1, Rue A", "postal_code": "57000"}
        )
        assert decision.outcome == CHANGED
        assert (firm.register_number, firm.places[0].register_number) == ("77", "77-1")
        assert len(firm.places) == 1


class TestNames:
    def test_the_same_name_at_the_same_address_is_the_same_site(self):
        book, firm = held(name="Müller GmbH", places=[Place(street="Hauptstr. 5", postal_code="50667", town="Köln", pk=5)])
        (decision,) = decide(book, {"name": "MULLER", "street": "Hauptstraße 5", "postal_code": "50667", "phone": "0221 1"})
        assert (decision.firm, decision.place) == (firm, firm.places[0])

    def test_the_same_name_in_the_same_town_is_another_site_of_the_same_firm(self):
        book, firm = held(name="Müller GmbH", places=[Place(street="Hauptstr. 5", town="Köln", pk=5)])
        (decision,) = decide(book, {"name": "Müller GmbH", "street": "Ringweg 1", "town": "Köln"})
        assert decision.outcome == NEW
        assert decision.firm is firm
        assert decision.is_new_place
        assert not decision.is_new_firm

    def test_the_same_name_and_web_domain_is_the_same_firm_wherever_it_is(self):
        book, firm = held(name="Müller GmbH", website="https://www.mueller.example", places=[Place(town="Köln", pk=5)])
        (decision,) = decide(book, {"name": "Müller", "town": "Bonn", "email": "bonn@mueller.example"})
        assert decision.firm is firm

    def test_a_mail_providers_domain_proves_nothing(self):
        book, _firm = held(name="Müller", places=[Place(town="Köln", email="mueller@gmail.com", pk=5)])
        assert outcomes(book, {"name": "Müller", "town": "Bonn", "email": "mueller2@gmail.com"}) == [UNCLEAR]

    def test_the_name_alone_is_unclear_and_the_reason_says_so(self):
        book, _firm = held(name="Müller GmbH", places=[Place(street="Hauptstr. 5", town="Köln", pk=5)])
        (decision,) = decide(book, {"name": "Müller GmbH", "town": "Hamburg"})
        assert decision.outcome == UNCLEAR
        assert (
            decision.reason
            == "“Müller GmbH” is in the book at Hauptstr. 5, Köln. Only the name says that this is the same employer."
        )

    def test_a_list_of_bare_names_may_come_again(self):
        book = Book()
        given = [{"name": "Alpha"}, {"name": "Beta", "phone": "030 1"}]
        assert outcomes(book, *given) == [NEW, NEW]
        assert again(book, *given) == [UNCHANGED, UNCHANGED]

    def test_two_employers_of_one_name_in_the_town_are_unclear(self):
        book = Book()
        for pk in (1, 2):
            book.add(Firm("Müller", country="DE", pk=pk, employer_pk=pk, places=[Place(town="Köln", street=f"Weg {pk}", pk=pk)]))
        (decision,) = decide(book, {"name": "Müller", "town": "Köln"})
        assert decision.outcome == UNCLEAR
        assert "2 employers called “Müller”" in decision.reason

    def test_different_names_on_the_door_are_different_employers(self):
        given = [
            {"name": "Training centre", "trade_name": "Of the builders", "town": "Lyon", "street": "1 rue A"},
            {"name": "Training centre", "trade_name": "Of the bakers", "town": "Lyon", "street": "2 rue B"},
        ]
        book = Book()
        decisions = decide(book, *given)
        assert decisions[0].firm is not decisions[1].firm
        assert again(book, *given) == [UNCHANGED, UNCHANGED]

    def test_a_firm_with_a_number_is_not_the_one_with_another(self):
        book, firm = held(name="Müller", register_number="HRB 1", places=[Place(town="Köln", pk=5)])
        (decision,) = decide(book, {"name": "Müller", "firm_number": "HRB 2", "town": "Köln"})
        assert decision.outcome == NEW
        assert decision.firm is not firm

    def test_of_several_sites_in_the_town_the_row_must_say_which(self):
        book, _firm = held(name="Müller", places=[Place(street="A 1", town="Köln", pk=5), Place(street="B 2", town="Köln", pk=6)])
        assert outcomes(book, {"name": "Müller", "town": "Köln", "phone": "1"}) == [UNCLEAR]


class TestChanges:
    def test_what_the_file_says_replaces_what_the_book_says_and_is_told(self):
        place = Place(street="Hauptstr. 5", town="Köln", phone="0221 1", pk=5)
        book, firm = held(name="Müller", register_number="HRB 1", size_band="1-9", places=[place])
        row = {
            "name": "Müller GmbH",
            "firm_number": "HRB 1",
            "town": "Köln",
            "street": "Hauptstr. 5",
            "phone": "0221 2",
            "size_band": "10-49",
        }
        (decision,) = decide(book, row)
        assert decision.outcome == CHANGED
        assert "Telephone: “0221 1” becomes “0221 2”." in decision.reason
        assert (firm.name, firm.size_band, place.phone) == ("Müller GmbH", "10-49", "0221 2")
        assert set(firm.dirty) == {"name", "size_band"}
        assert set(place.dirty) == {"phone"}

    def test_what_the_file_does_not_say_stays(self):
        place = Place(street="Hauptstr. 5", town="Köln", phone="0221 1", email="a@b.example", latitude=50.0, longitude=7.0, pk=5)
        book, firm = held(name="Müller", website="https://m.example", nace="47.71", size_band="1-9", note="Kind.", places=[place])
        assert outcomes(book, {"name": "Müller", "town": "Köln"}) == [UNCHANGED]
        assert not firm.dirty
        assert not place.dirty

    def test_a_note_is_added_and_never_replaced(self):
        book, firm = held(name="Müller", register_number="1", note="Ask for Ada.")
        row = {"name": "Müller", "firm_number": "1", "note": "Came by at the fair."}
        assert outcomes(book, row) == [CHANGED]
        assert firm.note == "Ask for Ada.\n\nCame by at the fair."
        assert again(book, row) == [UNCHANGED]

    def test_a_row_that_contradicts_an_earlier_one_is_unclear_and_changes_nothing(self):
        book = Book()
        given = [
            {"name": "Alpha", "firm_number": SIREN, "site_number": SIRET, "street": "1 rue A", "phone": ""},
            {"name": "Alpha", "firm_number": SIREN, "site_number": SIRET, "street": "9 rue Z", "phone": "03 87"},
        ]
        decisions = decide(book, *given, country="FR")
        assert [decision.outcome for decision in decisions] == [NEW, UNCLEAR]
        assert decisions[1].reason == "Row 2 says something else about the same site (Street)."
        assert decisions[0].place.phone == ""
        assert again(book, *given, country="FR") == [UNCHANGED, UNCLEAR]

    def test_rows_that_complete_each_other_do(self):
        book = Book()
        given = [
            {"name": "Alpha", "firm_number": SIREN, "site_number": SIRET, "street": "1 rue A"},
            {"name": "Alpha", "firm_number": SIREN, "site_number": SIRET, "phone": "03 87"},
        ]
        assert outcomes(book, *given, country="FR") == [NEW, CHANGED]
        assert again(book, *given, country="FR") == [UNCHANGED, UNCHANGED]

    def test_the_size_of_a_firm_is_that_of_its_largest_site_whatever_comes_first(self):
        given = [
            {"name": "Alpha", "firm_number": SIREN, "site_number": SIRET, "size_band": "1-9", "nace": "47.71"},
            {"name": "Alpha", "firm_number": SIREN, "site_number": ANOTHER, "size_band": "50-249", "nace": "49.41"},
        ]
        for ordered in (given, given[::-1]):
            book = Book()
            assert decide(book, *ordered, country="FR")[0].firm.size_band == "50-249"
            assert again(book, *ordered, country="FR") == [UNCHANGED, UNCHANGED]
            assert again(book, *ordered[::-1], country="FR") == [UNCHANGED, UNCHANGED]

    def test_the_name_on_the_door_is_the_firms_if_it_is_on_all_doors_else_the_sites(self):
        def firm(*doors):
            numbers = [SIRET, ANOTHER]
            book = Book()
            given = [
                {"name": "Alpha", "firm_number": SIREN, "site_number": number, "trade_name": door}
                for number, door in zip(numbers, doors, strict=False)
            ]
            found = decide(book, *given, country="FR")[0].firm
            assert set(again(book, *given, country="FR")) == {UNCHANGED}
            return found.trade_name, [place.name for place in found.places]

        assert firm("Chez Ada") == ("Chez Ada", [""])
        assert firm("Chez Ada", "Chez Ada") == ("Chez Ada", ["", ""])
        assert firm("Chez Ada", "Chez Ben") == ("", ["Chez Ada", "Chez Ben"])
        assert firm("Chez Ada", "") == ("", ["Chez Ada", ""])

    def test_a_site_may_have_closed(self):
        book, firm = held(name="Müller", register_number="1", places=[Place(town="Köln", pk=5)])
        assert outcomes(book, {"name": "Müller", "firm_number": "1", "town": "Köln", "closed_on": date(2026, 2, 3)}) == [CHANGED]
        assert firm.places[0].closed_on == date(2026, 2, 3)


class TestPeople:
    ROW = {
        "name": "Müller",
        "town": "Köln",
        "person_name": "Ada Lamb",
        "person_email": "ada@mueller.example",
        "person_title": "Head",
    }

    def test_a_person_comes_with_their_employer(self):
        book = Book()
        (decision,) = decide(book, self.ROW)
        assert [(one.name, one.title, one.place) for one in decision.firm.people] == [("Ada Lamb", "Head", decision.place)]
        assert again(book, self.ROW) == [UNCHANGED]

    def test_a_person_of_an_employer_in_the_book_is_a_change(self):
        book, firm = held(name="Müller", places=[Place(town="Köln", pk=5)])
        (decision,) = decide(book, self.ROW)
        assert decision.outcome == CHANGED
        assert decision.reason == "Ada Lamb is added."
        assert len(firm.people) == 1

    def test_several_people_of_one_employer_stand_in_several_rows(self):
        book = Book()
        given = [self.ROW, {**self.ROW, "person_name": "Ben Bell", "person_email": ""}]
        assert outcomes(book, *given) == [NEW, CHANGED]
        assert again(book, *given) == [UNCHANGED, UNCHANGED]

    def test_a_person_is_known_by_name_and_gets_what_is_new(self):
        someone = Someone("ada lamb", phone="1", pk=7, position_pk=8)
        book, firm = held(name="Müller", places=[Place(town="Köln", pk=5)], people=[someone])
        assert outcomes(book, self.ROW) == [CHANGED]
        assert firm.people == [someone]
        assert (someone.email, someone.phone, someone.title) == ("ada@mueller.example", "1", "Head")

    def test_somebody_the_school_knows_from_elsewhere_is_not_made_anew(self):
        book = Book()
        book.acquaintances["ada@mueller.example", "ada lamb"] = 77
        (decision,) = decide(book, self.ROW)
        assert decision.firm.people[0].pk == 77


class TestEmployersWithARecordOfTheirOwn:
    def test_no_file_changes_it(self):
        book, firm = held(name="Müller", register_number="1", ours=False, places=[Place(town="Köln", phone="1", pk=5)])
        assert outcomes(
            book, {"name": "Other", "firm_number": "1", "town": "Köln", "phone": "2", "website": "https://x.example"}
        ) == [UNCHANGED]
        assert (firm.name, firm.places[0].phone, firm.website) == ("Müller", "1", "")

    def test_a_site_it_does_not_have_is_unclear(self):
        book, _firm = held(name="Müller", register_number="1", ours=False, places=[Place(town="Köln", pk=5)])
        (decision,) = decide(book, {"name": "Müller", "firm_number": "1", "town": "Bonn"})
        assert decision.outcome == UNCLEAR
        assert "keeps its own record" in decision.reason


def test_an_employer_that_left_the_book_comes_back():
    book, firm = held(name="Müller", register_number="1", employer_pk=None, places=[Place(town="Köln", pk=5)])
    decisions = decide(book, {"name": "Müller", "firm_number": "1"}, {"name": "Müller", "firm_number": "1"})
    assert [(decision.outcome, decision.is_new_firm) for decision in decisions] == [(NEW, True), (UNCHANGED, False)]
    assert decisions[0].firm is firm


@pytest.mark.parametrize("wrong", ["The name of the employer is missing."])
def test_wrong_rows_bring_nothing_and_keep_their_reason(wrong):
    book = Book()
    line = Row(2, wrong=wrong)
    (decision,) = plan([line], book, Told([]))
    assert (decision.outcome, decision.reason, decision.firm) == (Outcome.WRONG, wrong, None)
