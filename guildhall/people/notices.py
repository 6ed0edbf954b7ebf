"""Telling people something: the bell on every page, and letters by mail. Called from actions, in their transaction.

A letter is a plain text template ``<room>/mail/<what>.txt``: its first line is the subject, then an empty line, then
paragraphs with empty lines between them. The part for mail programs that show HTML is made from the same words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import formataddr, parseaddr
from typing import Any
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context, engines
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.translation import gettext_noop

from guildhall.core.tasks import defer
from guildhall.people.models import Mail, Notice, User

_SECRET_IN_LINK = re.compile(r"(/p/)[\w-]+/")


def tell(
    user: User,
    *,
    kind: str,
    sentence: str | Promise,
    params: Mapping[str, Any] | None = None,
    url: str = "",
    mail: str = "",
    context: Mapping[str, Any] | None = None,
    by: User | None = None,
    at: datetime,
) -> Notice | None:
    """Tell a user something, in their language; return the notice, or None for somebody who may not sign in any more.

    Args:
        kind: "room.what", such as "engagement.import_finished".
        sentence: a lazy translation with named placeholders, or the untranslated sentence marked with ``gettext_noop``.
        params: what the placeholders stand for; may be lazy too.
        url: the page of ours where it can be seen.
        mail: the template of a letter that is to be sent as well.
        context: for that template.
        by: whose news it is; the letter comes in their name.
    """
    if not user.is_active:
        return None
    with translation.override(user.preferred_language), timezone.override(user.zone):
        words = translation.gettext(sentence) if isinstance(sentence, str) else sentence
        told = str(words % params if params else words)
    notice = Notice.objects.create(
        user=user,
        kind=kind,
        sentence=Truncator(told).chars(500),
        language=user.preferred_language,
        url=url,
        told_at=at,
    )
    if mail:
        send_letter(
            to=user.email,
            to_user=user,
            language=user.preferred_language,
            template=mail,
            context={"sentence": told, "button_url": url, **(context or {})},
            sender_name=str(by) if by else "",
            reply_to=by.email if by else "",
            at=at,
        )
    return notice


def send_letter(
    *,
    to: str,
    language: str,
    template: str,
    context: Mapping[str, Any],
    sender_name: str = "",
    reply_to: str = "",
    to_user: User | None = None,
    at: datetime,
) -> Mail:
    """Write a letter now and have it sent once this transaction is committed.

    Args:
        language: in which it is written; one that is not offered here becomes the installation's first.
        template: of the words. It is given ``context``, in which ``button_url`` (a path of ours or a whole address) and
            ``button_label`` make the letter's one button.
        sender_name: the person at school in whose name it comes; answers go to ``reply_to``.
    """
    language = language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    zone = to_user.zone if to_user else ZoneInfo(settings.TIME_ZONE)
    with translation.override(language), timezone.override(zone):
        frame = {
            "base_url": settings.BASE_URL,
            "button_url": urljoin(f"{settings.BASE_URL}/", context["button_url"]) if context.get("button_url") else "",
            "button_label": str(context.get("button_label", "")),
            "language": language,
        }
        words = _render_plain(template, {**context, **frame})
        subject, _, body = words.strip().partition("\n")
        # One line, whatever line ends were typed into a name: it stands in the head of the letter.
        frame["subject"] = subject = " ".join(subject.split())
        frame["paragraphs"] = [part.strip() for part in re.split(r"\n\s*\n", body) if part.strip()]
        text = _render_plain("people/mail/frame.txt", frame)
        html = render_to_string("people/mail/frame.html", frame)
    return post_letter(
        to=to,
        to_user=to_user,
        language=language,
        subject=subject,
        text=re.sub(r"\n{3,}", "\n\n", text).strip() + "\n",
        html=html,
        sender_name=sender_name,
        reply_to=reply_to,
        at=at,
    )


def post_letter(
    *,
    to: str,
    language: str,
    subject: str,
    text: str,
    html: str,
    sender_name: str = "",
    reply_to: str = "",
    to_user: User | None = None,
    at: datetime,
) -> Mail:
    """Have a letter that is written already sent once this transaction is committed; the rest is as for ``send_letter``."""
    mail = Mail.objects.create(
        to=to,
        to_user=to_user,
        language=language,
        subject=Truncator(subject).chars(250),
        text=text,
        html=html,
        sender_name=" ".join(sender_name.split()),
        reply_to=reply_to,
        written_at=at,
    )
    defer("people.send_mail", mail_id=mail.pk)
    return mail


def envelope(mail: Mail) -> EmailMultiAlternatives:
    """Make of a letter what is handed to the mail server; the same letter always bears the same Message-ID."""
    _, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        from_email=formataddr((mail.sender_name, address)) if mail.sender_name else settings.DEFAULT_FROM_EMAIL,
        to=[mail.to],
        reply_to=[mail.reply_to] if mail.reply_to else None,
        headers={
            "Message-ID": f"<letter-{mail.pk}-{mail.written_at:%Y%m%d%H%M%S}@{urlsplit(settings.BASE_URL).hostname}>",
            "Content-Language": mail.language,
            # No answer by a machine, unless a person reads the answers.
            **({} if mail.reply_to else {"Auto-Submitted": "auto-generated"}),
        },
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    return message


def note_sent(mail: Mail, *, at: datetime) -> None:
    """Note that the mail server has a letter. What is kept of it opens nothing any more."""
    Mail.objects.filter(pk=mail.pk, state=Mail.State.WAITING).update(
        state=Mail.State.SENT, sent_at=at, text=without_secrets(mail.text), html=""
    )


def note_failed(mail: Mail, *, at: datetime) -> None:
    """Note that the mail server will not take a letter, and tell the person in whose name it was written."""
    Mail.objects.filter(pk=mail.pk, state=Mail.State.WAITING).update(
        state=Mail.State.FAILED, text=without_secrets(mail.text), html=""
    )
    writer = User.objects.filter(email__iexact=mail.reply_to).first() if mail.reply_to else None
    if writer:
        tell(
            writer,
            kind="people.mail_failed",
            sentence=gettext_noop("Your letter “%(subject)s” could not be delivered to %(address)s. Check the address."),
            params={"subject": mail.subject, "address": mail.to},
            at=at,
        )


def without_secrets(text: str) -> str:
    """Return a letter's text as it may be kept: of a pass, the database must not hold what opens it."""
    return _SECRET_IN_LINK.sub(r"\1…/", text)


def _render_plain(template: str, context: Mapping[str, Any]) -> str:
    """Render a template whose result is no HTML: nothing is escaped."""
    return engines["django"].get_template(template).template.render(Context(dict(context), autoescape=False))  # type: ignore[attr-defined]
