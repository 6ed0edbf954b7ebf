"""Collections that everybody may see."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils.timezone import now

from guildhall.library import actions
from guildhall.library.tests.factories import member_of, published
from guildhall.people.models import Role
from guildhall.people.tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db
LIST = "oer:collections"


@pytest.fixture
def school():
    return OrganisationFactory(name="Lindenhof School")


@pytest.fixture
def manager(school):
    return member_of(school)


def collection(school, by, title="For the first year", *resources, **fields):
    given = {"summary": "What to read first.", "language": "en", "is_public": True, **fields}
    made = actions.make_collection(school, title=title, by=by, at=now(), **given)
    for resource in resources:
        actions.collect(made, resource=resource, word=f"On {resource.shown.title}", by=by, at=now())
    return made


def opened(client, made, status=200):
    response = client.get(reverse("oer:collection", args=[made.pk]))
    assert response.status_code == status
    return response.content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_and_for_three(client, school, manager, count, django_assert_num_queries):
    for number in range(count):
        collection(school, manager, f"Collection {number}", published(), published())
    with django_assert_num_queries(1):
        page = client.get(reverse(LIST)).content.decode()
    assert page.count("Lindenhof School · 2 resources") == count


@pytest.mark.parametrize("count", [1, 3])
def test_a_collection_costs_the_same_with_one_and_with_three(client, school, manager, count, django_assert_num_queries):
    made = collection(school, manager, "Collection", *[published() for _ in range(count)])
    with django_assert_num_queries(4):
        assert opened(client, made).count('<h2 class="item-title">') == count


def test_it_shows_what_is_in_it_in_its_order_with_a_word_on_each(client, school, manager):
    first, second = published(title="Zebra"), published(title="Apple")
    page = opened(client, collection(school, manager, "Collection", first, second))
    assert page.index("Zebra") < page.index("Apple")
    assert "<strong>On Apple</strong>" in page
    assert "What to read first." in page


def test_one_in_another_language_is_marked(client, school, manager):
    made = collection(school, manager, "Für den Anfang", published(title="Sheet"), language="de")
    page = opened(client, made)
    assert '<h1><span lang="de">Für den Anfang</span></h1>' in page
    assert '<p lang="de"><strong>On Sheet</strong></p>' in page
    assert '<span lang="de">Für den Anfang</span>' in client.get(reverse(LIST)).content.decode()


def test_one_that_is_not_public_is_not_here_not_even_for_its_own_people(client, school, manager):
    made = collection(school, manager, "For ourselves", published(), is_public=False)
    client.force_login(manager)
    opened(client, made, status=404)
    assert "There is no collection yet" in client.get(reverse(LIST)).content.decode()


def test_what_was_withdrawn_is_neither_shown_nor_counted(client, school, manager):
    gone = published(title="Old rules", organisation=school)
    made = collection(school, manager, "Collection", gone, published(title="New rules"))
    actions.withdraw_resource(gone, why="Out of date.", by=manager, at=now())
    page = opened(client, made)
    assert "Old rules" not in page
    assert "1 resource<" in page
    assert "· 1 resource<" in client.get(reverse(LIST)).content.decode()


def test_an_empty_one_says_so(client, school, manager):
    assert "Nothing in it is public" in opened(client, collection(school, manager))


def test_its_own_people_are_led_to_where_it_can_be_changed(client, school, manager):
    made = collection(school, manager)
    assert made.get_absolute_url() not in opened(client, made)
    client.force_login(member_of(school, Role.LEARNER))
    assert made.get_absolute_url() not in opened(client, made)
    client.force_login(manager)
    assert made.get_absolute_url() in opened(client, made)


def test_twenty_stand_on_a_page(client, school, manager):
    for number in range(21):
        collection(school, manager, f"Collection {number:02}")
    page = client.get(reverse(LIST)).content.decode()
    assert "21 collections" in page
    assert "1–20 of 21" in page
    assert "Collection 00" in client.get(reverse(LIST), {"page": "2"}).content.decode()
