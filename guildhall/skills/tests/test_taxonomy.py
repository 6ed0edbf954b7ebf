from datetime import UTC, datetime
from math import inf

import pytest
from django.template import Context, Template
from django.utils import translation

from guildhall.skills import taxonomy
from guildhall.skills.actions import load_shipped
from guildhall.skills.models import Label, Scheme

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_loaded")]
AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def loaded():
    def load(*keys):
        load_shipped(by=None, at=AT, only=keys)

    return load


def test_a_label_is_in_the_active_language_unless_told(loaded):
    loaded("nace")
    with translation.override("de"):
        assert taxonomy.label("nace", "F") == "Baugewerbe"
        assert taxonomy.label("nace", "F", "pl") == "Budownictwo"


def test_a_missing_label_is_given_in_english_then_in_any_language_then_as_the_code(loaded):
    loaded("nuts")
    assert taxonomy.name("nuts", "EL52", "el") == ("Κεντρική Μακεδονία", "el")
    assert taxonomy.name("nuts", "EL52", "pl") == ("Kentriki Makedonia", "en")
    assert taxonomy.name("nuts", "FRF33", "pl") == ("Moselle", "mul")
    assert taxonomy.name("nuts", "XX9", "pl") == ("XX9", "")


def test_no_question_costs_a_query_once_the_scheme_is_read(loaded, django_assert_num_queries):
    loaded("eqf")
    taxonomy.warm("es")
    with django_assert_num_queries(0):
        assert taxonomy.label("eqf", "4", "es") == "Nivel 4 del MEC"
        assert len(taxonomy.choices("eqf", language="es")) == 8
        assert taxonomy.search("eqf", "nivel 4", language="es")[0].code == "4"
        assert not taxonomy.is_known("eqf", "9")


def test_a_newer_version_loaded_elsewhere_is_noticed_within_a_minute(loaded, monkeypatch):
    loaded("eqf")
    assert taxonomy.label("eqf", "4", "en") == "EQF level 4"
    Label.objects.filter(concept__code="4", language="en").update(text="Level four")
    Scheme.objects.update(digest="another")
    assert taxonomy.label("eqf", "4", "en") == "EQF level 4"
    monkeypatch.setattr(taxonomy, "_looked_at", -inf)
    assert taxonomy.label("eqf", "4", "en") == "Level four"


def test_a_scheme_that_is_not_loaded_yet_answers_with_codes_and_is_noticed_when_it_is(loaded):
    assert taxonomy.label("eqf", "4") == "4"
    assert taxonomy.choices("eqf") == []
    loaded("eqf")
    assert taxonomy.label("eqf", "4", "en") == "EQF level 4"


def test_choices_are_sorted_for_people_in_their_language(loaded):
    loaded("country", "nace")
    names = [label for _code, label in taxonomy.choices("country", language="de")]
    assert names.index("Andorra") < names.index("Österreich") < names.index("Polen")
    assert len(taxonomy.choices("nace", level=1)) == 22
    assert [code for code, _ in taxonomy.choices("nace", level=2, under="F", language="en")] == ["42", "41", "43"]


def test_what_lies_under_a_concept_is_found_at_any_depth(loaded):
    loaded("nace")
    assert ("43.21", "Electrical installation") in taxonomy.choices("nace", under="F", language="en")
    assert taxonomy.ancestors("nace", "43.21") == ["F", "43", "43.2"]
    assert taxonomy.ancestors("nace", "F") == []


def test_the_regions_of_greece_are_found_by_the_code_that_people_use(loaded):
    loaded("nuts")
    assert ("EL522", "Thessaloniki") in taxonomy.nuts_for("GR", language="en")
    assert len(taxonomy.nuts_for("FR", level=1)) == 14


SOUGHT = {
    "nace": [
        ("en", "43.21", "43.21"),
        ("en", "4321", "43.21"),
        ("en", "bakery products", "10.7"),
        ("es", "construccion", "F"),
        ("el", "κατασκευες", "F"),
        ("de", "elektroinstalation", "43.21"),
        ("pl", "budownictwo", "F"),
    ],
    "isced-f": [("de", "krankenpfelge", "0913"), ("en", "mechanics metal", "0715"), ("pt", "eletricidade", "0713")],
    "nuts": [("de", "thessaloniki", "EL522"), ("pl", "slaskie", "PL22"), ("en", "mosele", "FRF33")],
    "country": [("pt", "grecia", "GR"), ("de", "osterreich", "AT"), ("en", "fr", "FR")],
    "language": [("es", "polaco", "pl")],
}


@pytest.mark.parametrize("scheme", SOUGHT)
def test_search_forgives_case_accents_and_slips_and_knows_codes(loaded, scheme):
    loaded(scheme)
    for language, text, code in SOUGHT[scheme]:
        assert code in [hit.code for hit in taxonomy.search(scheme, text, language=language, limit=5)], text


def test_search_is_limited_and_says_nothing_to_nothing(loaded):
    loaded("country")
    assert len(taxonomy.search("country", "a", limit=7)) == 7
    assert taxonomy.search("country", "  ") == []
    assert taxonomy.search("country", "xqzw") == []


def test_a_template_says_a_code_in_words(loaded):
    loaded("nace")
    template = Template('{{ code|in_words:"nace" }}|{{ none|in_words:"nace" }}')
    with translation.override("pt"):
        assert template.render(Context({"code": "F", "none": ""})) == "Construção|"
