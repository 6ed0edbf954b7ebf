"""Consortia: who begins, joins, leaves and ends them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from guildhall.core.errors import NotAllowed, Refused
from guildhall.core.models import AuditLine
from guildhall.engagement import actions
from guildhall.engagement.consortia.receivers import FORGET_CONSORTIA_AFTER, how_long_consortia_are_known
from guildhall.engagement.models import CommonEmployer, Consortium, ConsortiumMember, SharedEmployer
from guildhall.engagement.tests.factories import (
    ConsortiumFactory,
    ConsortiumMemberFactory,
    EmployerFactory,
    KeptOrganisationFactory,
    staff_of,
)
from guildhall.people.models import Kind, Notice, Role
from guildhall.people.tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db
AT = now()


@pytest.fixture
def association():
    return OrganisationFactory(kind=Kind.ASSOCIATION, name="The Guild")


@pytest.fixture
def head(association):
    return staff_of(association, Role.MANAGER)


@pytest.fixture
def school():
    return OrganisationFactory(name="North School")


@pytest.fixture
def manager(school):
    return staff_of(school, Role.MANAGER)


@pytest.fixture
def consortium(association, head):
    return actions.begin_consortium(association, name="  Care   around Elvas ", by=head, at=AT)


@pytest.fixture
def member(consortium, school, head):
    return actions.invite_school(consortium, school=school, by=head, at=AT)


def test_an_association_hosts_without_being_a_member(consortium, association):
    assert (consortium.name, consortium.host) == ("Care around Elvas", association)
    assert not consortium.members.exists()
    assert AuditLine.objects.filter(action="engagement.begin_consortium").count() == 1


def test_a_school_that_hosts_is_the_first_member(school, manager):
    consortium = actions.begin_consortium(school, name="Ours", by=manager, at=AT)
    assert [member.school for member in consortium.members.current()] == [school]


def test_two_of_one_name_are_refused_until_the_first_has_ended(consortium, association, head):
    with pytest.raises(Refused, match="of this name"):
        actions.begin_consortium(association, name="care around elvas", by=head, at=AT)
    actions.end_consortium(consortium, by=head, at=AT)
    assert actions.begin_consortium(association, name="Care around Elvas", by=head, at=AT).pk != consortium.pk


def test_without_a_name_there_is_none(association, head):
    with pytest.raises(Refused, match="name"):
        actions.begin_consortium(association, name="   ", by=head, at=AT)


@pytest.mark.parametrize("kind", [Kind.EMPLOYER, Kind.AUTHORITY, Kind.OTHER])
def test_only_schools_and_associations_host(kind):
    other = OrganisationFactory(kind=kind)
    with pytest.raises(NotAllowed):
        actions.begin_consortium(other, name="X", by=staff_of(other, Role.MANAGER), at=AT)


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.TEACHER])
def test_only_managers_begin_invite_and_end(consortium, association, school, role):
    somebody = staff_of(association, role)
    with pytest.raises(NotAllowed):
        actions.begin_consortium(association, name="Mine", by=somebody, at=AT)
    with pytest.raises(NotAllowed):
        actions.invite_school(consortium, school=school, by=somebody, at=AT)
    with pytest.raises(NotAllowed):
        actions.end_consortium(consortium, by=somebody, at=AT)


def test_a_school_is_no_member_before_its_own_manager_accepts(member, school, head, manager):
    assert not ConsortiumMember.objects.current().exists()
    with pytest.raises(NotAllowed):
        actions.accept_invitation(member, by=head, at=AT)
    with pytest.raises(NotAllowed):
        actions.accept_invitation(member, by=staff_of(school), at=AT)
    actions.accept_invitation(member, by=manager, at=AT)
    assert ConsortiumMember.objects.current().get().school == school


def test_managers_of_the_invited_school_are_told_and_the_host_of_the_answer(consortium, school, manager, head):
    member = actions.invite_school(consortium, school=school, by=head, at=AT)
    told = Notice.objects.get(user=manager)
    assert told.sentence == "The Guild invites North School into the consortium Care around Elvas."
    assert told.url == consortium.get_absolute_url()
    actions.accept_invitation(member, by=manager, at=AT)
    assert "North School has joined" in Notice.objects.get(user=head).sentence


def test_only_schools_with_people_here_are_invited(consortium, school, head):
    for other in (KeptOrganisationFactory(kind=Kind.SCHOOL, kept_by=school), OrganisationFactory(kind=Kind.EMPLOYER)):
        with pytest.raises(Refused, match="Only schools"):
            actions.invite_school(consortium, school=other, by=head, at=AT)


def test_nobody_is_invited_twice_nor_joins_twice(member, consortium, school, head, manager):
    with pytest.raises(Refused, match="already"):
        actions.invite_school(consortium, school=school, by=head, at=AT)
    actions.accept_invitation(member, by=manager, at=AT)
    with pytest.raises(Refused, match="already"):
        actions.accept_invitation(member, by=manager, at=AT)
    with pytest.raises(Refused, match="leave instead"):
        actions.decline_invitation(member, by=manager, at=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        ConsortiumMemberFactory(consortium=consortium, school=school)


def test_who_declines_is_left_in_peace_for_a_while(member, consortium, school, head, manager):
    actions.decline_invitation(member, by=manager, at=AT)
    with pytest.raises(Refused, match="declined lately"):
        actions.invite_school(consortium, school=school, by=head, at=AT + timedelta(days=30))
    assert actions.invite_school(consortium, school=school, by=head, at=AT + timedelta(days=91)).pk != member.pk


def test_an_invitation_taken_back_can_be_sent_again_at_once(member, consortium, school, head, manager):
    actions.remove_school(member, by=head, at=AT)
    with pytest.raises(Refused, match="no longer there"):
        actions.accept_invitation(member, by=manager, at=AT)
    actions.invite_school(consortium, school=school, by=head, at=AT)


def test_who_is_only_invited_declines_and_does_not_leave(member, manager):
    with pytest.raises(Refused, match="decline"):
        actions.leave_consortium(member, by=manager, at=AT)


def shared_by_two(consortium, head, *schools):
    """An employer that two members share, as if they had found each other."""
    employers = []
    for school in schools:
        employers.append(EmployerFactory(school=school))
        SharedEmployer.objects.create(consortium=consortium, employer=employers[-1], shared_at=AT, shared_by=head)
    for ours, theirs in (employers, employers[::-1]):
        CommonEmployer.objects.create(consortium=consortium, ours=ours, theirs=theirs, found_at=AT)


@pytest.mark.parametrize("how", ["leaves", "is taken out", "the consortium ends"])
def test_with_a_school_goes_all_it_shared_and_what_others_saw_of_it(consortium, member, school, manager, head, how):
    actions.accept_invitation(member, by=manager, at=AT)
    other = ConsortiumMemberFactory(consortium=consortium).school
    shared_by_two(consortium, head, school, other)
    if how == "leaves":
        actions.leave_consortium(member, by=manager, at=AT)
        assert "has left" in Notice.objects.filter(user=head).latest("pk").sentence
    elif how == "is taken out":
        actions.remove_school(member, by=head, at=AT)
        assert "has taken North School out" in Notice.objects.filter(user=manager).latest("pk").sentence
    else:
        actions.end_consortium(consortium, by=head, at=AT)
        assert "has ended the consortium" in Notice.objects.filter(user=manager).latest("pk").sentence
    assert not CommonEmployer.objects.exists()
    assert not SharedEmployer.objects.by_school(school).exists()
    assert SharedEmployer.objects.by_school(other).exists() == (how != "the consortium ends")
    assert not Consortium.objects.joined_by(school).exists()


def test_a_manager_of_another_school_or_the_host_cannot_leave_for_a_school(member, manager, head):
    actions.accept_invitation(member, by=manager, at=AT)
    for somebody in (head, staff_of(OrganisationFactory(), Role.MANAGER)):
        with pytest.raises(NotAllowed):
            actions.leave_consortium(member, by=somebody, at=AT)
    with pytest.raises(NotAllowed):
        actions.remove_school(member, by=manager, at=AT)


def test_after_the_end_nothing_goes_on(member, consortium, head, manager):
    actions.end_consortium(consortium, by=head, at=AT)
    with pytest.raises(Refused, match="has ended"):
        actions.accept_invitation(member, by=manager, at=AT)
    with pytest.raises(Refused, match="has ended"):
        actions.end_consortium(consortium, by=head, at=AT)
    with pytest.raises(Refused, match="has ended"):
        actions.invite_school(consortium, school=OrganisationFactory(), by=head, at=AT)


def test_what_lies_three_years_back_is_forgotten(member, consortium, head, manager):
    actions.accept_invitation(member, by=manager, at=AT)
    actions.leave_consortium(member, by=manager, at=AT)
    (rule,) = how_long_consortia_are_known()
    assert rule.overdue(AT) == 0
    later = AT + FORGET_CONSORTIA_AFTER + timedelta(days=1) - FORGET_CONSORTIA_AFTER
    assert rule.overdue(later) == 1
    assert rule.delete(later) == 1
    assert not ConsortiumMember.objects.exists()
    assert Consortium.objects.get() == consortium
    assert ConsortiumFactory().pk
