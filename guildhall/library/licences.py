"""Open licences: what each allows, and which may be given to something made from something else.

Source of the rules: the licences themselves (creativecommons.org/licenses, version 4.0) and Creative Commons' compatibility
chart for adaptations.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


@dataclass(frozen=True)
class Licence:
    """A licence by its short name; ``uri`` names it to other programs, "" where none is known."""

    key: str
    label: str | Promise
    uri: str
    means: str | Promise
    is_alike: bool = False
    """What is made from it must come under the same licence."""
    is_for_commerce: bool = True
    is_to_be_changed: bool = True
    is_free_of_names: bool = False
    """Nobody need be named."""

    @property
    def is_open(self) -> bool:
        """Whether repositories of open educational resources take it: it may be changed, and used for money."""
        return self.is_for_commerce and self.is_to_be_changed


_CC = "https://creativecommons.org/licenses"
#: What may be chosen here, the one that is preset first.
LICENCES = {
    licence.key: licence
    for licence in [
        Licence("by", "CC BY 4.0", f"{_CC}/by/4.0/", gettext_lazy("Anyone may use, change and share it who names you.")),
        Licence(
            "by-sa",
            "CC BY-SA 4.0",
            f"{_CC}/by-sa/4.0/",
            gettext_lazy("Anyone may use, change and share it who names you and passes it on under the same licence."),
            is_alike=True,
        ),
        Licence(
            "cc0",
            "CC0 1.0",
            "https://creativecommons.org/publicdomain/zero/1.0/",
            gettext_lazy("Anyone may do anything with it, without naming you."),
            is_free_of_names=True,
        ),
        Licence(
            "by-nc",
            "CC BY-NC 4.0",
            f"{_CC}/by-nc/4.0/",
            gettext_lazy("Not for money: a private school or a training firm may not use it."),
            is_for_commerce=False,
        ),
        Licence(
            "by-nc-sa",
            "CC BY-NC-SA 4.0",
            f"{_CC}/by-nc-sa/4.0/",
            gettext_lazy("Not for money, and only under the same licence: a private school or a training firm may not use it."),
            is_alike=True,
            is_for_commerce=False,
        ),
        Licence(
            "by-nd",
            "CC BY-ND 4.0",
            f"{_CC}/by-nd/4.0/",
            gettext_lazy("Not to be changed: nobody may translate or adapt it."),
            is_to_be_changed=False,
        ),
        Licence(
            "by-nc-nd",
            "CC BY-NC-ND 4.0",
            f"{_CC}/by-nc-nd/4.0/",
            gettext_lazy("Not for money and not to be changed: nobody may translate or adapt it."),
            is_for_commerce=False,
            is_to_be_changed=False,
        ),
    ]
}
#: What things elsewhere, which are listed here as links, may be under besides. Nobody can choose these for what is their own.
ELSEWHERE = {
    licence.key: licence
    for licence in [
        Licence(
            "other",
            gettext_lazy("Another licence"),
            "",
            gettext_lazy("Its page says which one, and what it allows."),
            is_for_commerce=False,
            is_to_be_changed=False,
        ),
        Licence(
            "unstated",
            gettext_lazy("No licence named"),
            "",
            gettext_lazy("Nobody has said what is allowed: look at its page, and ask before you do more than read it."),
            is_for_commerce=False,
            is_to_be_changed=False,
        ),
    ]
}
KNOWN = LICENCES | ELSEWHERE
PRESET = "by"
CHOICES = [(licence.key, licence.label) for licence in LICENCES.values()]


def named_by(uri: str) -> Licence | None:
    """Return the licence an address names, whatever its version, language or scheme, or None for one that is not known here."""
    path = uri.strip().lower().split("://")[-1].removeprefix("www.").rstrip("/")
    for licence in LICENCES.values():
        stem = licence.uri.split("://")[1].rstrip("/").rpartition("/")[0]
        if path == stem or path.startswith(f"{stem}/"):
            return licence
    return None


def obstacle(source: Licence, made: Licence) -> str:
    """Say why something made from a source under one licence cannot come under another; "" where it can.

    Made from means changed: translated, adapted or mixed. A plain copy keeps its own licence.
    """
    words = {"source": source.label, "made": made.label}
    if source.key in ELSEWHERE:
        return _("It is not known here under which licence its source is: ask those who made it first.")
    if not source.is_to_be_changed:
        return _("Its source is under %(source)s: it may be passed on as it is, but not translated or changed.") % words
    if source.is_alike and made.key != source.key:
        return _("Its source is under %(source)s: what is made from it must be under %(source)s too, not %(made)s.") % words
    if not source.is_for_commerce and made.is_for_commerce:
        return (
            _("Its source is under %(source)s, not for money: what is made from it cannot allow that, as %(made)s does.") % words
        )
    if not source.is_free_of_names and made.is_free_of_names:
        return _("Its source is under %(source)s: its authors must be named, which %(made)s does not ask for.") % words
    return ""
