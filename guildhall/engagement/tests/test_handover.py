import pytest
from django.urls import reverse
from django.utils.timezone import localdate

from guildhall.engagement.models import Employer, NextStep
from guildhall.engagement.tests.factories import ContactFactory, EmployerFactory, NextStepFactory, PositionFactory, staff_of
from guildhall.people.models import Notice, Role
from guildhall.people.tests.factories import OrganisationFactory
from guildhall.people.tests.visits import begin_visit

pytestmark = pytest.mark.django_db

WORK = "engagement:work_hand_over"


@pytest.fixture
def school():
    return OrganisationFactory(country="DE")


@pytest.fixture
def leaver(school):
    return staff_of(school, role=Role.TEACHER, name="Ada Leaver")


@pytest.fixture
def heir(school):
    return staff_of(school, role=Role.TEACHER, name="Bo Heir")


@pytest.fixture
def colleague(client, school):
    begin_visit(client, staff_of(school))
    return client


def looked_after(school, owner, count):
    for number in range(count):
        employer = EmployerFactory(school=school, owner=owner, organisation__name=f"Firm {number}")
        PositionFactory(employer=employer, person__name=f"Boss {number}", decides=True)
        ContactFactory(employer=employer, by=owner, said="The older one")
        ContactFactory(employer=employer, by=owner, said=f"Last words {number}")
        NextStepFactory(employer=employer, owner=owner, what=f"Promise {number}", due_on=localdate())


def hand_over(client, of, heir):
    return client.post(reverse(WORK), {"of": of.pk, "heir": heir.pk})


@pytest.mark.parametrize("count", [1, 3])
def test_the_letter_says_whom_what_and_what_is_open_and_costs_the_same(
    colleague, school, leaver, heir, count, django_assert_num_queries
):
    looked_after(school, leaver, count)
    answer = hand_over(colleague, leaver, heir)
    colleague.get(answer.url)
    with django_assert_num_queries(11):
        page = colleague.get(answer.url).content.decode()
    for number in range(count):
        for words in (f"Firm {number}", f"Boss {number}", f"Last words {number}", f"Promise {number}"):
            assert words in page
    assert "The older one" not in page
    assert set(Employer.objects.values_list("owner", flat=True)) == {heir.pk}
    assert set(NextStep.objects.values_list("owner", flat=True)) == {heir.pk}


def test_the_heir_is_told_where_the_letter_is(colleague, school, leaver, heir):
    looked_after(school, leaver, 1)
    assert Notice.objects.count() == 0
    answer = hand_over(colleague, leaver, heir)
    assert Notice.objects.get(user=heir).url == answer.url


def test_one_may_hand_over_ones_own_work_but_not_a_colleagues(client, school, leaver, heir):
    looked_after(school, leaver, 1)
    client.force_login(heir)
    assert hand_over(client, leaver, heir).status_code == 422
    assert Employer.objects.get().owner == leaver
    client.force_login(leaver)
    assert hand_over(client, leaver, heir).status_code == 302
    assert Employer.objects.get().owner == heir


def test_nobody_hands_over_to_themselves_or_to_a_stranger(colleague, school, leaver):
    looked_after(school, leaver, 1)
    assert hand_over(colleague, leaver, leaver).status_code == 422
    assert hand_over(colleague, leaver, staff_of(OrganisationFactory())).status_code == 422


def test_a_letter_is_there_for_the_school_only(client, colleague, school, leaver, heir):
    looked_after(school, leaver, 1)
    address = hand_over(colleague, leaver, heir).url
    client.force_login(staff_of(OrganisationFactory()))
    assert client.get(address).status_code == 404


def test_without_anything_handed_over_there_is_no_letter(colleague, leaver, heir):
    assert colleague.get(reverse("engagement:letter", args=[leaver.pk, heir.pk])).status_code == 404
