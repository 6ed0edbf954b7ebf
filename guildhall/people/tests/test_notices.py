from __future__ import annotations

from datetime import UTC, datetime, timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected

import pytest
from django.core import mail
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import now
from django.utils.translation import gettext_lazy, gettext_noop, ngettext_lazy

from guildhall.core.tasks import run_waiting
from guildhall.people import tasks
from guildhall.people.actions import invite_member, read_all_notices, read_notice
from guildhall.people.models import Mail, Notice, Role
from guildhall.people.notices import send_letter, tell
from guildhall.people.tests.factories import (
    InvitationFactory,
    MailFactory,
    NoticeFactory,
    OrganisationFactory,
    UserFactory,
    member,
)
from guildhall.people.tests.swapping import is_part_of, swapped

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)


def invite(**fields):
    school = OrganisationFactory(name="School <of> Łódź & more")
    manager = member(school, Role.MANAGER, name="Ewa O'Brien", email="ewa@example.org")
    return invite_member(school, email="anna@example.org", roles=[Role.TEACHER], by=manager, at=now(), **fields)


def test_a_notice_is_told_in_the_language_of_whom_it_is_told_to():
    german = UserFactory(language="de")
    with timezone.override("Asia/Tokyo"):
        notice = tell(german, kind="people.test", sentence=gettext_lazy("January"), at=AT)
    assert (notice.sentence, notice.language) == ("Januar", "de")


def test_a_notice_takes_names_and_numbers():
    user = UserFactory()
    sentence = gettext_noop("%(person)s has called.")
    notice = tell(user, kind="people.test", sentence=sentence, params={"person": "Ewa 100%"}, at=AT)
    assert notice.sentence == "Ewa 100% has called."
    many = ngettext_lazy("%(count)d week", "%(count)d weeks", "count")
    assert tell(user, kind="people.test", sentence=many, params={"count": 3}, at=AT).sentence == "3 weeks"


def test_nobody_is_told_anything_after_they_left():
    assert tell(UserFactory(is_active=False), kind="people.test", sentence="Hello", at=AT) is None
    assert not Notice.objects.exists()


def test_a_notice_may_come_as_a_letter_too():
    user, writer = UserFactory(email="anna@example.org"), UserFactory(name="Ewa", email="ewa@example.org")
    offer = InvitationFactory()
    letter = "people/mail/invitation.txt"
    context = {"invitation": offer, "by": writer}
    tell(user, kind="people.test", sentence="Hello", url="/people/me/", mail=letter, context=context, by=writer, at=AT)
    letter = Mail.objects.get()
    assert (letter.to, letter.to_user, letter.sender_name, letter.reply_to) == (
        "anna@example.org",
        user,
        "Ewa",
        "ewa@example.org",
    )
    assert "http://127.0.0.1:8000/people/me/" in letter.text


