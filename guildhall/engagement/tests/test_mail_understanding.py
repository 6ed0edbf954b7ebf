"""Mails as they arrive: what is read out of them, and what they cannot do to us."""

import time
from contextlib import suppress
from datetime import UTC, timedelta, timezone
from pathlib import Path

import pytest

from guildhall.engagement.mailing.understanding import Unreadable, addresses_in, read, secrets_in, why_automatic
from guildhall.engagement.mailing.wording import cleaned, moment_in, part, text_of_html

MAILS = Path(__file__).parent / "mails"
DOMAIN = "in.guildhall.example"
SECRET = "abcdefghjkmnpqrs"
NOON = "Thu, 12 Nov 2026 12:00:00 +0100"
BRUSSELS = timezone(timedelta(hours=1))


def raw(name):
    return (MAILS / f"{name}.eml").read_bytes()


def built(body=b"Hello", **head):
    lines = {"From": "Ada Lamb <ada@kurz.example>", "To": "kim@bbs.example", "Subject": "Hello", "Date": NOON, **head}
    return "".join(f"{name}: {value}\r\n" for name, value in lines.items()).encode() + b"\r\n" + body


@pytest.mark.parametrize(
    ("name", "new", "sender", "subject", "sent_at"),
    [
        (
            "gmail-forward-en",
            "She sounds keen, I'll ring her.",
            "ada@kurz.example",
            "Two places in spring",
            (2026, 11, 11, 16, 5),
        ),
        ("outlook-forward-de", "Bitte ablegen.", "ada@kurz.example", "Praktikumsplätze im Frühjahr", (2026, 11, 11, 16, 5)),
        ("apple-forward-es", "", "ada@kurz.example", "Plazas de prácticas", (2026, 11, 11, 16, 5)),
        ("thunderbird-forward-pl", "Do teczki.", "ada@kurz.example", "Praktyki wiosną", (2026, 11, 11, 16, 5)),
        ("gmail-forward-el", "", "ada@kurz.example", "Θέσεις πρακτικής", (2026, 11, 11, 16, 5)),
        ("outlook-forward-pt", "", "ada@kurz.example", "Vagas na primavera", (2026, 11, 11, 16, 5)),
        ("apple-forward-fr", "", "ada@kurz.example", "Deux places", (2026, 11, 11, 16, 5)),
    ],
)
def test_a_forwarded_mail_tells_who_wrote_it_whatever_the_program_and_language(name, new, sender, subject, sent_at):
    parted = part(read(raw(name)).text)
    assert parted.new == new
    assert parted.original.sender[0] == sender
    assert "kim@bbs.example" in [address for address, _name in parted.original.recipients]
    assert parted.original.subject == subject
    assert moment_in(parted.original.date, BRUSSELS).timetuple()[:5] == sent_at


@pytest.mark.parametrize(
    ("line", "wrote"),
    [
        ("On Tue, Nov 10, 2026 at 10:00 AM Ada Lamb <ada@kurz.example> wrote:", True),
        ("Am 10.11.26 um 10:00 schrieb Ada Lamb:", True),
        ("Στις Τρί 10 Νοε 2026 στις 10:00 π.μ., ο/η Ada Lamb <ada@kurz.example> έγραψε:", True),
        ("El mar, 10 nov 2026 a las 10:00, Ada Lamb (<ada@kurz.example>) escribió:", True),
        ("W dniu 10.11.2026 o 10:00, Ada Lamb pisze:", True),
        ("wt., 10 lis 2026 o 10:00 Ada Lamb <ada@kurz.example> napisał(a):", True),
        ("Em ter., 10 de nov. de 2026 às 10:00, Ada Lamb <ada@kurz.example> escreveu:", True),
        ("Le mar. 10 nov. 2026 à 10:00, Ada Lamb <ada@kurz.example> a écrit :", True),
        ("We need the following by 12:", False),
        ("She wrote:", False),
    ],
)
def test_the_line_above_a_quotation_is_known_in_each_language(line, wrote):
    parted = part(f"Thank you.\n\n{line}\n> Two from March?\n")
    assert parted.new == ("Thank you." if wrote else f"Thank you.\n\n{line}")
    assert "Two from March?" in parted.quoted


