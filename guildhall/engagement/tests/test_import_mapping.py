import io

import pytest

from guildhall.engagement.importing.survey import look_over


def guessed(headings, *rows, country=""):
    lines = [";".join(headings.split("; ")), *rows]
    return look_over(io.BytesIO("\n".join(lines).encode()), country=country).mapping


ROWS = (
    "Alpha Works;Alphastr. 5;10115;Berlin;030 123456;info@alpha.example;www.alpha.example;12;Ada Lamb;good",
    "Beta Works;Betaweg 7;20095;Hamburg;040 654321;info@beta.example;www.beta.example;250;Ben Bell;far",
)


@pytest.mark.parametrize(
    "headings",
    [
        "Company; Street; Postcode; Town; Phone; E-mail; Web site; Employees; Contact person; Notes",
        "Firma; Straße; PLZ; Ort; Telefon; E-Mail; Homepage; Mitarbeiterzahl; Ansprechpartner; Bemerkung",
        "Επωνυμία; Διεύθυνση; Τ.Κ.; Πόλη; Τηλέφωνο; Ηλ. ταχυδρομείο; Ιστοσελίδα; Αριθμός εργαζομένων; Υπεύθυνος; Σημειώσεις",
        "Razón social; Dirección; C.P.; Población; Teléfono; Correo electrónico; Página web; "
        "Plantilla; Persona de contacto; Observaciones",
        "Nazwa firmy; Ulica; Kod pocztowy; Miejscowość; Nr telefonu; Adres e-mail; Strona WWW; "
        "Liczba pracowników; Osoba kontaktowa; Uwagi",
        "Nome da empresa; Morada; Código postal; Localidade; Telefone; Correio eletrónico; Sítio; "
        "N.º de trabalhadores; Pessoa de contacto; Observações",
        "Raison sociale; Adresse; CP; Ville; Tél.; Courriel; Site internet; Effectif; Interlocuteur; Remarques",
        "companyName; streetAddress; postalCode; city; phoneNumber; emailAddress; websiteUrl; headcount; contactPerson; comment",
    ],
)
def test_headings_are_understood_in_every_language(headings):
    fields = ["name", "street", "postal_code", "town", "phone", "email", "website", "size", "person_name", "note"]
    assert guessed(headings, *ROWS) == dict(zip(fields, headings.split("; "), strict=True))


def test_a_persons_columns_are_told_from_the_employers():
    mapping = guessed(
        "Betrieb; E-Mail; Telefon; Ansprechpartner Vorname; Ansprechpartner Nachname; "
        "E-Mail Ansprechpartner; Tel. Ansprechpartner; Funktion",
        "Alpha;info@alpha.example;030 123456;Ada;Lamb;ada@alpha.example;0170 999999;Leiterin",
    )
    assert mapping == {
        "name": "Betrieb",
        "email": "E-Mail",
        "phone": "Telefon",
        "person_first_name": "Ansprechpartner Vorname",
        "person_name": "Ansprechpartner Nachname",
        "person_email": "E-Mail Ansprechpartner",
        "person_phone": "Tel. Ansprechpartner",
        "person_title": "Funktion",
    }


def test_what_a_column_holds_decides_where_the_heading_misleads():
    mapping = guessed(
        "Name; Sector; Town; Code; Number",
        "Alpha;PU;57463;57000;85052026300011",
        "Beta;PR;57463;57000;77931004400028",
    )
    assert mapping["site_number"] == "Number"
    assert "sector" not in mapping
    assert "town" not in mapping


def test_columns_show_by_themselves_what_they_hold():
    mapping = guessed(
        "Bezeichnung Firma; A1; A2; A3; A4; A5",
        "Alpha;info@alpha.example;https://alpha.example;+49 30 1234567;52.51;13.38",
        "Beta;info@beta.example;https://beta.example;+49 40 7654321;53.55;10.01",
    )
    assert mapping == {
        "name": "Bezeichnung Firma",
        "email": "A1",
        "website": "A2",
        "phone": "A3",
        "latitude": "A4",
        "longitude": "A5",
    }


