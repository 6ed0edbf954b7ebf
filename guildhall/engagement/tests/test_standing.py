"""Where employers stand is kept beside them, never stale after an action, and said in words."""

from __future__ import annotations

import re
from datetime import timedelta
from random import Random

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils.timezone import localdate, localtime, now

from guildhall.core.errors import NotAllowed, Refused
from guildhall.engagement import actions
from guildhall.engagement.catalogue import catalogue_of, kinds_of
from guildhall.engagement.methodology.content import read
from guildhall.engagement.models import AlikeEmployers, Contact, Employer, OwnActivity
from guildhall.engagement.standing import FIELDS, activities_of, kept_of, states_of
from guildhall.engagement.tasks import refresh_standings
from guildhall.engagement.tests.factories import ContactFactory, EmployerFactory, staff_of
from guildhall.people.models import Role
from guildhall.people.tests.factories import MembershipFactory, OrganisationFactory, UserFactory
from guildhall.people.tests.visits import begin_visit

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
OWN = {"name": "Night of the workshops", "area": "1.3", "rung": 3, "school_hours": 8, "employer_hours": 4}


@pytest.fixture(scope="module")
def shipped():
    return read(settings.PROJECT / "content" / "methodology", list(settings.ALL_LANGUAGES))


@pytest.fixture
def methodology(shipped):
    return actions.load_methodology(content=shipped, by=None, at=now())


@pytest.fixture
def school():
    return OrganisationFactory(country="IE", languages=["en"])


@pytest.fixture
def coordinator(school):
    return staff_of(school)


@pytest.fixture
def colleague(client, coordinator):
    begin_visit(client, coordinator)
    return client


@pytest.fixture
def employer(school):
    return EmployerFactory(school=school)


def record(employer, by, activity="", days_ago=0, **given):
    told = {"kind": "visit", "held_at": now() - timedelta(days=days_ago), "activity": activity, **given}
    return actions.record_contact(employer, **told, by=by, at=now())


def is_true_of(employer):
    """Whether what is kept beside an employer is what one finds by reading all its contacts."""
    kept = Employer.objects.select_related("school").get(pk=employer.pk)
    _standing, found = kept_of(activities_of(kept), localdate())
    return {name: getattr(kept, name) for name in FIELDS} == found


def test_an_activity_lights_its_pane_and_counts_for_the_level(employer, coordinator, methodology):
    record(employer, coordinator)
    employer.refresh_from_db()
    assert (employer.level, employer.panes) == (1, "000000")
    for _again in range(4):
        record(employer, coordinator, "internship")  # rung 3, area 1.3
    employer.refresh_from_db()
    assert (employer.level, states_of(employer.panes)["1.3"]) == (3, "lively")
    assert employer.falls_on == localdate() + timedelta(365)


def test_without_a_methodology_all_is_plain_contact(employer, coordinator):
    with pytest.raises(Refused, match="no such kind"):
        record(employer, coordinator, "internship")
    record(employer, coordinator)
    employer.refresh_from_db()
    assert (employer.level, employer.panes) == (1, "000000")


def test_another_schools_kind_cannot_be_chosen(employer, coordinator, methodology):
    elsewhere = OrganisationFactory()
    theirs = actions.add_own_activity(elsewhere, facts=OWN, by=staff_of(elsewhere), at=now())
    with pytest.raises(Refused, match="no such kind"):
        record(employer, coordinator, theirs.key)
    with pytest.raises(Refused, match="no such kind"):
        record(employer, coordinator, "own-x")


@pytest.mark.parametrize("seed", range(4))
def test_what_is_kept_is_never_stale_after_an_action(school, coordinator, methodology, seed):
    chance = Random(seed)  # noqa: S311
    kinds = ["", "", *sorted(kinds_of(school))]
    two = [EmployerFactory(school=school, sort_key="kurz") for _each in range(2)]

    def somewhere():
        return Contact.objects.filter(employer__in=two).order_by("?").first()

    for _turn in range(25):
        match chance.choice(["record", "record", "record", "change", "remove"]):
            case "record":
                record(chance.choice(two), coordinator, chance.choice(kinds), chance.randrange(1500))
            case "change" if contact := somewhere():
                at = contact.held_at - timedelta(days=chance.randrange(400))
                told = {"kind": "call", "held_at": at, "activity": chance.choice(kinds), "said": "", "people": []}
                actions.change_contact(contact, **told, by=coordinator, at=now())
            case "remove" if contact := somewhere():
                actions.remove_contact(contact, by=coordinator, at=now())
        assert all(is_true_of(each) for each in two)
    everything = sorted((done.day, done.kind) for each in two for done in activities_of(each))
    pair = AlikeEmployers.objects.create(school=school, first=two[0], second=two[1], score=90, reasons=[], found_at=now())
    merge = actions.merge_employers(pair, facts={}, note="", owner=None, by=coordinator, at=now())
    kept = Employer.objects.select_related("school").get(pk=two[0].pk)
    assert sorted((done.day, done.kind) for done in activities_of(kept)) == everything
    assert is_true_of(two[0])
    actions.undo_merge(merge, by=coordinator, at=now())
    assert is_true_of(two[0])
    assert is_true_of(two[1])


