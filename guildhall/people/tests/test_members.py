from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import localdate, now

from guildhall.core.errors import NotAllowed, Refused
from guildhall.people import actions, leaving
from guildhall.people.hooks import Belongings
from guildhall.people.models import Membership, Notice, Role
from guildhall.people.tests.factories import MembershipFactory, OrganisationFactory, UserFactory, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return OrganisationFactory(slug="north")


@pytest.fixture
def manager(school):
    return member(school, Role.MANAGER)


@pytest.fixture
def handed_over(monkeypatch):
    """Let teachers own employers; the list says who took over."""
    heirs: list = []

    def ask(*, user, organisation):
        owned = Belongings(sentence="3 employers", count=3, hand_over=lambda heir, by, at: heirs.append(heir))
        nothing = Belongings(sentence="0 plans", count=0, hand_over=lambda heir, by, at: heirs.append("nothing"))
        return [owned, nothing]

    monkeypatch.setattr(leaving.belongings_of, "ask", ask)
    return heirs


def roles(school, user):
    return set(Membership.objects.current().filter(user=user, organisation=school).values_list("role", flat=True))


def test_a_manager_gives_and_takes_roles(school, manager):
    teacher = member(school)
    actions.change_roles(school, member=teacher, roles=[Role.TEACHER, Role.COORDINATOR], by=manager, at=now())
    assert roles(school, teacher) == {Role.TEACHER, Role.COORDINATOR}
    actions.change_roles(school, member=teacher, roles=[Role.COORDINATOR], by=manager, at=now())
    assert roles(school, teacher) == {Role.COORDINATOR}
    assert Notice.objects.filter(user=teacher).count() == 2


def test_a_role_that_ended_stays_in_the_history(school, manager):
    teacher = member(school)
    actions.change_roles(school, member=teacher, roles=[Role.QUALITY], by=manager, at=now())
    assert Membership.objects.get(user=teacher, role=Role.TEACHER).until == localdate() - timedelta(days=1)


def test_a_role_of_today_leaves_nothing_behind(school, manager):
    teacher = MembershipFactory(organisation=school, since=localdate()).user
    actions.leave_organisation(school, member=teacher, by=manager, at=now())
    assert not Membership.objects.filter(user=teacher).exists()


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.LEARNER])
def test_only_managers_change_roles(school, role):
    colleague = member(school, role)
    with pytest.raises(NotAllowed):
        actions.change_roles(school, member=colleague, roles=[Role.MANAGER], by=colleague, at=now())


def test_nobody_gets_a_role_without_belonging_there(school, manager):
    with pytest.raises(Refused):
        actions.change_roles(school, member=UserFactory(), roles=[Role.MANAGER], by=manager, at=now())


def test_a_member_has_at_least_one_role(school, manager):
    with pytest.raises(Refused):
        actions.change_roles(school, member=member(school), roles=[], by=manager, at=now())


def test_the_last_manager_stays_manager(school, manager):
    with pytest.raises(Refused):
        actions.change_roles(school, member=manager, roles=[Role.TEACHER], by=manager, at=now())


def test_the_last_manager_cannot_leave_the_others_alone(school, manager):
    teacher = member(school)
    with pytest.raises(Refused):
        actions.leave_organisation(school, member=manager, by=manager, at=now())
    actions.change_roles(school, member=teacher, roles=[Role.MANAGER], by=manager, at=now())
    actions.leave_organisation(school, member=manager, by=manager, at=now())
    assert not roles(school, manager)


def test_a_manager_whose_account_is_closed_does_not_count(school, manager):
    MembershipFactory(organisation=school, role=Role.MANAGER, user=UserFactory(is_active=False))
    member(school)
    assert not leaving.is_last_manager(UserFactory(), school, now())
    assert leaving.is_last_manager(manager, school, now())


def test_a_person_leaves_by_themselves(school, manager):
    teacher = member(school)
    actions.leave_organisation(school, member=teacher, by=teacher, at=now())
    assert not roles(school, teacher)
    assert Notice.objects.get().user == manager


def test_a_colleague_cannot_make_somebody_leave(school):
    with pytest.raises(NotAllowed):
        actions.leave_organisation(school, member=member(school), by=member(school), at=now())


