"""A mail comes in: whose address it was sent to, whether a person wrote it, and what became of it. Nobody is answered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import structlog
from django.conf import settings

from guildhall.engagement.actions.mail import NotTaken, Why, take_mail
from guildhall.engagement.actions.posting import note_return
from guildhall.engagement.mailing.understanding import Unreadable, read, secrets_in, why_automatic
from guildhall.engagement.models import Letter, MailAddress
from guildhall.engagement.models.mail import BEFORE_SECRET
from guildhall.engagement.writing.returns import returned

_log = structlog.get_logger("guildhall.mail")


class Outcome(StrEnum):
    """What became of a mail: the words of the log."""

    ON_TIMELINE = "on a timeline"
    TO_FILE = "to be filed"
    AGAIN = "again"
    NOT_FOR_US = "not for a secret address"
    UNKNOWN = "unknown address"
    NOT_A_COLLEAGUE = "not a colleague any more"
    TOO_MANY = "too many"
    TOO_LARGE = "too large"
    UNREADABLE = "unreadable"
    AUTOMATIC = "written by a machine"
    CAME_BACK = "a letter of ours that came back"

    @property
    def concerns_us(self) -> bool:
        """Whether it was sent to one of our addresses, so that nobody else waits for it."""
        return self is not Outcome.NOT_FOR_US


_OF_REASON = {Why.AGAIN: Outcome.AGAIN, Why.NOT_A_COLLEAGUE: Outcome.NOT_A_COLLEAGUE, Why.TOO_MANY: Outcome.TOO_MANY}


def receive(raw: bytes, *, envelope: Iterable[str] = (), at: datetime) -> Outcome:
    """Take in a mail. The same mail twice, or at the same time, is taken once; whoever was killed may simply try again.

    ``envelope`` are the addresses it was delivered to, where the mail server names them: of a blind copy nothing else does.
    """
    outcome = _received(raw, list(envelope), at)
    _log.info("mail came in", outcome=outcome.value, kb=len(raw) // 1024)
    return outcome


def _received(raw: bytes, envelope: list[str], at: datetime) -> Outcome:
    if (came_back := returned(raw)) and (letter := Letter.objects.select_related("mailing").filter(key=came_back.key).first()):
        note_return(letter, returned=came_back, by=None, at=at)
        return Outcome.CAME_BACK
    secrets = secrets_in(raw, BEFORE_SECRET, settings.MAIL_IN_DOMAIN, envelope)
    if not secrets:
        return Outcome.NOT_FOR_US
    held = MailAddress.objects.select_related("owner", "school").filter(secret__in=secrets[:20])
    known = {address.secret: address for address in held}
    address = next((known[secret] for secret in secrets if secret in known), None)
    if address is None:
        return Outcome.UNKNOWN
    if len(raw) > settings.MAX_UPLOAD_MB * 1024 * 1024:
        return Outcome.TOO_LARGE
    if why_automatic(raw, BEFORE_SECRET, settings.MAIL_IN_DOMAIN):
        return Outcome.AUTOMATIC
    try:
        mail = take_mail(address, letter=read(raw), by=None, at=at)
    except Unreadable:
        return Outcome.UNREADABLE
    except NotTaken as not_taken:
        return _OF_REASON[not_taken.why]
    return Outcome.TO_FILE if mail.contact_id is None else Outcome.ON_TIMELINE
