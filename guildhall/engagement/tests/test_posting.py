"""Letters on their way: over a real mail server, in portions, stopped, interrupted, refused; each goes out once."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils.timezone import now
from django_tasks_db.models import DBTaskResult

from guildhall.core.errors import NotAllowed, Refused
from guildhall.core.tasks import run_waiting
from guildhall.engagement import actions, tasks
from guildhall.engagement.actions import posting
from guildhall.engagement.models import Letter, Mailing, Person, Why
from guildhall.engagement.tests.factories import staff_of
from guildhall.engagement.tests.postbox import postbox
from guildhall.engagement.tests.writing import begun, gone, links_in, somebody_at
from guildhall.engagement.writing.handing import NobodyKnows, NoMailServer
from guildhall.people.models import Notice, Pass
from guildhall.people.tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return OrganisationFactory(name="North School")


@pytest.fixture
def kim(school):
    return staff_of(school, name="Kim Teacher", email="kim@north.example", language="en")


@pytest.fixture
def people(school):
    return [somebody_at(school, name) for name in ("Ada Lamb", "Bo Boss", "Cy Clark")]


@pytest.fixture
def box(settings):
    with postbox() as box:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        yield box


def sent(kim, school, *people):
    mailing = begun(kim, school, *people)
    actions.send_mailing(mailing, by=kim, at=now())
    return mailing


def states(mailing):
    return list(mailing.letters.order_by("person_id").values_list("state", flat=True))


def go_on(mailing):
    """Run the portion that is due next, whenever that is."""
    DBTaskResult.objects.filter(status="READY").update(run_after=now())
    run_waiting()
    mailing.refresh_from_db()


def test_a_letter_arrives_with_all_that_belongs_to_it(school, kim, people, box, settings):
    settings.DEFAULT_FROM_EMAIL = "Guildhall <mail@guildhall.example>"
    settings.MAIL_RETURNS_TO = "returns@in.guildhall.example"
    sent(kim, school, people[0])
    run_waiting()
    [(returns_to, recipient, letter)] = box.letters
    assert (returns_to, recipient) == ("returns@in.guildhall.example", "ada@firm.example")
    assert letter["From"].addresses[0].addr_spec == "mail@guildhall.example"
    assert letter["From"].addresses[0].display_name == "Kim Teacher, North School"
    assert letter["Reply-To"] == "kim@north.example"
    assert letter["Message-ID"] == f"<mailing-{Letter.objects.get().key}@127.0.0.1>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    answer, stop = links_in(letter)
    assert f"/letters/by-link/{stop}/stop/>" in letter["List-Unsubscribe"]
    assert answer == stop
    plain, html = letter.get_body(("plain",)).get_content(), letter.get_body(("html",)).get_content()
    assert "Dear Ada Lamb," in plain
    assert f"/p/{answer}/" in html
    assert answer not in Letter.objects.get().text


def test_without_an_answer_asked_for_there_is_no_button(school, kim, people, box):
    mailing = begun(kim, school, people[0], asks_answer=False)
    actions.send_mailing(mailing, by=kim, at=now())
    run_waiting()
    [(_returns_to, _recipient, letter)] = box.letters
    answer, stop = links_in(letter)
    assert (answer, bool(stop)) == ("", True)


def test_each_gets_one_letter_however_often_the_task_runs(school, kim, people, box):
    mailing = sent(kim, school, *people)
    tasks.send_letters.func(mailing_id=mailing.pk, run=1)
    tasks.send_letters.func(mailing_id=mailing.pk, run=1)
    run_waiting()
    assert sorted(box.to()) == ["ada@firm.example", "bo@firm.example", "cy@firm.example"]
    mailing.refresh_from_db()
    assert (mailing.state, states(mailing)) == ("sent", ["sent"] * 3)


def test_no_more_go_out_in_a_minute_than_may(school, kim, people, box, settings):
    settings.MAILS_PER_MINUTE = 2
    mailing = sent(kim, school, *people)
    run_waiting()
    assert len(box.letters) == 2
    mailing.refresh_from_db()
    assert mailing.wakes_at > now() + timedelta(seconds=50)
    go_on(mailing)
    assert len(box.letters) == 2  # the minute is not over
    Letter.objects.filter(sent_at__isnull=False).update(sent_at=now() - timedelta(minutes=2))
    go_on(mailing)
    assert (len(box.letters), mailing.state) == (3, Mailing.State.SENT)


class Killed(BaseException):
    """What happens to a process that is killed: nothing it would have done is done."""


@pytest.mark.parametrize("dies_in", ["hand_over", "note_handed_over"])
def test_a_worker_that_dies_with_a_letter_in_its_hands_leaves_it_uncertain_and_sends_the_rest(
    school, kim, people, box, monkeypatch, dies_in
):
    mailing = sent(kim, school, *people)
    numbers = list(mailing.letters.order_by("pk").values_list("pk", flat=True))
    where = tasks if dies_in == "hand_over" else posting
    whole = getattr(where, dies_in)

    def dying(*args, **kwargs):
        if Letter.objects.filter(state="going", pk=numbers[1]).exists():
            raise Killed
        return whole(*args, **kwargs)

    monkeypatch.setattr(where, dies_in, dying)
    with pytest.raises(Killed):
        tasks.send_letters.func(mailing_id=mailing.pk, run=1)
    monkeypatch.setattr(where, dies_in, whole)
    assert states(mailing) == ["sent", "going", "waiting"]
    run_waiting()
    mailing.refresh_from_db()
    assert (mailing.state, states(mailing)) == ("sent", ["sent", "unsure", "sent"])
    assert len(box.letters) == (2 if dies_in == "hand_over" else 3)
    assert len(set(box.to())) == len(box.letters)


def test_what_is_uncertain_is_sent_again_by_hand_under_the_same_message_id(school, kim, people, box):
    mailing = sent(kim, school, people[0])
    run_waiting()
    letter = Letter.objects.get()
    with pytest.raises(Refused, match="known"):
        actions.send_letter_again(letter, by=kim, at=now())
    Letter.objects.update(state="unsure")
    with pytest.raises(NotAllowed):
        actions.send_letter_again(letter, by=staff_of(school), at=now())
    actions.send_letter_again(letter, by=kim, at=now())
    go_on(mailing)
    first, second = (one[2]["Message-ID"] for one in box.letters)
    assert first == second
    assert (mailing.state, states(mailing)) == ("sent", ["sent"])
    assert Pass.objects.filter(revoked_at__isnull=True).count() == 1


def test_a_mail_server_that_falls_silent_leaves_one_letter_uncertain(school, kim, people, box):
    mailing = sent(kim, school, *people)
    box.silent_after = 1
    with pytest.raises(NobodyKnows):
        tasks.send_letters.func(mailing_id=mailing.pk, run=1)
    assert states(mailing) == ["sent", "unsure", "waiting"]
    box.silent_after = None
    run_waiting()
    assert states(mailing) == ["sent", "unsure", "sent"]
    assert len(box.letters) == 3


def test_a_mail_server_that_is_away_is_asked_again_and_nobody_is_left_out(school, kim, people, settings, box):
    mailing = sent(kim, school, *people)
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    with pytest.raises(NoMailServer):
        tasks.send_letters.func(mailing_id=mailing.pk, run=1)
    assert states(mailing) == ["waiting"] * 3
    settings.EMAIL_PORT = port
    run_waiting()
    assert states(mailing) == ["sent"] * 3


def test_an_address_the_mail_server_does_not_know_is_marked(school, kim, people, box):
    box.refuses["bo@firm.example"] = "550 5.1.1 No such user"
    mailing = sent(kim, school, *people)
    run_waiting()
    assert states(mailing) == ["sent", "bounced", "sent"]
    assert [Person.objects.get(pk=one.pk).has_bounced for one in people] == [False, True, False]
    assert Letter.objects.get(state="bounced").bounce == "550 5.1.1 No such user"


def test_a_letter_the_mail_server_does_not_like_is_not_the_addresss_fault(school, kim, people, box):
    box.refuses["bo@firm.example"] = "554 5.7.1 We do not like this"
    mailing = sent(kim, school, *people)
    run_waiting()
    letter = mailing.letters.get(state="skipped")
    assert (letter.why, letter.reason) == (
        Why.REFUSED,
        "the mail server would not take it: 554 5.7.1 We do not like this",
    )
    assert not Person.objects.get(pk=people[1].pk).has_bounced


def test_who_is_busy_is_asked_again_a_quarter_of_an_hour_later_and_not_for_ever(school, kim, people, box):
    box.refuses["bo@firm.example"] = "450 4.2.0 Greylisted"
    mailing = sent(kim, school, *people)
    run_waiting()
    assert states(mailing) == ["sent", "waiting", "sent"]
    for _ in range(2):
        go_on(mailing)
    assert mailing.wakes_at > now() + timedelta(minutes=14)
    for _ in range(3):
        go_on(mailing)
    assert states(mailing) == ["sent", "skipped", "sent"]
    assert mailing.letters.get(state="skipped").tried == 5


def test_who_is_busy_once_gets_it_the_second_time(school, kim, people, box):
    box.refuses["bo@firm.example"] = "450 4.2.0 Greylisted"
    mailing = sent(kim, school, *people)
    run_waiting()
    box.refuses.clear()
    go_on(mailing)
    assert states(mailing) == ["sent"] * 3


def test_a_mail_server_that_takes_nothing_from_us_stops_it_all_and_says_so(school, kim, people, box):
    box.says["MAIL"] = "550 5.7.1 Not from you"
    mailing = sent(kim, school, *people)
    run_waiting()
    mailing.refresh_from_db()
    assert (mailing.state, mailing.trouble, states(mailing)) == ("stopped", "550 5.7.1 Not from you", ["waiting"] * 3)
    assert "takes no letters from here" in Notice.objects.get(user=kim).sentence
    box.says.clear()
    actions.go_on_with_mailing(mailing, by=kim, at=now())
    go_on(mailing)
    assert (mailing.trouble, states(mailing)) == ("", ["sent"] * 3)


def test_what_is_stopped_goes_no_further_until_it_goes_on(school, kim, people, box, settings):
    settings.MAILS_PER_MINUTE = 1
    mailing = sent(kim, school, *people)
    run_waiting()
    actions.stop_mailing(mailing, by=staff_of(school), at=now())
    settings.MAILS_PER_MINUTE = 30
    go_on(mailing)
    assert states(mailing) == ["sent", "waiting", "waiting"]
    with pytest.raises(Refused, match="not on its way"):
        actions.stop_mailing(mailing, by=kim, at=now())
    with pytest.raises(NotAllowed):
        actions.go_on_with_mailing(mailing, by=staff_of(school), at=now())
    actions.go_on_with_mailing(mailing, by=kim, at=now())
    go_on(mailing)
    assert (mailing.state, len(box.letters)) == ("sent", 3)
    with pytest.raises(Refused, match="nothing to go on"):
        actions.go_on_with_mailing(mailing, by=kim, at=now())


def test_it_can_be_stopped_between_two_letters(school, kim, people, box, monkeypatch):
    mailing = sent(kim, school, *people)
    whole = tasks.hand_over

    def stopping(message, connection):
        actions.stop_mailing(mailing, by=kim, at=now())
        return whole(message, connection)

    monkeypatch.setattr(tasks, "hand_over", stopping)
    run_waiting()
    assert states(mailing) == ["sent", "waiting", "waiting"]


def test_an_earlier_run_does_nothing_any_more(school, kim, people, box):
    mailing = sent(kim, school, *people)
    actions.go_on_with_mailing(mailing, by=kim, at=now())
    tasks.send_letters.func(mailing_id=mailing.pk, run=1)
    assert box.letters == []
    letter = mailing.letters.select_related("mailing", "employer", "person").first()
    assert posting.take_up_letter(letter, run=1, by=None, at=now()) is None


def test_two_mailings_at_once_do_not_reach_over_the_cap_together(school, kim, people):
    gone(kim, school, people[0])
    first, second = (sent(kim, school, people[0]) for _ in range(2))
    run_waiting()
    assert (states(first), states(second)) == (["sent"], ["skipped"])
    assert second.letters.get().why == Why.FULL


def test_an_address_that_was_corrected_meanwhile_is_the_one_written_to(school, kim, people):
    mailing = sent(kim, school, people[0])
    Person.objects.filter(pk=people[0].pk).update(email="new@firm.example")
    run_waiting()
    assert mail.outbox[0].to == ["new@firm.example"]
    assert mailing.letters.get().address == "new@firm.example"


def test_somebody_who_was_forgotten_meanwhile_gets_nothing(school, kim, people):
    mailing = sent(kim, school, people[0])
    people[0].positions.all().delete()
    people[0].delete()
    run_waiting()
    assert (states(mailing), mail.outbox) == (["skipped"], [])


def test_an_address_that_cannot_be_written_into_a_mail_is_left_aside(school, kim, people):
    mailing = sent(kim, school, *people)
    Person.objects.filter(pk=people[1].pk).update(email="two\nlines@firm.example")
    run_waiting()
    assert states(mailing) == ["sent", "skipped", "sent"]
