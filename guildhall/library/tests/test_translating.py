from __future__ import annotations

import re

import pytest
from django.urls import reverse
from django.utils.timezone import now

from guildhall.core.errors import Refused
from guildhall.core.models import Progress
from guildhall.core.tasks import run_waiting
from guildhall.library import actions
from guildhall.library.differences import Piece, paragraphs
from guildhall.library.kinds import CASE
from guildhall.library.models import Resource
from guildhall.library.tests.factories import ResourceFactory, member_of, published
from guildhall.library.tests.test_writing import HIDDEN, address, browser_of, text_of
from guildhall.library.tests.translation_server import translation_server
from guildhall.people.models import Role
from guildhall.people.tests.factories import OrganisationFactory

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
def original():
    return published(
        title="First call sheet",
        summary="What to ask.",
        text="## Before\n\nLook up **who** decides.\n\nThen call.",
        keywords=["call", "employer"],
        skills=["Ask openly"],
    )


@pytest.fixture
def translation(original, school, teacher):
    return actions.start_translation(original, organisation=school, language="de", by=teacher, at=now())


def publish_again(original, **described):
    author = member_of(original.organisation)
    actions.change_resource(original, described=described, by=author, at=now())
    return actions.publish_resource(original, by=author, at=now())


def in_german(**given):
    return {"title": "Blatt für den ersten Anruf", "summary": "Was man fragt.", "text": "", "keywords": "", "skills": "", **given}


# --- Beginning -------------------------------------------------------------------------------------------------------


def test_a_translation_is_begun_in_a_language_there_is_none_in(browser, original, school):
    page = text_of(browser.get(address("translate", original)))
    choices = page.partition('<select name="language"')[2].partition("</select>")[0]
    assert 'value="de"' in choices
    assert 'value="en"' not in choices
    answer = browser.post(address("translate", original), {"language": "eu"})
    translation = Resource.objects.get(language="eu")
    assert answer.url == address("translating", translation)
    assert (translation.work, translation.organisation, translation.translated) == (original, school, "human")
    page = text_of(
        browser.get(address("translate", translation))
    )  # from a translation, too, it is the original that is translated
    choices = page.partition('<select name="language"')[2].partition("</select>")[0]
    assert 'value="eu"' not in choices
    assert translation.get_absolute_url() in page


def test_a_language_that_somebody_else_works_in_is_not_offered_and_its_draft_not_shown(browser, original):
    other = member_of(OrganisationFactory())
    theirs = actions.start_translation(
        original, organisation=other.memberships.get().organisation, language="pl", by=other, at=now()
    )
    page = text_of(browser.get(address("translate", original)))
    assert theirs.get_absolute_url() not in page
    answer = browser.post(address("translate", original), {"language": "pl"})
    assert answer.status_code == 422
    assert "Select a valid choice" in text_of(answer)


def test_what_a_licence_forbids_is_said(browser):
    original = published(licence="by-nd")
    page = text_of(browser.get(address("translate", original)))
    assert "not translated or changed" in page
    assert 'name="language" id' not in page
    answer = browser.post(address("translate", original), {"language": "de"})
    assert answer.status_code == 422
    assert not Resource.objects.filter(language="de").exists()


def test_a_draft_is_not_translated(browser, school, teacher):
    draft = ResourceFactory(organisation=school, owner=teacher)
    assert browser.get(address("translate", draft)).status_code == 404
    assert browser.get(address("translating", draft)).status_code == 404


def test_learners_do_not_translate(client, original, school):
    browser_of(client, member_of(school, Role.LEARNER))
    assert client.get(address("translate", original)).status_code == 404


# --- Side by side ----------------------------------------------------------------------------------------------------


def test_original_and_translation_stand_beside_each_other(browser, translation):
    page = text_of(browser.get(address("translating", translation)))
    assert page.count('<textarea name="text" ') == 1
    assert 'lang="de"' in page.partition('<textarea name="text"')[2].partition(">")[0]
    assert "Look up <strong>who</strong> decides." in page
    sent = in_german(
        text="## Vorher\r\n\r\nNachsehen, **wer** entscheidet.\r\n\r\nAnrufen.", keywords="Anruf, Betrieb", skills="Offen fragen"
    )
    assert browser.post(address("translating", translation), sent).url == address("translating", translation)
    translation.refresh_from_db()
    assert (translation.title, translation.keywords, translation.skills) == (
        sent["title"],
        ["Anruf", "Betrieb"],
        ["Offen fragen"],
    )
    assert translation.text == "## Vorher\n\nNachsehen, **wer** entscheidet.\n\nAnrufen."
    page = text_of(browser.get(address("translating", translation)))
    rows = re.findall(r"<tr><td data.*?</tr>", page, re.DOTALL)
    assert [("Then call." in row, "Anrufen." in row) for row in rows] == [(False, False), (False, False), (True, True)]
    assert '<td data-heading="German" lang="de"><p>Anrufen.</p>' in page


