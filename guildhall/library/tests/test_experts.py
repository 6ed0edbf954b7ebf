"""Groups of experts: who runs them, who comes into them and leaves, and what they review."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from guildhall.core.errors import NotAllowed, Refused
from guildhall.core.models import AuditLine
from guildhall.library import actions
from guildhall.library.actions.experts import ASK_AGAIN_AFTER, MOST_EXPERTS
from guildhall.library.kinds import CRITERIA
from guildhall.library.models import Expert, ExpertGroup, Review
from guildhall.library.receivers import (
    FORGET_INVITED_EXPERTS_AFTER,
    how_long_invitations_of_experts_are_kept,
    what_becomes_of_the_library,
    what_the_library_holds,
)
from guildhall.library.tests.factories import ExpertFactory, ExpertGroupFactory, member_of, published
from guildhall.people.models import Kind, Mail, Notice, Role
from guildhall.people.tests.factories import OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db
AT = now()
HOSTILE = "<script>alert(1)</script>\u202e\x00\"'"


@pytest.fixture
def school():
    return OrganisationFactory(name="North School")


@pytest.fixture
def runner(school):
    return member_of(school, Role.COORDINATOR, name="Rosa Runner")


@pytest.fixture
def group(school, runner):
    return actions.begin_experts(school, name="Care", expertise="Care at home.", language="en", by=runner, at=AT)


@pytest.fixture
def ada():
    return member_of(OrganisationFactory(name="Elsewhere"), Role.TEACHER, email="ada@example.org", name="Ada Lamb")


@pytest.fixture
def invitation(group, runner, ada):
    return actions.invite_expert(group, email=" ADA@example.org ", by=runner, at=AT)


@pytest.fixture
def expert(invitation, ada):
    return actions.accept_as_expert(invitation, name="Dr  Ada Lamb", by=ada, at=AT)


def reviewed(resource, by, group=None, score=4, organisation=None):
    organisation = organisation or (group.organisation if group else by.memberships.get().organisation)
    said = {"scores": dict.fromkeys(CRITERIA, score), "text": "", "language": "en", "by": by, "at": AT}
    return actions.review_resource(resource, organisation=organisation, group=group, **said)


class TestRunning:
    @pytest.mark.parametrize("role", [Role.MANAGER, Role.COORDINATOR])
    @pytest.mark.parametrize("kind", [Kind.SCHOOL, Kind.ASSOCIATION])
    def test_managers_and_coordinators_of_schools_and_associations_begin_one(self, role, kind):
        organisation = OrganisationFactory(kind=kind)
        by = member_of(organisation, role)
        group = actions.begin_experts(organisation, name=" Care  work ", expertise="Care.", language="en", by=by, at=AT)
        assert (group.name, group.organisation, group.made_by) == ("Care work", organisation, by)
        assert AuditLine.objects.filter(action="library.begin_experts").count() == 1

    @pytest.mark.parametrize("role", [role for role in Role if role not in (Role.MANAGER, Role.COORDINATOR)])
    def test_nobody_else_of_the_school_runs_one(self, group, school, invitation, role):
        by = member_of(school, role)
        said = {"name": "X", "expertise": "X", "by": by, "at": AT}
        for deed in (
            lambda: actions.begin_experts(school, language="en", **said),
            lambda: actions.change_experts(group, **said),
            lambda: actions.invite_expert(group, email="x@example.org", by=by, at=AT),
            lambda: actions.remove_expert(invitation, by=by, at=AT),
            lambda: actions.end_experts(group, by=by, at=AT),
        ):
            with pytest.raises(NotAllowed, match="Only managers and placement coordinators"):
                deed()

    @pytest.mark.parametrize("kind", [Kind.EMPLOYER, Kind.AUTHORITY, Kind.OTHER])
    def test_other_organisations_have_none(self, kind):
        organisation = OrganisationFactory(kind=kind)
        with pytest.raises(NotAllowed):
            actions.begin_experts(organisation, name="X", expertise="X", language="en", by=member_of(organisation), at=AT)

    def test_one_name_stands_for_one_group_until_that_has_ended(self, group, school, runner):
        said = {"name": "care", "expertise": "Care.", "by": runner, "at": AT}
        with pytest.raises(Refused, match="of this name"):
            actions.begin_experts(school, language="en", **said)
        other = actions.begin_experts(school, language="en", **{**said, "name": "Wood"})
        with pytest.raises(Refused, match="of this name"):
            actions.change_experts(other, **said)
        actions.end_experts(group, by=runner, at=AT)
        assert actions.change_experts(other, **said).name == "care"

    @pytest.mark.parametrize(("name", "expertise"), [(" ", "Care."), ("Care", " \u202e ")])
    def test_without_a_name_or_what_it_knows_there_is_none(self, school, runner, name, expertise):
        with pytest.raises(Refused, match="Give the group a name"):
            actions.begin_experts(school, name=name, expertise=expertise, language="en", by=runner, at=AT)

    def test_one_that_has_ended_is_not_changed_nor_invited_into_nor_ended_again(self, group, runner, expert, ada):
        waiting = actions.invite_expert(group, email="new@example.org", by=runner, at=AT)
        actions.end_experts(group, by=runner, at=AT)
        assert not Expert.objects.filter(pk=waiting.pk).exists()
        assert Notice.objects.get(user=ada, kind="library.experts_ended").sentence.startswith(
            "The expert group “Care” has ended."
        )
        for deed in (
            lambda: actions.end_experts(group, by=runner, at=AT),
            lambda: actions.change_experts(group, name="X", expertise="X", by=runner, at=AT),
            lambda: actions.invite_expert(group, email="x@example.org", by=runner, at=AT),
        ):
            with pytest.raises(Refused, match="This group has ended"):
                deed()
        actions.leave_experts(expert, by=ada, at=AT)  # one may still leave it
        assert not group.experts.exists()


class TestInviting:
    def test_whoever_has_shown_that_the_address_is_theirs_is_told_without_a_letter(self, invitation, ada):
        assert (invitation.email, invitation.user) == ("ada@example.org", None)
        told = Notice.objects.get(user=ada)
        assert told.sentence == "North School invites you into the expert group “Care”."
        assert told.url == "/library/experts/"
        assert not Mail.objects.exists()

    def test_an_address_without_an_account_and_one_not_shown_to_be_somebodys_are_invited_alike(self, group, runner):
        UserFactory(email="claimed@example.org", address=False)
        for email in ("claimed@example.org", "nobody@example.org"):
            assert actions.invite_expert(group, email=email, by=runner, at=AT).email == email
        assert not Notice.objects.exists()

    def test_an_address_is_invited_once(self, group, runner, invitation):
        with pytest.raises(Refused, match="is invited already"):
            actions.invite_expert(group, email="Ada@Example.org", by=runner, at=AT)
        with pytest.raises(IntegrityError), transaction.atomic():
            ExpertFactory(group=group, email="ADA@example.org")

    def test_who_is_in_it_is_not_invited_again(self, group, runner, expert):
        with pytest.raises(Refused, match="in this group already"):
            actions.invite_expert(group, email="ada@example.org", by=runner, at=AT)

    def test_who_declined_is_asked_again_only_after_a_while(self, group, runner, invitation, ada):
        actions.decline_as_expert(invitation, by=ada, at=AT)
        assert "ada@example.org does not join" in Notice.objects.get(user=runner).sentence
        with pytest.raises(Refused, match="has declined lately"):
            actions.invite_expert(group, email="ada@example.org", by=runner, at=AT + timedelta(days=1))
        again = actions.invite_expert(group, email="ada@example.org", by=runner, at=AT + ASK_AGAIN_AFTER)
        assert group.experts.get() == again

    def test_a_group_has_no_more_people_than_its_page_shows(self, group, runner):
        for _ in range(MOST_EXPERTS - 1):
            ExpertFactory(group=group)
        actions.invite_expert(group, email="last@example.org", by=runner, at=AT)
        with pytest.raises(Refused, match="at most 50"):
            actions.invite_expert(group, email="more@example.org", by=runner, at=AT)


class TestAnswering:
    def test_who_accepts_is_in_it_under_the_name_they_say(self, expert, ada, runner):
        assert (expert.user, expert.name, expert.accepted_at) == (ada, "Dr Ada Lamb", AT)
        assert Notice.objects.get(user=runner).sentence == "Dr Ada Lamb is in “Care” now."

    @pytest.mark.parametrize("name", ["", "  ", "\u202e"])
    def test_without_a_name_nobody_joins(self, invitation, ada, name):
        with pytest.raises(Refused, match="under which name"):
            actions.accept_as_expert(invitation, name=name, by=ada, at=AT)

    def test_signs_that_are_no_letters_are_left_out_of_a_name(self, invitation, ada):
        expert = actions.accept_as_expert(invitation, name=HOSTILE, by=ada, at=AT)
        assert expert.name == "<script>alert(1)</script>\"'"

    def test_nobody_answers_for_somebody_else(self, invitation, runner):
        for somebody in (runner, UserFactory(), UserFactory(email="ada@example.com", name="Ada Lamb")):
            with pytest.raises(NotAllowed, match="another address"):
                actions.accept_as_expert(invitation, name="Ada", by=somebody, at=AT)
            with pytest.raises(NotAllowed, match="another address"):
                actions.decline_as_expert(invitation, by=somebody, at=AT)

    def test_who_has_not_shown_that_the_address_is_theirs_does_not_answer(self, group, runner):
        claims = UserFactory(email="claimed@example.org", address=False)
        invitation = actions.invite_expert(group, email="claimed@example.org", by=runner, at=AT)
        with pytest.raises(NotAllowed):
            actions.accept_as_expert(invitation, name="Me", by=claims, at=AT)

    def test_who_belongs_to_no_organisation_can_be_an_expert_and_a_learner_cannot(self, group, runner):
        free, pupil = UserFactory(), member_of(OrganisationFactory(), Role.LEARNER)
        invitation = actions.invite_expert(group, email=free.email, by=runner, at=AT)
        assert actions.accept_as_expert(invitation, name="Free", by=free, at=AT).user == free
        invitation = actions.invite_expert(group, email=pupil.email, by=runner, at=AT)
        with pytest.raises(NotAllowed, match="Learners"):
            actions.accept_as_expert(invitation, name="Pupil", by=pupil, at=AT)
        assert actions.decline_as_expert(invitation, by=pupil, at=AT).declined_at == AT

    def test_an_answer_is_given_once(self, group, runner, expert, ada):
        for deed in (
            lambda: actions.accept_as_expert(expert, name="Ada", by=ada, at=AT),
            lambda: actions.decline_as_expert(expert, by=ada, at=AT),
        ):
            with pytest.raises(Refused, match="accepted already"):
                deed()

    def test_what_was_declined_is_not_accepted_later_nor_taken_back(self, invitation, ada, runner):
        actions.decline_as_expert(invitation, by=ada, at=AT)
        with pytest.raises(Refused, match="was declined"):
            actions.accept_as_expert(invitation, name="Ada", by=ada, at=AT)
        with pytest.raises(Refused, match="was declined"):
            actions.remove_expert(invitation, by=runner, at=AT)

    def test_who_is_invited_under_two_addresses_has_one_place(self, group, runner, invitation, ada):
        ada.emailaddress_set.create(email="ada@home.example", verified=True)
        other = actions.invite_expert(group, email="ada@home.example", by=runner, at=AT)
        actions.accept_as_expert(other, name="Ada", by=ada, at=AT)
        assert group.experts.get() == other
        with pytest.raises(IntegrityError), transaction.atomic():
            ExpertFactory(group=group, user=ada, email="third@example.org")


class TestAtTheSameTime:
    def test_what_is_withdrawn_while_it_is_being_accepted_is_not_accepted(self, invitation, ada, runner):
        seen = Expert.objects.get(pk=invitation.pk)
        actions.remove_expert(invitation, by=runner, at=AT)
        with pytest.raises(Refused, match="no longer there"):
            actions.accept_as_expert(seen, name="Ada", by=ada, at=AT)

    def test_what_is_accepted_while_it_is_being_withdrawn_is_ended_and_they_are_told(self, invitation, ada, runner):
        seen = Expert.objects.get(pk=invitation.pk)
        actions.accept_as_expert(invitation, name="Ada", by=ada, at=AT)
        actions.remove_expert(seen, by=runner, at=AT)
        assert not Expert.objects.exists()
        assert "no longer in the expert group “Care”" in Notice.objects.get(user=ada, kind="library.expert_removed").sentence

    def test_a_review_written_while_the_group_ends_is_not_given(self, group, expert, ada, runner):
        seen = ExpertGroup.objects.get(pk=group.pk)
        actions.end_experts(group, by=runner, at=AT)
        with pytest.raises(Refused, match="takes no new reviews"):
            reviewed(published(), ada, seen)

    def test_who_leaves_twice_is_told(self, expert, ada):
        seen = Expert.objects.get(pk=expert.pk)
        actions.leave_experts(expert, by=ada, at=AT)
        with pytest.raises(Refused, match="no longer there"):
            actions.leave_experts(seen, by=ada, at=AT)


class TestReviewing:
    def test_a_review_for_a_group_is_in_its_name_and_that_of_the_expert(self, group, expert, ada, school):
        review = reviewed(published(), ada, group)
        assert (review.group, review.organisation, review.signed_as, review.author) == (
            group,
            school,
            "Dr Ada Lamb",
            "Dr Ada Lamb",
        )

    def test_one_person_has_one_review_whoever_they_speak_for(self, group, expert, ada):
        resource = published()
        reviewed(resource, ada, group)
        reviewed(resource, ada)
        assert (Review.objects.get().group, Review.objects.get().author) == (None, "Ada Lamb")

    def test_only_who_is_in_a_group_speaks_for_it(self, group, invitation, ada, runner):
        for somebody in (ada, runner):
            with pytest.raises(NotAllowed, match="in this group"):
                reviewed(published(), somebody, group)

    def test_nobody_reviews_their_own_for_a_group_either(self, group, expert, ada):
        resource = published(organisation=ada.memberships.get().organisation)
        with pytest.raises(NotAllowed, match="Who wrote it"):
            reviewed(resource, ada, group)

    @pytest.mark.parametrize("deed", ["leave", "remove"])
    def test_what_was_reviewed_stays_with_the_group_when_somebody_goes(self, group, expert, ada, runner, deed):
        review = reviewed(published(), ada, group)
        if deed == "leave":
            actions.leave_experts(expert, by=ada, at=AT)
            assert "Dr Ada Lamb has left “Care”." in Notice.objects.filter(user=runner).values_list("sentence", flat=True)
        else:
            actions.remove_expert(expert, by=runner, at=AT)
        ada.name = "Ada Wolf"
        ada.save()
        review = Review.objects.get()
        assert (review.group, review.author) == (group, "Dr Ada Lamb")
        with pytest.raises(NotAllowed):
            reviewed(published(), ada, group)
        actions.take_back_review(review, by=ada, at=AT)  # it is theirs all the same

    def test_only_oneself_leaves(self, expert, runner):
        with pytest.raises(NotAllowed, match="the expert themselves"):
            actions.leave_experts(expert, by=runner, at=AT)

    def test_a_review_for_a_group_is_signed_and_no_other_is(self, group, expert, ada):
        review = reviewed(published(), ada, group)
        for wrong in ({"signed_as": ""}, {"group": None}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Review.objects.filter(pk=review.pk).update(**wrong)

    def test_a_place_has_a_person_and_a_name_once_it_is_taken(self, group, ada):
        for wrong in ({"user": ada, "name": ""}, {"user": ada, "accepted_at": None}, {"user": ada, "declined_at": AT}):
            with pytest.raises(IntegrityError), transaction.atomic():
                ExpertFactory(group=group, **wrong)


class TestWhatIsKept:
    def test_what_is_held_is_told_also_to_whom_was_only_invited(self, group, expert, ada, runner):
        reviewed(published(), ada, group)
        held = {data.key: data.rows for data in what_the_library_holds(ada)}
        assert [(row["group"], row["email"], row["name"]) for row in held["library.experts"]] == [
            ("Care", "ada@example.org", "Dr Ada Lamb")
        ]
        assert [(row["group"], row["signed_as"]) for row in held["library.reviews"]] == [("Care", "Dr Ada Lamb")]
        somebody = UserFactory()
        actions.invite_expert(group, email=somebody.email, by=runner, at=AT)
        held = {data.key: data.rows for data in what_the_library_holds(somebody)}
        assert [row["email"] for row in held["library.experts"]] == [somebody.email]
        held = {data.key: data.rows for data in what_the_library_holds(runner)}
        assert [row["name"] for row in held["library.expert_groups"]] == ["Care"]

    def test_somebody_erased_takes_their_place_invitations_and_reviews_along(self, group, expert, ada, runner):
        reviewed(published(), ada, group)
        other = ExpertGroupFactory()
        ExpertFactory(group=other, email="ada@example.org")
        stays = ExpertFactory(group=other)
        steps = what_becomes_of_the_library(ada)
        ada.emailaddress_set.all().delete()  # the account may be gone by then
        for step in steps:
            step.carry_out(AT)
        assert list(Expert.objects.all()) == [stays]
        assert not Review.objects.exists()
        assert "2 places in expert groups, or invitations into one, are deleted." in [step.sentence for step in steps]

    def test_what_nobody_answers_is_deleted_after_ninety_days(self, group, expert, ada):
        ExpertFactory(group=group, invited_at=AT - timedelta(days=91))
        ExpertFactory(group=group, invited_at=AT - timedelta(days=200), declined_at=AT - timedelta(days=91))
        young = ExpertFactory(group=group, invited_at=AT - timedelta(days=89))
        lately = ExpertFactory(group=group, invited_at=AT - timedelta(days=100), declined_at=AT - timedelta(days=20))
        Expert.objects.filter(pk=expert.pk).update(invited_at=AT - timedelta(days=400))
        [rule] = how_long_invitations_of_experts_are_kept()
        before = AT - rule.keep
        assert rule.keep == FORGET_INVITED_EXPERTS_AFTER == timedelta(days=90)
        assert rule.overdue(before) == 2
        assert rule.delete(before) == 2
        assert set(Expert.objects.all()) == {expert, young, lately}
