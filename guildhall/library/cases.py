"""A practice case on its way: what is to be written, about how long each part takes, and how far one is.

The parts are told in an order in which one remembers them; together they take about twenty minutes.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from guildhall.library.models import Described


@dataclass(frozen=True)
class Asked:
    """What a part of a case is about: a question that leads to it, with a word on its length."""

    question: str | Promise
    minutes: int


#: The parts of a case (``kinds.CASE_PARTS``).
ASKED: dict[str, Asked] = {
    "context": Asked(_("Which school, which trade, which region, and what was usual there before? Three or four sentences."), 2),
    "challenge": Asked(_("What did not work, and how did you notice? Two or three sentences."), 2),
    "done": Asked(
        _(
            "What did you do, step by step, so that somebody else could do the same? The longest part: ten sentences, or a "
            "numbered list."
        ),
        5,
    ),
    "with_whom": Asked(_("Who took part, and what did each of them bring along? A line for each of them."), 2),
    "results": Asked(
        _("What is different now, and how do you know? Three or four sentences; figures have a place of their own below."), 3
    ),
    "failed": Asked(
        _("What would you not do again, and what is still open? Two or three sentences: this is what others learn most from."),
        2,
    ),
    "travels": Asked(
        _("What does somebody need who wants to do the same elsewhere, and what can be left out? Three sentences."), 2
    ),
}
#: What else is asked: minutes by field.
_OTHERS = {"summary": 1, "authors": 1}


@dataclass(frozen=True)
class HowFar:
    """How far a case is: of ``total`` parts ``done`` are written. ``following`` is the field to be filled in next, or ""."""

    done: int
    total: int
    minutes_left: int
    following: str


def how_far(case: Described) -> HowFar:
    """Say how far the telling of a case is."""
    written = {part: bool(str(case.account.get(part, "")).strip()) for part in ASKED}
    written |= {"summary": bool(case.summary.strip()), "authors": bool(case.authors)}
    minutes = {part: asked.minutes for part, asked in ASKED.items()} | _OTHERS
    open_parts = [part for part, is_written in written.items() if not is_written]
    return HowFar(
        done=len(written) - len(open_parts),
        total=len(written),
        minutes_left=sum(minutes[part] for part in open_parts),
        following=open_parts[0] if open_parts else "",
    )
