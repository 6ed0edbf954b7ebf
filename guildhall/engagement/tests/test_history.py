from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from guildhall.core.errors import NotAllowed, Refused
from guildhall.core.models import Change
from guildhall.engagement import actions
from guildhall.engagement.history import changes_about, told
from guildhall.engagement.models import Employer, Person
from guildhall.engagement.tests.factories import ContactFactory, EmployerFactory, PositionFactory, staff_of
from guildhall.people.models import Role
from guildhall.people.tests.factories import OrganisationFactory, SiteFactory
from guildhall.people.tests.visits import begin_visit

pytestmark = pytest.mark.django_db

FACTS = {"name": "Nordwind Stahlbau", "trade_name": "", "country": "DE", "register_number": "", "nace": "", "size_band": ""}


@pytest.fixture
def school():
    return OrganisationFactory(country="DE")


@pytest.fixture
def coordinator(school):
    return staff_of(school, name="Heike Berg")


@pytest.fixture
def employer(school):
    return EmployerFactory(school=school, organisation__name="Nordwind Stahlbau", organisation__country="DE")


def renamed(employer, by, name="Nordwind Metall"):
    return actions.change_employer(employer, facts={**FACTS, "name": name}, note="", by=by, at=now())


def test_a_change_says_who_changed_what_from_what_to_what(employer, coordinator):
    renamed(employer, coordinator)
    entry = told(changes_about(employer))[0]
    assert (entry.who, entry.field, entry.before, entry.after) == (
        "Heike Berg",
        "Name",
        "Nordwind Stahlbau",
        "Nordwind Metall",
    )


def test_the_history_of_an_employer_has_its_sites_people_and_contacts(employer, coordinator):
    site = SiteFactory(organisation=employer.organisation, town="Kiel")
    held = PositionFactory(employer=employer)
    contact = ContactFactory(employer=employer, by=coordinator, said="Two places")
    actions.change_site(employer, which=site, site={"town": "Lübeck"}, by=coordinator, at=now())
    person = {"name": "Ada", "email": held.person.email, "phone": "", "language": ""}
    actions.change_person(held, person=person, position={"signs": True}, by=coordinator, at=now())
    given = {"kind": "visit", "held_at": contact.held_at, "said": "Three places", "people": []}
    actions.change_contact(contact, **given, by=coordinator, at=now())
    actions.hand_over_employer(employer, owner=coordinator, by=coordinator, at=now())
    words = {(entry.field, entry.before, entry.after) for entry in told(changes_about(employer))}
    assert {
        ("Town", "Kiel", "Lübeck"),
        ("Signs", "no", "yes"),
        ("Name", held.person.name, "Ada"),
        ("What it was", "Call", "Visit"),
        ("Looked after by", "", "Heike Berg"),
    } <= words


def test_it_is_put_back_with_its_place_in_the_list_and_in_search(employer, coordinator):
    employer = renamed(employer, coordinator, name="Zander")
    actions.put_back(employer, which=changes_about(employer).get(field="name"), by=coordinator, at=now())
    employer = Employer.objects.get()
    assert (str(employer), employer.sort_key) == ("Nordwind Stahlbau", "nordwind stahlbau")
    assert [entry.after for entry in told(changes_about(employer))] == ["Nordwind Stahlbau", "Zander"]


def test_what_reads_otherwise_by_now_is_not_put_back(employer, coordinator):
    employer = renamed(employer, coordinator)
    first = changes_about(employer).get()
    employer = renamed(employer, coordinator, name="Nordwind Holz")
    with pytest.raises(Refused):
        actions.put_back(employer, which=first, by=coordinator, at=now())


def test_nobody_is_written_to_again_by_putting_something_back(employer, coordinator):
    held = PositionFactory(employer=employer)
    actions.forbid_writing(held.person, by=coordinator, at=now())
    with pytest.raises(Refused):
        actions.put_back(employer, which=changes_about(employer).get(), by=coordinator, at=now())
    assert not Person.objects.get().may_be_written_to


def test_a_register_number_that_is_taken_by_now_is_not_put_back(employer, coordinator, school):
    for number in ("123", "456"):
        employer = actions.change_employer(
            employer, facts={**FACTS, "register_number": number}, note="", by=coordinator, at=now()
        )
    EmployerFactory(school=school, organisation__register_number="123", organisation__country="DE")
    with pytest.raises(Refused):
        actions.put_back(employer, which=changes_about(employer).first(), by=coordinator, at=now())


def test_a_contact_put_back_is_the_last_contact_again(employer, coordinator):
    contact = ContactFactory(employer=employer, by=coordinator)
    before = contact.held_at
    given = {"kind": "call", "held_at": before - timedelta(days=9), "said": "", "people": []}
    actions.change_contact(contact, **given, by=coordinator, at=now())
    actions.put_back(employer, which=changes_about(employer).get(field="held_at"), by=coordinator, at=now())
    assert Employer.objects.get().last_contact_at == before


def test_a_learner_may_not_put_anything_back(employer, coordinator, school):
    employer = renamed(employer, coordinator)
    with pytest.raises(NotAllowed):
        actions.put_back(employer, which=changes_about(employer).get(), by=staff_of(school, role=Role.LEARNER), at=now())


def test_who_is_forgotten_has_no_history(employer, coordinator):
    held = PositionFactory(employer=employer)
    person = {"name": "Ada", "email": "", "phone": "", "language": ""}
    actions.change_person(held, person=person, position={"title": "Boss", "until": date(2020, 1, 1)}, by=coordinator, at=now())
    Person.objects.update(created_at=now() - timedelta(days=3000))
    assert Change.objects.filter(thing_type__in=["engagement.person", "engagement.position"]).exists()
    assert actions.forget_people(before=now() - timedelta(days=100), by=None) == 1
    assert not Change.objects.filter(thing_type__in=["engagement.person", "engagement.position"]).exists()


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_for_one_change_and_for_three(client, employer, coordinator, count, django_assert_num_queries):
    begin_visit(client, coordinator)
    for number in range(count):
        employer = renamed(employer, coordinator, name=f"Name {number}")
    with django_assert_num_queries(11):
        page = client.get(reverse("engagement:history", args=[employer.pk])).content.decode()
    assert page.count("Put back") == 1


def test_the_page_puts_back_and_shows_that(client, employer, coordinator):
    client.force_login(coordinator)
    employer = renamed(employer, coordinator)
    change = changes_about(employer).get()
    answer = client.post(reverse("engagement:put_back", args=[employer.pk, change.pk]), headers={"HX-Request": "true"})
    assert "It is as it was before." in answer.content.decode()
    assert str(Employer.objects.get()) == "Nordwind Stahlbau"


def test_a_change_of_another_employer_is_not_there(client, employer, coordinator, school):
    client.force_login(coordinator)
    other = EmployerFactory(school=school, organisation__country="DE")
    renamed(other, coordinator)
    change = changes_about(other).get()
    assert client.post(reverse("engagement:put_back", args=[employer.pk, change.pk])).status_code == 404
