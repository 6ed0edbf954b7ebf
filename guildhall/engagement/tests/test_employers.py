from datetime import timedelta

import pytest
from django.utils.timezone import localdate, now

from guildhall.core.errors import NotAllowed, Refused
from guildhall.engagement import actions
from guildhall.engagement.models import Employer, Person, sort_key_of
from guildhall.engagement.search import employers_found
from guildhall.engagement.tests.factories import ContactFactory, EmployerFactory, NextStepFactory, PositionFactory, staff_of
from guildhall.people.models import Notice, Organisation, Role
from guildhall.people.tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return OrganisationFactory()


@pytest.fixture
def coordinator(school):
    return staff_of(school)


def add(school, by, **given):
    return actions.add_employer(school, **{"name": "Stahlbau Nordwind", "country": "DE", **given}, by=by, at=now())


def test_an_employer_is_kept_by_the_school_with_its_first_site(school, coordinator):
    employer = add(school, coordinator, site={"town": "Metz", "street": "1 rue des Remparts"}, note=" Rings back. ")
    assert employer.organisation.kept_by == school
    assert employer.organisation.sites.get().town == "Metz"
    assert employer.note == "Rings back."


def test_the_same_register_number_twice_is_refused_in_one_book_and_fine_in_two(school, coordinator):
    add(school, coordinator, register_number="123456789")
    with pytest.raises(Refused, match="123456789"):
        add(school, coordinator, name="Again", register_number="123456789")
    other = OrganisationFactory()
    add(other, staff_of(other), register_number="123456789")
    assert Employer.objects.count() == 2


def test_only_staff_of_a_school_write_in_its_book(school):
    with pytest.raises(NotAllowed):
        add(school, staff_of(school, role=Role.LEARNER))
    association = OrganisationFactory(kind=Organisation.Kind.ASSOCIATION)
    with pytest.raises(NotAllowed):
        add(association, staff_of(association))


def test_another_school_sees_nothing_of_the_book(school, coordinator):
    employer = add(school, coordinator)
    stranger = staff_of(OrganisationFactory())
    assert list(Employer.objects.visible_to(coordinator)) == [employer]
    assert not Employer.objects.visible_to(stranger).exists()
    assert not Organisation.objects.visible_to(stranger).filter(pk=employer.organisation_id).exists()


def test_an_employer_is_found_by_name_number_town_person_and_note(school, coordinator):
    employer = add(school, coordinator, register_number="987654", site={"town": "Gdańsk"}, note="Has a crane.")
    person = {"name": "Bożena Wiśniewska", "email": "", "phone": "", "language": ""}
    actions.add_person(employer, person=person, position={"title": "Owner"}, by=coordinator, at=now())
    for text in ("nordwind", "stahlb", "987654", "gdansk", "wisniewska", "crane", "nordwint"):
        assert list(Employer.objects.filter(pk__in=employers_found(text, school))) == [employer], text
    assert not Employer.objects.filter(pk__in=employers_found("nordwind", OrganisationFactory())).exists()


def test_a_new_name_is_found_and_sorted_at_once(school, coordinator):
    employer = add(school, coordinator)
    facts = {"name": "Élan Metallbau", "country": "DE"}
    employer = actions.change_employer(employer, facts=facts, note="", by=coordinator, at=now())
    assert employer.sort_key == "elan metallbau"
    assert Employer.objects.filter(pk__in=employers_found("elan", school)).exists()
    assert not Employer.objects.filter(pk__in=employers_found("nordwind", school)).exists()


def test_an_employer_with_an_account_keeps_its_own_record(school, coordinator):
    independent = OrganisationFactory(kind=Organisation.Kind.EMPLOYER)
    employer = EmployerFactory(school=school, organisation=independent)
    with pytest.raises(Refused, match="own record"):
        actions.change_employer(employer, facts={"name": "Mine now"}, note="", by=coordinator, at=now())


def test_handing_over_takes_open_steps_along_and_tells_the_new_owner(school, coordinator):
    employer = EmployerFactory(school=school, owner=coordinator)
    step = NextStepFactory(employer=employer, owner=coordinator)
    teacher = staff_of(school, role=Role.TEACHER)
    actions.hand_over_employer(employer, owner=teacher, by=coordinator, at=now())
    step.refresh_from_db()
    assert step.owner == teacher
    assert Notice.objects.get(user=teacher).url == employer.get_absolute_url()


def test_a_teacher_may_take_what_nobody_has_but_not_what_a_colleague_has(school, coordinator):
    teacher = staff_of(school, role=Role.TEACHER)
    free, taken = EmployerFactory(school=school), EmployerFactory(school=school, owner=coordinator)
    assert actions.hand_over_employer(free, owner=teacher, by=teacher, at=now()).owner == teacher
    with pytest.raises(NotAllowed):
        actions.hand_over_employer(taken, owner=teacher, by=teacher, at=now())


def test_nobody_from_outside_can_be_given_an_employer(school, coordinator):
    employer, outsider = EmployerFactory(school=school, owner=coordinator), staff_of(OrganisationFactory())
    with pytest.raises(Refused, match="does not work for"):
        actions.hand_over_employer(employer, owner=outsider, by=coordinator, at=now())


def test_who_asked_not_to_be_written_to_stays_so_until_they_say_otherwise(school, coordinator):
    held = PositionFactory(employer=EmployerFactory(school=school))
    actions.forbid_writing(held.person, by=coordinator, at=now())
    person = {"name": "New Name", "email": "new@firm.example", "phone": "", "language": ""}
    held = actions.change_person(held, person=person, position={"title": ""}, by=coordinator, at=now())
    assert not held.person.may_be_written_to
    assert actions.allow_writing(held.person, by=coordinator, at=now()).may_be_written_to


def test_who_left_is_no_longer_among_the_current_people(school, coordinator):
    held = PositionFactory(employer=EmployerFactory(school=school))
    actions.end_position(held, until=localdate() - timedelta(days=1), by=coordinator, at=now())
    assert not held.employer.positions.current().exists()


def test_people_nobody_spoke_to_for_years_are_forgotten_and_others_stay(school, coordinator):
    long_ago = now() - timedelta(days=4 * 365)
    employer = EmployerFactory(school=school)
    forgotten, spoken_to, fresh = (PositionFactory(employer=employer).person for _ in range(3))
    Person.objects.filter(pk__in=[forgotten.pk, spoken_to.pk]).update(created_at=long_ago)
    ContactFactory(employer=employer).people.set([spoken_to])
    count = actions.forget_people(before=now() - timedelta(days=3 * 365), by=None)
    assert count == 1
    assert set(Person.objects.all()) == {spoken_to, fresh}


@pytest.mark.parametrize(
    ("name", "key"), [("Élan", "elan"), ("ÄRZTEHAUS Süd", "arztehaus sud"), ("Łódź-Tech", "łodztech"), ("Ωμέγα", "ωμεγα")]
)
def test_names_sort_without_accents_and_case(name, key):
    assert sort_key_of(name) == key
