"""Films: the browser's own player with a bar of ours, what is said as a text that leads back to its moment, sending one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from django.template import Context
from django.utils.functional import Promise
from django.utils.safestring import SafeString

from guildhall.core.ui.basics import sprite
from guildhall.core.ui.component import Worked, component, token_of

#: How fast a film may be played.
SPEEDS = ["0.5", "0.75", "1", "1.25", "1.5", "2"]


@dataclass(frozen=True)
class Source:
    """A file that a player may play: the largest first. ``least_width`` is that of the window for which it is worth its bytes."""

    url: str
    content_type: str
    label: str | Promise
    least_width: int = 0


@dataclass(frozen=True)
class Text:
    """What is read along with a film: "captions", "subtitles", "descriptions" or "chapters", as WebVTT."""

    url: str
    kind: str
    language: str
    label: str | Promise
    is_on: bool = False


@dataclass(frozen=True)
class Said:
    """A line of a transcript: its second, that second as people read it, what is said, or seen (``is_seen``)."""

    second: float
    at: str
    text: str
    is_seen: bool = False


@dataclass(frozen=True)
class Pause:
    """A moment, its second and that second as people read it, at which a film pauses for those who wish it: what is asked then,
    in which language, and where it is answered.
    """

    second: int
    at: str
    question: str
    url: str
    language: str = ""


@component
def film(
    content: str,
    *,
    title: str,
    sources: Sequence[Source],
    language: str = "",
    texts: Sequence[Text] = (),
    stream: str = "",
    poster: str = "",
    sound: str = "",
    at: float = 0,
    pauses: Sequence[Pause] = (),
    id: str = "film",
) -> Worked:
    """Play a film. The content is said below it. Nothing plays by itself; without JavaScript it is the browser's own player.

    With it there are speed, steps of ten seconds, the choice of the picture, descriptions that are read out, and keys:
    the space bar and K play and pause, the arrows, J and L go back and on, C shows captions, M mutes, < and > change the speed.
    Where it pauses, what is asked is read out below it and the focus stays; playing on, "Go on" or Escape puts it away.

    Args:
        title: what the film is called.
        sources: the files of it, the largest first.
        language: that of its title.
        texts: what is read along with it.
        stream: the address of a list of its pieces (HLS), for browsers that play those: they take what suits the line.
        poster: the address of a picture that stands there before it plays.
        sound: the address of its sound alone.
        at: the second at which it begins.
        pauses: where it pauses for those who wish that.
        id: an anchor; a ``transcript`` and whatever has ``data-seek`` and ``data-film`` leads there.
    """
    begin = f"#t={at:g}" if at > 0 else ""
    return {
        "files": [(source, f"{source.url}{begin}") for source in sources],
        "begin": begin,
        "speeds": SPEEDS,
        "is_described": any(text.kind == "descriptions" for text in texts),
        "is_captioned": any(text.kind in ("captions", "subtitles") for text in texts),
        "sprite": sprite(),
    }


@component
def transcript(*, lines: Sequence[Said], language: str, label: str, film: str = "film", id: str = "transcript") -> Worked:
    """Draw what is said in a film, line by line; each leads to its moment, and the one that is being said is marked.

    Args:
        lines: what is said, in its order.
        language: in which it is.
        label: what it is, for those who do not see the heading above.
        film: the id of the film.
        id: an anchor, and that of the list.
    """
    # There are hundreds: a template takes ten times as long.
    film, anchor = escape(film), escape(id)
    drawn = [
        _LINE[line.is_seen].format(
            second=line.second,
            t=_in_figures(line.second),
            film=film,
            id=anchor,
            number=number,
            at=line.at,
            text=escape(line.text),
        )
        for number, line in enumerate(lines, 1)
    ]
    return {"drawn": SafeString("\n".join(drawn))}


_START = '<a href="?t={t}#{film}" data-seek="{second}" aria-describedby="{id}-{number}">{at}</a> <span id="{id}-{number}">'
#: By whether it is seen rather than heard.
_LINE = [f"<li>{_START}{{text}}</span></li>", f'<li class="seen">{_START}[{{text}}]</span></li>']


def _in_figures(second: float) -> str:
    """Seconds as short as they can be said, to the thousandth."""
    return f"{second:.3f}".rstrip("0").rstrip(".")


@component
def sending(
    context: Context,
    *,
    url: str,
    label: str,
    help: str = "",
    accept: str = "",
    most: int = 0,
    then: str = "",
    id: str = "sending",
) -> Worked:
    """Send a large file in pieces: a broken line, a reload or another window goes on where it was. Shown only with JavaScript.

    Args:
        url: where it is announced; the answer's ``Location`` takes the pieces, in the manner of tus 1.0.
        label: what is to be chosen.
        help: what helps to choose.
        accept: which kinds of files are offered first.
        most: bytes that it may have, 0 for any number.
        then: the page to go to when all has arrived.
        id: of the part.
    """
    return {"csrf_token": token_of(context)}


def said(lines: Sequence[Any]) -> list[Said]:
    """Return lines of a transcript (with ``start``, ``at``, ``text``, ``is_seen``) as ``transcript`` takes them."""
    return [Said(line.start, line.at, line.text, line.is_seen) for line in lines]