def test_changing_a_contact_without_a_word_of_what_was_done_leaves_it(employer, coordinator, methodology):
    contact = record(employer, coordinator, "internship")
    told = {"kind": "call", "held_at": contact.held_at, "said": "So it was.", "people": []}
    actions.change_contact(contact, **told, by=coordinator, at=now())
    contact.refresh_from_db()
    assert contact.activity == "internship"


# Time passes.


def test_what_time_alone_changes_is_found_by_the_task(employer, coordinator, methodology):
    record(employer, coordinator, "internship", days_ago=364)
    employer.refresh_from_db()
    assert employer.standing_changes_on == localdate() + timedelta(1)
    Contact.objects.update(held_at=now() - timedelta(days=366))
    Employer.objects.update(standing_changes_on=localdate())
    refresh_standings.call()
    assert is_true_of(employer)
    employer.refresh_from_db()
    assert (employer.level, employer.fell_from, employer.fell_on) == (1, 2, localdate() - timedelta(1))


def test_a_day_that_has_not_come_leaves_it(employer, coordinator, methodology):
    record(employer, coordinator)
    Employer.objects.update(level=4)
    refresh_standings.call()
    employer.refresh_from_db()
    assert employer.level == 4


def test_a_new_methodology_has_all_found_anew(employer, coordinator, shipped):
    ContactFactory(employer=employer, activity="internship")
    Employer.objects.update(last_contact_at=now())
    actions.load_methodology(content=shipped, by=None, at=now())
    refresh_standings.call()
    assert is_true_of(employer)
    employer.refresh_from_db()
    assert employer.level == 2


def test_at_midnight_the_day_is_the_schools(coordinator, employer, school, methodology):
    school.time_zone = "Pacific/Auckland"
    school.save()
    contact = record(employer, coordinator, "internship")
    fresh = Employer.objects.select_related("school").get(pk=employer.pk)
    assert [done.day for done in activities_of(fresh)] == [contact.held_at.astimezone(school.zone).date()]


# It is said in words.


def test_the_page_says_why_and_what_would_move_it(colleague, employer, coordinator, methodology):
    page = colleague.get(employer.get_absolute_url()).content.decode()
    assert "No level yet: nothing was done together in the last three years." in page
    assert "One contact makes it level 1." in page
    for _again in range(2):
        record(employer, coordinator, "guest_speaker")
    page = colleague.get(employer.get_absolute_url()).content.decode()
    assert "Level 2 of 5: what you did together on rung 2 or higher comes to 16 points, where 8 are needed." in page
    assert "Guest speaker on" in page
    assert "24 points more on rung 2 or higher make it level 3" in page
    assert 'class="pane-of lively"' in page


def test_the_highest_level_has_no_way_up(colleague, employer, coordinator, methodology):
    for _again in range(6):
        record(employer, coordinator, "network")
    page = colleague.get(reverse("engagement:level", args=[employer.pk])).content.decode()
    assert "Level 5 of 5" in page
    assert 'id="ways"' not in page


def test_every_activity_that_counts_stands_with_its_points(colleague, employer, coordinator, methodology, school):
    own = actions.add_own_activity(school, facts=OWN, by=coordinator, at=now())
    record(employer, coordinator, own.key)
    record(employer, coordinator, days_ago=400)
    page = colleague.get(reverse("engagement:level", args=[employer.pk])).content.decode()
    cells = [
        " ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in re.findall(r"<tr>\s*<th scope=.row.>.*?</tr>", page, re.DOTALL)
    ]
    assert len(cells) == 1
    assert "Night of the workshops" in cells[0]
    assert " 12 " in cells[0]
    assert "1 more stands on a lower rung and does not count for this level." in page


