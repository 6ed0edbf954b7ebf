"""Search finds what one may see, in all our languages; the same on both databases."""

from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guildhall.core import search as facade
from guildhall.core.hooks import hooks
from guildhall.core.models import SearchDocument
from guildhall.core.search import (
    PUBLIC,
    Document,
    Results,
    all_keys,
    index,
    index_many,
    matching_keys,
    reindex,
    remove,
    remove_many,
    search,
)
from guildhall.core.search.asking import words_asked
from guildhall.core.tokens import with_handful

MINE, THEIRS = "organisation:1", "organisation:2"
pytestmark = pytest.mark.django_db


@pytest.fixture
def thing() -> Callable[..., None]:
    """Make a thing findable, by a title and whatever else matters."""
    keys = iter(range(1, 10_000))

    def describe(title: str, **description) -> None:
        index(**{"kind": "shop.thing", "key": next(keys), "title": title, "scopes": [MINE], "url": "/"} | description)

    return describe


def found(text: str, **options) -> list[str]:
    return titles(search(text, **{"scopes": [MINE]} | options))


def titles(results: Results) -> list[str]:
    return [hit.title for hit in results.hits]


# --- Words ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "title", "asked"),
    [
        ("de", "Müller Metallbau", "müller"),
        ("de", "Müller Metallbau", "Muller"),
        ("de", "Müller Metallbau", "MUELLER"),
        ("de", "Mueller Metallbau", "müller"),
        ("de", "Großküche Weiß", "grosskuche weiss"),
        ("de", "Ausbildungen in Pflegeheimen", "Ausbildung Pflegeheim"),
        ("el", "Πρακτική άσκηση", "ΠΡΑΚΤΙΚΗ"),
        ("el", "Πρακτική άσκηση", "πρακτικής"),
        ("el", "Οδός Αθηνάς", "οδοσ"),
        ("pl", "Zakład Łódź", "zaklad lodz"),
        ("pl", "Szkoły zawodowe", "szkoła zawodowa"),
        ("es", "Formación profesional", "formaciones"),
        ("es", "Formación profesional", "formacion"),
        ("pt", "Estágios em São João", "estagio sao joao"),
        ("fr", "Centre d'apprentissage", "apprentissages"),
        ("en", "Training agreements", "agreement"),
        ("", "İstanbul Lokantası", "istanbul"),
        ("", "Søren Kjær", "soren kjaer"),
        ("", "ＦＵＬＬ Ｗｉｄｔｈ", "full width"),
    ],
)
def test_accents_endings_and_capitals_don_t_matter(thing, language, title, asked):
    thing(title, language=language)
    assert found(asked) == [title]


def test_the_last_word_may_be_unfinished_the_others_not(thing):
    thing("Müller Metallbau")
    assert found("müller met") == ["Müller Metallbau"]
    assert found("met mül") == []


def test_every_word_must_be_there_in_title_detail_or_text(thing):
    thing("Nordwind", detail="Kiel", text="Tischlerei und Fenster")
    assert found("nordwind kiel fenster") == ["Nordwind"]
    assert found("nordwind kiel türen") == []


def test_a_stem_belongs_to_the_language_asked(thing):
    thing("Ausbildungen", language="de")
    assert found("Ausbildungs", languages=["de"]) == ["Ausbildungen"]
    assert found("Ausbildungs", languages=["pl"]) == []


def test_a_language_keeps_what_has_none(thing):
    thing("Atlas deutsch", language="de")
    thing("Atlas polski", language="pl")
    thing("Atlas")
    assert found("atlas", languages=["pl"]) == ["Atlas", "Atlas polski"]


def test_a_single_letter_finds_what_begins_with_it(thing):
    thing("Bernstein")
    thing("Haus Bernstein")
    assert found("b") == ["Bernstein"]


@pytest.mark.parametrize("nothing", ["", "   ", "!?", "…", '"', "\0", "🙂", "()"])
def test_where_no_word_is_asked_nothing_is_found(thing, nothing):
    thing("Nordwind")
    assert search(nothing, scopes=[MINE]) == Results([])
    assert not matching_keys("shop.thing", nothing, [MINE]).exists()


# --- Order ---------------------------------------------------------------------------------------------------------


def test_a_title_that_begins_so_is_first_then_words_in_titles_then_text(thing):
    thing("Verein für alle", text="Metall und Elektro")
    thing("Haus für Metall und Elektro")
    thing("Metall und Elektro Süd")
    thing("Elektro Süd", text="Metall und mehr")
    assert found("metall und elektro") == [
        "Metall und Elektro Süd",
        "Haus für Metall und Elektro",
        "Elektro Süd",
        "Verein für alle",
    ]


