"""Answers to letters: by link, without an account; a link that is only looked at answers nothing."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localdate, now

from guildhall.core.errors import Refused
from guildhall.core.tasks import run_waiting
from guildhall.engagement import actions
from guildhall.engagement.actions.posting import ANSWERS_FOR
from guildhall.engagement.models import Contact, Employer, Letter, NextStep, Person
from guildhall.engagement.tests.factories import PersonFactory, staff_of
from guildhall.engagement.tests.writing import begun, links_in, somebody_at
from guildhall.engagement.writing.returns import Return
from guildhall.people.models import Membership, Notice, Pass
from guildhall.people.passes import LinkNotValid, open_pass
from guildhall.people.tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return OrganisationFactory(name="North School")


@pytest.fixture
def kim(school):
    return staff_of(school, name="Kim Teacher", email="kim@north.example", language="en")


@pytest.fixture
def ada(school):
    return somebody_at(school, "Ada Lamb")


def sent(kim, school, person, **fields):
    """A letter that was sent, and the secret of its link."""
    mailing = begun(kim, school, person, **fields)
    actions.send_mailing(mailing, by=kim, at=now())
    run_waiting()
    _answer, token = links_in(mail.outbox[-1])
    return Letter.objects.select_related("mailing__school", "mailing__by", "employer__school", "person").get(
        mailing=mailing
    ), token


def page_of(token):
    return reverse("engagement:letter_answer", args=[token])


def stop_of(token):
    return reverse("engagement:letter_stop", args=[token])


def test_opening_the_link_leads_to_the_page_and_answers_nothing(client, school, kim, ada):
    letter, token = sent(kim, school, ada)
    response = client.get(reverse("pass", args=[token]), follow=True)
    html = response.content.decode()
    assert response.redirect_chain[-1][0] == page_of(token)
    assert "An answer to Kim Teacher" in html
    assert "noindex" in response["X-Robots-Tag"]
    for _ in range(3):
        client.get(page_of(token))
        client.get(stop_of(token))
        client.head(page_of(token))
    letter.refresh_from_db()
    assert (letter.answer, Person.objects.get(pk=ada.pk).asked_not_to_be_written_at) == ("", None)


@pytest.mark.parametrize(
    ("answer", "said", "told"),
    [
        ("yes", "Yes to our letter “A question to", "Ada Lamb at {} said yes to"),
        ("later", "Not now, to our letter", "Ada Lamb at {} said “not now” to"),
        ("no", "No to our letter", "Ada Lamb at {} said no to"),
    ],
)
def test_an_answer_stands_on_the_timeline_and_its_writer_is_told(client, school, kim, ada, answer, said, told):
    letter, token = sent(kim, school, ada)
    response = client.post(page_of(token), {"answer": answer, "sentence": " In spring. "}, follow=True)
    assert "Thank you. Your answer is with Kim Teacher." in response.content.decode()
    contact = Contact.objects.get()
    assert contact.said.startswith(said)
    assert contact.said.endswith("\n\nIn spring.")
    assert (contact.kind, contact.by, list(contact.people.all())) == (Contact.Kind.MAIL, kim, [ada])
    assert Employer.objects.get().last_contact_at == contact.held_at
    notice = Notice.objects.get(user=kim)
    assert notice.sentence.startswith(told.format(letter.employer))
    assert notice.url.endswith(f"#letter-{letter.pk}")


def test_an_answer_can_be_changed_and_takes_the_place_of_the_first(client, school, kim, ada):
    letter, token = sent(kim, school, ada)
    client.post(page_of(token), {"answer": "no"})
    assert "You may change it below until" in client.get(page_of(token)).content.decode()
    client.post(page_of(token), {"answer": "yes", "sentence": "After all."})
    letter.refresh_from_db()
    assert (letter.answer, letter.sentence) == ("yes", "After all.")
    assert Contact.objects.get().said.startswith("Yes to our letter")
    assert Notice.objects.filter(user=kim).count() == 2


def test_the_same_answer_twice_is_told_once(client, school, kim, ada):
    _letter, token = sent(kim, school, ada)
    for _ in range(2):
        client.post(page_of(token), {"answer": "yes", "sentence": "Gladly."})
    assert (Contact.objects.count(), Notice.objects.filter(user=kim).count()) == (1, 1)


def test_what_a_colleague_wrote_into_the_answer_is_not_lost_when_it_is_changed(client, school, kim, ada):
    _letter, token = sent(kim, school, ada)
    client.post(page_of(token), {"answer": "later"})
    Contact.objects.update(said="Not now; I rang up, they are moving.")
    client.post(page_of(token), {"answer": "yes"})
    said = list(Contact.objects.order_by("pk").values_list("said", flat=True))
    assert said[0] == "Not now; I rang up, they are moving."
    assert said[1].startswith("Yes to our letter")


def test_an_answer_is_wanted_and_a_strange_one_is_told_beside_the_field(client, school, kim, ada):
    letter, token = sent(kim, school, ada)
    for given in ({}, {"answer": "maybe"}, {"answer": "yes", "sentence": "x" * 501}):
        assert client.post(page_of(token), given).status_code == 422
    letter.refresh_from_db()
    assert letter.answer == ""


def test_the_answer_to_somebody_who_left_is_noted_by_who_looks_after_the_employer(client, school, kim, ada):
    _letter, token = sent(kim, school, ada)
    heir = staff_of(school)
    Employer.objects.update(owner=heir)
    Membership.objects.filter(user=kim).delete()
    client.post(page_of(token), {"answer": "yes"})
    assert Contact.objects.get().by == heir


def test_where_nobody_is_left_the_answer_stands_with_the_letter(client, school, kim, ada):
    letter, token = sent(kim, school, ada)
    Membership.objects.filter(user=kim).delete()
    client.post(page_of(token), {"answer": "yes"})
    letter.refresh_from_db()
    assert (letter.answer, letter.contact, Contact.objects.count()) == ("yes", None, 0)


def test_the_page_speaks_the_language_of_the_letter_unless_another_is_chosen(client, school, kim):
    bo = somebody_at(school, "Bo Meier", language="de")
    _letter, token = sent(kim, school, bo)
    response = client.get(page_of(token))
    assert (response["Content-Language"], '<html lang="de">' in response.content.decode()) == ("de", True)
    session = client.session
    session["language"] = "en"
    session.save()
    assert client.get(page_of(token))["Content-Language"] == "en"


def test_a_link_opens_its_own_letter_only_and_not_for_ever(client, school, kim, ada):
    _letter, token = sent(kim, school, ada)
    other, _token = sent(kim, school, somebody_at(school, "Bo Boss"))
    held = open_pass(token, at=now())
    with pytest.raises(LinkNotValid):
        actions.answer_letter(other, answer="yes", by=held, at=now())
    with pytest.raises(LinkNotValid):
        actions.forbid_letters(other, by=held, at=now())
    assert client.get(page_of("x" * 43)).status_code == 404
    Pass.objects.filter(pk=held.pk).update(issued_at=now() - ANSWERS_FOR, expires_at=now() - timedelta(seconds=1))
    for address in (page_of(token), stop_of(token)):
        assert client.get(address).status_code == 404
        assert client.post(address, {"answer": "yes"}).status_code == 404


def test_a_letter_that_came_back_has_no_link_any_more(client, school, kim, ada):
    letter, token = sent(kim, school, ada)
    actions.note_return(letter, returned=Return(letter.key, "5.1.1", "no", True), by=None, at=now())
    assert client.get(page_of(token)).status_code == 404


def test_a_letter_that_asks_nothing_takes_no_answer(client, school, kim, ada):
    letter, token = sent(kim, school, ada, asks_answer=False)
    assert client.get(page_of(token)).status_code == 404
    with pytest.raises(Refused, match="asks for no answer"):
        actions.answer_letter(letter, answer="yes", by=open_pass(token, at=now()), at=now())


# --- No more letters ---------------------------------------------------------------------------------------------------


def test_nothing_more_is_written_to_who_says_so_nor_to_others_of_that_address(client, school, kim, ada):
    _letter, token = sent(kim, school, ada)
    twin = PersonFactory(school=school, email="ADA@firm.example")
    stranger = PersonFactory(email="ada@firm.example")
    html = client.get(stop_of(token)).content.decode()
    assert "Do not write to me again" in html
    response = client.post(stop_of(token))
    assert "It is noted" in response.content.decode()
    asked = [Person.objects.get(pk=one.pk).asked_not_to_be_written_at is not None for one in (ada, twin, stranger)]
    assert asked == [True, True, False]
    assert "asked not to be written to again" in Notice.objects.get(user=kim).sentence
    client.post(stop_of(token))
    assert Notice.objects.filter(user=kim).count() == 1


def test_a_mail_program_can_say_it_by_itself(school, kim, ada):
    """RFC 8058: a POST to the address in the head, without a page before it and without a cookie."""
    _letter, token = sent(kim, school, ada)
    strict = Client(enforce_csrf_checks=True)
    response = strict.post(stop_of(token), "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert response.status_code == 200
    assert Person.objects.get(pk=ada.pk).asked_not_to_be_written_at


def test_an_answer_needs_the_page_it_is_given_on(school, kim, ada):
    _letter, token = sent(kim, school, ada)
    assert Client(enforce_csrf_checks=True).post(page_of(token), {"answer": "yes"}).status_code == 403


# --- What comes next ---------------------------------------------------------------------------------------------------


def test_a_yes_becomes_a_next_step_with_one_click_and_only_once(client, school, kim, ada):
    letter, token = sent(kim, school, ada)
    client.post(page_of(token), {"answer": "yes"})
    client.force_login(kim)
    address = letter.mailing.get_absolute_url()
    assert "Make it a next step" in client.get(address).content.decode()
    client.post(reverse("engagement:letter_step", args=[letter.pk]))
    step = NextStep.objects.get()
    assert (step.owner, step.due_on) == (kim, localdate() + timedelta(days=3))
    assert step.what.startswith("Get back to Ada Lamb, who said yes to “A question")
    assert "Make it a next step" not in client.get(address).content.decode()
    assert client.post(reverse("engagement:letter_step", args=[letter.pk])).status_code == 409


def test_a_not_now_leaves_the_employer_in_peace_with_one_click(client, school, kim, ada):
    letter, token = sent(kim, school, ada)
    client.post(page_of(token), {"answer": "later"})
    client.force_login(kim)
    assert "Leave in peace for three months" in client.get(letter.mailing.get_absolute_url()).content.decode()
    client.post(reverse("engagement:letter_rest", args=[letter.pk]))
    employer = Employer.objects.get()
    assert employer.resting_until == localdate() + timedelta(days=90)
    assert "not now" in employer.resting_why


@pytest.mark.parametrize("name", ["letter_step", "letter_rest", "letter_again"])
def test_letters_of_other_schools_are_not_there(client, school, kim, ada, name):
    letter, _token = sent(kim, school, ada)
    client.force_login(staff_of(OrganisationFactory()))
    assert client.post(reverse(f"engagement:{name}", args=[letter.pk])).status_code == 404