def test_the_line_above_a_quotation_may_go_over_two_lines():
    parted = part("Yes.\n\nOn Tue, Nov 10, 2026 at 10:00 AM Ada Lamb <\nada@kurz.example> wrote:\n\n> Two?\n")
    assert (parted.new, parted.quoted, parted.original.sender[0]) == ("Yes.", "Two?", "ada@kurz.example")


def test_answers_between_the_quoted_lines_are_what_is_new():
    parted = part(read(raw("bcc-inline-answer-en")).text)
    assert parted.new == "Hi Ada,\n\nTwo.\n\nFrom March."
    assert "> How many learners?" in parted.quoted


def test_quoted_lines_at_the_end_are_folded_even_where_nothing_announces_them():
    assert part("Yes.\n\n> Two?\n>\n> Ada\n") == part("Yes.\n\n> Two?\n> \n> Ada")
    assert part("Yes.\n\n> Two?\n").new == "Yes."


def test_a_signature_is_no_part_of_what_is_said():
    parted = part("I will come.\n\n-- \nKim Teacher\nBBS")
    assert (parted.new, parted.signature) == ("I will come.", "Kim Teacher\nBBS")


def test_a_mail_that_only_looks_a_little_like_a_head_is_left_as_it_is():
    text = "From: the canteen.\nTo: do, on Monday.\n\nSubject to change."
    assert part(text).new == text


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("Wed, 11 Nov 2026 16:05:00 +0100", (11, 16, 5)),
        ("Wed, Nov 11, 2026 at 4:05 PM", (11, 16, 5)),
        ("11/3/2026 4:05 PM", (3, 16, 5)),
        ("11. November 2026 um 16:05:12 MEZ", (11, 16, 5)),
        ("Mittwoch, 11. November 2026 16:05", (11, 16, 5)),
        ("11.11.2026 16:05", (11, 16, 5)),
        ("2026-11-11 16:05", (11, 16, 5)),
        ("11 de noviembre de 2026, 16:05:12 CET", (11, 16, 5)),
        ("środa, 11 listopada 2026 16:05", (11, 16, 5)),
        ("Τετάρτη, 11 Νοεμβρίου 2026 4:05 μμ", (11, 16, 5)),
        ("quarta-feira, 11 de novembro de 2026 16:05", (11, 16, 5)),
        ("mar. 11 nov. 2026 à 16h05", (11, 16, 5)),
        ("12 November 2026 12:05 AM", (12, 0, 5)),
    ],
)
def test_dates_are_read_as_mail_programs_write_them(written, day):
    moment = moment_in(written, BRUSSELS)
    assert (moment.year, moment.month, moment.day, moment.hour, moment.minute) == (2026, 11, *day)


@pytest.mark.parametrize("written", ["", "soon", "99.99.2026", "31 November 2026", "11 Foo 2026"])
def test_what_is_no_date_is_none(written):
    assert moment_in(written, UTC) is None


# --- HTML ----------------------------------------------------------------------------------------------------------


def test_of_hostile_html_only_the_words_are_left():
    letter = read(raw("hostile-html"))
    assert letter.text == "Hello <script>alert(2)</script>\n\nClick\nBye"
    assert letter.subject == "<script>alert(1)</script>"


def test_a_quotation_in_html_is_quoted_in_the_text():
    text = text_of_html("<div>Yes.</div><div><br></div><blockquote><p>Two?</p><blockquote>Or three?</blockquote></blockquote>")
    assert text == "Yes.\n\n> Two?\n\n> > Or three?"


