"""The words of a mail: plain text out of HTML, what is new in it and what it quotes, and the mail that it forwards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, tzinfo
from email.utils import parsedate_to_datetime
from functools import cache
from html import unescape

from guildhall.engagement.importing.naming import folded
from guildhall.engagement.importing.words import phrases

#: Nobody writes more by hand; what comes after is not looked at.
LONGEST_TEXT = 200_000
LONGEST_HTML = 1_000_000
_HEAD_LINES = 14
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_QUOTED = re.compile(r"^[ \t]?>[ \t]?")
_HEAD = re.compile(r"^[\s*_]*([^\W\d][^:：*]{0,24}?)[\s*_]*[:：][\s*_]*(.*)$")
_RULE = re.compile(r"^\s*(?:[-_=]{3,}[^-_=]{0,60}[-_=]{3,}|[-_=]{8,})\s*$")
_DAY_FIRST = re.compile(r"\b(\d{1,2})[.ºª]?\s+(?:de\s+|d')?([^\W\d]{3,12})\.?,?\s+(?:de\s+|del\s+)?(\d{4})\b")
_MONTH_FIRST = re.compile(r"\b([^\W\d]{3,12})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b")
_NUMBERS = re.compile(r"\b(\d{1,2})([./-])(\d{1,2})\2(\d{4})\b")
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_DATED = re.compile(r"\b\d{1,2}[:h]\d{2}\b|\b20\d{2}\b")
_TIME = re.compile(r"\b(\d{1,2})[:h](\d{2})(?::\d{2})?\s*([ap]\.?m\b|[πμ]\.?\s?μ\b)?", re.IGNORECASE)


@dataclass(frozen=True)
class Original:
    """The head of a quoted or forwarded mail as its mail program wrote it into the text: addresses as (address, name)."""

    sender: tuple[str, str] | None
    recipients: tuple[tuple[str, str], ...] = ()
    subject: str = ""
    date: str = ""


@dataclass(frozen=True)
class Parted:
    """A text parted where the words of others begin: what is new, its signature, the head of what is quoted, and that itself."""

    new: str
    signature: str = ""
    original: Original | None = None
    head: str = ""
    quoted: str = ""


def cleaned(text: str) -> str:
    """Return a text that any database takes: no NUL, no other control characters, no halves of characters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ").replace("\u200b", "").replace("\ufeff", "")
    text = text.encode("utf-8", "replace").decode("utf-8")
    return _CONTROL.sub("", text)


def part(text: str) -> Parted:
    """Part a text at the first place where it quotes or forwards somebody. Answers between quoted lines count as new."""
    lines = text[:LONGEST_TEXT].split("\n")
    for at in range(len(lines)):
        if found := _head_at(lines, at):
            original, end = found
            if _QUOTED.match(lines[at]):  # the whole mail is forwarded as a quotation
                lines[at:] = [_QUOTED.sub("", line) for line in lines[at:]]
            return _parted(lines[: _above(lines, at)], original, lines[at:end], lines[end:])
        if length := _attribution_at(lines, at):
            said = " ".join(_QUOTED.sub("", line).strip() for line in lines[at : at + length])
            address = ADDRESS.search(said)
            sender = (address[0].lower(), _name_before(said, address.start())) if address else None
            return _answered(lines[:at], Original(sender, date=said), said, lines[at + length :])
    end = len(lines)
    while end and (not lines[end - 1].strip() or _QUOTED.match(lines[end - 1])):
        end -= 1
    return _parted(lines[:end], None, [], lines[end:])


def _parted(new: list[str], original: Original | None, head: list[str], quoted: list[str]) -> Parted:
    signature = next((at for at, line in enumerate(new) if line.rstrip() == "--" and at), len(new))
    return Parted(_joined(new[:signature]), _joined(new[signature + 1 :]), original, _joined(head), _joined(quoted))


def _answered(above: list[str], original: Original, head: str, below: list[str]) -> Parted:
    """Part an answer: what is new stands above the quoted lines, or below and between them."""
    quotes = [bool(_QUOTED.match(line)) for line in below]
    if any(quotes):
        first = quotes.index(True)
        between = [line for line, quote in zip(below[first:], quotes[first:], strict=True) if not quote]
        if any(line.strip() for line in between):
            return _parted([*above, *between], original, [head], below)
    return _parted(above, original, [head], [_QUOTED.sub("", line) for line in below])


