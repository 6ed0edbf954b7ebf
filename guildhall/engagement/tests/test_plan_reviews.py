"""A quarter of a plan is looked back at, and the next one is written from it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import localdate, now

from guildhall.core.errors import NotAllowed, Refused
from guildhall.engagement import actions
from guildhall.engagement.models import PlanReview
from guildhall.engagement.tests.factories import staff_of
from guildhall.engagement.tests.planning import RURAL_CARE, held, load_shipped, newer, plan_of, step_of
from guildhall.people.models import Role
from guildhall.people.tests.factories import OrganisationFactory
from guildhall.people.tests.visits import begin_visit

pytestmark = pytest.mark.django_db

QUARTER = timedelta(weeks=13)


@pytest.fixture
def school():
    load_shipped(now() - timedelta(days=800))
    return OrganisationFactory(languages=["en"])


@pytest.fixture
def coordinator(school):
    return staff_of(school)


@pytest.fixture
def plan(school, coordinator):
    """A plan whose first quarter ended yesterday."""
    return plan_of(coordinator, school, RURAL_CARE, starts_on=localdate() - QUARTER, at=now() - QUARTER)


@pytest.fixture
def reader(client, coordinator):
    begin_visit(client, coordinator)
    return client


def hold(plan, by, **given):
    whole = {"learnt": "Homes answer after lunch.", "changes": "", "days": {}, "begin": [], **given}
    return actions.hold_review(plan, **whole, by=by, at=now())


def found(review, step):
    return next(each for each in review.steps if each["step"] == step.pk)


# What is kept, and what follows.


def test_a_review_keeps_what_was_planned_done_late_and_dropped_and_what_was_counted(plan, school, coordinator):
    step = step_of(plan, "look")
    actions.change_plan_step(
        step,
        title="",
        what="",
        language="",
        owner=None,
        hours=2,
        starts_on=plan.starts_on,
        ends_on=plan.starts_on,
        by=coordinator,
        at=now(),
    )
    actions.drop_plan_step(step_of(plan, "share"), word="No machines", by=coordinator, at=now())
    contact = held(coordinator, school, "training_plan")
    review = hold(plan, coordinator)
    assert (review.quarter, review.due_on) == (1, localdate())
    assert found(review, step_of(plan, "look"))["is_late"]
    assert found(review, step_of(plan, "share"))["state"] == "dropped"
    assert found(review, step_of(plan, "plan"))["state"] == "done"
    assert step_of(plan, "plan").evidence == contact
    assert review.measured["training_plans"] == 1.0
    assert set(review.measured) == set(plan.indicators.values_list("key", flat=True))


def test_open_steps_go_on_on_other_days_and_the_review_knows_those_before(plan, coordinator):
    step = step_of(plan, "mentor")
    days = (localdate() + timedelta(days=3), localdate() + timedelta(days=20))
    review = hold(plan, coordinator, days={step.pk: days})
    moved = step_of(plan, "mentor")
    assert (moved.starts_on, moved.ends_on, moved.spread) == (*days, [[2, 2]])
    assert found(review, step)["ends_on"] == step.ends_on.isoformat()
    assert found(review, step)["moved_to"] == days[1].isoformat()


def test_further_areas_begin_with_their_steps_and_indicators(plan, coordinator):
    hold(plan, coordinator, begin=["2.2"])
    assert plan.areas.get(number="2.2").begun_on >= localdate()
    assert plan.steps.filter(area="2.2").exists()
    assert plan.indicators.filter(key="brought_by_others").exists()


def test_a_quarter_is_reviewed_once_and_the_next_one_when_it_is_under_way(plan, coordinator):
    assert hold(plan, coordinator).quarter == 1
    assert hold(plan, coordinator).quarter == 2
    with pytest.raises(Refused, match="has been reviewed already"):
        hold(plan, coordinator)
    assert PlanReview.objects.count() == 2


def test_quarters_that_nobody_looked_at_are_looked_at_together(school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE, starts_on=localdate() - 3 * QUARTER, at=now() - 3 * QUARTER)
    assert hold(plan, coordinator).quarter == 3


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"learnt": " "}, "Write down in a sentence"),
        ({"begin": ["1.2"]}, "has begun with this area already"),
        ({"days": {0: (localdate(), localdate())}}, "closed in the meantime"),
    ],
)
def test_a_review_that_says_nothing_or_what_cannot_be_is_refused(plan, coordinator, given, sentence):
    with pytest.raises(Refused, match=sentence):
        hold(plan, coordinator, **given)
    assert not PlanReview.objects.exists()


def test_days_that_lie_the_wrong_way_round_are_refused(plan, coordinator):
    days = {step_of(plan, "mentor").pk: (localdate(), localdate() - timedelta(days=1))}
    with pytest.raises(Refused, match="The last day lies before the first"):
        hold(plan, coordinator, days=days)


def test_a_plan_that_has_not_begun_is_not_reviewed(school, coordinator):
    plan = plan_of(coordinator, school, RURAL_CARE, starts_on=localdate() + timedelta(days=7))
    with pytest.raises(Refused, match="has not begun yet"):
        hold(plan, coordinator)


def test_a_teacher_does_not_hold_the_review(plan, school):
    with pytest.raises(NotAllowed, match="Only managers and placement coordinators"):
        hold(plan, staff_of(school, Role.TEACHER))


# Its pages.


def sent(client, plan, **given):
    """The form as the page offers it, with what somebody writes."""
    address = reverse("engagement:plan_review_hold", args=[plan.pk])
    form = client.get(address).context["form"]
    whole = {field.html_name: field.value() for field in form if field.name.startswith(("from-", "until-"))}
    return client.post(address, {**whole, "learnt": "Homes answer after lunch.", **given})


def test_the_page_tells_what_was_planned_what_was_done_and_what_has_changed(reader, plan, school, coordinator):
    held(coordinator, school, "training_plan")
    page = reader.get(reverse("engagement:plan_review_hold", args=[plan.pk])).content.decode()
    for part in ("Look at the workplace together", "Shown by the book", "At the beginning", "Questions to talk about"):
        assert part in page
    assert "Joint training plan" in page or "training plan" in page


def test_late_steps_are_offered_new_days_and_keeping_it_leads_to_the_review(reader, plan):
    step = step_of(plan, "look")
    step.ends_on = plan.starts_on + timedelta(weeks=4)
    step.save()
    answer = sent(reader, plan, begin=["2.2"])
    review = PlanReview.objects.get()
    assert (answer.status_code, answer.url) == (302, review.get_absolute_url())
    assert step_of(plan, "look").starts_on >= localdate()
    page = reader.get(answer.url).content.decode()
    assert "Homes answer after lunch." in page
    assert "moved to" in page
    assert "Areas that begin now" in page


def test_what_was_not_filled_in_is_said_and_nothing_is_kept(reader, plan):
    answer = sent(reader, plan, learnt="")
    assert answer.status_code == 422
    assert "Please fill this in." in answer.content.decode()
    assert not PlanReview.objects.exists()


def test_days_the_wrong_way_round_are_said_beside_the_field(reader, plan):
    step = step_of(plan, "mentor")
    answer = sent(reader, plan, **{f"until-{step.pk}": "2020-01-01"})
    assert answer.status_code == 422
    assert "The last day lies before the first." in answer.content.decode()


def test_a_review_that_is_over_and_a_plan_of_others_have_no_such_page(reader, plan):
    sent(reader, plan)
    sent(reader, plan)
    assert reader.get(reverse("engagement:plan_review_hold", args=[plan.pk])).status_code == 404
    elsewhere = OrganisationFactory()
    other = plan_of(staff_of(elsewhere), elsewhere, RURAL_CARE)
    assert reader.get(reverse("engagement:plan_review_hold", args=[other.pk])).status_code == 404


def test_a_teacher_reads_a_review_and_does_not_hold_one(client, plan, school, coordinator):
    review = hold(plan, coordinator)
    client.force_login(staff_of(school, Role.TEACHER))
    assert client.get(review.get_absolute_url()).status_code == 200
    assert client.get(reverse("engagement:plan_review_hold", args=[plan.pk])).status_code == 403


def test_a_review_that_is_due_stands_on_today_and_on_the_plan(reader, plan):
    assert "Look back at quarter 1 of your plan" in reader.get("/").content.decode()
    assert "Quarter 1 is over" in reader.get(plan.get_absolute_url()).content.decode()
    sent(reader, plan)
    assert "Look back at quarter" not in reader.get("/").content.decode()


def test_a_newer_version_is_offered_with_what_it_changes_and_moving_on_is_said(reader, plan, coordinator):
    steps = plan.methodology.same()["areas"]["1.2"]["steps"]
    actions.load_methodology(content=newer(**{"1.2": steps[1:]}), by=None, at=now())
    assert "has a newer version" in reader.get(plan.get_absolute_url()).content.decode()
    address = reverse("engagement:plan_move_on", args=[plan.pk])
    page = reader.get(address).content.decode()
    assert "Steps that are no longer in it" in page
    assert "Look at the workplace together" in page
    answer = reader.post(address, follow=True)
    assert "The plan follows version 2027.1 now." in answer.content.decode()
    assert reader.get(address).status_code == 404
