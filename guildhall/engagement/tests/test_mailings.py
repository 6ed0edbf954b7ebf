"""Letters to employers: who gets them and who does not, what they say, and what stands in the book afterwards."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils.timezone import localdate, now

from guildhall.core.errors import NotAllowed, Refused
from guildhall.core.tasks import run_waiting
from guildhall.engagement import actions
from guildhall.engagement.models import Contact, Employer, Letter, LetterTemplate, MailAddress, Mailing, Person, Why
from guildhall.engagement.purposes import NEWS, PLACEMENTS
from guildhall.engagement.tests.factories import EmployerFactory, staff_of
from guildhall.engagement.tests.writing import WORDS, begun, employers_of, gone, somebody_at
from guildhall.engagement.writing.choosing import verdicts
from guildhall.engagement.writing.wording import language_for, starters, unknown_in, unsaid_in
from guildhall.people.actions import load_statements
from guildhall.people.models import Mail, Notice, Role
from guildhall.people.tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return OrganisationFactory(name="North School", country="DE")


@pytest.fixture
def kim(school):
    return staff_of(school, name="Kim Teacher", email="kim@north.example", language="en")


@pytest.fixture
def ada(school):
    return somebody_at(school, "Ada Lamb")


def why(mailing):
    letters = list(mailing.letters.select_related("employer", "person"))
    return [no and no.why for no in verdicts(letters, mailing, at=now()).values()]


# --- Who gets it -------------------------------------------------------------------------------------------------------


def test_who_decides_is_written_to_before_who_does_not(school, kim, ada):
    employer = ada.positions.get().employer
    boss = somebody_at(school, "Bo Boss", employer=employer, decides=True)
    mailing = begun(kim, school, ada)
    assert mailing.letters.get().person == boss


def test_who_may_not_be_written_to_is_passed_over_for_who_may(school, kim, ada):
    boss = somebody_at(school, "Bo Boss", employer=ada.positions.get().employer, decides=True)
    actions.forbid_writing(boss, by=kim, at=now())
    assert begun(kim, school, ada).letters.get().person == ada


def test_an_employer_without_people_is_named_with_its_reason(school, kim):
    employer = EmployerFactory(school=school)
    mailing = begun(kim, school, employers=Employer.objects.filter(pk=employer.pk))
    assert why(mailing) == [Why.NOBODY]


def asked_not_to(person, kim):
    actions.forbid_writing(person, by=kim, at=now())


def said_no(person, kim):
    actions.note_answer(person, purpose=PLACEMENTS, agreed=False, how="phone", given_at=now(), by=kim, at=now())


def has_no_address(person, kim):
    Person.objects.filter(pk=person.pk).update(email="")


def came_back(person, kim):
    Person.objects.filter(pk=person.pk).update(bounced_address=person.email.lower(), bounced_at=now())


def rests(person, kim):
    Employer.objects.filter(positions__person=person).update(resting_until=localdate(), resting_why="Holidays")


def has_had_two(person, kim):
    for days in (2, 29):
        gone(kim, person.school, person, sent_at=now() - timedelta(days=days))


def has_left(person, kim):
    person.positions.update(until=localdate() - timedelta(days=1))


REASONS = [
    (asked_not_to, Why.ASKED),
    (said_no, Why.SAID_NO),
    (has_no_address, Why.NO_ADDRESS),
    (came_back, Why.BOUNCED),
    (rests, Why.RESTING),
    (has_had_two, Why.FULL),
    (has_left, Why.LEFT),
]


@pytest.fixture
def statements(db):
    load_statements(by=None, at=now())


@pytest.mark.parametrize(("happens", "reason"), REASONS, ids=lambda value: getattr(value, "__name__", ""))
def test_each_reason_keeps_a_letter_back_while_it_is_written(school, kim, ada, statements, happens, reason):
    mailing = begun(kim, school, ada)
    assert why(mailing) == [None]
    happens(ada, kim)
    assert why(mailing) == [reason]
    with pytest.raises(Refused, match="Nobody would get"):
        actions.send_mailing(mailing, by=kim, at=now())


@pytest.mark.parametrize(("happens", "reason"), REASONS, ids=lambda value: getattr(value, "__name__", ""))
def test_each_reason_keeps_a_letter_back_that_is_on_its_way_already(school, kim, ada, statements, happens, reason):
    mailing = begun(kim, school, ada)
    actions.send_mailing(mailing, by=kim, at=now())
    happens(ada, kim)
    run_waiting()
    letter = mailing.letters.get()
    assert (letter.state, letter.why, letter.address, letter.text, mail.outbox) == (Letter.State.SKIPPED, reason, "", "", [])
    assert letter.reason


def test_news_go_only_to_who_said_yes_to_them(school, kim, ada, statements):
    mailing = begun(kim, school, ada, purpose="news")
    assert why(mailing) == [Why.NO_YES]
    actions.note_answer(ada, purpose=NEWS, agreed=True, how="phone", given_at=now(), by=kim, at=now())
    assert why(mailing) == [None]


def test_old_letters_those_that_came_back_and_those_of_other_schools_do_not_count(school, kim, ada):
    other = OrganisationFactory()
    gone(kim, school, ada, sent_at=now() - timedelta(days=31))
    gone(kim, school, ada, state="bounced", bounced_at=now())
    gone(kim, other, somebody_at(other, "Ada Lamb"))
    gone(kim, school, ada)
    assert why(begun(kim, school, ada)) == [None]


def test_a_school_may_allow_fewer_or_more(school, kim, ada):
    gone(kim, school, ada)
    mailing = begun(kim, school, ada)
    actions.set_letters(school, most_in_30_days=1, sign_off="", by=kim, at=now())
    assert why(mailing) == [Why.FULL]
    actions.set_letters(school, most_in_30_days=3, sign_off="", by=kim, at=now())
    assert why(mailing) == [None]


def test_one_address_at_two_employers_gets_one_letter(school, kim, ada):
    twin = somebody_at(school, "Ada Lamb", email="ADA@firm.example")
    mailing = begun(kim, school, ada, twin)
    assert sorted(why(mailing), key=str) == [None, Why.TWICE]
    actions.send_mailing(mailing, by=kim, at=now())
    run_waiting()
    assert len(mail.outbox) == 1


def test_verdicts_cost_the_same_for_one_and_for_three(school, kim, django_assert_num_queries):
    people = [somebody_at(school, f"P{n} Person") for n in range(3)]
    mailing = begun(kim, school, *people)
    letters = list(mailing.letters.select_related("employer", "person"))
    for count in (1, 3):
        with django_assert_num_queries(4):
            verdicts(letters[:count], mailing, at=now())


# --- Words --------------------------------------------------------------------------------------------------------------


def test_each_is_written_to_in_their_language_with_their_names(school, kim, ada):
    bo = somebody_at(
        school, "Bo Meier", language="de", employer=EmployerFactory(school=school, organisation__name="Meier {name} KG")
    )
    actions.set_letters(school, most_in_30_days=2, sign_off="North School, Road 1", by=kim, at=now())
    mailing = begun(kim, school, ada, bo)
    actions.send_mailing(mailing, by=kim, at=now())
    run_waiting()
    by_address = {sent.to[0]: sent for sent in mail.outbox}
    german, english = by_address["bo@firm.example"], by_address["ada@firm.example"]
    assert german.subject == "Eine Frage an Meier {name} KG"
    assert german.body.startswith("Guten Tag Bo Meier,\n\nhaben Sie Plätze?\n\nKim Teacher, North School")
    assert german.extra_headers["Content-Language"] == "de"
    assert "Dear Ada Lamb," in english.body
    assert "North School, Road 1" in english.body
    [html] = [part.content for part in english.alternatives]
    assert "<li>one</li>" in html
    assert 'lang="en"' in html


@pytest.mark.parametrize(
    ("person", "country", "languages", "expected"),
    [("pl", "DE", [], "pl"), ("", "PT", [], "pt"), ("", "PT", ["es"], "es"), ("it", "FR", [], "de"), ("", "FR", [], "de")],
)
def test_who_has_no_language_is_written_to_in_that_of_the_employer_or_of_the_school(person, country, languages, expected):
    school = OrganisationFactory.build(country="DE", languages=[])
    employer = OrganisationFactory.build(country=country, languages=languages)
    assert language_for(person=person, employer=employer, school=school, available=["en", "de", "es", "pl", "pt"]) == expected


def test_a_language_that_is_not_written_is_not_chosen(school):
    assert language_for(person="pl", employer=school, school=school, available=["en"]) == "en"
    assert language_for(person="pl", employer=school, school=school, available=[]) == ""


def test_the_letters_that_come_along_are_there_in_all_six_languages_and_use_only_what_is_known():
    assert list(starters()) == ["first_approach", "asking_for_places", "visit_date", "event", "thanks"]
    for starter in starters().values():
        assert sorted(starter.words) == ["de", "el", "en", "es", "pl", "pt"]
        for words in starter.words.values():
            assert unknown_in(words["subject"] + words["text"]) == []
            assert words["text"].startswith("{salutation}\n")
            assert "{sender}\n{school}" in words["text"]
            assert 50 < len(words["text"].split()) < 160 or starter.key in ("visit_date", "event")
            assert len(words["name"]) <= 80
    assert unsaid_in(starters()["event"].words["en"]["text"]) == ["day and time", "place"]


@pytest.mark.parametrize(("text", "sentence"), [("Dear {fistname}", "fistname"), ("On [[day]]", "day"), ("", "nothing yet")])
def test_a_letter_with_something_missing_is_not_sent(school, kim, ada, text, sentence):
    words = {"en": ("Hello", text)} if text else {}
    with pytest.raises(Refused, match=sentence):
        actions.send_mailing(begun(kim, school, ada, words=words), by=kim, at=now())
    assert not mail.outbox


def test_what_stands_in_a_name_puts_nothing_into_the_head(school, kim):
    name = "Eve\r\nBcc: victim@example.org\r\n\r\nHello"
    kim.name = name
    kim.save()
    eve = somebody_at(school, "Eve", employer=EmployerFactory(school=school, organisation__name=name))
    mailing = begun(kim, school, eve, words={"en": ("{employer} {name}", "{salutation}")})
    actions.send_mailing(mailing, by=kim, at=now())
    run_waiting()
    [sent] = mail.outbox
    head = sent.message()
    assert sent.recipients() == ["eve@firm.example"]
    assert "Bcc" not in head
    assert "\n" not in str(head["Subject"])


# --- Writing, keeping, templates -----------------------------------------------------------------------------------------


def test_a_letter_that_is_sent_cannot_be_changed(school, kim, ada):
    mailing = begun(kim, school, ada)
    actions.send_mailing(mailing, by=kim, at=now())
    for change in (
        lambda: actions.write_letter(mailing, language="en", subject="x", text="y", by=kim, at=now()),
        lambda: actions.set_up_mailing(
            mailing, name="x", purpose="news", asks_answer=False, answers_to_book=False, by=kim, at=now()
        ),
        lambda: actions.choose_recipient(mailing.letters.get(), person=None, by=kim, at=now()),
        lambda: actions.drop_mailing(mailing, by=kim, at=now()),
    ):
        with pytest.raises(Refused, match="sent already"):
            change()
    with pytest.raises(Refused, match="sent already"):
        actions.send_mailing(mailing, by=kim, at=now())


def test_a_letter_goes_out_in_its_writers_name_only(school, kim, ada):
    mailing = begun(kim, school, ada)
    other = staff_of(school)
    actions.write_letter(mailing, language="en", subject="Better", text="Yes", by=other, at=now())
    with pytest.raises(NotAllowed, match="in their name"):
        actions.send_mailing(mailing, by=other, at=now())


def test_a_colleague_who_does_not_coordinate_leaves_it_alone(school, kim, ada):
    mailing = begun(kim, school, ada)
    with pytest.raises(NotAllowed, match="change or stop"):
        actions.write_letter(mailing, language="en", subject="x", text="y", by=staff_of(school, Role.TEACHER), at=now())


def test_a_stranger_writes_nothing(school, ada):
    with pytest.raises(NotAllowed):
        begun(staff_of(OrganisationFactory()), school, ada)


def test_who_does_not_coordinate_writes_to_ten_at_most(school):
    teacher = staff_of(school, Role.TEACHER)
    people = [somebody_at(school, f"P{n} Person") for n in range(11)]
    assert begun(teacher, school, *people[:10]).letters.count() == 10
    with pytest.raises(NotAllowed, match="more than ten"):
        begun(teacher, school, *people)


def test_nobody_writes_to_a_whole_country_at_once(school, kim, ada, monkeypatch):
    monkeypatch.setattr("guildhall.engagement.actions.mailings.MOST_LETTERS", 1)
    with pytest.raises(Refused, match="too much"):
        begun(kim, school, ada, somebody_at(school, "Bo Boss"))


def test_a_letter_to_nobody_is_none(school, kim):
    with pytest.raises(Refused, match="No employer"):
        begun(kim, school, employers=Employer.objects.none())


def test_somebody_else_is_chosen_or_the_employer_left_out(school, kim, ada):
    bo = somebody_at(school, "Bo Boss", employer=ada.positions.get().employer)
    letter = begun(kim, school, ada).letters.get()
    actions.choose_recipient(letter, person=bo, by=kim, at=now())
    assert letter.mailing.letters.get().person == bo
    actions.choose_recipient(letter, person=None, by=kim, at=now())
    assert why(letter.mailing) == [Why.LEFT_OUT]
    actions.choose_recipient(letter, person=ada, by=kim, at=now())
    assert why(letter.mailing) == [None]


def test_who_does_not_work_there_is_not_chosen(school, kim, ada):
    letter = begun(kim, school, ada).letters.get()
    with pytest.raises(Refused, match="does not work at"):
        actions.choose_recipient(letter, person=somebody_at(school, "Bo Boss"), by=kim, at=now())


def test_somebody_of_another_book_is_no_recipient(school, kim, ada):
    stranger = somebody_at(OrganisationFactory(), "Bo Boss")
    with pytest.raises(Refused):
        begun(kim, school, person=stranger, employers=employers_of(ada))


def test_a_template_is_kept_changed_and_thrown_away(school, kim):
    said = {"purpose": "placements", "asks_answer": True, "by": kim, "at": now()}
    template = actions.keep_template(school, name="Places", words=WORDS, **said)
    assert template.words.count() == 2
    actions.keep_template(school, template=template, name="Places", words={"en": ("A", "B")}, **said)
    assert [(words.language, words.subject) for words in template.words.all()] == [("en", "A")]
    with pytest.raises(Refused, match="already a template"):
        actions.keep_template(school, name="PLACES", words=WORDS, **said)
    with pytest.raises(Refused, match="one language"):
        actions.keep_template(school, name="Other", words={}, **said)
    with pytest.raises(NotAllowed):
        actions.remove_template(template, by=staff_of(OrganisationFactory()), at=now())
    actions.remove_template(template, by=kim, at=now())
    assert not LetterTemplate.objects.exists()


def test_only_who_coordinates_says_how_many_letters_one_gets(school):
    with pytest.raises(NotAllowed):
        actions.set_letters(school, most_in_30_days=9, sign_off="", by=staff_of(school, Role.TEACHER), at=now())


def test_a_trial_goes_to_oneself_and_its_links_lead_to_the_draft(school, kim, ada):
    letter = begun(kim, school, ada).letters.select_related("employer__organisation", "person", "mailing__school").get()
    actions.try_letter(letter, by=kim, at=now())
    run_waiting()
    [sent] = mail.outbox
    assert sent.to == ["kim@north.example"]
    assert sent.subject.startswith("Trial: A question to")
    assert letter.mailing.get_absolute_url() in sent.body
    assert "/p/" not in sent.body
    assert Letter.objects.get().state == Letter.State.WAITING
    assert Mail.objects.count() == 1


# --- Where it stands afterwards ----------------------------------------------------------------------------------------


def test_a_letter_that_was_sent_is_no_contact(school, kim, ada):
    mailing = begun(kim, school, ada)
    actions.send_mailing(mailing, by=kim, at=now())
    run_waiting()
    assert not Contact.objects.exists()
    employer = Employer.objects.for_page().get()
    assert (employer.last_contact_at, bool(employer.is_written_to)) == (None, True)
    letter = Letter.objects.telling().get()
    assert (letter.subject, letter.person, letter.mailing.state) == (f"A question to {employer}", ada, Mailing.State.SENT)


def test_the_writer_of_many_letters_is_told_when_they_have_gone_out(school, kim, ada):
    bo = somebody_at(school, "Bo Boss", email="")
    mailing = begun(kim, school, ada, bo)
    actions.send_mailing(mailing, by=kim, at=now())
    run_waiting()
    assert Notice.objects.get(user=kim).sentence == "“Places” has gone out. Letters sent: 1, not sent: 1."


def test_answers_by_mail_go_to_the_writer_and_if_wanted_to_the_book(school, kim, ada, settings):
    settings.MAIL_IN_DOMAIN = "in.guildhall.example"
    address = MailAddress.objects.create(school=school, owner=kim, secret="abcdefghjkmnpqrs", made_at=now())
    mailing = begun(kim, school, ada)
    assert mailing.answers_to_book
    actions.send_mailing(mailing, by=kim, at=now())
    run_waiting()
    assert mail.outbox[0].reply_to == ["kim@north.example", str(address)]
