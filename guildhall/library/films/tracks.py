"""Captions and their kin: read strictly from WebVTT or SRT, kept as WebVTT that says nothing but text and when.

Of tags only italics, bold and underlined stay; who speaks becomes a word before a colon. Styles, regions, notes, places on the
screen and everything else go: nothing in a track can do anything. https://www.w3.org/TR/webvtt1/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape, unescape

from django.utils.translation import gettext as _

from guildhall.core.errors import Refused

MOST_BYTES = 1024 * 1024
MOST_CUES = 6000
LONGEST_CUE = 1000
MOST_SECONDS = 10 * 60 * 60
_TIME = r"(?:(\d{1,2}):)?([0-5]?\d):([0-5]\d)(?:[.,](\d{1,3}))?"
_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:[ \t].*)?", re.ASCII)
_MOMENT = re.compile(rf"\s*(?:{_TIME}|(\d{{1,5}})(?:[.,](\d{{1,3}}))?)\s*", re.ASCII)
_TAG = re.compile(r"<(/?)([a-zA-Z0-9][a-zA-Z0-9.:_-]*)([^<>]*)>")
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_TAGS_KEPT = {"i", "b", "u"}
#: A cue as ``written`` writes it, from its second on.
_KEPT = r"(\d\d)\.(\d{3}) --> (\d\d):(\d\d):(\d\d)\.(\d{3})\n(.+(?:\n.+)*)"


@dataclass(frozen=True)
class Cue:
    """Something to be read from ``start`` to ``end``, in seconds; ``text`` is cue text of WebVTT, as ``cleaned`` leaves it."""

    start: float
    end: float
    text: str

    @property
    def plain(self) -> str:
        """The text alone, in one line."""
        return " ".join(unescape(_TAG.sub("", self.text)).split())


class Unreadable(Refused):
    """What was sent is no track, or too much of one; the sentence says where."""


def read(content: bytes) -> list[Cue]:
    """Return the cues of a file in WebVTT or SRT, in their order.

    Raises:
        Unreadable: it is neither, too long, or says something that cannot be.
    """
    if len(content) > MOST_BYTES:
        raise Unreadable(_("This file is too large for captions: at most one megabyte is possible."))
    try:
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(_("The letters of this file cannot be read. Save it as UTF-8, then send that.")) from None
    return parse(text)


def parse(text: str) -> list[Cue]:
    """Return the cues of a text in WebVTT or SRT, in their order. Raises as ``read``."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    cues = list(_cues(lines, is_vtt=lines[0].startswith("WEBVTT")))
    if not cues:
        raise Unreadable(_("There are no captions in this. It should be a file in WebVTT (.vtt) or SRT (.srt)."))
    return ordered(cues)


def cues_of_minute(vtt: str, minute: int) -> list[Cue]:
    """Return the cues that begin in a minute of a track, as ``written`` wrote it; the rest of it is not read."""
    cues = re.findall(rf"\n{minute // 60:02}:{minute % 60:02}:{_KEPT}", vtt)
    return [Cue(_seconds(None, str(minute), second, parts), _seconds(*end), text) for second, parts, *end, text in cues]


def ordered(cues: Iterable[Cue]) -> list[Cue]:
    """Return cues in their order, unless there are too many."""
    found = sorted(cues, key=lambda cue: (cue.start, cue.end))
    if len(found) > MOST_CUES:
        raise Unreadable(_("There are more than %(most)d captions in this.") % {"most": MOST_CUES})
    return found


def written(cues: Iterable[Cue]) -> str:
    """Return cues as WebVTT."""
    return "WEBVTT\n" + "".join(f"\n{_stamp(cue.start)} --> {_stamp(cue.end)}\n{cue.text}\n" for cue in cues)


def cleaned(text: str) -> str:
    """Return what may stand in a cue: lines of text, tags for italics, bold and underlined, everything else as letters."""
    made, open_tags, at = [], [], 0
    text = _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    for tag in _TAG.finditer(text):
        made.append(_letters(text[at : tag.start()]))
        at = tag.end()
        is_end, name = tag[1], tag[2].partition(".")[0].lower()
        if name == "v" and not is_end and (speaker := " ".join(tag[3].split())):
            made.append(f"{_letters(speaker)}: ")
        elif name in _TAGS_KEPT and not is_end:
            open_tags.append(name)
            made.append(f"<{name}>")
        elif name in _TAGS_KEPT and name in open_tags:
            while (last := open_tags.pop()) != name:
                made.append(f"</{last}>")
            made.append(f"</{name}>")
    made.append(_letters(text[at:]))
    made += [f"</{name}>" for name in reversed(open_tags)]
    lines = [" ".join(line.split()) for line in "".join(made).split("\n")]
    return "\n".join(line for line in lines if line)


def moment(text: str) -> float | None:
    """Return the seconds that somebody wrote as 83, 83.5, 1:23 or 0:01:23.500; None for anything else."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    hours, minutes, seconds, parts, alone, parts_alone = found.groups()
    if alone is not None:
        return int(alone) + _parts(parts_alone)
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + _parts(parts)


def clock(seconds: float) -> str:
    """Write seconds as people read them off a player: 1:23, or 1:02:03."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def exact(seconds: float) -> str:
    """Write seconds as ``moment`` reads them, to the thousandth where there are any."""
    thousandths = round(seconds * 1000)
    rest = f".{thousandths % 1000:03}" if thousandths % 1000 else ""
    return clock(thousandths // 1000) + rest


def _cues(lines: list[str], *, is_vtt: bool) -> Iterator[Cue]:
    number = 0
    while number < len(lines):
        if not lines[number].strip():
            number += 1
            continue
        begins = number
        while number < len(lines) and lines[number].strip():
            number += 1
        block = lines[begins:number]
        if is_vtt and (begins == 0 or block[0].split(" ")[0].split("\t")[0] in ("NOTE", "STYLE", "REGION")):
            continue
        # A cue may have a name, or in SRT a number, in the line before its times.
        named = int("-->" not in block[0] and "-->" in "".join(block[1:2]))
        times = _TIMES.fullmatch(block[named])
        if times is None:
            raise Unreadable(
                _("Line %(line)d should say from when to when, as 00:01:02.000 --> 00:01:05.500.") % _line(begins + named)
            )
        parts = times.groups()
        start, end = _seconds(*parts[:4]), _seconds(*parts[4:])
        if end <= start or end > MOST_SECONDS:
            raise Unreadable(_("In line %(line)d the end comes before the start, or too late.") % _line(begins + named))
        text = cleaned(re.sub(r"\{\\[^{}]*\}", "", "\n".join(block[named + 1 :])))
        if len(text) > LONGEST_CUE:
            raise Unreadable(_("What is said in line %(line)d is too long to be read at once.") % _line(begins + named + 1))
        if text:
            yield Cue(start, end, text)


def _line(number: int) -> dict[str, int]:
    return {"line": number + 1}


def _letters(text: str) -> str:
    return escape(unescape(text), quote=False)


def _seconds(hours: str | None, minutes: str, seconds: str, parts: str | None) -> float:
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + _parts(parts)


def _parts(digits: str | None) -> float:
    return int(f"{digits:0<3}") / 1000 if digits else 0.0


def _stamp(seconds: float) -> str:
    thousandths = round(seconds * 1000)
    whole = thousandths // 1000
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{thousandths % 1000:03}"
