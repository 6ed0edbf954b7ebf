"""A letter as it is handed to the mail server: plain text, the same in HTML, and a head that nobody can write into."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formataddr, parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context, engines
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.crypto import get_random_string

from guildhall.engagement.models import Letter, Mailing
from guildhall.engagement.writing.wording import filled, paragraphs_of, subject_line, values_for
from guildhall.people.models import User

#: What the Message-ID of each letter begins with; twenty-four signs that nobody guesses follow.
BEFORE_KEY = "mailing-"
_SIGNS = "abcdefghijklmnopqrstuvwxyz0123456789"
_OF_OURS = re.compile(rf"<{BEFORE_KEY}([a-z0-9]{{24}})@", re.IGNORECASE)


@dataclass(frozen=True)
class Words:
    """What a letter says to one person: subject, text, and both parts of the mail."""

    subject: str
    text: str
    plain: str
    html: str


def new_key() -> str:
    return get_random_string(24, _SIGNS)


def key_in(head: str) -> str:
    """The key of the letter of ours whose Message-ID stands somewhere in a text; "" if none does."""
    found = _OF_OURS.search(head)
    return found[1].lower() if found else ""


def words_of(letter: Letter, mailing: Mailing, said: tuple[str, str], *, answer_url: str, stop_url: str, sign_off: str) -> Words:
    """Write a letter for the one who gets it. ``said`` is subject and text in its language, with their placeholders.

    The letter comes with its employer and person, the mailing with ``by`` and ``school``.
    """
    names = {"employer": str(letter.employer), "school": str(mailing.school)}
    values = values_for(
        name=letter.person.name if letter.person else "", sender=str(mailing.by), language=letter.language, **names
    )
    subject, text = subject_line(said[0], values), filled(said[1], values)
    context = {
        **names,
        "subject": subject,
        "language": letter.language,
        "paragraphs": paragraphs_of(text),
        "answer_url": answer_url,
        "stop_url": stop_url,
        "sign_off": sign_off.strip(),
    }
    with translation.override(letter.language):
        plain = _render_plain("engagement/mail/to_employer.txt", context)
        html = render_to_string("engagement/mail/to_employer.html", context)
    return Words(subject, text.strip(), re.sub(r"\n{3,}", "\n\n", plain).strip() + "\n", html)


def sender_of(mailing: Mailing) -> str:
    """The sender as it stands in the head: the person at school, at the address letters of this installation come from."""
    _name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return formataddr((_one_line(f"{mailing.by}, {mailing.school}"), address))


def envelope(letter: Letter, words: Words, *, sender: str, by: User, copies_to: str, stop_url: str) -> EmailMultiAlternatives:
    """Make of a letter what is handed to the mail server.

    Args:
        letter: with its address, language and key.
        copies_to: the address of the book to which answers by mail go as well; "" for none.
        stop_url: where a mail program tells us by itself that nothing more is wanted (RFC 8058).
    """
    head = {
        "From": sender,
        "Message-ID": f"<{BEFORE_KEY}{letter.key}@{urlsplit(settings.BASE_URL).hostname}>",
        "Content-Language": letter.language,
        "List-Unsubscribe": f"<{stop_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    message = EmailMultiAlternatives(
        subject=words.subject,
        body=words.plain,
        # Where it returns to if it cannot be delivered; the head says whom it is from.
        from_email=settings.MAIL_RETURNS_TO or parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
        to=[letter.address],
        reply_to=[address for address in (by.email, copies_to) if address],
        headers=head,
    )
    message.attach_alternative(words.html, "text/html")
    return message


def _one_line(words: str) -> str:
    return " ".join(words.split())


def _render_plain(template: str, context: Mapping[str, Any]) -> str:
    """Render a template whose result is no HTML: nothing is escaped."""
    return engines["django"].get_template(template).template.render(Context(dict(context), autoescape=False))  # type: ignore[attr-defined]
