"""What this room does after the answer: sending letters, and letting data go when its time is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPSenderRefused
from typing import Any

from django.utils.timezone import now

from guildhall.core.tasks import OUTWARD, URGENT, let_go_of_database, part, schedule, task
from guildhall.core.webhooks import Answer, Trouble, post, signed_heads
from guildhall.people import actions, retention, webhooks
from guildhall.people.models import Mail
from guildhall.people.notices import envelope, note_failed, note_sent

HEADS = {"Content-Type": "application/json", "User-Agent": "Guildhall"}


# Twelve attempts wait for seventeen hours in all: a mail server that is down over night loses nothing.
@task(attempts=12, backoff=timedelta(seconds=30), in_parts=True, priority=URGENT)
def send_mail(*, mail_id: int) -> None:
    """Hand a letter to the mail server, once."""
    mail = Mail.objects.filter(pk=mail_id, state=Mail.State.WAITING).first()
    if mail is None:
        return  # sent by an attempt that did not live to say so, or erased
    try:
        envelope(mail).send()
    except (SMTPRecipientsRefused, SMTPSenderRefused, SMTPDataError) as error:
        if not _is_final(error):
            raise
        with part():
            note_failed(mail, at=now())
    else:
        with part():
            note_sent(mail, at=now())


@task(attempts=20, queue=OUTWARD)
def spread_messages(*, organisation_id: int, messages: Sequence[dict[str, Any]]) -> None:
    """Write down for each webhook of an organisation what it is to be told."""
    webhooks.spread(organisation_id, messages, at=now())


# The attempts are those of a worker that dies; when a receiver does not answer, that is noted, and the message waits.
@task(attempts=50, in_parts=True, queue=OUTWARD)
def deliver_message(*, webhook_id: int, wakes_at: str) -> None:
    """Deliver the message of a webhook that is due next; what was sent and not noted, because a worker died, is sent again."""
    woken_at = datetime.fromisoformat(wakes_at)
    at = now()
    delivery, answer = webhooks.due_delivery(webhook_id, woken_at, at=at), None
    if delivery is not None:
        body = delivery.body.encode()
        secrets = delivery.webhook.secrets(at)
        let_go_of_database()
        if secrets:
            heads = signed_heads(body, key=delivery.key, at=at, secrets=secrets)
            answer = post(delivery.webhook.address, body, {**HEADS, **heads})
        else:
            answer = Answer(None, Trouble.SECRET, 0)
    with part():
        webhooks.go_on(webhook_id, woken_at, delivery, answer, at=now())


@schedule(daily_at="03:20")
@task(in_parts=True)
def apply_retention() -> None:
    """Let all data go whose time is over."""
    for rule in retention.all_rules():
        with part():
            actions.apply_retention_rule(rule, by=None, at=now())


def _is_final(error: SMTPRecipientsRefused | SMTPSenderRefused | SMTPDataError) -> bool:
    """Whether the mail server said no for good: a code of 500 or more (RFC 5321, section 4.2.1)."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= 500 for code, _answer in error.recipients.values())
    return error.smtp_code >= 500
