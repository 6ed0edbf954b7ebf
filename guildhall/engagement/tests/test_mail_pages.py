"""The pages of the mails: my address, the mails to file, one mail, the timeline, Today; and the doors by which mails come in."""

import imaplib
import io
import re
import socketserver
import threading
from contextlib import contextmanager

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils.timezone import now

from guildhall.core.models import Schedule
from guildhall.core.tasks.worker import enter_schedules
from guildhall.engagement import tasks
from guildhall.engagement.mailing.fetching import fetch
from guildhall.engagement.mailing.receiving import Outcome, receive
from guildhall.engagement.models import CapturedMail, Contact, MailAddress
from guildhall.engagement.tests.factories import EmployerFactory, PersonFactory, PositionFactory, staff_of
from guildhall.engagement.tests.test_mail_filing import AT, BOOK, DOMAIN, SECRET, ada, address, built, kim, kurz, sample, school
from guildhall.people.models import Role
from guildhall.people.tests.factories import OrganisationFactory

__all__ = ["ada", "address", "kim", "kurz", "school"]


@pytest.fixture(autouse=True)
def possible(settings):
    settings.MAIL_IN_DOMAIN = DOMAIN
    settings.MAIL_IN_SECRET = SHARED


@pytest.fixture
def at_desk(client, kim):
    client.force_login(kim)
    return client


def waiting(address, count=1):
    for n in range(count):
        receive(built(f"somebody{n}@firm{n}.example", number=f"{n}@firm", subject=f"Question {n}"), at=AT)
    return list(CapturedMail.objects.order_by("pk"))


# --- My address ----------------------------------------------------------------------------------------------------


def test_an_address_is_made_renewed_and_switched_off(at_desk):
    page = reverse("engagement:mail_address")
    assert "@in.guildhall.example" not in at_desk.get(page).content.decode()
    at_desk.post(reverse("engagement:mail_address_renew"))
    first = str(MailAddress.objects.get())
    assert re.fullmatch(r"book-[a-z2-9]{16}@in\.guildhall\.example", first)
    assert first in at_desk.get(page).content.decode()
    at_desk.post(reverse("engagement:mail_address_renew"))
    assert first not in at_desk.get(page).content.decode()
    at_desk.post(reverse("engagement:mail_address_off"))
    assert not MailAddress.objects.exists()


def test_without_a_domain_the_page_says_so_and_nothing_can_be_made(at_desk, settings):
    settings.MAIL_IN_DOMAIN = ""
    assert "MAIL_IN_DOMAIN" in at_desk.get(reverse("engagement:mail_address")).content.decode()
    assert at_desk.post(reverse("engagement:mail_address_renew")).status_code == 409


def test_who_works_for_no_school_has_no_such_page(client, address):
    client.force_login(staff_of(OrganisationFactory(kind="employer")))
    for name in ("mail_address", "mails"):
        assert client.get(reverse(f"engagement:{name}")).status_code == 404


# --- Mails to file -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_mail_and_for_three(at_desk, address, kurz, ada, count, django_assert_num_queries):
    waiting(address, count)
    PositionFactory(employer=kurz, person=PersonFactory(school=kurz.school, email="boss@firm0.example"))
    at_desk.get(reverse("engagement:mails"))
    with django_assert_num_queries(9):
        page = at_desk.get(reverse("engagement:mails")).content.decode()
    assert page.count("Question") >= count
    assert "Kurz Joinery" in page


def test_a_mail_is_filed_with_one_click_on_a_suggestion_and_that_is_undone(at_desk, address, kurz, school):
    (mail,) = waiting(address)
    other = EmployerFactory(school=school)
    for employer in (kurz, other):
        PositionFactory(employer=employer, person=PersonFactory(school=school, email=f"boss{employer.pk}@firm0.example"))
    filing = reverse("engagement:mail_file", args=[mail.pk, kurz.pk])
    assert filing in at_desk.get(reverse("engagement:mails")).content.decode()
    answer = at_desk.post(filing, follow=True)
    assert answer.redirect_chain == [(reverse("engagement:mails"), 302)]
    undo = reverse("engagement:mail_take_back", args=[mail.pk])
    assert undo in answer.content.decode()
    assert kurz.contacts.count() == 1
    at_desk.post(undo)
    assert kurz.contacts.count() == 0


