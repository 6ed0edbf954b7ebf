"""Who else talks to an employer: seen by whom, told to whom, and when no longer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from guildhall.core.errors import NotAllowed, Refused
from guildhall.core.models import AuditLine
from guildhall.engagement import actions
from guildhall.engagement.actions.alike import keep_search
from guildhall.engagement.consortia.others import TALKS_FOR, circles_around
from guildhall.engagement.consortia.receivers import what_becomes_of_the_name, what_other_schools_see
from guildhall.engagement.models import AlikeEmployers, CommonEmployer, Employer, SharedEmployer
from guildhall.engagement.tests.factories import ConsortiumFactory, ConsortiumMemberFactory, staff_of
from guildhall.people.models import Membership, Notice, Role
from guildhall.people.tests.factories import OrganisationFactory, SiteFactory

pytestmark = pytest.mark.django_db
AT = now()
PLACE = {"street": "Mühlgasse 4", "postal_code": "02826", "town": "Görlitz"}


class Neighbour:
    """A member school, its coordinator, and the entry of the same bakery in its book."""

    def __init__(self, consortium, school, town=PLACE, talked=True, **facts):
        self.school = OrganisationFactory(name=f"{school} School", country="DE", website=f"https://{school.lower()}.example")
        self.member = ConsortiumMemberFactory(consortium=consortium, school=self.school)
        SiteFactory(organisation=self.school, phone="030 555", email="office@school.example")
        self.owner = staff_of(self.school, name=f"{school} Owner")
        self.consortium = consortium
        facts = {"name": "Bäckerei Müller", "country": "DE", **facts}
        self.employer = actions.add_employer(self.school, site=town, owner=self.owner, by=self.owner, at=AT, **facts)
        if talked:
            self.talk(AT - timedelta(days=400))
            self.talk(AT - timedelta(days=20), said="They are in debt.")

    def talk(self, held_at, **contact):
        return actions.record_contact(self.employer, kind="call", held_at=held_at, by=self.owner, at=AT, **contact)

    def share(self, by=None):
        return actions.share_employer(self.fresh(), consortium=self.consortium, by=by or self.owner, at=AT)

    def unshare(self):
        return actions.unshare_employer(self.fresh(), consortium=self.consortium, by=self.owner, at=AT)

    def fresh(self):
        return Employer.objects.select_related("organisation", "school", "owner").get(pk=self.employer.pk)

    def sees(self, at=AT):
        return [other for circle in circles_around(self.fresh(), at=at) for other in circle.others]

    def told(self):
        return list(Notice.objects.filter(user=self.owner).order_by("pk").values_list("sentence", flat=True))


@pytest.fixture
def consortium():
    return ConsortiumFactory(name="Care")


@pytest.fixture
def north(consortium):
    return Neighbour(consortium, "North")


@pytest.fixture
def south(consortium):
    return Neighbour(consortium, "South")


@pytest.fixture
def both(north, south):
    north.share()
    south.share()
    return north, south


# --- What is seen ------------------------------------------------------------------------------------------------------


def test_nothing_is_shared_by_itself(north, south):
    assert not SharedEmployer.objects.exists()
    assert (north.sees(), south.sees()) == ([], [])


def test_two_that_share_the_same_see_that_since_when_and_whom_to_ask(both):
    north, south = both
    (seen,) = north.sees()
    assert (seen.school, seen.ask, seen.phone, seen.email) == (south.school, south.owner, "030 555", "office@school.example")
    assert seen.since == AT - timedelta(days=400)
    assert vars(seen).keys() == {"school", "since", "ask", "phone", "email"}
    assert [other.school for other in south.sees()] == [north.school]


def test_who_only_writes_a_name_into_its_book_learns_nothing(north, south):
    north.share()
    assert south.sees() == []
    assert circles_around(south.fresh(), at=AT)[0].others == []
    assert north.told() == []


def test_who_shares_without_talking_is_refused_and_learns_nothing(consortium, north):
    north.share()
    fishing = Neighbour(consortium, "Fishing", talked=False)
    with pytest.raises(Refused, match="Write the contact down first"):
        fishing.share()
    assert fishing.sees() == []


def test_nobody_sees_unseen(both):
    north, south = both
    assert north.told() == ["South School talks to Bäckerei Müller, too. You see on its page whom to ask."]
    assert south.told() == []  # who shared second sees the first on the page at once
    assert Notice.objects.get(user=north.owner).url == f"{north.employer.get_absolute_url()}#others"


def test_sharing_one_thing_and_giving_it_another_name_tells_those_whom_it_concerns(consortium, north):
    north.share()
    fishing = Neighbour(consortium, "Fishing", name="Autohaus Lang", town={**PLACE, "street": "Am Markt 1"})
    fishing.share()
    assert fishing.sees() == []
    organisation = fishing.employer.organisation
    organisation.sites.update(street=PLACE["street"])
    assert fishing.sees() == []
    facts = {"name": "Bäckerei Müller"}
    actions.change_employer(fishing.fresh(), facts=facts, note="", by=fishing.owner, at=AT)
    assert [other.school for other in fishing.sees()] == [north.school]
    assert [other.school for other in north.sees()] == [fishing.school]
    assert "Fishing School talks to Bäckerei Müller, too." in north.told()[0]


def test_two_that_only_share_their_name_do_not_see_each_other(consortium, north):
    elsewhere = Neighbour(consortium, "East", town={**PLACE, "postal_code": "02763", "town": "Zittau"})
    north.share()
    elsewhere.share()
    assert (north.sees(), elsewhere.sees()) == ([], [])
    assert north.told() == []


def test_one_record_in_two_books_is_one_employer(consortium, north):
    other = Neighbour(consortium, "East", name="Something else", town=None)
    organisation = OrganisationFactory(kind="employer", name="Bakers Ltd", country="DE")
    Employer.objects.filter(pk__in=[north.employer.pk, other.employer.pk]).update(organisation=organisation)
    north.share()
    other.share()
    assert [one.school for one in north.sees()] == [other.school]


def test_another_consortium_sees_nothing(north):
    stranger = Neighbour(ConsortiumFactory(), "Far")
    north.share()
    stranger.share()
    assert (north.sees(), stranger.sees()) == ([], [])


def test_three_see_each_other_and_each_is_told_once(both, consortium):
    north, south = both
    third = Neighbour(consortium, "East")
    third.share()
    assert {other.school for other in north.sees()} == {south.school, third.school}
    assert {other.school for other in third.sees()} == {north.school, south.school}
    assert [len(one.told()) for one in (north, south, third)] == [2, 1, 0]


# --- What is seen no longer --------------------------------------------------------------------------------------------


def test_switched_off_it_is_seen_by_neither_and_on_again_told_again(both):
    north, south = both
    south.unshare()
    assert (north.sees(), south.sees()) == ([], [])
    assert not CommonEmployer.objects.exists()
    south.share()
    assert [other.school for other in north.sees()] == [south.school]
    assert len(north.told()) == 2


def test_who_left_is_not_seen_whatever_was_left_behind(both):
    north, south = both
    type(south.member).objects.filter(pk=south.member.pk).update(left_at=AT, left_by=south.owner)
    assert (north.sees(), south.sees()) == ([], [])


def test_whose_contacts_ended_is_neither_seen_nor_sees(both):
    north, south = both
    late = AT + TALKS_FOR - timedelta(days=30)
    north.talk(AT)
    assert north.sees(at=late + timedelta(days=20)) == []
    assert south.sees(at=late + timedelta(days=20)) == []


def test_a_contact_written_down_by_mistake_is_no_talk(both, consortium):
    north, _south = both
    third = Neighbour(consortium, "East", talked=False)
    contact = third.talk(AT - timedelta(days=1))
    third.share()
    assert len(north.sees()) == 2
    actions.remove_contact(contact, by=third.owner, at=AT)
    assert third.sees() == []
    assert len(north.sees()) == 1
    third.talk(AT - timedelta(hours=1))
    assert len(third.sees()) == 2


def test_what_is_no_longer_the_same_is_not_shown(both):
    north, south = both
    facts = {"name": "Autohaus Lang"}
    actions.change_employer(south.fresh(), facts=facts, note="", by=south.owner, at=AT)
    assert (north.sees(), south.sees()) == ([], [])
    assert not CommonEmployer.objects.exists()
    actions.change_employer(south.fresh(), facts={"name": "Bäckerei Müller"}, note="", by=south.owner, at=AT)
    assert len(north.sees()) == 1


def test_a_name_is_shown_only_while_they_look_after_it_and_work_there(both):
    north, south = both
    heir = staff_of(south.school, name="The heir")
    actions.hand_over_employer(south.fresh(), owner=heir, by=south.owner, at=AT)
    assert north.sees()[0].ask == heir
    Membership.objects.filter(user=heir).update(until=(AT - timedelta(days=1)).date())
    assert north.sees()[0].ask is None
    Employer.objects.filter(pk=south.employer.pk).update(owner=None)
    assert north.sees()[0].ask is None


def twice(south, also_shared):
    """The bakery stands in their book a second time."""
    again = actions.add_employer(south.school, name="Bäckerei Müller", country="DE", site=PLACE, by=south.owner, at=AT)
    actions.record_contact(again, kind="call", held_at=AT - timedelta(days=900), by=south.owner, at=AT)
    actions.record_contact(again, kind="call", held_at=AT - timedelta(days=2), by=south.owner, at=AT)
    if also_shared:
        actions.share_employer(again, consortium=south.consortium, by=south.owner, at=AT)
    return AlikeEmployers.objects.get(second=again)


@pytest.mark.parametrize("also_shared", [False, True])
def test_a_merged_employer_is_shown_once_and_again_as_it_was_when_undone(both, also_shared):
    north, south = both
    pair = twice(south, also_shared)
    assert len(north.sees()) == 1 + also_shared
    merge = actions.merge_employers(pair, facts={}, note="", owner=south.owner, by=south.owner, at=AT)
    (seen,) = north.sees()
    assert seen.since == AT - timedelta(days=900)
    assert len(south.sees()) == 1
    actions.undo_merge(merge, by=south.owner, at=AT)
    (seen,) = north.sees()
    assert seen.since == AT - timedelta(days=400)
    # The second one was shared once with the first: whether it is to be again, somebody must say.
    assert SharedEmployer.objects.by_school(south.school).count() == 1


def test_what_was_switched_off_after_a_merge_stays_off_when_it_is_undone(both):
    north, south = both
    merge = actions.merge_employers(twice(south, True), facts={}, note="", owner=None, by=south.owner, at=AT)
    south.unshare()
    actions.undo_merge(merge, by=south.owner, at=AT)
    assert not SharedEmployer.objects.by_school(south.school).exists()
    assert north.sees() == []


def test_the_shared_one_that_goes_in_a_merge_stays_shared(north, south):
    pair = twice(south, True)
    north.share()
    actions.merge_employers(pair, facts={}, note="", owner=None, by=south.owner, at=AT)
    assert [other.school for other in north.sees()] == [south.school]
    assert [other.school for other in south.sees()] == [north.school]


def test_a_search_of_the_whole_book_finds_what_an_import_changed(both):
    north, south = both
    CommonEmployer.objects.all().delete()
    keys = {south.employer.pk: [1]}
    keep_search(south.school, employers={}, people={}, keys=keys, by=None, at=AT)
    assert len(north.sees()) == 1


# --- Who may -----------------------------------------------------------------------------------------------------------


def test_who_neither_looks_after_it_nor_coordinates_may_not(north):
    teacher = staff_of(north.school, Role.TEACHER)
    with pytest.raises(NotAllowed):
        north.share(by=teacher)
    Employer.objects.filter(pk=north.employer.pk).update(owner=teacher)
    north.share(by=teacher)
    with pytest.raises(NotAllowed):
        actions.unshare_employer(north.fresh(), consortium=north.consortium, by=staff_of(north.school, Role.TEACHER), at=AT)


def test_who_is_shared_by_a_colleague_is_told_that_their_name_is_seen(north):
    colleague = staff_of(north.school, name="Cora Colleague")
    north.share(by=colleague)
    assert north.told()[0].startswith("Cora Colleague tells the schools of Care that you talk to Bäckerei Müller.")


def test_a_school_that_is_no_member_shares_nothing(north):
    with pytest.raises(Refused, match="not a member"):
        actions.share_employer(north.fresh(), consortium=ConsortiumFactory(), by=north.owner, at=AT)


def test_sharing_twice_is_sharing_once_and_stands_in_the_audit(north):
    assert north.share() == north.share()
    north.unshare()
    north.unshare()
    assert AuditLine.objects.filter(action="engagement.share_employer").count() == 2
    assert AuditLine.objects.filter(action="engagement.unshare_employer").count() == 2


def test_many_are_shared_at_once_and_those_nobody_talked_to_left_out(north, south):
    silent = actions.add_employer(north.school, name="Silent", country="DE", owner=north.owner, by=north.owner, at=AT)
    south.share()
    book = Employer.objects.in_book_of(north.school)
    new = actions.share_employers(north.school, employers=book, consortium=north.consortium, by=north.owner, at=AT)
    assert new == [north.employer]
    assert not silent.shares.exists()
    assert len(south.told()) == 1
    actions.unshare_employers(north.school, employers=book, consortium=north.consortium, by=north.owner, at=AT)
    assert not SharedEmployer.objects.by_school(north.school).exists()
    teacher = staff_of(north.school, Role.TEACHER)
    with pytest.raises(NotAllowed, match="Colleagues look after some of these"):
        actions.share_employers(north.school, employers=book, consortium=north.consortium, by=teacher, at=AT)


def test_many_new_ones_are_told_of_in_one_notice(consortium):
    north, south = Neighbour(consortium, "North"), Neighbour(consortium, "South")
    for one in (north, south):
        for name in ("Autohaus Lang", "Tischlerei Kurz"):
            more = actions.add_employer(one.school, name=name, country="DE", site=PLACE, owner=one.owner, by=one.owner, at=AT)
            actions.record_contact(more, kind="call", held_at=AT - timedelta(days=1), by=one.owner, at=AT)
        book = Employer.objects.in_book_of(one.school)
        actions.share_employers(one.school, employers=book, consortium=consortium, by=one.owner, at=AT)
    assert south.told() == []
    assert len(north.told()) == 1
    assert "Autohaus Lang" in north.told()[0]


def test_ones_own_data_says_where_ones_name_is_shown_and_what_becomes_of_it(both):
    north, _south = both
    shown, switched_on, done = what_other_schools_see(north.owner)
    assert [row["employer"] for row in shown.rows] == ["Bäckerei Müller"]
    assert [row["consortium"] for row in switched_on.rows] == ["Care"]
    assert done.rows == []
    (step,) = what_becomes_of_the_name(north.owner)
    assert step.count == 1
    member = north.member
    assert [row["what"] for row in what_other_schools_see(member.invited_by)[2].rows] == ["invited", "joined"]