def test_a_case_is_translated_part_by_part_and_its_figures_stay(browser, school, teacher):
    account = {"context": "In Ghent", "done": "1. Ask", "figures": [{"value": "38 → 9", "label": "minutes"}]}
    original = published(kind=CASE, text="", account=account, area="2.2", activity="network")
    translation = actions.start_translation(original, organisation=school, language="de", by=teacher, at=now())
    page = text_of(browser.get(address("translating", translation)))
    assert 'name="done"' in page
    assert 'name="failed"' not in page
    assert "Figure: 38 → 9" in page
    sent = in_german(context="In Gent", done="1. Fragen", figure_0="Minuten")
    browser.post(address("translating", translation), sent)
    translation.refresh_from_db()
    assert translation.account == {
        "context": "In Gent",
        "done": "1. Fragen",
        "figures": [{"value": "38 → 9", "label": "Minuten"}],
    }


def test_a_title_stays_in_one_line(browser, translation):
    browser.post(address("translating", translation), in_german(title="Blatt für\r\nden Anruf"))
    assert Resource.objects.get(pk=translation.pk).title == "Blatt für den Anruf"


def test_what_is_wrong_keeps_what_was_typed(browser, translation):
    answer = browser.post(address("translating", translation), in_german(title="B", text="Für eine Stunde"))
    assert answer.status_code == 422
    assert "Für eine Stunde" in text_of(answer)


def test_two_who_translate_at_the_same_time_lose_nothing(browser, translation):
    page = text_of(browser.get(address("translating", translation)))
    sent = in_german(text="Meine Fassung. " * 30) | {name: [value] for name, value in HIDDEN.findall(page)}
    colleague = member_of(translation.organisation)
    actions.change_resource(translation, described={"text": "Ihre Fassung. " * 30, "summary": "Ihre."}, by=colleague, at=now())
    answer = browser.post(address("translating", translation), sent | {"summary": "What to ask."})
    assert answer.status_code == 422
    assert "Ihre Fassung." in text_of(answer)
    assert "Meine Fassung." in text_of(answer)
    translation.refresh_from_db()
    assert translation.summary == "Ihre."


def test_who_may_only_look_does_not_translate(client, translation, school):
    browser_of(client, member_of(school, Role.MEMBER))
    assert client.get(address("translating", translation)).status_code == 403


@pytest.mark.parametrize("name", ["translating", "catch_up", "look_through"])
def test_what_is_no_translation_has_no_such_pages(browser, school, teacher, name):
    draft = ResourceFactory(organisation=school, owner=teacher)
    assert browser.post(address(name, draft)).status_code == 404


# --- The original changes --------------------------------------------------------------------------------------------


def test_what_has_changed_in_the_original_is_shown_until_it_is_caught_up_with(browser, original, translation):
    assert "The original has changed since" not in text_of(browser.get(address("translating", translation)))
    publish_again(original, text="## Before\n\nLook up **who** signs.\n\nThen call.", keywords=["call"])
    page = text_of(browser.get(address("translating", translation)))
    assert "The original has changed since" in page
    assert "<del> decides.</del><ins> signs.</ins>" in page
    assert "Look up <strong>who</strong> signs." in page  # it is the new one that stands beside the translation
    assert "the original has changed since" in text_of(browser.get(reverse("library:mine"), {"show": "behind"}))
    browser.post(address("catch_up", translation))
    page = text_of(browser.get(address("translating", translation)))
    assert "The original has changed since" not in page
    answer = browser.post(address("catch_up", translation))
    assert answer.status_code == 409
    assert "has not changed since" in text_of(answer)


def test_a_change_that_concerns_no_word_is_said_to_be_none(browser, original, translation):
    publish_again(original, country="DE")
    assert "Nothing of its words" in text_of(browser.get(address("translating", translation)))


def test_somebody_else_looks_through_it_once_and_readers_see_that_at_once(client, browser, translation):
    answer = browser.post(address("look_through", translation))
    assert answer.status_code == 403
    assert "Who translated this does not look through it as well" in text_of(answer)
    words = "I have looked through it"
    assert words not in text_of(browser.get(address("translating", translation)))
    Resource.objects.filter(pk=translation.pk).update(has_changes=False)  # as it is once published
    browser_of(client, member_of(translation.organisation))
    assert words in text_of(client.get(address("translating", translation)))
    client.post(address("look_through", translation))
    translation.refresh_from_db()
    assert (translation.translated, translation.has_changes) == ("reviewed", False)
    answer = browser.post(address("look_through", translation))
    assert answer.status_code == 409
    assert "Somebody has looked through this already." in text_of(answer)


def test_differences_are_shown_paragraph_by_paragraph_and_word_by_word():
    before = "One.\n\nLook up who decides.\n\nThree.\n\nGone."
    after = "One.\n\nLook up who really decides.\n\nThree."
    assert paragraphs(before, after) == [
        None,
        [Piece("Look up who"), Piece(" really", "new"), Piece(" decides.")],
        None,
        [Piece("Gone.", "gone")],
    ]
    assert paragraphs("", "New.") == [[Piece("New.", "new")]]
    huge = paragraphs("a " * 4000, "b " * 4000)
    assert [piece.state for piece in huge[0]] == ["gone", "new"]