def test_of_equals_the_boosted_is_first_then_the_shorter(thing):
    thing("Nordwind Fenster")
    thing("Nordwind Fenster und Türen")
    thing("Nordwind Fenster und Türen GmbH", boost=1)
    assert found("nord") == ["Nordwind Fenster und Türen GmbH", "Nordwind Fenster", "Nordwind Fenster und Türen"]


def test_the_best_of_very_many_are_among_those_shown(thing):
    index_many(
        Document(kind="shop.thing", key=key, title=f"Haus {key}", text="Nordwind", scopes=[MINE], url="/")
        for key in range(1000, 1000 + facade.MOST_HITS + 50)
    )
    thing("Nordwind", key=5000)
    results = search("nordwind", scopes=[MINE], limit=10)
    assert titles(results)[0] == "Nordwind"
    assert (results.total, results.exact) == (facade.MOST_HITS, False)


def test_pages_of_hits_follow_each_other(thing):
    for name in "abcde":
        thing(f"Nordwind {name}")
    results = search("nordwind", scopes=[MINE], limit=2, offset=2)
    assert titles(results) == ["Nordwind c", "Nordwind d"]
    assert (results.total, results.exact) == (5, True)


@pytest.mark.parametrize("count", [1, 3])
def test_a_search_is_one_query_whatever_it_finds(thing, count, django_assert_num_queries):
    for number in range(count):
        thing(f"Nordwind {number}")
    with django_assert_num_queries(1):
        search("nordwind", scopes=[MINE], kinds=["shop.thing"])


# --- Typing errors -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mistyped",
    [
        "mülelr metallbau",  # swapped
        "müler metallbau",  # missing
        "müllert metallbau",  # too much
        "möller metallbau",  # wrong
        "nüller",  # at the beginning
        "müller mettal",  # in a word not yet finished
        "metallbua trir",
    ],
)
def test_one_wrong_letter_in_a_word_is_forgiven(thing, mistyped):
    thing("Müller Metallbau", detail="Trier")
    thing("Schmidt Tischlerei", detail="Metz")
    results = search(mistyped, scopes=[MINE])
    assert titles(results) == ["Müller Metallbau"]
    assert results.near


def test_what_is_spelled_as_asked_is_never_called_a_mistake(thing):
    thing("Meyer")
    thing("Meier")
    results = search("meyer", scopes=[MINE])
    assert titles(results) == ["Meyer"]
    assert not results.near


def test_something_quite_different_is_not_taken_for_a_typing_error(thing):
    thing("Müller Metallbau")
    assert found("bäckerei") == []
    assert found("mett schiff") == []


def test_what_comes_closest_is_something_one_may_see(thing):
    thing("Geheimrat Kowalski", scopes=[THEIRS])
    thing("Kowalsky")
    assert found("kowalksi") == ["Kowalsky"]
    assert search("geheimart", scopes=[MINE]) == Results([])


# --- Scopes --------------------------------------------------------------------------------------------------------


def test_nothing_is_found_outside_the_scopes(thing):
    thing("Nordwind", scopes=[THEIRS])
    assert found("nordwind") == []
    assert not matching_keys("shop.thing", "nordwind", [MINE]).exists()


def test_without_scopes_nothing_is_found(thing):
    thing("Nordwind", scopes=[MINE, "public"])
    thing("Nordwind allein", scopes=[])
    assert search("nordwind", scopes=[]) == Results([])
    assert not matching_keys("shop.thing", "nordwind", []).exists()
    assert found("nordwind", scopes=[MINE, THEIRS, "public"]) == ["Nordwind"]


def test_a_thing_in_several_scopes_is_found_once(thing):
    thing("Nordwind", scopes=[MINE, THEIRS])
    assert found("nordwind", scopes=[MINE, THEIRS]) == ["Nordwind"]


def test_a_scope_is_a_whole_name(thing):
    thing("Nordwind", scopes=["organisation:12"])
    assert found("nordwind", scopes=["organisation:1"]) == []


def test_a_scope_that_changes_changes_who_finds(thing):
    thing("Nordwind", key=1)
    thing("Nordwind", key=1, scopes=[THEIRS])
    assert found("nordwind") == []
    assert found("nordwind", scopes=[THEIRS]) == ["Nordwind"]


@pytest.mark.parametrize("name", ["", "a b", 'x" OR "s', "x' | 'sy", "S:1", "a:b:c", "x*", "x:*", "ä", "x\0"])
def test_a_scope_with_other_characters_is_a_mistake_in_the_program(thing, name):
    with pytest.raises(ValueError, match="Not a name"):
        search("nordwind", scopes=[name])
    with pytest.raises(ValueError, match="Not a name"):
        thing("Nordwind", scopes=[name])


