"""What comes next with an employer: rules one can read, in cases written down."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from guildhall.engagement.methodology.levels import Fall
from guildhall.engagement.methodology.next_best import RULES, Offer, Planned, Promise, Situation, suggestions

TODAY = date(2026, 11, 30)
IN_TOUCH = Situation(
    day=TODAY, level=2, last_on=TODAY - timedelta(20), asked_on=TODAY - timedelta(60), states={"1.3": "touched", "2.1": "lively"}
)


def days(number):
    return TODAY + timedelta(number)


def rules(situation):
    return [suggestion.rule for suggestion in suggestions(situation)]


def with_(**given):
    return replace(IN_TOUCH, **given)


def test_where_all_is_well_nothing_is_suggested():
    assert suggestions(IN_TOUCH) == []


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        (Situation(day=TODAY), ["never_spoken"]),
        (with_(promise=Promise("Call", days(-3))), ["promise_overdue"]),
        (with_(promise=Promise("Call", days(3)), last_on=days(-200)), []),
        (with_(has_answered=True), ["has_answered"]),
        (with_(falls=Fall(days(10), 1, ())), ["level_falls"]),
        (with_(falls=Fall(days(91), 1, ())), []),
        (with_(falls=Fall(days(10), 1, ()), promise=Promise("Visit", days(5))), []),
        (with_(last_on=days(-119)), []),
        (with_(last_on=days(-120)), ["silent"]),
        (with_(asked_on=None), ["needs_not_asked"]),
        (with_(asked_on=days(-366)), ["needs_asked_long_ago"]),
        (with_(level=0, asked_on=None), []),
        (with_(has_answered=True, falls=Fall(days(10), 1, ()), last_on=days(-150)), ["has_answered", "level_falls", "silent"]),
    ],
)
def test_written_cases(situation, expected):
    assert rules(situation) == expected


def test_an_offer_nobody_took_up_is_named_the_oldest_first():
    offers = [Offer("guest_speaker", days(-10)), Offer("workplace_tour", days(-40)), Offer("internship", days(-400))]
    (only,) = suggestions(with_(offers=offers))
    assert (only.rule, only.kind, only.on) == ("offer_open", "workplace_tour", days(-40))
    taken_up = with_(offers=offers, done_on={"workplace_tour": days(-5)})
    assert suggestions(taken_up)[0].kind == "guest_speaker"


def test_a_step_of_the_plan_is_for_whom_it_fits():
    shadow, workshop = Planned(1, "1.3", ("job_shadowing",), days(40)), Planned(2, "2.1", ("curriculum_workshop",), days(5))
    (only,) = suggestions(with_(planned=[shadow, workshop]))
    assert (only.rule, only.step, only.kind, only.weight) == ("plan_says", 1, "job_shadowing", 50)  # 2.1 is lively already
    assert suggestions(with_(planned=[shadow._replace(ends_on=days(3))]))[0].weight == 65
    assert suggestions(with_(planned=[shadow._replace(kinds=())])) == []


def test_who_rests_is_left_in_peace():
    assert suggestions(with_(rests_until=TODAY, promise=Promise("Call", days(-3)), last_on=days(-400))) == []
    assert rules(with_(rests_until=days(-1), last_on=days(-400))) == ["silent"]


def test_the_longer_a_promise_waits_the_more_it_weighs():
    weights = [suggestions(with_(promise=Promise("Call", days(-late))))[0].weight for late in (0, 5, 30, 300)]
    assert weights == [100, 105, 130, 130]


def test_every_rule_says_in_a_sentence_when_it_holds():
    assert all((rule.__doc__ or "").endswith(".") for rule in RULES)
