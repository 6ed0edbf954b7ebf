"""When two entries of a book are taken for one, and when not."""

import pytest

from guildhall.engagement.likeness import firms, people
from guildhall.engagement.likeness.blocking import LARGEST, NEIGHBOURS, Blocks
from guildhall.engagement.likeness.firms import firm
from guildhall.engagement.likeness.people import human
from guildhall.engagement.likeness.reasons import SURE, Reason
from guildhall.engagement.likeness.writing import firm_number, name_words, person_words, phone_key

METZ = ("17 AVENUE FOCH", "57000", "METZ")
KIEL = ("Bahnhofstraße 5", "24103", "Kiel")


def alike(one, other, **both):
    first, second = ({"country": "DE", **both, **each} for each in (one, other))
    pair = firm(1, **first), firm(2, **second)
    assert bool(firms.keys_of(pair[0]) & firms.keys_of(pair[1])) or firms.likeness(*pair) is None, "they would never meet"
    return firms.likeness(*pair)


def reasons(alike):
    return [reason for reason, _shared in alike.reasons]


def test_the_same_register_number_is_certain_whatever_the_names():
    found = alike({"names": ["Kurz"], "numbers": ["HRB 12 KI"]}, {"names": ["Nordholz AG"], "numbers": ["hrb-12-ki"]})
    assert found.score >= SURE
    assert found.reasons[0] == (Reason.NUMBER, "hrb12ki")


def test_of_a_french_sites_number_the_first_nine_digits_are_the_firm():
    assert firm_number("356 000 000 00048", "FR") == firm_number("356000000", "FR") == "356000000"
    found = alike({"numbers": ["35600000000048"]}, {"numbers": ["356000000"]}, country="FR", names=["La Poste"])
    assert Reason.NUMBER in reasons(found)


def test_a_french_number_with_a_wrong_check_digit_proves_nothing():
    assert firm_number("356000001", "FR") == ""


def test_the_same_number_in_another_country_is_another_number():
    assert alike({"names": ["Kurz"], "numbers": ["1234"]}, {"names": ["Nordholz"], "numbers": ["1234"], "country": "PL"}) is None


def test_two_of_one_name_with_different_numbers_are_two():
    assert alike({"numbers": ["1"]}, {"numbers": ["77"]}, names=["Kurz Tischlerei"], places=[KIEL]) is None


def test_branches_of_a_chain_in_two_towns_are_two():
    here, there = {"places": [("RUE SERPENOISE 3", "57000", "METZ")]}, {"places": [("RUE ST JEAN 3", "54000", "NANCY")]}
    assert alike(here, there, country="FR", names=["BNP PARIBAS"], websites=["https://bnp.example"]) is None


def test_neighbours_in_one_house_are_two():
    assert alike({"names": ["Kurz Tischlerei"]}, {"names": ["Praxis Dr. Lamm"]}, places=[KIEL], phones=["0431 555 123"]) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kurz Tischlerei GmbH", "KURZ TISCHLEREI"),
        ("Tischlerei Kurz GmbH & Co. KG", "Kurz, Tischlerei"),
        ("LAVOMATIQUE METZ S A R L", "Sarl Lavomatique Metz"),
        ("Zakład Stolarski Wójcik Sp. z o.o.", "Wojcik Zaklad Stolarski"),
        ("Padaria Simões, Lda.", "PADARIA SIMOES"),
        ("Carpintería Núñez S.L.", "carpinteria nunez"),
        ("Αρτοποιείο Παπαδόπουλος Α.Ε.", "ΑΡΤΟΠΟΙΕΙΟ ΠΑΠΑΔΟΠΟΥΛΟΣ"),
        ("Παπαδόπουλος ΑΕ", "Papadopoulos"),
        ("Bäckerei Müller", "Baeckerei Mueller"),
        ("Euro Wok", "EUROWOK"),
        ("Tischlerei Kurz", "Tishclerei Kurz"),
    ],
)
def test_a_name_is_recognised_however_it_is_written(one, other):
    found = alike({"names": [one]}, {"names": [other]}, places=[KIEL])
    assert found is not None
    assert reasons(found)[0] in (Reason.NAME, Reason.NAME_ALIKE)


