from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import localdate, now

from guildhall.core import search
from guildhall.engagement.models import Employer
from guildhall.engagement.search import employer_documents, everything
from guildhall.engagement.tests.factories import ContactFactory, EmployerFactory, NextStepFactory, PositionFactory, staff_of
from guildhall.people.models import Role
from guildhall.people.tests.factories import OrganisationFactory, UserFactory
from guildhall.people.tests.visits import begin_visit

pytestmark = pytest.mark.django_db
IN_THE_FRAME = {"HX-Request": "true", "HX-Target": "first-hits"}


@pytest.fixture
def school():
    return OrganisationFactory()


@pytest.fixture
def coordinator(school):
    return staff_of(school, name="Łucja")


@pytest.fixture
def signed_in(client, coordinator):
    begin_visit(client, coordinator)
    return client


def today(client):
    return client.get("/").content.decode()


def test_a_visitor_learns_what_guildhall_is_without_a_cookie(client):
    answer = client.get("/")
    assert "School and workplace, in one book" in answer.content.decode()
    assert not answer.cookies


def test_today_begins_with_what_is_longest_overdue(signed_in, school, coordinator):
    for name, days in (("Birke", 1), ("Ahorn", 9), ("Zeder", -3)):
        employer = EmployerFactory(school=school, organisation__name=name)
        NextStepFactory(employer=employer, owner=coordinator, due_on=localdate() - timedelta(days=days))
    page = today(signed_in)
    assert page.index("Ahorn") < page.index("Birke")
    assert "Zeder" not in page
    assert "2 things need you now" in page


def test_today_says_whom_to_call(signed_in, school, coordinator):
    employer = EmployerFactory(school=school)
    PositionFactory(employer=employer, person__name="Anybody", person__phone="+49 1")
    PositionFactory(employer=employer, person__name="The boss", person__phone="+49 2", decides=True)
    NextStepFactory(employer=employer, owner=coordinator)
    page = today(signed_in)
    assert 'href="tel:+492"' in page
    assert "Anybody" not in page


def test_what_colleagues_promised_is_not_on_my_page(signed_in, school):
    NextStepFactory(employer=EmployerFactory(school=school, organisation__name="Ahorn"), owner=staff_of(school))
    assert "Ahorn" not in today(signed_in)
    assert "Nothing needs you now" in today(signed_in)


def test_a_new_school_is_led_to_its_list_and_its_colleagues(client, school):
    client.force_login(staff_of(school, role=Role.MANAGER))
    page = today(client)
    assert reverse("engagement:imports") in page
    assert reverse("people:member_invite", args=[school.slug]) in page


def test_with_nothing_due_somebody_silent_is_worth_a_call(signed_in, school):
    EmployerFactory(school=school, last_contact_at=now() - timedelta(days=200))
    assert "1 employer has not heard from you for four months" in today(signed_in)


def test_when_everybody_has_been_spoken_to_the_day_is_done(signed_in, school):
    EmployerFactory(school=school, last_contact_at=now())
    assert "All done for today" in today(signed_in)


@pytest.mark.parametrize("count", [1, 3])
def test_today_costs_the_same_for_one_and_for_three(signed_in, school, coordinator, count, django_assert_num_queries):
    for _ in range(count):
        employer = EmployerFactory(school=school)
        PositionFactory(employer=employer, person__phone="+49 1")
        NextStepFactory(employer=employer, owner=coordinator)
    with django_assert_num_queries(10):
        today(signed_in)


def test_search_finds_only_what_this_person_may_see(client, school, coordinator):
    EmployerFactory(school=school, organisation__name="Nordwind")
    search.index_many(employer_documents(Employer.objects.all()))
    address = reverse("portal:search") + "?q=nordwind"
    for user, found in (
        (coordinator, True),
        (staff_of(school, role=Role.LEARNER), False),
        (staff_of(OrganisationFactory()), False),
        (UserFactory(), False),
    ):
        client.force_login(user)
        assert ("<mark>Nordwind</mark></a>" in client.get(address).content.decode()) is found
        assert ("Nordwind" in client.get(address, headers=IN_THE_FRAME).content.decode()) is found


