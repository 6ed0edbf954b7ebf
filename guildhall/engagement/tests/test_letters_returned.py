"""Letters that come back: notifications of several mail servers, which address they speak against, and what becomes of it."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils.timezone import now

from guildhall.core.errors import NotAllowed
from guildhall.engagement import actions
from guildhall.engagement.mailing.receiving import Outcome, receive
from guildhall.engagement.models import Letter, Person
from guildhall.engagement.tests.factories import PersonFactory, staff_of
from guildhall.engagement.tests.writing import begun, gone, somebody_at
from guildhall.engagement.writing.choosing import verdicts
from guildhall.engagement.writing.returns import Return, blames_address, returned
from guildhall.people.models import Notice
from guildhall.people.tests.factories import OrganisationFactory

RETURNS = Path(__file__).parent / "returns"
KEY = "abcdefghij0123456789abcd"


def sample(name, key=KEY):
    return (RETURNS / f"{name}.eml").read_text().replace("@KEY@", key).encode()


@pytest.mark.parametrize(
    ("name", "is_final", "said"),
    [
        ("postfix-unknown", True, "5.1.1 550 5.1.1 <ada@firm.example>: Recipient address rejected"),
        ("exchange-unknown", True, "5.1.10 550 5.1.10 RESOLVER.ADR.RecipientNotFound"),
        ("gmail-unknown", True, "5.1.1 550-5.1.1 The email account that you tried to reach does not exist"),
        ("postfix-expired", False, "4.4.1 connect to mx.firm.example"),
        ("gmail-full", False, "5.2.2 552 5.2.2 The recipient's inbox is out of storage space"),
        ("exchange-policy", False, "5.7.1 550 5.7.1 TRANSPORT.RULES.RejectMessage"),
    ],
)
def test_a_notification_says_which_letter_came_back_and_whether_the_address_is_wrong(name, is_final, said):
    found = returned(sample(name))
    assert (found.key, found.is_final) == (KEY, is_final)
    assert found.said.startswith(said)
    assert "\n" not in found.said


def test_a_letter_that_is_only_late_did_not_come_back():
    assert returned(sample("postfix-delayed")) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"delivery-status",
        b"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n",
        b"Content-Type: message/delivery-status\r\n\r\nAction: failed\r\nStatus: \xff\xfe\r\n",
        sample("postfix-unknown").replace(b"mailing-", b"something-"),
        sample("postfix-unknown")[:1500],
        b"delivery-status\r\n" + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n" * 3000,
        sample("postfix-unknown").replace(b"message/delivery-status", b"text/plain"),
        sample("postfix-unknown").replace(b"us-ascii", b"nonsense-8"),
    ],
    ids=range(9),
)
def test_what_is_no_notification_or_a_broken_one_harms_nobody(raw):
    assert returned(raw) is None or returned(raw).key == KEY


@pytest.mark.parametrize(
    ("status", "said", "blamed"),
    [
        ("5.1.1", "", True),
        ("5.1.2", "", True),
        ("5.2.1", "mailbox disabled", True),
        ("5.4.4", "unable to route", True),
        ("5.0.0", "550 no such user here", True),
        ("", "550 5.5.0 mailbox unavailable", True),
        ("", "553 sorry", True),
        ("5.0.0", "552 too much", False),
        ("5.1.8", "bad sender", False),
        ("5.2.2", "full", False),
        ("5.7.26", "not authenticated", False),
        ("", "554 5.7.1 spam", False),
        ("", "554 no", False),
        ("4.2.2", "full", False),
        ("", "451 later", False),
        ("", "", False),
        ("5.0.0", "", True),
    ],
)
def test_which_answers_speak_against_the_address(status, said, blamed):
    assert blames_address(status, said) is blamed


# --- What becomes of it ------------------------------------------------------------------------------------------------


@pytest.fixture
def school(db):
    return OrganisationFactory(name="North School")


@pytest.fixture
def kim(school):
    return staff_of(school, email="kim@north.example", language="en")


@pytest.fixture
def ada(school):
    return somebody_at(school, "Ada Lamb")


@pytest.fixture
def letter(school, kim, ada):
    return gone(kim, school, ada, key=KEY)


@pytest.mark.parametrize("name", ["postfix-unknown", "exchange-unknown", "gmail-unknown"])
def test_an_address_that_does_not_exist_is_marked_and_not_written_to_again(school, kim, ada, letter, name):
    assert receive(sample(name), at=now()) == Outcome.CAME_BACK
    letter.refresh_from_db()
    ada.refresh_from_db()
    assert (letter.state, ada.has_bounced) == (Letter.State.BOUNCED, True)
    assert letter.bounce
    mailing = begun(kim, school, ada)
    [no] = verdicts(list(mailing.letters.select_related("employer", "person")), mailing, at=now()).values()
    assert no.why == "bounced"
    assert "came back from ada@firm.example" in Notice.objects.get(user=kim).sentence


@pytest.mark.parametrize("name", ["postfix-expired", "gmail-full", "exchange-policy"])
def test_a_full_mailbox_or_a_policy_does_not_mark_the_address(ada, letter, name):
    assert receive(sample(name), at=now()) == Outcome.CAME_BACK
    letter.refresh_from_db()
    ada.refresh_from_db()
    assert (letter.state, ada.has_bounced) == (Letter.State.BOUNCED, False)


def test_a_letter_that_is_late_stays_sent(letter):
    assert receive(sample("postfix-delayed"), at=now()) == Outcome.NOT_FOR_US
    letter.refresh_from_db()
    assert letter.state == Letter.State.SENT


def test_a_notification_of_a_letter_that_is_not_ours_is_left_alone(ada, letter):
    assert receive(sample("postfix-unknown", "x" * 24), at=now()) == Outcome.NOT_FOR_US
    ada.refresh_from_db()
    assert not ada.has_bounced


def test_the_same_notification_twice_is_noted_and_told_once(kim, letter):
    first = now()
    receive(sample("postfix-unknown"), at=first)
    receive(sample("postfix-unknown"), at=first + timedelta(hours=1))
    letter.refresh_from_db()
    assert letter.bounced_at == first
    assert Notice.objects.filter(user=kim).count() == 1


def test_who_has_answered_has_got_it_whatever_a_machine_says(ada, letter):
    Letter.objects.update(answer="yes", answered_at=now())
    receive(sample("postfix-unknown"), at=now())
    letter.refresh_from_db()
    ada.refresh_from_db()
    assert (letter.state, ada.has_bounced) == (Letter.State.SENT, False)


def test_everybody_of_that_address_is_marked_and_nobody_of_another_school(school, letter, ada):
    twin = PersonFactory(school=school, email="ADA@firm.example")
    stranger = PersonFactory(email="ada@firm.example")
    receive(sample("postfix-unknown"), at=now())
    marked = [Person.objects.get(pk=one.pk).has_bounced for one in (ada, twin, stranger)]
    assert marked == [True, True, False]


def test_a_new_address_is_written_to_and_the_old_one_again_when_somebody_says_that_it_works(school, kim, ada, letter):
    receive(sample("postfix-unknown"), at=now())
    held = ada.positions.get()
    fields = {"name": "Ada Lamb", "email": "ada@new.example", "phone": "", "language": "en"}
    actions.change_person(held, person=fields, position={}, by=kim, at=now())
    assert not Person.objects.get(pk=ada.pk).has_bounced
    actions.change_person(held, person=fields | {"email": "Ada@firm.example"}, position={}, by=kim, at=now())
    assert Person.objects.get(pk=ada.pk).has_bounced
    actions.trust_address(ada, by=kim, at=now())
    assert not Person.objects.get(pk=ada.pk).has_bounced


def test_a_stranger_trusts_no_address(ada, letter):
    receive(sample("postfix-unknown"), at=now())
    with pytest.raises(NotAllowed):
        actions.trust_address(ada, by=staff_of(OrganisationFactory()), at=now())


def test_beside_the_person_stands_that_letters_come_back_and_what_to_do(client, kim, ada, letter):
    receive(sample("postfix-unknown"), at=now())
    client.force_login(kim)
    employer = ada.positions.get().employer
    assert "letters come back" in client.get(employer.get_absolute_url()).content.decode()
    page = client.get(ada.get_absolute_url()).content.decode()
    assert f"{reverse('engagement:step_add', args=[employer.pk])}?what=Ask+for+a+new" in page
    client.post(reverse("engagement:address_trust", args=[ada.pk]))
    assert "letters come back" not in client.get(ada.get_absolute_url()).content.decode()


def test_a_return_of_a_letter_that_waits_changes_nothing(school, kim, ada):
    letter = begun(kim, school, ada).letters.get()
    actions.note_return(letter, returned=Return(KEY, "5.1.1", "no", True), by=None, at=now())
    assert Letter.objects.get().state == Letter.State.WAITING