HOSTILE = [
    "sorganisation:2",
    "organisation:2",
    'nord" OR "sorganisation:2',
    "nord' | 'sorganisation:2",
    "nordwind OR sorganisation",
    "nordwind NOT zzz",
    "NEAR(nordwind zzz, 5)",
    "tokens : nordwind",
    "-tokens:nordwind",
    "^nordwind",
    "nord*",
    "n*",
    "nordwind:*",
    "!nordwind & nordwind",
    "(((((((((",
    "'); DROP TABLE core_searchdocument; --",
    "%nordwind%",
    "nord\0wind",
    "\ud800nordwind",
    "🙂🙂 nordwind 🙂",
    "nordwind " * 2000,
    "n" * 10_000,
    "\u0301" * 10_000,
    "ﷺ" * 10_000,
    "\u202enordwind",
    "w-nordwind",
    "~nordwind",
    "=nordwind",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_is_typed_finds_nothing_of_others_and_breaks_nothing(thing, text):
    thing("Nordwind", scopes=[THEIRS], text="nord wind n zzz sorganisation organisation 2")
    assert search(text, scopes=[MINE, "public"]) == Results([])
    assert not matching_keys("shop.thing", text, [MINE, "public"]).exists()


@given(st.text(max_size=60))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_text_at_all_finds_nothing_of_others(text):
    with transaction.atomic():
        index(kind="shop.thing", key=1, title=text, text=text, detail=text, scopes=[THEIRS], url="/")
        assert search(text, scopes=[MINE]) == Results([])
        assert bool(search(text, scopes=[THEIRS]).hits) == bool(words_asked(text))


def test_a_person_may_have_a_great_many_scopes(thing):
    thing("Nordwind", scopes=["organisation:1500"])
    assert found("nordwind", scopes=[f"organisation:{number}" for number in range(2000)]) == ["Nordwind"]


# --- Kinds and lists -----------------------------------------------------------------------------------------------


def test_only_the_kinds_asked_for_are_found(thing):
    thing("Nordwind")
    thing("Nordwind Film", kind="shop.film")
    assert found("nordwind", kinds=["shop.film"]) == ["Nordwind Film"]
    assert found("nordwind", kinds=[]) == []


def test_a_list_is_filtered_by_the_keys_that_match(thing, django_assert_num_queries):
    thing("Nordwind", key=1)
    thing("Südwind", key=2, text="nicht der Nordwind")
    thing("Nordwind Film", key=3, kind="shop.film")
    keys = matching_keys("shop.thing", "nordw", [MINE])
    with django_assert_num_queries(1):
        listed = SearchDocument.objects.filter(kind="shop.thing", key__in=keys).order_by("key")
        assert [document.key for document in listed.only("key")] == [1, 2]


def test_all_that_match_are_there_however_many_they_are(thing, django_assert_num_queries):
    for key in range(1, 41):
        thing("Nordwind" if key % 2 else "Südwind", key=key)
    thing("Nordwind Film", key=99, kind="shop.film")
    with django_assert_num_queries(1):
        assert sorted(all_keys("shop.thing", "nordw", [MINE])) == list(range(1, 41, 2))
    assert all_keys("shop.thing", "nordw", ["organisation:2"]) == []
    assert all_keys("shop.thing", "westwind", [MINE]) == []
    assert all_keys("shop.thing", "  ", [MINE]) == []


def test_of_a_common_word_as_many_are_found_as_are_wanted_and_of_a_rare_one_all(thing):
    """Be they of the handful or not: it is asked first, and must hide nothing."""
    for key in range(1, 400):
        thing("Nordwind", key=key)
    common = search("nordwind", scopes=[MINE], kinds=["shop.thing"])
    assert (common.total, common.exact) == (100, False)
    of_handful = next(key for key in range(1000, 1040) if with_handful({"wx"}, key) != {"wx"})
    rare = [of_handful, 2001, 2002]
    for key in rare:
        thing("Südwind", key=key)
    assert {hit.key for hit in search("südwind", scopes=[MINE]).hits} == set(rare)


def test_of_what_everybody_may_see_a_part_will_do_and_says_that_there_is_more(thing):
    for key in range(1, 1_000):
        thing("Some firm", text="nordwind", key=key, scopes=[PUBLIC])
    for key in range(2_000, 2_003):
        thing("Nordwind", key=key, scopes=[PUBLIC])
    results = search("nordwind", scopes=[PUBLIC], kinds=["shop.thing"], limit=100)
    assert not results.exact
    assert results.total == len(results.hits) > 40
    assert titles(results)[:4] == ["Nordwind", "Nordwind", "Nordwind", "Some firm"]


@pytest.mark.parametrize("asked", ["nordwind", "nordwnid", "nordwind fenster"])
def test_what_everybody_may_see_is_told_from_what_only_some_may(thing, asked):
    for number, scopes in enumerate([[PUBLIC], [MINE], [THEIRS], [PUBLIC, MINE], []]):
        thing(f"Nordwind Fenster {number}", scopes=scopes)
    assert set(found(asked, scopes=[PUBLIC])) == {"Nordwind Fenster 0", "Nordwind Fenster 3"}
    assert set(found(asked, scopes=[MINE])) == {"Nordwind Fenster 1", "Nordwind Fenster 3"}
    assert set(found(asked, scopes=[PUBLIC, MINE])) == {f"Nordwind Fenster {number}" for number in (0, 1, 3)}


def test_what_is_not_for_everybody_any_more_is_not_found_by_everybody(thing):
    thing("Nordwind", key=1, scopes=[PUBLIC])
    thing("Nordwind", key=1, scopes=[MINE])
    assert found("nordwind", scopes=[PUBLIC]) == []
    assert found("nordwind") == ["Nordwind"]


def test_two_kinds_whose_words_share_a_drawer_are_told_apart(thing):
    drawer = facade._drawer("shop.thing")
    other = next(kind for kind in (f"shop.thing{number}" for number in range(10_000)) if facade._drawer(kind) == drawer)
    for scope in (PUBLIC, MINE):
        thing("Nordwind", key=1, scopes=[scope])
        thing("Nordwind", key=2, kind=other, scopes=[scope])
        assert [hit.key for hit in search("nordwind", scopes=[scope], kinds=[other]).hits] == [2]
        assert all_keys(other, "nordwind", [scope]) == [2]


def test_a_list_forgives_typing_errors_too(thing):
    thing("Nordwind", key=1)
    assert [row["key"] for row in matching_keys("shop.thing", "nordwnid", [MINE])] == [1]


# --- Keeping it ----------------------------------------------------------------------------------------------------


def test_a_thing_described_again_is_found_by_its_new_words_only(thing):
    thing("Nordwind", key=1)
    thing("Südwind", key=1)
    assert found("nordwind") == []
    assert found("südwind") == ["Südwind"]


def test_a_thing_removed_is_found_no_more_and_its_place_tells_nothing(thing):
    thing("Nordwind", key=1)
    remove("shop.thing", 1)
    thing("Südwind", key=2)
    assert found("nordwind") == []
    SearchDocument.objects.all().delete()
    assert found("südwind") == []


def test_many_are_described_and_removed_at_once_each_as_described_last():
    documents = [
        Document(kind="shop.thing", key=key % 1500, title=f"Nordwind {key}", scopes=[MINE], url="/") for key in range(2500)
    ]
    index_many(documents)
    assert SearchDocument.objects.count() == 1500
    assert found("nordwind 2499") == ["Nordwind 2499"]
    assert found("999 nordwind") == []
    remove_many("shop.thing", range(1, 1500))
    assert found("nordwind") == ["Nordwind 1500"]


def test_the_index_is_undone_with_the_transaction(thing):
    with transaction.atomic():
        thing("Nordwind")
        transaction.set_rollback(True)
    assert found("nordwind") == []


def test_titles_longer_than_a_line_and_with_unkeepable_characters_are_kept(thing):
    thing("Nord\0wind\ud800 " + "x" * 1000)
    assert len(found("nordwind")) + len(found("nord wind")) == 1


def test_a_text_of_a_hundred_thousand_strange_words_is_kept(thing):
    words = (f"{number:05}".translate({48 + digit: 0x10428 + digit for digit in range(10)}) * 8 for number in range(100_000))
    thing("Nordwind", text=" ".join(words), language="el")
    assert found("nordwind") == ["Nordwind"]


def test_a_new_index_has_what_the_rooms_have_and_nothing_else(thing):
    thing("Alt", key=1)
    thing("Neu und vergessen", key=2)
    count = reindex([Document(kind="shop.thing", key=1, title="Neu", scopes=[MINE], url="/")])
    assert count == 1
    assert found("neu") == ["Neu"]


def test_the_command_asks_all_rooms(capsys, monkeypatch):
    document = Document(kind="shop.thing", key=1, title="Nordwind", scopes=[MINE], url="/")
    question = hooks["core_documents_of_everything"]
    monkeypatch.setattr(question, "ask", lambda: [iter([document]), []])
    call_command("reindex")
    assert "1 " in capsys.readouterr().out
    assert found("nordwind") == ["Nordwind"]


def test_the_index_of_the_database_is_used(thing):
    thing("Nordwind")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'core_searchdocument_tokens'")
            assert "gin" in cursor.fetchone()[0]
        else:
            cursor.execute(
                "INSERT INTO core_searchdocument_tokens (core_searchdocument_tokens, rank) VALUES ('integrity-check', 1)"
            )
