"""The list at work: columns, saved views, near and far, rest, and many at once."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils.timezone import localdate, now

from guildhall.core.errors import NotAllowed, Refused
from guildhall.core.models import Change
from guildhall.engagement import actions
from guildhall.engagement.models import Employer, NextStep, SavedView, Tag
from guildhall.engagement.tests.factories import EmployerFactory, NextStepFactory, staff_of
from guildhall.people.models import Notice, Role
from guildhall.people.tests.factories import OrganisationFactory, SiteFactory
from guildhall.people.tests.visits import begin_visit

pytestmark = pytest.mark.django_db

LIST = "engagement:employers"
MANY = "engagement:many"


@pytest.fixture
def school():
    return OrganisationFactory(country="DE")


@pytest.fixture
def coordinator(school):
    return staff_of(school, name="Heike Berg")


@pytest.fixture
def teacher(school):
    return staff_of(school, role=Role.TEACHER, name="Tom Lehr")


@pytest.fixture
def colleague(client, coordinator):
    begin_visit(client, coordinator)
    return client


@pytest.fixture
def three(school):
    return [EmployerFactory(school=school, organisation__name=name) for name in ("Ahorn", "Birke", "Zeder")]


def shown(client, **query):
    page = client.get(reverse(LIST), query).content.decode()
    return [name for name in ("Ahorn", "Birke", "Zeder") if f">{name}</a>" in page]


def numbers(employers):
    return [employer.pk for employer in employers]


def deed(client, name, employers, **given):
    return client.post(reverse(MANY), {"deed": name, "employer": numbers(employers), **given})


class TestTheList:
    def test_it_shows_the_columns_one_asks_for_in_our_order(self, colleague, three, coordinator, school):
        actions.tag_employers(school, employers=Employer.objects.all(), name="fair 2026", by=coordinator, at=now())
        page = colleague.get(reverse(LIST), {"column": ["tags", "where", "nonsense"]}).content.decode()
        assert page.index('data-heading="Where"') < page.index('data-heading="Tags"')
        assert page.count("fair 2026</td>") == 3
        assert 'data-heading="Last contact"' not in page

    def test_a_column_of_tags_costs_one_query_more(self, colleague, three, django_assert_num_queries):
        with django_assert_num_queries(12):
            colleague.get(reverse(LIST), {"column": "tags"})

    def test_filters_are_kept_when_columns_are_chosen_and_columns_when_one_filters(self, colleague, three):
        page = colleague.get(reverse(LIST), {"column": "size", "step": "none", "sort": "-name"}).content.decode()
        assert page.count('<input type="hidden" name="column" value="size">') == 1
        assert page.count('<input type="hidden" name="step" value="none">') == 1
        assert page.count('<input type="hidden" name="sort" value="-name">') == 2

    def test_fifty_stand_on_a_page_and_a_hundred_for_who_wants_them(self, colleague, school):
        for number in range(101):
            EmployerFactory(school=school, organisation__name=f"Firm {number:03}")
        count = '<td class="pick"><label><input type="checkbox" name="employer"'
        assert colleague.get(reverse(LIST)).content.decode().count(count) == 50
        page = colleague.get(reverse(LIST), {"rows": "100"}).content.decode()
        assert page.count(count) == 100
        assert "?rows=100&amp;page=2" in page
        assert colleague.get(reverse(LIST), {"rows": "1000000"}).content.decode().count(count) == 50

    def test_near_means_as_the_crow_flies_from_a_site_of_the_school(self, colleague, three, school):
        here = SiteFactory(organisation=school, latitude=49.12, longitude=6.17)  # Metz
        SiteFactory(organisation=three[0].organisation, latitude=49.01, longitude=6.14)  # 12.4 km
        SiteFactory(organisation=three[1].organisation, latitude=49.12, longitude=6.60)  # 31.3 km
        assert shown(colleague, near=here.pk, km=10) == []
        assert shown(colleague, near=here.pk) == ["Ahorn"]
        assert shown(colleague, near=here.pk, km=50) == ["Ahorn", "Birke"]

    def test_a_closed_site_is_not_near(self, colleague, three, school):
        here = SiteFactory(organisation=school, latitude=49.12, longitude=6.17)
        SiteFactory(organisation=three[0].organisation, latitude=49.12, longitude=6.17, closed_on=localdate())
        assert shown(colleague, near=here.pk) == []

    def test_resting_employers_are_found_and_left_out(self, colleague, three, coordinator, school):
        actions.rest_employers(school, employers=first(three), until=localdate(), why="Rebuilding", by=coordinator, at=now())
        assert shown(colleague, rest="resting") == ["Ahorn"]
        assert shown(colleague, rest="awake") == ["Birke", "Zeder"]
        assert "Rebuilding" in colleague.get(reverse(LIST), {"column": "rest"}).content.decode()

    def test_a_tag_narrows_the_list_and_one_of_another_school_does_not(self, colleague, three, coordinator, school):
        tag = actions.tag_employers(school, employers=first(three), name="fair", by=coordinator, at=now())
        assert shown(colleague, tag=tag.pk) == ["Ahorn"]
        strange = Tag.objects.create(school=OrganisationFactory(), name="strange")
        assert shown(colleague, tag=strange.pk) == ["Ahorn", "Birke", "Zeder"]
        assert "strange" not in colleague.get(reverse(LIST)).content.decode()


class TestSavedViews:
    def save(self, client, name, query, **given):
        return client.post(f"{reverse('engagement:view_save')}?{urlencode({'of': query})}", {"name": name, **given})

    def test_a_view_is_had_again_with_one_click(self, colleague, three):
        answer = self.save(colleague, "To plan", "step=none&page=4&sort=-name&nonsense=1&column=size")
        view = SavedView.objects.get()
        assert view.query == "step=none&sort=-name&column=size"
        assert answer.url == view.get_absolute_url()
        page = colleague.get(answer.url).content.decode()
        assert f'href="{view.get_absolute_url()}" aria-current="page"'.replace("&", "&amp;") in page

    def test_the_same_name_again_changes_the_view(self, colleague):
        self.save(colleague, "Mine", "step=none")
        self.save(colleague, "mine", "step=open")
        assert SavedView.objects.get().query == "step=open"

    def test_only_a_shared_view_is_seen_by_colleagues(self, colleague, client, school):
        self.save(colleague, "Secret plan", "step=none")
        self.save(colleague, "For all", "step=open", is_shared="on")
        client.force_login(staff_of(school))
        page = client.get(reverse(LIST)).content.decode()
        assert "For all" in page
        assert "Secret plan" not in page

    def test_only_who_saved_it_forgets_it(self, colleague, client, school, coordinator):
        self.save(colleague, "For all", "step=open", is_shared="on")
        view = SavedView.objects.get()
        client.force_login(staff_of(school))
        assert client.post(reverse("engagement:view_remove", args=[view.pk])).status_code == 403
        client.force_login(staff_of(OrganisationFactory()))
        assert client.post(reverse("engagement:view_remove", args=[view.pk])).status_code == 404
        client.force_login(coordinator)
        client.post(reverse("engagement:view_remove", args=[view.pk]))
        assert not SavedView.objects.exists()


class TestManyAtOnce:
    def test_those_ticked_are_named_and_nobody_else(self, colleague, three, school):
        page = colleague.get(reverse(MANY), {"employer": numbers(three[:2])}).content.decode()
        assert "2 employers chosen" in page
        assert "Zeder" not in page

    def test_without_a_tick_it_says_what_to_do(self, colleague):
        assert "Nobody is ticked" in colleague.get(reverse(MANY)).content.decode()

    def test_all_of_a_view_are_chosen_whatever_the_page(self, colleague, three):
        page = colleague.get(reverse(MANY), {"all": "1", "of": "q=zeder"}).content.decode()
        assert "1 employer chosen" not in page  # nothing is indexed here: nobody answers
        page = colleague.get(reverse(MANY), {"all": "1", "of": "step=none&page=7"}).content.decode()
        assert "3 employers chosen" in page

    def test_they_are_handed_over_with_open_steps_and_one_notice(self, colleague, three, teacher, coordinator):
        Employer.objects.update(owner=coordinator)
        step = NextStepFactory(employer=three[0], owner=coordinator)
        assert deed(colleague, "hand_over", three, owner=teacher.pk).status_code == 302
        assert set(Employer.objects.values_list("owner", flat=True)) == {teacher.pk}
        step.refresh_from_db()
        assert step.owner == teacher
        assert "Ahorn, Birke, Zeder" in Notice.objects.get(user=teacher).sentence
        assert Change.objects.filter(field="owner").count() == 4

    def test_a_teacher_hands_over_only_their_own(self, client, three, teacher, coordinator):
        Employer.objects.filter(pk=three[0].pk).update(owner=coordinator)
        client.force_login(teacher)
        answer = deed(client, "hand_over", three, owner=teacher.pk)
        assert answer.status_code == 403
        assert "Ahorn among them" in answer.content.decode()
        assert not Employer.objects.filter(owner=teacher).exists()

    def test_a_next_step_goes_to_who_looks_after_each(self, colleague, three, teacher, coordinator):
        Employer.objects.filter(pk=three[0].pk).update(owner=teacher)
        deed(colleague, "plan", three, what="Invite to the fair", due_on=localdate().isoformat())
        assert dict(NextStep.objects.values_list("employer", "owner")) == {
            three[0].pk: teacher.pk,
            three[1].pk: coordinator.pk,
            three[2].pk: coordinator.pk,
        }

    def test_a_tag_is_put_on_and_taken_off_and_vanishes_with_its_last_employer(self, colleague, three):
        deed(colleague, "tag", three, tag="  Fair   2026 ")
        deed(colleague, "tag", three[:1], tag="fair 2026")
        tag = Tag.objects.get()
        assert (tag.name, tag.employers.count()) == ("Fair 2026", 3)
        deed(colleague, "untag", three[:2], untag=tag.pk)
        assert tag.employers.get() == three[2]
        deed(colleague, "untag", three[2:], untag=tag.pk)
        assert not Tag.objects.exists()

    def test_they_rest_and_wake(self, colleague, three):
        until = localdate() + timedelta(days=60)
        deed(colleague, "rest", three, until=until.isoformat(), why="Short-time work")
        assert set(Employer.objects.values_list("resting_until", "resting_why")) == {(until, "Short-time work")}
        deed(colleague, "wake", three)
        assert set(Employer.objects.values_list("resting_until", "resting_why")) == {(None, "")}

    @pytest.mark.parametrize("name", ["hand_over", "tag", "untag", "plan", "rest"])
    def test_a_deed_that_lacks_something_says_so_and_does_nothing(self, colleague, three, name):
        answer = deed(colleague, name, three)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.content.decode()
        assert all(f'name="employer" value="{employer.pk}"' in answer.content.decode() for employer in three)

    def test_an_unknown_deed_does_nothing(self, colleague, three):
        assert deed(colleague, "burn", three).status_code == 200

    def test_employers_of_another_school_are_left_alone(self, colleague, three):
        strange = EmployerFactory()
        deed(colleague, "tag", [*three, strange], tag="fair")
        assert not strange.tags.exists()
        assert Tag.objects.get().employers.count() == 3

    def test_who_does_not_work_there_may_not(self, school, three, teacher):
        learner = staff_of(school, role=Role.LEARNER)
        with pytest.raises(NotAllowed):
            actions.tag_employers(school, employers=Employer.objects.all(), name="x", by=learner, at=now())

    def test_a_stranger_becomes_no_owner(self, school, coordinator, three):
        with pytest.raises(Refused):
            actions.hand_over_employers(
                school, employers=first(three), owner=staff_of(OrganisationFactory()), by=coordinator, at=now()
            )

    def test_nobody_rests_until_a_day_that_is_over(self, school, coordinator, three):
        with pytest.raises(Refused):
            actions.rest_employers(
                school, employers=first(three), until=localdate() - timedelta(days=2), by=coordinator, at=now()
            )

    @pytest.mark.parametrize("count", [1, 3])
    def test_the_page_costs_the_same_for_one_and_for_three(self, colleague, three, count, django_assert_num_queries):
        with django_assert_num_queries(9):
            colleague.get(reverse(MANY), {"employer": numbers(three[:count])})


def first(employers):
    return Employer.objects.filter(pk=employers[0].pk)
