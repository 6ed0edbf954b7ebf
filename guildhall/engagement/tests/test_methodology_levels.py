"""The level and the window follow from dated activities by one rule: cases written out, and what must hold for any history."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from random import Random

import pytest
import yaml
from django.conf import settings
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st

from guildhall.engagement.methodology.levels import (
    AREAS,
    NEEDS,
    PLAIN,
    WORTH,
    YEAR,
    Activity,
    activity,
    level_of,
    points,
    standing,
    ways,
)
from guildhall.engagement.window import AREAS as PANES

KINDS = yaml.safe_load((settings.CONTENT / "methodology" / "methodology.yaml").read_text())["activities"]
TODAY = date(2026, 11, 30)


def done(kind: str = PLAIN, days: int = 0, *, number: int = 0) -> Activity:
    """Something that took place so many days before today."""
    return activity(TODAY - timedelta(days), kind, KINDS, number=number)


def of_kinds(*said: str | tuple[str, int]) -> list[Activity]:
    """A history: kinds, with the days ago where it was not today."""
    return [done(entry) if isinstance(entry, str) else done(*entry) for entry in said]


# --- Written cases ---------------------------------------------------------------------------------------------------

#: What a firm did, and the level one would give it by the tracker's five descriptions.
CASES = {
    "nobody has spoken with it": ([], 0),
    "one call": ([""], 1),
    "it was asked what it needs": (["needs_interview", ("", 20)], 1),
    "a hundred mails and no more": ([("", days) for days in range(100)], 1),
    "one tour": (["workplace_tour"], 2),
    "one tour, two years ago": ([("workplace_tour", 2 * YEAR)], 1),
    "one tour, three years ago": ([("workplace_tour", 3 * YEAR)], 0),
    "one internship and fifty mails": (["internship", *[("", days) for days in range(50)]], 2),
    "a memorandum of last year": ([("memorandum", 400)], 2),
    "five tours and talks in a year": (
        ["workplace_tour", "guest_speaker", ("mock_interview", 90), ("job_shadowing", 200), ("workplace_tour", 364)], 3,
    ),
    "one learner a year with a plan and a visit, for three years": (
        [(kind, YEAR * year + 30) for year in range(3) for kind in ("internship", "training_plan")], 3,
    ),
    "three learners last year, nothing since": ([("internship", 370), ("internship", 380), ("internship", 390)], 2),
    "two learners with plans, and its mentor meets others": (
        ["internship", "internship", "training_plan", "training_plan", "mentor_meeting"], 4,
    ),
    "twenty learners a year, nothing else": (["internship"] * 20, 4),
    "fifty tours": (["workplace_tour"] * 50, 3),
    "sits on the board and takes apprentices, year by year": (
        [(kind, YEAR * year + 30) for year in range(3) for kind in ("advisory_board", "apprenticeship", "network")], 5,
    ),
    "the same, until a year ago": (
        [(kind, YEAR * year + 30) for year in range(1, 4) for kind in ("advisory_board", "apprenticeship", "network")], 2,
    ),
    "leads an alliance this year": (["training_alliance", "lobbying", "lobbying", "memorandum"], 4),
}  # fmt: skip


@pytest.mark.parametrize(("history", "level"), CASES.values(), ids=CASES)
def test_a_history_has_the_level_one_would_expect(history, level):
    activities = of_kinds(*history)
    assert level_of(activities, TODAY) == level
    assert standing(activities, TODAY).level == level


@pytest.mark.parametrize(
    ("days", "worth"), [(-1, 0), (0, 12), (364, 12), (365, 6), (729, 6), (730, 3), (1094, 3), (1095, 0), (9999, 0)]
)
def test_an_internship_fades_in_three_years(days, worth):
    assert points(done("internship", days), TODAY) == worth


def test_a_plain_contact_counts_at_rung_1_and_for_no_area():
    call = standing([done()], TODAY)
    assert (call.level, call.points, {pane.state for pane in call.panes.values()}) == (1, 4, {"dark"})


def test_a_kind_nobody_knows_any_more_is_a_plain_contact():
    assert activity(TODAY, "wine_tasting", KINDS, number=7) == Activity(TODAY, number=7)


def test_what_a_school_added_counts_as_it_says():
    added = activity(TODAY, "open_day", {**KINDS, "open_day": {"area": "1.3", "rung": 2}})
    assert standing([added], TODAY).panes["1.3"].points == 8


@pytest.mark.parametrize("wrong", [{"rung": 0}, {"rung": 6}, {"area": "3.1"}])
def test_there_is_no_other_rung_or_area(wrong):
    with pytest.raises(ValueError, match="There is no"):
        Activity(TODAY, "odd", **{"area": "1.1", **wrong})


@pytest.mark.parametrize(
    ("history", "state"),
    [
        ([], "dark"),
        (["job_shadowing"], "touched"),
        (["job_shadowing", "speed_meeting"], "lively"),
        (["apprenticeship"], "lively"),
        (["internship", ("internship", 800)], "touched"),
        ([("apprenticeship", 365)], "touched"),
        ([("apprenticeship", 1094)], "touched"),
        ([("apprenticeship", 1095)], "dark"),
        (["guest_speaker", ""], "dark"),
    ],
)
def test_a_pane_is_lit_by_what_happens_in_its_area(history, state):
    assert standing(of_kinds(*history), TODAY).panes["1.3"].state == state


def test_a_dark_pane_still_knows_when_its_area_was_last_worked_on():
    assert standing([done("apprenticeship", 2000)], TODAY).panes["1.3"].last_on == TODAY - timedelta(2000)


def test_it_says_what_carries_the_level_and_what_fades_when():
    tour, talk, call = done("workplace_tour", 100), done("guest_speaker", 400), done()
    why = standing([call, talk, tour], TODAY)
    assert (why.level, why.points, why.rung, why.needed) == (2, 12, 2, 8)
    assert [(share.activity, share.points, share.fades_on, share.then) for share in why.carried_by] == [
        (tour, 8, tour.day + timedelta(365), 4),
        (talk, 4, talk.day + timedelta(730), 2),
    ]


def test_it_says_when_the_level_falls_to_what_and_because_of_what():
    tour, talk = done("workplace_tour", 100), done("guest_speaker", 400)
    falls = standing([tour, talk], TODAY).falls
    # On the tour's anniversary 4 + 4 points are left, enough; when the talk is two years old, 4 + 2.
    assert (falls.on, falls.to, falls.faded) == (talk.day + timedelta(730), 1, (talk,))


def test_a_level_may_fall_by_more_than_one():
    why = standing([done("memorandum", 10, number=number) for number in range(5)], TODAY)
    assert (why.level, why.falls.on, why.falls.to) == (5, TODAY + timedelta(355), 3)
    assert len(why.falls.faded) == 5


def test_it_says_what_the_next_level_takes():
    move = standing([done("workplace_tour"), done("internship")], TODAY).move
    assert (move.to, move.rung, move.missing) == (3, 2, 20)
    first, *others = ways(move, KINDS)
    assert (first.kind, first.times, first.hours) == ("training_plan", 2, 14)
    assert all(first.hours <= other.hours for other in others)
    assert ("internship", 2, 100) in others


def test_a_call_is_the_smallest_thing_where_there_is_nothing():
    assert ways(standing([], TODAY).move, KINDS)[0] == (PLAIN, 1, 0)


def test_above_the_highest_level_there_is_no_other():
    assert standing([done("lobbying", number=number) for number in range(4)], TODAY).move is None


def test_nothing_falls_where_nothing_counts():
    why = standing([done("internship", 2000)], TODAY)
    assert (why.level, why.falls, why.changes_on, why.carried_by) == (0, None, None, ())
    assert why.last_on == TODAY - timedelta(2000)


def test_what_is_planned_does_not_count_yet():
    why = standing([done("internship", -1)], TODAY)
    assert (why.level, why.last_on, why.panes["1.3"].state) == (0, None, "dark")
    assert why.changes_on == TODAY + timedelta(1)


def test_the_areas_are_those_of_the_window_and_every_kind_has_one():
    assert list(AREAS) == list(PANES)
    assert {about["area"] for about in KINDS.values()} == set(AREAS)


def test_each_level_takes_more_than_the_one_below():
    """Without this a higher level could be reached while a lower one is not."""
    assert all(below[0] <= above[0] and below[1] < above[1] for below, above in pairwise(NEEDS.values()))
    assert [*WORTH, 0] == sorted([*WORTH, 0], reverse=True)


# --- What holds for any history --------------------------------------------------------------------------------------

kinds = st.sampled_from([PLAIN, *KINDS])
past = st.builds(done, kinds, st.integers(0, 1400), number=st.integers(0, 3))
histories = st.lists(past, max_size=25)
STATES = ["dark", "touched", "lively"]


def lit(why):
    """How far each pane is lit, as numbers."""
    return [STATES.index(pane.state) for pane in why.panes.values()]


def at_least(more, less):
    return all(one >= other for one, other in zip(more, less, strict=True))


@given(histories, st.integers(0, 1500), st.integers(0, 1500))
@trying(deadline=None)
def test_nothing_rises_by_time_passing(history, sooner, later):
    sooner, later = sorted([sooner, later])
    before, after = (standing(history, TODAY + timedelta(days)) for days in (sooner, later))
    assert after.level <= before.level
    assert at_least(lit(before), lit(after))


@given(histories, past)
@trying(deadline=None)
def test_nothing_falls_by_a_new_activity(history, new):
    without, with_it = standing(history, TODAY), standing([*history, new], TODAY)
    assert with_it.level >= without.level
    assert at_least(lit(with_it), lit(without))
    if with_it.level == without.level and without.falls:
        assert with_it.falls.on >= without.falls.on


@given(histories, histories)
@trying(deadline=None)
def test_two_histories_merged_stand_at_least_as_high_as_each(one, other):
    merged = standing(one + other, TODAY)
    for alone in (standing(one, TODAY), standing(other, TODAY)):
        assert merged.level >= alone.level
        assert at_least(lit(merged), lit(alone))


@given(histories, st.randoms())
@trying(deadline=None)
def test_the_order_of_activities_says_nothing(history, chance: Random):
    assert standing(chance.sample(history, len(history)), TODAY) == standing(history, TODAY)


@given(histories)
@trying(deadline=None)
def test_there_is_nothing_below_zero_and_nothing_beyond_the_scale(history):
    why = standing(history, TODAY)
    assert why.level in range(6)
    assert (why.level == 0) == (not why.carried_by)
    assert all(share.points > share.then >= 0 for share in why.carried_by)
    assert all(pane.points >= 0 for pane in why.panes.values())
    assert why.level == level_of(history, TODAY)


@given(histories)
@trying(deadline=None)
def test_after_three_years_all_is_gone(history):
    why = standing(history, TODAY + timedelta(3 * YEAR))
    assert (why.level, set(lit(why)), why.changes_on) == (0, {0}, None)


@given(histories)
@trying(deadline=None)
def test_what_it_is_carried_by_adds_up_and_is_enough(history):
    why = standing(history, TODAY)
    assert why.points == sum(share.points for share in why.carried_by) >= why.needed
    assert level_of([share.activity for share in why.carried_by], TODAY) == why.level


@given(histories)
@trying(max_examples=60, deadline=None)
def test_it_falls_on_the_very_day_that_was_told_and_not_before(history):
    why = standing(history, TODAY)
    if why.level:
        days = (why.falls.on - TODAY).days
        assert days > 0
        assert {level_of(history, TODAY + timedelta(day)) for day in range(days)} == {why.level}
        assert level_of(history, why.falls.on) == why.falls.to < why.level
        assert why.falls.faded


@given(histories)
@trying(max_examples=60, deadline=None)
def test_a_pane_falls_on_the_very_day_that_was_told(history):
    for area, pane in standing(history, TODAY).panes.items():
        assert (pane.state == "dark") == (pane.falls is None)
        if pane.falls:
            before, after = (standing(history, pane.falls.on - timedelta(days)).panes[area].state for days in (1, 0))
            assert (before, after) == (pane.state, pane.falls.to)
            assert STATES.index(after) < STATES.index(before)


@given(histories, st.integers(0, 1100))
@trying(deadline=None)
def test_what_was_kept_is_right_until_the_day_it_changes(history, days):
    why, later = standing(history, TODAY), standing(history, TODAY + timedelta(days))
    unchanged = (later.level, lit(later)) == (why.level, lit(why))
    assert unchanged == (why.changes_on is None or later.day < why.changes_on)


@given(histories)
@trying(max_examples=60, deadline=None)
def test_every_way_leads_to_the_next_level_and_no_shorter_one_does(history):
    why = standing(history, TODAY)
    for way in ways(why.move, KINDS) if why.move else []:
        assert level_of([*history, *[done(way.kind)] * way.times], TODAY) >= why.move.to
        assert level_of([*history, *[done(way.kind)] * (way.times - 1)], TODAY) == why.level


@given(st.lists(st.builds(done, st.just(PLAIN), st.integers(0, 1400)), max_size=200))
@trying(deadline=None)
def test_contacts_alone_never_come_above_level_1(history):
    assert level_of(history, TODAY) <= 1


@given(histories)
@trying(deadline=None)
def test_it_is_the_rule_as_it_is_written_down(history):
    """Counted in another way: in the words of docs/decisions/0011-level.md."""
    worth = []
    for one in history:
        age = (TODAY - one.day).days
        share = 4 if age < 365 else 2 if age < 730 else 1 if age < 1095 else 0
        worth.append((one.rung, one.area, share * one.rung))
    from_rung = {rung: sum(points for on, _area, points in worth if on >= rung) for rung in range(1, 6)}
    reached = [from_rung[1] > 0, from_rung[2] >= 8, from_rung[2] >= 40, from_rung[3] >= 60, from_rung[4] >= 80]
    assert level_of(history, TODAY) == sum(reached)
    of_areas = [sum(points for _on, of, points in worth if of == area) for area in AREAS]
    assert lit(standing(history, TODAY)) == [2 if points >= 16 else 1 if points else 0 for points in of_areas]
