"""The methodology's tools once they are in the library: found, led to and back, and kept as the methodology has them."""

from __future__ import annotations

from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command
from django.urls import reverse
from django.utils.timezone import now

from guildhall.core.errors import Refused
from guildhall.core.search import search
from guildhall.engagement.actions import publish_tool, publish_tools
from guildhall.engagement.methodology import toolkit
from guildhall.engagement.models import Methodology, PublishedTool
from guildhall.engagement.tests.factories import staff_of
from guildhall.engagement.tests.test_papers import kept
from guildhall.engagement.tests.test_toolkit import FEW, a_version, changed, load, resource_of, run_tools, versions
from guildhall.library import actions as library
from guildhall.library.amb import record_of
from guildhall.library.lacks import lacks_of
from guildhall.library.models import Part, Resource, Version
from guildhall.library.search import PUBLIC
from guildhall.library.tests.amb_schemas import errors_of
from guildhall.library.tests.factories import member_of, published
from guildhall.people.models import Kind, Organisation, User
from guildhall.people.tests.factories import OrganisationFactory
from guildhall.people.tests.visits import begin_visit
from tests.beforehand import beforehand


def publish():
    load(a_version())
    network = OrganisationFactory(slug="network", name="Network", kind=Kind.ASSOCIATION)
    publish_tools(network, by=member_of(network), at=now())
    assert run_tools() == 2


@pytest.fixture(scope="module")
def _there(django_db_setup, django_db_blocker, tmp_path_factory):
    files = tmp_path_factory.mktemp("files")
    with beforehand(publish, django_db_blocker, files):
        yield files


@pytest.fixture
def there(_there, db, monkeypatch):
    """The tools in the library."""
    monkeypatch.setattr(settings, "MEDIA_ROOT", _there)
    return Methodology.objects.newest()


@pytest.fixture
def publisher(there):
    return Organisation.objects.get(slug="network")


@pytest.fixture
def manager(publisher):
    return User.objects.get(memberships__organisation=publisher)


WORDS = "Use it with an employer"


