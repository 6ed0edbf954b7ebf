"""Every page of this room opens for whom it is meant, and for nobody else."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils.timezone import now

from guildhall.people.actions import load_statements
from guildhall.people.models import Role
from guildhall.people.tests.factories import (
    InvitationFactory,
    MembershipFactory,
    NoticeFactory,
    OrganisationFactory,
    SiteFactory,
    UserFactory,
    member,
)

pytestmark = pytest.mark.django_db

OWN = ["me", "profile", "notices", "consents", "my_data", "my_data_download", "erase", "organisation_create"]


@pytest.fixture
def school():
    return OrganisationFactory(slug="north")


@pytest.mark.parametrize("name", OWN)
def test_everybody_signed_in_has_their_own_pages(client, name):
    load_statements(by=None, at=now())
    client.force_login(UserFactory())
    assert client.get(reverse(f"people:{name}")).status_code == 200


@pytest.mark.parametrize("name", OWN)
def test_a_visitor_is_led_to_signing_in(client, name):
    response = client.get(reverse(f"people:{name}"))
    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


@pytest.mark.parametrize(
    ("name", "role", "status"),
    [
        ("organisation", Role.MANAGER, 200),
        ("organisation", Role.TEACHER, 200),
        ("organisation", Role.LEARNER, 200),
        ("organisation", None, 404),
        ("organisation_edit", Role.MANAGER, 200),
        ("organisation_edit", Role.TEACHER, 403),
        ("organisation_edit", None, 404),
        ("site_add", Role.MANAGER, 200),
        ("site_add", Role.TEACHER, 403),
        ("site_add", None, 404),
        ("members", Role.MANAGER, 200),
        ("members", Role.TEACHER, 200),
        ("members", Role.LEARNER, 404),
        ("members", None, 404),
        ("member_invite", Role.MANAGER, 200),
        ("member_invite", Role.TEACHER, 403),
        ("member_invite", None, 404),
    ],
)
def test_pages_of_an_organisation_are_for_its_own(client, school, name, role, status):
    SiteFactory(organisation=school)
    InvitationFactory(organisation=school)
    client.force_login(member(school, role) if role else member(OrganisationFactory(), Role.MANAGER))
    assert client.get(reverse(f"people:{name}", args=[school.slug])).status_code == status


@pytest.mark.parametrize(("name", "status"), [("member_edit", 200), ("member_leave", 200)])
def test_a_manager_opens_the_pages_of_a_member(client, school, name, status):
    teacher = member(school)
    client.force_login(member(school, Role.MANAGER))
    assert client.get(reverse(f"people:{name}", args=[school.slug, teacher.pk])).status_code == status


def test_a_learner_does_not_learn_who_else_is_there(client, school):
    teacher = member(school)
    client.force_login(member(school, Role.LEARNER))
    assert client.get(reverse("people:member_leave", args=[school.slug, teacher.pk])).status_code == 404


def test_managers_and_operators_see_how_long_data_is_kept(client, school):
    for user, status in [(member(school, Role.MANAGER), 200), (UserFactory(is_operator=True), 200), (member(school), 404)]:
        client.force_login(user)
        assert client.get(reverse("people:retention")).status_code == status


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_members_costs_the_same_for_one_and_for_three(client, school, count, django_assert_num_queries):
    manager = member(school, Role.MANAGER)
    for _ in range(count):
        MembershipFactory(organisation=school)
        InvitationFactory(organisation=school)
    client.force_login(manager)
    client.get(reverse("people:members", args=[school.slug]))
    with django_assert_num_queries(8):
        client.get(reverse("people:members", args=[school.slug]))


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_notices_costs_the_same_for_one_and_for_three(client, count, django_assert_num_queries):
    user = UserFactory()
    for _ in range(count):
        NoticeFactory(user=user, url="/people/me/")
    client.force_login(user)
    client.get(reverse("people:notices"))
    with django_assert_num_queries(6):
        client.get(reverse("people:notices"))


@pytest.mark.parametrize("count", [1, 3])
def test_an_organisation_costs_the_same_with_one_site_and_with_three(client, school, count, django_assert_num_queries):
    SiteFactory.create_batch(count, organisation=school)
    client.force_login(member(school, Role.MANAGER))
    client.get(reverse("people:organisation", args=[school.slug]))
    with django_assert_num_queries(6):
        client.get(reverse("people:organisation", args=[school.slug]))


@pytest.mark.parametrize("name", ["switch", "language", "notices_read"])
def test_what_changes_something_is_not_done_by_a_get(client, name):
    client.force_login(UserFactory())
    assert client.get(reverse(f"people:{name}")).status_code == 405