# --- A machine -------------------------------------------------------------------------------------------------------


@pytest.fixture
def machine(settings):
    with translation_server() as server:
        settings.LIBRETRANSLATE_URL, settings.LIBRETRANSLATE_KEY = server.url, ""
        yield server


def test_without_a_machine_there_is_no_button(browser, translation):
    assert address("machine", translation) not in text_of(browser.get(address("translating", translation)))
    assert browser.post(address("machine", translation)).status_code == 404


def test_nothing_is_sent_before_somebody_presses_the_button(browser, translation, machine):
    page = text_of(browser.get(address("translating", translation)))
    assert address("machine", translation) in page
    run_waiting()
    assert machine.asked == []


def test_a_machine_makes_a_draft_that_somebody_looks_through(browser, translation, machine):
    answer = browser.post(address("machine", translation), follow=True)
    page = text_of(answer)
    assert "Asking the translation service" in page
    assert address("machine", translation) not in page  # it is at it
    run_waiting()
    translation.refresh_from_db()
    assert (translation.title, translation.summary) == ("FIRST CALL SHEET", "WHAT TO ASK.")
    assert translation.text == "## BEFORE\n\nLOOK UP **WHO** DECIDES.\n\nTHEN CALL."
    assert (translation.keywords, translation.translated) == (["CALL", "EMPLOYER"], "machine")
    page = text_of(browser.get(address("translating", translation)))
    assert "A machine translated this" in page
    assert "A machine translated this. Somebody has to look through it first." in text_of(
        browser.get(address("publish", translation))
    )
    browser.post(address("look_through", translation))
    assert "Somebody has to look" not in text_of(browser.get(address("publish", translation)))


def test_what_somebody_has_written_is_neither_sent_nor_written_over(browser, translation, machine):
    browser.post(
        address("translating", translation),
        in_german(text="## Vorher\n\nGeheim.", keywords="call, employer", skills="Ask openly"),
    )
    browser.post(address("machine", translation))
    actions.change_resource(translation, described={"skills": ["Offen fragen"]}, by=translation.owner, at=now())
    run_waiting()
    translation.refresh_from_db()
    assert "Geheim" not in str(machine.asked)
    assert translation.text == "## Vorher\n\nGeheim."
    assert (translation.keywords, translation.skills) == (["CALL", "EMPLOYER"], ["Offen fragen"])


def test_a_title_that_a_machine_makes_too_long_is_cut(browser, translation, machine):
    machine.translate = lambda html: html * 40
    browser.post(address("machine", translation))
    run_waiting()
    translation.refresh_from_db()
    assert len(translation.title) == 250


def test_what_goes_wrong_is_said_on_the_page_and_nothing_is_lost(browser, translation, machine):
    machine.misbehaves = lambda body: (500, b"")
    browser.post(address("machine", translation))
    with pytest.raises(Refused):
        run_waiting()
    page = text_of(browser.get(address("translating", translation)))
    assert "The translation service has failed (status 500). Try again later." in page
    assert address("machine", translation) in page
    translation.refresh_from_db()
    assert (translation.title, translation.translated, translation.revision) == ("First call sheet", "human", 0)
    machine.misbehaves = None
    browser.post(address("machine", translation))
    run_waiting()
    page = text_of(browser.get(address("translating", translation)))
    assert "has failed" not in page


def test_a_language_the_machine_does_not_know_is_said(browser, original, school, teacher, machine):
    greek = actions.start_translation(original, organisation=school, language="el", by=teacher, at=now())
    browser.post(address("machine", greek))
    with pytest.raises(Refused, match="between these two languages"):
        run_waiting()
    assert machine.asked == []


def test_a_machine_that_is_taken_away_meanwhile_is_said(browser, translation, machine, settings):
    browser.post(address("machine", translation))
    settings.LIBRETRANSLATE_URL = ""
    with pytest.raises(Refused, match="no translation service any more"):
        run_waiting()


def test_where_all_is_translated_the_machine_has_nothing_to_do(browser, translation, machine):
    browser.post(address("translating", translation), in_german(text="Text", keywords="Anruf", skills="Fragen"))
    assert address("machine", translation) not in text_of(browser.get(address("translating", translation)))
    answer = browser.post(address("machine", translation))
    assert answer.status_code == 409
    assert "Every part of this is translated already." in text_of(answer)
    assert not Progress.objects.exists()


def test_who_may_only_look_does_not_ask_the_machine(client, translation, school, machine):
    browser_of(client, member_of(school, Role.MEMBER))
    assert client.post(address("machine", translation)).status_code == 403


def test_a_translation_that_is_thrown_away_meanwhile_is_left_alone(browser, translation, machine):
    browser.post(address("machine", translation))
    actions.drop_draft(translation, by=translation.owner, at=now())
    run_waiting()
    assert machine.asked == []
