"""The pages of consortia, and what an employer's page says of who else talks to them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from guildhall.engagement.models import CommonEmployer, Consortium, ConsortiumMember, Employer, SharedEmployer
from guildhall.engagement.tests.factories import (
    ConsortiumFactory,
    ConsortiumMemberFactory,
    ContactFactory,
    EmployerFactory,
    staff_of,
)
from guildhall.people.models import Kind, Role
from guildhall.people.tests.factories import OrganisationFactory, SiteFactory
from guildhall.people.tests.visits import begin_visit

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
YESTERDAY = now() - timedelta(days=1)


@pytest.fixture
def association():
    return OrganisationFactory(kind=Kind.ASSOCIATION, name="The Guild")


@pytest.fixture
def school():
    return OrganisationFactory(name="North School", country="DE")


@pytest.fixture
def consortium(association):
    return ConsortiumFactory(name="Care around Elvas", host=association)


@pytest.fixture
def member(consortium, school):
    return ConsortiumMemberFactory(consortium=consortium, school=school)


@pytest.fixture
def me(client, school):
    client.user = staff_of(school, Role.MANAGER, name="Mona Manager")
    return signed_in(client, client.user)


def signed_in(client, user):
    begin_visit(client, user)
    return client


def talked_to(school, **fields):
    employer = EmployerFactory(
        school=school, last_contact_at=YESTERDAY, organisation__name="Kurz", organisation__country="DE", **fields
    )
    SiteFactory(organisation=employer.organisation, street="Hauptstr. 1", town="Kiel")
    ContactFactory(employer=employer, held_at=YESTERDAY, said="They are in debt.")
    return employer


def shared(consortium, employer):
    return SharedEmployer.objects.create(
        consortium=consortium, employer=employer, shared_at=YESTERDAY, shared_by=staff_of(employer.school)
    )


def others_of(consortium, employer, count):
    for number in range(count):
        other = ConsortiumMemberFactory(consortium=consortium, school__name=f"South School {number}").school
        theirs = talked_to(other, owner=staff_of(other, name=f"Sam South {number}"))
        shared(consortium, theirs)
        CommonEmployer.objects.create(consortium=consortium, ours=employer, theirs=theirs, found_at=YESTERDAY)


def plain(page):
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page.content.decode())


# --- Consortia -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_and_for_three(me, school, count, django_assert_num_queries):
    for _ in range(count):
        ConsortiumMemberFactory(school=school)
    with django_assert_num_queries(6):
        page = me.get(reverse("engagement:consortia"))
    assert page.content.count(b"We are a member") == count


@pytest.mark.parametrize("count", [1, 3])
def test_a_consortium_costs_the_same_for_one_member_and_for_three(me, member, consortium, count, django_assert_num_queries):
    for _ in range(count - 1):
        ConsortiumMemberFactory(consortium=consortium)
    with django_assert_num_queries(7):
        page = me.get(consortium.get_absolute_url())
    assert page.content.count(b"Member since") == count


@pytest.mark.parametrize("count", [1, 3])
def test_what_we_share_costs_the_same_for_one_and_for_three(me, member, school, count, django_assert_num_queries):
    for _ in range(count):
        shared(member.consortium, talked_to(school, owner=me.user))
    with django_assert_num_queries(7):
        page = me.get(reverse("engagement:shared", args=[member.consortium.pk]))
    assert page.content.count(b"The one to ask") == count


def test_without_any_the_page_says_what_to_do(me):
    assert b"Begin one and invite" in me.get(reverse("engagement:consortia")).content


def test_a_consortium_is_begun_by_a_manager_and_named_once(me, school):
    address = reverse("engagement:consortium_begin")
    assert me.get(address).status_code == 200
    answer = me.post(address, {"name": "Ours"})
    assert answer.url == Consortium.objects.get(host=school).get_absolute_url()
    again = me.post(address, {"name": "ours"})
    assert again.status_code == 422
    assert b"of this name" in again.content
    assert me.post(address, {"name": ""}).status_code == 422
    signed_in(me, staff_of(school))
    assert me.get(address).status_code == 403


def test_a_host_finds_schools_by_name_and_invites_one(client, association, consortium, member):
    found = OrganisationFactory(name="South School")
    OrganisationFactory(kind=Kind.EMPLOYER, name="South School Catering")
    signed_in(client, staff_of(association, Role.MANAGER))
    page = client.get(consortium.get_absolute_url(), {"q": "school"}).content.decode()
    assert "South School" in page
    assert "Catering" not in page
    assert client.get(consortium.get_absolute_url(), {"q": "so"}).content.count(b"South School") == 0
    invite = reverse("engagement:consortium_invite", args=[consortium.pk])
    assert client.post(invite, {"school": "all"}).status_code == 404
    answer = client.post(invite, {"school": found.pk}, headers=HTMX)
    fragment = plain(answer).partition("<div hx-swap-oob")[0].strip()
    assert fragment in plain(client.get(consortium.get_absolute_url()))
    assert ConsortiumMember.objects.invited().get().school == found
    assert client.post(invite, {"school": found.pk}).status_code == 409


def test_a_member_does_not_see_whom_to_invite(me, member, consortium):
    OrganisationFactory(name="South School")
    page = me.get(consortium.get_absolute_url(), {"q": "South"}).content.decode()
    assert "South School" not in page
    assert me.post(reverse("engagement:consortium_invite", args=[consortium.pk]), {"school": 1}).status_code == 403


@pytest.mark.parametrize("deed", ["accept", "decline"])
def test_an_invitation_is_answered_by_a_manager_of_the_school(client, school, consortium, deed):
    invited = ConsortiumMemberFactory(consortium=consortium, school=school, accepted_at=None, accepted_by=None)
    address = reverse(f"engagement:consortium_{deed}", args=[invited.pk])
    signed_in(client, staff_of(school))
    assert b"A manager of your school can answer." in client.get(consortium.get_absolute_url()).content
    assert client.post(address).status_code == 403
    signed_in(client, staff_of(school, Role.MANAGER))
    assert client.post(address).status_code == 302
    assert ConsortiumMember.objects.current().filter(school=school).exists() == (deed == "accept")
    assert client.post(address).status_code == (409 if deed == "accept" else 404)


def test_leaving_and_ending_are_asked_first(me, client, association, member, consortium):
    leave = reverse("engagement:consortium_leave", args=[member.pk])
    assert b"forgotten at once" in me.get(leave).content
    assert ConsortiumMember.objects.current().exists()
    assert me.post(leave).status_code == 302
    assert not ConsortiumMember.objects.current().exists()
    assert me.get(consortium.get_absolute_url()).status_code == 404
    other = ConsortiumMemberFactory(consortium=consortium)
    signed_in(client, staff_of(association, Role.MANAGER))
    remove, end = (
        reverse("engagement:consortium_remove", args=[other.pk]),
        reverse("engagement:consortium_end", args=[consortium.pk]),
    )
    assert client.get(remove).status_code == 200
    assert client.post(remove).status_code == 302
    assert client.get(end).status_code == 200
    assert client.post(end).status_code == 302
    assert b"has ended" in client.get(consortium.get_absolute_url()).content
    assert client.post(end).status_code == 409


def test_strangers_see_no_consortium(client, member, consortium):
    signed_in(client, staff_of(OrganisationFactory(), Role.MANAGER))
    assert client.get(consortium.get_absolute_url()).status_code == 404
    assert client.get(reverse("engagement:shared", args=[consortium.pk])).status_code == 404
    assert client.post(reverse("engagement:consortium_accept", args=[member.pk])).status_code == 404


def test_a_host_that_is_no_member_sees_no_employers(client, association, consortium, member, school):
    shared(consortium, talked_to(school))
    signed_in(client, staff_of(association, Role.MANAGER))
    assert b"Kurz" not in client.get(consortium.get_absolute_url()).content
    assert client.get(reverse("engagement:shared", args=[consortium.pk])).status_code == 404


@pytest.mark.parametrize("role", [Role.LEARNER, Role.MEMBER, Role.TRAINER])
def test_who_does_not_work_there_has_no_consortia(client, school, role):
    signed_in(client, staff_of(school, role))
    assert client.get(reverse("engagement:consortia")).status_code == 404


# --- On an employer's page -----------------------------------------------------------------------------------------------


def test_a_school_in_no_consortium_is_not_asked(me, school):
    page = me.get(talked_to(school).get_absolute_url()).content.decode()
    assert "Who else talks to them" not in page


@pytest.mark.parametrize("count", [1, 3])
def test_the_card_costs_the_same_for_one_and_for_three(me, member, school, consortium, count, django_assert_num_queries):
    employer = talked_to(school, owner=me.user)
    shared(consortium, employer)
    others_of(consortium, employer, count)
    with django_assert_num_queries(15):  # five of them for the card
        page = me.get(employer.get_absolute_url()).content.decode()
    assert page.count("In contact since") == count
    assert "Ask Sam South 0" in page
    assert page.count("They are in debt.") == 1  # ours, never theirs


def test_it_is_switched_on_and_off_where_it_is_seen(me, member, school, consortium):
    employer = talked_to(school, owner=me.user)
    share, unshare = (reverse(f"engagement:{deed}", args=[employer.pk, consortium.pk]) for deed in ("share", "unshare"))
    page = me.get(employer.get_absolute_url()).content.decode()
    assert "Tell the others in Care around Elvas that we talk to them" in page
    assert "Mona Manager as the one to ask" in page
    answer = me.post(share, headers=HTMX)
    assert "No other member has said so yet." in answer.content.decode()
    assert plain(answer).partition("<div hx-swap-oob")[0].strip() in plain(me.get(employer.get_absolute_url()))
    assert SharedEmployer.objects.exists()
    assert me.post(unshare).url == f"{employer.get_absolute_url()}#others"
    assert not SharedEmployer.objects.exists()


def test_from_the_list_it_is_switched_off_in_the_list(me, member, school, consortium):
    employers = [talked_to(school, owner=me.user) for _ in range(2)]
    for employer in employers:
        shared(consortium, employer)
    answer = me.post(reverse("engagement:unshare", args=[employers[0].pk, consortium.pk]), {"listed": "1"}, headers=HTMX)
    fragment = plain(answer).partition("<div hx-swap-oob")[0].strip()
    assert fragment in plain(me.get(reverse("engagement:shared", args=[consortium.pk])))
    assert SharedEmployer.objects.get().employer == employers[1]


def test_who_may_not_is_told_who_may(client, member, school, consortium):
    employer = talked_to(school)
    signed_in(client, staff_of(school, Role.TEACHER))
    assert b"can switch it on." in client.get(employer.get_absolute_url()).content
    assert client.post(reverse("engagement:share", args=[employer.pk, consortium.pk])).status_code == 403


def test_without_a_contact_the_page_says_to_write_one_down(me, member, school, consortium):
    employer = EmployerFactory(school=school)
    assert b"Write down a contact first" in me.get(employer.get_absolute_url()).content
    assert me.post(reverse("engagement:share", args=[employer.pk, consortium.pk])).status_code == 409
    Employer.objects.filter(pk=employer.pk).update(last_contact_at=now() - timedelta(days=900))
    shared(consortium, employer)
    assert b"Until somebody does" in me.get(employer.get_absolute_url()).content


def test_another_schools_employer_is_not_there_to_be_shared(me, member, consortium):
    other = talked_to(OrganisationFactory())
    assert me.post(reverse("engagement:share", args=[other.pk, consortium.pk])).status_code == 404


def test_many_are_shared_from_the_list_and_it_says_who_was_left_out(me, member, school, consortium):
    employers = [talked_to(school), EmployerFactory(school=school)]
    sent = {"employer": [one.pk for one in employers], "consortium": consortium.pk, "deed": "share"}
    assert b"Tell the others" in me.get(reverse("engagement:many"), {"employer": employers[0].pk}).content
    answer = me.post(reverse("engagement:many"), sent, follow=True)
    assert b"Done, but for 1 employer nobody at your school has talked to" in answer.content
    assert SharedEmployer.objects.get().employer == employers[0]
    me.post(reverse("engagement:many"), {**sent, "deed": "unshare"})
    assert not SharedEmployer.objects.exists()
    assert me.post(reverse("engagement:many"), {**sent, "consortium": 0}).status_code == 422


def test_without_a_consortium_the_list_offers_none(me, school):
    employer = talked_to(school)
    assert b"Tell the others" not in me.get(reverse("engagement:many"), {"employer": employer.pk}).content