def test_the_employer_is_found_by_a_search_and_its_writer_noted(at_desk, address, kurz):
    from guildhall.core import search
    from guildhall.engagement.search import employer_documents

    search.index_many(employer_documents([kurz]))
    (mail,) = waiting(address)
    page = at_desk.get(reverse("engagement:mail", args=[mail.pk]), {"q": "kurz joi"}).content.decode()
    assert "Always file mails of somebody0@firm0.example there" in page
    filing = reverse("engagement:mail_file", args=[mail.pk, kurz.pk])
    assert filing in page
    at_desk.post(filing, {"always": "on"})
    assert kurz.positions.get().person.email == "somebody0@firm0.example"


def test_a_dropped_mail_leaves_the_list_and_comes_back_by_undo(at_desk, address):
    (mail,) = waiting(address)
    dropped = at_desk.post(reverse("engagement:mail_drop", args=[mail.pk]), follow=True).content.decode()
    assert "Question 0" in dropped  # in the sentence with the undo
    assert "No mail waits" in dropped
    at_desk.post(reverse("engagement:mail_keep", args=[mail.pk]))
    assert "No mail waits" not in at_desk.get(reverse("engagement:mails")).content.decode()


def test_a_mail_that_waits_is_nobody_elses_to_see(client, address, school, kurz):
    (mail,) = waiting(address)
    for somebody in (staff_of(school, Role.MANAGER), staff_of(OrganisationFactory())):
        client.force_login(somebody)
        assert client.get(reverse("engagement:mail", args=[mail.pk])).status_code == 404
        assert client.post(reverse("engagement:mail_file", args=[mail.pk, kurz.pk])).status_code == 404
        assert client.post(reverse("engagement:mail_drop", args=[mail.pk])).status_code == 404


def test_today_says_how_many_wait(at_desk, address, settings):
    waiting(address, 7)
    page = at_desk.get("/").content.decode()
    assert "Mails to file" in page
    assert "Question 0" in page
    assert "Question 6" not in page


# --- On the timeline -----------------------------------------------------------------------------------------------


def test_the_timeline_folds_what_is_quoted_and_names_the_files(at_desk, address, kurz, ada):
    receive(sample("gmail-forward-en"), at=AT)
    receive(sample("attachments"), at=AT)
    page = at_desk.get(kurz.get_absolute_url()).content.decode()
    assert re.search(r"<details><summary>Quoted text</summary>.*?would you have a place", page, re.DOTALL)
    assert "They wrote." in page
    assert "plan.pdf" in page
    assert "setup.exe" in page


def test_hostile_words_are_shown_as_words(at_desk, address, kurz, ada):
    receive(sample("hostile-html"), at=AT)
    page = at_desk.get(kurz.get_absolute_url()).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


def test_a_contact_by_hand_shows_no_mail(at_desk, kim, kurz):
    kurz.contacts.create(kind="mail", held_at=AT, recorded_at=AT, by=kim, said="By hand")
    page = at_desk.get(kurz.get_absolute_url()).content.decode()
    assert "By hand" in page
    assert "They wrote." not in page


@pytest.mark.parametrize("count", [1, 3])
def test_mails_on_the_timeline_cost_no_queries_of_their_own(at_desk, address, kurz, ada, count, django_assert_max_num_queries):
    for n in range(count):
        receive(built(number=f"{n}@x"), at=AT)
    at_desk.get(kurz.get_absolute_url())
    with django_assert_max_num_queries(12):
        at_desk.get(kurz.get_absolute_url())


def test_a_mail_is_moved_from_its_page_and_back_by_undo(at_desk, address, school, kurz, ada):
    receive(sample("redirected-en"), at=AT)
    mail, other = CapturedMail.objects.get(), EmployerFactory(school=school)
    assert at_desk.get(reverse("engagement:mail", args=[mail.pk])).status_code == 200
    answer = at_desk.post(reverse("engagement:mail_file", args=[mail.pk, other.pk]), follow=True)
    back = reverse("engagement:mail_file", args=[mail.pk, kurz.pk])
    assert back in answer.content.decode()
    assert Contact.objects.get().employer == other
    at_desk.post(back)
    assert Contact.objects.get().employer == kurz


def test_an_attachment_is_given_to_colleagues_and_to_nobody_else(client, address, school, kurz, ada):
    receive(sample("attachments"), at=AT)
    file = reverse("core:file", args=[CapturedMail.objects.get().attachments[0]["file"]])
    client.force_login(staff_of(school, Role.TEACHER))
    assert b"".join(client.get(file).streaming_content) == b"%PDF-1.4 a plan"
    client.force_login(staff_of(OrganisationFactory()))
    assert client.get(file).status_code == 404


