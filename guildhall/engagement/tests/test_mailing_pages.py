"""The pages of letters to employers: from the list to the button that sends, and afterwards."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils.timezone import now

from guildhall.core.tasks import run_waiting
from guildhall.engagement import actions
from guildhall.engagement.models import Letter, LetterSettings, LetterTemplate, Mailing
from guildhall.engagement.tests.factories import ContactFactory, EmployerFactory, staff_of
from guildhall.engagement.tests.writing import WORDS, begun, gone, somebody_at
from guildhall.people.models import Organisation, Role
from guildhall.people.tests.factories import OrganisationFactory
from guildhall.people.tests.visits import begin_visit

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def school():
    return OrganisationFactory(name="North School", country="DE")


@pytest.fixture
def kim(school):
    return staff_of(school, name="Kim Teacher", email="kim@north.example", language="en")


@pytest.fixture
def desk(client, kim):
    begin_visit(client, kim)
    return client


@pytest.fixture
def ada(school):
    return somebody_at(school, "Ada Lamb")


def text_of(response):
    return re.sub(r"\s+", " ", response.content.decode())


def page(name, *numbers):
    return reverse(f"engagement:{name}", args=numbers)


def people_of(school, count):
    return [somebody_at(school, f"P{n} Person", employer=EmployerFactory(school=school)) for n in range(count)]


# --- Beginning ---------------------------------------------------------------------------------------------------------


def test_ways_lead_from_the_list_the_employer_and_the_person(desk, school, ada):
    employer = ada.positions.get().employer
    assert page("mailings") in text_of(desk.get(page("employers")))
    assert f'{page("mailing_begin")}?employer={employer.pk}"' in text_of(desk.get(employer.get_absolute_url()))
    assert f"{page('mailing_begin')}?employer={employer.pk}&amp;person={ada.pk}" in text_of(desk.get(ada.get_absolute_url()))
    assert page("mailing_begin") in text_of(desk.get(f"{page('many')}?employer={employer.pk}"))


def test_a_letter_is_begun_with_one_that_comes_along(desk, school, ada):
    number = ada.positions.get().employer_id
    shown = text_of(desk.get(page("mailing_begin"), {"employer": number}))
    assert "First approach" in shown
    assert "An empty sheet" in shown
    response = desk.post(page("mailing_begin"), {"employer": number, "start": "starter-event"})
    mailing = Mailing.objects.get()
    assert response.url == mailing.get_absolute_url()
    assert (mailing.name, mailing.purpose, mailing.words.count()) == ("Invitation to an event", "news", 6)


def test_a_letter_is_begun_with_a_template_of_the_school_or_an_empty_sheet(desk, school, kim, ada):
    said = {"name": "Ours", "purpose": "news", "asks_answer": False, "words": WORDS, "by": kim, "at": now()}
    template = actions.keep_template(school, **said)
    number = ada.positions.get().employer_id
    desk.post(page("mailing_begin"), {"employer": number, "start": f"template-{template.pk}"})
    desk.post(page("mailing_begin"), {"employer": number, "start": "empty"})
    ours, empty = Mailing.objects.order_by("pk")
    assert (ours.name, ours.purpose, ours.words.count(), empty.words.count()) == ("Ours", "news", 2, 0)


def test_all_that_a_view_of_the_list_shows_can_be_written_to(desk, school):
    people_of(school, 3)
    desk.post(page("mailing_begin"), {"all": "1", "of": "", "start": "empty"})
    assert Letter.objects.count() == 3


def test_nobody_ticked_and_too_many_are_told(desk, school, monkeypatch):
    assert "Nobody is ticked" in text_of(desk.get(page("mailing_begin")))
    people_of(school, 2)
    monkeypatch.setattr("guildhall.engagement.views.mailings.MOST_LETTERS", 1)
    assert "too many for one letter" in text_of(desk.get(page("mailing_begin"), {"all": "1"}))


def test_who_may_not_write_to_many_is_told_before_writing(client, school):
    people_of(school, 11)
    client.force_login(staff_of(school, Role.TEACHER, language="en"))
    assert "more than ten employers at once" in text_of(client.get(page("mailing_begin"), {"all": "1"}))


@pytest.mark.parametrize("number", ["x", "9" * 30, "123456"])
def test_somebody_who_is_not_there_is_not_written_to(desk, ada, number):
    asked = {"employer": ada.positions.get().employer_id, "person": number}
    assert desk.get(page("mailing_begin"), asked).status_code == 404


def test_a_beginning_without_a_choice_is_told(desk, ada):
    response = desk.post(page("mailing_begin"), {"employer": ada.positions.get().employer_id})
    assert (response.status_code, Mailing.objects.count()) == (422, 0)


# --- The draft ---------------------------------------------------------------------------------------------------------


def test_the_words_are_shown_in_the_language_most_are_written_to_and_saved(desk, kim, school, ada):
    mailing = begun(kim, school, ada, somebody_at(school, "Bo", language="de"), somebody_at(school, "Cy", language="de"))
    shown = text_of(desk.get(mailing.get_absolute_url()))
    assert "Eine Frage an {employer}" in shown
    address = f"{mailing.get_absolute_url()}?language=pl"
    assert desk.post(address, {"subject": "Pytanie", "text": "{salutation}"}).status_code == 302
    assert mailing.words.get(language="pl").subject == "Pytanie"
    assert desk.get(f"{mailing.get_absolute_url()}?language=xx").status_code == 404


def test_a_placeholder_nobody_knows_is_told_beside_the_field_and_nothing_is_lost(desk, kim, school, ada):
    mailing = begun(kim, school, ada)
    given = {"subject": "Hello {firstname}", "text": "Dear {nmae} and {employer}"}
    response = desk.post(f"{mailing.get_absolute_url()}?language=en", given)
    shown = text_of(response)
    assert response.status_code == 422
    assert "Nobody knows what {firstname} stands for. You may use {salutation}" in shown
    assert "Dear {nmae} and {employer}" in shown
    assert mailing.words.get(language="en").subject == WORDS["en"][0]


def test_a_language_that_is_wanted_and_not_written_is_named(desk, kim, school):
    mailing = begun(kim, school, somebody_at(school, "Ola", language="pl"))
    assert "1 person is best written to in this language: Polish" in text_of(desk.get(mailing.get_absolute_url()))


@pytest.mark.parametrize("count", [1, 3])
def test_a_draft_costs_the_same_for_one_and_for_three(desk, kim, school, count, django_assert_num_queries):
    mailing = begun(kim, school, *people_of(school, count))
    with django_assert_num_queries(11):
        desk.get(mailing.get_absolute_url())
    with django_assert_num_queries(11):
        desk.get(page("mailing_who", mailing.pk))
    with django_assert_num_queries(12):
        desk.get(page("mailing_look", mailing.pk))


def test_who_gets_it_and_who_does_not_stands_there_with_the_reason(desk, kim, school, ada):
    bo, cy = somebody_at(school, "Bo Boss"), somebody_at(school, "Cy Clark", email="")
    actions.forbid_writing(bo, by=kim, at=now())
    mailing = begun(kim, school, ada, bo, cy)
    shown = text_of(desk.get(page("mailing_who", mailing.pk)))
    assert "1 person gets it. 2 employers do not, for the reasons below." in shown
    assert "asked not to be written to" in shown
    assert "no e-mail address is noted" in shown
    only = text_of(desk.get(page("mailing_who", mailing.pk) + "?only=no"))
    assert "Ada Lamb" not in only
    assert "Bo Boss" in only


def test_somebody_else_is_chosen_on_a_page(desk, kim, school, ada):
    bo = somebody_at(school, "Bo Boss", employer=ada.positions.get().employer)
    mailing = begun(kim, school, ada)
    letter = mailing.letters.get()
    address = page("mailing_recipient", mailing.pk, letter.pk)
    assert "nobody: leave this employer out" in text_of(desk.get(address))
    desk.post(address, {"person": str(bo.pk)})
    assert mailing.letters.get().person == bo
    desk.post(address, {"person": "nobody"})
    assert mailing.letters.get().why == "left_out"
    assert desk.post(address, {"person": str(somebody_at(school, "Cy Clark").pk)}).status_code == 422


def test_each_letter_can_be_looked_at_before_it_is_sent(desk, kim, school, ada):
    mailing = begun(kim, school, ada, somebody_at(school, "Bo Meier", language="de"))
    pages = [text_of(desk.get(page("mailing_look", mailing.pk) + f"?page={number}")) for number in (1, 2)]
    assert sum("Dear Ada Lamb," in shown for shown in pages) == 1
    assert sum("Guten Tag Bo Meier," in shown for shown in pages) == 1
    assert all("Send it to 2 people" in shown for shown in pages)
    assert all("Kim Teacher, North School" in shown for shown in pages)
    german = next(shown for shown in pages if "Guten Tag" in shown)
    assert '<div class="prose" lang="de">' in german


def test_there_is_nothing_to_look_at_without_words_or_without_anybody(desk, kim, school, ada):
    empty = begun(kim, school, ada, words={})
    assert "It says nothing yet" in text_of(desk.get(page("mailing_look", empty.pk)))
    actions.forbid_writing(ada, by=kim, at=now())
    assert "Nobody gets this letter" in text_of(desk.get(page("mailing_look", empty.pk)))
    assert desk.get(empty.get_absolute_url()).status_code == 200


def test_what_it_is_for_can_be_changed(desk, kim, school, ada):
    mailing = begun(kim, school, ada)
    desk.post(page("mailing_set_up", mailing.pk), {"name": "Spring", "purpose": "news"})
    mailing.refresh_from_db()
    assert (mailing.name, mailing.purpose, mailing.asks_answer) == ("Spring", "news", False)


def test_of_a_letter_that_is_sent_nothing_can_be_set_up(desk, kim, school, ada):
    mailing = begun(kim, school, ada)
    actions.send_mailing(mailing, by=kim, at=now())
    assert desk.get(page("mailing_set_up", mailing.pk)).status_code == 404
    assert desk.post(page("mailing_set_up", mailing.pk), {"name": "Spring", "purpose": "news"}).status_code == 409


def test_a_trial_a_template_and_throwing_away(desk, kim, school, ada):
    mailing = begun(kim, school, ada)
    desk.post(page("mailing_try", mailing.pk, mailing.letters.get().pk))
    run_waiting()
    assert mail.outbox[0].to == ["kim@north.example"]
    desk.post(page("mailing_keep", mailing.pk), {"name": "Ours"})
    assert LetterTemplate.objects.get().words.count() == 2
    desk.post(page("mailing_drop", mailing.pk))
    assert not Mailing.objects.exists()


def test_sending_leads_to_what_comes_of_it(desk, kim, school, ada):
    mailing = begun(kim, school, ada)
    assert desk.post(page("mailing_send", mailing.pk)).url == mailing.get_absolute_url()
    assert "Sending the letters" in text_of(desk.get(mailing.get_absolute_url()))
    assert "Stop" in text_of(desk.get(mailing.get_absolute_url()))
    run_waiting()
    assert "sent, no answer yet" in text_of(desk.get(mailing.get_absolute_url()))
    for name in ("mailing_who", "mailing_look"):
        assert desk.get(page(name, mailing.pk)).status_code == 404


def test_the_progress_that_is_fetched_is_the_one_the_page_shows(desk, kim, school, ada):
    mailing = begun(kim, school, ada)
    actions.send_mailing(mailing, by=kim, at=now())
    address = mailing.get_absolute_url()
    fragment = desk.get(address, headers=HTMX)
    assert fragment.content.decode().strip() in desk.get(address).content.decode()
    assert "HX-Refresh" not in fragment
    run_waiting()
    assert desk.get(address, headers=HTMX)["HX-Refresh"] == "true"


def test_it_is_stopped_and_goes_on(desk, kim, school, ada):
    mailing = begun(kim, school, ada)
    actions.send_mailing(mailing, by=kim, at=now())
    desk.post(page("mailing_stop", mailing.pk))
    assert "1 person does not have the letter yet" in text_of(desk.get(mailing.get_absolute_url()))
    desk.post(page("mailing_go_on", mailing.pk))
    run_waiting()
    assert len(mail.outbox) == 1


def test_what_a_mail_server_said_and_what_is_uncertain_is_told(desk, kim, school, ada):
    letter = gone(kim, school, ada, state="unsure")
    assert "Send it again" in text_of(desk.get(letter.mailing.get_absolute_url()))
    Letter.objects.update(state="bounced", bounced_at=now(), bounce="550 <b>no</b>")
    shown = text_of(desk.get(letter.mailing.get_absolute_url()))
    assert "550 &lt;b&gt;no&lt;/b&gt;" in shown
    assert "?what=Ask+for+a+new+e-mail+address+of+Ada+Lamb" in shown
    Mailing.objects.update(state="stopped", finished_at=None, trouble="550 not you")
    assert "It said: 550 not you" in text_of(desk.get(letter.mailing.get_absolute_url()))


@pytest.mark.parametrize("count", [1, 3])
def test_the_lists_cost_the_same_for_one_and_for_three(desk, kim, school, count, django_assert_num_queries):
    for person in people_of(school, count):
        gone(kim, school, person, answer="yes", answered_at=now())
    with django_assert_num_queries(6):
        shown = desk.get(page("mailings"))
    assert text_of(shown).count("1 yes") == count
    mailing = begun(kim, school, *[letter.person for letter in Letter.objects.all()])
    actions.send_mailing(mailing, by=kim, at=now())
    Letter.objects.filter(mailing=mailing).update(state="sent", sent_at=now(), answer="yes", answered_at=now())
    with django_assert_num_queries(8):
        desk.get(mailing.get_absolute_url())


def test_the_school_that_wrote_nothing_yet_is_told_how(desk):
    assert "No letter was written yet" in text_of(desk.get(page("mailings")))


def test_others_see_nothing_of_it(client, kim, school, ada):
    mailing = begun(kim, school, ada)
    letter = mailing.letters.get()
    client.force_login(staff_of(OrganisationFactory()))
    for name in ("mailing", "mailing_who", "mailing_look", "mailing_set_up", "mailing_keep"):
        assert client.get(page(name, mailing.pk)).status_code == 404
    for name in ("mailing_send", "mailing_stop", "mailing_go_on", "mailing_drop"):
        assert client.post(page(name, mailing.pk)).status_code == 404
    assert client.get(page("mailing_recipient", mailing.pk, letter.pk)).status_code == 404
    assert client.post(page("mailing_try", mailing.pk, letter.pk)).status_code == 404


def test_who_works_for_no_school_has_no_such_pages(client):
    client.force_login(staff_of(OrganisationFactory(kind=Organisation.Kind.EMPLOYER)))
    for name in ("mailings", "mailing_begin", "letter_templates", "letter_settings"):
        assert client.get(page(name)).status_code == 404


# --- Templates and settings -----------------------------------------------------------------------------------------------


def test_a_template_is_written_changed_and_thrown_away(desk, school):
    given = {"name": "Ours", "purpose": "placements", "subject_en": "Hello", "text_en": "{salutation}"}
    desk.post(page("letter_template_add"), given)
    template = LetterTemplate.objects.get()
    address = page("letter_template", template.pk)
    assert "{salutation}" in text_of(desk.get(address))
    desk.post(address, given | {"subject_de": "Hallo", "text_de": "{salutation}"})
    assert sorted(words.language for words in template.words.all()) == ["de", "en"]
    assert "Ours" in text_of(desk.get(page("letter_templates")))
    desk.post(page("letter_template_remove", template.pk))
    assert not LetterTemplate.objects.exists()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"subject_en": "", "text_en": ""}, "Write it in one language at least"),
        ({"subject_en": "Hello", "text_en": ""}, "needs a subject and a text"),
        ({"subject_en": "{x}", "text_en": "Hello"}, "Nobody knows what {x} stands for"),
    ],
)
def test_a_template_that_will_not_do_is_told_beside_the_field(desk, given, sentence):
    response = desk.post(page("letter_template_add"), {"name": "Ours", "purpose": "placements", **given})
    assert response.status_code == 422
    assert sentence in text_of(response)


@pytest.mark.parametrize("count", [1, 3])
def test_the_templates_cost_the_same_for_one_and_for_three(desk, kim, school, count, django_assert_num_queries):
    for number in range(count):
        said = {"name": f"T{number}", "purpose": "news", "asks_answer": False, "words": WORDS, "by": kim, "at": now()}
        actions.keep_template(school, **said)
    with django_assert_num_queries(6):
        desk.get(page("letter_templates"))


def test_the_settings_are_kept(desk, school):
    desk.post(page("letter_settings"), {"most_in_30_days": "3", "sign_off": "Road 1"})
    assert LetterSettings.of(school).most_in_30_days == 3
    response = desk.post(page("letter_settings"), {"most_in_30_days": "0", "sign_off": ""})
    assert response.status_code == 422


def test_who_does_not_coordinate_does_not_change_the_settings(client, school):
    client.force_login(staff_of(school, Role.TEACHER))
    assert client.get(page("letter_settings")).status_code == 403


# --- The timeline ----------------------------------------------------------------------------------------------------------


def test_a_letter_stands_on_the_timeline_with_what_it_said(desk, kim, school, ada):
    letter = gone(kim, school, ada, subject="Places in spring", text="Have you any?", answer="no", answered_at=now())
    shown = text_of(desk.get(letter.employer.get_absolute_url()))
    assert "Letter: Places in spring" in shown
    assert "Have you any?" in shown
    assert "said no" in shown
    assert f'id="letter-{letter.pk}"' in shown


def test_letters_stand_on_the_page_of_the_timeline_they_belong_to(desk, kim, school, ada):
    employer = ada.positions.get().employer
    for day in range(25):
        ContactFactory(employer=employer, by=kim, held_at=now() - timedelta(days=day, hours=1))
    for days, subject in ((0, "newest"), (10, "middle"), (23, "older"), (60, "oldest")):
        gone(kim, school, ada, sent_at=now() - timedelta(days=days, hours=2), subject=subject)
    first, second = (text_of(desk.get(f"{employer.get_absolute_url()}?page={number}")) for number in (1, 2))
    found = [[f"Letter: {name}" in shown for name in ("newest", "middle", "older", "oldest")] for shown in (first, second)]
    assert found == [[True, True, False, False], [False, False, True, True]]