def test_html_as_programs_write_it_becomes_the_text_one_saw():
    html = """<head><title>x</title><body>a &lt; b<br/>c&nbsp;d<!--[if mso]><p>no</p><![endif]--><ul><li>one<li>two</ul>
    1 < 2 and 3 > 2<hr>end<svg width="1"/></body>"""
    assert text_of_html(html).splitlines() == ["a < b", "c d", "– one", "– two", "1 < 2 and 3 > 2", "_" * 32, "end"]


@pytest.mark.parametrize(
    "html",
    [
        "<" * 200_000,
        "<div>" * 100_000,
        "<!--" * 100_000,
        "<![" * 50_000,
        "&#" * 200_000,
        "<blockquote>" * 50_000 + "x",
        "<a " + "a=" * 100_000,
        "</" * 100_000,
        "<script>" * 20_000 + "</p>" * 20_000,
    ],
    ids=lambda html: html[:12],
)
def test_html_made_to_take_long_does_not(html):
    begun = time.monotonic()
    text_of_html(html)
    assert time.monotonic() - begun < 5


# --- Broken and hostile mails --------------------------------------------------------------------------------------


def test_a_broken_head_still_tells_who_wrote():
    letter = read(raw("broken-head"))
    assert letter.sender == ("ada@kurz.example", "Ada Lamb") or letter.sender[0] == "ada@kurz.example"
    assert "kim@bbs.example" in [address for address, _name in letter.recipients]
    assert letter.sent_at is None
    assert "Schöne Grüße und NUL und" in letter.text
    letter.text.encode()
    letter.subject.encode()
    assert "\0" not in letter.text + letter.subject


def test_a_charset_that_is_not_the_one_it_says_is_found_out():
    assert read(raw("lying-charset")).text.strip() == "Schöne Grüße aus Łódź"


@pytest.mark.parametrize(
    "charset", ["punycode", "idna", "unicode_escape", "zip", "base64", "x-nothing", "", '"', "utf-7", "\xff"]
)
def test_a_charset_that_is_none_does_no_harm(charset):
    body = "Grüße ".encode() * 30_000
    begun = time.monotonic()
    letter = read(built(body, **{"Content-Type": f"text/plain; charset={charset}"}))
    assert "Grüße" in letter.text
    assert time.monotonic() - begun < 5


def test_lines_that_were_broken_for_narrow_screens_are_joined():
    assert "możemy przyjąć dwie osoby od marca, proszę o telefon." in read(raw("thunderbird-forward-pl")).text


def test_control_characters_and_halves_of_characters_are_gone():
    assert cleaned("a\0b\x08c\ud800d\r\ne\tf\x9f") == "abc?d\ne\tf"


def test_ten_thousand_parts_are_not_all_looked_at():
    pieces = b"".join(b"--b\r\nContent-Type: application/pdf\r\n\r\n%%PDF-1.4 %d\r\n" % n for n in range(10_000))
    begun = time.monotonic()
    letter = read(built(pieces + b"--b--\r\n", **{"Content-Type": "multipart/mixed; boundary=b"}))
    assert time.monotonic() - begun < 10
    assert len(letter.attachments) + letter.left_out == 10_000
    assert len(letter.attachments) <= 300


@pytest.mark.parametrize("depth", [30, 500, 5_000])
def test_parts_nested_without_end_come_to_an_end(depth):
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level) for level in range(depth))
    begun = time.monotonic()
    try:
        letter = read(built(b"--b\r\n" + nested, **{"Content-Type": "multipart/mixed; boundary=b"}))
    except Unreadable:
        letter = None
    assert time.monotonic() - begun < 10
    assert letter is None or letter.left_out


