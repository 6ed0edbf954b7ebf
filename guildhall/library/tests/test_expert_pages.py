"""The pages of groups of experts, and their reviews on the pages of resources."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from django.utils.timezone import now

from guildhall.library import actions
from guildhall.library.kinds import CRITERIA
from guildhall.library.models import Expert, ExpertGroup, Review
from guildhall.library.tests.factories import ExpertFactory, ExpertGroupFactory, ResourceFactory, member_of, published
from guildhall.library.tests.test_opinion_pages import thought, withdrawn
from guildhall.library.tests.test_writing import HTMX, address, browser_of, text_of
from guildhall.people.models import Kind, Notice, Role
from guildhall.people.tests.factories import OrganisationFactory, UserFactory
from guildhall.people.tests.swapping import is_part_of, swapped

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>\"'"


@pytest.fixture
def school():
    return OrganisationFactory(name="North School")


@pytest.fixture
def runner(school):
    return member_of(school, Role.COORDINATOR, name="Rosa Runner")


@pytest.fixture
def browser(client, runner):
    return browser_of(client, runner)


@pytest.fixture
def group(school):
    return ExpertGroupFactory(organisation=school, name="Pflege", expertise="Pflege daheim.", language="de")


@pytest.fixture
def ada():
    return member_of(OrganisationFactory(name="Elsewhere"), Role.TEACHER, email="ada@example.org", name="Ada Lamb")


@pytest.fixture
def expert(group, ada):
    return ExpertFactory(group=group, user=ada, name="Dr Ada Lamb")


def reviewed(resource, by, group=None, score=4, text=""):
    organisation = group.organisation if group else by.memberships.get().organisation
    said = {"scores": dict.fromkeys(CRITERIA, score), "text": text, "language": "en", "by": by, "at": now()}
    return actions.review_resource(resource, organisation=organisation, group=group, **said)


def open_page(client, group):
    return text_of(client.get(reverse("oer:experts", args=[group.pk])))


class TestRunning:
    def test_a_group_is_begun_and_changed(self, browser, school):
        typed = {"name": "Care", "expertise": "Care at home.", "language": "en"}
        assert "North School runs it" in text_of(browser.get(address("experts_begin")))
        answer = browser.post(address("experts_begin"), typed)
        group = ExpertGroup.objects.get()
        assert answer.url == address("expert_group", group)
        assert (group.organisation, group.expertise, group.language) == (school, "Care at home.", "en")
        browser.post(address("expert_group_change", group), {**typed, "name": "Care work"})
        group.refresh_from_db()
        assert (group.name, group.language) == ("Care work", "en")

    @pytest.mark.parametrize("typed", [{}, {"name": "x" * 121}, {"expertise": "x" * 301}, {"language": "xx"}, {"name": "PFLEGE"}])
    def test_what_is_wrong_is_said_beside_what_was_typed(self, browser, group, typed):
        answer = browser.post(
            address("experts_begin"), {**({"name": "Care", "expertise": "Ours", "language": "en"} if typed else {}), **typed}
        )
        assert answer.status_code == 422
        assert "This could not be saved yet." in text_of(answer)
        assert ("Ours" in text_of(answer)) is (bool(typed) and "expertise" not in typed)
        assert ExpertGroup.objects.get() == group

    def test_it_is_ended_after_having_been_asked(self, browser, group, expert):
        assert "Its page and its reviews stay." in text_of(browser.get(address("expert_group_end", group)))
        assert ExpertGroup.objects.get().ended_at is None
        assert browser.post(address("expert_group_end", group)).url == address("experts")
        assert "This group has ended" in open_page(browser, group)
        for name in ("expert_group_end", "expert_group_change"):
            answer = browser.post(address(name, group), {"name": "X", "expertise": "X"})
            assert answer.status_code in (409, 422)
            assert "This group has ended" in text_of(answer)

    @pytest.mark.parametrize("name", ["expert_group", "expert_group_change", "expert_group_end", "expert_invite"])
    def test_a_teacher_of_the_school_is_told_who_runs_it_and_others_find_nothing(self, client, school, group, name):
        ask = client.post if name == "expert_invite" else client.get
        browser_of(client, member_of(school, Role.TEACHER))
        answer = ask(address(name, group))
        assert answer.status_code == 403
        assert "Only managers and placement coordinators" in text_of(answer)
        for somebody in (member_of(OrganisationFactory()), member_of(school, Role.LEARNER), UserFactory()):
            browser_of(client, somebody)
            assert ask(address(name, group)).status_code == 404

    def test_who_may_not_begin_one_is_told_and_not_offered_it(self, client, school):
        browser_of(client, member_of(school, Role.TEACHER))
        assert address("experts_begin") not in text_of(client.get(address("experts")))
        assert client.get(address("experts_begin")).status_code == 403
        browser_of(client, member_of(OrganisationFactory(kind=Kind.EMPLOYER)))
        assert client.post(address("experts_begin"), {}).status_code == 403
        browser_of(client, UserFactory())
        assert client.get(address("experts_begin")).status_code == 404


class TestInviting:
    def test_the_answer_is_the_same_with_and_without_an_account(self, browser, group, ada, runner):
        said = set()
        for email in ("ada@example.org", "bob@example.org"):
            fragment = swapped(browser, address("expert_invite", group), email=email)
            said.add(re.sub(r"places/\d+", "", fragment).replace(email.partition("@")[0], "…"))
            actions.remove_expert(Expert.objects.get(), by=runner, at=now())
        assert len(said) == 1
        assert [notice.user for notice in Notice.objects.all()] == [ada]

    @pytest.mark.parametrize("email", ["", "nobody", "a" * 250 + "@example.org", "a@b@c", "<script>@example.org"])
    def test_what_is_no_address_is_said_on_the_page_and_in_the_fragment(self, browser, group, email):
        answer = browser.post(address("expert_invite", group), {"email": email})
        assert answer.status_code == 422
        assert "error-summary" in text_of(answer)
        answer = browser.post(address("expert_invite", group), {"email": email}, headers=HTMX)
        assert answer.status_code == 422
        assert text_of(answer).lstrip().startswith('<div id="people">')
        assert not Expert.objects.exists()

    def test_twice_is_said_beside_the_field(self, browser, group):
        browser.post(address("expert_invite", group), {"email": "x@example.org"})
        answer = browser.post(address("expert_invite", group), {"email": "X@example.org"})
        assert answer.status_code == 422
        assert "x@example.org is invited already." in text_of(answer)

    def test_an_invitation_is_taken_back_and_a_member_taken_out_after_having_been_asked(self, browser, group, expert):
        waiting = ExpertFactory(group=group)
        browser.post(address("expert_remove", waiting), headers=HTMX)
        assert Expert.objects.get() == expert
        assert browser.post(address("expert_remove", waiting)).status_code == 404
        assert "Take Dr Ada Lamb out of “Pflege”?" in text_of(browser.get(address("expert_remove", expert)))
        assert Expert.objects.get() == expert
        assert browser.post(address("expert_remove", expert)).url == address("expert_group", group)
        assert not Expert.objects.exists()

    def test_the_swapped_fragment_is_the_page_you_would_get_by_reloading(self, browser, group, expert):
        waiting = ExpertFactory(group=group)
        for name, thing in (("expert_invite", group), ("expert_remove", waiting)):
            fragment = swapped(browser, address(name, thing), email="x@example.org")
            assert is_part_of(fragment, browser.get(address("expert_group", group)))

    @pytest.mark.parametrize("count", [1, 3])
    def test_the_workroom_of_a_group_costs_the_same_for_one_and_for_three(self, browser, group, count, django_assert_num_queries):
        for _ in range(count):
            ExpertFactory(group=group)
            ExpertFactory(group=group, user=UserFactory())
        with django_assert_num_queries(6):
            page = text_of(browser.get(address("expert_group", group)))
        assert page.count("Take the invitation back") == count


class TestAnswering:
    @pytest.fixture
    def invitation(self, group):
        return ExpertFactory(group=group, email="ada@example.org")

    def test_whoever_signs_in_with_the_address_sees_it_and_that_the_name_will_be_public(self, client, invitation, ada):
        browser_of(client, ada)
        page = text_of(client.get(address("experts")))
        assert "You are invited" in page
        assert "your name is public beside what you review" in page
        page = text_of(client.get(address("expert_accept", invitation)))
        assert "Your name will be public" in page
        assert 'value="Ada Lamb"' in page
        answer = client.post(address("expert_accept", invitation), {"name": "Dr Ada Lamb"})
        assert answer.url == invitation.group.get_absolute_url()
        assert "Dr Ada Lamb" in open_page(client, invitation.group)
        assert "You are in it as Dr Ada Lamb" in text_of(client.get(address("experts")))

    def test_who_has_no_organisation_answers_too(self, client, group):
        free = UserFactory()
        invitation = ExpertFactory(group=group, email=free.email)
        browser_of(client, free)
        assert address("expert_accept", invitation) in text_of(client.get(address("experts")))
        client.post(address("expert_accept", invitation), {"name": "Free"})
        assert address("expert_leave", invitation) in text_of(client.get(address("experts")))

    def test_no_is_said_at_once_and_the_invitation_is_no_longer_shown(self, client, invitation, ada):
        browser_of(client, ada)
        assert client.get(address("expert_decline", invitation)).status_code == 405
        assert client.post(address("expert_decline", invitation)).url == address("experts")
        assert "No expert group yet" in text_of(client.get(address("experts")))
        answer = client.post(address("expert_accept", invitation), {"name": "Ada"})
        assert answer.status_code == 422
        assert "This invitation was declined." in text_of(answer)

    def test_a_second_yes_is_refused(self, client, invitation, ada):
        browser_of(client, ada)
        client.post(address("expert_accept", invitation), {"name": "Ada"})
        answer = client.post(address("expert_accept", invitation), {"name": "Eve"})
        assert answer.status_code == 422
        assert "accepted already" in text_of(answer)
        assert Expert.objects.get().name == "Ada"

    @pytest.mark.parametrize("name", ["", " ", "x" * 201])
    def test_without_a_name_that_fits_nobody_joins(self, client, invitation, ada, name):
        browser_of(client, ada)
        assert client.post(address("expert_accept", invitation), {"name": name}).status_code == 422
        assert Expert.objects.get().user is None

    def test_what_was_withdrawn_is_no_longer_there(self, client, invitation, ada):
        browser_of(client, ada)
        invitation.delete()
        for name in ("expert_accept", "expert_decline", "expert_leave"):
            assert client.post(reverse(f"library:{name}", args=[1])).status_code == 404

    def test_colleagues_of_who_runs_it_are_told_that_it_is_not_theirs_and_others_find_nothing(self, client, invitation, runner):
        browser_of(client, runner)
        for name, sentence in [
            ("expert_accept", "sent to another address"),
            ("expert_decline", "sent to another address"),
            ("expert_leave", "the expert themselves"),
        ]:
            answer = client.post(address(name, invitation), {"name": "Me"})
            assert answer.status_code == 403
            assert sentence in text_of(answer)
        browser_of(client, UserFactory())
        for name in ("expert_accept", "expert_decline", "expert_leave", "expert_remove"):
            assert client.post(address(name, invitation)).status_code == 404

    def test_a_learner_is_told_why_not(self, client, group):
        pupil = member_of(OrganisationFactory(), Role.LEARNER)
        browser_of(client, pupil)
        answer = client.get(address("expert_accept", ExpertFactory(group=group, email=pupil.email)))
        assert answer.status_code == 403
        assert "Learners cannot be in a group of experts" in text_of(answer)

    def test_one_leaves_after_having_read_what_stays(self, client, expert, ada):
        browser_of(client, ada)
        assert "stays with it" in text_of(client.get(address("expert_leave", expert)))
        assert client.post(address("expert_leave", expert)).url == address("experts")
        assert not Expert.objects.exists()


class TestTheList:
    def test_invitations_come_first_and_what_has_ended_last(self, browser, school, runner):
        for name, ended_at in [("B", now()), ("C", None), ("D", None)]:
            ExpertGroupFactory(organisation=school, name=f"Group {name}", ended_at=ended_at)
        ExpertFactory(group=ExpertGroupFactory(name="Group Z"), email=runner.email)
        ExpertGroupFactory(name="Group of others")
        page = text_of(browser.get(address("experts")))
        assert re.findall(r"Group (\w)<", page) == ["Z", "C", "D", "B"]
        assert "Group of others" not in page
        assert "4 expert groups" in page

    @pytest.mark.parametrize("count", [1, 3])
    def test_it_costs_the_same_for_one_and_for_three(self, browser, school, runner, count, django_assert_num_queries):
        for _ in range(count):
            ExpertGroupFactory(organisation=school)
            ExpertFactory(email=runner.email)
            ExpertFactory(user=runner)
        with django_assert_num_queries(6):
            page = text_of(browser.get(address("experts")))
        assert page.count("You are invited") == page.count("You are in it as") == count

    def test_it_is_paged(self, browser, school):
        for number in range(26):
            ExpertGroupFactory(organisation=school, name=f"Group {number:02}")
        assert "Group 25" not in text_of(browser.get(address("experts")))
        assert "Group 25" in text_of(browser.get(address("experts"), {"page": 2}))

    def test_what_we_write_leads_there(self, browser):
        assert f'"{address("experts")}"' in text_of(browser.get(address("mine")))


class TestThePublicPage:
    def test_it_says_who_runs_it_what_it_knows_who_is_in_it_and_what_it_has_reviewed(self, client, group, expert, ada):
        resource = published(title="First call sheet")
        reviewed(resource, ada, group, text="It works.")
        ExpertFactory(group=group, email="waiting@example.org")
        page = open_page(client, group)
        for words in [
            '<span lang="de">Pflege</span>',
            "Pflege daheim.",
            "North School",
            "Dr Ada Lamb",
            "1 review",
            "4.0 of 5",
            "It works.",
        ]:
            assert words in page
        assert resource.get_absolute_url() in page
        assert "@example.org" not in page

    def test_what_is_withdrawn_is_not_listed(self, client, group, expert, ada):
        resource = published(title="First call sheet")
        reviewed(resource, ada, group)
        withdrawn(resource)
        assert "It has not reviewed anything yet." in open_page(client, group)

    def test_only_who_runs_it_and_who_is_in_it_are_offered_more(self, client, group, expert, ada, runner):
        ways = [address("expert_group", group), address("expert_leave", expert)]
        for user, offered in [(None, []), (runner, ways[:1]), (ada, ways[1:]), (UserFactory(), [])]:
            if user:
                browser_of(client, user)
            page = open_page(client, group)
            assert [way for way in ways if way in page] == offered

    def test_what_somebody_wrote_is_shown_and_not_run(self, client, school, runner, ada):
        group = ExpertGroupFactory(organisation=school, name=HOSTILE, expertise=HOSTILE)
        ExpertFactory(group=group, user=ada, name=HOSTILE)
        resource = published(title=HOSTILE)
        reviewed(resource, ada, group, text=HOSTILE)
        browser_of(client, runner)
        for page in (group.get_absolute_url(), resource.get_absolute_url(), address("experts"), address("expert_group", group)):
            shown = text_of(client.get(page))
            assert "<script>alert" not in shown, page
            assert "&lt;script&gt;alert" in shown, page

    @pytest.mark.parametrize("count", [1, 3])
    def test_it_costs_the_same_for_one_and_for_three(self, client, group, count, django_assert_num_queries):
        for _ in range(count):
            user = UserFactory()
            ExpertFactory(group=group, user=user)
            reviewed(published(), user, group)
        with django_assert_num_queries(3):
            page = open_page(client, group)
        assert page.count("4.0 of 5") == count

    def test_its_reviews_are_paged(self, client, group, expert, ada):
        resources = [published(title=f"Sheet {number:02}") for number in range(26)]
        for resource in resources:
            reviewed(resource, ada, group)
        assert "Sheet 00" not in open_page(client, group)
        assert "Sheet 00" in text_of(client.get(group.get_absolute_url(), {"page": 2}))


class TestReviewing:
    def test_who_is_in_no_group_is_not_asked_for_whom_they_speak(self, client, ada, group):
        ExpertFactory(group=group, email=ada.email)  # invited is not in it
        ExpertFactory(group=ExpertGroupFactory(ended_at=now()), user=ada)
        browser_of(client, ada)
        assert 'name="given"' not in text_of(client.get(address("review", published())))

    def test_an_expert_says_for_whom_they_speak_and_may_change_that(self, client, group, expert, ada):
        browser_of(client, ada)
        resource = published()
        page = text_of(client.get(address("review", resource)))
        assert "As a member of Elsewhere" in page
        assert "For the expert group “Pflege”" in page
        client.post(address("review", resource), thought(given=str(group.pk)))
        assert Review.objects.get().group == group
        assert re.search(rf'value="{group.pk}"[^>]* checked', text_of(client.get(address("review", resource))))
        client.post(address("review", resource), thought(given="member"))
        assert (Review.objects.get().group, str(Review.objects.get().organisation)) == (None, "Elsewhere")

    @pytest.mark.parametrize("given", ["", "0", "x", "other"])
    def test_what_is_not_offered_is_not_taken(self, client, group, expert, ada, given):
        browser_of(client, ada)
        given = str(ExpertFactory().group_id) if given == "other" else given
        answer = client.post(address("review", published()), thought(given=given))
        assert answer.status_code == 422
        assert not Review.objects.exists()

    def test_who_belongs_to_no_organisation_reviews_as_an_expert_only(self, client, group):
        free = UserFactory()
        ExpertFactory(group=group, user=free)
        browser_of(client, free)
        resource = published()
        assert address("review", resource) in text_of(client.get(resource.get_absolute_url()))
        assert "As a member of" not in text_of(client.get(address("review", resource)))
        assert client.post(address("review", resource), thought(given="member")).status_code == 422
        client.post(address("review", resource), thought(given=str(group.pk)))
        assert Review.objects.get().by == free
        assert client.get(address("review", ResourceFactory())).status_code == 404

    def test_who_left_is_told_that_a_new_review_takes_the_place_of_the_groups(self, client, group, expert, ada):
        resource = published()
        reviewed(resource, ada, group)
        other = ExpertFactory(user=ada)
        expert.delete()
        browser_of(client, ada)
        page = text_of(client.get(address("review", resource)))
        assert "What you said for the expert group “Pflege” stays until you send this" in page
        other.delete()
        page = text_of(client.get(address("review", resource)))
        assert "What you said for the expert group “Pflege” stays until you send this" in page


class TestOnTheResource:
    def test_experts_come_first_with_their_group_and_have_a_mean_of_their_own(self, client, group, expert, ada):
        resource = published()
        reviewed(resource, ada, group, score=2, text="From an expert.")
        reviewed(resource, member_of(OrganisationFactory(name="Third"), name="Otto Other"), score=5, text="From a member.")
        page = text_of(client.get(resource.get_absolute_url()))
        assert page.index("From an expert.") < page.index("From a member.")
        assert page.count("Expert review<") == 1
        assert f'<a href="{group.get_absolute_url()}" lang="de">Pflege</a>' in page
        assert "Dr Ada Lamb" in page
        assert "From 1 to 5, of 2 reviews." in page
        assert "1 of these reviews is an expert’s: given by a member of a group of experts in its name." in page
        assert page.count('<span class="bar-value">3.5 mean of all reviews') == len(CRITERIA)
        assert re.search(r'<span class="bar-value">2(\.0)? mean of expert reviews', page)

    def test_without_one_nothing_is_said_of_experts(self, client, ada):
        resource = published()
        reviewed(resource, ada)
        page = text_of(client.get(resource.get_absolute_url()))
        assert "expert" not in page.lower().partition('id="opinions"')[2].partition("</section>")[0]

    @pytest.mark.parametrize("count", [0, 1, 3])
    def test_groups_cost_nothing_more(self, client, count, django_assert_num_queries):
        resource = published()
        reviewed(resource, member_of(OrganisationFactory()))
        for _ in range(count):
            expert = ExpertFactory(user=member_of(OrganisationFactory()))
            reviewed(resource, expert.user, expert.group)
        with django_assert_num_queries(5):
            page = text_of(client.get(resource.get_absolute_url()))
        assert page.count("Expert review<") == count
