"""How a film is looked at and made: another process does it, within limits, and says how far it is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from time import monotonic
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from guildhall.core.errors import Refused

#: Seconds of computing and of waiting for a look or a poster.
LOOK_SECONDS = 60
#: Seconds of computing that a rendition may take for each second of film, and besides.
SECONDS_PER_SECOND, SECONDS_BESIDES = 20, 120
#: What another rendition of this shorter side is worth making for, and how its bytes are bounded, per second.
SHORT_SIDES = {"360p": 360, "720p": 720, "audio": 0}
#: Films that are longer, in seconds, or do not say how long they are, can be played piece by piece (HLS).
IN_FRAGMENTS_FROM = 600
_MOST_BYTES_PER_SECOND = 600_000
_BYTES_BESIDES = 20 * 1024 * 1024


class Unplayable(Refused):
    """This film cannot be shown; the sentence says why."""


def look(path: Path, content_type: str) -> dict[str, Any]:
    """Return what a film is, as ``encoding.look`` does.

    Raises:
        Unplayable: it cannot be read, or is beyond the limits.
    """
    return _run({"do": "look", "path": str(path), "content_type": content_type}, LOOK_SECONDS, 0)


def poster(path: Path, content_type: str, target: Path, at_seconds: float) -> dict[str, Any]:
    """Write the picture at a moment as JPEG."""
    what = {"do": "poster", "path": str(path), "content_type": content_type, "target": str(target), "at_seconds": at_seconds}
    return _run(what, LOOK_SECONDS, _BYTES_BESIDES)


def render(
    path: Path, content_type: str, target: Path, kind: str, *, seconds: float, tell: Callable[[float], None]
) -> dict[str, Any]:
    """Write a rendition; ``tell`` is called with the seconds of film that are done, and may raise to have it given up."""
    what = {
        "do": "render",
        "path": str(path),
        "content_type": content_type,
        "target": str(target),
        "short_side": SHORT_SIDES[kind],
        "in_fragments": bool(SHORT_SIDES[kind]) and (not seconds or seconds > IN_FRAGMENTS_FROM),
    }
    # A film that does not say how long it is may be as long as any.
    expected = seconds or 3 * 60 * 60
    limit = int(SECONDS_BESIDES + SECONDS_PER_SECOND * expected)
    return _run(what, limit, int(_BYTES_BESIDES + _MOST_BYTES_PER_SECOND * expected), tell)


def kinds_for(seen: dict[str, Any]) -> list[str]:
    """Return which renditions a film gets: none is larger than the film, and sound only where there is any."""
    kinds = ["360p"]
    if min(seen["width"], seen["height"]) > SHORT_SIDES["360p"]:
        kinds.append("720p")
    if seen["has_sound"]:
        kinds.append("audio")
    return kinds


def _run(what: dict[str, Any], seconds: int, most_bytes: int, tell: Callable[[float], None] | None = None) -> dict[str, Any]:
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "guildhall.library.films.encoding", json.dumps(what), str(seconds), str(most_bytes)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=settings.PROJECT,
        env={},
    )
    try:
        answer = _listen(process, 2 * seconds, tell)
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None  # noqa: S101
        process.stdout.close()
    if "done" in answer:
        return dict(answer["done"])
    raise Unplayable(_why(answer.get("refused", "too much")))


def _listen(process: subprocess.Popen[bytes], seconds: int, tell: Callable[[float], None] | None) -> dict[str, Any]:
    """Follow what the process says until it has said how it went; {} where it says nothing more, or takes too long."""
    assert process.stdout is not None  # noqa: S101
    until = monotonic() + seconds
    said: dict[str, Any] = {}
    with DefaultSelector() as selector:
        selector.register(process.stdout, EVENT_READ)
        while monotonic() < until:
            if selector.select(timeout=1):
                line = process.stdout.readline()
                if not line:
                    break  # a signal ended it: it came to a limit
                said = json.loads(line)
                if "seconds" not in said:
                    return said
            if tell:
                tell(said.get("seconds", 0.0))
    return {}


def _why(refused: str) -> str:
    return {
        "damaged": _("This film cannot be read: the file is damaged, or in a form that nobody here knows. Save it as MP4 anew."),
        "empty": _("There is nothing in this film."),
        "no picture": _("This file has no moving picture. Add it to a resource as a sound recording."),
        "too long": _("This film is longer than three hours. Cut it into parts."),
        "too large": _("The pictures of this film are larger than 4096 × 2304. Save it in 1080p, then send that."),
        "streams": _("There are too many tracks in this file. Save it with one picture and one sound."),
    }.get(refused, _("This film needs more memory or time than any film should. Save it as MP4 anew, then send that."))