def _joined(lines: list[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()


def _above(lines: list[str], at: int) -> int:
    """Return where the text above a head ends: the rule or the words that announce it belong to it."""
    while at and (not lines[at - 1].strip("> \t") or _RULE.match(lines[at - 1]) or _announces(lines[at - 1])):
        at -= 1
    return at


def _announces(line: str) -> bool:
    return folded(line) in _words("forwarded")


@cache
def _words(key: str) -> frozenset[str]:
    return frozenset(folded(phrase) for phrase in phrases("mail_words")[key])


def _head_at(lines: list[str], at: int) -> tuple[Original, int] | None:
    """Read the head of a quoted mail that begins in a line: who, to whom, when, about what; return it and where it ends."""
    first = _HEAD.match(_QUOTED.sub("", lines[at]))
    if not first or _field(first[1]) not in ("from", "date", "subject"):
        return None
    found: dict[str, str] = {}
    last, end = "", at
    for line in lines[at : at + _HEAD_LINES]:
        plain = _QUOTED.sub("", line)
        if not plain.strip():
            break
        head = _HEAD.match(plain)
        field = _field(head[1]) if head else ""
        if head and field:
            found[field] = head[2].strip()
            last = field
        elif last in ("to", "cc") and not head and (ADDRESS.search(plain) or plain[:1] in " \t" or ";" in plain):
            found[last] += " " + plain.strip()
        elif head and (len(found) < 4 or ADDRESS.search(head[2])):
            last = ""  # "Reply-To", "Importance"
        else:
            break
        end += 1
    if "from" not in found or len(found) < 3:
        return None
    senders = _people(found["from"])
    recipients = tuple(person for field in ("to", "cc") for person in _people(found.get(field, "")))
    return Original(senders[0] if senders else None, recipients, found.get("subject", ""), found.get("date", "")), end


def _field(name: str) -> str:
    plain = folded(name)
    return next((field for field in ("from", "to", "cc", "date", "subject") if plain in _words(field)), "")


def _people(value: str) -> list[tuple[str, str]]:
    """Read addresses as programs write them into texts: "Ada Lamb <ada@…>", "ada@… (mailto:ada@…)", "Lamb, Ada [mailto:…]"."""
    people: dict[str, str] = {}
    for found in ADDRESS.finditer(value[:5000]):
        people.setdefault(found[0].lower().removeprefix("mailto:"), _name_before(value, found.start()))
    return list(people.items())


def _name_before(value: str, end: int) -> str:
    before = value[max(0, end - 120) : end].removesuffix("mailto:").rstrip("<[( \t\"'")
    name = re.split(r"[;>\])]|,\s(?=\S+\s)|:\s|\d,\s", before)[-1].strip(" ,\"'*\t")
    return "" if "@" in name or len(name) > 80 else name


def _attribution_at(lines: list[str], at: int) -> int:
    """Return over how many lines "On Monday Ada Lamb <ada@…> wrote:" goes that begins in one, 0 if none does."""
    said = ""
    for length in range(1, 4 if _DATED.search(lines[at]) else 2):
        if at + length > len(lines) or not lines[at + length - 1].strip("> "):
            return 0
        said = f"{said} {_QUOTED.sub('', lines[at + length - 1]).strip()}".strip()
        if len(said) > 320:
            return 0
        if said.endswith((":", "：")) and (any(sign.isdigit() for sign in said) or "@" in said):
            return length if any(f" {wrote} " in f" {folded(said)} " for wrote in _words("wrote")) else 0
    return 0


def moment_in(text: str, zone: tzinfo | None) -> datetime | None:
    """Return the moment that a mail program wrote into a text, in any of our languages; ``zone`` where it names none."""
    with suppress(ValueError, TypeError, OverflowError, IndexError):
        if (moment := parsedate_to_datetime(text)).tzinfo:
            return moment
    plain = folded(text.replace(".", ". ")) if not _NUMBERS.search(text) else ""
    time = _TIME.search(text)
    american = bool(time and time[3] and time[3].lower().startswith(("a", "p")))
    try:
        if day := _ISO.search(text):
            year, month, date = int(day[1]), int(day[2]), int(day[3])
        elif day := _NUMBERS.search(text):
            date, month, year = int(day[1]), int(day[3]), int(day[4])
            if american and day[2] == "/":
                date, month = month, date
        elif day := _DAY_FIRST.search(plain):
            year, month, date = int(day[3]), _month(day[2]), int(day[1])
        elif day := _MONTH_FIRST.search(plain.replace(",", " ")):
            year, month, date = int(day[3]), _month(day[1]), int(day[2])
        else:
            return None
        hour, minute = (int(time[1]), int(time[2])) if time else (12, 0)
        if time and time[3]:
            afternoon = time[3][0].lower() in "pμ"
            hour = hour % 12 + (12 if afternoon else 0)
        return datetime(year, month, date, hour, minute, tzinfo=zone)
    except ValueError:
        return None


def _month(name: str) -> int:
    for number, key in enumerate(_MONTHS, 1):
        if name.startswith(tuple(_words(key))):
            return number
    raise ValueError(name)


# --- HTML ----------------------------------------------------------------------------------------------------------

_TAG = re.compile(r"<(/?[a-zA-Z][a-zA-Z0-9]*)")
#: Elements in one another whose ends are waited for.
_DEEPEST = 20
_UNSEEN = {"script", "style", "head", "title", "template", "noscript", "object", "iframe", "svg", "select"}
_BLOCKS = {"p", "div", "tr", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "section", "article", "pre"}


def text_of_html(html: str) -> str:
    """Return the text of a mail in HTML: nothing of it is ever shown as HTML. What stands in block quotes is quoted with ">"."""
    reader = _Reader()
    for tag, text in _tokens(html[:LONGEST_HTML]):
        if tag:
            reader.tag(tag)
        else:
            reader.text(unescape(text))
    reader.end()
    return _joined(reader.lines)


def _tokens(html: str) -> Iterator[tuple[str, str]]:
    """Take HTML apart into ("", text) and ("p" or "/p", ""): each letter is looked at a few times only, whatever it says.

    Python's own parser takes time that grows with the square of what a hostile mail leaves open.
    """
    at, comments_end = 0, True
    while (begin := html.find("<", at)) >= 0:
        if comments_end and html.startswith("<!--", begin):
            end = html.find("-->", begin + 4)
            if comments_end := end >= 0:
                yield "", html[at:begin]
                at = end + 3
                continue
        if (end := html.find(">", begin)) < 0:
            break
        begin = html.rfind("<", begin, end)  # any before it opened nothing
        yield "", html[at:begin]
        if (name := _TAG.match(html, begin, end)) and html[end - 1] != "/":
            yield name[1].lower(), ""
        elif name:
            yield ("br", "") if name[1].lower() == "br" else ("", "")
        elif html[begin + 1 : begin + 2] not in ("!", "?", "/"):
            yield "", html[begin : end + 1]
        at = end + 1
    yield "", html[at:]


class _Reader:
    """Collects what can be read, line by line."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.depth = 0
        self.unseen: list[str] = []

    def tag(self, tag: str) -> None:
        if tag.startswith("/"):
            self.closed(tag[1:])
        elif tag in _UNSEEN:
            self.unseen = [*self.unseen, tag][:_DEEPEST]
        elif tag == "body":
            self.unseen = []  # whatever was left open in the head
        elif tag == "blockquote":
            self.end()
            self.depth = min(self.depth + 1, _DEEPEST)
        elif tag == "br":
            self.end(empty=True)
        elif tag in _BLOCKS:
            self.end()
        elif tag == "hr":
            self.end()
            self.lines.append("_" * 32)
        elif tag == "li":
            self.end()
            self.line.append("– ")
        elif tag in ("td", "th"):
            self.line.append(" ")

    def closed(self, tag: str) -> None:
        if tag in self.unseen:
            # What was left open inside is closed with it.
            del self.unseen[len(self.unseen) - 1 - self.unseen[::-1].index(tag) :]
        elif tag in _BLOCKS:
            self.end()
            if tag == "p":
                self.lines.append("")
            if tag == "blockquote":
                self.depth = max(self.depth - 1, 0)

    def text(self, text: str) -> None:
        if not self.unseen:
            self.line.append(text)

    def end(self, *, empty: bool = False) -> None:
        """End the line, if there is anything on it or an empty one is wanted."""
        said = " ".join("".join(self.line).split())
        self.line = []
        if said or (empty and not self.unseen):
            self.lines.append("> " * self.depth + said if said else "")
