from __future__ import annotations

import pytest
from django.utils.timezone import now

from guildhall.library import actions
from guildhall.library.kinds import CRITERIA
from guildhall.library.models import Collection, Review, Use
from guildhall.library.tests.factories import ResourceFactory, member_of, published
from guildhall.library.tests.test_writing import address, browser_of, text_of
from guildhall.people.models import Role
from guildhall.people.tests.factories import OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return OrganisationFactory(name="Kupferhammer", country="DE")


@pytest.fixture
def teacher(school):
    return member_of(school, Role.TEACHER)


@pytest.fixture
def browser(client, teacher):
    return browser_of(client, teacher)


@pytest.fixture
def resource():
    return published(title="First call sheet")


def thought(**given):
    return {**dict.fromkeys(CRITERIA, "4"), "text": "It works.", "language": "en", **given}


def withdrawn(resource):
    return actions.withdraw_resource(resource, why="Old.", by=member_of(resource.organisation), at=now())


# --- Reviews ---------------------------------------------------------------------------------------------------------


def test_five_questions_are_asked_with_words_for_each_answer(browser, resource):
    page = text_of(browser.get(address("review", resource)))
    for name, question in CRITERIA.items():
        assert str(question) in page
        assert page.count(f'type="radio" name="{name}"') == 5
    assert page.count("1: not at all") == 5


def test_what_one_thinks_is_kept_changed_and_taken_back(browser, resource, school, teacher):
    answer = browser.post(address("review", resource), thought(rights="2", language="de"))
    assert answer.url == resource.get_absolute_url()
    review = Review.objects.get()
    assert (review.by, review.organisation, review.text, review.language) == (teacher, school, "It works.", "de")
    assert review.scores == {**dict.fromkeys(CRITERIA, 4), "rights": 2}
    page = text_of(browser.get(address("review", resource)))
    assert "It works." in page
    assert page.count(" checked") == 5
    browser.post(address("review", resource), thought(text="It works every time."))
    assert Review.objects.get().text == "It works every time."
    assert browser.post(address("review_take_back", review)).url == resource.get_absolute_url()
    assert not Review.objects.exists()


def test_a_question_without_an_answer_is_asked_again(browser, resource):
    answer = browser.post(address("review", resource), thought(quality="", rights="6"))
    page = text_of(answer)
    assert answer.status_code == 422
    assert "Please choose one." in page
    assert "Select a valid choice" in page
    assert "It works." in page


def test_who_published_it_does_not_review_it(client, resource):
    browser_of(client, member_of(resource.organisation))
    for answer in (client.get(address("review", resource)), client.post(address("review", resource), thought())):
        assert answer.status_code == 403
        assert "Who wrote it cannot review it." in text_of(answer)


@pytest.mark.parametrize("name", ["review", "use", "collect"])
def test_learners_and_strangers_give_no_opinion(client, school, resource, name):
    for user in (member_of(school, Role.LEARNER), UserFactory()):
        browser_of(client, user)
        assert client.get(address(name, resource)).status_code == 404
        assert client.post(address(name, resource), thought()).status_code == 404
    assert not Review.objects.exists()


@pytest.mark.parametrize("name", ["review", "use", "collect"])
def test_a_draft_of_others_is_not_there(browser, name):
    assert browser.get(address(name, ResourceFactory())).status_code == 404


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("review", thought()),
        ("use", {"sentence": "Well", "language": "en"}),
        ("collect", {"collection": "new", "title": "Calls"}),
    ],
)
def test_on_what_is_withdrawn_there_are_no_opinions(browser, resource, name, sent):
    withdrawn(resource)
    assert "This is not public." in text_of(browser.get(address(name, resource)))
    answer = browser.post(address(name, resource), sent)
    assert answer.status_code == 422
    assert "This is not public." in text_of(answer)
    assert not Review.objects.exists()
    assert not Use.objects.exists()
    assert not Collection.objects.exists()


def test_what_somebody_else_thinks_is_not_taken_back(client, browser, resource, school):
    browser.post(address("review", resource), thought())
    browser.post(address("use", resource), {"sentence": "Well", "language": "en"})
    browser_of(client, member_of(school))
    for name, opinion in (("review_take_back", Review.objects.get()), ("use_take_back", Use.objects.get())):
        answer = client.post(address(name, opinion))
        assert answer.status_code == 403
        assert "This was written by somebody else." in text_of(answer)


# --- Uses ------------------------------------------------------------------------------------------------------------


def test_that_one_used_it_is_kept_changed_and_taken_back(browser, resource, school, teacher):
    browser.post(address("use", resource), {"sentence": "With a new class.", "language": "en"})
    browser.post(address("use", resource), {"sentence": "With two classes.", "language": "en"})
    use = Use.objects.get()
    assert (use.by, use.organisation, use.sentence) == (teacher, school, "With two classes.")
    page = text_of(browser.get(address("use", resource)))
    assert "With two classes." in page
    browser.post(address("use_take_back", use))
    assert not Use.objects.exists()


def test_a_sentence_is_no_novel(browser, resource):
    answer = browser.post(address("use", resource), {"sentence": "a" * 501, "language": "en"})
    assert answer.status_code == 422
    assert not Use.objects.exists()


# --- Collections -----------------------------------------------------------------------------------------------------


@pytest.fixture
def collection(school, teacher):
    return actions.make_collection(
        school, title="For new colleagues", summary="", language="en", is_public=False, by=teacher, at=now()
    )


