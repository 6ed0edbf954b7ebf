"""Whose mail it is: from the secret address to the timeline, the inbox, or nowhere."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils.timezone import now

from guildhall.core.errors import NotAllowed, Refused
from guildhall.core.models import AuditLine, StoredFile
from guildhall.core.search import matching_keys
from guildhall.engagement import actions
from guildhall.engagement.actions import mail as mail_actions
from guildhall.engagement.mailing.filing import domains_of, employers_of
from guildhall.engagement.mailing.receivers import FORGET_QUOTES_AFTER, FORGET_UNFILED_AFTER, a_mailbox_needs_a_domain
from guildhall.engagement.mailing.receiving import Outcome, receive
from guildhall.engagement.models import CapturedMail, Contact, MailAddress, NextStep, Person
from guildhall.engagement.search import CONTACT, scope_of
from guildhall.engagement.tests.factories import (
    EmployerFactory,
    KeptOrganisationFactory,
    NextStepFactory,
    PersonFactory,
    PositionFactory,
    staff_of,
)
from guildhall.people import retention
from guildhall.people.actions import leave_organisation
from guildhall.people.models import Role
from guildhall.people.tests.factories import OrganisationFactory, SiteFactory

MAILS = Path(__file__).parent / "mails"
SECRET = "abcdefghjkmnpqrs"
DOMAIN = "in.guildhall.example"
BOOK = f"book-{SECRET}@{DOMAIN}"
AT = datetime(2026, 11, 12, 18, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def domain(settings):
    settings.MAIL_IN_DOMAIN = DOMAIN


@pytest.fixture
def school(db):
    return OrganisationFactory(website="https://www.bbs.example/start")


@pytest.fixture
def kim(school):
    return staff_of(school, Role.TEACHER, email="kim@bbs.example", language="en")


@pytest.fixture
def address(school, kim):
    return MailAddress.objects.create(school=school, owner=kim, secret=SECRET, made_at=AT)


@pytest.fixture
def kurz(school):
    return EmployerFactory(school=school, organisation=KeptOrganisationFactory(kept_by=school, name="Kurz Joinery"))


@pytest.fixture
def ada(kurz):
    return PositionFactory(
        employer=kurz, person=PersonFactory(school=kurz.school, name="Ada Lamb", email="Ada@Kurz.example")
    ).person


def sample(name):
    return (MAILS / f"{name}.eml").read_bytes()


def built(sender="ada@kurz.example", to="kim@bbs.example", body="Hello", number="1@x", subject="Hello", **head):
    lines = {"From": sender, "To": to, "Subject": subject, "Date": "Thu, 12 Nov 2026 12:00:00 +0100", "Message-ID": f"<{number}>"}
    lines |= {"Delivered-To": BOOK, **head}
    return "".join(f"{name}: {value}\r\n" for name, value in lines.items()).encode() + b"\r\n" + body.encode()


def only_mail():
    return CapturedMail.objects.get()


# --- Onto the timeline ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gmail-forward-en", "Two places in spring\n\nShe sounds keen, I'll ring her.\n\nDear Kim,\n\nwe can take two learners"),
        ("outlook-forward-de", "Praktikumsplätze im Frühjahr\n\nBitte ablegen.\n\nSehr geehrte Frau Teacher,"),
        ("apple-forward-es", "Plazas de prácticas\n\nHola Kim:\n\npodemos acoger"),
        ("thunderbird-forward-pl", "Praktyki wiosną\n\nDo teczki.\n\nDzień dobry,\n\nmożemy przyjąć"),
        ("gmail-forward-el", "Θέσεις πρακτικής\n\nΚαλησπέρα,\nμπορούμε να δεχτούμε"),
        ("outlook-forward-pt", "Vagas na primavera\n\nBoa tarde,\npodemos receber"),
        ("apple-forward-fr", "Deux places\n\nBonjour,\nnous pouvons accueillir"),
        ("attached-forward-en", "Contract\n\nFor the file.\n\nHere is the contract."),
        ("redirected-en", "Re: Our visit on Monday\n\nNine is fine."),
    ],
)
def test_what_they_wrote_lands_on_the_employers_timeline(address, kurz, ada, name, said):
    assert receive(sample(name), at=AT) == Outcome.ON_TIMELINE
    contact = kurz.contacts.get()
    assert contact.said.startswith(said)
    assert (contact.kind, contact.by, list(contact.people.all())) == (Contact.Kind.MAIL, address.owner, [ada])
    assert not contact.mail.is_from_us
    assert contact.mail.other_address == "ada@kurz.example"
    assert contact.mail.said == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("bcc-new-en", "Our visit on Monday\n\nDear Ada,\n\nI will come at nine.\n\nKim"),
        ("bcc-answer-de", "Antw: Praktikum für zwei\n\nGuten Tag Frau Lamb,\n\ndas passt uns sehr gut."),
        ("bcc-inline-answer-en", "Re: Questions\n\nHi Ada,\n\nTwo.\n\nFrom March."),
    ],
)
def test_what_we_wrote_lands_there_by_a_blind_copy(address, kurz, ada, name, said):
    assert receive(sample(name), at=AT) == Outcome.ON_TIMELINE
    contact = kurz.contacts.get()
    assert contact.said == said
    assert contact.mail.is_from_us
    assert list(contact.people.all()) == [ada]


def test_a_forwarded_mail_counts_from_when_it_was_written_and_its_quotations_are_kept_apart(address, kurz, ada):
    receive(sample("gmail-forward-en"), at=AT)
    contact = kurz.contacts.get()
    assert contact.held_at == datetime(2026, 11, 11, 15, 5, tzinfo=UTC)
    assert "would you have a place" not in contact.said
    assert "would you have a place" in contact.mail.quoted
    kurz.refresh_from_db()
    assert kurz.last_contact_at == contact.held_at


def test_my_own_mail_that_i_forward_is_one_that_we_wrote(address, kurz, ada):
    body = "---------- Forwarded message ---------\nFrom: Kim <kim@bbs.example>\nDate: Wed, Nov 11, 2026 at 4:05 PM\n"
    body += "Subject: Visit\nTo: Ada Lamb <ada@kurz.example>\n\nI come at nine."
    receive(built("kim@bbs.example", BOOK, body), at=AT)
    assert kurz.contacts.get().mail.is_from_us


def test_the_words_can_be_found(address, kurz, ada):
    receive(sample("gmail-forward-en"), at=AT)
    assert matching_keys(CONTACT, "learners from March", [scope_of(kurz.school)])


def test_somebody_who_asked_not_to_be_written_to_may_write(address, kurz, ada):
    actions.forbid_writing(ada, by=address.owner, at=AT)
    assert receive(sample("redirected-en"), at=AT) == Outcome.ON_TIMELINE


def test_a_mail_dated_in_the_future_or_long_ago_counts_from_its_arrival(address, kurz, ada):
    receive(built(number="a@x", Date="Thu, 12 Nov 2029 12:00:00 +0100"), at=AT)
    receive(built(number="b@x", Date="Thu, 01 Jan 1970 12:00:00 +0100"), at=AT)
    receive(built(number="c@x", Date="nonsense"), at=AT)
    assert set(kurz.contacts.values_list("held_at", flat=True)) == {AT}


def test_a_long_mail_is_cut_where_a_word_ends_and_the_rest_is_folded(address, kurz, ada):
    receive(built(body="word " * 4000), at=AT)
    contact = kurz.contacts.get()
    assert len(contact.said) <= 8000
    assert contact.said.endswith("word …")
    assert len(contact.said) + len(contact.mail.quoted) > 19_000


# --- By which sign -------------------------------------------------------------------------------------------------


def test_a_person_comes_before_a_site_and_a_site_before_a_domain(school, kurz):
    other, third = EmployerFactory(school=school), EmployerFactory(school=school)
    PositionFactory(employer=kurz, person=PersonFactory(school=school, email="ada@shared.example"))
    SiteFactory(organisation=other.organisation, email="office@shared.example")
    third.organisation.website = "https://www.shared.example/"
    third.organisation.save()
    found = employers_of(school, ["ada@shared.example", "office@shared.example", "else@shared.example", "x@nobody.example"])
    assert found == {
        "ada@shared.example": [kurz.pk],
        "office@shared.example": [other.pk],
        "else@shared.example": sorted([kurz.pk, other.pk, third.pk]),
        "x@nobody.example": [],
    }


@pytest.mark.parametrize("website", ["http://kurz.example", "https://www.kurz.example/kontakt", "kurz.example"])
def test_a_web_site_tells_whose_domain_it_is(school, kurz, website):
    kurz.organisation.website = website
    kurz.organisation.save()
    assert employers_of(school, ["new@kurz.example", "x@mail.kurz.example", "x@notkurz.example", "x@kurz.example.org"]) == {
        "new@kurz.example": [kurz.pk],
        "x@mail.kurz.example": [kurz.pk],
        "x@notkurz.example": [],
        "x@kurz.example.org": [],
    }


@pytest.mark.parametrize("provider", ["gmail.com", "wp.pl", "gmx.de", "sapo.pt", "otenet.gr", "telefonica.net", "t-online.de"])
def test_a_provider_of_mail_to_everybody_says_nothing(school, kurz, provider):
    PositionFactory(employer=kurz, person=PersonFactory(school=school, email=f"ada@{provider}"))
    assert employers_of(school, [f"bob@{provider}", f"ada@{provider}"]) == {f"bob@{provider}": [], f"ada@{provider}": [kurz.pk]}


def test_domains_go_up_as_far_as_they_are_one_firms(school):
    assert domains_of("a@post.firm.co.uk", school) == ["post.firm.co.uk", "firm.co.uk"]
    assert domains_of("a@bbs.example", school) == []


def test_who_left_does_not_tell_where_a_mail_belongs(school, kurz, ada):
    ada.positions.update(until=AT.date() - timedelta(days=400))
    assert employers_of(school, ["ada@kurz.example"]) == {"ada@kurz.example": []}


def test_another_schools_book_tells_nothing(school, kurz, ada):
    assert employers_of(OrganisationFactory(), ["ada@kurz.example"]) == {"ada@kurz.example": []}


def test_looking_for_employers_costs_the_same_for_one_and_for_thirty(school, kurz, ada, django_assert_num_queries):
    for count in (1, 30):
        with django_assert_num_queries(3):
            employers_of(school, [f"p{n}@firm{n}.example" for n in range(count)])


# --- To be filed ---------------------------------------------------------------------------------------------------


def test_a_mail_of_nobody_known_waits_to_be_filed(address, kurz):
    assert receive(sample("unknown-sender"), at=AT) == Outcome.TO_FILE
    mail = only_mail()
    assert mail.is_to_file
    assert (mail.other, mail.subject, mail.said) == ("Somebody", "A question", "Do you have learners?")
    assert not Contact.objects.exists()


def test_a_mail_with_two_employers_waits_to_be_filed(address, school, kurz, ada):
    other = EmployerFactory(school=school)
    PositionFactory(employer=other, person=PersonFactory(school=school, email="bob@other.example"))
    receive(built(to="kim@bbs.example, bob@other.example"), at=AT)
    assert only_mail().is_to_file


def test_a_note_to_oneself_waits_to_be_filed(address, kurz, ada):
    receive(built("kim@bbs.example", BOOK, "Remember Kurz."), at=AT)
    assert only_mail().others == []


def test_a_mail_is_filed_by_its_owner_and_taken_back_again(address, kurz):
    receive(sample("unknown-sender"), at=AT)
    filed = actions.file_mail(only_mail(), employer=kurz, by=address.owner, at=AT)
    assert (filed.contact.employer, filed.contact.said, filed.said) == (kurz, "A question\n\nDo you have learners?", "")
    later = AT + timedelta(days=2)
    back = actions.take_back_mail(filed, by=address.owner, at=later)
    assert (back.is_to_file, back.said, back.waits_since) == (True, "Do you have learners?", later)
    kurz.refresh_from_db()
    assert kurz.last_contact_at is None


def test_always_adds_the_writer_to_the_employer_and_taking_back_takes_that_back(address, kurz):
    receive(sample("unknown-sender"), at=AT)
    filed = actions.file_mail(only_mail(), employer=kurz, always=True, by=address.owner, at=AT)
    (person,) = filed.contact.people.all()
    assert (person.name, person.email) == ("Somebody", "somebody@gmail.com")
    assert receive(built("somebody@gmail.com", number="2@x"), at=AT) == Outcome.ON_TIMELINE
    actions.take_back_mail(Contact.objects.latest("pk").mail, by=address.owner, at=AT)
    assert Person.objects.filter(pk=person.pk).exists()
    actions.take_back_mail(filed, by=address.owner, at=AT)
    assert not Person.objects.filter(pk=person.pk).exists()


def test_a_mail_on_a_timeline_moves_to_another_with_what_came_of_it(address, school, kurz, ada):
    receive(sample("redirected-en"), at=AT)
    mail = only_mail()
    step = NextStepFactory(employer=kurz, contact=mail.contact)
    other = EmployerFactory(school=school)
    bob = PositionFactory(employer=other, person=PersonFactory(school=school, email="office@kurz.example")).person
    moved = actions.file_mail(mail, employer=other, by=address.owner, at=AT)
    assert moved.contact == mail.contact
    assert list(other.contacts.all()) == [mail.contact]
    assert list(moved.contact.people.all()) == [bob]
    step.refresh_from_db()
    kurz.refresh_from_db()
    other.refresh_from_db()
    assert (step.employer, kurz.last_contact_at, other.last_contact_at) == (other, None, moved.contact.held_at)
    assert NextStep.objects.open().count() == 1


def test_taking_the_contact_back_lets_its_mail_wait_again(address, kurz, ada):
    receive(sample("redirected-en"), at=AT)
    contact = kurz.contacts.get()
    actions.change_contact(contact, kind="mail", held_at=contact.held_at, said="My own words", people=[], by=address.owner, at=AT)
    actions.remove_contact(contact, by=address.owner, at=AT)
    assert (only_mail().is_to_file, only_mail().said) == (True, "My own words")


def test_a_dropped_mail_can_be_had_back(address, kurz):
    receive(sample("unknown-sender"), at=AT)
    mail = actions.drop_mail(only_mail(), by=address.owner, at=AT)
    assert not CapturedMail.objects.to_file().exists()
    actions.keep_mail(mail, by=address.owner, at=AT)
    assert CapturedMail.objects.to_file().exists()
    actions.drop_mail(mail, by=address.owner, at=AT)
    assert actions.file_mail(mail, employer=kurz, by=address.owner, at=AT).contact is not None


def test_a_mail_on_a_timeline_is_not_dropped(address, kurz, ada):
    receive(sample("redirected-en"), at=AT)
    with pytest.raises(Refused):
        actions.drop_mail(only_mail(), by=address.owner, at=AT)


def test_a_colleague_may_not_file_what_waits_for_somebody_else(address, school, kurz):
    receive(sample("unknown-sender"), at=AT)
    colleague = staff_of(school, Role.MANAGER)
    assert not CapturedMail.objects.visible_to(colleague).exists()
    for deed in (actions.drop_mail, actions.keep_mail):
        with pytest.raises(NotAllowed):
            deed(only_mail(), by=colleague, at=AT)
    with pytest.raises(NotAllowed):
        actions.file_mail(only_mail(), employer=kurz, by=colleague, at=AT)


def test_who_neither_wrote_nor_coordinates_may_not_move_a_mail(address, school, kurz, ada):
    receive(sample("redirected-en"), at=AT)
    colleague = staff_of(school, Role.TEACHER)
    assert CapturedMail.objects.visible_to(colleague).exists()
    for deed in (
        lambda: actions.file_mail(only_mail(), employer=EmployerFactory(school=school), by=colleague, at=AT),
        lambda: actions.take_back_mail(only_mail(), by=colleague, at=AT),
    ):
        with pytest.raises(NotAllowed):
            deed()
    actions.take_back_mail(only_mail(), by=staff_of(school, Role.COORDINATOR), at=AT)


def test_a_mail_goes_into_no_other_schools_book(address, kurz):
    receive(sample("unknown-sender"), at=AT)
    with pytest.raises(Refused):
        actions.file_mail(only_mail(), employer=EmployerFactory(), by=address.owner, at=AT)


# --- Not taken -----------------------------------------------------------------------------------------------------


def test_the_same_mail_twice_is_one_contact(address, kurz, ada):
    assert receive(sample("redirected-en"), at=AT) == Outcome.ON_TIMELINE
    assert receive(sample("redirected-en"), at=AT) == Outcome.AGAIN
    assert kurz.contacts.count() == 1


def test_the_same_mail_to_two_colleagues_is_one_contact(address, school, kurz, ada):
    MailAddress.objects.create(school=school, owner=staff_of(school), secret="other2other2other", made_at=AT)
    receive(sample("redirected-en"), at=AT)
    assert receive(sample("redirected-en"), envelope=[f"book-other2other2other@{DOMAIN}"], at=AT) == Outcome.AGAIN
    assert kurz.contacts.count() == 1


@pytest.mark.parametrize(
    ("name", "outcome"),
    [(name, Outcome.AUTOMATIC) for name in ("auto-reply", "out-of-office", "newsletter", "bounce", "letter-of-ours")],
)
def test_what_a_machine_wrote_is_left_aside_in_silence(address, kurz, ada, name, outcome, mailoutbox):
    assert receive(sample(name), at=AT) == outcome
    assert not CapturedMail.objects.exists()
    assert mailoutbox == []


def test_an_unknown_address_takes_nothing(address, kurz, ada):
    assert receive(sample("redirected-en").replace(SECRET.encode(), b"zzzzzzzzzzzzzzzz"), at=AT) == Outcome.UNKNOWN
    assert receive(sample("redirected-en").replace(DOMAIN.encode(), b"evil.example"), at=AT) == Outcome.NOT_FOR_US
    assert receive(b"junk", at=AT) == Outcome.NOT_FOR_US


def test_a_renewed_or_switched_off_address_takes_nothing_any_more(address, school, kurz, ada):
    renewed = actions.make_mail_address(school, by=address.owner, at=AT)
    assert receive(sample("redirected-en"), at=AT) == Outcome.UNKNOWN
    again = sample("redirected-en").replace(SECRET.encode(), renewed.secret.encode())
    assert receive(again, at=AT) == Outcome.ON_TIMELINE
    actions.switch_off_mail_address(renewed, by=address.owner, at=AT)
    assert receive(again, at=AT) == Outcome.UNKNOWN


def test_nobody_switches_off_somebody_elses_address(address, school):
    with pytest.raises(NotAllowed):
        actions.switch_off_mail_address(address, by=staff_of(school), at=AT)


def test_who_works_for_no_school_gets_no_address(school):
    with pytest.raises(NotAllowed):
        actions.make_mail_address(school, by=staff_of(OrganisationFactory()), at=AT)


def test_who_does_not_work_for_the_school_any_more_gets_nothing_in(address, kurz, ada):
    address.owner.memberships.update(until=AT.date() - timedelta(days=1), since=AT.date() - timedelta(days=9))
    assert receive(sample("redirected-en"), at=AT) == Outcome.NOT_A_COLLEAGUE
    assert not CapturedMail.objects.exists()


def test_one_address_takes_only_so_many_in_an_hour(address, kurz, ada, monkeypatch):
    monkeypatch.setattr(mail_actions, "MOST_IN_AN_HOUR", 2)
    outcomes = [receive(built(number=f"{n}@x"), at=AT) for n in range(3)]
    assert outcomes == [Outcome.ON_TIMELINE, Outcome.ON_TIMELINE, Outcome.TOO_MANY]
    assert receive(built(number="2@x"), at=AT + timedelta(hours=2)) == Outcome.ON_TIMELINE


def test_a_mail_too_large_or_unreadable_is_left_aside(address, settings):
    settings.MAX_UPLOAD_MB = 1
    assert receive(built(body="x" * 1024 * 1025), at=AT) == Outcome.TOO_LARGE
    assert receive(b"Delivered-To: " + BOOK.encode() + b"\r\n\r\nNo head", at=AT) == Outcome.UNREADABLE


@pytest.mark.parametrize("name", ["broken-head", "hostile-html", "lying-charset"])
def test_broken_and_hostile_mails_are_kept_as_plain_words(address, kurz, ada, name):
    assert receive(sample(name), at=AT) == Outcome.ON_TIMELINE


def test_the_log_says_why_and_not_what(address, kurz, ada, caplog):
    with caplog.at_level("INFO"):
        receive(sample("auto-reply"), at=AT)
    assert "written by a machine" in caplog.text
    for content in ("Out of office", "kurz.example", SECRET, "away"):
        assert content not in caplog.text


# --- Attachments ---------------------------------------------------------------------------------------------------


def test_attachments_are_kept_and_what_is_unsafe_is_named_only(address, kurz, ada):
    receive(sample("attachments"), at=AT)
    mail = only_mail()
    kept = {file["name"]: file.get("why", "") for file in mail.attachments}
    assert list(kept) == ["plan.pdf", "setup.exe", "winmail.dat", "invoice.pdf"]
    assert kept["plan.pdf"] == ""
    assert kept["setup.exe"]
    assert "Outlook" in kept["winmail.dat"]
    assert kept["invoice.pdf"] == "This is a web page (HTML), which is not taken from mails."
    stored = StoredFile.objects.of(mail).get()
    assert (stored.name, str(stored.pk)) == ("plan.pdf", mail.attachments[0]["file"])


def test_an_attachment_of_25_mb_is_kept(address, kurz, ada):
    from base64 import encodebytes

    content = encodebytes(b"%PDF-1.4 " + b"0" * (25 * 1024 * 1024 - 9))
    head = "Content-Type: application/pdf; name=big.pdf\r\nContent-Transfer-Encoding: base64\r\n"
    raw = (
        built(**{"Content-Type": "multipart/mixed; boundary=b"}, body="") + f"--b\r\n{head}\r\n".encode() + content + b"--b--\r\n"
    )
    assert receive(raw, at=AT) == Outcome.ON_TIMELINE
    assert StoredFile.objects.get().size == 25 * 1024 * 1024


def test_of_a_hundred_attachments_twenty_are_kept_and_the_rest_is_counted(address, kurz, ada):
    parts = "".join(f"--b\r\nContent-Type: application/pdf; name=p{n}.pdf\r\n\r\n%PDF-1.4 {n}\r\n" for n in range(100))
    receive(built(body=parts + "--b--", **{"Content-Type": "multipart/mixed; boundary=b"}), at=AT)
    files = only_mail().attachments
    assert len([file for file in files if "file" in file]) == 20
    assert files[-1]["name"] == "80 more"


# --- How long, and whose -------------------------------------------------------------------------------------------


def rule(key):
    return next(rule for rule in retention.all_rules() if rule.key == key)


def test_what_nobody_files_goes_after_thirty_days_with_its_files(address):
    receive(sample("attachments"), at=AT)
    receive(sample("unknown-sender"), at=AT)
    actions.drop_mail(CapturedMail.objects.latest("pk"), by=address.owner, at=AT)
    unfiled = rule("engagement.unfiled_mails")
    soon, late = AT + timedelta(days=29) - FORGET_UNFILED_AFTER, AT + timedelta(days=31) - FORGET_UNFILED_AFTER
    assert unfiled.overdue(soon) == 0
    assert unfiled.overdue(late) == 2
    assert unfiled.delete(late) == 2
    assert not CapturedMail.objects.exists()
    assert not StoredFile.objects.exists()


def test_what_is_on_a_timeline_stays_but_its_quotations_go_after_three_years(address, kurz, ada):
    receive(sample("gmail-forward-en"), at=AT)
    assert rule("engagement.unfiled_mails").overdue(AT + timedelta(days=900)) == 0
    quotes = rule("engagement.mail_quotes")
    assert quotes.delete(AT - FORGET_QUOTES_AFTER) == 0
    assert quotes.delete(AT + timedelta(days=1)) == 1
    assert quotes.overdue(AT + timedelta(days=1)) == 0
    assert (only_mail().quoted, only_mail().others) == ("", [])
    assert kurz.contacts.get().said


def test_files_whose_employer_is_gone_go_with_the_next_night(address, kurz, ada):
    receive(sample("attachments"), at=AT)
    kurz.contacts.all().delete()
    assert rule("engagement.unfiled_mails").delete(AT) == 1
    assert not StoredFile.objects.exists()


def test_who_leaves_hands_over_what_waits(address, school):
    receive(sample("unknown-sender"), at=AT)
    heir = staff_of(school, Role.MANAGER)
    leave_organisation(school, member=address.owner, heir=heir, by=heir, at=now())
    assert only_mail().owner == heir
    assert not MailAddress.objects.exists()


def test_erasure_deletes_what_is_not_filed_and_the_address(address, kurz, ada):
    receive(sample("unknown-sender"), at=AT)
    receive(sample("redirected-en"), at=AT)
    actions.forget_mail_of(address.owner, by=None, at=AT)
    assert not MailAddress.objects.exists()
    assert [mail.contact for mail in CapturedMail.objects.all()] == [kurz.contacts.get()]


def test_taking_a_mail_leaves_a_line_in_the_audit(address, kurz, ada):
    receive(sample("redirected-en"), at=AT)
    assert list(AuditLine.objects.filter(at=AT).order_by("pk").values_list("action", flat=True)) == [
        "engagement.record_contact",
        "engagement.take_mail",
    ]


def test_a_mailbox_without_a_domain_is_found_by_the_doctor(settings):
    settings.MAIL_IN_IMAP = "imaps://x"
    assert a_mailbox_needs_a_domain() == []
    settings.MAIL_IN_DOMAIN = ""
    (finding,) = a_mailbox_needs_a_domain()
    assert finding.state == "wrong"
    settings.MAIL_IN_IMAP = ""
    assert a_mailbox_needs_a_domain() == []
