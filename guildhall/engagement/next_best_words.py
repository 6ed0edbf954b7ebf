"""Saying what comes next with an employer, and why."""

from __future__ import annotations

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext

from guildhall.engagement.catalogue import Catalogue
from guildhall.engagement.methodology.next_best import Situation, Suggestion
from guildhall.engagement.models.contacts import LONGEST_STEP

#: What to do by each rule, but for the promise that says so itself.
SENTENCES = {
    "has_answered": gettext_noop("Read what they answered and get back to them"),
    "level_falls": gettext_noop("Call, and arrange something to do together"),
    "offer_open": gettext_noop("Take up what they offered: %(activity)s"),
    "plan_says": gettext_noop("Ask whether they join in: %(activity)s"),
    "silent": gettext_noop("Call and ask how they are"),
    "needs_not_asked": gettext_noop("Ask what they need"),
    "needs_asked_long_ago": gettext_noop("Ask anew what they need"),
    "never_spoken": gettext_noop("Make the first call"),
}


def what(suggestion: Suggestion, now: Situation, known: Catalogue) -> str:
    """Say what to do, as one would write it down as a next step."""
    if suggestion.rule == "promise_overdue":
        return now.promise.what if now.promise else ""
    return (_(SENTENCES[suggestion.rule]) % {"activity": known.name(suggestion.kind)})[:LONGEST_STEP]


def why(suggestion: Suggestion, now: Situation, steps: dict[int, str]) -> str:
    """Say the reason; ``steps`` are the titles of the plan's steps by number."""
    day = {"day": _day(suggestion.on) if suggestion.on else ""}
    match suggestion.rule:
        case "promise_overdue":
            return _("You promised it until %(day)s.") % day
        case "has_answered":
            return _("They have answered the questions you sent, and nobody has read it yet.")
        case "level_falls":
            about = {**day, "level": now.level, "to": now.falls.to if now.falls else 0}
            if not about["to"]:
                return _("Otherwise nothing you did together counts any more from %(day)s on.") % day
            return _("Otherwise level %(level)d becomes %(to)d on %(day)s.") % about
        case "offer_open":
            return _("They offered it on %(day)s, and it has not come about yet.") % day
        case "plan_says":
            return _("Your plan has “%(step)s” until %(day)s, and you are in touch with them.") % {
                **day,
                "step": steps.get(suggestion.step, ""),
            }
        case "silent":
            return _("Nobody has spoken to them since %(day)s.") % day
        case "needs_not_asked":
            return _("You are in touch, and nobody has asked them yet.")
        case "needs_asked_long_ago":
            return _("They were last asked on %(day)s.") % day
        case _:
            return _("They are in the book, and nobody has called yet.")


def _day(day: date) -> str:
    return date_format(day, pgettext("date format", "j M Y"))
