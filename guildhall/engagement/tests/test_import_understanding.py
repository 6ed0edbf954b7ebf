from datetime import date

import pytest

from guildhall.engagement.importing import numbers
from guildhall.engagement.importing.naming import domain_of, name_key, street_key, town_key
from guildhall.engagement.importing.understanding import Understanding, Wrong, as_in_file


def understood(country="FR", codes=None, **given):
    """A row of a file that has a column for each of our fields given."""
    headings = [name.upper() for name in given]
    mapping = {name: name.upper() for name in given}
    return Understanding(headings, mapping, country=country, codes=codes or {}).row(2, list(given.values()))


def wrong(**given):
    with pytest.raises(Wrong) as no:
        understood(**{"name": "Alpha", **given})
    return no.value.sentence


def test_a_site_number_names_the_firm_too():
    row = understood(name="Alpha", site_number="850 520 263 00011")
    assert (row.firm_number, row.site_number) == ("850520263", "85052026300011")


def test_a_firm_number_in_the_column_of_the_sites_is_the_firms():
    row = understood(name="Alpha", site_number="850520263")
    assert (row.firm_number, row.site_number) == ("850520263", "")


def test_zeros_that_a_spreadsheet_dropped_come_back():
    assert understood(name="Alpha", site_number="1938553300013").site_number == "01938553300013"
    assert understood(name="Alpha", postal_code="1502").postal_code == "01502"


def test_the_post_has_numbers_of_its_own():
    assert numbers.siret("356 000 000 00048") == "35600000000048"
    assert numbers.siret("35600000049837") == "35600000049837"
    assert numbers.siret("35600000000013") == ""


@pytest.mark.parametrize("number", ["85052026300012", "850520264", "123", "00000000000000", "85052026300011X"])
def test_an_impossible_register_number_is_wrong(number):
    assert "check digit does not fit" in wrong(site_number=number)


def test_a_number_that_the_spreadsheet_shortened_is_wrong():
    assert "was shortened by the spreadsheet" in wrong(site_number="8,5052E+13")


def test_a_site_of_another_firm_is_wrong():
    assert "should begin with 850520263" in wrong(firm_number="850520263", site_number="77931004400028")


def test_other_countries_numbers_are_kept_as_they_stand():
    row = understood(country="DE", name="Alpha", firm_number="HRB 12345 B", site_number="0042")
    assert (row.firm_number, row.site_number) == ("HRB 12345 B", "0042")


def test_sizes_are_understood_in_words_figures_and_codes():
    assert [
        numbers.size_band(text) for text in ("0", "7", "10 à 19 salariés", "50-249", "250+", ">249", "< 10", "1 200", "many")
    ] == [
        "0",
        "1-9",
        "10-49",
        "50-249",
        "250+",
        "250+",
        "1-9",
        "250+",
        "",
    ]
    codes = {"SIZE": {"size": "insee"}}
    assert [
        understood(name="A", size=code, codes=codes).size_band for code in ("00", "01", "3", "12", "22", "53", "NN", "99")
    ] == [
        "0",
        "1-9",
        "1-9",
        "10-49",
        "50-249",
        "250+",
        "",
        "",
    ]


def test_a_sector_is_brought_to_todays_nace():
    codes = {"SECTOR": {"nace": "2"}}
    assert understood(name="A", sector="4771Z", codes=codes).nace == "47.71"
    assert understood(name="A", sector="4110D", codes=codes).nace == "68.12"
    assert understood(name="A", sector="something", codes=codes).nace == ""


def test_unknown_coordinates_are_not_the_gulf_of_guinea():
    row = understood(name="A", latitude="0", longitude="0")
    assert (row.latitude, row.longitude) == (None, None)
    row = understood(name="A", latitude="49,1143", longitude="6.18412")
    assert (row.latitude, row.longitude) == (49.1143, 6.18412)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": ""}, "name of the employer is missing"),
        ({"name": "  \t "}, "name of the employer is missing"),
        ({"name": "A" * 251}, "longer than 250 characters"),
        ({"latitude": "95", "longitude": "6"}, "no place on earth"),
        ({"latitude": "49.1", "longitude": ""}, "no place on earth"),
        ({"latitude": "north", "longitude": "6"}, "no place on earth"),
        ({"latitude": "nan", "longitude": "inf"}, "no place on earth"),
        ({"closed_on": "soon"}, "is not a date"),
        ({"closed_on": "31/02/2026"}, "is not a date"),
        ({"note": "x" * 4001}, "longer than 4000 characters"),
    ],
)
def test_what_cannot_be_is_wrong(given, sentence):
    assert sentence in wrong(**given)


@pytest.mark.parametrize(
    ("given", "remark"),
    [
        ({"email": "ada at alpha"}, "“ada at alpha” is not an e-mail address and is left out."),
        ({"email": "a@alpha.example; b@alpha.example"}, "is not an e-mail address"),
        ({"person_name": "Ada", "person_email": "ada@"}, "is not an e-mail address"),
        ({"phone": "see web site"}, "is not a telephone number and is left out."),
        ({"phone": "0" * 41}, "Telephone: this is longer than 40 characters and is left out."),
        ({"website": "javascript:alert(1)"}, "is not the address of a web site and is left out."),
        ({"website": "our site"}, "is not the address of a web site"),
    ],
)
def test_who_cannot_be_reached_in_one_way_is_known_all_the_same(given, remark):
    row = understood(name="Alpha", street="Hauptstraße 5", **given)
    assert remark in row.remark
    assert (row.name, row.street) == ("Alpha", "Hauptstraße 5")
    assert not any([row.email, row.person_email, row.phone, row.website])


