"""A mail as it arrives (RFC 5322), made into plain data. Whatever was sent: this ends soon, and raises ``Unreadable`` at most."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import policy
from email.errors import HeaderParseError, MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.utils import getaddresses, parsedate_to_datetime
from hashlib import sha256

from guildhall.engagement.mailing.wording import ADDRESS, LONGEST_HTML, LONGEST_TEXT, cleaned, text_of_html

#: A head longer than this belongs to no mail that a person wrote.
LONGEST_HEAD = 256 * 1024
MOST_PARTS = 300
MOST_ADDRESSES = 60
DEEPEST = 20
#: A picture that belongs to the letter's looks and is smaller than this is a logo.
SMALLEST_PICTURE = 20_000

_HEAD_ENDS = re.compile(rb"\r?\n\r?\n")
_ENCODED = re.compile(r"=\?[^?\s]+\?[bq]\?[^?]*\?=", re.IGNORECASE)
_ID = re.compile(r"<\s*([^<>\s]{3,500})\s*>")
_LETTER_OF_OURS = re.compile(r"letter-\d+-\d{14}@|mailing-[a-z0-9]{24}@")
# Codecs that turn bytes into letters, but at a price that grows with the square of their number, or that are no charsets.
_NO_CHARSETS = {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7"}


class Unreadable(Exception):
    """What was sent is no mail, or was made to do harm."""


@dataclass(frozen=True)
class Attachment:
    """A file that came with a mail: the name it was given, what its sender says it is, and its bytes."""

    name: str
    claimed: str
    content: bytes


@dataclass(frozen=True)
class Letter:
    """A mail as plain data. Addresses are (address, name), addresses in lower case.

    ``attached`` is the mail that was forwarded as an attachment, if one was; its attachments are among those of this one.
    ``left_out`` is how many further parts nobody looked at.
    """

    key: str
    sender: tuple[str, str] | None
    recipients: tuple[tuple[str, str], ...]
    sent_at: datetime | None
    subject: str
    text: str
    attachments: tuple[Attachment, ...] = ()
    attached: Letter | None = None
    left_out: int = 0


def secrets_in(raw: bytes, before: str, domain: str, envelope: Iterable[str] = ()) -> list[str]:
    """Return the secrets of the addresses that a mail came to, the surest first; only its head is looked at.

    ``envelope`` are the addresses that the mail server names; of a blind copy nothing else tells.
    """
    head = _head_of(raw)
    mine = re.compile(rf"{re.escape(before)}([a-z0-9]{{8,40}})@{re.escape(domain)}(?![\w.-])", re.IGNORECASE)
    names = ["delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-forwarded-to", "resent-to", "to", "cc", "bcc"]
    places = [*envelope, *(value for name in [*names, "received"] for value in head.get(name, []))]
    found = (match[1].lower() for place in places for match in mine.finditer(place))
    return list(dict.fromkeys(found)) if domain else []


def why_automatic(raw: bytes, before: str, domain: str) -> str:
    """Return why a mail was written by no person: it is "automatic", a "list", a "bounce" or one of "ours"; or nothing."""
    head = _head_of(raw)

    def first(name: str) -> str:
        return head.get(name, [""])[0].strip().lower()

    if _LETTER_OF_OURS.search(first("message-id")) or any(
        f"{before}" in value and domain in value for value in head.get("x-loop", [])
    ):
        return "ours"
    if first("return-path") == "<>" or first("content-type").startswith("multipart/report"):
        return "bounce"
    if "list-id" in head or "list-post" in head or first("precedence") in ("bulk", "list"):
        return "list"
    machine = first("auto-submitted").partition(";")[0].strip() not in ("", "no") or first("precedence") in ("junk", "auto_reply")
    marks = {"x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-mail-autoreply", "x-fc-machinegenerated"}
    return "automatic" if machine or marks & head.keys() else ""


def read(raw: bytes) -> Letter:
    """Read a mail.

    Raises:
        Unreadable: it is nested without end, or no mail at all.
    """
    if not _head_of(raw).keys() & {"from", "to", "subject", "date", "message-id"}:
        raise Unreadable("no head")
    try:
        message = BytesParser(policy=policy.compat32).parsebytes(raw)
    except (RecursionError, MessageError, ValueError, LookupError, TypeError, AttributeError, IndexError) as error:
        raise Unreadable(type(error).__name__) from None
    return _read(message, _Allowance())


@dataclass
class _Allowance:
    """How much of a mail will still be looked at."""

    parts: int = MOST_PARTS
    left_out: int = 0


@dataclass
class _Found:
    """What a walk through the parts of a mail has gathered."""

    allowance: _Allowance
    texts: list[str] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    attached: Letter | None = None


def _read(message: Message, allowance: _Allowance, depth: int = 0) -> Letter:
    head = _heads(message)
    found = _Found(allowance)
    _gather(message, found, depth)
    text = "\n\n".join(filter(None, found.texts))[:LONGEST_TEXT]
    sender = addresses_in(head.get("from", [])) or addresses_in(head.get("sender", []))
    subject = " ".join(_decoded(head.get("subject", [""])[0]).split())
    date = head.get("date", [""])[0]
    return Letter(
        key=_key(head, text),
        sender=sender[0] if sender else None,
        recipients=tuple(dict.fromkeys(addresses_in([*head.get("to", []), *head.get("cc", []), *head.get("bcc", [])]))),
        sent_at=_moment(date),
        subject=subject,
        text=text,
        attachments=tuple(found.attachments),
        attached=found.attached,
        left_out=allowance.left_out,
    )


def _key(head: dict[str, list[str]], text: str) -> str:
    """Return by what a mail is known again: its Message-ID, else what does not change on its way."""
    identity = _ID.search(head.get("message-id", [""])[0])
    lasting = [identity[1]] if identity else [*(head.get(name, [""])[0] for name in ("from", "date", "subject")), text]
    return sha256("\n".join(lasting).encode("utf-8", "replace")).hexdigest()


# --- Parts ---------------------------------------------------------------------------------------------------------


def _gather(part: Message, found: _Found, depth: int, *, of_looks: bool = False) -> None:
    """Walk through a part and those in it, and take what can be read and what can be kept."""
    found.allowance.parts -= 1
    if found.allowance.parts < 0 or depth > DEEPEST:
        found.allowance.left_out += 1
        return
    kind, inner = part.get_content_type(), _inner(part)
    if kind == "message/rfc822" and inner and found.attached is None:
        found.attached = _read(inner[0], found.allowance, depth + 1)
        found.attachments += found.attached.attachments
    elif kind == "multipart/alternative" and inner:
        _gather_best(inner, found, depth)
    elif inner:
        for at, each in enumerate(inner):
            if found.allowance.parts <= 0:
                found.allowance.left_out += len(inner) - at
                return
            _gather(each, found, depth + 1, of_looks=kind == "multipart/related" and at > 0)
    elif kind in ("text/plain", "text/html") and not _is_file(part):
        found.texts.append(_text(part, kind))
    elif not part.is_multipart():
        _keep(part, kind, found, of_looks)


def _gather_best(inner: list[Message], found: _Found, depth: int) -> None:
    """Of several versions of one text take the plain one, else whichever says something."""
    before = len(found.texts)
    for each in sorted(inner[:10], key=lambda version: version.get_content_type() != "text/plain"):
        if len(found.texts) > before and each.get_content_type() in ("text/plain", "text/html"):
            continue
        said = found.texts
        found.texts = []
        _gather(each, found, depth + 1)
        new = [text for text in found.texts if text.strip()]
        found.texts = said + (new if len(said) == before else [])


def _inner(part: Message) -> list[Message]:
    # Of what is in one piece the payload is not asked for: it would be decoded on the way, by whatever codec the mail names.
    payload = part.get_payload() if part.is_multipart() else []
    return [each for each in payload if isinstance(each, Message)]


def _is_file(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or bool(_file_name(part))


def _keep(part: Message, kind: str, found: _Found, of_looks: bool) -> None:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes) or not content:
        return
    if kind.startswith("image/") and (of_looks or "content-id" in part) and len(content) < SMALLEST_PICTURE:
        return
    found.attachments.append(Attachment(_file_name(part), kind, content))


def _file_name(part: Message) -> str:
    with suppress(ValueError, TypeError, LookupError, AttributeError):
        return " ".join(_decoded(part.get_filename() or "").split())[:200]
    return ""


def _text(part: Message, kind: str) -> str:
    payload = part.get_payload(decode=True)
    text = _letters((payload if isinstance(payload, bytes) else b"")[: 4 * LONGEST_HTML], _charset(part))
    if kind == "text/html":
        return text_of_html(cleaned(text))
    text = cleaned(text[:LONGEST_TEXT])
    return _unfolded(text, part) if _parameter(part, "format") == "flowed" else text


def _unfolded(text: str, part: Message) -> str:
    """Join the lines that a mail program broke for those with narrow screens (RFC 3676)."""
    glue = "" if _parameter(part, "delsp") == "yes" else " "
    joined: list[str] = []
    open_line = False
    for line in text.split("\n"):
        quote = line[: len(line) - len(line.lstrip(">"))]
        said = line[len(quote) :].removeprefix(" ")
        if open_line and joined and joined[-1].startswith(quote) and joined[-1][len(quote) :][:1] != ">":
            joined[-1] = joined[-1].rstrip(" ") + glue + said
        else:
            joined.append(f"{quote} {said}" if quote else said)
        open_line = line.endswith(" ") and said != "-- "
    return "\n".join(joined)


def _parameter(part: Message, name: str) -> str:
    with suppress(ValueError, TypeError, LookupError, AttributeError):
        return str(part.get_param(name) or "").lower()
    return ""


def _charset(part: Message) -> str:
    with suppress(ValueError, TypeError, LookupError, AttributeError):
        return part.get_content_charset() or ""
    return ""


def _letters(content: bytes, charset: str) -> str:
    """Decode bytes by the charset they claim; where that is none, or wrong, by the one that fits."""
    for name in (charset, "utf-8"):
        with suppress(LookupError, UnicodeError, ValueError):
            if name and codecs.lookup(name).name not in _NO_CHARSETS:
                return content.decode(name)
    with suppress(LookupError, UnicodeError, ValueError):
        if charset and codecs.lookup(charset).name not in (_NO_CHARSETS | {"ascii", "utf-8"}):
            return content.decode(charset, "replace")
    return content.decode("cp1252", "replace")


# --- Heads ---------------------------------------------------------------------------------------------------------


def addresses_in(values: Iterable[str]) -> list[tuple[str, str]]:
    """Return the addresses in lines such as "To", each once, as (address, name)."""
    people: dict[str, str] = {}
    for value in values:
        line = value[:20_000]
        try:
            pairs = getaddresses([line])
        except (RecursionError, ValueError, IndexError, TypeError):
            pairs = []
        if not any("@" in address for _name, address in pairs):
            pairs = [("", found[0]) for found in ADDRESS.finditer(line)]
        for name, address in pairs:
            if ADDRESS.fullmatch(address) and len(address) <= 254:
                people.setdefault(address.lower(), " ".join(_decoded(name).split())[:200])
    return list(people.items())[:MOST_ADDRESSES]


def _head_of(raw: bytes) -> dict[str, list[str]]:
    """Read the head of a mail and nothing else."""
    end = _HEAD_ENDS.search(raw, 0, LONGEST_HEAD)
    head = raw[: end.start() if end else LONGEST_HEAD]
    if head.startswith(b"From "):  # as mailboxes of old begin
        head = head.partition(b"\n")[2]
    return _heads(BytesParser(policy=policy.compat32).parsebytes(head, headersonly=True))


def _heads(message: Message) -> dict[str, list[str]]:
    """The lines of a head by their names in lower case, whatever letters they are written in."""
    heads: dict[str, list[str]] = {}
    for name, value in message.raw_items():
        content = str(value).encode("utf-8", "surrogateescape")
        heads.setdefault(name.lower(), []).append(cleaned(_letters(content, "")).replace("\n", " "))
    return heads


def _decoded(value: str) -> str:
    """Decode the words of a head that stand there encoded (RFC 2047); what cannot be decoded stays as it is."""
    if not _ENCODED.search(value[:5000]):
        return cleaned(value[:5000])
    with suppress(HeaderParseError, ValueError, LookupError):
        pieces = decode_header(value[:5000])
        return cleaned(
            "".join(_letters(piece, charset or "") if isinstance(piece, bytes) else piece for piece, charset in pieces)
        )
    return cleaned(value[:5000])


def _moment(date: str) -> datetime | None:
    with suppress(ValueError, TypeError, OverflowError, IndexError):
        moment = parsedate_to_datetime(date)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None
