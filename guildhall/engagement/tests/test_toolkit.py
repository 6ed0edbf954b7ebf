"""The methodology's tools in the library: published in every language, kept as the methodology has them, led to and back."""

from __future__ import annotations

from copy import deepcopy
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils.timezone import now

from guildhall.core.errors import NotAllowed, Refused
from guildhall.core.tasks.running import carry_out, claim_next
from guildhall.engagement.actions import load_methodology, publish_tools
from guildhall.engagement.methodology import toolkit
from guildhall.engagement.methodology.content import Content
from guildhall.engagement.methodology.markup import BLANK, markdown
from guildhall.engagement.methodology.papers import fill
from guildhall.engagement.models import PublishedTool
from guildhall.engagement.tests.factories import staff_of
from guildhall.engagement.tests.test_papers import KEYS, LANGUAGES, kept
from guildhall.library import actions as library
from guildhall.library.markdown import plain, render
from guildhall.library.models import Resource
from guildhall.library.tests.factories import member_of
from guildhall.people.models import Kind, Role
from guildhall.people.tests.factories import OrganisationFactory
from guildhall.people.tests.visits import begin_visit

FEW = ["first-call", "mentor-one-pager"]


def a_version(version="2026.1", keys=FEW, languages=("en", "el", "pl")):
    """A methodology with few tools, in few languages, and of all the rest only names."""
    areas = {"first-call": ["1.1", "2.2"], "mentor-one-pager": ["1.2"]}
    kinds = {"first-call": "worksheet", "mentor-one-pager": "text"}
    tools = {key: {"areas": areas[key], "kind": kinds[key], "about": "employer", "minutes": 10} for key in keys}
    words = {
        language: {
            "areas": {number: {"title": f"Area {number} ({language})"} for number in ("1.1", "1.2", "2.2")},
            "tools": {key: {**kept(language, key)[0], "text": kept(language, key)[1]} for key in keys},
        }
        for language in languages
    }
    return Content(version, {"tools": tools}, words)


def changed(content, version, *, language, key="first-call", **words):
    copy = deepcopy(content)
    copy.words[language]["tools"][key] |= words
    return Content(version, copy.same, copy.words)


def load(content):
    return load_methodology(content=content, by=None, at=now())


def run_tools():
    """Run the tasks that publish tools, and count them; those that draw the pages of their files wait on."""
    count = 0
    while claim := claim_next("here", least=-10):
        if failure := carry_out(claim):
            raise failure
        count += claim.row.task_path.endswith("publish_tool")
    return count


def resource_of(key="first-call", language="en"):
    return PublishedTool.objects.get(key=key, language=language).resource


def versions():
    """How many versions of each tool there are."""
    held = PublishedTool.objects.select_related("resource__current")
    return {(tool.key, tool.language): tool.resource.current.number for tool in held}


@pytest.fixture
def publisher(db):
    return OrganisationFactory(slug="network", name="Network", kind=Kind.ASSOCIATION)


@pytest.fixture
def manager(publisher):
    return member_of(publisher)


@pytest.fixture
def loaded(db):
    return load(a_version())


class TestMarkdown:
    def test_blanks_are_to_be_written_on_and_nothing_is_left_in_braces(self):
        text = (
            "Who: {line}\n\n{lines 2}\n\n- [ ] Yes, {date}\n\n3. Three {employer} {box}\n\n"
            "| A | B |\n|---|---|\n| {line} | **b** |"
        )
        assert markdown(fill(text, {})) == (
            f"Who: {BLANK}\n\n***\n\n***\n\n- ☐ Yes, {BLANK}\n\n3. Three {BLANK} ☐\n\n| A | B |\n| --- | --- |\n|  | **b** |"
        )

    def test_what_stands_in_a_paper_is_words_and_no_markup(self):
        for words in ["1\\. not a list", "\\# no heading", "a \\* b \\* c", "\\<b\\> \\| \\[x\\](y)", "\\- no item", "&amp;lt;"]:
            blocks = fill(words, {})
            assert plain(markdown(blocks)) == str(blocks[0].line)

    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("key", KEYS)
    def test_every_tool_says_on_the_page_what_it_says_on_paper(self, language, key):
        blocks = fill(kept(language, key)[1], {})
        text = markdown(blocks)
        shown = render(text)
        assert "{" not in text
        assert shown.count("<table") == sum(block.kind == "table" for block in blocks)
        assert shown.count("<hr") == sum(block.count for block in blocks if block.kind == "lines")
        assert shown.count("☐") == sum(
            len(block.lines) if getattr(block, "marker", "") == "box" else _boxes(block) for block in blocks
        )
        for block in blocks:
            if block.kind in ("heading", "paragraph"):
                assert str(block.line).replace("…", "").strip() in plain(text).replace("_" * 12, "").replace("…", "")