@pytest.mark.parametrize("count", [1, 3])
def test_the_collections_cost_the_same_for_one_and_for_three(
    browser, resource, school, teacher, count, django_assert_num_queries
):
    for number in range(count):
        actions.collect_in_new(school, title=f"Calls {number}", language="en", resource=resource, by=teacher, at=now())
    with django_assert_num_queries(5):
        page = browser.get(address("collections"))
    assert text_of(page).count("1 resource<") == count


@pytest.mark.parametrize("count", [1, 3])
def test_a_collection_costs_the_same_for_one_and_for_three(browser, collection, teacher, count, django_assert_num_queries):
    for _ in range(count):
        actions.collect(collection, resource=published(), word="Good", by=teacher, at=now())
    with django_assert_num_queries(6):
        page = browser.get(collection.get_absolute_url())
    assert text_of(page).count('<li class="item ') == count


def test_something_is_put_into_a_collection_with_a_word_and_taken_out(browser, resource, collection):
    sent = {"collection": collection.pk, "word": "Read this first."}
    answer = browser.post(address("collect", resource), sent)
    assert answer.url == collection.get_absolute_url()
    page = text_of(browser.get(answer.url))
    assert "First call sheet" in page
    assert "Read this first." in page
    browser.post(address("collection_take_out", collection, resource))
    assert not collection.items.exists()
    assert browser.post(address("collection_take_out", collection, resource)).status_code == 404


def test_a_new_collection_is_begun_on_the_way(browser, resource, school):
    answer = browser.post(address("collect", resource), {"collection": "new", "title": "Calls", "word": ""})
    made = Collection.objects.get()
    assert answer.url == made.get_absolute_url()
    assert (made.organisation, made.title, made.is_public) == (school, "Calls", False)
    assert made.items.get().resource == resource


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"collection": "new", "title": ""}, "Give the new collection a name."),
        ({"collection": "new", "title": "for NEW colleagues"}, "There is a collection of this name already."),
        ({"collection": "", "title": ""}, "Please choose one."),
        ({"collection": "999"}, "Select a valid choice"),
    ],
)
def test_what_is_not_clear_is_asked_again(browser, resource, collection, sent, said):
    answer = browser.post(address("collect", resource), {**sent, "word": "Read this first."})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert "Read this first." in text_of(answer)
    assert not collection.items.exists()


def test_a_collection_is_made_changed_and_taken_apart(browser, resource, school):
    answer = browser.post(address("collection_make"), {"title": "Calls", "summary": "For Monday.", "language": "en"})
    made = Collection.objects.get()
    assert answer.url == made.get_absolute_url()
    browser.post(address("collect", resource), {"collection": made.pk, "word": ""})
    assert "Calls" in text_of(browser.get(address("collection_change", made)))
    browser.post(address("collection_change", made), {"title": "First calls", "summary": "", "is_public": "on"})
    made.refresh_from_db()
    assert (made.title, made.summary, made.language, made.is_public) == ("First calls", "", "en", True)
    assert "(1 resource) stays in the library" in text_of(browser.get(address("collection_remove", made)))
    assert browser.post(address("collection_remove", made)).url == address("collections")
    assert not Collection.objects.exists()


def test_two_collections_do_not_have_the_same_name(browser, collection, school):
    sent = {"title": "FOR new colleagues", "summary": "", "language": "en"}
    answer = browser.post(address("collection_make"), sent)
    assert answer.status_code == 422
    assert "There is a collection of this name already." in text_of(answer)
    browser.post(address("collection_make"), {**sent, "title": "Calls"})
    answer = browser.post(address("collection_change", Collection.objects.get(title="Calls")), sent)
    assert answer.status_code == 422


def test_what_was_withdrawn_is_shown_as_such_to_those_who_collect(browser, resource, collection, teacher):
    actions.collect(collection, resource=resource, by=teacher, at=now())
    withdrawn(resource)
    assert "Others do not see it here." in text_of(browser.get(collection.get_absolute_url()))


def test_the_collections_of_others_are_not_there_unless_they_are_public(client, browser, collection, teacher):
    browser_of(client, member_of(OrganisationFactory()))
    pages = [("collection", ()), ("collection_change", ()), ("collection_remove", ())]
    for name, _ in pages:
        assert client.get(address(name, collection)).status_code == 404
    actions.change_collection(collection, title="Calls", summary="", is_public=True, by=teacher, at=now())
    assert client.get(collection.get_absolute_url()).url == f"/oer/collections/{collection.pk}/"
    for name in ("collection_change", "collection_remove"):
        assert client.get(address(name, collection)).status_code == 403
        assert client.post(address(name, collection), {"title": "Mine"}).status_code == 403


def test_a_collection_of_others_takes_nothing(client, browser, collection, resource):
    browser_of(client, member_of(OrganisationFactory()))
    answer = client.post(address("collect", resource), {"collection": collection.pk, "word": ""})
    assert answer.status_code == 422
    assert not collection.items.exists()


def test_where_nothing_is_collected_the_page_says_what_to_do(browser, collection):
    assert "Nothing is in it yet" in text_of(browser.get(collection.get_absolute_url()))
    actions.remove_collection(collection, by=member_of(collection.organisation), at=now())
    assert "There is no collection yet" in text_of(browser.get(address("collections")))
