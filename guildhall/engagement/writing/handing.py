"""Handing letters to the mail server, and understanding what it says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPResponseException, SMTPSenderRefused

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from guildhall.engagement.writing.returns import blames_address


class NoMailServer(Exception):
    """The mail server does not answer, or does not know us: nothing was handed over, and all of it is tried later."""


class NobodyKnows(Exception):
    """The mail server fell silent in the middle: whether it has the letter nobody can tell."""


@dataclass(frozen=True)
class Said:
    """What the mail server said to one letter.

    ``is_taken``; else whether it said no for good (a code of 500 or more: RFC 5321, section 4.2.1), whether the address is
    wrong, and whether it is us from whom it takes nothing.
    """

    is_taken: bool
    words: str = ""
    is_final: bool = False
    blames_address: bool = False
    blames_us: bool = False


@contextmanager
def mail_server() -> Iterator[BaseEmailBackend]:
    """Open the way to the mail server once for several letters.

    Raises:
        NoMailServer: it cannot be reached.
    """
    connection = get_connection()
    try:
        connection.open()
    except (OSError, SMTPException) as error:
        raise NoMailServer(str(error)) from error
    try:
        yield connection
    finally:
        with suppress(OSError, SMTPException):
            connection.close()


def hand_over(message: EmailMessage, connection: BaseEmailBackend) -> Said:
    """Hand a letter over, and return what the mail server said to it.

    Raises:
        NobodyKnows: it fell silent in the middle.
    """
    message.connection = connection
    try:
        message.send()
    except SMTPRecipientsRefused as no:
        code, words = next(iter(no.recipients.values()))
        return _no(code, words)
    except SMTPSenderRefused as no:
        return _no(no.smtp_code, no.smtp_error, blames_us=no.smtp_code >= 500)
    except SMTPDataError as no:
        return _no(no.smtp_code, no.smtp_error)
    except SMTPResponseException as no:
        return _no(no.smtp_code, no.smtp_error)
    except (OSError, SMTPException) as error:
        raise NobodyKnows(str(error)) from error
    except ValueError as error:  # an address or a head that cannot be written into a mail: it never got that far
        return Said(is_taken=False, words=str(error)[:250], is_final=True)
    return Said(is_taken=True)


def _no(code: int, words: bytes | str, *, blames_us: bool = False) -> Said:
    said = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    said = " ".join(f"{code} {said}".split())[:250]
    is_final = code >= 500
    to_blame = is_final and not blames_us and blames_address("", said)
    return Said(is_taken=False, words=said, is_final=is_final, blames_address=to_blame, blames_us=blames_us)