def test_a_new_contact_lights_the_window_without_reloading(colleague, employer, methodology):
    sent = {"kind": "visit", "activity": "internship", "held_at": localtime().strftime("%Y-%m-%dT%H:%M"), "next_what": ""}
    answer = colleague.post(reverse("engagement:contact_record", args=[employer.pk]), sent, headers=HTMX).content.decode()
    swapped = re.search(r'<div hx-swap-oob="innerHTML:#standing">(.*?)</div>\s*<div hx-swap', answer, re.DOTALL)[1]
    page = colleague.get(employer.get_absolute_url()).content.decode()
    assert swapped.strip() in page
    assert "Level 2 of 5" in swapped
    assert "Internship" in page


def test_a_kind_that_is_being_chosen_brings_its_papers(colleague, employer, methodology):
    address = reverse("engagement:papers", args=[employer.pk])
    papers = colleague.get(address, {"activity": "workplace_check"}, headers=HTMX).content.decode()
    assert f'/engagement/tools/workplace-check/?employer={employer.pk}"' in papers
    assert colleague.get(address, {"activity": "no such"}).content.strip() == b""


@pytest.mark.parametrize("name", ["engagement:level", "engagement:papers"])
def test_another_school_sees_nothing_of_it(client, employer, methodology, name):
    client.force_login(staff_of(OrganisationFactory()))
    assert client.get(reverse(name, args=[employer.pk])).status_code == 404


# Kinds of a school's own.


def test_a_coordinator_adds_a_kind_that_can_then_be_chosen(colleague, employer, school, methodology):
    sent = {**OWN, "name": "  Night   of the workshops "}
    answer = colleague.post(reverse("engagement:own_activity_add"), sent, follow=True)
    added = OwnActivity.objects.get(name="Night of the workshops")
    assert "can be chosen from now on" in answer.content.decode()
    assert f'value="{added.key}"' in colleague.get(employer.get_absolute_url()).content.decode()
    twice = colleague.post(reverse("engagement:own_activity_add"), sent)
    assert twice.status_code == 422
    assert "There is a kind of this name already." in twice.content.decode()


def test_employers_follow_a_kind_that_is_changed(colleague, employer, school, coordinator, methodology):
    own = actions.add_own_activity(school, facts=OWN, by=coordinator, at=now())
    record(employer, coordinator, own.key)
    colleague.post(reverse("engagement:own_activity_change", args=[own.pk]), {**OWN, "area": "2.2", "rung": 4})
    employer.refresh_from_db()
    assert is_true_of(employer)
    assert states_of(employer.panes)["2.2"] == "lively"


def test_a_retired_kind_counts_and_is_not_offered_until_it_is_again(colleague, employer, school, coordinator, methodology):
    own = actions.add_own_activity(school, facts=OWN, by=coordinator, at=now())
    record(employer, coordinator, own.key)
    colleague.post(reverse("engagement:own_activity_retire", args=[own.pk]))
    assert is_true_of(employer)
    assert own.key not in {kind.key for _area, kinds in catalogue_of(school, ["en"]).offered() for kind in kinds}
    colleague.post(reverse("engagement:own_activity_offer", args=[own.pk]))
    assert own.key in {kind.key for _area, kinds in catalogue_of(school, ["en"]).offered() for kind in kinds}


def test_there_are_not_more_kinds_than_a_list_can_hold(school, coordinator, monkeypatch):
    monkeypatch.setattr("guildhall.engagement.actions.activities.MOST_KINDS", 1)
    actions.add_own_activity(school, facts=OWN, by=coordinator, at=now())
    with pytest.raises(Refused, match="as many kinds as a list can hold"):
        actions.add_own_activity(school, facts={**OWN, "name": "Another"}, by=coordinator, at=now())


def test_a_teacher_may_not_add_kinds(client, school, methodology):
    teacher = UserFactory()
    MembershipFactory(user=teacher, organisation=school, role=Role.TEACHER)
    with pytest.raises(NotAllowed, match="Only managers and placement coordinators"):
        actions.add_own_activity(school, facts=OWN, by=teacher, at=now())
    client.force_login(teacher)
    assert client.get(reverse("engagement:own_activity_add")).status_code == 403


@pytest.mark.parametrize("deed", ["change", "retire", "offer"])
def test_another_schools_kinds_are_not_there(colleague, methodology, deed):
    elsewhere = OrganisationFactory()
    theirs = actions.add_own_activity(elsewhere, facts=OWN, by=staff_of(elsewhere), at=now())
    address = reverse(f"engagement:own_activity_{deed}", args=[theirs.pk])
    assert colleague.post(address, OWN).status_code == 404
