"""Taking from others: AMB's own examples, lists of records, who may say what is harvested, and looks that are interrupted."""

from __future__ import annotations

import json
from threading import Event
from typing import Any

import pytest
from django.utils.timezone import now

from guildhall.core.errors import NotAllowed, Refused
from guildhall.core.search import search
from guildhall.core.tasks import run_waiting
from guildhall.core.tasks.running import carry_out, claim_next
from guildhall.library import actions, amb
from guildhall.library.actions import harvests
from guildhall.library.attribution import attribution_text
from guildhall.library.harvesting import fetching, looking
from guildhall.library.harvesting.finds import Portion
from guildhall.library.models import Harvested, Resource, Version
from guildhall.library.search import PUBLIC
from guildhall.library.tasks import harvest_all
from guildhall.library.tests.amb_schemas import INVALID, VALID, errors_of, example
from guildhall.library.tests.factories import ResourceFactory, member_of, published
from guildhall.library.tests.places import ALL_LICENCES, OPEN_LICENCES, added, look, record, serving, taken
from guildhall.people.models import Role
from guildhall.people.tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db

SAID = {"name": "T", "address": "https://t.example", "form": "amb", "licences": ["by"]}


@pytest.fixture(autouse=True)
def _our_own_network(settings, monkeypatch):
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    monkeypatch.setattr(fetching, "WAITS", [0, 0])


class TestAmbsExamples:
    """Every valid one in, every invalid one refused with the reason (shared/research/community.md 2.2).

    Under the licences that repositories of open resources take, those examples that name another licence (MIT, AGPL), or none,
    stay away; that is for whoever adds the place to decide.
    """

    def served(self, paths: list[Any]) -> str:
        # Many of the examples have the same id: at one place each record has its own.
        records = []
        for path in paths:
            said = example(path)
            records.append({**said, "id": f"{said['id']}#{path.stem}"} if isinstance(said.get("id"), str) else said)
        return json.dumps(records)

    def test_all_valid_ones_are_taken(self):
        with serving({"/amb.json": self.served(VALID)}) as place:
            looked = look(added(f"{place.url}/amb.json"))
        assert looked.counts == {"seen": 35, "new": 35}
        assert not looked.trouble
        named = {resource.link.partition("#")[2]: resource for resource in taken()}
        assert set(named) == {path.stem for path in VALID}
        assert all(resource.is_public and resource.owner is None for resource in named.values())
        figure = named["highered-figure"].current
        assert (figure.title, figure.kind, figure.licence) == ("A-32 two-level page table", "image", "by-sa")
        assert figure.authors == [{"name": "Dr. Jens Lechtenbörger", "orcid": "0000-0002-3064-147X", "affiliation": ""}]
        course = named["highered-course"].current
        assert (course.language, course.kind, course.eqf, course.audience) == ("en", "course", ["6"], ["learner"])
        assert named["competencies"].current.skills == ["Resilience"]
        assert named["MIT-License"].current.under.label == "Another licence"
        assert named["trailer"].current.licence == "unstated"
        assert (named["tutoryExample"].current.language, named["oerInMultipleLanguages"].current.language) == ("fr", "de")
        for resource in named.values():
            said = amb.record_of(Resource.objects.for_records().get(pk=resource.pk))
            assert errors_of(said) == []
            assert said["id"] == resource.link

    def test_all_invalid_ones_are_refused_with_the_reason(self):
        with serving({"/amb.json": self.served(INVALID)}) as place:
            looked = look(added(f"{place.url}/amb.json"))
        assert looked.counts == {"seen": 37, "refused": 37}
        assert taken() == []
        refused = {row.identifier.partition("#")[2]: row for row in looked.found.refused()}
        assert set(refused) == {path.stem for path in INVALID}
        assert refused["noContext"].refused_sentence == "@context is missing."
        assert refused["inLanguageWithoutArray"].refused_sentence == "inLanguage must be a list, but is fr."
        assert refused["wrongDuration"].refused_sentence.startswith("duration must be a length of time")
        assert refused["license-as-string"].title == "Arbeitsblatt - Mon avenir - Französisch - tutory.de"

    def test_under_open_licences_only_those_are_taken_that_name_one(self):
        with serving({"/amb.json": self.served(VALID)}) as place:
            looked = look(added(f"{place.url}/amb.json", licences=OPEN_LICENCES))
        named = [path.stem for path in VALID if "creativecommons" in str(example(path).get("license", ""))]
        assert {resource.link.partition("#")[2] for resource in taken()} == set(named)
        assert looked.counts == {"seen": 35, "new": len(named), "refused": 35 - len(named)}
        mit = looked.found.get(identifier__endswith="MIT-License")
        assert mit.refused_sentence == "Its licence is not among those chosen: https://opensource.org/licenses/MIT"
        assert looked.found.get(identifier__endswith="#trailer").refused_sentence == "It names no licence."