def test_mails_in_mails_in_mails_come_to_an_end():
    nested = b"".join(b"Content-Type: message/rfc822\r\n\r\nFrom: a@b.example\r\n" for _level in range(400))
    begun = time.monotonic()
    with suppress(Unreadable):
        read(built(b"", **{"Content-Type": "message/rfc822"}) + nested)
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    "value", ["(" * 50_000, '"' * 50_000, "<" * 50_000, "," * 50_000, "a@" * 25_000, "=?utf-8?q?" * 10_000, "@,;:" * 9000]
)
def test_a_line_of_addresses_made_to_do_harm_does_none(value):
    begun = time.monotonic()
    read(built(To=value, Subject=value, Date=value, **{"Message-ID": value}))
    addresses_in([value])
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    "text", [" " * 200_000, "a" * 200_000, ">" * 200_000, "From:\n" * 30_000, "x:\n" * 60_000, "1:\n" * 60_000]
)
def test_a_text_made_to_take_long_does_not(text):
    begun = time.monotonic()
    part(text)
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize("junk", [b"", b"\0" * 1000, b"hello", bytes(range(256)) * 40, b"\r\n\r\n", b"From nobody\nX: y\n\n"])
def test_what_is_no_mail_is_unreadable(junk):
    with pytest.raises(Unreadable):
        read(junk)


# --- To whom, and by whom ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [path.stem for path in sorted(MAILS.glob("*.eml"))])
def test_every_sample_is_for_the_secret_address(name):
    assert secrets_in(raw(name), "book-", DOMAIN) == [SECRET]


def test_what_the_mail_server_says_comes_before_what_the_mail_says():
    sent = built(To=f"book-{SECRET}@{DOMAIN}")
    assert secrets_in(sent, "book-", DOMAIN, ["<BOOK-other2other2@In.Guildhall.Example>"]) == ["other2other2", SECRET]


@pytest.mark.parametrize(
    "to",
    [f"book-{SECRET}@{DOMAIN}.evil.example", f"book-{SECRET}@evil.example", "book-@in.guildhall.example", f"{SECRET}@{DOMAIN}"],
)
def test_other_addresses_are_no_secret_addresses(to):
    assert secrets_in(built(To=to), "book-", DOMAIN) == []


def test_without_a_domain_nothing_is_for_us():
    assert secrets_in(built(To=f"book-{SECRET}@"), "book-", "") == []


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("auto-reply", "automatic"),
        ("out-of-office", "automatic"),
        ("newsletter", "list"),
        ("bounce", "bounce"),
        ("letter-of-ours", "ours"),
        ("gmail-forward-en", ""),
        ("outlook-forward-de", ""),
        ("redirected-en", ""),
    ],
)
def test_what_a_machine_wrote_is_told_from_what_a_person_wrote(name, why):
    assert why_automatic(raw(name), "book-", DOMAIN) == why


def test_auto_submitted_no_is_a_persons_mail():
    assert why_automatic(built(**{"Auto-Submitted": "no"}), "book-", DOMAIN) == ""


def test_a_mail_that_has_been_round_is_a_loop():
    assert why_automatic(built(**{"X-Loop": f"book-{SECRET}@{DOMAIN}"}), "book-", DOMAIN) == "ours"


def test_a_mail_is_known_again_by_its_number_and_without_one_by_what_it_says():
    assert read(built(**{"Message-ID": "<a@b>"})).key == read(built(b"Else", **{"Message-ID": " <a@b> ", "Received": "x"})).key
    assert read(built()).key == read(built(Received="by another way")).key
    assert read(built()).key != read(built(b"Other words")).key


def test_the_mail_that_was_attached_is_read_with_its_files():
    letter = read(raw("attached-forward-en"))
    assert letter.attached.sender == ("ada@kurz.example", "Ada Lamb")
    assert letter.attached.text.strip() == "Here is the contract."
    assert [attachment.name for attachment in letter.attachments] == ["Vertrag Ü.pdf"]


def test_of_two_versions_of_a_text_one_is_taken_and_logos_are_no_attachments():
    letter = read(raw("attachments"))
    assert letter.text.strip() == "See the papers."
    assert [attachment.name for attachment in letter.attachments] == ["plan.pdf", "setup.exe", "winmail.dat", "invoice.pdf"]