def test_who_owns_something_leaves_it_to_somebody(school, manager, handed_over):
    teacher, heir = member(school), member(school)
    with pytest.raises(Refused, match="3 employers"):
        actions.leave_organisation(school, member=teacher, by=manager, at=now())
    assert roles(school, teacher)
    actions.leave_organisation(school, member=teacher, heir=heir, by=manager, at=now())
    assert handed_over == [heir]
    assert not roles(school, teacher)
    assert Notice.objects.filter(user=heir, kind="people.handed_over").count() == 1


@pytest.mark.parametrize("who", ["stranger", "learner", "themselves"])
def test_only_a_colleague_can_take_over(school, manager, handed_over, who):
    teacher = member(school)
    heir = {"stranger": UserFactory(), "learner": member(school, Role.LEARNER), "themselves": teacher}[who]
    with pytest.raises(Refused):
        actions.leave_organisation(school, member=teacher, heir=heir, by=manager, at=now())
    assert not handed_over
    assert roles(school, teacher)


def test_who_stops_working_for_a_school_hands_over_too(school, manager, handed_over):
    teacher = member(school)
    with pytest.raises(Refused):
        actions.change_roles(school, member=teacher, roles=[Role.MEMBER], by=manager, at=now())
    actions.change_roles(school, member=teacher, roles=[Role.MEMBER], heir=manager, by=manager, at=now())
    assert handed_over == [manager]


def test_who_goes_on_working_there_keeps_what_they_own(school, manager, handed_over):
    teacher = member(school)
    actions.change_roles(school, member=teacher, roles=[Role.QUALITY], by=manager, at=now())
    assert not handed_over


def test_the_page_of_leaving_asks_who_takes_over(client, school, manager, handed_over):
    teacher = member(school, name="Marta Król")
    client.force_login(manager)
    url = reverse("people:member_leave", args=[school.slug, teacher.pk])
    assert "3 employers" in client.get(url).content.decode()
    assert client.post(url, {}).status_code == 422
    assert client.post(url, {"heir": teacher.pk}).status_code == 422
    assert client.post(url, {"heir": manager.pk}).status_code == 302
    assert handed_over == [manager]


def test_the_page_of_leaving_says_what_is_in_the_way(client, school, manager):
    member(school)
    client.force_login(manager)
    url = reverse("people:member_leave", args=[school.slug, manager.pk])
    assert "no manager any more" in client.get(url).content.decode()
    assert client.post(url).status_code == 409


def test_who_left_sees_nothing_any_more(client, school, manager):
    teacher = member(school)
    client.force_login(teacher)
    assert client.get(school.get_absolute_url()).status_code == 200
    actions.leave_organisation(school, member=teacher, by=manager, at=now())
    assert client.get(school.get_absolute_url()).status_code == 404


def test_roles_are_changed_on_the_page_of_a_member(client, school, manager):
    teacher = member(school)
    client.force_login(manager)
    response = client.post(reverse("people:member_edit", args=[school.slug, teacher.pk]), {"roles": ["quality", "guidance"]})
    assert response.status_code == 302
    assert roles(school, teacher) == {Role.QUALITY, Role.GUIDANCE}


def test_a_manager_does_not_change_the_members_of_another_school(client, manager):
    other = OrganisationFactory()
    teacher = member(other)
    client.force_login(manager)
    for name in ("member_edit", "member_leave"):
        assert client.post(reverse(f"people:{name}", args=[other.slug, teacher.pk]), {"roles": ["manager"]}).status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=król", {"Marta Król"}),
        ("role=learner", {"Jan Nowak"}),
        ("q=nowak&role=teacher", set()),
        ("q=example.org", None),
        ("", None),
    ],
)
def test_of_many_members_one_finds_whom_one_looks_for(client, school, manager, query, found):
    member(school, name="Marta Król")
    member(school, Role.LEARNER, name="Jan Nowak")
    client.force_login(manager)
    answer = client.get(reverse("people:members", args=[school.slug]) + "?" + query, headers={"HX-Request": "true"})
    names = {row["name"] for row in answer.context["members"]}
    assert names == ({manager.name, "Marta Król", "Jan Nowak"} if found is None else found)
    assert "<html" not in answer.content.decode()


def test_somebody_with_two_roles_stands_in_the_list_once(client, school, manager):
    MembershipFactory(user=manager, organisation=school, role=Role.QUALITY)
    client.force_login(manager)
    [row] = client.get(reverse("people:members", args=[school.slug])).context["members"]
    assert row["roles"] == ["Manager", "Quality officer"]
