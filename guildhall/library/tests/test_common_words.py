"""Common words, gathered ahead: whatever was gathered, what is found is what the index would say."""

from __future__ import annotations

import random

import pytest
from django.utils.timezone import now

from guildhall.core import search
from guildhall.core.models import StoredFile
from guildhall.core.tasks.declaring import tasks
from guildhall.core.tokens import Known, OpenToAll
from guildhall.library import actions, common_words, counting, finding
from guildhall.library.finding import Finding
from guildhall.library.models import CommonWord, Part
from guildhall.library.reading import Look
from guildhall.library.search import everything, resources_found
from guildhall.library.tests.factories import member_of, published

pytestmark = pytest.mark.django_db
WORDS = ["workshop", "works", "worker", "wood", "metal", "metals", "Müller", "mueller", "Pflege", "pflegen", "practice", "a"]
ASKED = [
    "workshop",
    "wo",
    "wor",
    "work",
    "works wood",
    "wood works",
    "metal wo",
    "Müller",
    "muell",
    "pflege metal",
    "practice a",
    "unheard",
    "wood unheard",
    "a wood",
]


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch):
    monkeypatch.setattr(common_words, "LEAST", 3)
    monkeypatch.setattr(finding, "LEAST", 3)
    monkeypatch.setattr(common_words, "ONE_IN", 1)


def gather():
    """As a worker does it."""
    tasks["library.gather_common_words"].func()


def publish(chance):
    said = " ".join(chance.sample(WORDS, 4))
    return published(title=f"Plan {chance.random()}", text=said, language=chance.choice(["en", "de"]))


def found(text):
    asked = Finding(text, {}, languages=["en"])
    return set() if asked.results.near else set(asked.image.keys(asked.answering))


def assert_found_as_by_the_index():
    for text in ASKED:
        assert found(text) == set(resources_found(text)), text


def test_nothing_is_gathered_where_there_is_little():
    published(text="workshop")
    gather()
    assert not CommonWord.objects.exists()


def test_what_is_found_is_what_the_index_says_whatever_happens_after_gathering():
    chance = random.Random(5)  # noqa: S311
    resources = [publish(chance) for _ in range(30)]
    gather()
    assert {"-work*", "-workshop"} <= {token[3:] for token in CommonWord.objects.values_list("token", flat=True)}
    assert_found_as_by_the_index()
    for resource in chance.sample(resources, 6):
        actions.withdraw_resource(resource, why="Out of date.", by=member_of(resource.organisation), at=now())
    assert_found_as_by_the_index()
    for _ in range(4):
        publish(chance)
    assert_found_as_by_the_index()
    gather()
    assert_found_as_by_the_index()


def test_what_was_withdrawn_is_not_found_any_more_and_what_was_taken_up_again_is():
    resources = [published(text="workshop") for _ in range(4)]
    gather()
    first = resources[0]
    by = member_of(first.organisation)
    actions.withdraw_resource(first, why="Out of date.", by=by, at=now())
    assert found("workshop") == {resource.pk for resource in resources[1:]}
    first.refresh_from_db()
    actions.take_up_again(first, by=by, at=now())
    assert found("workshop") == {resource.pk for resource in resources}


@pytest.mark.parametrize("text", ["workshop", "workshop unusual"])
def test_a_draft_is_found_by_nobody_whether_its_words_are_common_or_not(text):
    resources = [published(text=text) for _ in range(4)]
    organisation = resources[0].organisation
    by = member_of(organisation)
    described = {"title": "Workshop unusual", "language": "en", "text": text}
    actions.start_resource(organisation, described=described, by=by, at=now())
    for _ in range(2):
        for asked in ("workshop", "work", "unusual", "workshop unusual", "unusul"):
            keys = {hit.key for hit in Finding(asked, {}, languages=["en"]).results.hits}
            assert keys | found(asked) <= {resource.pk for resource in resources}
        gather()


def test_what_a_worker_reads_in_a_file_afterwards_is_found():
    resources = [published(text="workshop") for _ in range(3)]
    late = published(text="something")
    gather()
    stored = StoredFile.objects.create(name="a.pdf", content_type="application/pdf", size=1, content="x", created_at=now())
    part = Part.objects.create(resource=late, file=stored, added_at=now())
    part.versions.add(late.current)
    actions.previews.keep_look(stored, look=Look(words="In the workshop"), packed=None, by=None, at=now())
    assert found("workshop") == {resource.pk for resource in [*resources, late]}


def test_the_numbers_beside_the_filters_are_those_of_what_is_found(monkeypatch):
    monkeypatch.setattr(search, "MOST_HITS", 2)
    for kind in ["worksheet", "worksheet", "slide"]:
        published(text="workshop", kind=kind)
    published(text="something", kind="slide")
    gather()
    counts = Finding("workshop", {}, languages=["en"]).counts()
    assert (counts.total, counts.by_choice["kind"]) == (3, {"worksheet": 2, "slide": 1})


def test_common_words_alone_are_not_looked_up_in_the_index(monkeypatch):
    resources = [published(text="workshop in wood", language="pl") for _ in range(4)]
    gather()
    asked = []
    monkeypatch.setattr(common_words, "keys_matching", lambda *_asked: asked.append("all") or [])
    ask = search.rows_matching_each
    monkeypatch.setattr(search, "rows_matching_each", lambda questions: asked.extend(questions) or ask(questions))
    assert found("workshop wood") == {resource.pk for resource in resources}
    # Only which titles begin so, or have the words.
    assert [type(question) for question in asked] == [OpenToAll, Known, OpenToAll]


def test_when_very_much_has_changed_the_index_is_asked(monkeypatch):
    monkeypatch.setattr(common_words, "MOST_CHANGED", 1)
    for _ in range(4):
        published(text="workshop")
    gather()
    for _ in range(3):
        published(text="workshop")
    assert len(found("workshop")) == 7


def test_it_is_gathered_anew_when_much_has_changed_and_left_when_little_has(monkeypatch):
    monkeypatch.setattr(common_words, "MOST_CHANGED", 4)
    for _ in range(4):
        published(text="workshop")
    gather()
    before = CommonWord.objects.order_by("number").first().number
    published(text="workshop")
    gather()
    assert CommonWord.objects.order_by("number").first().number == before
    published(text="workshop")
    published(text="workshop")
    gather()
    assert CommonWord.objects.order_by("number").first().number == before + 3


def test_when_the_index_is_made_anew_what_was_gathered_is_thrown_away():
    from guildhall.library.receivers import the_whole_library

    for _ in range(4):
        published(text="workshop")
    gather()
    search.reindex(the_whole_library())
    assert not CommonWord.objects.exists()
    assert len(list(everything())) == 4
    assert_found_as_by_the_index()


@pytest.mark.parametrize("count", [4, 8])
def test_it_costs_two_queries_for_few_and_for_many(count, django_assert_num_queries):
    for _ in range(count):
        published(text="workshop")
    gather()
    image = counting.image()
    with django_assert_num_queries(2):  # what was gathered; forms of the word that are not common
        common_words.all_found("workshop", image)