def _boxes(block):
    lines = [line for row in (block.head, *block.rows) for line in row] if block.kind == "table" else []
    lines += list(block.lines) if block.kind == "items" else [block.line] if block.kind in ("heading", "paragraph") else []
    return sum(piece.kind == "box" for line in lines for piece in line.pieces)


class TestFiles:
    @pytest.mark.django_db
    def test_they_have_the_same_bytes_whenever_they_are_made(self, loaded, monkeypatch):
        edition = toolkit.editions(loaded)["first-call", "el"]
        once = toolkit.printed(edition)
        monkeypatch.setattr("time.time", lambda: 1_999_999_999.0)
        assert toolkit.printed(edition) == once
        assert [file.name.rpartition(".")[2] for file in once] == ["pdf", "docx"]
        assert [file.title for file in once] == [f"{kept('el', 'first-call')[0]['title']} ({kind})" for kind in ("PDF", "Word")]


class TestPublishing:
    def test_who_may_not_publish_for_an_organisation_may_not_publish_tools(self, loaded, publisher):
        for somebody in (member_of(publisher, Role.TEACHER), staff_of(OrganisationFactory())):
            with pytest.raises(NotAllowed):
                publish_tools(publisher, by=somebody, at=now())

    def test_without_a_methodology_there_is_nothing_to_publish(self, publisher, manager):
        with pytest.raises(Refused, match="not loaded"):
            publish_tools(publisher, by=manager, at=now())

    def test_without_a_manager_the_worker_says_so(self, loaded, publisher, manager):
        publish_tools(publisher, by=manager, at=now())
        publisher.memberships.all().delete()
        with pytest.raises(Refused, match="no manager"):
            run_tools()
        assert not PublishedTool.objects.exists()


class TestNewVersions:
    def test_killed_half_way_no_resource_is_half_there_and_loading_again_completes(self, loaded, publisher, manager, monkeypatch):
        begin = library.start_translation

        def dies(original, **given):
            if given["language"] == "pl":
                raise KeyboardInterrupt
            return begin(original, **given)

        publish_tools(publisher, by=manager, at=now())
        monkeypatch.setattr("guildhall.library.actions.start_translation", dies)
        with pytest.raises(KeyboardInterrupt):
            run_tools()
        assert set(versions()) == {("first-call", "en"), ("first-call", "el")}
        assert set(Resource.objects.values_list("language", "state")) == {("en", "published"), ("el", "published")}
        monkeypatch.undo()
        publish_tools(publisher, by=manager, at=now())
        run_tools()
        assert toolkit.outdated(loaded) == []


class TestCommand:
    def test_it_publishes_once_an_organisation_is_named_and_then_by_itself(self, publisher, manager, monkeypatch):
        monkeypatch.setattr("guildhall.engagement.management.commands.load_content.read", lambda *_: a_version())
        out = StringIO()
        call_command("load_content", stdout=out)
        assert "tools" not in out.getvalue()
        call_command("load_content", organisation="network", stdout=out)
        assert "tools to be published by Network: 2" in out.getvalue()
        run_tools()
        again = StringIO()
        call_command("load_content", stdout=again)
        assert "tools to be published by Network: 0" in again.getvalue()
        newer = changed(a_version(), "2026.2", language="pl", summary="Inaczej.")
        monkeypatch.setattr("guildhall.engagement.management.commands.load_content.read", lambda *_: newer)
        call_command("load_content", stdout=StringIO())
        assert run_tools() == 1
        assert versions()["first-call", "pl"] == 2

    def test_it_says_in_whose_name_nothing_can_be_published(self, publisher, monkeypatch):
        monkeypatch.setattr("guildhall.engagement.management.commands.load_content.read", lambda *_: a_version())
        with pytest.raises(CommandError, match="no organisation"):
            call_command("load_content", organisation="nowhere", stdout=StringIO())
        with pytest.raises(CommandError, match="no manager"):
            call_command("load_content", organisation="network", stdout=StringIO())


def test_a_tool_that_is_not_in_the_library_leads_nowhere(loaded, client):
    begin_visit(client, staff_of(OrganisationFactory()))
    answer = client.get("/engagement/tools/first-call/")
    assert answer.status_code == 200
    assert "In the library" not in answer.content.decode()
