"""Why two entries may be one, in people's words."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guildhall.engagement.likeness.reasons import LIKELY, SURE, Reason

SENTENCES = {
    Reason.NUMBER: gettext_lazy("Same register number: %(shared)s"),
    Reason.NAME: gettext_lazy("Same name, however it is written"),
    Reason.NAME_ALIKE: gettext_lazy("Similar name"),
    Reason.ADDRESS: gettext_lazy("Same address"),
    Reason.ADDRESS_ALIKE: gettext_lazy("Similar address"),
    Reason.TOWN: gettext_lazy("Same town"),
    Reason.PHONE: gettext_lazy("Same telephone number"),
    Reason.MAIL: gettext_lazy("Same e-mail address"),
    Reason.DOMAIN: gettext_lazy("Same address on the web or behind the @: %(shared)s"),
    Reason.EMPLOYER: gettext_lazy("At the same employer"),
    Reason.OTHER_NUMBER: gettext_lazy("But the register numbers differ"),
    Reason.OTHER_TOWN: gettext_lazy("But in another town"),
    Reason.OTHER_MAIL: gettext_lazy("But the e-mail addresses differ"),
}


def in_words(reasons: Iterable[tuple[str, str]]) -> list[str]:
    """Say the reasons of a pair, one after the other."""
    return [str(SENTENCES[Reason(code)]) % {"shared": shared} for code, shared in reasons]


def how_likely(score: int) -> tuple[str, str]:
    """Say a likelihood in a word, and with the tone of its badge."""
    if score >= SURE:
        return _("nearly certain"), "brass"
    return (_("likely"), "waits") if score >= LIKELY else (_("possible"), "plain")