class TestLists:
    def test_what_is_taken_is_public_found_and_leads_to_its_source(self, client):
        with serving({"/amb.json": json.dumps([record(keywords=["Betrieb"])])}) as place:
            look(added(f"{place.url}/amb.json", name="Their library"))
        (resource,) = taken()
        assert [hit.key for hit in search("Betrieb", scopes=[PUBLIC]).hits] == [resource.pk]
        shown = client.get(resource.get_absolute_url()).content.decode()
        assert "https://theirs.example/1" in shown
        assert "Their library" in shown
        assert attribution_text(resource.current) == (
            "“Theirs 1” (https://theirs.example/1) by Ada Example is licensed under CC BY 4.0"
            " (https://creativecommons.org/licenses/by/4.0/)."
        )

    def test_what_is_made_from_it_names_it_by_its_own_address(self):
        with serving({"/amb.json": json.dumps([record(1)])}) as place:
            here = look(added(f"{place.url}/amb.json"))
        draft = ResourceFactory(organisation=here.organisation)
        actions.add_source(draft, relation="based_on", of=taken()[0], by=here.added_by, at=now())
        made = actions.publish_resource(draft, by=here.added_by, at=now())
        assert amb.record_of(made)["isBasedOn"][0]["id"] == "https://theirs.example/1"

    def test_looking_twice_takes_nothing_twice_and_makes_no_new_version(self):
        with serving({"/amb.json": json.dumps([record(1), record(2)])}) as place:
            here = added(f"{place.url}/amb.json")
            assert look(here).counts == {"seen": 2, "new": 2}
            assert look(here).counts == {"seen": 2, "unchanged": 2}
        assert (Resource.objects.count(), Version.objects.count(), Harvested.objects.count()) == (2, 2, 2)

    def test_what_has_changed_there_becomes_a_new_version(self):
        with serving({"/amb.json": json.dumps([record(1), record(2)])}) as place:
            here = look(added(f"{place.url}/amb.json"))
            place.pages["/amb.json"] = json.dumps([record(1, name="Better"), record(2, image="https://theirs.example/i.png")])
            # The picture is nothing that we keep: nothing new to say about the second.
            assert look(here).counts == {"seen": 2, "changed": 1, "unchanged": 1}
        assert [(each.current.title, each.current.number) for each in taken()] == [("Better", 2), ("Theirs 2", 1)]

    def test_what_is_gone_there_is_withdrawn_here_with_the_reason_and_comes_back_with_it(self):
        with serving({"/amb.json": json.dumps([record(1), record(2, inLanguage=["en"])])}) as place:
            here = look(added(f"{place.url}/amb.json"))
            place.pages["/amb.json"] = json.dumps([record(1)])
            assert look(here).counts == {"seen": 1, "unchanged": 1, "withdrawn": 1}
            gone = taken()[1]
            assert (gone.state, gone.withdrawn_why) == ("withdrawn", "Theirs does not offer this any more.")
            assert look(here).counts == {"seen": 1, "unchanged": 1}
            place.pages["/amb.json"] = json.dumps([record(1), record(2, inLanguage=["en"])])
            assert look(here).counts == {"seen": 2, "unchanged": 1, "changed": 1}
        assert taken()[1].is_public
        assert Version.objects.count() == 2

    def test_what_somebody_here_has_withdrawn_stays_withdrawn(self):
        with serving({"/amb.json": json.dumps([record(1)])}) as place:
            here = look(added(f"{place.url}/amb.json"))
            actions.withdraw_resource(taken()[0], why="Wrong for us.", by=here.added_by, at=now())
            place.pages["/amb.json"] = json.dumps([record(1, name="Changed")])
            assert look(here).counts == {"seen": 1, "unchanged": 1}
        assert taken()[0].withdrawn_why == "Wrong for us."

    def test_what_can_be_taken_no_more_is_withdrawn_and_refused_with_the_reason(self):
        with serving({"/amb.json": json.dumps([record(1)])}) as place:
            here = look(added(f"{place.url}/amb.json", licences=OPEN_LICENCES))
            closed = {"id": "https://creativecommons.org/licenses/by-nc-nd/4.0/"}
            place.pages["/amb.json"] = json.dumps([record(1, license=closed)])
            assert look(here).counts == {"seen": 1, "refused": 1}
            (row,) = here.found.refused()
            assert row.refused_sentence == f"Its licence is not among those chosen: {closed['id']}"
            assert not row.resource.is_public
            place.pages["/amb.json"] = json.dumps([record(1)])
            assert look(here).counts == {"seen": 1, "changed": 1}
            assert not here.found.refused().exists()
            assert taken()[0].is_public

    def test_other_licences_chosen_what_was_refused_is_taken(self):
        with serving({"/amb.json": json.dumps([record(1, license={"id": "https://opensource.org/licenses/MIT"})])}) as place:
            here = look(added(f"{place.url}/amb.json", licences=OPEN_LICENCES))
            assert here.counts == {"seen": 1, "refused": 1}
            said = {"name": here.name, "address": here.address, "form": here.form}
            actions.change_harvest(here, **said, licences=ALL_LICENCES, by=here.added_by, at=now())
            assert look(here).counts == {"seen": 1, "new": 1}

    def test_a_place_that_has_nothing_at_all_any_more_takes_nothing_away(self):
        with serving({"/amb.json": json.dumps([record(1)])}) as place:
            here = look(added(f"{place.url}/amb.json"))
            place.pages["/amb.json"] = "[]"
            looked = look(here)
        assert looked.trouble_sentence.startswith("There is nothing at all any more.")
        assert taken()[0].is_public

    def test_of_two_with_the_same_name_the_first_one_counts(self):
        with serving({"/amb.json": json.dumps([record(1), record(1, name="Again")])}) as place:
            assert look(added(f"{place.url}/amb.json")).counts == {"seen": 1, "new": 1}
        assert taken()[0].title == "Theirs 1"

    def test_what_they_have_from_us_is_not_taken_back(self, settings):
        own = amb.record_of(published())
        with serving({"/amb.json": json.dumps([own])}) as place:
            here = look(added(f"{place.url}/amb.json"))
        assert [row.refused_sentence for row in here.found.refused()] == ["It was published here."]

    @pytest.mark.parametrize(
        ("id_there", "sentence"),
        [
            ("urn:uuid:4062c64d", "Its address cannot be linked to: urn:uuid:4062c64d"),
            ("javascript:alert(1)", "Its address cannot be linked to: javascript:alert(1)"),
            (f"https://theirs.example/{'x' * 600}", "id is too long: https://theirs.example/"),
        ],
    )
    def test_what_cannot_be_linked_to_is_refused(self, id_there, sentence):
        with serving({"/amb.json": json.dumps([record(1, id=id_there)])}) as place:
            here = look(added(f"{place.url}/amb.json"))
        assert here.found.refused().get().refused_sentence.startswith(sentence)

    def test_words_come_as_plain_words(self):
        wild = record(
            1,
            name="<b>Bold</b> &amp; \x07 plain " + "x" * 300,
            description="<p>One</p><script>alert(1)</script>\u202e" + "<" * 3000,
            keywords=["<i>k</i>", "k", ""],
        )
        with serving({"/amb.json": json.dumps([wild])}) as place:
            look(added(f"{place.url}/amb.json"))
        shown = taken()[0].current
        assert shown.title.startswith("Bold & plain xxx")
        assert len(shown.title) <= 250
        assert len(shown.summary) <= 1500
        assert "<script" not in shown.summary
        assert shown.keywords == ["k"]

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            ("<html>", "What it answers is no JSON."),
            ("[" * 100_000, "What it answers is no JSON."),
            ('{"id": 1}', "What it answers is no list of records."),
            ((200, {"Content-Encoding": "gzip"}, b"\x1f\x8b"), "Its answer cannot be understood."),
            ((404, {}, ""), "It answers with the status 404."),
            ((403, {}, ""), "It answers with the status 403."),
            ((500, {}, ""), "It answers with the status 500."),
        ],
    )
    def test_what_is_no_list_is_said_to_be_none(self, content, sentence):
        with serving({"/amb.json": content}) as place:
            looked = look(added(f"{place.url}/amb.json"))
        assert looked.trouble_sentence == sentence
        assert (looked.progress.state, looked.progress.error) == ("failed", sentence)
        assert looked.harvested_at is not None
        assert not looked.is_under_way

    def test_letters_that_are_none_break_nothing(self):
        """No database keeps half a letter, and PostgreSQL no zero."""
        wild = "\ud800 a\x00"
        records = [
            record(1, name=wild, description=wild, keywords=[wild], creator=[{"type": "Person", "name": wild}]),
            record(2, id=f"https://theirs.example/{wild}"),
            record(3, inLanguage=wild),
            record(4, about=[{"id": "https://x.example", "prefLabel": {wild: 7}}]),
            {"id": wild, "name": wild, wild: wild},
        ]
        with serving({"/amb.json": json.dumps(records)}) as place:
            looked = look(added(f"{place.url}/amb.json"))
        assert looked.counts == {"seen": 5, "new": 1, "refused": 4}
        assert (taken()[0].title, taken()[0].current.keywords) == ("a", ["a"])
        assert all(row.refused_sentence.isprintable() for row in looked.found.refused())

    def test_records_that_are_none_are_refused_each_by_itself(self):
        with serving({"/amb.json": json.dumps([None, 7, "text", [], {}, record(1)])}) as place:
            looked = look(added(f"{place.url}/amb.json"))
        assert looked.counts == {"seen": 6, "refused": 5, "new": 1}


