"""The next best step, on an employer's page and for today: with its reason, and one click away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import localdate, now

from guildhall.engagement import actions
from guildhall.engagement.actions.standing import keep_standings
from guildhall.engagement.models import Employer, Need, NextStep
from guildhall.engagement.situations import Planning, planning_of, worth_a_look
from guildhall.engagement.tests.factories import ContactFactory, EmployerFactory, NextStepFactory, staff_of
from guildhall.engagement.tests.test_standing import methodology, shipped  # noqa: F401  # fixtures
from guildhall.people.tests.factories import OrganisationFactory
from guildhall.people.tests.visits import begin_visit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("methodology")]


@pytest.fixture
def school():
    return OrganisationFactory(country="IE", languages=["en"])


@pytest.fixture
def coordinator(school):
    return staff_of(school)


@pytest.fixture
def colleague(client, coordinator):
    begin_visit(client, coordinator)
    return client


def spoken_to(school, days_ago, owner=None, kind="", **given):
    employer = EmployerFactory(school=school, owner=owner, **given)
    at = now() - timedelta(days=days_ago)
    ContactFactory(employer=employer, activity=kind, held_at=at)
    keep_standings(school, [employer.pk], at=now())
    Employer.objects.filter(pk=employer.pk).update(last_contact_at=at)
    return employer


def offers(employer, by, kind, days_ago):
    about = {"school": employer.school, "employer": employer, "kind": Need.Kind.OFFER, "form": kind, "counts_as": kind}
    return Need.objects.create(**about, language="en", noted_on=localdate() - timedelta(days=days_ago), noted_by=by)


def test_who_has_been_silent_is_to_be_called_and_one_click_promises_it(colleague, school, coordinator):
    employer = spoken_to(school, 150, owner=coordinator)
    page = colleague.get(employer.get_absolute_url()).content.decode()
    assert "Call and ask how they are" in page
    assert "Nobody has spoken to them since" in page
    answer = colleague.post(reverse("engagement:next_best_take", args=[employer.pk, "silent"]), follow=True)
    assert "It is among your next steps: Call and ask how they are" in answer.content.decode()
    step = NextStep.objects.get(employer=employer)
    assert (step.what, step.due_on, step.owner) == ("Call and ask how they are", localdate() + timedelta(7), coordinator)
    again = colleague.post(reverse("engagement:next_best_take", args=[employer.pk, "silent"]))
    assert again.status_code == 404  # what was promised is no suggestion any more
    assert NextStep.objects.count() == 1


def test_an_offer_is_taken_up_with_the_papers_for_it(colleague, school, coordinator):
    employer = spoken_to(school, 5)
    offers(employer, coordinator, "workplace_tour", 30)
    page = colleague.get(employer.get_absolute_url()).content.decode()
    assert "Take up what they offered: Workplace tour" in page
    assert f'/engagement/tools/visit-checklist/?employer={employer.pk}"' in page
    actions.record_contact(employer, kind="visit", activity="workplace_tour", held_at=now(), by=coordinator, at=now())
    assert "Take up what they offered" not in colleague.get(employer.get_absolute_url()).content.decode()


def test_the_list_has_the_most_worthwhile_first_and_mine_before_all(colleague, school, coordinator):
    late = EmployerFactory(school=school, owner=coordinator)
    NextStepFactory(employer=late, owner=coordinator, due_on=localdate() - timedelta(days=3), what="Send the agreement")
    silent = spoken_to(school, 200, owner=coordinator)
    theirs = spoken_to(school, 300)
    fading = spoken_to(school, 340, owner=coordinator, kind="internship")
    page = colleague.get(reverse("engagement:next_best")).content.decode()
    places = [page.find(f">{employer}<") for employer in (late, fading, silent)]
    assert places == sorted(places)
    assert -1 not in places
    assert "Otherwise level 2 becomes 1 on" in page
    assert str(theirs) not in page
    assert str(theirs) in colleague.get(f"{reverse('engagement:next_best')}?who=all").content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_and_for_three(colleague, school, coordinator, count, django_assert_num_queries):
    for _each in range(count):
        offers(spoken_to(school, 200, owner=coordinator), coordinator, "workplace_tour", 20)
    with django_assert_num_queries(11):
        colleague.get(reverse("engagement:next_best"))


def test_where_all_is_well_the_list_says_so(colleague):
    assert "Nothing presses" in colleague.get(reverse("engagement:next_best")).content.decode()


def test_who_rests_is_not_looked_at(school, coordinator):
    employer = spoken_to(school, 400, owner=coordinator, resting_until=localdate() + timedelta(9))
    assert employer.pk not in worth_a_look(school, coordinator, planning=Planning(), day=localdate())


def test_a_school_without_a_plan_has_nothing_planned(school):
    assert planning_of(school, localdate(), None) == Planning()


@pytest.mark.parametrize("rule", ["promise_overdue", "has_answered", "no-such-rule"])
def test_what_leads_elsewhere_cannot_be_taken(colleague, school, coordinator, rule):
    employer = EmployerFactory(school=school)
    NextStepFactory(employer=employer, owner=coordinator, due_on=localdate())
    assert colleague.post(reverse("engagement:next_best_take", args=[employer.pk, rule])).status_code == 404


def test_another_school_may_not(client, school):
    employer = spoken_to(school, 200)
    client.force_login(staff_of(OrganisationFactory()))
    assert client.post(reverse("engagement:next_best_take", args=[employer.pk, "silent"])).status_code == 404
    assert NextStep.objects.count() == 0