def test_a_letter_is_sent_once_and_bears_the_name_of_its_writer(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        invite(sentence="Welcome & <b>soon</b>")
    run_waiting()
    run_waiting()
    [sent] = mail.outbox
    assert sent.to == ["anna@example.org"]
    assert sent.from_email == "Ewa O'Brien <guildhall@localhost>"
    assert sent.reply_to == ["ewa@example.org"]
    assert sent.subject == "Ewa O'Brien invites you to School <of> Łódź & more"
    assert "Welcome & <b>soon</b>" in sent.body
    [html] = [part.content for part in sent.alternatives]
    assert "Welcome &amp; &lt;b&gt;soon&lt;/b&gt;" in html
    assert "http://127.0.0.1:8000/p/" in html
    assert "style=" not in html
    letter = Mail.objects.get()
    assert (letter.state, letter.html) == (Mail.State.SENT, "")
    assert letter.sent_at


def test_what_is_kept_of_a_letter_opens_nothing():
    invite()
    letter = Mail.objects.get()
    token = letter.text.partition("/p/")[2].partition("/")[0]
    assert len(token) == 43
    run_waiting()
    letter.refresh_from_db()
    assert token in mail.outbox[0].body
    assert token not in letter.text
    assert "/p/…/" in letter.text


def test_the_same_letter_always_bears_the_same_message_id():
    letter = MailFactory(written_at=AT)
    tasks.send_mail.func(mail_id=letter.pk)
    Mail.objects.update(state=Mail.State.WAITING, sent_at=None)  # the worker died before it could say so
    tasks.send_mail.func(mail_id=letter.pk)
    first, second = (sent.message()["Message-ID"] for sent in mail.outbox)
    assert first == second == f"<letter-{letter.pk}-20261122233000@127.0.0.1>"


def test_a_letter_that_was_sent_is_not_sent_again():
    letter = MailFactory(state=Mail.State.SENT, sent_at=now())
    tasks.send_mail.func(mail_id=letter.pk)
    assert not mail.outbox


def test_a_letter_of_a_transaction_that_failed_was_never_written():
    class Stop(Exception): ...

    def fail_halfway():
        with transaction.atomic():
            invite()
            raise Stop

    with pytest.raises(Stop):
        fail_halfway()
    assert run_waiting() == 0
    assert not mail.outbox


def test_a_mail_server_that_is_away_is_asked_again(monkeypatch):
    letter = MailFactory()

    def refuse(message, **_):
        raise SMTPServerDisconnected("not now")

    monkeypatch.setattr("django.core.mail.message.EmailMessage.send", refuse)
    with pytest.raises(SMTPServerDisconnected):
        tasks.send_mail.func(mail_id=letter.pk)
    letter.refresh_from_db()
    assert letter.state == Mail.State.WAITING


@pytest.mark.parametrize(("code", "state"), [(550, Mail.State.FAILED), (450, Mail.State.WAITING)])
def test_an_address_that_does_not_exist_is_told_to_the_writer(monkeypatch, code, state):
    writer = UserFactory(email="ewa@example.org")
    letter = MailFactory(reply_to="ewa@example.org", to="nobody@example.org")

    def refuse(message, **_):
        raise SMTPRecipientsRefused({"nobody@example.org": (code, b"no such user")})

    monkeypatch.setattr("django.core.mail.message.EmailMessage.send", refuse)
    if state == Mail.State.FAILED:
        tasks.send_mail.func(mail_id=letter.pk)
        assert "nobody@example.org" in Notice.objects.get(user=writer).sentence
    else:
        with pytest.raises(SMTPRecipientsRefused):
            tasks.send_mail.func(mail_id=letter.pk)
    letter.refresh_from_db()
    assert letter.state == state


def test_a_letter_gives_dates_in_the_language_and_the_zone_of_its_reader():
    reader = UserFactory(language="de", time_zone="Asia/Tokyo")
    # It expires when it is still the 22nd in Brussels and already the 23rd in Tokyo.
    offer = InvitationFactory(invited_at=AT - timedelta(days=30), expires_at=AT - timedelta(hours=2))
    letter = send_letter(
        to=reader.email,
        to_user=reader,
        language="de",
        template="people/mail/invitation.txt",
        context={"invitation": offer, "by": "Ewa"},
        at=AT,
    )
    assert "23. November 2026" in letter.text


def test_the_bell_counts_what_was_not_read(client):
    user = UserFactory()
    NoticeFactory.create_batch(2, user=user)
    NoticeFactory(user=user, read_at=now())
    NoticeFactory()
    client.force_login(user)
    assert client.get(reverse("people:me")).context["frame"].bell == 2


def test_a_notice_is_read_by_going_there(client):
    notice = NoticeFactory(url="/people/me/data/")
    client.force_login(notice.user)
    response = client.post(reverse("people:notice_open", args=[notice.pk]))
    assert response.url == "/people/me/data/"
    notice.refresh_from_db()
    assert notice.read_at


def test_reading_twice_keeps_the_first_time():
    notice = NoticeFactory()
    read_notice(notice, by=notice.user, at=AT)
    assert read_notice(notice, by=notice.user, at=AT + timedelta(days=1)).read_at == AT


def test_the_notices_of_others_are_not_there(client):
    notice = NoticeFactory()
    client.force_login(UserFactory())
    for name in ("notice_open", "notice_read"):
        assert client.post(reverse(f"people:{name}", args=[notice.pk])).status_code == 404


def test_all_notices_can_be_read_at_once():
    user, other = UserFactory(), NoticeFactory()
    NoticeFactory.create_batch(3, user=user)
    read_all_notices(user, by=user, at=AT)
    assert list(Notice.objects.unread()) == [other]


def test_the_swapped_notice_is_the_one_you_would_get_by_reloading(client):
    notice = NoticeFactory()
    client.force_login(notice.user)
    fragment = swapped(client, reverse("people:notice_read", args=[notice.pk]))
    assert is_part_of(fragment, client.get(reverse("people:notices")))
