"""The pages on which files and sources are added, and on which something becomes public and ceases to be."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.timezone import now

from guildhall.library import actions
from guildhall.library.models import Part, Resource
from guildhall.library.tests.factories import ResourceFactory, member_of, published
from guildhall.library.tests.test_writing import address, browser_of, text_of
from guildhall.people.models import Role
from guildhall.people.tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return OrganisationFactory(name="Kupferhammer", country="DE")


@pytest.fixture
def teacher(school):
    return member_of(school, Role.TEACHER, name="Tadeusz")


@pytest.fixture
def manager(school):
    return member_of(school, Role.MANAGER, name="Annegret")


@pytest.fixture
def browser(client, teacher):
    return browser_of(client, teacher)


@pytest.fixture
def draft(school, teacher):
    return ResourceFactory(organisation=school, owner=teacher, title="First call sheet")


# --- Files -----------------------------------------------------------------------------------------------------------


def file(name="sheet.txt", content=b"Who decides?"):
    return SimpleUploadedFile(name, content)


def test_several_files_are_added_at_once_named_and_taken_out(browser, draft):
    answer = browser.post(address("parts", draft), {"uploads": [file(), file("list.txt")]}, follow=True)
    assert "2 files are added." in text_of(answer)
    first, second = draft.parts.of_working_copy()
    assert (first.file.name, second.file.name) == ("sheet.txt", "list.txt")
    assert "What is sheet.txt?" in text_of(browser.get(address("part_title", draft, first)))
    browser.post(address("part_title", draft, first), {"title": "The sheet"})
    page = text_of(browser.get(address("parts", draft)))
    assert "The sheet" in page
    assert "does not come back" in text_of(browser.get(address("part_remove", draft, first)))
    browser.post(address("part_remove", draft, first))
    assert list(draft.parts.of_working_copy()) == [second]


@pytest.mark.parametrize("count", [1, 3])
def test_the_files_cost_the_same_for_one_and_for_three(browser, draft, teacher, count, django_assert_num_queries):
    for number in range(count):
        actions.add_part(draft, upload=file(f"{number}.txt"), by=teacher, at=now())
    with django_assert_num_queries(8):
        page = browser.get(address("parts", draft))
    assert text_of(page).count('<li class="item ') == count


def test_a_file_that_is_refused_is_named_and_keeps_no_other_away(browser, draft):
    answer = browser.post(address("parts", draft), {"uploads": [file(), file("page.html", b"<!doctype html><p>x</p>")]})
    page = text_of(answer)
    assert answer.status_code == 422
    assert "page.html: " in page
    assert "1 file is added." in page
    assert [part.file.name for part in draft.parts.all()] == ["sheet.txt"]


@pytest.mark.parametrize("sent", [{}, {"uploads": []}])
def test_no_file_is_said(browser, draft, sent):
    answer = browser.post(address("parts", draft), sent)
    assert answer.status_code == 422
    assert "Please choose a file." in text_of(answer)


def test_a_title_that_is_too_long_is_asked_again(browser, draft, teacher):
    part = actions.add_part(draft, upload=file(), by=teacher, at=now())
    assert browser.post(address("part_title", draft, part), {"title": "a" * 201}).status_code == 422


def test_a_plain_member_takes_no_file_out(client, school, draft, teacher):
    part = actions.add_part(draft, upload=file(), by=teacher, at=now())
    browser_of(client, member_of(school, Role.MEMBER))
    for name in ("part_title", "part_remove"):
        assert client.post(address(name, draft, part), {"title": "Mine"}).status_code == 403
    assert list(draft.parts.of_working_copy()) == [part]


def test_a_file_that_a_version_has_keeps_its_name_there(browser, draft, teacher, manager):
    part = actions.add_part(draft, upload=file(), title="Old", by=teacher, at=now())
    draft = actions.publish_resource(draft, by=manager, at=now())
    assert "The versions that were published" in text_of(browser.get(address("part_remove", draft, part)))
    browser.post(address("part_title", draft, part), {"title": "New"})
    assert [part.title for part in Part.objects.of_version(draft.current)] == ["Old"]
    renamed = draft.parts.of_working_copy().get()
    assert (renamed.title, renamed.file) == ("New", part.file)
    assert "The versions that were published" not in text_of(browser.get(address("part_remove", draft, renamed)))
    assert browser.post(address("part_title", draft, part), {"title": "Again"}).status_code == 404


# --- Sources ---------------------------------------------------------------------------------------------------------


def test_something_here_is_looked_for_and_named(browser, draft):
    source = published(title="Mentor’s one-pager", licence="by")
    page = text_of(browser.get(address("sources", draft), {"q": "mentor"}))
    assert "Mentor’s one-pager (CC BY 4.0" in page
    sent = {"here": "1", "q": "mentor", "here-of": source.pk, "here-relation": "based_on", "here-what_changed": "Shorter"}
    assert browser.post(address("sources", draft), sent).url == address("sources", draft)
    named = draft.sources.get()
    assert (named.of, named.relation, named.what_changed) == (source, "based_on", "Shorter")
    page = text_of(browser.get(address("sources", draft)))
    assert "Anyone may use, change and share it who names you." in page
    assert "Nothing that is published here" in text_of(browser.get(address("sources", draft), {"q": "mentor"}))
    browser.post(address("source_remove", draft, named))
    assert not draft.sources.exists()


def test_something_elsewhere_is_named(browser, draft):
    sent = {"elsewhere-title": "A book", "elsewhere-author": "Ada", "elsewhere-address": "https://example.org/book"}
    browser.post(address("sources", draft), {**sent, "elsewhere-relation": "remix"})
    named = draft.sources.get()
    assert (named.title, named.author, named.address, named.licence) == ("A book", "Ada", "https://example.org/book", "")
    assert "Its licence is not known" in text_of(browser.get(address("sources", draft)))


@pytest.mark.parametrize("count", [1, 3])
def test_the_sources_cost_the_same_for_one_and_for_three(browser, draft, teacher, count, django_assert_num_queries):
    for _ in range(count):
        actions.add_source(draft, relation="based_on", of=published(), by=teacher, at=now())
    with django_assert_num_queries(8):
        page = browser.get(address("sources", draft))
    assert text_of(page).count('<li class="item ') == count


def test_licences_that_do_not_go_together_are_said_beside_what_was_typed(browser, draft):
    sent = {"elsewhere-title": "A book", "elsewhere-licence": "by-sa", "elsewhere-relation": "remix"}
    answer = browser.post(address("sources", draft), sent)
    assert answer.status_code == 422
    assert "must be under CC BY-SA 4.0 too" in text_of(answer)
    assert 'value="A book"' in text_of(answer)


def test_a_licence_chosen_later_is_said_on_the_sources(browser, draft, teacher):
    actions.add_source(draft, relation="based_on", title="A book", licence="by", by=teacher, at=now())
    actions.change_resource(draft, described={"licence": "cc0"}, by=teacher, at=now())
    assert "authors must be named" in text_of(browser.get(address("sources", draft)))


@pytest.mark.parametrize(
    "sent",
    [
        {"elsewhere-relation": "remix"},
        {"elsewhere-relation": "stolen from", "elsewhere-title": "A book"},
        {"elsewhere-relation": "remix", "elsewhere-title": "A book", "elsewhere-address": "javascript:alert(1)"},
        {"here": "1", "here-relation": "remix", "here-of": "1"},
    ],
)
def test_a_source_that_is_not_clear_is_asked_again(browser, draft, sent):
    assert browser.post(address("sources", draft), sent).status_code == 422
    assert not draft.sources.exists()


def test_the_original_of_a_translation_stays(browser, school, teacher):
    translation = actions.start_translation(published(), organisation=school, language="de", by=teacher, at=now())
    named = translation.sources.get()
    assert address("source_remove", translation, named) not in text_of(browser.get(address("sources", translation)))
    answer = browser.post(address("source_remove", translation, named))
    assert answer.status_code == 409
    assert "A translation keeps its original." in text_of(answer)


# --- Handing in, publishing, withdrawing -----------------------------------------------------------------------------


def test_a_teacher_hands_in_and_a_manager_publishes(client, draft, teacher, manager):
    browser_of(client, teacher)
    page = text_of(client.get(address("publish", draft)))
    assert address("hand_in", draft) in page
    assert "Publish it" not in page
    assert "is handed in" in text_of(client.post(address("hand_in", draft), follow=True))
    browser_of(client, manager)
    page = text_of(client.get(address("publish", draft)))
    assert "Tadeusz would like this to be published." in page
    assert "The subject" in page  # what it lacks
    answer = client.post(address("publish", draft), {"what_changed": ""})
    assert answer.url == draft.get_absolute_url()
    assert Resource.objects.get(pk=draft.pk).is_public


def test_what_keeps_it_from_being_published_stands_in_the_place_of_the_button(client, draft, manager):
    Resource.objects.filter(pk=draft.pk).update(summary="", authors=[])
    browser_of(client, manager)
    page = text_of(client.get(address("publish", draft)))
    assert "Say in a few sentences what it is" in page
    assert "Name who made it" in page
    assert ">Publish it<" not in page
    answer = client.post(address("publish", draft), {"what_changed": ""})
    assert answer.status_code == 422
    assert not Resource.objects.get(pk=draft.pk).is_public


def test_a_new_version_says_what_has_changed(client, school, manager):
    resource = published(organisation=school, summary="For those who call.\n\nNothing else.")
    browser_of(client, manager)
    assert "All of it is published" in text_of(client.get(address("publish", resource)))
    actions.change_resource(resource, described={"summary": "For those who visit.\n\nNothing else."}, by=manager, at=now())
    page = text_of(client.get(address("publish", resource)))
    assert "For those who<del> call.</del><ins> visit.</ins>" in page
    client.post(address("publish", resource), {"what_changed": "For visits"})
    assert Resource.objects.get(pk=resource.pk).current.what_changed == "For visits"


def test_what_says_nothing_new_is_not_published(client, school, manager):
    resource = published(organisation=school)
    browser_of(client, manager)
    answer = client.post(address("publish", resource), {"what_changed": ""})
    assert answer.status_code == 422
    assert Resource.objects.get(pk=resource.pk).versions.count() == 1


def test_a_teacher_may_not_publish(browser, draft):
    answer = browser.post(address("publish", draft), {"what_changed": ""})
    assert answer.status_code == 403
    assert "Hand it in" in text_of(answer)


def test_what_is_handed_in_is_not_handed_in_again(browser, draft):
    browser.post(address("hand_in", draft))
    answer = browser.post(address("hand_in", draft))
    assert answer.status_code == 409
    assert "This is handed in already." in text_of(answer)


def test_it_is_sent_back_with_a_word_why(client, draft, teacher, manager):
    actions.hand_in(draft, by=teacher, at=now())
    browser_of(client, manager)
    assert address("send_back", draft) in text_of(client.get(address("publish", draft)))
    answer = client.post(address("send_back", draft), {"why": " "})
    assert answer.status_code == 422
    assert "Please fill this in." in text_of(answer)
    assert client.post(address("send_back", draft), {"why": "Who decides?"}).url == address("mine")
    answer = client.post(address("send_back", draft), {"why": "Who decides?"})
    assert answer.status_code == 422
    assert "This was not handed in." in text_of(answer)


def test_a_teacher_sends_nothing_back(browser, draft, teacher):
    actions.hand_in(draft, by=teacher, at=now())
    assert browser.get(address("send_back", draft)).status_code == 403
    assert browser.post(address("send_back", draft), {"why": "No"}).status_code == 403


def test_it_is_withdrawn_with_a_word_why_and_that_can_be_undone(client, school, manager):
    resource = published(organisation=school)
    browser_of(client, manager)
    assert client.post(address("withdraw", resource), {"why": ""}).status_code == 422
    answer = client.post(address("withdraw", resource), {"why": "The law has changed."}, follow=True)
    assert address("take_up_again", resource) in text_of(answer)
    answer = client.post(address("withdraw", resource), {"why": "Again"})
    assert answer.status_code == 422
    assert "This is not public." in text_of(answer)
    client.post(address("take_up_again", resource))
    assert Resource.objects.get(pk=resource.pk).is_public
    answer = client.post(address("take_up_again", resource))
    assert answer.status_code == 409
    assert "This was not withdrawn." in text_of(answer)


def test_a_teacher_withdraws_nothing(browser, school):
    resource = published(organisation=school)
    assert browser.get(address("withdraw", resource)).status_code == 403
    assert browser.post(address("withdraw", resource), {"why": "I may not"}).status_code == 403
    assert browser.post(address("take_up_again", resource)).status_code == 403
    assert Resource.objects.get(pk=resource.pk).is_public


def test_a_draft_is_thrown_away_after_having_asked(browser, draft):
    assert address("drop", draft) in text_of(browser.get(address("publish", draft)))
    assert "do not come back" in text_of(browser.get(address("drop", draft)))
    assert browser.post(address("drop", draft)).url == address("mine")
    assert not Resource.objects.exists()


def test_what_was_published_is_not_thrown_away(client, school, manager):
    resource = published(organisation=school)
    browser_of(client, manager)
    assert address("drop", resource) not in text_of(client.get(address("publish", resource)))
    answer = client.post(address("drop", resource))
    assert answer.status_code == 409
    assert "can be withdrawn, not thrown away" in text_of(answer)


def test_a_plain_member_throws_nothing_away(client, school, draft):
    browser_of(client, member_of(school, Role.MEMBER))
    assert client.post(address("drop", draft)).status_code == 403
    assert client.post(address("hand_in", draft)).status_code == 403
    assert Resource.objects.exists()


@pytest.mark.parametrize("name", ["hand_in", "take_up_again"])
def test_what_changes_something_is_not_done_by_looking(browser, draft, name):
    assert browser.get(address(name, draft)).status_code == 405