class TestActions:
    def test_somebody_must_stand_for_it(self):
        school = OrganisationFactory()
        for role in (Role.TEACHER, Role.LEARNER, Role.MEMBER):
            with pytest.raises(NotAllowed, match="which other places"):
                actions.add_harvest(school, **SAID, by=member_of(school, role), at=now())

    def test_a_stranger_may_do_nothing_with_it(self):
        here, stranger = added("https://theirs.example/"), member_of(OrganisationFactory())
        for act in (actions.begin_harvest, actions.pause_harvest, actions.resume_harvest, actions.remove_harvest):
            with pytest.raises(NotAllowed):
                act(here, by=stranger, at=now())
        with pytest.raises(NotAllowed):
            actions.change_harvest(here, **SAID, by=stranger, at=now())

    def test_the_same_place_is_not_added_twice(self):
        here = added("https://theirs.example/")
        with pytest.raises(Refused, match="already"):
            added("https://theirs.example/", school=here.organisation)
        assert added("https://theirs.example/").pk, "another school may"

    @pytest.mark.parametrize("chosen", [[], ["gpl"]])
    def test_a_licence_must_be_chosen(self, chosen):
        with pytest.raises(Refused, match="at least one licence"):
            added("https://theirs.example/", licences=chosen)

    def test_it_is_looked_at_by_one_task_at_a_time(self):
        here = added("https://theirs.example/")
        here = actions.begin_harvest(here, by=here.added_by, at=now())
        with pytest.raises(Refused, match="just being looked at"):
            actions.begin_harvest(here, by=here.added_by, at=now())
        with pytest.raises(Refused, match="just being looked at"):
            actions.change_harvest(here, **SAID, by=here.added_by, at=now())

    def test_two_looks_at_once_take_nothing_twice(self):
        """As when a worker is believed dead, and its task given to another, while it goes on."""
        with serving({"/amb.json": json.dumps([record(number) for number in range(1, 120)])}) as place:
            here = actions.begin_harvest(added(f"{place.url}/amb.json"), by=None, at=now())
            begun_at = harvests.begun(here)
            one, other = list(looking.portions(here, begun_at)), list(looking.portions(here, begun_at))
            for portion in (one[0], other[0], other[1], one[1], one[2], other[2]):
                here = harvests.keep_finds(here, portion=portion, by=None, at=now())
        assert (Resource.objects.count(), Version.objects.count(), Harvested.objects.count()) == (119, 119, 119)
        assert here.counts == {"seen": 119, "new": 119}

    def test_a_look_that_another_has_ended_keeps_nothing_more(self):
        here = actions.begin_harvest(added("https://theirs.example/"), by=None, at=now())
        harvests.end_harvest(here, by=None, at=now())
        with pytest.raises(Refused, match="has ended this one"):
            harvests.keep_finds(here, portion=Portion([]), by=None, at=now())

    def test_paused_it_is_not_looked_at_by_night(self):
        with serving({"/amb.json": json.dumps([record(1)])}) as place:
            here = added(f"{place.url}/amb.json")
            here = actions.pause_harvest(here, by=here.added_by, at=now())
            with pytest.raises(Refused, match="paused already"):
                actions.pause_harvest(here, by=here.added_by, at=now())
            harvest_all.call()
            run_waiting()
            assert place.asked == []
            here = actions.resume_harvest(here, by=here.added_by, at=now())
            with pytest.raises(Refused, match="not paused"):
                actions.resume_harvest(here, by=here.added_by, at=now())
            harvest_all.call()
            run_waiting()
        assert len(taken()) == 1

    def test_removed_what_it_brought_is_withdrawn_and_it_can_be_added_again(self):
        with serving({"/amb.json": json.dumps([record(number) for number in range(1, 61)])}) as place:
            here = look(added(f"{place.url}/amb.json"))
            actions.remove_harvest(here, by=here.added_by, at=now())
            run_waiting()
            assert not Resource.objects.public().exists()
            assert all(resource.withdrawn_why for resource in taken())
            assert not Resource.objects.our_own().exists(), "they are not taken for ours"
            with pytest.raises(Refused, match="removed"):
                actions.remove_harvest(here, by=here.added_by, at=now())
            with pytest.raises(Refused, match="removed"):
                actions.begin_harvest(here, by=here.added_by, at=now())
            harvest_all.call()
            again = added(here.address, school=here.organisation)
            assert look(again).counts == {"seen": 60, "new": 60}

    def test_removed_while_it_is_looked_at_the_look_ends(self):
        here = added("https://theirs.example/")
        here = actions.begin_harvest(here, by=here.added_by, at=now())
        actions.remove_harvest(here, by=here.added_by, at=now())
        with pytest.raises(Refused, match="removed"):
            harvests.keep_finds(here, portion=Portion([]), by=None, at=now())


def test_a_worker_that_is_asked_to_stop_leaves_the_rest_to_another(monkeypatch):
    """The real task, stopped after its first portion, and taken up by another worker where it was."""
    monkeypatch.setattr("guildhall.library.harvesting.lists.PORTION", 2)
    with serving({"/amb.json": json.dumps([record(number) for number in range(1, 6)])}) as place:
        here = actions.begin_harvest(added(f"{place.url}/amb.json"), by=None, at=now())
        stopping = Event()
        claim = claim_next("one", stopping)
        kept = harvests.keep_finds

        def keep_and_stop(*args: Any, **kwargs: Any) -> Any:
            stopping.set()
            return kept(*args, **kwargs)

        monkeypatch.setattr(harvests, "keep_finds", keep_and_stop)
        carry_out(claim)
        assert Resource.objects.count() == 2
        monkeypatch.setattr(harvests, "keep_finds", kept)
        run_waiting()
    here.refresh_from_db()
    assert here.counts == {"seen": 5, "new": 5}
    assert here.position == {}