# --- From a mail server --------------------------------------------------------------------------------------------


SHARED = "a secret between two servers"


def bring(client, raw, secret=SHARED, content_type="message/rfc822", to=""):
    address = reverse("engagement:mail_in") + (f"?to={to}" if to else "")
    return client.post(address, raw, content_type=content_type, headers={"Authorization": f"Bearer {secret}"})


def test_a_mail_server_brings_a_mail(client, address, kurz, ada):
    assert bring(client, sample("redirected-en")).status_code == 204
    assert kurz.contacts.count() == 1


def test_of_a_blind_copy_the_mail_server_says_where_it_goes(client, address, kurz, ada):
    raw = re.sub(rb"Delivered-To:.*\r\n", b"", sample("redirected-en"))
    bring(client, raw)
    assert kurz.contacts.count() == 0
    bring(client, raw, to=BOOK)
    assert kurz.contacts.count() == 1


@pytest.mark.parametrize("raw", [b"junk", sample("auto-reply"), sample("redirected-en").replace(SECRET.encode(), b"z" * 16)])
def test_who_brings_a_mail_is_not_told_what_became_of_it(client, address, raw):
    answer = bring(client, raw)
    assert (answer.status_code, answer.content) == (204, b"")
    assert not CapturedMail.objects.exists()


@pytest.mark.parametrize("secret", ["", "wrong", "a secret between two server", "ä"])
def test_without_the_secret_nothing_is_taken(client, address, kurz, ada, secret):
    assert bring(client, sample("redirected-en"), secret=secret).status_code == 403
    assert not CapturedMail.objects.exists()


@pytest.mark.parametrize("setting", ["MAIL_IN_SECRET", "MAIL_IN_DOMAIN"])
def test_where_no_mail_is_to_come_in_every_secret_is_wrong(client, address, settings, setting):
    setattr(settings, setting, "")
    for secret in ("", SHARED):
        assert bring(client, sample("redirected-en"), secret=secret).status_code == 403


def test_only_mails_are_taken_and_none_too_large(client, address, settings):
    assert bring(client, b"a=b", content_type="application/x-www-form-urlencoded").status_code == 415
    settings.MAX_UPLOAD_MB = 1
    assert bring(client, b"x" * (1024 * 1024 + 1)).status_code == 413
    assert client.get(reverse("engagement:mail_in")).status_code == 405


def piped(raw, monkeypatch, *arguments):
    stdin = io.TextIOWrapper(io.BytesIO(raw))
    monkeypatch.setattr("sys.stdin", stdin)
    out = io.StringIO()
    call_command("receive_mail", *arguments, verbosity=2, stdout=out, stderr=out)
    return out.getvalue().strip()


def test_a_mail_comes_in_by_a_pipe(address, kurz, ada, monkeypatch):
    assert piped(sample("redirected-en"), monkeypatch) == Outcome.ON_TIMELINE
    assert piped(sample("redirected-en"), monkeypatch) == Outcome.AGAIN
    raw = re.sub(rb"Delivered-To:.*\r\n", b"", built(number="2@x"))
    assert piped(raw, monkeypatch) == Outcome.NOT_FOR_US
    assert piped(raw, monkeypatch, "--to", BOOK) == Outcome.ON_TIMELINE


def test_a_pipe_that_fails_asks_to_be_tried_again(address, monkeypatch):
    def fail(*_arguments, **_more):
        raise OSError("the disk is full")

    monkeypatch.setattr("guildhall.engagement.management.commands.receive_mail.receive", fail)
    with pytest.raises(SystemExit) as ended:
        piped(sample("redirected-en"), monkeypatch)
    assert ended.value.code == 75


# --- From a mailbox ------------------------------------------------------------------------------------------------


