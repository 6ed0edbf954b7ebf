"""One's next steps in the calendar one uses elsewhere: what stands in it, and who can fetch it."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localdate, now
from icalendar import Calendar as ICalendar

from guildhall.core.errors import NotAllowed
from guildhall.engagement import actions
from guildhall.engagement.models import Calendar
from guildhall.engagement.tests.factories import (
    ContactFactory,
    EmployerFactory,
    NextStepFactory,
    PersonFactory,
    PositionFactory,
    staff_of,
)
from guildhall.people.erasure import plan_erasure
from guildhall.people.models import Membership, Pass, Role
from guildhall.people.passes import issue_pass
from guildhall.people.personal_data import as_json
from guildhall.people.tests.factories import MembershipFactory, OrganisationFactory, SiteFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return OrganisationFactory(country="DE", name="Nordschule")


@pytest.fixture
def teacher(school):
    return staff_of(school, Role.TEACHER, language="de", time_zone="Europe/Athens")


@pytest.fixture
def employer(school):
    employer = EmployerFactory(school=school, organisation__name="Kurz, Lang")
    SiteFactory(organisation=employer.organisation, name="", street="Am Markt 3", town="Kiel")
    return employer


@pytest.fixture
def address(school, teacher):
    return made(school, teacher)


def made(school, user, has_telephones=False):
    _calendar, token = actions.make_calendar(school, has_telephones=has_telephones, by=user, at=now())
    return reverse("engagement:calendar_feed", args=[token])


def fetched(address, **headers):
    """What a calendar program gets, which is nobody."""
    return Client().get(address, headers=headers)


def events(address):
    drawn = ICalendar.from_ical(fetched(address).content)
    return {str(event["uid"]).partition("@")[0]: event for event in drawn.walk("VEVENT")}


# --- What stands in it ---------------------------------------------------------------------------------------------


def test_a_next_step_stands_on_its_day_and_leaves_it_free(employer, teacher, address):
    step = NextStepFactory(employer=employer, owner=teacher, what="Ask for two places; then call", due_on=date(2026, 12, 1))
    event = events(address)[f"step-{step.pk}"]
    assert event["summary"] == "Ask for two places; then call · Kurz, Lang"
    assert (event["dtstart"].dt, event["dtend"].dt) == (date(2026, 12, 1), date(2026, 12, 2))
    assert event["dtstart"].params["VALUE"] == "DATE"
    assert (event["transp"], event["class"]) == ("TRANSPARENT", "PRIVATE")
    assert event["url"].endswith(employer.get_absolute_url())
    assert event["location"] == "Am Markt 3, Kiel"


def test_a_visit_stands_where_it_was(employer, teacher, address):
    at = datetime(2026, 11, 3, 9, tzinfo=ZoneInfo("Europe/Athens"))
    at = at if at <= now() else now() - timedelta(days=3)
    visit = ContactFactory(employer=employer, by=teacher, kind="visit", held_at=at, said="The boss is ill: tell nobody.")
    event = events(address)[f"contact-{visit.pk}"]
    assert event["dtstart"].dt == at.replace(microsecond=0)
    assert event["dtend"].dt - event["dtstart"].dt == timedelta(hours=1)
    assert b"tell nobody" not in fetched(address).content


def test_only_what_is_mine_open_and_at_this_school_is_in_it(school, employer, teacher, address):
    NextStepFactory(employer=employer)
    NextStepFactory(employer=employer, owner=teacher, state="done", closed_at=now(), closed_by=teacher)
    NextStepFactory(employer=EmployerFactory(), owner=teacher)
    ContactFactory(employer=employer, kind="visit")
    ContactFactory(employer=employer, by=teacher, kind="call")
    ContactFactory(employer=employer, by=teacher, kind="visit", held_at=now() - timedelta(days=400))
    assert events(address) == {}


def test_telephones_stand_in_it_only_for_who_chose_so(school, employer, teacher):
    NextStepFactory(employer=employer, owner=teacher)
    PositionFactory(employer=employer, person=PersonFactory(school=school, name="Ada Lamb", phone="0431 1"), decides=True)
    assert b"0431 1" not in fetched(made(school, teacher)).content
    told = fetched(made(school, teacher, has_telephones=True)).content
    assert b"Ada Lamb" in told
    assert b"0431 1" in told


def test_it_is_in_the_persons_language(employer, teacher, address):
    ContactFactory(employer=employer, by=teacher, kind="visit")
    assert fetched(address)["Content-Language"] != ""
    (event,) = events(address).values()
    assert event["summary"].startswith("Besuch")


def test_a_step_that_was_moved_is_newer_than_before(employer, teacher, address):
    step = NextStepFactory(employer=employer, owner=teacher)
    before = events(address)[f"step-{step.pk}"]
    moment = now() + timedelta(hours=1)
    actions.move_step(step, due_on=localdate() + timedelta(days=3), by=teacher, at=moment)
    after = events(address)[f"step-{step.pk}"]
    assert after["uid"] == before["uid"]
    assert after["sequence"] == before["sequence"] + 1
    assert after["last-modified"].dt == moment.replace(microsecond=0)
    assert after["dtstart"].dt == localdate() + timedelta(days=3)


def test_what_people_wrote_becomes_no_line_of_its_own(employer, teacher, address):
    NextStepFactory(employer=employer, owner=teacher, what="Call\r\nEND:VEVENT\nBEGIN:VALARM")
    drawn = ICalendar.from_ical(fetched(address).content)
    assert len(drawn.walk("VEVENT")) == 1
    assert drawn.walk("VALARM") == []


@pytest.mark.parametrize("count", [1, 3])
def test_a_feed_costs_the_same_for_one_and_for_three(school, employer, teacher, count, django_assert_num_queries):
    address = made(school, teacher, has_telephones=True)
    for _ in range(count):
        NextStepFactory(employer=EmployerFactory(school=school), owner=teacher)
        ContactFactory(employer=EmployerFactory(school=school), by=teacher, kind="visit")
    with django_assert_num_queries(8):
        assert len(events(address)) == 2 * count


# --- How it is fetched ---------------------------------------------------------------------------------------------


def test_what_has_not_changed_is_not_sent_again(employer, teacher, address):
    step = NextStepFactory(employer=employer, owner=teacher)
    first = fetched(address)
    assert first["Content-Type"] == "text/calendar; charset=utf-8"
    again = fetched(address, if_none_match=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    actions.finish_step(step, by=teacher, at=now())
    assert fetched(address, if_none_match=first["ETag"]).status_code == 200


def test_programs_are_asked_to_look_once_an_hour(address):
    lines = fetched(address).content.decode().split("\r\n")
    assert {"REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H"} <= set(lines)


def test_the_feed_is_for_no_search_engine_and_starts_no_session(address):
    response = fetched(address)
    assert "noindex" in response["X-Robots-Tag"]
    assert response["Cache-Control"] == "private, no-cache"
    assert not response.cookies


def test_the_link_of_the_pass_leads_there_too(address):
    token = address.split("/")[-2]
    assert fetched(reverse("pass", args=[token])).url == address


# --- Who can fetch it ----------------------------------------------------------------------------------------------


def test_the_secret_is_not_kept(address):
    token = address.split("/")[-2]
    assert token not in [str(value) for value in Pass.objects.values_list().get()]


def test_a_new_address_ends_the_old_one(school, teacher, address):
    new = made(school, teacher)
    assert fetched(address).status_code == 404
    assert fetched(new).status_code == 200
    assert Calendar.objects.count() == 1


def test_what_is_taken_back_works_no_longer(teacher, address):
    actions.remove_calendar(Calendar.objects.get(), by=teacher, at=now())
    assert fetched(address).status_code == 404


def test_it_ends_with_the_membership(school, teacher, address):
    Membership.objects.filter(user=teacher).update(until=localdate() - timedelta(days=1))
    assert fetched(address).status_code == 404
    MembershipFactory(user=teacher, organisation=school, role=Role.LEARNER)
    assert fetched(address).status_code == 404
    MembershipFactory(user=teacher, organisation=school, role=Role.COORDINATOR)
    assert fetched(address).status_code == 200


def test_it_ends_when_somebody_may_not_sign_in_any_more(teacher, address):
    teacher.is_active = False
    teacher.save()
    assert fetched(address).status_code == 404


def test_a_pass_for_something_else_opens_no_calendar(teacher, address):
    _held, token = issue_pass(Calendar.objects.get(), purpose="people.invitation", valid_for=timedelta(1), by=None, at=now())
    assert fetched(reverse("engagement:calendar_feed", args=[token])).status_code == 404
    assert fetched(reverse("engagement:calendar_feed", args=["x" * 43])).status_code == 404


def test_nobody_takes_back_the_calendar_of_somebody_else(school, address):
    with pytest.raises(NotAllowed):
        actions.remove_calendar(Calendar.objects.get(), by=staff_of(school, Role.MANAGER), at=now())


def test_who_does_not_work_for_the_school_gets_no_calendar(school):
    with pytest.raises(NotAllowed):
        actions.make_calendar(school, has_telephones=False, by=staff_of(school, Role.LEARNER), at=now())


# --- The page ------------------------------------------------------------------------------------------------------


def test_the_address_is_shown_once_and_works(client, teacher):
    client.force_login(teacher)
    page = reverse("engagement:calendar")
    assert "by-link" not in client.get(page).content.decode()
    answer = client.post(page, {"has_telephones": "on"})
    address = str(answer.context["address"].initial["address"])
    assert address in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert fetched(address).status_code == 200
    assert "by-link" not in client.get(page).content.decode()
    assert Calendar.objects.get().has_telephones


def test_the_page_takes_the_address_back(client, teacher, address):
    client.force_login(teacher)
    response = client.post(reverse("engagement:calendar_remove"))
    assert response.url == reverse("engagement:calendar")
    assert fetched(address).status_code == 404
    assert client.post(reverse("engagement:calendar_remove")).status_code == 302  # pressed twice


def test_a_learner_has_no_such_page(client, school):
    client.force_login(staff_of(school, Role.LEARNER))
    assert client.get(reverse("engagement:calendar")).status_code == 404


# --- One's own data ------------------------------------------------------------------------------------------------


def test_it_is_among_what_is_held_about_somebody(teacher, address):
    held = as_json(teacher)["engagement.calendars"]
    assert "Nordschule" in str(held)


def test_it_ends_when_somebody_is_erased(teacher, address):
    MembershipFactory(user=staff_of(OrganisationFactory()), organisation=Calendar.objects.get().school, role=Role.MANAGER)
    plan = plan_erasure(teacher, at=now())
    for step in plan.steps:
        step.carry_out(now())
    assert not Calendar.objects.exists()
    assert fetched(address).status_code == 404
