from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import localdate, now

from guildhall.core import search
from guildhall.core.errors import Refused
from guildhall.engagement import actions
from guildhall.engagement.models import Employer
from guildhall.engagement.search import employer_documents
from guildhall.engagement.tests.factories import ContactFactory, EmployerFactory, PositionFactory, staff_of
from guildhall.people.tests.factories import OrganisationFactory
from guildhall.people.tests.visits import begin_visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return OrganisationFactory(country="DE")


@pytest.fixture
def coordinator(school):
    return staff_of(school)


@pytest.fixture
def colleague(client, coordinator):
    begin_visit(client, coordinator)
    return client


@pytest.fixture
def held(school):
    return PositionFactory(
        employer=EmployerFactory(school=school, organisation__name="Ahorn"), person__name="Ada", title="Boss", decides=True
    )


@pytest.fixture
def birke(school):
    employer = EmployerFactory(school=school, organisation__name="Birke")
    search.index_many(employer_documents([employer]))
    return employer


def move(client, held, **given):
    return client.post(reverse("engagement:person_move", args=[held.pk]), {"q": "birke", **given})


def test_who_moves_is_known_at_both_and_is_not_written_to_anywhere(colleague, held, birke, coordinator):
    actions.forbid_writing(held.person, by=coordinator, at=now())
    page = colleague.get(reverse("engagement:person_move", args=[held.pk]), {"q": "birk"}).content.decode()
    assert f'value="{birke.pk}"' in page
    assert move(colleague, held, to=birke.pk, title="Trainer").url == birke.get_absolute_url()
    held.refresh_from_db()
    assert held.until == localdate() - timedelta(days=1)
    moved = birke.positions.get()
    assert (moved.person, moved.title, moved.since) == (held.person, "Trainer", localdate())
    assert not moved.person.may_be_written_to


def test_who_works_at_two_stays_at_the_first(colleague, held, birke):
    move(colleague, held, to=birke.pk, stays="on")
    held.refresh_from_db()
    assert held.is_current
    assert held.person.positions.current().count() == 2


def test_nobody_works_twice_at_the_same_place(colleague, held, birke, coordinator):
    PositionFactory(employer=birke, person=held.person)
    assert move(colleague, held, to=birke.pk).status_code == 409


def test_an_employer_of_another_school_is_neither_offered_nor_taken(colleague, held, coordinator):
    strange = EmployerFactory(organisation__name="Birke")
    search.index_many(employer_documents(Employer.objects.all()))
    assert move(colleague, held, to=strange.pk).status_code == 422
    with pytest.raises(Refused):
        actions.move_person(held, to=strange, stays=True, on=localdate(), by=coordinator, at=now())


def test_what_is_not_found_can_be_added(colleague, held):
    page = colleague.get(reverse("engagement:person_move", args=[held.pk]), {"q": "Zeder & Co"}).content.decode()
    assert "?name=Zeder%20%26%20Co" in page


@pytest.mark.parametrize("count", [1, 3])
def test_a_persons_page_tells_the_years_and_costs_the_same(
    colleague, held, coordinator, school, count, django_assert_num_queries
):
    for number in range(count):
        employer = EmployerFactory(school=school, organisation__name=f"Old {number}")
        PositionFactory(employer=employer, person=held.person, until=localdate() - timedelta(days=400))
        ContactFactory(employer=employer, by=coordinator, said=f"Words {number}").people.set([held.person])
    with django_assert_num_queries(8):
        page = colleague.get(reverse("engagement:person", args=[held.person_id])).content.decode()
    for number in range(count):
        assert f"Old {number}" in page
        assert f"Words {number}" in page


def test_a_person_of_another_school_is_not_there(client, held):
    client.force_login(staff_of(OrganisationFactory()))
    assert client.get(reverse("engagement:person", args=[held.person_id])).status_code == 404
