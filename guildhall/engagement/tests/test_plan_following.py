"""Following a plan, in numbers: what shows a step to be done, where hours fall, when goes on what came late."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from guildhall.engagement.methodology.following import Held, OpenStep, Waiting, carry_over, next_monday, shown_by, spread

MONDAY = date(2026, 1, 5)


def in_weeks(weeks: int) -> date:
    return MONDAY + timedelta(weeks=weeks)


# What shows a step.


def test_a_contact_with_one_of_its_activities_shows_a_step():
    steps = [Waiting(1, ["career_day", "mock_interview"], MONDAY)]
    assert shown_by(steps, [Held(7, "mock_interview", in_weeks(2))]) == {1: 7}


def test_what_was_held_before_its_area_began_shows_nothing():
    assert shown_by([Waiting(1, ["career_day"], MONDAY)], [Held(7, "career_day", MONDAY - timedelta(days=1))]) == {}


def test_what_was_held_on_the_first_day_shows_a_step():
    assert shown_by([Waiting(1, ["career_day"], MONDAY)], [Held(7, "career_day", MONDAY)]) == {1: 7}


def test_one_contact_shows_one_step_and_the_first_step_takes_the_first_contact():
    steps = [Waiting(1, ["workshop"], MONDAY), Waiting(2, ["workshop"], MONDAY)]
    first, second = Held(8, "workshop", in_weeks(1)), Held(7, "workshop", in_weeks(2))
    assert shown_by(steps, [first]) == {1: 8}
    assert shown_by(steps, [second, first]) == {1: 8, 2: 7}


def test_a_step_that_may_not_take_the_first_contact_leaves_it_to_the_next():
    steps = [Waiting(1, ["workshop"], in_weeks(4)), Waiting(2, ["workshop"], MONDAY)]
    assert shown_by(steps, [Held(7, "workshop", in_weeks(1)), Held(8, "workshop", in_weeks(5))]) == {1: 8, 2: 7}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 20)), max_size=12), st.randoms())
def test_the_order_in_which_contacts_are_written_down_does_not_matter(held, chance):
    steps = [Waiting(number, activity, in_weeks(number)) for number, activity in enumerate(["a", "ab", "b", "c", "c"])]
    contacts = [Held(number, activity, in_weeks(week)) for number, (activity, week) in enumerate(held)]
    shuffled = chance.sample(contacts, len(contacts))
    shown = shown_by(steps, contacts)
    assert shown == shown_by(steps, shuffled)
    assert len(set(shown.values())) == len(shown)


# Where hours fall.


def test_hours_fall_into_the_quarters_of_their_days():
    assert spread(10, in_weeks(0), in_weeks(4), plan_starts_on=MONDAY) == [[1, 10]]
    assert spread(10, in_weeks(12), in_weeks(14) - timedelta(days=1), plan_starts_on=MONDAY) == [[1, 5], [2, 5]]
    assert spread(4, in_weeks(26), in_weeks(27), plan_starts_on=MONDAY) == [[3, 4]]


def test_hours_before_the_plan_count_to_its_first_quarter():
    assert spread(6, in_weeks(-8), in_weeks(-2), plan_starts_on=MONDAY) == [[1, 6]]


def test_a_step_without_hours_falls_nowhere():
    assert spread(0, MONDAY, in_weeks(30), plan_starts_on=MONDAY) == []


@given(st.integers(0, 2000), st.integers(-200, 800), st.integers(0, 900))
def test_no_hour_is_lost_or_counted_twice(hours, first, length):
    starts_on = MONDAY + timedelta(days=first)
    parts = spread(hours, starts_on, starts_on + timedelta(days=length), plan_starts_on=MONDAY)
    assert sum(part for _quarter, part in parts) == hours
    assert all(quarter >= 1 and part > 0 for quarter, part in parts)
    assert [quarter for quarter, _part in parts] == sorted({quarter for quarter, _part in parts})


# When goes on what came late.


def test_where_nothing_is_late_nothing_moves():
    steps = [OpenStep(1, "1.1", 4, in_weeks(1), in_weeks(3)), OpenStep(2, "1.2", 4, in_weeks(2), in_weeks(9))]
    assert carry_over(steps, 40, today=in_weeks(2), starts_on=in_weeks(2)) == {}


def test_what_follows_a_late_step_in_its_area_moves_with_it_and_other_areas_stay():
    late = OpenStep(1, "1.1", 4, in_weeks(1), in_weeks(3) - timedelta(days=1))
    after = OpenStep(2, "1.1", 4, in_weeks(3), in_weeks(4) - timedelta(days=1))
    other = OpenStep(3, "1.2", 4, in_weeks(9), in_weeks(10))
    days = carry_over([late, after, other], 40, today=in_weeks(5), starts_on=in_weeks(6))
    assert days == {
        1: (in_weeks(6), in_weeks(8) - timedelta(days=1)),
        2: (in_weeks(8), in_weeks(9) - timedelta(days=1)),
    }


def test_what_does_not_fit_into_the_hours_of_a_quarter_takes_longer():
    late = OpenStep(1, "1.1", 20, in_weeks(1), in_weeks(3))
    (_first, last) = carry_over([late], 10, today=in_weeks(5), starts_on=in_weeks(6))[1]
    assert last > in_weeks(6 + 13)


def test_the_next_monday_is_today_on_a_monday():
    assert next_monday(MONDAY) == MONDAY
    assert next_monday(MONDAY + timedelta(days=1)) == in_weeks(1)
    assert next_monday(MONDAY + timedelta(days=6)) == in_weeks(1)
