"""The indicators are counted from the book: a case for each, counted by hand, and what must hold for any book."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
import yaml
from django.conf import settings
from django.utils.timezone import now
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from guildhall.engagement import actions
from guildhall.engagement.actions import load_methodology
from guildhall.engagement.methodology import indicators
from guildhall.engagement.methodology.content import read
from guildhall.engagement.methodology.indicators import MEASURES, Measured, Year, measure, measure_on_days
from guildhall.engagement.methodology.levels import AREAS, LIT, YEAR, Activity, activity, fallen, level_of, lively_areas, standing
from guildhall.engagement.models import AlikeEmployers, Contact, Employer, NextStep, OwnActivity
from guildhall.engagement.models.employers import COOLING
from guildhall.engagement.tests.factories import (
    CapturedMailFactory,
    ContactFactory,
    EmployerFactory,
    KeptOrganisationFactory,
    NextStepFactory,
    staff_of,
)
from guildhall.people.tests.factories import OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db

METHODOLOGY = settings.CONTENT / "methodology"
SAME = yaml.safe_load((METHODOLOGY / "methodology.yaml").read_text())
KINDS = SAME["activities"]
TODAY = date(2026, 6, 30)


@pytest.fixture(scope="module")
def shipped():
    return read(METHODOLOGY, list(settings.ALL_LANGUAGES))


@pytest.fixture(autouse=True)
def _methodology(shipped):
    load_methodology(content=shipped, by=None, at=now())


@pytest.fixture
def school():
    return OrganisationFactory(country="DE", time_zone="Europe/Berlin")


@pytest.fixture
def firm(school):
    def make(country="DE", days=2000):
        organisation = KeptOrganisationFactory(kept_by=school, country=country)
        return EmployerFactory(school=school, organisation=organisation, added_at=noon(days))

    return make


def noon(days=0):
    """At noon so many days before today; negative ones come after it."""
    return datetime.combine(TODAY - timedelta(days), time(12), UTC)


def did(employer, activity="", days=0, **fields):
    """A contact so many days before today."""
    at = fields.pop("at", None) or noon(days)
    return ContactFactory(employer=employer, activity=activity, held_at=at, recorded_at=at, **fields)


def wrote(employer, days, *, is_from_us, is_filed=True):
    contact = did(employer, days=days, kind=Contact.Kind.MAIL) if is_filed else None
    CapturedMailFactory(school=employer.school, contact=contact, is_from_us=is_from_us, sent_at=noon(days))


def promised(employer, days, *, closed=None, dropped=False, added=400):
    """A next step that was due so many days before today and, where it is not open, closed so many days before today."""
    owner = UserFactory()
    state = NextStep.State.OPEN if closed is None else NextStep.State.DROPPED if dropped else NextStep.State.DONE
    NextStepFactory(
        employer=employer,
        due_on=TODAY - timedelta(days),
        added_at=noon(added),
        owner=owner,
        state=state,
        closed_at=None if closed is None else noon(closed),
        closed_by=None if closed is None else owner,
    )


def measured(school, key, on=TODAY) -> Measured:
    return measure(school, [key], on=on)[key]


def figure(school, key, on=TODAY):
    """The value of an indicator, and what it rests on."""
    return measured(school, key, on)[:2]


# All of the methodology is known.


def test_every_indicator_of_the_methodology_can_be_measured_and_no_other(school):
    assert list(MEASURES) == list(SAME["indicators"])
    found = measure(school, MEASURES, on=TODAY)
    assert {key: result.unit for key, result in found.items()} == {
        key: about["unit"] for key, about in SAME["indicators"].items()
    }


def test_every_kind_that_is_counted_is_an_activity_of_the_methodology():
    counted = [
        *indicators.NEEDS_ASKED,
        *indicators.MENTORS_REACHED,
        *indicators.TRAINING_PLANS,
        *indicators.LEARNERS_MET,
        *indicators.SHAPED_TOGETHER,
        *indicators.NETWORKING,
    ]
    assert [kind for kind in counted if kind not in KINDS] == []
    assert KINDS[indicators.PARTNER_SEARCH]["area"] == indicators.MOBILITY


def test_an_indicator_there_is_not_is_refused(school):
    with pytest.raises(ValueError, match="There is no indicator happiness"):
        measure(school, ["in_touch", "happiness"], on=TODAY)


def test_of_an_empty_book_shares_averages_and_medians_say_nothing_and_the_rest_is_zero(school):
    found = measure(school, MEASURES, on=TODAY)
    assert {key for key, result in found.items() if result.value is None} == {
        "areas_lively",
        "working_relations",
        "constant_partners",
        "promises_kept",
        "answered_in",
    }
    assert {result.value for result in found.values()} == {None, 0}
    assert {result.of for result in found.values()} == {0}


def test_only_what_is_asked_for_is_measured(school, firm, django_assert_num_queries):
    did(firm(), "workplace_tour")
    with django_assert_num_queries(1):
        assert measure(school, ["promises_kept"], on=TODAY).keys() == {"promises_kept"}


@pytest.mark.parametrize("days", [1, 3])
@pytest.mark.parametrize("count", [1, 3])
def test_all_of_them_on_any_number_of_days_take_six_queries(school, firm, days, count, django_assert_num_queries):
    for _ in range(count):
        employer = firm()
        did(employer, "internship", 10)
        did(employer, "career_day", 500)
        wrote(employer, 9, is_from_us=True)
        promised(employer, 5)
    measure(school, MEASURES, on=TODAY)  # what is remembered of the methodology is read once
    with django_assert_num_queries(6):
        measure_on_days(school, MEASURES, [TODAY - timedelta(100 * day) for day in range(days)])


# Each of them.


def test_in_touch_is_who_had_a_contact_within_the_year(school, firm):
    often, once, before, _never, later = firm(), firm(), firm(), firm(), firm()
    for days in (0, 1, 2):
        did(often, days=days)
    did(once, days=364)
    did(before, days=365)
    did(later, days=-1)
    assert figure(school, "in_touch") == (2, 5)
    assert measured(school, "in_touch").unit == "employers"


def test_in_touch_rests_on_the_employers_the_book_knew_of_then(school, firm):
    firm(days=-1)
    did(firm(days=-1), days=100)  # came with its history from a list, later
    firm()
    assert figure(school, "in_touch") == (1, 2)


def test_needs_are_asked_in_an_interview_a_survey_or_a_focus_group(school, firm):
    for kind in ("needs_interview", "employer_survey", "focus_group", "workplace_tour", ""):
        did(firm(), kind)
    twice = firm()
    did(twice, "needs_interview", 10)
    did(twice, "focus_group", 20)
    did(firm(), "needs_interview", 365)
    assert figure(school, "needs_asked") == (4, 6)


def test_lively_areas_are_averaged_over_employers_in_touch(school, firm):
    wide, narrow, touched, gone = firm(), firm(), firm(), firm()
    for kind in ("apprenticeship", "advisory_board"):  # 16 points each: two areas
        did(wide, kind)
    did(narrow, "memorandum", 364)
    did(touched, "workplace_tour")
    did(gone, "training_alliance", 365)  # fades, and it is not in touch
    assert figure(school, "areas_lively") == (Decimal("1.00"), 3)
    did(firm())
    assert figure(school, "areas_lively") == (Decimal("0.75"), 4)


def test_working_relations_are_at_level_3_or_above(school, firm):
    regular, board, loose = firm(), firm(), firm()
    for days in range(5):
        did(regular, "workplace_tour", days)  # 5 x 2 x 4 = 40 points: level 3
        did(board, "advisory_board", days)  # 5 x 4 x 4 = 80 points: level 5
    did(loose, "internship")
    assert figure(school, "working_relations") == (Decimal("66.7"), 3)
    assert figure(school, "constant_partners") == (Decimal("33.3"), 3)


def test_the_share_of_level_5_counts_only_employers_in_touch(school, firm):
    board, partner = firm(), firm()
    for days in range(5):
        did(board, "advisory_board", 100 + days)
    for days in range(12):
        did(partner, "training_alliance", 400 + days)  # 12 x 5 x 2 = 120 points: level 5 still, but silent since
    assert figure(school, "constant_partners") == (Decimal("100.0"), 1)


def test_mentors_are_reached_by_training_or_a_meeting(school, firm):
    for kind in ("mentor_training", "mentor_meeting", "training_plan"):
        did(firm(), kind)
    assert figure(school, "mentors_reached") == (2, 3)


def test_training_plans_count_once_for_an_employer(school, firm):
    planned = firm()
    did(planned, "training_plan", 1)
    did(planned, "training_plan", 300)
    did(firm(), "internship")
    assert figure(school, "training_plans") == (1, 2)


def test_learners_meet_an_employer_in_each_activity_with_each_employer(school, firm):
    fair, tour = firm(), firm()
    did(fair, "career_day", 3)
    did(tour, "career_day", 3)
    did(tour, "workplace_tour", 4)
    did(tour, "internship", 5)
    did(tour, "internship", 5)
    did(tour, "curriculum_workshop", 6)
    did(tour, "guest_speaker", 365)
    assert figure(school, "learners_met") == (5, 2)


def test_promises_are_kept_on_their_day_or_before(school, firm):
    employer = firm()
    promised(employer, 10, closed=10)
    promised(employer, 10, closed=30)
    promised(employer, 10, closed=9)  # a day late
    promised(employer, 365)  # the first day that counts, and open
    promised(employer, 366, closed=366)  # too long ago
    promised(employer, 20, closed=25, dropped=True)  # did not fall due
    promised(employer, 20, closed=19, dropped=True)  # was dropped when it was late
    promised(employer, 0)  # there is still time
    promised(employer, 5, closed=5, added=-1)  # was not in the book then
    assert figure(school, "promises_kept") == (Decimal("40.0"), 5)


def test_what_was_promised_for_today_counts_from_tomorrow_on(school, firm):
    promised(firm(), 0, closed=0)
    assert figure(school, "promises_kept") == (None, 0)
    assert figure(school, "promises_kept", TODAY + timedelta(1)) == (Decimal("100.0"), 1)


def test_answers_are_waited_for_since_the_first_mail_to_which_nothing_came(school, firm):
    patient, quick, silent, chatty = firm(), firm(), firm(), firm()
    wrote(patient, 30, is_from_us=True)
    wrote(patient, 25, is_from_us=True)  # a reminder
    wrote(patient, 20, is_from_us=False)  # after 10 days
    wrote(patient, 19, is_from_us=False)  # more of the same answer
    wrote(quick, 5, is_from_us=True)
    wrote(quick, 5, is_from_us=False)  # after 0 days
    wrote(silent, 40, is_from_us=True)
    wrote(chatty, 8, is_from_us=False)  # wrote first
    assert figure(school, "answered_in") == (5, 2)
    wrote(silent, 37, is_from_us=False)
    assert figure(school, "answered_in") == (3, 3)


def test_the_median_of_two_may_be_half_a_day(school, firm):
    for days in (1, 2):
        employer = firm()
        wrote(employer, 10, is_from_us=True)
        wrote(employer, 10 - days, is_from_us=False)
    assert figure(school, "answered_in") == (Decimal("1.5"), 2)


def test_what_comes_after_a_quarter_of_a_year_is_no_answer(school, firm):
    late, again, just = firm(), firm(), firm()
    wrote(late, 191, is_from_us=True)
    wrote(late, 100, is_from_us=False)  # 91 days later
    assert figure(school, "answered_in") == (None, 0)
    wrote(just, 190, is_from_us=True)
    wrote(just, 100, is_from_us=False)
    wrote(again, 195, is_from_us=True)
    wrote(again, 150, is_from_us=True)
    wrote(again, 100, is_from_us=False)  # an answer to the second
    assert figure(school, "answered_in") == (70, 2)


def test_answers_count_on_the_day_they_came_and_only_from_mails_on_a_timeline(school, firm):
    employer = firm()
    wrote(employer, 370, is_from_us=True)
    wrote(employer, 364, is_from_us=False)
    other = firm()
    wrote(other, 9, is_from_us=True)
    wrote(other, 8, is_from_us=False, is_filed=False)
    did(other, days=7, kind=Contact.Kind.MAIL)  # nobody can say who wrote it
    assert figure(school, "answered_in") == (6, 1)
    assert figure(school, "answered_in", TODAY + timedelta(1)) == (None, 0)


def test_teaching_is_shaped_on_occasions_however_many_employers_come(school, firm):
    one, other = firm(), firm()
    for employer in (one, other):
        did(employer, "advisory_board", 30)
        did(employer, "curriculum_workshop", 30)
    did(one, "joint_module", 100)
    did(one, "joint_assessment", 101)
    did(one, "expert_teaching", 102)
    did(one, "advisory_board", 365)
    assert figure(school, "shaped_together") == (4, 2)


def test_others_brought_a_new_employer_whose_first_contact_was_where_employers_meet(school, firm):
    met, called, invited, old, listed = firm(days=50), firm(days=50), firm(days=50), firm(days=400), firm(days=50)
    did(met, "employer_breakfast", 60)
    did(met, days=50)
    did(called, days=50)
    did(called, "network", 40)
    did(invited, "training_alliance", 40)
    did(old, "employer_breakfast", 30)
    did(listed, "network", 500)  # known for long, and only now in the book
    assert figure(school, "brought_by_others") == (2, 4)


def test_colleagues_are_involved_who_wrote_down_a_contact_of_the_year(school, firm):
    anna, ben, before = UserFactory(), UserFactory(), UserFactory()
    employer = firm()
    did(employer, by=anna)
    did(firm(), by=anna)
    did(employer, by=ben, days=364)
    did(employer, by=before, days=365)
    assert figure(school, "colleagues_involved") == (2, 3)


def test_a_relation_cools_when_its_level_fell_or_will_soon(school, firm):
    fell, will_fall, steady, back, gone, forgotten = firm(), firm(), firm(), firm(), firm(), firm()
    did(fell, "workplace_tour", 800)  # 2 x 4 = 8 points: level 2, until it faded 435 days ago …
    did(fell, "career_day", 400)
    did(fell, "internship", 740)  # … and 6 of 12 points until 10 days ago: level 2 no longer
    did(will_fall, "workplace_tour", 300)  # fades in 65 days
    did(steady, "workplace_tour", 200)
    did(back, "workplace_tour", 500)  # fell 135 days ago
    did(back, "workplace_tour", 20)  # and came back
    did(gone, days=1100)  # nothing left since 5 days
    did(forgotten, days=1500)
    assert figure(school, "cooling") == (3, 5)


@pytest.mark.parametrize(("days", "cools"), [(275, 1), (274, 0)])
def test_soon_is_within_90_days(school, firm, days, cools):
    did(firm(), "workplace_tour", days)
    assert figure(school, "cooling") == (cools, 1)


def test_abroad_is_with_an_employer_elsewhere_or_about_mobility(school, firm):
    here, there, over_there = firm(), firm("FR"), firm("PL")
    did(there, "workplace_tour", 1)
    did(there, "", 2)  # a call is no activity
    for employer in (here, there, over_there):
        did(employer, "mobility", 30)  # one stay
    did(here, "virtual_exchange", 40)
    did(here, "partner_search", 50)
    did(there, "partner_search", 60)  # with a partner, then
    did(here, "internship", 70)
    did(there, "mobility", 365)
    assert figure(school, "abroad") == (4, 3)


def test_kinds_of_the_schools_own_count_for_their_area(school, firm):
    own = OwnActivity.objects.create(
        school=school, name="Week in Metz", area="2.3", rung=2, school_hours=1, employer_hours=1, added_at=noon(900)
    )
    did(firm(), own.key, 3)
    assert figure(school, "abroad") == (1, 1)
    did(firm(), "own-999999", 3)  # of which nothing is known any more
    assert figure(school, "abroad") == (1, 1)


# Whose book, until when, where.


def test_other_schools_books_never_count(school, firm):
    did(firm(), "internship", 10)
    before = measure(school, MEASURES, on=TODAY)
    elsewhere = EmployerFactory(added_at=noon(50))
    for kind in KINDS:
        did(elsewhere, kind, 20)
    wrote(elsewhere, 9, is_from_us=True)
    wrote(elsewhere, 8, is_from_us=False)
    promised(elsewhere, 5)
    assert measure(school, MEASURES, on=TODAY) == before


def test_what_is_dated_after_the_day_does_not_count(school, firm):
    employer = firm()
    did(employer, "internship", 100)
    wrote(employer, 90, is_from_us=True)
    promised(employer, 50)
    before = measure(school, MEASURES, on=TODAY)
    for kind in KINDS:
        did(employer, kind, -1)
    wrote(employer, -1, is_from_us=False)
    promised(employer, -1, closed=-1)
    did(firm("FR", days=-1), "network", -1)
    assert measure(school, MEASURES, on=TODAY) == before


@pytest.mark.parametrize(("zone", "counts"), [("Europe/Berlin", 0), ("Europe/Lisbon", 1)])
def test_a_day_ends_at_midnight_where_the_school_is(zone, counts):
    school = OrganisationFactory(country="DE", time_zone=zone)
    # 00:30 on the 1st of July in Berlin, and 23:30 on the 30th of June in Lisbon.
    did(EmployerFactory(school=school, added_at=noon(9)), "internship", at=datetime(2026, 6, 30, 22, 30, tzinfo=UTC))
    assert figure(school, "learners_met")[0] == counts
    assert figure(school, "in_touch")[0] == counts
    assert figure(school, "colleagues_involved")[0] == counts
    assert figure(school, "learners_met", TODAY + timedelta(1))[0] == 1


@pytest.mark.parametrize(("zone", "kept"), [("Europe/Berlin", "0.0"), ("Europe/Lisbon", "100.0")])
def test_a_promise_is_kept_until_midnight_where_the_school_is(zone, kept):
    employer = EmployerFactory(school=OrganisationFactory(time_zone=zone))
    promised(employer, 10, closed=10)
    NextStep.objects.update(closed_at=datetime(2026, 6, 20, 22, 30, tzinfo=UTC))
    assert figure(employer.school, "promises_kept") == (Decimal(kept), 1)


def test_the_year_has_365_days_also_where_the_clocks_are_changed(school):
    year = Year(date(2026, 3, 29), school.zone)  # at two o'clock that night
    assert year.first == date(2025, 3, 30)
    assert (year.begins.astimezone(UTC).hour, year.ends.astimezone(UTC).hour) == (23, 22)


def test_employers_that_became_one_count_as_one(school, firm):
    boss = staff_of(school)
    first, second = firm(), firm()
    did(first, "needs_interview", 10)
    did(second, "needs_interview", 20)
    wrote(first, 40, is_from_us=True)
    wrote(second, 35, is_from_us=False)
    assert figure(school, "needs_asked") == (2, 2)
    assert figure(school, "answered_in") == (None, 0)
    pair = AlikeEmployers.objects.create(school=school, first=first, second=second, score=90, found_at=now())
    actions.merge_employers(pair, facts={}, note="", owner=None, by=boss, at=now())
    assert figure(school, "needs_asked") == (1, 1)
    assert figure(school, "answered_in") == (5, 1)


# For any book.

#: What was done with up to three employers, and how many days before today; some of it long past, some of it to come.
deeds = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["", *KINDS]), st.integers(-400, 1900)), max_size=14)
tried = trying(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def filled(done):
    """A new book in which this was done."""
    school = OrganisationFactory(country="DE", time_zone="Europe/Berlin")
    employers = [
        EmployerFactory(school=school, added_at=noon(days), organisation=KeptOrganisationFactory(kept_by=school, country=country))
        for days, country in [(2000, "DE"), (300, "DE"), (30, "FR")]
    ]
    by = UserFactory()
    Contact.objects.bulk_create(
        Contact(employer=employers[at], activity=kind, held_at=noon(days), recorded_at=noon(days), by=by, kind=Contact.Kind.VISIT)
        for at, kind, days in done
    )
    return school, employers


#: Over employers in touch: one more of them may lower these.
AVERAGED = ["areas_lively", "working_relations", "constant_partners"]
#: What only grows; ``cooling`` may go either way, as a level that was just reached may be lost again soon.
COUNTS = [key for key in MEASURES if key not in {*AVERAGED, "cooling", "promises_kept", "answered_in"}]


@given(deeds, st.sampled_from(list(KINDS)))
@tried
def test_a_new_activity_lowers_nothing_that_is_counted(done, kind):
    school, employers = filled(done)
    before = measure(school, MEASURES, on=TODAY)
    did(employers[0], kind)
    after = measure(school, MEASURES, on=TODAY)
    for key in COUNTS:
        assert after[key].value >= before[key].value, key
    if before["in_touch"] == after["in_touch"]:
        for key in AVERAGED:
            assert before[key].value is None or after[key].value >= before[key].value, key


@given(deeds, st.lists(st.integers(0, 900), min_size=1, max_size=3))
@tried
def test_it_is_the_same_again_alone_or_with_other_days_and_whatever_comes_later(done, days_ago):
    school, employers = filled(done)
    days = [TODAY - timedelta(days) for days in days_ago]
    together = measure_on_days(school, MEASURES, days)
    assert together == {day: measure(school, MEASURES, on=day) for day in days}
    did(employers[1], "internship", days=-5)
    assert measure_on_days(school, MEASURES, days) == together


@given(deeds)
@tried
def test_levels_are_those_of_all_contacts_though_not_all_are_read(done):
    school, employers = filled(done)
    levels, lively, cooling = [], 0, 0
    for employer in employers:
        contacts = Contact.objects.filter(employer=employer).values_list("held_at", "activity")
        history = [activity(at.date(), kind, KINDS) for at, kind in contacts if at.date() <= TODAY]
        level = level_of(history, TODAY)
        fell = fallen(history, TODAY, since=TODAY - timedelta(YEAR))
        cooling += fell is not None or level_of(history, TODAY + COOLING) < level
        if any((TODAY - each.day).days < YEAR for each in history):
            levels.append(level)
            lively += sum(pane.state == LIT for pane in standing(history, TODAY).panes.values())
    found = measure(school, MEASURES, on=TODAY)
    assert found["cooling"].value == cooling
    assert found["working_relations"] == indicators._share(sum(level >= 3 for level in levels), len(levels))
    assert found["constant_partners"] == indicators._share(sum(level == 5 for level in levels), len(levels))
    assert found["areas_lively"].value == (round(Decimal(lively) / len(levels), 2) if levels else None)


@given(
    st.lists(st.builds(Activity, st.dates(date(2022, 1, 1), TODAY), area=st.sampled_from(["", *AREAS]), rung=st.integers(1, 5)))
)
@trying(deadline=None)
def test_lively_areas_are_those_of_the_standing(history):
    panes = standing(history, TODAY).panes
    assert lively_areas(history, TODAY) == [area for area in AREAS if panes[area].state == LIT]


def test_nothing_is_written(school, firm):
    did(firm(), "internship")
    before = list(Employer.objects.values())
    measure(school, MEASURES, on=TODAY)
    assert list(Employer.objects.values()) == before