def page(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


class TestPublishing:
    def test_a_tool_is_one_work_in_all_languages_with_its_files(self, there, publisher):
        assert set(versions()) == {(key, language) for key in FEW for language in ("en", "el", "pl")}
        english, polish = resource_of(), resource_of(language="pl")
        assert polish.work == english
        assert polish.organisation == publisher
        assert (english.translated, polish.translated) == ("", "human")  # nobody here has looked through it
        assert polish.translated_from == english.current
        shown = polish.current
        assert shown.title == kept("pl", "first-call")[0]["title"]
        assert shown.keywords == ["Area 1.1 (pl)", "Area 2.2 (pl)"]
        assert (shown.kind, shown.area, shown.licence) == ("worksheet", "1.1", "by")
        assert shown.accessibility == ["structuralNavigation", "taggedPDF"]
        assert resource_of("mentor-one-pager").current.audience == ["coordinator", "teacher", "trainer"]
        parts = list(Part.objects.of_version(shown).select_related("file"))
        assert [part.file.name.rpartition(".")[2] for part in parts] == ["pdf", "docx"]
        assert all(part.title.startswith(shown.title) for part in parts)
        assert shown.text.startswith(kept("pl", "first-call")[0]["use"].split(".")[0])

    def test_their_records_are_valid_and_lack_nothing_that_is_needed(self, there):
        for resource in Resource.objects.public().for_records():
            assert errors_of(record_of(resource)) == []
        assert not [lack for version in Version.objects.all() for lack in lacks_of(version) if lack.is_needed]

    @pytest.mark.parametrize("language", ["en", "el", "pl"])
    def test_it_is_found_in_each_language(self, there, language):
        resource = resource_of(language=language)
        assert resource.pk in [hit.key for hit in search(resource.current.title, scopes=[PUBLIC]).hits]

    def test_a_list_shows_each_work_once_in_the_language_of_the_reader(self, there, client):
        page = client.get(reverse("oer:resources"), {"language": "pl"}).content.decode()
        assert kept("pl", "first-call")[0]["title"] in page
        best = Resource.objects.best_of_each_work(["pl", "en"])
        assert {resource.language for resource in best} == {"pl"}
        assert best.count() == len(FEW)

    def test_published_twice_nothing_changes(self, there, publisher, manager):
        before = versions()
        publish_tools(publisher, by=manager, at=now())
        assert run_tools() == 0
        # Even where the task is asked for twice.
        publish_tool(publisher, key="first-call", methodology=there, printed={}, by=manager, at=now())
        assert versions() == before
        assert toolkit.outdated(there) == []

    def test_they_are_published_by_one_organisation(self, there):
        other = OrganisationFactory()
        with pytest.raises(Refused, match="in the name of Network"):
            publish_tools(other, by=member_of(other), at=now())


class TestNewVersions:
    def test_only_what_has_changed_gets_a_new_version(self, there):
        load(changed(a_version(), "2026.2", language="pl", summary="Inaczej."))
        assert run_tools() == 1
        assert versions() == {**dict.fromkeys(versions(), 1), ("first-call", "pl"): 2}
        polish = resource_of(language="pl").current
        assert polish.summary == "Inaczej."
        assert "2026.2" in polish.what_changed

    def test_a_change_of_the_original_is_followed_by_its_translations(self, there):
        load(changed(a_version(), "2026.2", language="en", summary="Otherwise."))
        run_tools()
        assert versions() == {(key, language): 2 if key == "first-call" else 1 for key, language in versions()}
        english = resource_of()
        assert {resource_of(language=language).translated_from for language in ("el", "pl")} == {english.current}

    def test_files_that_say_the_same_stay(self, there):
        before = set(Part.objects.of_version(resource_of(language="pl").current))
        load(changed(a_version(), "2026.2", language="en", use="Otherwise."))
        run_tools()
        assert set(Part.objects.of_version(resource_of(language="pl").current)) == before
        load(changed(a_version(), "2026.3", language="pl", title="Kartka"))
        run_tools()
        after = set(Part.objects.of_version(resource_of(language="pl").current))
        assert len(after) == 2
        assert not after & before

    def test_a_tool_that_is_gone_is_withdrawn_with_a_word_why_and_may_come_back(self, there):
        load(a_version("2026.2", keys=["mentor-one-pager"]))
        assert run_tools() == 1
        for language in ("en", "el", "pl"):
            gone = resource_of(language=language)
            assert gone.state == Resource.State.WITHDRAWN
            assert "2026.2" in gone.withdrawn_why
        assert resource_of().withdrawn_why == "This tool is no longer part of the methodology, since version 2026.2."
        assert resource_of("mentor-one-pager").is_public
        load(a_version("2026.3"))
        run_tools()
        assert resource_of(language="pl").is_public
        assert toolkit.outdated(Methodology.objects.newest()) == []

    def test_what_people_have_withdrawn_stays_withdrawn(self, there, manager):
        library.withdraw_resource(resource_of(language="pl"), why="We have a better one.", by=manager, at=now())
        load(changed(a_version(), "2026.2", language="pl", summary="Inaczej."))
        run_tools()
        assert resource_of(language="pl").withdrawn_why == "We have a better one."
        assert toolkit.outdated(Methodology.objects.newest()) == []

    def test_a_translation_that_others_have_begun_is_left_to_them(self, there):
        other = OrganisationFactory()
        theirs = library.start_translation(resource_of(), organisation=other, language="es", by=member_of(other), at=now())
        load(a_version("2026.2", languages=("en", "el", "pl", "es")))
        run_tools()
        assert not PublishedTool.objects.filter(key="first-call", language="es").exists()
        assert resource_of("mentor-one-pager", "es").is_public
        theirs.refresh_from_db()
        assert theirs.organisation == other

    def test_a_task_that_a_newer_version_has_overtaken_does_nothing(self, there, publisher, manager):
        newer = load(changed(a_version(), "2026.2", language="pl", summary="Inaczej."))
        files = {"pl": toolkit.printed(toolkit.editions(there)["first-call", "pl"])}
        publish_tool(publisher, key="first-call", methodology=there, printed=files, by=manager, at=now())
        assert toolkit.outdated(newer) == ["first-call"]


class TestCommand:
    def test_what_was_interrupted_is_completed_by_the_next_one(self, there, publisher, monkeypatch):
        monkeypatch.setattr("guildhall.engagement.management.commands.load_content.read", lambda *_: a_version())
        PublishedTool.objects.filter(key="mentor-one-pager").update(made_of="half")
        call_command("load_content", stdout=StringIO())
        assert run_tools() == 1
        assert versions()["mentor-one-pager", "pl"] == 2


class TestWays:
    def test_a_tool_leads_to_its_resource_and_the_resource_back(self, there, client):
        begin_visit(client, staff_of(OrganisationFactory()))
        tool = page(client, "/engagement/tools/first-call/?language=pl")
        assert f'href="{resource_of(language="pl").get_absolute_url()}"' in tool
        resource = page(client, resource_of(language="pl").get_absolute_url())
        assert WORDS in resource
        assert 'href="/engagement/tools/first-call/?language=pl"' in resource

    def test_who_has_no_employer_book_is_not_led_there(self, there, client, publisher, manager):
        address = resource_of().get_absolute_url()
        assert WORDS not in page(client, address)
        begin_visit(client, manager)
        assert WORDS not in page(client, address)

    def test_another_resource_leads_to_no_tool(self, there, client, publisher, manager):
        begin_visit(client, staff_of(OrganisationFactory()))
        assert WORDS not in page(client, published().get_absolute_url())
