"""What this room does after the answer: sending letters, and letting data go when its time is over."""

from __future__ import annotations

from datetime import timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPSenderRefused

from django.utils.timezone import now

from guildhall.core.tasks import URGENT, part, schedule, task
from guildhall.people import actions, retention
from guildhall.people.models import Mail
from guildhall.people.notices import envelope, note_failed, note_sent


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
