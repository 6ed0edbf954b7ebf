"""The plan: a school that is new here answers a few questions, sees what follows and why, makes it its plan, and prints it.

And a quarter later: what was planned, what was done, what has changed, and what comes next from it.
"""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils.timezone import localdate
from playwright.sync_api import Locator, expect

from guildhall.engagement.methodology.planning import propose
from guildhall.engagement.tests.planning import CITY_METAL, RURAL_CARE, shipped
from tests.journeys.colleague import SIZES, Colleague

pytestmark = pytest.mark.same_on_both

#: From the first question to the plan on paper: what a new user may take. A machine answers faster than a person reads.
TEN_MINUTES = 600


class Planning:
    """A coordinator makes the plan of a school, by what stands on the screen."""

    def __init__(self, colleague: Colleague, answers: dict[str, list[str]]) -> None:
        self.me, self.answers = colleague, answers
        self.content = shipped()
        self.words = self.content.words[colleague.language]

    def title(self, area: str) -> str:
        return str(self.words["areas"][area]["title"])

    def reason(self, key: str) -> str:
        return str(self.words["interview"]["reasons"][key])

    def step(self, area: str, key: str) -> str:
        return str(self.words["areas"][area]["steps"][key]["title"])

    def begin(self) -> None:
        """Today offers it; the way there is one button each time."""
        me = self.me
        me.go("/")
        me.press(me.link("Begin") if me.link("Begin").count() else me.page.locator("main a[href$='/plan/']").first)
        me.press(me.button("Begin the interview"))

    def choose(self, question: str, option: str) -> Locator:
        found: Locator = self.me.main.locator(f"input[name={question}][value={option}]")
        found.check()
        return found

    def answer(self) -> None:
        """Half of it, then away and back; the rest, and all is as it was left."""
        me, questions = self.me, list(self.answers.items())
        for question, options in questions[:4]:
            for option in options:
                self.choose(question, option)
        expect(me.main.locator("#kept")).to_contain_text(
            me("%(answered)s of %(count)s questions are answered.", answered=4, count=13)
        )
        me.go("/engagement/methodology/plan/")
        me.press(me.link("Go on"))
        for question, options in questions:
            for option in options:
                self.choose(question, option)
        me.press(me.button("See what follows"))

    def see_why(self) -> None:
        """Each area it begins with stands there with its reasons; nothing is written yet."""
        proposed = propose(self.answers, self.content.same, starts_on=localdate())
        begun = [area for area in proposed.areas if area.begins]
        for area in begun:
            self.me.sees(self.title(area.number), *(self.reason(reason.key) for reason in area.speaks_for))
        self.me.sees(*(self.reason(reason.key) for area in proposed.areas for reason in area.speaks_against))
        self.first = begun[0].number

    def make(self) -> None:
        """It becomes the plan, somebody does the steps, and it is on paper."""
        me = self.me
        me.press(me.button("Make this the plan"))
        me.is_told("This is your plan now. Say next who does what.")
        me.press(me.link("Say who does what"))
        for field in me.main.locator("form.form select").all():
            field.select_option(label=me.name)
        me.press(me.button("Save"))
        me.is_told("It is noted who does what.")
        printed = me.page.request.get(me.page.url + "plan.pdf")
        assert printed.ok
        assert printed.body().startswith(b"%PDF")


@pytest.mark.parametrize("language", ["en"])
@pytest.mark.parametrize(
    ("answers", "size"), [(RURAL_CARE, "phone"), (CITY_METAL, "desktop")], ids=["rural-care-phone", "city-metal-desktop"]
)
def test_plan(visit, house, no_barriers, size, language, answers):
    coordinator = Colleague("Ines Okafor", visit(*SIZES[size], locale=language), house, no_barriers, language)
    coordinator.start_school(f"Vocational school {uuid4().hex[:6]}", "IE")
    journey = Planning(coordinator, answers)
    began = time.monotonic()
    journey.begin()
    journey.answer()
    journey.see_why()
    journey.make()
    assert time.monotonic() - began < TEN_MINUTES
    coordinator.sees(journey.title(journey.first))


@pytest.mark.parametrize("language", ["en"])
@pytest.mark.parametrize("size", ["phone"])
def test_quarterly_review(visit, house, no_barriers_without_javascript, size, language):
    """Without scripts: the plan began a quarter ago, one step was done together with an employer, another is late."""
    page = visit(*SIZES[size], javascript=False, locale=language)
    me = Colleague("Tomas Field", page, house, no_barriers_without_javascript, language)
    me.start_school(f"Care school {uuid4().hex[:6]}", "IE")
    me.go("/engagement/methodology/plan/")
    me.press(me.button("Begin the interview"))
    for question, options in RURAL_CARE.items():
        for option in options:
            me.main.locator(f"input[name={question}][value={option}]").check()
    me.press(me.button("See what follows"))
    me.field("First day").fill((localdate() - timedelta(weeks=13)).isoformat())
    me.press(me.button("Show the days"))
    me.press(me.button("Make this the plan"))
    plan = me.page.url
    words = shipped().words[language]["areas"]["1.2"]["steps"]

    # What was done together with an employer ticks off its step.
    me.go("/engagement/add/")
    me.field("Name").fill("Home by the Mill")
    me.press(me.button("Add"))
    me.main.locator("select[name=activity]").select_option("workplace_check")
    me.field("What was said?").fill("Two places, and Mary likes to explain.")
    me.press(me.button("Write it down"))
    me.go(plan)
    me.sees("Home by the Mill")

    # The quarter is over: Today says so, and leads there.
    me.go("/")
    me.press(me.link("Look back at quarter %(quarter)s of your plan", quarter=1))
    me.sees(words["look"]["title"], words["mentor"]["title"], "Home by the Mill", me("Questions to talk about"))
    me.field("What have you learnt?").fill("Homes answer after lunch.")
    me.field("What do you change?").fill("We call at two.")
    me.main.locator("input[name=begin][value='2.2']").check()
    me.press(me.button("Keep it, and go on"))
    me.is_told("The review is kept, and the next quarter stands in the plan.")
    me.sees("Homes answer after lunch.", "We call at two.")
    me.press(me.link("On with the plan"))
    me.sees(shipped().words[language]["areas"]["2.2"]["title"])
    me.go("/")
    expect(me.main).not_to_contain_text(me("Look back at quarter %(quarter)s of your plan", quarter=1))
