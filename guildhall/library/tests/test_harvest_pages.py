"""The pages on which somebody says what is harvested, and sees what came of it."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse
from django.utils.timezone import now

from guildhall.core.tasks import run_waiting
from guildhall.library import actions
from guildhall.library.actions import harvests
from guildhall.library.harvesting import fetching
from guildhall.library.harvesting.finds import NoLook
from guildhall.library.models import Harvest
from guildhall.library.tests.factories import member_of
from guildhall.library.tests.places import added, look, record, serving, taken
from guildhall.people.models import Role
from guildhall.people.tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db

LIST, ADD = "/library/harvests/", "/library/harvests/add/"
HTMX = {"HX-Request": "true"}
SAID = {"name": "Theirs", "address": "https://theirs.example/amb.json", "form": "amb", "licences": ["by", "cc0"]}


@pytest.fixture(autouse=True)
def _our_own_network(settings, monkeypatch):
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    monkeypatch.setattr(fetching, "WAITS", [0, 0])


@pytest.fixture
def school():
    return OrganisationFactory()


@pytest.fixture
def manager(school, client):
    manager = member_of(school)
    client.force_login(manager)
    return manager


def page_of(name, harvest):
    return reverse(f"library:{name}", args=[harvest.pk])


def test_who_has_added_none_is_told_what_it_is_good_for(client, manager):
    shown = client.get(LIST).content.decode()
    assert "No places yet" in shown
    assert ADD in shown


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_and_for_three(client, school, manager, count, django_assert_num_queries):
    for number in range(count):
        added(f"https://theirs.example/{number}", school=school, name=f"Place {number}")
    added("https://others.example/", name="Somebody else’s")
    with django_assert_num_queries(8):
        shown = client.get(LIST).content.decode()
    assert [f"Place {number}" in shown for number in range(count)] == [True] * count
    assert "Somebody else’s" not in shown


def test_a_place_is_added_and_looked_at_at_once(client, manager):
    with serving({"/amb.json": json.dumps([record(1), {"id": "x"}])}) as place:
        said = {**SAID, "address": f"{place.url}/amb.json"}
        answer = client.post(ADD, said, follow=True)
        harvest = Harvest.objects.get()
        assert answer.redirect_chain == [(harvest.get_absolute_url(), 302)]
        waiting = answer.content.decode()
        assert "being looked at" in waiting
        assert 'hx-get="' in waiting
        run_waiting()
    assert harvest.licences == ["by", "cc0"]
    shown = client.get(harvest.get_absolute_url()).content.decode()
    assert "@context is missing." in shown
    assert "up to date" in shown
    assert len(taken()) == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"address": "theirs.example"}, "This is not a whole web address"),
        ({"address": "ftp://theirs.example/"}, "must begin with https:// or http://"),
        ({"name": ""}, "Please fill this in."),
        ({"form": "rss"}, "Select a valid choice"),
        ({"licences": []}, "Please choose at least one."),
        ({"licences": ["gpl"]}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(client, manager, wrong, sentence):
    answer = client.post(ADD, {**SAID, **wrong})
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert sentence in shown
    assert "wrong" in shown
    assert not Harvest.objects.exists()


def test_an_empty_form_is_one_with_errors(client, manager):
    assert client.post(ADD, {}).status_code == 422


def test_a_place_that_is_there_already_is_said_to_be_and_what_was_typed_stays(client, school, manager):
    added(SAID["address"], school=school)
    answer = client.post(ADD, {**SAID, "name": "Again"})
    assert answer.status_code == 422
    assert "This place is harvested already." in answer.content.decode()
    assert "Again" in answer.content.decode()


def test_the_swapped_progress_is_the_one_of_the_page(client, school, manager):
    harvest = actions.begin_harvest(added("https://theirs.example/", school=school), by=manager, at=now())
    whole = client.get(harvest.get_absolute_url()).content.decode()
    fragment = client.get(harvest.get_absolute_url(), headers=HTMX).content.decode()
    assert fragment.strip()
    assert fragment.strip() in whole


def test_when_the_look_is_over_the_page_is_loaded_anew(client, school, manager):
    harvest = added("https://theirs.example/", school=school)
    assert client.get(harvest.get_absolute_url(), headers=HTMX)["HX-Refresh"] == "true"


def test_what_went_wrong_is_said_in_words(client, school, manager):
    harvest = actions.begin_harvest(added("https://theirs.example/", school=school), by=manager, at=now())
    harvests.end_harvest(harvest, stopped_by=NoLook(Harvest.Trouble.STATUS, status="500"), by=None, at=now())
    harvest.progress.state, harvest.progress.finished_at = "failed", now()
    harvest.progress.save()
    shown = client.get(harvest.get_absolute_url()).content.decode()
    assert "It answers with the status 500." in shown
    assert "needs a look" in client.get(LIST).content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_a_place_costs_the_same_with_one_and_with_three_refused(client, school, manager, count, django_assert_num_queries):
    with serving({"/amb.json": json.dumps([{"id": f"<b>{number}</b>"} for number in range(count)])}) as place:
        harvest = look(added(f"{place.url}/amb.json", school=school))
    with django_assert_num_queries(10):
        shown = client.get(harvest.get_absolute_url()).content.decode()
    assert shown.count("@context is missing.") == count
    assert "&lt;b&gt;0&lt;/b&gt;" in shown.replace("<wbr>", "")


def test_it_is_changed_paused_resumed_looked_at_and_removed(client, school, manager):
    with serving({"/amb.json": json.dumps([record(1)])}) as place:
        harvest = look(added(f"{place.url}/amb.json", school=school))
        change = page_of("harvest_change", harvest)
        assert 'value="Theirs"' in client.get(change).content.decode()
        said = {**SAID, "address": harvest.address, "name": "Renamed"}
        assert client.post(change, said, follow=True).redirect_chain[-1][0] == harvest.get_absolute_url()
        assert Harvest.objects.get().name == "Renamed"
        paused = client.post(page_of("harvest_pause", harvest), follow=True).content.decode()
        assert page_of("harvest_resume", harvest) in paused
        assert not Harvest.objects.get().is_active
        client.post(page_of("harvest_resume", harvest))
        assert Harvest.objects.get().is_active
        client.post(page_of("harvest_begin", harvest))
        run_waiting()
        assert Harvest.objects.get().counts == {"seen": 1, "unchanged": 1}
    remove = page_of("harvest_remove", harvest)
    assert "1 resource that is listed from there is withdrawn" in client.get(remove).content.decode()
    gone = client.post(remove, follow=True).content.decode()
    assert "No places yet" in gone
    run_waiting()
    assert not taken()[0].is_public
    assert client.get(harvest.get_absolute_url()).status_code == 404


def test_changed_badly_it_stays_as_it_was(client, school, manager):
    harvest = added("https://theirs.example/", school=school)
    answer = client.post(page_of("harvest_change", harvest), {**SAID, "address": "x"})
    assert answer.status_code == 422
    assert Harvest.objects.get().address == "https://theirs.example/"


def test_a_teacher_sees_it_and_may_not_change_it(client, school):
    harvest = added("https://theirs.example/", school=school)
    client.force_login(member_of(school, Role.TEACHER))
    shown = client.get(harvest.get_absolute_url()).content.decode()
    assert page_of("harvest_begin", harvest) not in shown
    assert ADD not in client.get(LIST).content.decode()
    for name in ("harvest_begin", "harvest_pause", "harvest_resume", "harvest_remove"):
        answer = client.post(page_of(name, harvest))
        assert answer.status_code == 403
        assert "which other places are harvested" in answer.content.decode()
    for address in (ADD, page_of("harvest_change", harvest), page_of("harvest_remove", harvest)):
        assert client.get(address).status_code == 403


def test_others_do_not_see_it(client):
    harvest = added("https://theirs.example/")
    for who in (member_of(OrganisationFactory()), member_of(harvest.organisation, Role.LEARNER)):
        client.force_login(who)
        assert client.get(harvest.get_absolute_url()).status_code == 404
        for name in ("harvest_begin", "harvest_pause", "harvest_remove"):
            assert client.post(page_of(name, harvest)).status_code == 404
    client.force_login(member_of(harvest.organisation, Role.LEARNER))
    assert client.get(LIST).status_code == 404


def test_twice_at_once_is_refused_in_words(client, school, manager):
    harvest = actions.begin_harvest(added("https://theirs.example/", school=school), by=manager, at=now())
    answer = client.post(page_of("harvest_begin", harvest))
    assert answer.status_code == 409
    assert "just being looked at" in answer.content.decode()
