"""What a school may want of somebody at an employer, each of which they can say yes or no to."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Purpose:
    """One thing a school wants of people: what they are told about it, and whether it needs their yes."""

    key: str
    """Names it in addresses and files."""
    statement: str
    """The purpose of the ``people.Statement`` they are told or asked."""
    title: str | Promise
    yes: str | Promise
    """What is said of somebody who agreed."""
    no: str | Promise
    needs_yes: bool
    """Whether it is done only with who agreed. Otherwise it rests on the school's task, and with who objected it is not done."""


#: So that learners find places: the school's task (GDPR, Article 6(1)(e) or (f)), to which one can object (Article 21).
PLACEMENTS = Purpose(
    key="placements",
    statement="engagement.contact_information",
    title=_("Calls, visits and letters about placements"),
    yes=_("knows what we note, and agrees"),
    no=_("not about placements"),
    needs_yes=False,
)
#: What they did not ask for and do not need: only with consent (GDPR, Article 6(1)(a); ePrivacy Directive, Article 13).
NEWS = Purpose(
    key="news",
    statement="engagement.news",
    title=_("News and invitations by mail"),
    yes=_("wants news"),
    no=_("no news"),
    needs_yes=True,
)
#: Learners are not the school's staff: only with consent.
LEARNERS = Purpose(
    key="learners",
    statement="engagement.shown_to_learners",
    title=_("Shown to learners as the one to turn to"),
    yes=_("shown to learners"),
    no=_("not shown to learners"),
    needs_yes=True,
)
PURPOSES = [PLACEMENTS, NEWS, LEARNERS]
BY_KEY = {purpose.key: purpose for purpose in PURPOSES}