def test_coordinates_of_a_projection_are_no_latitude():
    mapping = guessed("Name; X; Y", "Alpha;930123.4;6894567.1", "Beta;930555.0;6894777.9")
    assert mapping == {"name": "Name"}


def test_without_headings_the_first_column_of_different_words_is_the_name():
    seen = look_over(io.BytesIO("1001;Alpha Werke;Köln;50667\n1002;Beta Werke;Köln;50668\n".encode()), country="DE")
    assert seen.mapping["name"] == "Column B"
    assert seen.mapping["postal_code"] == "Column D"


def test_a_list_of_something_else_is_not_taken_for_employers():
    assert guessed("Code_Diplome; Intitulé diplôme; Niveau; Date d'échéance", "32031313;BANQUE (BTS);Niveau 5;31/12/2028") == {}


def test_the_country_shows_in_the_register_numbers():
    content = b"nom;siret\nAlpha;85052026300011\nBeta;77931004400028\n"
    assert look_over(io.BytesIO(content), country="BE").country == "FR"
    assert look_over(io.BytesIO(b"name;number\nAlpha;123\n"), country="BE").country == "BE"


def test_each_column_shows_three_different_values():
    seen = look_over(io.BytesIO(b"name;town\nA;X\nB;X\nC;Y\nD;Z\nE;W\n"), country="DE")
    assert [column["samples"] for column in seen.reading["columns"]] == [["A", "B", "C"], ["X", "Y", "Z"]]
    assert seen.reading["rows"] == 5


def test_french_size_codes_are_told_from_plain_numbers():
    bands = look_over(io.BytesIO(b"nom;trancheeffectif\nA;01\nB;12\nC;99\nD;NN\n"), country="FR")
    people = look_over(io.BytesIO(b"nom;effectif\nA;1\nB;12\nC;99\n"), country="FR")
    assert bands.reading["columns"][1]["codes"]["size"] == "insee"
    assert "size" not in people.reading["columns"][1]["codes"]


# The check digits fit, so that these are register numbers of French sites.
SIRETS = [
    "85052026300011", "77931004400028", "41884676200056", "13002271800279", "50260294900047", "39964840100012",
    "41055004000019", "40222747400010", "77928324100056", "18040003800022", "18040001200019", "13002087800083",
]  # fmt: skip
TRADES = "abcdefghijkl"


def seen(headings, rows):
    lines = [headings, *(";".join(row) for row in rows)]
    return look_over(io.BytesIO("\n".join(lines).encode()), country="FR")


def test_where_many_employers_have_the_same_name_the_column_that_tells_them_apart_is_the_trade_name():
    found = seen(
        "Name;Zusatz;Ort;Siret", [("Training centre", f"Of trade {a}", "Metz", n) for n, a in zip(SIRETS, TRADES, strict=True)]
    )
    assert found.mapping["trade_name"] == "Zusatz"
    assert found.reading["told_apart"] == {"name": "Name", "trade_name": "Zusatz"}


def test_sites_of_one_firm_may_have_the_same_name():
    found = seen("Name;Zusatz;Ort;Siren", [("Alpha", f"Branch {a}", "Metz", SIRETS[0][:9]) for a in TRADES])
    assert "trade_name" not in found.mapping
    assert found.reading["told_apart"] == {}


def test_without_register_numbers_nothing_says_that_equal_names_are_several_employers():
    found = seen("Name;Zusatz;Ort", [("Alpha", f"Branch {a}", "Metz") for a in TRADES])
    assert found.reading["told_apart"] == {}


def test_a_column_of_codes_or_one_that_is_often_the_same_is_no_name_on_a_door():
    found = seen("Name;X;Y;Siret", [("Training centre", f"1{n}A", "Of Metz", n) for n in SIRETS])
    assert found.reading["told_apart"] == {}