def test_a_name_on_the_door_is_compared_as_well():
    found = alike({"names": ["VGM FINANCE", "ALAIN AFFLELOU"]}, {"names": ["Alain Afflelou"]}, country="FR", places=[METZ])
    assert Reason.NAME in reasons(found)


def test_an_address_is_recognised_however_it_is_written():
    other = ("17, av. Foch", "57000", "Metz Cedex 1")
    found = alike({"places": [METZ]}, {"places": [other]}, country="FR", names=["Bonichot Girard"])
    assert reasons(found) == [Reason.NAME, Reason.ADDRESS]


def test_a_telephone_number_is_recognised_however_it_is_written():
    assert phone_key("+33 3 87 74 12 34") == phone_key("03.87.74.12.34") == phone_key("0033387741234")
    assert phone_key("112") == ""


def test_an_address_on_the_web_says_something_unless_it_is_everybodys():
    own = alike({"websites": ["https://www.kurz.example/kontakt"]}, {"mails": ["info@kurz.example"]}, names=["Tischlerei Kurz"])
    assert (Reason.DOMAIN, "kurz.example") in own.reasons
    everybodys = alike({"mails": ["a@gmail.com"]}, {"mails": ["b@gmail.com"]}, names=["Tischlerei Kurz"])
    assert Reason.DOMAIN not in reasons(everybodys)


def test_numbers_in_names_tell_firms_apart():
    assert alike({"names": ["Kita 3"]}, {"names": ["Kita 4"]}, places=[("", "24103", "Kiel")]) is None


def test_what_a_firm_is_in_law_is_no_part_of_its_name():
    assert name_words("Kurz GmbH & Co. KG") == ("kurz",)
    assert name_words("GmbH") == ("gmbh",), "but something must remain"


def test_titles_are_no_part_of_a_persons_name():
    assert person_words("Frau Dr. Ada Lamb") == person_words("Lamb, Ada") == ("ada", "lamb")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"name": "Ada Lamb", "mail": "ada@kurz.example"}, {"name": "A. Lamb", "mail": "ADA@kurz.example"}, True),
        ({"name": "Ada Lamb", "employers": [1]}, {"name": "LAMB Ada", "employers": [1, 2]}, True),
        ({"name": "Ada Lamb", "phone": "0431 123456"}, {"name": "Ada Lamb", "phone": "+49 431 123456"}, True),
        ({"name": "Ada Lamb", "employers": [1]}, {"name": "Ada Lamm", "employers": [1]}, True),
        ({"name": "Ada Lamb", "employers": [1]}, {"name": "Ada Lamb", "employers": [2]}, False),
        ({"name": "Ada Lamb", "mail": "info@kurz.example"}, {"name": "Ben Bell", "mail": "info@kurz.example"}, False),
        ({"name": "Ada Lamb", "employers": [1]}, {"name": "Ben Bell", "employers": [1]}, False),
    ],
)
def test_when_two_people_may_be_one(one, other, expected):
    assert (people.likeness(human(1, **one), human(2, **other)) is not None) is expected


def test_everybody_meets_those_with_whom_they_share_a_key_once():
    blocks = Blocks([{1, 2}, {1, 2}, {2}, {3}], ["a", "b", "c", "d"])
    assert [blocks.later(at) for at in range(4)] == [{1, 2}, {2}, set(), set()]


def test_in_a_crowd_everybody_meets_their_neighbours_by_name():
    crowd = LARGEST * 3
    blocks = Blocks([{1}] * crowd, [f"{at:04}" for at in range(crowd)])
    assert blocks.later(0) == set(range(1, NEIGHBOURS + 1))
    assert sum(len(blocks.later(at)) for at in range(crowd)) <= crowd * NEIGHBOURS
