"""A plan follows from what a school said: two schools get different ones for stated reasons, and nothing is left out."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import pytest
import yaml
from django.conf import settings
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st

from guildhall.engagement.methodology.planning import QUARTER, lay_out, order, pace_for, propose

FOLDER = settings.CONTENT / "methodology"
SAME = yaml.safe_load((FOLDER / "methodology.yaml").read_text())
SAME["areas"] = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((FOLDER / "areas").glob("*.yaml"))}
LANGUAGES = ["de", "el", "en", "es", "pl", "pt"]
MONDAY = date(2027, 1, 4)

RURAL_CARE = {
    "learners": ["few"],
    "place": ["rural"],
    "field": ["social_care"],
    "time": ["none"],
    "employers": ["handful"],
    "kept": ["heads"],
    "places": ["poor"],
    "mentors": ["nobody"],
    "curriculum": ["never"],
    "network": ["alone"],
    "abroad": ["nothing"],
    "hurts": ["no_time", "mentors", "distance"],
    "wish": ["better_places"],
}
CITY_METAL = {
    "learners": ["some"],
    "place": ["city"],
    "field": ["metal"],
    "time": ["hours"],
    "employers": ["dozens"],
    "kept": ["lists"],
    "places": ["enough"],
    "mentors": ["trained"],
    "curriculum": ["sometimes"],
    "network": ["informal"],
    "abroad": ["now_and_then"],
    "hurts": ["outdated", "image"],
    "wish": ["curriculum", "partners"],
}


def proposed(**answers):
    return propose(answers, SAME, starts_on=MONDAY)


def of_area(plan, number):
    [area] = [area for area in plan.areas if area.number == number]
    return area


def keys(reasons):
    return [reason.key for reason in reasons]


def begun(plan):
    return [area.number for area in plan.areas if area.begins]


# --- Two schools -----------------------------------------------------------------------------------------------------


def test_a_rural_care_school_without_time_begins_with_mentors():
    plan = proposed(**RURAL_CARE)
    assert begun(plan) == ["1.2"]
    assert keys(plan.areas[0].speaks_for) == [
        "places_poor",
        "mentors_nobody",
        "wish_better_places",
        "hurts_mentors",
        "field_social_care",
    ]
    assert [area.number for area in plan.areas[1:3]] == ["1.1", "2.2"]
    assert keys(of_area(plan, "2.1").speaks_against) == ["time_none_not_yet", "employers_handful_not_yet"]
    assert keys(of_area(plan, "2.3").speaks_against) == ["time_none_not_yet"]
    assert {"place_rural", "learners_few", "time_none_share"} <= set(keys(of_area(plan, "2.2").speaks_for))


def test_a_metal_school_in_a_city_begins_with_lessons_and_a_network():
    plan = proposed(**CITY_METAL)
    assert begun(plan) == ["2.1", "2.2"]
    assert keys(plan.areas[0].speaks_for) == [
        "hurts_outdated",
        "wish_curriculum",
        "curriculum_sometimes",
        "field_changes_fast",
        "groundwork_done",
    ]
    assert keys(plan.areas[1].speaks_for) == ["wish_partners", "hurts_image", "groundwork_done"]
    assert all(not area.speaks_against for area in plan.areas)


def test_the_two_take_their_own_time():
    care, metal = proposed(**RURAL_CARE), proposed(**CITY_METAL)
    assert {quarter.hours for quarter in care.quarters[:-1]} == {10}
    assert [step.key for step in care.steps] == [step["key"] for step in SAME["areas"]["1.2"]["steps"]]
    assert (care.pace.key, care.pace.areas, metal.pace.key, metal.pace.areas) == ("none", 1, "hours", 2)
    assert all(30 <= quarter.hours <= 40 for quarter in metal.quarters[:4])


def test_a_reason_names_the_answers_it_follows_from():
    said = {reason.key: reason.said for reason in of_area(proposed(**CITY_METAL), "2.1").speaks_for}
    assert said["field_changes_fast"] == (("field", "metal"), ("place", "city"))


def test_indicators_are_those_of_the_areas_it_begins_with():
    plan = proposed(**CITY_METAL)
    assert [indicator.key for indicator in plan.indicators] == [
        *SAME["areas"]["2.1"]["indicators"],
        *[key for key in SAME["areas"]["2.2"]["indicators"] if key not in SAME["areas"]["2.1"]["indicators"]],
    ]
    [constant] = [indicator for indicator in plan.indicators if indicator.key == "constant_partners"]
    assert (constant.unit, constant.areas) == ("percent", ("2.1", "2.2"))


# --- Little or nothing was said --------------------------------------------------------------------------------------


@pytest.mark.parametrize("answers", [{}, {"time": []}, {"learners": ["some"], "kept": ["book"]}, {"abroad": ["nothing"]}])
def test_where_nothing_speaks_for_an_area_needs_come_first(answers):
    plan = proposed(**answers)
    assert [area.number for area in plan.areas] == ["1.1", "1.2", "1.3", "2.1", "2.2", "2.3"]
    assert begun(plan) == ["1.1"]
    assert [(reason.key, reason.said) for reason in plan.areas[0].speaks_for] == [("nothing_said", ())]
    assert (plan.pace.key, plan.pace.said) == ("hours", False)


def test_what_speaks_against_an_area_alone_does_not_make_another_one_begin():
    plan = proposed(time=["none"])
    assert begun(plan) == ["1.1"]
    assert plan.areas[-1].number == "2.3"


def test_a_plan_begins_with_no_more_areas_than_something_speaks_for():
    assert begun(proposed(time=["post"], kept=["heads"])) == ["1.1"]


def test_what_the_methodology_does_not_know_is_passed_over():
    assert proposed(weather=["fine"], places=["on the moon"], time=["always"]) == proposed()


def test_one_option_may_come_as_a_text():
    assert proposed(places="short", time="none") == proposed(places=["short"], time=["none"])


# --- What was asked of learners, time and groundwork -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "area", "reason"),
    [
        ({"learners": ["few"]}, "2.2", "learners_few"),
        ({"learners": ["many"]}, "1.3", "learners_many"),
        ({"hurts": ["no_time"]}, "1.1", "hurts_no_time"),
        ({"places": ["enough"], "mentors": ["trained"]}, "2.1", "groundwork_done"),
        ({"places": ["enough"], "mentors": ["trained"]}, "2.2", "groundwork_done"),
        ({"places": ["enough"], "mentors": ["trained"]}, "2.3", "groundwork_done"),
    ],
)
def test_an_answer_speaks_for_an_area(answers, area, reason):
    assert reason in keys(of_area(proposed(**answers), area).speaks_for)


@pytest.mark.parametrize(
    "answers", [{"places": ["enough"]}, {"mentors": ["trained"]}, {"places": ["enough"], "mentors": ["some"]}]
)
def test_both_places_and_mentors_make_the_groundwork(answers):
    assert "groundwork_done" not in [key for area in proposed(**answers).areas for key in keys(area.speaks_for)]


def test_who_lacks_time_though_there_is_some_leaves_other_countries_for_later():
    assert keys(of_area(proposed(hurts=["no_time"], time=["hours"]), "2.3").speaks_against) == ["hurts_no_time_not_yet"]
    assert keys(of_area(proposed(hurts=["no_time"], time=["none"]), "2.3").speaks_against) == ["time_none_not_yet"]


# --- Steps over the quarters -----------------------------------------------------------------------------------------


def step(key="do", *, hours, weeks):
    return {"key": key, "who": ["teacher"], "hours": hours, "weeks": weeks, "activities": [], "tools": []}


def laid_out(quarter_hours, **areas):
    return [
        (one.key, one.quarters, (one.starts_on - MONDAY).days / 7, ((one.ends_on - MONDAY).days + 1) / 7)
        for one in lay_out(areas, quarter_hours, starts_on=MONDAY)
    ]


def test_one_step_follows_the_other():
    assert laid_out(40, a=[step("one", hours=3, weeks=1), step("two", hours=18, weeks=4)]) == [
        ("one", ((1, 3),), 0, 1),
        ("two", ((1, 18),), 1, 5),
    ]


def test_what_does_not_fit_into_a_quarter_goes_on_in_the_next():
    assert laid_out(10, a=[step("one", hours=18, weeks=4), step("two", hours=2, weeks=1), step("three", hours=5, weeks=1)]) == [
        ("one", ((1, 10), (2, 8)), 0, 15),
        ("two", ((2, 2),), 15, 16),
        ("three", ((3, 5),), 26, 27),
    ]


def test_a_long_step_takes_its_hours_evenly():
    assert laid_out(40, a=[step(hours=24, weeks=40)]) == [("do", ((1, 7), (2, 8), (3, 8), (4, 1)), 0, 40)]


def test_areas_side_by_side_share_the_hours_and_what_one_does_not_need_goes_to_the_other():
    assert laid_out(10, a=[step("one", hours=20, weeks=2)], b=[step("two", hours=3, weeks=1)]) == [
        ("one", ((1, 7), (2, 10), (3, 3)), 0, 27),
        ("two", ((1, 3),), 0, 1),
    ]
    assert laid_out(11, a=[step("one", hours=90, weeks=9)], b=[step("two", hours=90, weeks=9)])[0][1][0] == (1, 6)
    assert laid_out(10, a=[step("one", hours=2, weeks=1)], b=[step("two", hours=8, weeks=3)]) == [
        ("one", ((1, 2),), 0, 1),
        ("two", ((1, 8),), 0, 3),
    ]


def test_without_an_hour_nothing_is_planned():
    with pytest.raises(ValueError, match="Without an hour"):
        lay_out({"a": [step(hours=1, weeks=1)]}, 0, starts_on=MONDAY)


# --- What holds for any answers --------------------------------------------------------------------------------------

interviews = st.fixed_dictionaries(
    {},
    optional={
        question["key"]: st.lists(
            st.sampled_from(question["options"]), max_size=question.get("most", 1), unique=True
        )
        for question in SAME["interview"]
    },
)  # fmt: skip
works = st.lists(st.builds(step, hours=st.integers(0, 90), weeks=st.integers(1, 60)), min_size=1, max_size=8)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_is_there_in_words_and_no_words_are_left_over(language):
    words = yaml.safe_load((FOLDER / language / "interview.yaml").read_text())["reasons"]
    assert set(words) == {rule["reason"] for rule in SAME["rules"]}
    assert all(said.endswith(".") for said in words.values())


def test_every_question_has_a_use():
    used = {question for rule in SAME["rules"] for question in rule["when"]}
    assert {question["key"] for question in SAME["interview"]} == used


@given(interviews)
@trying(deadline=None)
def test_all_areas_are_there_in_order_and_their_points_are_those_of_their_reasons(answers):
    plan = proposed(**answers)
    assert sorted(area.number for area in plan.areas) == sorted(SAME["areas"])
    assert [(-area.points, area.number) for area in plan.areas] == sorted((-area.points, area.number) for area in plan.areas)
    for area in plan.areas:
        assert area.points == sum(reason.points for reason in area.speaks_for + area.speaks_against)
        assert all(reason.points > 0 for reason in area.speaks_for)
        assert all(reason.points < 0 for reason in area.speaks_against)
        assert all(option in answers[question] for reason in area.speaks_for for question, option in reason.said)
    assert 1 <= len(begun(plan)) <= plan.pace.areas
    assert begun(plan) == [area.number for area in plan.areas][: len(begun(plan))]
    assert all(area.speaks_for for area in plan.areas if area.begins), "it says why"


@given(interviews, interviews)
@trying(deadline=None)
def test_another_answer_takes_no_reason_away(answers, more):
    """But that nothing was said, which is no longer so."""
    added = {question: [*answers.get(question, []), *more.get(question, [])] for question in {**answers, **more}}
    for area in proposed(**answers).areas:
        now = of_area(proposed(**added), area.number)
        assert set(keys(area.speaks_for)) - {"nothing_said"} <= set(keys(now.speaks_for))
        assert set(keys(area.speaks_against)) <= set(keys(now.speaks_against))


@given(interviews)
@trying(deadline=None)
def test_the_same_answers_give_the_same_plan_in_whichever_order_they_came(answers):
    assert proposed(**dict(reversed(answers.items()))) == proposed(**answers)


@given(interviews)
@trying(max_examples=60, deadline=None)
def test_no_quarter_takes_more_hours_than_there_are_and_no_step_is_left_out(answers):
    plan = proposed(**answers)
    assert all(quarter.hours <= plan.pace.quarter_hours for quarter in plan.quarters)
    assert sum(quarter.hours for quarter in plan.quarters) == sum(one.hours for one in plan.steps)
    planned = [(one.area, one.key, one.hours, list(one.who), list(one.tools)) for one in plan.steps]
    assert sorted(planned) == sorted(
        (number, one["key"], one["hours"], one["who"], one["tools"])
        for number in begun(plan)
        for one in SAME["areas"][number]["steps"]
    )


@given(st.dictionaries(st.sampled_from("abc"), works, min_size=1), st.integers(1, 130))
@trying(max_examples=60, deadline=None)
def test_whatever_the_steps_each_gets_its_hours_and_its_weeks(areas, quarter_hours):
    steps = lay_out(areas, quarter_hours, starts_on=MONDAY)
    assert Counter(one.area for one in steps) == {area: len(of_it) for area, of_it in areas.items()}
    assert [one.starts_on for one in steps] == sorted(one.starts_on for one in steps)
    spent = Counter()
    for one in steps:
        assert sum(hours for _quarter, hours in one.quarters) == one.hours
        for number, hours in one.quarters:
            spent[number] += hours
            first = MONDAY + timedelta(weeks=QUARTER * (number - 1))
            assert hours > 0
            assert one.starts_on < first + timedelta(weeks=QUARTER)
            assert one.ends_on >= first
    assert max(spent.values(), default=0) <= quarter_hours
    for area, expected in areas.items():
        line = sorted([one for one in steps if one.area == area], key=lambda one: one.starts_on)
        assert all(before.ends_on < after.starts_on for before, after in pairwise(line))
        assert all((one.ends_on - one.starts_on).days + 1 >= 7 for one in line)
        if quarter_hours >= 3 * sum(one["hours"] for one in expected):
            assert [(one.ends_on - one.starts_on).days + 1 for one in line] == [7 * one["weeks"] for one in expected]


def test_the_pace_where_time_was_not_said_is_the_middle_one():
    assert pace_for({}, SAME) == ("hours", 2, 40, False)
    assert pace_for({"time": ["post"]}, SAME) == ("post", 3, 120, True)


def test_equal_areas_come_by_number():
    areas = order({"mentors": ["nobody"], "employers": ["handful"], "places": ["short"]}, SAME, begin_with=2)
    assert [(area.number, area.points, area.begins) for area in areas[:3]] == [
        ("1.1", 3, True),
        ("1.2", 3, True),
        ("1.3", 3, False),
    ]
