"""Which entries of two schools' books are the same employer, and above all which are not."""

from __future__ import annotations

import pytest

from guildhall.engagement.likeness.across import Entry, entries, is_same
from guildhall.engagement.likeness.firms import firm
from guildhall.engagement.tests.factories import EmployerFactory, PositionFactory
from guildhall.people.tests.factories import SiteFactory

BAKERY = ("Mühlgasse 4", "02826", "Görlitz")
GARAGE = ("Am Markt 1", "02826", "Görlitz")


def entry(name, *places, number="", country="DE", record=0, phone="", mail="", website=""):
    entry.count += 1
    facts = {"country": country, "names": [name], "numbers": [number], "places": places}
    return Entry(record or entry.count, firm(1, **facts, phones=[phone], mails=[mail], websites=[website]))


entry.count = 1000

SAME = {
    "one record, whatever is said of it": (entry("Müller", record=7), entry("Meier", country="FR", record=7)),
    "one number and one name": (entry("Bäckerei Müller", number="HRB 12"), entry("Baeckerei Müller GmbH", number="hrb12")),
    "one name at one address": (entry("Bäckerei Müller GmbH", BAKERY), entry("Bäckerei Müller", ("Mühlgasse 4", "", "Görlitz"))),
    "one number, another street of the town": (
        entry("Kranich AG", BAKERY, number="HRB 12"),
        entry("Kranich AG", GARAGE, number="HRB 12"),
    ),
    "one of the places of a firm with several": (
        entry("Kranich AG", ("Packhofstr. 31", "02625", "Bautzen"), BAKERY),
        entry("Kranich AG", BAKERY),
    ),
}
DIFFERENT = {
    "bakeries of one name in two towns": (
        entry("Bäckerei Müller", BAKERY),
        entry("Bäckerei Müller", ("Mühlgasse 4", "02763", "Zittau")),
    ),
    "bakeries of one name in two streets of a town": (entry("Bäckerei Müller", BAKERY), entry("Bäckerei Müller", GARAGE)),
    "one name and nothing else known": (entry("Bäckerei Müller"), entry("Bäckerei Müller")),
    "one name and town": (entry("Bäckerei Müller", ("", "02826", "Görlitz")), entry("Bäckerei Müller", ("", "02826", "Görlitz"))),
    "two branches of a chain": (
        entry("Metro", ("Rue A 1", "57000", "Metz"), number="732 829 320", country="FR", website="https://metro.example"),
        entry("Metro", ("Rue B 2", "54000", "Nancy"), number="732 829 320", country="FR", website="https://metro.example"),
    ),
    "two branches of a chain with one hotline in one town": (
        entry("Lux", BAKERY, phone="030 1234567", website="lux.example", mail="info@lux.example"),
        entry("Lux", GARAGE, phone="030 1234567", website="lux.example", mail="info@lux.example"),
    ),
    "one number of two registers": (
        entry("Tischlerei Kurz GmbH", ("", "01067", "Dresden"), number="HRB 12345"),
        entry("Autohaus Lang GmbH", ("", "80331", "München"), number="HRB 12345"),
    ),
    "one number of two registers, places unknown": (
        entry("Tischlerei Kurz GmbH", number="HRB 12345"),
        entry("Autohaus Lang GmbH", number="HRB 12345"),
    ),
    "one name and address, two numbers": (
        entry("Kurz GmbH", BAKERY, number="HRB 12345"),
        entry("Kurz GmbH & Co. KG", BAKERY, number="HRA 98761"),
    ),
    "two firms in one house": (entry("Bäckerei Müller", BAKERY), entry("Steuerbüro Lang", BAKERY)),
    "two countries, all else the same": (
        entry("Müller", BAKERY, phone="030 1234567", mail="a@mueller.example", website="mueller.example"),
        entry("Müller", BAKERY, phone="030 1234567", mail="a@mueller.example", website="mueller.example", country="AT"),
    ),
    "two countries and one number": (entry("Müller", number="12345"), entry("Müller", number="12345", country="AT")),
}


@pytest.mark.parametrize("pair", SAME.values(), ids=SAME)
def test_these_are_one(pair):
    one, other = pair
    assert is_same(one, other)
    assert is_same(other, one)


@pytest.mark.parametrize("pair", DIFFERENT.values(), ids=DIFFERENT)
def test_these_are_two(pair):
    one, other = pair
    assert not is_same(one, other)
    assert not is_same(other, one)


@pytest.mark.django_db
def test_what_people_gave_one_school_is_not_compared_and_closed_sites_are_not(django_assert_num_queries):
    employer = EmployerFactory(organisation__country="DE", organisation__website="https://kurz.example")
    SiteFactory(organisation=employer.organisation, town="Kiel", phone="0431 5551234", email="office@kurz.example")
    SiteFactory(organisation=employer.organisation, town="Lübeck", closed_on="2020-01-01")
    PositionFactory(employer=employer, person__email="ada@private.example", person__phone="0170 7654321")
    with django_assert_num_queries(2):
        read = entries([employer.pk])[employer.pk].firm
    assert [address.town for address in read.addresses] == ["kiel"]
    assert len(read.phones) == 1
    assert read.domains == {"kurz.example"}
