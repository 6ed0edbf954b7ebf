"""What our public resources lack for those who harvest them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from guildhall.library.tests.factories import ResourceFactory, member_of, published
from guildhall.library.tests.test_feeds import taken_from_elsewhere, withdrawn
from guildhall.people.models import Role
from guildhall.people.tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db

QUALITY = "/library/quality/"
WHOLE = {
    "kind": "worksheet",
    "isced": "0111",
    "keywords": ["calls"],
    "audience": ["teacher"],
    "eqf": ["4"],
    "authors": [{"name": "Ada", "orcid": "0000-0002-3064-147X"}],
    "accessibility": ["captions"],
}


@pytest.fixture
def school():
    return OrganisationFactory()


@pytest.fixture
def teacher(school, client):
    teacher = member_of(school, Role.TEACHER)
    client.force_login(teacher)
    return teacher


def test_with_nothing_published_it_says_so(client, teacher):
    assert "Nothing is published yet" in client.get(QUALITY).content.decode()


def test_what_lacks_nothing_is_only_counted(client, school, teacher):
    published(organisation=school, **WHOLE)
    shown = client.get(QUALITY).content.decode()
    assert "1 of 1 resource says all that is needed." in shown
    assert "What is missing" not in shown


def test_each_lack_is_counted_and_leads_to_where_it_can_be_mended(client, school, teacher):
    closed = published(organisation=school, **{**WHOLE, "licence": "by-nc-nd"})
    for _ in range(2):
        published(organisation=school, **{**WHOLE, "isced": ""})
    shown = client.get(QUALITY).content.decode()
    assert "2 of 3 resources say all that is needed." in shown
    assert "A licence that allows changes and every use" in shown
    assert f"{reverse('library:change', args=[closed.pk])}#id_licence" in shown
    assert shown.index("A licence that allows changes") < shown.index("The subject"), "what is needed first"


def test_one_can_see_only_those_that_lack_one_thing(client, school, teacher):
    published(organisation=school, title="Closed", **{**WHOLE, "licence": "by-nc"})
    published(organisation=school, title="Without a subject", **{**WHOLE, "isced": ""})
    shown = client.get(QUALITY, {"lacks": "licence-needed"}).content.decode()
    assert "Closed" in shown
    assert "Without a subject" not in shown
    assert "Without a subject" in client.get(QUALITY, {"lacks": "nothing-known"}).content.decode()


def test_a_lack_of_an_author_and_of_an_orcid_are_two(client, school, teacher):
    published(organisation=school, title="Nobody’s", **{**WHOLE, "licence": "cc0", "authors": []})
    published(organisation=school, title="Bo’s", **{**WHOLE, "authors": [{"name": "Bo"}]})
    shown = client.get(QUALITY, {"lacks": "authors-wanted"}).content.decode()
    assert "Bo’s" in shown
    assert "Nobody’s" in shown


def test_only_what_is_public_and_ours_is_looked_at(client, school, teacher):
    ResourceFactory(organisation=school, title="Draft")
    withdrawn(organisation=school, title="Withdrawn")
    taken_from_elsewhere(organisation=school, title="Theirs")
    published(title="Of another school")
    assert "Nothing is published yet" in client.get(QUALITY).content.decode()


def test_the_swapped_fragment_is_the_page_you_would_get_by_reloading(client, school, teacher):
    published(organisation=school)
    for query in ("", "?lacks=isced-wanted"):
        fragment = client.get(f"{QUALITY}{query}", headers={"HX-Request": "true"}).content.decode()
        assert fragment.strip() in client.get(f"{QUALITY}{query}").content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_the_same_for_one_and_for_three(client, school, teacher, count, django_assert_num_queries):
    for _ in range(count):
        published(organisation=school)
    with django_assert_num_queries(8):
        assert client.get(QUALITY).status_code == 200


def test_who_writes_for_nobody_has_no_such_page(client, school):
    client.force_login(member_of(school, Role.LEARNER))
    assert client.get(QUALITY).status_code == 404