class Mailbox(socketserver.StreamRequestHandler):
    """As much of an IMAP server as is needed: one folder, whose mails have numbers and flags."""

    def handle(self):
        self.say("* OK ready")
        for line in self.rfile:
            tag, command, *rest = line.decode().split()
            answer = getattr(self, f"do_{command.lower()}", lambda rest: None)(rest)
            self.say(f"{tag} {answer or 'OK done'}")
            if command == "LOGOUT":
                return

    def say(self, text):
        self.wfile.write(f"{text}\r\n".encode())

    def do_capability(self, rest):
        self.say("* CAPABILITY IMAP4rev1 UIDPLUS")

    def do_login(self, rest):
        return None if rest == ["kim", '"pass', 'word"'] else "NO wrong"

    def do_select(self, rest):
        self.say(f"* {len(self.server.mails)} EXISTS")

    def do_logout(self, rest):
        self.say("* BYE")

    def do_uid(self, rest):
        what, *rest = rest
        mails, flags = self.server.mails, self.server.flags
        if what == "SEARCH":
            self.say("* SEARCH " + " ".join(str(n) for n in mails if r"\Seen" not in flags.setdefault(n, set())))
        elif what == "FETCH":
            n = int(rest[0])
            length = int(re.search(r"<0\.(\d+)>", " ".join(rest))[1])
            content = mails[n][:length]
            self.wfile.write(f"* 1 FETCH (UID {n} BODY[]<0> {{{len(content)}}}\r\n".encode() + content + b")\r\n")
        elif what == "STORE":
            flags[int(rest[0])] |= set(" ".join(rest[2:]).strip("()").split())
        elif what == "EXPUNGE" and r"\Deleted" in flags[int(rest[0])]:
            del mails[int(rest[0])]


@contextmanager
def mailbox(*mails):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mailbox) as server:
        server.daemon_threads = True
        server.mails, server.flags = dict(enumerate(mails, 1)), {}
        threading.Thread(target=server.serve_forever, daemon=True).start()
        server.url = f"imap://kim:pass%20word@127.0.0.1:{server.server_address[1]}/Book"
        yield server
        server.shutdown()


def visit(server, take=None):
    return fetch(server.url, largest_mb=1, take=take or (lambda raw: receive(raw, at=AT)))


def test_what_is_for_the_book_is_taken_out_of_the_mailbox_and_the_rest_left_there(address, kurz, ada, settings):
    settings.MAX_UPLOAD_MB = 1
    private = built(**{"Delivered-To": "kim@bbs.example"})
    too_large = built(number="2@x", body="x" * 2_000_000)
    with mailbox(sample("redirected-en"), private, sample("auto-reply"), too_large) as server:
        counts = visit(server)
        assert counts == {
            Outcome.ON_TIMELINE: 1,
            Outcome.NOT_FOR_US: 1,
            Outcome.AUTOMATIC: 1,
            Outcome.TOO_LARGE: 1,
        }
        assert list(server.mails) == [2]
        assert server.flags[2] == {r"\Seen"}
        assert visit(server) == {}
    assert kurz.contacts.count() == 1
    assert CapturedMail.objects.count() == 1


def test_who_was_killed_before_the_mail_was_deleted_finds_it_again_and_takes_it_once(address, kurz, ada):
    class Killed(BaseException):
        pass

    def take_and_die(raw):
        receive(raw, at=AT)
        raise Killed

    with mailbox(sample("redirected-en")) as server:
        with pytest.raises(Killed):
            visit(server, take_and_die)
        assert list(server.mails) == [1]
        assert visit(server) == {Outcome.AGAIN: 1}
        assert list(server.mails) == []
    assert kurz.contacts.count() == 1


def test_a_mail_at_which_we_fail_is_put_aside_and_the_next_is_taken(address, kurz, ada):
    def fail_once(raw):
        if b"unlucky" in raw:
            raise ZeroDivisionError
        return receive(raw, at=AT)

    with mailbox(built(body="unlucky"), sample("redirected-en")) as server:
        assert visit(server, fail_once) == {"failed": 1, Outcome.ON_TIMELINE: 1}
        assert list(server.mails) == [1]
        assert server.flags[1] == {r"\Seen", r"\Flagged"}


def test_a_wrong_password_is_an_error_that_says_so(address):
    with mailbox() as server:
        server.url = server.url.replace("pass%20word", "guess")
        with pytest.raises(imaplib.IMAP4.error, match="wrong"):
            visit(server)


def test_the_task_visits_the_mailbox_only_where_there_is_one(address, kurz, ada, settings):
    enter_schedules()
    assert not Schedule.objects.filter(task="engagement.fetch_mails").exists()
    with mailbox(sample("redirected-en")) as server:
        settings.MAIL_IN_IMAP = server.url
        tasks.fetch_mails.func()
    assert kurz.contacts.count() == 1


def test_the_owner_reads_why_a_file_was_not_kept_in_their_language(address, kim, kurz, ada):
    kim.language = "de"
    kim.save()
    receive(sample("attachments"), at=now())
    assert "Webseite" in CapturedMail.objects.get().attachments[3]["why"]