def test_the_hits_as_a_fragment_are_those_of_the_page(signed_in, school):
    EmployerFactory(school=school, organisation__name="Nordwind")
    search.index_many(employer_documents(Employer.objects.all()))
    address = reverse("portal:search") + "?q=nordwint"
    fragment = signed_in.get(address, headers={"HX-Request": "true"}).content
    assert "Nothing is spelled like that. What comes closest, for “Nordwind”" in fragment.decode()
    assert fragment.strip() in signed_in.get(address).content


def lived(school, count):
    for number in range(count):
        employer = EmployerFactory(school=school, organisation__name=f"Nordwind {number}")
        PositionFactory(employer=employer, person__name=f"Anna Nord{number}")
        ContactFactory(employer=employer, said="They asked for Nordic learners.")
    search.reindex(everything())


@pytest.mark.parametrize("count", [1, 3])
def test_search_costs_the_same_for_one_and_for_three(signed_in, school, count, django_assert_num_queries):
    lived(school, count)
    with django_assert_num_queries(9):
        assert signed_in.get(reverse("portal:search") + "?q=nord").content.count(b"item-title") == 2 * count


@pytest.mark.parametrize("count", [1, 3])
def test_the_first_hits_cost_the_same_for_one_and_for_three(signed_in, school, count, django_assert_num_queries):
    lived(school, count)
    with django_assert_num_queries(8):
        signed_in.get(reverse("portal:search") + "?q=nord", headers=IN_THE_FRAME)


def test_the_field_in_the_frame_shows_the_first_few_hits_and_leads_to_all(signed_in, school):
    lived(school, 5)
    answer = signed_in.get(reverse("portal:search") + "?q=nord", headers=IN_THE_FRAME)
    hits = answer.content.decode()
    assert hits.startswith('<div id="first-hits"')
    assert "10 hits" in hits
    assert hits.count("item-title") == 6
    assert 'href="/search/?q=nord"' in hits
    assert len(answer.content) < 15_000
    assert answer["Vary"].startswith("HX-Request, HX-Target")


def test_the_field_in_the_frame_says_that_nothing_was_found_and_hides_when_nothing_is_asked(signed_in):
    nothing = signed_in.get(reverse("portal:search") + "?q=nord", headers=IN_THE_FRAME).content.decode()
    assert "Nothing found" in nothing
    assert " hidden" in signed_in.get(reverse("portal:search") + "?q=", headers=IN_THE_FRAME).content.decode()


def test_what_people_wrote_is_shown_as_they_wrote_it(signed_in, school):
    ContactFactory(employer=EmployerFactory(school=school), said="<b>Nord</b> & <mark>")
    search.reindex(everything())
    hits = signed_in.get(reverse("portal:search") + "?q=nord", headers=IN_THE_FRAME).content.decode()
    assert "&lt;b&gt;<mark>Nord</mark>&lt;/b&gt; &amp; &lt;mark&gt;" in hits


@pytest.mark.parametrize("text", ["", "   ", "'\"*(NEAR AND", "\x00", "ä" * 5000])
def test_no_question_is_too_strange(signed_in, text):
    assert signed_in.get(reverse("portal:search"), {"q": text}).status_code == 200


def test_nobody_signs_in_by_a_click_outside_the_demo(client, settings):
    user = UserFactory()
    settings.DEMO = False
    assert client.post(reverse("portal:demo_sign_in"), {"user": user.pk}).status_code == 404


def test_in_the_demo_only_its_own_people_are_signed_in_by_a_click(client, settings):
    settings.DEMO = True
    outsider = UserFactory(joined_at=now())
    assert client.post(reverse("portal:demo_sign_in"), {"user": outsider.pk}).status_code == 404
