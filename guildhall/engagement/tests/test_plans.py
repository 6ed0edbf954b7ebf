"""A school's interview and plan: made, changed, ticked off by hand and by the book, closed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils.timezone import localdate, now

from guildhall.core.errors import NotAllowed, Refused
from guildhall.core.models import AuditLine
from guildhall.engagement import actions
from guildhall.engagement.methodology.measuring import values_on
from guildhall.engagement.models import Interview, Methodology, Plan, PlanStep
from guildhall.engagement.tests.factories import EmployerFactory, staff_of
from guildhall.engagement.tests.planning import CITY_METAL, RURAL_CARE, held, load_shipped, newer, plan_of, step_of
from guildhall.people.models import Kind, Role
from guildhall.people.tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    load_shipped(now() - timedelta(days=1))
    return OrganisationFactory(languages=["en"], time_zone="Europe/Brussels")


@pytest.fixture
def coordinator(school):
    return staff_of(school)


@pytest.fixture
def teacher(school):
    return staff_of(school, Role.TEACHER)


def state_of(plan, key):
    step = step_of(plan, key)
    return step.state, step.evidence_id


# The interview.


def test_a_second_colleague_goes_on_with_the_interview_that_was_begun(school, coordinator):
    begun = actions.begin_interview(school, by=coordinator, at=now())
    actions.answer_interview(begun, answers={"place": ["rural"]}, by=coordinator, at=now())
    manager = staff_of(school, Role.MANAGER)
    again = actions.begin_interview(school, by=manager, at=now())
    assert again == begun
    actions.answer_interview(again, answers={"time": ["none"], "hurts": ["image", "no_time"]}, by=manager, at=now())
    again.refresh_from_db()
    assert again.answers == {"place": ["rural"], "time": ["none"], "hurts": ["no_time", "image"]}
    assert (again.begun_by, again.changed_by) == (coordinator, manager)


def test_an_answer_is_taken_back_by_giving_none(school, coordinator):
    interview = actions.begin_interview(school, by=coordinator, at=now())
    actions.answer_interview(interview, answers={"place": ["rural"], "time": ["none"]}, by=coordinator, at=now())
    assert actions.answer_interview(interview, answers={"place": []}, by=coordinator, at=now()).answers == {"time": ["none"]}


@pytest.mark.parametrize(
    "answers",
    [
        {"colour": ["red"]},
        {"place": ["moon"]},
        {"place": ["rural", "city"]},
        {"hurts": ["no_time", "image", "leaving", "mentors"]},
    ],
)
def test_what_was_not_asked_or_is_too_much_is_refused_and_nothing_kept(school, coordinator, answers):
    interview = actions.begin_interview(school, by=coordinator, at=now())
    with pytest.raises(Refused):
        actions.answer_interview(interview, answers={"time": ["none"], **answers}, by=coordinator, at=now())
    interview.refresh_from_db()
    assert interview.answers == {}


def test_a_teacher_does_not_begin_the_interview(school, teacher):
    with pytest.raises(NotAllowed, match="Only managers and placement coordinators"):
        actions.begin_interview(school, by=teacher, at=now())


def test_somebody_of_another_school_does_not_begin_it(school):
    with pytest.raises(NotAllowed):
        actions.begin_interview(school, by=staff_of(OrganisationFactory()), at=now())


def test_an_association_has_no_plan(school):
    network = OrganisationFactory(kind=Kind.ASSOCIATION)
    with pytest.raises(NotAllowed):
        actions.begin_interview(network, by=staff_of(network), at=now())


def test_without_a_methodology_there_is_no_interview():
    school = OrganisationFactory()
    with pytest.raises(Refused, match="The methodology is not there yet"):
        actions.begin_interview(school, by=staff_of(school), at=now())


def test_an_interview_that_was_thrown_away_is_not_answered_and_a_new_one_can_begin(school, coordinator):
    interview = actions.begin_interview(school, by=coordinator, at=now())
    actions.drop_interview(interview, by=coordinator, at=now())
    with pytest.raises(Refused, match="closed"):
        actions.answer_interview(interview, answers={"place": ["rural"]}, by=coordinator, at=now())
    assert actions.begin_interview(school, by=coordinator, at=now()) != interview


def test_the_database_holds_one_open_interview_for_each_school(school, coordinator):
    first = actions.begin_interview(school, by=coordinator, at=now())
    with pytest.raises(IntegrityError), transaction.atomic():
        Interview.objects.create(
            school=school,
            methodology=first.methodology,
            begun_at=now(),
            begun_by=coordinator,
            changed_at=now(),
            changed_by=coordinator,
        )


# The plan is made.


def test_a_plan_has_the_areas_in_order_the_steps_of_those_it_begins_with_and_their_indicators(school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE)
    assert plan.areas.order_by("place").first().number == "1.2"
    assert set(plan.areas.filter(begun_on__isnull=False).values_list("number", flat=True)) == {"1.2"}
    assert plan.areas.count() == 6
    assert list(plan.steps.in_order().values_list("key", flat=True)) == [
        "look",
        "mentor",
        "plan",
        "train",
        "teacher_out",
        "meet",
        "share",
    ]
    assert step_of(plan, "look").spread == [[1, 10], [2, 2]]
    same = values_on(school, ["mentors_reached", "training_plans", "working_relations"], on=localdate())
    assert dict(plan.indicators.values_list("key", "baseline")) == same
    assert AuditLine.objects.filter(action="engagement.make_plan", thing_id=str(plan.pk)).exists()


def test_the_order_and_the_beginning_are_the_schools_choice(school, coordinator):
    plan = plan_of(coordinator, school, order=["2.3", "1.1", "1.2", "1.3", "2.1", "2.2"], begin=["2.3"])
    assert plan.areas.get(place=0).number == "2.3"
    assert set(plan.steps.values_list("area", flat=True)) == {"2.3"}


@pytest.mark.parametrize(
    "given",
    [
        {"begin": []},
        {"begin": ["9.9"]},
        {"order": ["1.1"], "begin": ["1.1"]},
        {"order": ["1.1", "1.1", "1.2", "1.3", "2.1", "2.2"]},
        {"starts_on": localdate() + timedelta(days=400)},
    ],
)
def test_areas_that_are_not_those_there_are_or_a_day_far_away_are_refused(school, coordinator, given):
    with pytest.raises(Refused):
        plan_of(coordinator, school, **given)
    assert not Plan.objects.exists()
    assert Interview.objects.filter(closed_at__isnull=True).exists()


def test_a_plan_is_made_once_from_an_interview(school, coordinator):
    plan_of(coordinator, school)
    interview = Interview.objects.get()
    chosen = {"starts_on": localdate(), "order": ["1.1", "1.2", "1.3", "2.1", "2.2", "2.3"], "begin": ["1.1"]}
    with pytest.raises(Refused, match="This interview is closed"):
        actions.make_plan(interview, **chosen, by=coordinator, at=now())
    assert Plan.objects.count() == 1


def test_a_new_plan_closes_the_old_one_and_takes_along_what_is_the_schools_own(school, coordinator, teacher):
    old = plan_of(coordinator, school, RURAL_CARE)
    actions.finish_plan_step(step_of(old, "look"), by=coordinator, at=now())
    actions.share_out(old, owners={step_of(old, "mentor").pk: teacher}, by=coordinator, at=now())
    own = {"title": "Ask the nuns", "language": "en", "hours": 3, "starts_on": localdate(), "ends_on": localdate()}
    actions.add_plan_step(old, area="1.2", owner=teacher, **own, by=coordinator, at=now())
    new = plan_of(coordinator, school, {"time": ["hours"]})
    old.refresh_from_db()
    assert (old.is_running, new.is_running, new.follows) == (False, True, old)
    assert new.answers["place"] == ["rural"]  # what was said stands in the new interview already
    assert not new.steps.filter(key="look").exists()
    assert step_of(new, "mentor").owner == teacher
    assert new.steps.get(key="").owner == teacher
    assert old.steps.filter(key="look", state="done").exists()


def test_the_database_holds_one_running_plan_for_each_school(school, coordinator):
    plan = plan_of(coordinator, school)
    with pytest.raises(IntegrityError), transaction.atomic():
        Plan.objects.create(
            school=school, methodology=plan.methodology, starts_on=localdate(), made_at=now(), made_by=coordinator
        )


def test_only_who_works_for_the_school_sees_its_plan(school, coordinator, teacher):
    plan_of(coordinator, school)
    assert Plan.objects.visible_to(teacher).count() == 1
    assert PlanStep.objects.visible_to(teacher).exists()
    stranger = staff_of(OrganisationFactory())
    assert not Plan.objects.visible_to(stranger).exists()
    assert not PlanStep.objects.visible_to(stranger).exists()


# It is changed.


def test_a_step_is_given_other_words_days_hours_and_somebody_who_does_it(school, coordinator, teacher):
    plan = plan_of(coordinator, school, RURAL_CARE)
    days = {"starts_on": plan.starts_on + timedelta(weeks=13), "ends_on": plan.starts_on + timedelta(weeks=14)}
    said = {"title": "Look at the homes", "what": "", "language": "en"}
    step = actions.change_plan_step(step_of(plan, "look"), **said, **days, owner=teacher, hours=5, by=coordinator, at=now())
    assert (step.spread, step.owner) == ([[2, 5]], teacher)
    words = plan.methodology.words_in(["en"])
    assert step.said_in(words).title == "Look at the homes"
    assert step.said_in(words).what == words["areas"]["1.2"]["steps"]["look"]["what"].strip()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"ends_on": localdate() - timedelta(days=9)}, "The last day lies before the first"),
        ({"hours": 2001}, "up to 2000 hours"),
        ({"hours": -1}, "up to 2000 hours"),
        ({"ends_on": localdate() + timedelta(days=9000)}, "too far away"),
    ],
)
def test_days_and_hours_that_cannot_be_are_refused(school, coordinator, given, sentence):
    step = step_of(plan_of(coordinator, school, RURAL_CARE), "look")
    whole = {
        "title": "",
        "what": "",
        "language": "en",
        "owner": None,
        "hours": 1,
        "starts_on": localdate(),
        "ends_on": localdate(),
    }
    with pytest.raises(Refused, match=sentence):
        actions.change_plan_step(step, **{**whole, **given}, by=coordinator, at=now())


def test_a_step_is_not_given_to_somebody_of_another_school(school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE)
    with pytest.raises(Refused, match="does not work for"):
        actions.share_out(plan, owners={step_of(plan, "look").pk: staff_of(OrganisationFactory())}, by=coordinator, at=now())


def test_a_teacher_does_not_change_the_plan(school, coordinator, teacher):
    plan = plan_of(coordinator, school, RURAL_CARE)
    with pytest.raises(NotAllowed, match="Only managers and placement coordinators"):
        actions.share_out(plan, owners={}, by=teacher, at=now())


def test_a_further_area_begins_on_monday_and_shares_the_hours(school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE)
    actions.begin_area(plan, number="2.2", by=coordinator, at=now())
    area = plan.areas.get(number="2.2")
    assert area.begun_on >= localdate()
    assert area.begun_on.weekday() == 0
    assert plan.steps.filter(area="2.2").count() == len(plan.methodology.same()["areas"]["2.2"]["steps"])
    with pytest.raises(Refused, match="has begun with this area already"):
        actions.begin_area(plan, number="2.2", by=coordinator, at=now())


def test_a_closed_plan_is_only_read_until_it_is_opened_again(school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE)
    actions.close_plan(plan, by=coordinator, at=now())
    with pytest.raises(Refused, match="can only be read"):
        actions.finish_plan_step(step_of(plan, "look"), by=coordinator, at=now())
    actions.reopen_plan(plan, by=coordinator, at=now())
    assert actions.finish_plan_step(step_of(plan, "look"), by=coordinator, at=now()).state == "done"


def test_a_plan_is_not_opened_again_beside_another(school, coordinator):
    old = plan_of(coordinator, school, RURAL_CARE)
    plan_of(coordinator, school)
    with pytest.raises(Refused, match="follows another plan by now"):
        actions.reopen_plan(old, by=coordinator, at=now())


# Steps are ticked off by hand.


def test_who_does_a_step_ticks_it_off_and_opens_it_again(school, coordinator, teacher):
    plan = plan_of(coordinator, school, RURAL_CARE)
    actions.share_out(plan, owners={step_of(plan, "mentor").pk: teacher}, by=coordinator, at=now())
    done = actions.finish_plan_step(step_of(plan, "mentor"), by=teacher, at=now())
    assert (done.state, done.closed_by) == ("done", teacher)
    assert actions.reopen_plan_step(done, by=teacher, at=now()).is_open


def test_a_colleague_does_not_tick_off_what_is_not_theirs(school, coordinator, teacher):
    plan = plan_of(coordinator, school, RURAL_CARE)
    with pytest.raises(NotAllowed, match="Only who does this step"):
        actions.finish_plan_step(step_of(plan, "mentor"), by=teacher, at=now())


def test_a_step_is_not_done_twice(school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE)
    actions.finish_plan_step(step_of(plan, "mentor"), by=coordinator, at=now())
    with pytest.raises(Refused, match="already done"):
        actions.finish_plan_step(step_of(plan, "mentor"), by=coordinator, at=now())


def test_a_step_is_dropped_with_a_word_why(school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE)
    with pytest.raises(Refused, match="Say in a word why"):
        actions.drop_plan_step(step_of(plan, "share"), word=" ", by=coordinator, at=now())
    assert actions.drop_plan_step(step_of(plan, "share"), word="No machines", by=coordinator, at=now()).state == "dropped"


# The book ticks them off.


def test_a_step_is_done_when_the_book_shows_it_with_the_contact_as_evidence(school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE)
    contact = held(coordinator, school, "workplace_check")
    step = step_of(plan, "look")
    assert (step.state, step.evidence, step.closed_at, step.closed_by) == ("done", contact, contact.held_at, None)
    assert state_of(plan, "plan") == ("open", None)


def test_it_is_open_again_when_the_contact_goes(school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE)
    actions.remove_contact(held(coordinator, school, "workplace_check"), by=coordinator, at=now())
    assert state_of(plan, "look") == ("open", None)


def test_it_is_open_again_and_another_done_when_the_contact_was_something_else(school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE)
    contact = held(coordinator, school, "workplace_check")
    same = {"kind": contact.kind, "held_at": contact.held_at, "said": "", "people": []}
    actions.change_contact(contact, **same, activity="training_plan", by=coordinator, at=now())
    assert (state_of(plan, "look"), state_of(plan, "plan")) == (("open", None), ("done", contact.pk))


def test_when_one_contact_goes_another_shows_it(school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE)
    first, second = (held(coordinator, school, "workplace_check") for _number in range(2))
    actions.remove_contact(first, by=coordinator, at=now())
    assert state_of(plan, "look") == ("done", second.pk)


def test_what_was_held_before_the_plan_and_in_other_books_shows_nothing(school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE)
    held(coordinator, school, "workplace_check", days_ago=3)
    elsewhere = OrganisationFactory()
    held(staff_of(elsewhere), elsewhere, "workplace_check")
    assert state_of(plan, "look") == ("open", None)


def test_what_was_held_since_a_plan_that_is_dated_back_shows_its_steps_at_once(school, coordinator):
    contact = held(coordinator, school, "workplace_check", days_ago=3)
    plan = plan_of(coordinator, school, RURAL_CARE, starts_on=localdate() - timedelta(days=7))
    assert state_of(plan, "look") == ("done", contact.pk)


def test_the_book_does_not_tick_off_again_what_somebody_opened(school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE)
    held(coordinator, school, "workplace_check")
    actions.reopen_plan_step(step_of(plan, "look"), by=coordinator, at=now())
    held(coordinator, school, "workplace_check")
    assert state_of(plan, "look") == ("open", None)
    assert actions.leave_to_book(step_of(plan, "look"), by=coordinator, at=now()).state == "done"


def test_the_book_does_not_open_what_somebody_ticked_off(school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE)
    actions.finish_plan_step(step_of(plan, "look"), by=coordinator, at=now())
    actions.remove_contact(held(coordinator, school, "workplace_check"), by=coordinator, at=now())
    assert state_of(plan, "look") == ("done", None)


def test_the_contact_of_a_step_that_was_ticked_off_by_hand_shows_no_other(school, coordinator):
    version = newer(
        **{"1.2": [{**step, "activities": ["workplace_check"]} for step in load_shipped().same()["areas"]["1.2"]["steps"]]}
    )
    actions.load_methodology(content=version, by=None, at=now())
    plan = plan_of(coordinator, school, RURAL_CARE)
    actions.finish_plan_step(step_of(plan, "look"), by=coordinator, at=now())
    held(coordinator, school, "workplace_check")
    assert plan.steps.filter(state="done").count() == 1
    second = held(coordinator, school, "workplace_check")
    assert state_of(plan, "mentor") == ("done", second.pk)


def test_a_dropped_step_stays_dropped(school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE)
    actions.drop_plan_step(step_of(plan, "look"), word="Done by the ministry", by=coordinator, at=now())
    held(coordinator, school, "workplace_check")
    assert state_of(plan, "look") == ("dropped", None)


def test_a_closed_plan_is_no_longer_looked_after_by_the_book(school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE)
    actions.close_plan(plan, by=coordinator, at=now())
    held(coordinator, school, "workplace_check")
    assert state_of(plan, "look") == ("open", None)


# It is moved on.


def test_a_running_plan_keeps_its_version_until_it_is_moved_on(school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE)
    steps = plan.methodology.same()["areas"]["1.2"]["steps"]
    rest = {**steps[0], "key": "rest", "activities": ["mentor_meeting"]}
    to = actions.load_methodology(content=newer(**{"1.2": [*steps[1:], rest]}), by=None, at=now())
    assert Methodology.objects.newest() == to
    plan.refresh_from_db()
    assert str(plan.methodology) == "2026.1"
    moved = actions.move_plan_on(plan, to=to, by=coordinator, at=now())
    assert moved.methodology == to
    kept = plan.steps.get(key="")
    assert kept.title == "Look at the workplace together"
    assert kept.language == "en"
    assert step_of(plan, "rest").starts_on >= localdate()
    assert step_of(plan, "mentor").is_open


def test_a_plan_is_not_moved_back(school, coordinator):
    old = Methodology.objects.get()
    actions.load_methodology(content=newer(), by=None, at=now())
    plan = plan_of(coordinator, school, RURAL_CARE)
    with pytest.raises(Refused, match="not newer"):
        actions.move_plan_on(plan, to=old, by=coordinator, at=now())


# Work goes over.


def test_who_hands_over_their_work_hands_over_the_steps_of_the_plan(school, coordinator, teacher):
    plan = plan_of(coordinator, school, RURAL_CARE)
    actions.share_out(plan, owners={step_of(plan, "mentor").pk: teacher}, by=coordinator, at=now())
    EmployerFactory(school=school, owner=teacher)
    actions.hand_over_work(school, of=teacher, heir=coordinator, by=teacher, at=now())
    assert step_of(plan, "mentor").owner == coordinator


def test_the_two_schools_begin_with_other_areas(school, coordinator):
    other = OrganisationFactory()
    care, metal = plan_of(coordinator, school, RURAL_CARE), plan_of(staff_of(other), other, CITY_METAL)
    begun = [set(plan.areas.filter(begun_on__isnull=False).values_list("number", flat=True)) for plan in (care, metal)]
    assert begun == [{"1.2"}, {"1.3", "2.1"}]
