"""People for an address book: what RFC 6350 asks of a card, and what must not be in one."""

import pytest
from django.urls import reverse
from django.utils.timezone import localdate, now

from guildhall.engagement.exporting.vcard import folded, parameter, text
from guildhall.engagement.tests.factories import EmployerFactory, PersonFactory, PositionFactory, staff_of
from guildhall.people.models import Role
from guildhall.people.tests.factories import OrganisationFactory, SiteFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return OrganisationFactory(country="DE")


@pytest.fixture
def colleague(client, school):
    client.force_login(staff_of(school))
    return client


def position(school, **fields):
    employer = EmployerFactory(
        school=school, organisation__name="Kurz, Lang & Söhne; Kiel", organisation__website="https://k.example"
    )
    site = SiteFactory(
        organisation=employer.organisation, name="", street="Am Markt 3", postal_code="24103", town="Kiel", country="DE"
    )
    person = PersonFactory(school=school, **{"name": "Ada Łamb", "email": "ada@k.example", "phone": "+49 431 1", **fields})
    return PositionFactory(employer=employer, person=person, site=site, title="Meisterin", trains=True, signs=True)


def lines_of(content):
    assert content.endswith(b"\r\n")
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")
    return content.replace(b"\r\n ", b"").decode().split("\r\n")[:-1]


def card_of(client, held):
    return lines_of(client.get(reverse("engagement:vcard", args=[held.pk])).content)


def test_a_card_says_who_somebody_is_and_what_they_do(colleague, school):
    lines = card_of(colleague, position(school))
    assert lines[:3] == ["BEGIN:VCARD", "VERSION:4.0", "PRODID:-//Guildhall//Employer book//EN"]
    assert lines[-1] == "END:VCARD"
    for line in (
        "FN:Ada Łamb",
        r"ORG:Kurz\, Lang & Söhne\; Kiel",
        "TITLE:Meisterin",
        r"ROLE:signs\, trains",
        "TEL;TYPE=work:+49 431 1",
        "EMAIL;TYPE=work:ada@k.example",
        'ADR;TYPE=work;LABEL="Am Markt 3, 24103 Kiel":;;Am Markt 3;Kiel;;24103;DE',
        "URL;TYPE=work:https://k.example",
    ):
        assert line in lines


def test_a_card_is_the_same_person_each_time(colleague, school):
    held = position(school)
    assert card_of(colleague, held) == card_of(colleague, held)


def test_somebody_who_said_no_has_no_mail_address_and_the_card_says_why(colleague, school):
    lines = card_of(colleague, position(school, asked_not_to_be_written_at=now()))
    assert not [line for line in lines if line.startswith("EMAIL")]
    assert "NOTE:asked not to be written to" in lines


def test_everybody_at_an_employer_has_a_card(colleague, school):
    held = position(school)
    for name in ("Ben", "Cleo"):
        PositionFactory(employer=held.employer, person=PersonFactory(school=school, name=name))
    PositionFactory(
        employer=held.employer, person=PersonFactory(school=school, name="Gone"), until=localdate().replace(day=1, month=1)
    )
    response = colleague.get(reverse("engagement:people_vcards", args=[held.employer_id]))
    assert response["Content-Type"] == "text/vcard; charset=utf-8"
    assert [line for line in lines_of(response.content) if line.startswith("FN:")] == ["FN:Ada Łamb", "FN:Ben", "FN:Cleo"]


@pytest.mark.parametrize("count", [1, 3])
def test_the_cards_of_three_cost_as_much_as_one(colleague, school, count, django_assert_num_queries):
    held = position(school)
    for _ in range(count - 1):
        PositionFactory(employer=held.employer, person=PersonFactory(school=school))
    colleague.get("/")
    with django_assert_num_queries(5):
        colleague.get(reverse("engagement:people_vcards", args=[held.employer_id]))


def test_who_does_not_work_there_any_more_has_no_card(colleague, school):
    held = position(school)
    held.until = localdate().replace(year=2020)
    held.save()
    assert colleague.get(reverse("engagement:vcard", args=[held.pk])).status_code == 404


def test_who_was_forgotten_has_no_card(colleague, school):
    held = position(school)
    held.person.delete()
    assert colleague.get(reverse("engagement:vcard", args=[held.pk])).status_code == 404


def test_another_school_and_a_learner_see_no_card(client, school):
    held = position(school)
    for user in (staff_of(OrganisationFactory()), staff_of(school, Role.LEARNER)):
        client.force_login(user)
        assert client.get(reverse("engagement:vcard", args=[held.pk])).status_code == 404
        assert client.get(reverse("engagement:people_vcards", args=[held.employer_id])).status_code == 404


def test_nothing_somebody_is_called_becomes_a_line_of_its_own(colleague, school):
    lines = card_of(colleague, position(school, name="Eve\r\nEMAIL:evil@evil.example\nEND:VCARD", phone="1\nX:2"))
    assert lines.count("END:VCARD") == 1
    assert not [line for line in lines if line.startswith(("EMAIL:evil", "X:"))]


def test_texts_are_escaped_as_the_rfc_has_it():
    # RFC 6350, 3.4 and 4.1: backslash, comma, semicolon and line break.
    assert text("Mythical Manager\nHyjinx Software Division\nBabsCo, Inc.\n") == (
        r"Mythical Manager\nHyjinx Software Division\nBabsCo\, Inc.\n"
    )
    assert text("a\\b;c\rd\x00e") == r"a\\b\;c\nde"


def test_parameters_are_quoted_as_the_rfcs_have_it():
    # RFC 6868, 3.1 and 3.2
    assert parameter('George Herman "Babe" Ruth') == "\"George Herman ^'Babe^' Ruth\""
    assert parameter("Pittsburgh Pirates\n115 Federal St^Pittsburgh") == '"Pittsburgh Pirates^n115 Federal St^^Pittsburgh"'


@pytest.mark.parametrize("letter", ["a", "ß", "Ж", "€", "😀"])
def test_lines_are_folded_by_octets_and_never_within_a_letter(letter):
    line = f"NOTE:{letter * 200}"
    parts = folded(line).split("\r\n")
    assert all(len(part.encode()) <= 75 for part in parts)
    assert all(part.startswith(" ") for part in parts[1:])
    assert parts[0] + "".join(part[1:] for part in parts[1:]) == line
    assert len(parts) <= len(line.encode()) // 71 + 1


def test_a_line_of_75_octets_is_not_folded():
    assert folded("N" * 75) == "N" * 75
    assert folded("N" * 76) == "N" * 75 + "\r\n N"
