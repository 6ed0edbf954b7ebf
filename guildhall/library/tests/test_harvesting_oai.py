"""Taking from others: repositories that speak OAI-PMH, one of them not ours, one of them another Guildhall."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils.timezone import now

from guildhall.library.harvesting import fetching
from guildhall.library.harvesting import oai as reading
from guildhall.library.models import Harvest, Resource
from guildhall.library.tests.factories import published
from guildhall.library.tests.places import OPEN_LICENCES, Repository, added, in_dublin_core, interrupted, look, serving, taken

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _our_own_network(settings, monkeypatch):
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    monkeypatch.setattr(fetching, "WAITS", [0, 0])


class TestRepositories:
    """A repository behind the server of the package ``oaipmh``, two records at a time."""

    THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)

    @pytest.fixture
    def theirs(self):
        theirs = Repository()
        for number in range(1, 6):
            theirs.keep(f"oai:theirs:{number}", in_dublin_core(number), at=self.THEN)
        theirs.keep("oai:theirs:6", None, at=self.THEN)
        return theirs

    def test_everything_is_taken_over_several_answers(self, theirs):
        with serving(answer=theirs.answer) as place:
            looked = look(added(f"{place.url}/oai", form="oai"))
        assert looked.counts == {"seen": 5, "new": 5}
        shown = taken()[0].current
        assert (shown.title, shown.summary, shown.link) == ("Theirs 1", "What they say of it.", "https://theirs.example/1")
        assert (shown.kind, shown.language, shown.licence) == ("worksheet", "de", "by-sa")
        assert [author["name"] for author in shown.authors] == ["Ada Example", "Bo Beispiel"]
        assert shown.keywords == ["apprenticeship"]

    def test_afterwards_only_what_has_changed_is_asked_for(self, theirs):
        with serving(answer=theirs.answer) as place:
            here = look(added(f"{place.url}/oai", form="oai"))
            place.asked.clear()
            later = now() + timedelta(minutes=1)
            theirs.keep("oai:theirs:2", in_dublin_core(2, title=["Better"]), at=later)
            theirs.keep("oai:theirs:3", None, at=later)
            theirs.keep("oai:theirs:7", in_dublin_core(7), at=later)
            looked = look(here)
            assert looked.counts == {"seen": 3, "changed": 1, "withdrawn": 1, "new": 1}
            assert any("from=" in path for path in place.asked)
            assert look(here).counts == {"seen": 3, "unchanged": 3}
        assert [resource.is_public for resource in taken()] == [True, True, False, True, True, True]

    def test_nothing_new_is_no_trouble(self, theirs):
        with serving(answer=theirs.answer) as place:
            here = look(added(f"{place.url}/oai", form="oai"))
            looked = look(here)
        assert (looked.trouble, looked.counts) == ("", {})
        assert all(resource.is_public for resource in taken())

    @pytest.mark.parametrize("deleted", ["no", "transient"])
    def test_one_that_forgets_what_it_deleted_is_gone_through_as_a_whole(self, deleted):
        theirs = Repository(deleted=deleted)
        for number in range(1, 4):
            theirs.keep(f"oai:theirs:{number}", in_dublin_core(number), at=self.THEN)
        with serving(answer=theirs.answer) as place:
            here = look(added(f"{place.url}/oai", form="oai"))
            del theirs.kept["oai:theirs:2"]
            assert look(here).counts == {"seen": 2, "unchanged": 2, "withdrawn": 1}

    def test_one_that_knows_days_only_is_asked_for_days(self, theirs):
        theirs.granularity = "YYYY-MM-DD"
        with serving(answer=theirs.answer) as place:
            here = look(added(f"{place.url}/oai", form="oai"))
            look(here)
        (since,) = [parse_qs(urlsplit(path).query)["from"] for path in place.asked if "from=" in path]
        assert since == [f"{now().astimezone(UTC):%Y-%m-%d}"]

    def test_a_set_in_the_address_is_the_only_one_asked_for(self, theirs):
        with serving(answer=theirs.answer) as place:
            looked = look(added(f"{place.url}/oai?set=all", form="oai"))
        assert looked.counts == {"seen": 5, "new": 5}
        first = [path for path in place.asked if "metadataPrefix=" in path]
        assert all("set=all" in path for path in first)
        assert not any("set=" in path for path in place.asked if "resumptionToken" in path or "Identify" in path)

    @pytest.mark.parametrize(
        ("said", "sentence"),
        [
            ({"rights": ["All rights reserved"]}, "Its licence is not among those chosen: All rights reserved"),
            ({"rights": []}, "It names no licence."),
            ({"identifier": ["theirs-1"]}, "Its address cannot be linked to: –"),
            ({"title": []}, "name is missing."),
        ],
    )
    def test_what_dublin_core_does_not_say_is_missing(self, said, sentence):
        theirs = Repository()
        theirs.keep("oai:theirs:1", in_dublin_core(1, **said), at=self.THEN)
        with serving(answer=theirs.answer) as place:
            looked = look(added(f"{place.url}/oai", form="oai", licences=OPEN_LICENCES))
        assert looked.found.refused().get().refused_sentence == sentence

    def test_a_doi_is_an_address_too(self):
        theirs = Repository()
        said = in_dublin_core(1, identifier=["doi:10.1234/abc"], type=["MovingImage"], language=["pt_BR"])
        theirs.keep("oai:theirs:1", said, at=self.THEN)
        with serving(answer=theirs.answer) as place:
            look(added(f"{place.url}/oai", form="oai"))
        shown = taken()[0].current
        assert (shown.link, shown.doi, shown.kind, shown.language) == (
            "https://doi.org/10.1234/abc",
            "10.1234/abc",
            "video",
            "pt",
        )

    def test_interrupted_it_goes_on_where_it_was(self, theirs):
        with serving(answer=theirs.answer) as place:
            here = interrupted(added(f"{place.url}/oai", form="oai"), after=2)
            assert len(taken()) == 4
            place.asked.clear()
            looked = look(here)
        assert looked.counts == {"seen": 5, "new": 5}
        assert [path for path in place.asked if "metadataPrefix=" in path] == [], "not from the beginning"

    def test_interrupted_for_so_long_that_its_token_is_void_it_begins_anew_and_takes_nothing_twice(self, theirs):
        with serving(answer=theirs.answer) as place:
            here = interrupted(added(f"{place.url}/oai", form="oai"), after=2)
            Harvest.objects.filter(pk=here.pk).update(position={**here.position, "token": "cursor%3Dvoid"})
            looked = look(here)
        assert looked.counts == {"seen": 5, "new": 5}
        assert Resource.objects.count() == 5

    def test_what_was_changed_while_it_was_interrupted_is_seen(self, theirs):
        with serving(answer=theirs.answer) as place:
            here = interrupted(added(f"{place.url}/oai", form="oai"), after=3)
            theirs.keep("oai:theirs:1", in_dublin_core(1, title=["Better"]), at=now())
            look(here)
        assert taken()[0].title == "Better"

    def test_one_that_leads_round_and_round_is_left(self):
        def round_and_round(path: str) -> str:
            if "ListRecords" not in path:
                return Repository().answer(path).decode()
            return (
                '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2026-01-01T00:00:00Z</responseDate>'
                "<ListRecords><resumptionToken>again</resumptionToken></ListRecords></OAI-PMH>"
            )

        with serving(answer=round_and_round) as place:
            looked = look(added(f"{place.url}/oai", form="oai"))
        assert looked.trouble_sentence == "It refuses what was asked: resumptionToken"

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            ("<html><body>Hello</body></html>", "What it answers is no answer of OAI-PMH."),
            ("not xml", "What it answers is no XML."),
            (
                '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><error code="badVerb">No.</error></OAI-PMH>',
                "It refuses what was asked: badVerb No.",
            ),
            ('<!DOCTYPE a [<!ENTITY b "c">]><OAI-PMH>&b;</OAI-PMH>', "What it answers is no XML."),
        ],
    )
    def test_what_speaks_no_oai_pmh_is_said_not_to(self, content, sentence):
        with serving(answer=lambda _path: content) as place:
            assert look(added(f"{place.url}/oai", form="oai")).trouble_sentence == sentence


@pytest.mark.django_db(transaction=True)
def test_one_guildhall_takes_from_another_as_amb_and_says_where_it_is_from(live_server, settings, monkeypatch):
    """Ourselves as the other place: it answers in its own name, and what is taken is taken in ours."""
    ours, theirs = "https://our.example", "https://their.example"
    settings.BASE_URL = ours
    for title in ("First", "Second"):
        published(title=title, authors=[{"name": "Ada", "orcid": "0000-0002-3064-147X", "affiliation": ""}])
    asked: list[str] = []

    def in_their_name(address: str, **more: Any) -> Any:
        asked.append(address)
        settings.BASE_URL = theirs
        try:
            return fetching.fetch(address, **more)
        finally:
            settings.BASE_URL = ours

    monkeypatch.setattr(reading, "fetch", in_their_name)
    looked = look(added(f"{live_server.url}/oer/oai", form="oai", licences=["by"]))
    assert looked.counts == {"seen": 2, "new": 2}
    assert any("metadataPrefix=oai_amb" in address for address in asked)
    assert {resource.title for resource in taken()} == {"First", "Second"}
    for resource in taken():
        assert resource.link.startswith(f"{theirs}/oer/")
        assert resource.current.authors[0]["orcid"] == "0000-0002-3064-147X"