def test_where_one_of_two_addresses_is_none_the_other_is_kept():
    row = understood(name="Alpha", email="nonsense", person_email="office@alpha.example", person_name="")
    assert (row.email, row.remark) == ("office@alpha.example", "“nonsense” is not an e-mail address and is left out.")


def test_a_row_with_too_many_cells_is_wrong():
    reader = Understanding(["NAME", "TOWN"], {"name": "NAME"}, country="DE", codes={})
    with pytest.raises(Wrong, match="4 cells"):
        reader.row(2, ["A", "B", "C", "D"])
    assert reader.row(3, ["A", "B", "", " "]).name == "A"
    assert reader.row(4, ["A"]).name == "A"


def test_a_wrong_row_keeps_what_it_said():
    reader = Understanding(["NAME", "CLOSED", "X"], {"name": "NAME", "closed_on": "CLOSED"}, country="DE", codes={})
    (row,) = reader.rows([(7, ["Alpha", "soon", ""])])
    assert (row.number, row.name) == (7, "Alpha")
    assert "soon" in row.wrong
    assert as_in_file(["NAME", "CLOSED", "X"], row) == {"NAME": "Alpha", "CLOSED": "soon"}


@pytest.mark.parametrize("formula", ['=HYPERLINK("http://evil.example","x")', "+SUM(A1:A9)", "@cmd", "-1+1|calc"])
def test_a_formula_is_text_and_stays_text(formula):
    assert understood(name=formula).name == formula


def test_dates_are_read_day_first_and_as_spreadsheets_count():
    dates = ["2026-02-03", "3.2.2026", "03/02/2026", "03/02/26", "46056", "2026-02-03 00:00:00"]
    assert {understood(name="A", closed_on=text).closed_on for text in dates} == {date(2026, 2, 3)}


def test_what_belongs_to_nobody_named_belongs_to_the_employer():
    row = understood(name="A", person_email="office@alpha.example", person_phone="030 1", person_name="")
    assert (row.email, row.phone, row.person_email) == ("office@alpha.example", "030 1", "")


def test_words_for_nothing_are_nothing():
    row = understood(name="A", town="-", phone="n/a", email="NR")
    assert (row.town, row.phone, row.email) == ("", "", "")


def test_invisible_signs_and_spaces_go():
    row = understood(name=" Alpha\u00a0\u200b Works\r\n Ltd ", street="5  \t rue\x01 Foch")
    assert (row.name, row.street) == ("Alpha Works Ltd", "5 rue Foch")


def test_the_house_number_stands_where_the_country_has_it():
    assert understood(name="A", street_number="5", street="rue Foch").street == "5 rue Foch"
    assert understood(country="DE", name="A", street_number="5", street="Hauptstraße").street == "Hauptstraße 5"


def test_a_web_site_gets_what_it_lacks():
    assert understood(name="A", website="www.alpha.example/de").website == "https://www.alpha.example/de"
    assert understood(name="A", website="http://alpha.example").website == "http://alpha.example"


@pytest.mark.django_db
@pytest.mark.parametrize("country", ["DE", "de", "Germany", "Deutschland", "Alemania", "Niemcy", "Γερμανία", "Alemanha"])
def test_a_country_may_be_named_in_any_language(country):
    reader = Understanding(["N", "C"], {"name": "N", "country": "C"}, country="FR", codes={})
    assert reader.row(2, ["A", country]).country == "DE"


@pytest.mark.django_db
def test_an_unknown_country_is_wrong():
    reader = Understanding(["N", "C"], {"name": "N", "country": "C"}, country="FR", codes={})
    with pytest.raises(Wrong, match="is not a country"):
        reader.row(2, ["A", "Atlantis"])


def test_firms_are_compared_without_what_they_are_in_law():
    assert name_key("Bäckerei Müller GmbH & Co. KG") == name_key("BACKEREI MULLER")
    assert name_key("S.A.R.L. Dupont") == name_key("Dupont SARL") == name_key("DUPONT")
    assert name_key("Kowalski Sp. z o.o.") == name_key("Firma Kowalski")
    assert name_key("Construções Silva, Lda.") == name_key("Construcoes Silva")
    assert name_key("Τεχνική Α.Ε.") == name_key("ΤΕΧΝΙΚΗ")
    assert name_key("Muebles Pérez, S.L.") == name_key("muebles perez")
    assert name_key("SA") == "sa"
    assert name_key("Hotel & Spa") != name_key("Hotel")


def test_streets_towns_and_domains_are_compared_as_people_do():
    assert street_key("Hauptstr. 5") == street_key("Hauptstraße 5")
    assert street_key("52, av. Foch") == street_key("52  AVENUE FOCH")
    assert town_key("LYON CEDEX 08") == town_key("Lyon")
    assert domain_of("https://www.alpha.example/x") == domain_of("", "ada@alpha.example") == "alpha.example"
    assert domain_of("", "ada@gmail.com") == ""
