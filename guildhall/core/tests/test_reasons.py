"""A hit says why it was found: in the words of the thing as it is now, and only to those who may see it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guildhall.core import search
from guildhall.core.search import Document, Hit, Results, reasons
from guildhall.core.search.asking import misspelled, spelled, words_asked
from guildhall.core.search.reasons import LONGEST_PASSAGE, MOST_PASSAGES, Marked, Reason, explain, meant

MINE, THEIRS = "organisation:1", "organisation:2"
NORDWIND = Document(kind="shop.thing", key=1, title="Nordwind", scopes=[MINE], url="/")


def why(asked: str, *, near: bool = False, **described: str) -> Reason:
    document = replace(NORDWIND, **described)  # type: ignore[arg-type]
    hit = Hit(document.kind, document.key, document.title, document.language, document.boost)
    [reason] = explain(Results([hit], 1, near=near), asked, scopes=[MINE], describe={"shop.thing": lambda keys: [document]})
    return reason


def marked(text: Marked) -> str:
    return "".join(f"[{piece}]" if asked else piece for piece, asked in text)


def passages(asked: str, text: str, **described: str) -> list[str]:
    return [marked(passage) for passage in why(asked, text=text, **described).passages]


@pytest.mark.parametrize(
    ("language", "title", "asked", "shown"),
    [
        ("", "Nordwind Fenster", "nordwind", "[Nordwind] Fenster"),
        ("", "Nordwind Fenster", "fenster nord", "[Nordwind] [Fenster]"),
        ("", "Müller & Söhne", "mueller sohne", "[Müller] & [Söhne]"),
        ("", "Mueller", "müller", "[Mueller]"),
        ("", "Zakład „Łódź”", "lodz", "Zakład „[Łódź]”"),
        ("", "Cafe\u0301 Blau", "café", "[Cafe\u0301] Blau"),
        ("de", "Großküche Weiß", "GROSSKUCHE", "[Großküche] Weiß"),
        ("el", "Πρακτική άσκηση", "πρακτικής", "[Πρακτική] άσκηση"),
        ("en", "Training agreements", "agreement", "Training [agreements]"),
        ("nl", "Gewerkt in Metz", "werken", "[Gewerkt] in Metz"),
        ("", "İstanbul Lokantası", "istanbul", "[İstanbul] Lokantası"),
    ],
)
def test_words_are_marked_as_they_are_found(language, title, asked, shown):
    assert marked(why(asked, title=title, language=language).title) == shown


def test_only_the_last_word_may_be_unfinished():
    assert marked(why("nord fens", title="Nordwind Fenster").title) == "Nordwind [Fenster]"


def test_what_title_and_detail_answer_needs_no_passage():
    reason = why("nordwind kiel", detail="Kiel, Lübeck", text="Nordwind in Kiel")
    assert (marked(reason.title), marked(reason.detail), reason.passages) == ("[Nordwind]", "[Kiel], Lübeck", [])


def test_what_they_don_t_answer_is_shown_by_the_line_that_does():
    text = "HRB 4711\nAda Lamb, +49 431 5551234, ada@nordwind.example\nBen Bell, +49 431 5555678"
    assert passages("lamb", text, detail="Kiel") == ["Ada [Lamb], +49 431 5551234, ada@nordwind.example"]
    assert passages("+49 431 5555678", text, detail="Kiel") == ["Ben Bell, +[49] [431] [5555678]"]
    assert passages("4711", text, detail="Kiel") == ["HRB [4711]"]


def test_the_line_that_answers_most_comes_first_and_then_what_is_left():
    text = "Ada Bell\nBen Lamb\nAda Lamb\nHRB 4711"
    assert passages("ada lamb 4711", text) == ["[Ada] [Lamb]", "HRB [4711]"]


def test_there_are_never_more_than_a_few_passages():
    assert len(passages("one two three four", "one\ntwo\nthree\nfour")) == MOST_PASSAGES


def test_of_a_long_line_a_passage_is_cut_out_where_most_is_answered():
    text = "Learners. " + "And so it went on and on. " * 40 + "She takes two learners in spring. " + "And so on. " * 400
    [passage] = passages("learners spring", text)
    assert "She takes two [learners] in [spring]" in passage
    assert passage.startswith("… ")
    assert passage.endswith(" …")
    assert len(passage) < LONGEST_PASSAGE + 20


def test_without_a_detail_the_text_begins():
    assert passages("nordwind", "She takes two\nlearners.") == ["She takes two learners."]
    assert passages("nordwind", "She takes two\nlearners.", detail="Kiel") == []
    assert passages("nordwind", "") == []
    assert passages("nordwind", "…") == []


def test_a_mistyped_word_is_marked_as_it_is_spelled():
    reason = why("nodwind lamm", near=True, text="Ada Lamb")
    assert (marked(reason.title), [marked(passage) for passage in reason.passages]) == ("[Nordwind]", ["Ada [Lamb]"])


def test_a_reason_begins_and_ends_with_the_signs_of_its_line():
    assert passages("nord", "(+49) Nord!") == ["(+49) [Nord]!"]
    [passage] = passages("nord", "-" * 5000 + " Nord " + "-" * 5000)
    assert passage == "… [Nord] …"


@given(st.text(max_size=300), st.text(max_size=20))
def test_nothing_is_added_to_a_text_and_a_passage_is_short(text, asked):
    reason = why(asked, title=text, text=text)
    assert "".join(piece for piece, _ in reason.title) == text
    assert all(len(marked(passage)) < 1000 for passage in reason.passages)


#: Words that are forms of each other, and some that only begin or end alike.
ALIKE = {
    "": "Müller Mueller Muller Łódź lodz Zakład İstanbul istanbul 2026 20 Größe GROSSE café Cafe\u0301",
    "en": "learner learners learning learned lean practice practices practise practised company companies skies sky table tab",
    "de": "Pflege pflegen gepflegt Pfleger Pflegerin Größe größer Ausbildung ausbilden ausgebildet lässt lassen",
    "el": "πρακτική πρακτικής πρακτικών άσκηση ασκήσεις μαθητής μαθητές",
    "es": "práctica prácticas empresa empresas aprender aprendiendo niño niños pequeñas",
    "pl": "praktyka praktyki praktykant zakład zakładów uczeń uczniowie żółty",
    "pt": "estágio estágios formação formações aprendiz aprender",
    "nl": "gewerkt werken werkt leerling leerlingen",
    "tr": "öğrenci öğrenciler okul okulda",
}


@pytest.mark.parametrize("near", [False, True])
@pytest.mark.parametrize("language", ALIKE)
def test_a_word_is_marked_just_when_the_index_has_the_document_for_it(language, near):
    """Most words are passed over after a look at their first letters: none of those that answer."""
    for word in ALIKE[language].split():
        shown = replace(NORDWIND, title=word, language=language)
        kept = {token[0] + token[3:] for token in search._tokens(shown)}  # without the drawer
        for asked in [*ALIKE[language].split(), word[1:], word[:4], word[0] + word[2:]]:
            if not (question := words_asked(asked)):
                continue
            [group] = misspelled(question) if near else spelled(question, "w", tuple(search.STEMMED))
            is_found = any(own == text or (begins and own.startswith(text)) for text, begins in group for own in kept)
            is_marked = marked(why(asked, near=near, title=word, language=language).title).startswith("[")
            assert is_marked == is_found, (asked, word)


def test_of_a_word_that_is_everywhere_not_every_place_is_looked_at(monkeypatch):
    looked_at = []
    near = reasons._near
    monkeypatch.setattr(reasons, "_near", lambda found, number: looked_at.append(number) or near(found, number))
    [passage] = passages("aa bb", "aa " * 20_000)
    assert passage.startswith("[aa] [aa]")
    assert len(looked_at) < 10


# --- Who may see it ------------------------------------------------------------------------------------------------


def test_hits_are_explained_in_their_order_each_kind_described_once():
    asked: list[tuple[str, list[int]]] = []

    def describe(kind):
        def described(keys):
            asked.append((kind, list(keys)))
            return [Document(kind=kind, key=key, title=f"{kind} {key}", scopes=[MINE], url="/") for key in sorted(keys)]

        return described

    hits = [Hit("a", 3, "", "", 0), Hit("b", 1, "", "", 0), Hit("a", 2, "", "", 0)]
    reasons = explain(Results(hits, 3), "x", scopes=[MINE], describe={kind: describe(kind) for kind in "abc"})
    assert [reason.document.title for reason in reasons] == ["a 3", "b 1", "a 2"]
    assert sorted(asked) == [("a", [3, 2]), ("b", [1])]


def test_what_is_no_more_or_not_ours_any_more_is_left_out():
    hits = [Hit("shop.thing", key, "", "", 0) for key in (1, 2, 3)]
    now = [NORDWIND, replace(NORDWIND, key=2, scopes=[THEIRS])]
    reasons = explain(Results(hits, 3), "nord", scopes=[MINE, "public"], describe={"shop.thing": lambda keys: now})
    assert [reason.document.key for reason in reasons] == [1]


# --- What was meant ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mistyped", "said"),
    [
        ("mülelr metallbau", "Müller Metallbau"),
        ("müler metallbau", "Müller Metallbau"),
        ("müllert metallbau", "Müller Metallbau"),
        ("nüller", "Müller"),
        ("müller mettal", "Müller Metallbau"),
        ("metallbua trir", "Metallbau Trier"),
        ("kowalksi", "Kowalski"),
        ("müller bäckerei", ""),
        ("", ""),
    ],
)
def test_what_was_meant_is_said_in_the_words_of_what_comes_closest(mistyped, said):
    document = replace(NORDWIND, title="Müller Metallbau", detail="Trier", text="Jan Kowalski")
    assert meant(mistyped, document) == said
