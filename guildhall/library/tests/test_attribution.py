"""The line by which a resource is named says title, authors, source, licence and changes, as text and as HTML."""

from __future__ import annotations

import pytest
from django.utils.timezone import now
from django.utils.translation import override

from guildhall.library import actions
from guildhall.library.attribution import attribution_html, attribution_text
from guildhall.library.licences import LICENCES
from guildhall.library.models import Resource, Source
from guildhall.library.tests.factories import ResourceFactory, member_of, published
from guildhall.people.tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db
BY = "CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/)"


@pytest.fixture(autouse=True)
def _base(settings):
    settings.BASE_URL = "https://guildhall.example"


def named(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "orcid": "", "affiliation": ""} for name in names]


def address_of(resource: Resource) -> str:
    return f"https://guildhall.example/oer/{resource.pk}/"


@pytest.mark.parametrize("key", LICENCES)
def test_title_author_source_and_licence_are_named_under_each_licence(key):
    resource = published(title="Call sheet", licence=key)
    licence = LICENCES[key]
    verb = "marked with" if key == "cc0" else "licensed under"
    source = address_of(resource)
    assert (
        attribution_text(resource.shown) == f"“Call sheet” ({source}) by Ada Example is {verb} {licence.label} ({licence.uri})."
    )
    assert attribution_html(resource.shown) == (
        f'<a href="{source}" rel="noopener"><span lang="en">“Call sheet”</span></a> by Ada Example is {verb} '
        f'<a href="{licence.uri}" rel="license noopener">{licence.label}</a>.'
    )


def test_a_draft_is_named_as_it_will_be():
    resource = ResourceFactory(title="Call sheet")
    assert attribution_text(resource) == f"“Call sheet” ({address_of(resource)}) by Ada Example is licensed under {BY}."


def test_without_authors_cc0_names_nobody_and_the_others_the_organisation():
    school = OrganisationFactory(name="Seeblick <School>")
    assert " by " not in attribution_text(ResourceFactory(organisation=school, authors=[], licence="cc0"))
    resource = ResourceFactory(organisation=school, authors=[], licence="by-sa")
    assert " by Seeblick <School> is licensed under " in attribution_text(resource)
    assert " by Seeblick &lt;School&gt; is licensed under " in attribution_html(resource)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["Ada"], " by Ada is"),
        (["Ada", "Bert"], " by Ada and Bert is"),
        (["Ada", "Bert", "Cem"], " by Ada, Bert and Cem is"),
        (["Ada & Co", "<b>Bert</b>", "Cem"], " by Ada & Co, <b>Bert</b> and Cem is"),
    ],
)
def test_all_authors_are_named(names, said):
    resource = ResourceFactory(authors=named(*names))
    assert said in attribution_text(resource)
    escaped = said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert escaped in attribution_html(resource)


def test_a_hundred_authors_are_named_too():
    resource = ResourceFactory(authors=named(*(f"Author {number}" for number in range(100))))
    for number in range(100):
        assert f"Author {number}" in attribution_text(resource)
        assert f"Author {number}" in attribution_html(resource)


def test_an_author_who_has_one_is_linked_by_orcid_and_whatever_is_none_leads_nowhere():
    authors = [
        {"name": "Ada", "orcid": "0000-0002-1825-009X"},
        {"name": "Bert", "orcid": "javascript:alert(1)"},
        {"name": "", "orcid": ""},
    ]
    html = attribution_html(ResourceFactory(authors=authors))
    assert '<a href="https://orcid.org/0000-0002-1825-009X" rel="noopener">Ada</a> and Bert is' in html
    assert "javascript" not in html


def test_where_there_is_a_doi_it_is_the_source():
    assert "“Call sheet” (https://doi.org/10.5281/zenodo.1) by" in attribution_text(
        ResourceFactory(title="Call sheet", doi="10.5281/zenodo.1")
    )


def test_what_was_typed_is_escaped_wherever_it_stands():
    resource = ResourceFactory(title='<script>"', authors=named("<img src=x>"), doi='10.1/"><script>')
    Source.objects.create(resource=resource, relation="based_on", title="<b>", author="<i>", what_changed="<u>", licence="by")
    html = attribution_html(resource)
    assert all(tag not in html for tag in ("<script", "<img", "<b>", "<i>", "<u>"))
    assert "“&lt;b&gt;”" in html


# --- What it was made from -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("relation", "said"),
    [
        ("based_on", "Based on {}."),
        ("remix", "Mixed from {}."),
        ("translation", "Translated from {}."),
        ("new_version", "A new version of {}."),
    ],
)
def test_what_it_was_made_from_is_named_in_the_same_way(relation, said):
    source = published(title="Mentor’s one-pager", authors=named("Bea", "Cem"))
    resource = ResourceFactory()
    Source.objects.create(resource=resource, relation=relation, of=source, what_changed="Shorter, for bakers.")
    told = f"“Mentor’s one-pager” ({address_of(source)}) by Bea and Cem, {BY}"
    assert attribution_text(resource).endswith(f" {said.format(told)} What was changed: Shorter, for bakers.")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "“A book”."),
        ({"author": "Bea"}, "“A book” by Bea."),
        ({"licence": "by"}, f"“A book”, {BY}."),
        ({"author": "Bea", "licence": "by", "address": "https://b.example/"}, f"“A book” (https://b.example/) by Bea, {BY}."),
    ],
)
def test_of_what_is_elsewhere_all_is_named_that_is_known(fields, said):
    resource = ResourceFactory()
    Source.objects.create(resource=resource, relation="based_on", title="A book", **fields)
    assert attribution_text(resource).endswith(f" Based on {said}")
    assert 'href="https://b.example/"' in attribution_html(resource) or "address" not in fields


def test_a_translation_says_who_translated_it():
    original = published(title="One-pager")
    translator = member_of(OrganisationFactory())
    given = {"organisation": translator.memberships.get().organisation, "language": "de", "is_machine": True}
    translation = actions.start_translation(original, **given, by=translator, at=now())
    assert "Translated by a machine from “One-pager” (" in attribution_text(translation)
    assert attribution_text(translation).endswith("; nobody has looked through it.")
    translation = actions.look_through(translation, by=translator, at=now())
    assert "Translated from “One-pager” (" in attribution_text(translation)
    assert attribution_text(translation).endswith("; people have looked through it.")
    other = actions.start_translation(original, **given | {"language": "el", "is_machine": False}, by=translator, at=now())
    assert "Translated by people from “One-pager” (" in attribution_text(other)
    assert '<span lang="el">' in attribution_html(other)


def test_the_line_is_in_the_language_of_the_page():
    resource = published(title="Call sheet")
    with override("de"):
        assert BY in attribution_text(resource.shown)


def test_it_costs_one_query_however_many_sources(django_assert_num_queries):
    for count in (1, 3):
        resource = ResourceFactory()
        for number in range(count):
            Source.objects.create(resource=resource, relation="remix", of=published(title=f"Source {number}"))
        with django_assert_num_queries(1):
            attribution_text(resource)
