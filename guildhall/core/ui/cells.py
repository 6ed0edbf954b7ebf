"""Cells of long tables and choices of long lists, drawn straight from values.

A template costs ten times what a few words do, and a list has hundreds of cells. What a cell looks like is said here and nowhere
else; a room gives values, ``table`` draws the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from html import escape as escaped
from itertools import repeat
from typing import Any

from django.forms.utils import flatatt
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

from guildhall.core.forms import Counted
from guildhall.core.ui.basics import figure
from guildhall.core.ui.component import draw, kept, register

_NUMERIC = ' class="numeric"'
_OPTION = ['<option value="{}">{}</option>', '<option value="{}" selected>{}</option>']
_CHOICE = '<div><label{}><input type="{}" name="{}" value="{}"{}> {}</label></div>'
_BOX = (
    '<td class="pick"><label><input type="checkbox" name="{pick}" value="{number}">'
    '<span class="hidden">{name}</span></label></td>'
)


def plain(words: object, *, under: str = "") -> SafeString:
    """Say something; ``under`` it, smaller, what belongs to it."""
    return SafeString(f"<div>{_escape(words)}{_under(under)}</div>" if under else _escape(words))


def missing(words: object) -> SafeString:
    """Say that there is nothing, in a word: "nobody yet"."""
    return SafeString(f'<span class="muted">{_escape(words)}</span>')


def named(name: object, *, href: str, picture: str = "", under: str = "") -> SafeString:
    """Name what the row is about, with the way to it; ``picture`` is something drawn before it, such as a window."""
    return SafeString(f'{picture and conditional_escape(picture)} <a href="{_escape(href)}">{_escape(name)}</a>{_under(under)}')


def day(at: date, *, today: date, late: bool = False, under: str = "") -> SafeString:
    """Say a date as people do, with the exact one behind it; ``late`` marks what is overdue."""
    shown = _day(at, today, late)
    return SafeString(f"<div>{shown}{_under(under)}</div>") if under else shown


def rows_of(
    rows: Iterable[Sequence[SafeString]],
    columns: Sequence[tuple[str, bool]],
    picks: Sequence[tuple[int, str]] = (),
    pick: str = "",
) -> SafeString:
    """Draw the rows of a table: the first cell of each names it. ``columns`` are the headings, and whether they hold numbers.

    With ``picks``, the number and the name of each row, it begins with a box to tick, called ``pick``.
    """
    starts = [f'<td data-heading="{_escape(heading)}"{_NUMERIC if numeric else ""}>' for heading, numeric in columns[1:]]
    boxes = [_BOX.format(pick=pick, number=number, name=_escape(name)) for number, name in picks]
    drawn = []
    for (head, *others), box in zip(rows, boxes or repeat(""), strict=bool(boxes)):
        cells = "</td>".join([start + cell for start, cell in zip(starts, others, strict=True)])
        drawn.append(f'<tr>{box}<th scope="row">{head}</th>{cells}</td></tr>\n')
    return SafeString("".join(drawn))


@register.filter
def attributes(given: dict[str, Any]) -> SafeString:
    """Write the attributes of a widget or of one of its choices."""
    return flatatt(given)


@register.filter
def options(optgroups: Iterable[tuple[object, Sequence[dict[str, Any]], int]]) -> SafeString:
    """Draw the choices of a select, as its widget gives them: there are forms with two hundred countries."""
    drawn = []
    for group, choices, _index in optgroups:
        inside = [
            _OPTION[bool(choice["selected"])].format(_escape(choice["value"]), _words_of(choice["label"])) for choice in choices
        ]
        drawn.extend([f'<optgroup label="{_escape(group)}">', *inside, "</optgroup>"] if group else inside)
    return SafeString("".join(drawn))


@register.filter
def choices(optgroups: Iterable[tuple[object, Sequence[dict[str, Any]], int]]) -> SafeString:
    """Draw the choices of radio buttons or boxes to tick, as their widget gives them."""
    drawn = []
    for group, offered, _index in optgroups:
        inside = "".join([_choice(**choice) for choice in offered])
        drawn.append(f"<div><label>{_escape(group)}</label>{inside}</div>" if group else inside)
    return SafeString("".join(drawn))


def _choice(*, type: str, name: str, value: object, attrs: dict[str, Any], label: Any, **_others: object) -> str:
    named = flatatt({"for": attrs["id"]}) if attrs.get("id") else ""
    return _CHOICE.format(named, type, _escape(name), _escape(value), flatatt(attrs), conditional_escape(label))


def _escape(words: object) -> str:
    """Escape as Django's ``escape`` does, less what that does for sentences not translated yet, at each of a thousand cells."""
    return escaped(str(words))


def _words_of(label: Any) -> str:
    if isinstance(label, Counted):
        return f"{_escape(label)} ({figure(label.count)})"
    words = str(label)
    return "—" if words == "---------" else conditional_escape(label)  # the dashes are Django's for "nothing"


def _under(words: str) -> str:
    return f'<span class="under">{_escape(words)}</span>' if words else ""


@kept
def _day(at: date, today: date, late: bool) -> SafeString:  # today is part of what is remembered: tomorrow it reads otherwise
    return draw("moment", at=at, tone="late" if late else "")
