"""Fetching mails from a mailbox by IMAP. What was meant for the book is deleted there once it is in the book; nothing else is."""

from __future__ import annotations

import imaplib
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import unquote, urlsplit

import structlog

from guildhall.engagement.mailing.receiving import Outcome

_log = structlog.get_logger("guildhall.mail")
#: So many at a time; the rest comes with the next visit.
MOST_AT_ONCE = 200
SECONDS_OF_SILENCE = 60


@contextmanager
def _mailbox(url: str) -> Iterator[imaplib.IMAP4]:
    """Open the mailbox that an address names: ``imaps://user:password@host/folder``, ``imap+tls://`` for STARTTLS, ``imap://``."""
    place = urlsplit(url)
    if place.scheme == "imaps":
        box: imaplib.IMAP4 = imaplib.IMAP4_SSL(
            place.hostname or "", place.port or 993, ssl_context=ssl.create_default_context(), timeout=SECONDS_OF_SILENCE
        )
    else:
        box = imaplib.IMAP4(place.hostname or "", place.port or 143, timeout=SECONDS_OF_SILENCE)
    try:
        if place.scheme == "imap+tls":
            box.starttls(ssl.create_default_context())
        box.login(unquote(place.username or ""), unquote(place.password or ""))
        folder = unquote(place.path.strip("/")) or "INBOX"
        answer, _said = box.select(f'"{folder}"')
        if answer != "OK":
            raise imaplib.IMAP4.error(f"The folder {folder} cannot be opened.")
        yield box
    finally:
        with suppress(imaplib.IMAP4.error, OSError):
            box.logout()


def fetch(
    url: str, *, largest_mb: int, take: Callable[[bytes], Outcome], between: Callable[[], None] = lambda: None
) -> Counter[str]:
    """Take each new mail of a mailbox; return how many came to what.

    A mail is deleted in the mailbox only when ``take`` has returned, so that one who is killed loses nothing; one that was taken
    twice is known again. Mails to other addresses are left there, marked as seen. ``take`` failing on a mail leaves it there,
    marked with a flag for the operator.

    Raises:
        OSError, imaplib.IMAP4.error: the mail server does not answer, or does not know us.
    """
    counts: Counter[str] = Counter()
    with _mailbox(url) as box:
        _answer, found = box.uid("SEARCH", "UNSEEN")
        for uid in found[0].split()[:MOST_AT_ONCE] if found and found[0] else []:
            between()
            counts[_fetch_one(box, uid.decode(), largest_mb, take)] += 1
    if counts:
        _log.info("mailbox visited", **{outcome.replace(" ", "_"): count for outcome, count in counts.items()})
    return counts


def _fetch_one(box: imaplib.IMAP4, uid: str, largest_mb: int, take: Callable[[bytes], Outcome]) -> str:
    # One that is too large comes only so far that it is seen to be: its head says whether it is ours.
    _answer, told = box.uid("FETCH", uid, f"(BODY.PEEK[]<0.{largest_mb * 1024 * 1024 + 1}>)")
    raw = next((piece[1] for piece in told if isinstance(piece, tuple)), b"")
    try:
        outcome = take(raw)
    except Exception:
        _log.exception("mail could not be taken", uid=uid)
        box.uid("STORE", uid, "+FLAGS", r"(\Seen \Flagged)")
        return "failed"
    if outcome.concerns_us:
        box.uid("STORE", uid, "+FLAGS", r"(\Deleted)")
        # Where the server knows how, this one only: others may have marked mails of theirs.
        box.uid("EXPUNGE", uid) if "UIDPLUS" in box.capabilities else box.expunge()
    else:
        box.uid("STORE", uid, "+FLAGS", r"(\Seen)")
    return outcome.value
