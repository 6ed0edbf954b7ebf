"""The smallest parts: a sign, a button, a word that says a state, a person, a date."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from zlib import crc32

from django.conf.locale import LANG_INFO
from django.template import Context
from django.templatetags.static import static
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone, is_aware, localdate
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from guildhall.core.ui.component import Worked, component, kept, register, token_of


@component(keep=True)
def icon(*, name: str, label: str = "") -> Worked:
    """Draw a sign from ``static/ui/icons.svg``.

    Args:
        name: the sign, such as "phone"; the gallery shows them all.
        label: what it says, only where no word stands beside it.
    """
    return {"sprite": sprite()}


def sprite() -> str:
    """The address of the file that holds every sign."""
    return static("ui/icons.svg")


@component
def button(
    content: str,
    *,
    href: str = "",
    kind: str = "plain",
    icon: str = "",
    type: str = "submit",
    small: bool = False,
    **attributes: object,
) -> Worked:
    """Draw a button, or a link that looks like one.

    Args:
        href: where it leads; without it, it sends the form it stands in.
        kind: "primary" (at most one on a page), "plain", "quiet" or "danger".
        icon: the sign before the word.
        type: "submit" or "button", for a button without ``href``.
        small: for rows and cards.
        **attributes: further HTML attributes, such as ``name="next" value="1"`` or ``hx_post="…"``.
    """


@component
def act(
    context: Context,
    content: str,
    *,
    url: str,
    kind: str = "quiet",
    icon: str = "",
    target: str = "",
    swap: str = "outerHTML",
    small: bool = True,
    next: str = "",
    **hidden: object,
) -> Worked:
    """Draw a button that does something at once: a form of its own that POSTs, with its token.

    Args:
        url: where it POSTs.
        kind: as for ``button``.
        icon: the sign before the word.
        target: the CSS selector of what htmx replaces with the answer; without it the page is loaded anew.
        swap: htmx's way of replacing.
        small: as for ``button``.
        next: the address to come back to.
        **hidden: fields that are sent along.
    """
    fields = {**hidden, "next": next} if next else hidden
    return {"fields": fields, "csrf_token": token_of(context)}


@component
def acts(context: Context, content: str, *, target: str = "", swap: str = "outerHTML", next: str = "") -> Worked:
    """Draw several acts in a row as one form: cheaper than as many ``act``, where a list has many of them.

    In it stands a ``button`` with ``formaction="…"`` for each, links and a menu if need be.

    Args:
        target: the CSS selector of what htmx replaces with the answer; without it the page is loaded anew.
        swap: htmx's way of replacing.
        next: the address to come back to.
    """
    return {"csrf_token": token_of(context)}


@component(keep=True)
def badge(content: str, *, tone: str = "plain", icon: str = "") -> Worked:
    """Say a state in a word.

    Args:
        tone: "plain", "brass", "done", "waits" or "wrong"; the word says it too.
        icon: a sign before the word.
    """


@component(keep=True)
def avatar(*, name: str, large: bool = False) -> Worked:
    """Draw a person's initials beside their name.

    Args:
        name: the person's name.
        large: for the head of a page.
    """
    words = [word for word in str(name).replace("-", " ").split() if word[0].isalpha()]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[0] for word in words]
    return {"initials": "".join(letters).upper() or "?", "shade": crc32(str(name).encode()) % 5 + 1}


@component
def marked(*, pieces: Iterable[tuple[str, bool]]) -> Worked:
    """Show a text with some of its words marked, such as those somebody searched for.

    Args:
        pieces: the text in pieces, each with whether it is marked.
    """


@component
def spoken(*, text: str, language: str) -> Worked:
    """Show a few words in the language they are in, so that they are read out as they should be where it is not the page's.

    Args:
        text: a title, a name, a sentence.
        language: its language; "" where nobody knows.
    """
    return {"in_language": in_language(language)}


@register.filter
def in_language(language: str) -> SafeString:
    """Write the attributes of an element whose language is not the page's: ``<div{{ resource.language|in_language }}>``."""
    if not language or language == get_language():
        return SafeString()
    runs_left = LANG_INFO.get(language.partition("-")[0], {}).get("bidi")
    return format_html(' lang="{}"{}', language, SafeString(' dir="rtl"') if runs_left else "")


@register.filter
def own_name(language: str) -> str:
    """Name a language as those do who speak it: "Ελληνικά" for "el"; where that is not known, by its code."""
    name: str = LANG_INFO.get(language, {}).get("name_local", language)
    return name[:1].upper() + name[1:]


@component
def term(content: str, *, explanation: str, id: str = "") -> Worked:
    """Show a plain word with the official term, or a definition, behind it; by mouse, by touch and by keyboard.

    Args:
        explanation: what appears.
        id: to tell two equal ones on a page apart.
    """
    return {"id": id or f"term-{crc32(f'{content}{explanation}'.encode()):x}"}


@component
def moment(*, at: date | datetime | None, tone: str = "", prefix: str = "") -> Worked:
    """Say a date as people do ("in 3 days"), with the exact date on focus or hover.

    Args:
        at: a date, or a point in time; None draws nothing.
        tone: "late" marks what is overdue, "" says nothing.
        prefix: words before it, read out with it.
    """
    if at is None:
        return {"words": ""}
    zone = get_current_timezone()
    today = datetime.now(zone).date()
    if not isinstance(at, datetime):
        return {**_day(at, today), "machine": at.isoformat()}
    here = at.astimezone(zone) if is_aware(at) else at
    day = _day(here.date(), today)
    exact = _("%(date)s at %(time)s") % {"date": day["exact"], "time": f"{here:%H:%M}"}
    return {"words": day["words"], "exact": exact, "machine": here.isoformat(timespec="minutes")}


@kept
def _day(day: date, today: date) -> dict[str, str]:
    return {"words": near_words(day, today), "exact": date_format(day, pgettext("date format", "l, j F Y"))}


@register.filter
def breakable(address: str) -> SafeString:
    """Write a mail or web address so that, where a line is short, it breaks after its signs and not within a word."""
    return format_html_join(SafeString("<wbr>"), "{}", [[part] for part in re.split(r"(?<=[@./])(?=[\w{])", str(address))])


def figure(value: object) -> object:
    """Write a number as the language does, thousands apart; anything else stays as it is."""
    if type(value) is int:
        return _whole(value)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return number_format(value, use_l10n=True, force_grouping=True)
    return value


@kept
def _whole(value: int) -> str:
    return number_format(value, use_l10n=True, force_grouping=True)


def near_words(day: date, today: date | None = None) -> str:
    """Say a day relative to today while it is near, and as a date when it is not.

    From seven days on, weeks; from about two months on, the date itself, with its year only if it is another one.
    """
    today = today or localdate()
    days = (day - today) // timedelta(days=1)
    if days in (-1, 0, 1):
        return {-1: _("yesterday"), 0: _("today"), 1: _("tomorrow")}[days]
    count = abs(days)
    if count < 14:
        if days > 0:
            return ngettext("in %(count)d day", "in %(count)d days", count) % {"count": count}
        return ngettext("%(count)d day ago", "%(count)d days ago", count) % {"count": count}
    weeks = round(count / 7)
    if weeks < 9:
        if days > 0:
            return ngettext("in %(count)d week", "in %(count)d weeks", weeks) % {"count": weeks}
        return ngettext("%(count)d week ago", "%(count)d weeks ago", weeks) % {"count": weeks}
    return date_format(day, pgettext("date format", "j M") if day.year == today.year else pgettext("date format", "j M Y"))
