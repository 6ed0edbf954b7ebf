"""Letters that come back: reading a delivery status notification (RFC 3464, with the status codes of RFC 3463).

Which letter it is tells its Message-ID, which the notification brings back with the head of the letter, or with all of it. No
special address is needed for that, and nobody can say of a letter that it came back who does not know its Message-ID.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import policy
from email.errors import MessageError
from email.message import Message
from email.parser import BytesParser

from guildhall.engagement.writing.envelope import key_in

#: No notification is larger; one that brings a letter back with its pictures is cut, its report stands before.
LARGEST = 1024 * 1024
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_CODE = re.compile(r"(?:^|;|\s)([45]\d\d)[ -]")
#: Subjects of RFC 3463 (and single codes) that speak against the address itself: it does not exist, its mailbox is closed, its
#: domain takes no mail. A full mailbox, a letter too large or one that is taken for advertising do not.
_OF_ADDRESS = {"0", "1", "4"}
_OF_ADDRESS_EXACT = {("2", "0"), ("2", "1"), ("5", "0")}
#: Those that speak against ours.
_OF_SENDER_EXACT = {("1", "7"), ("1", "8")}
#: The same for servers that only give a code of RFC 5321.
_CODES_OF_ADDRESS = {"550", "551", "553", "556"}


@dataclass(frozen=True)
class Return:
    """That a letter came back: its key, what was said, and whether the address is to blame for good."""

    key: str
    status: str
    said: str
    is_final: bool


def blames_address(status: str, said: str) -> bool:
    """Whether what a mail server says means that an address will not work later either.

    Args:
        status: an enhanced code such as "5.1.1", "" where none was given.
        said: the server's words, which may hold either kind of code.
    """
    found = _STATUS.search(status) or _STATUS.search(said)
    if found is None or (found[1], found[2], found[3]) == ("5", "0", "0"):
        # "5.0.0" only repeats that it failed: the server's own code says more.
        code = _CODE.search(said)
        if code is not None:
            return code[1] in _CODES_OF_ADDRESS
        return found is not None
    kind, subject, exactly = found.groups()
    if (subject, exactly) in _OF_SENDER_EXACT:
        return False
    return kind == "5" and (subject in _OF_ADDRESS or (subject, exactly) in _OF_ADDRESS_EXACT)


def returned(raw: bytes) -> Return | None:
    """Read what came in: the letter of ours that did not arrive, or None where it is something else, or only late.

    Never raises, whatever was sent.
    """
    raw = raw[:LARGEST]
    if b"delivery-status" not in raw.lower():
        return None
    try:
        message = BytesParser(policy=policy.compat32).parsebytes(raw)
        reports = [part for part in message.walk() if part.get_content_type() == "message/delivery-status"]
        key = _key_of(message)
    except (RecursionError, MessageError, ValueError, LookupError, TypeError, AttributeError):
        return None
    if not reports or not key:
        return None
    for recipient in _recipients(reports[0]):
        if _plain(recipient, "action") == "failed":
            status, said = _plain(recipient, "status"), _plain(recipient, "diagnostic-code")
            said = said.partition(";")[2].strip() or said
            return Return(key, status, f"{status} {said}".strip()[:250], blames_address(status, said))
    return None


def _recipients(report: Message) -> list[Message]:
    """The blocks of a report that tell of recipients; the first tells of the report itself."""
    blocks = report.get_payload()
    return [block for block in blocks if isinstance(block, Message)] if isinstance(blocks, list) else []


def _plain(block: Message, name: str) -> str:
    return " ".join(str(block.get(name, "")).split()).lower() if name == "action" else " ".join(str(block.get(name, "")).split())


def _key_of(message: Message) -> str:
    """The key in the head of the letter that was brought back, whole or only its head."""
    for part in message.walk():
        kind = part.get_content_type()
        if kind in ("text/rfc822-headers", "message/rfc822-headers", "message/rfc822"):
            inner = part.get_payload()
            if isinstance(inner, list):
                head = str(inner[0].get("Message-ID", "")) if inner and isinstance(inner[0], Message) else ""
            else:
                plain = part.get_payload(decode=True)
                head = plain.decode("utf-8", "replace") if isinstance(plain, bytes) else ""
            if key := key_in(head):
                return key
    return ""
