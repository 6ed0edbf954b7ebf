"""Where people would rather look than read: the window of six panes, figures, charts, progress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import floor, log10

from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from guildhall.core.ui.basics import figure, in_language
from guildhall.core.ui.component import Worked, component

#: What a chart shows: one to four of (name, values).
Series = Sequence[tuple[str, Sequence[float]]]

_STATES = {"dark": gettext_lazy("nothing yet"), "touched": gettext_lazy("touched"), "lively": gettext_lazy("lively")}


@dataclass(frozen=True)
class Pane:
    """One pane of a window: what it stands for, and whether it is "dark", "touched" or "lively".

    Its state is "" in a full window that is nobody's and only leads to what its panes stand for.
    """

    label: str | Promise
    state: str = "dark"
    detail: str | Promise = ""
    url: str = ""

    @property
    def words(self) -> str:
        return str(_STATES[self.state]) if self.state else ""


# The outline of each pane, and of its lower half, on a ground of 20 by 20: the upper corners of the window are round.
OUTLINES = [
    ("M1 9V4.5a3.5 3.5 0 0 1 3.5-3.5H6v8z", "M1 9V5h5v4z"),
    ("M7.5 1h5v8h-5z", "M7.5 5h5v4h-5z"),
    ("M14 1h1.5A3.5 3.5 0 0 1 19 4.5V9h-5z", "M14 5h5v4h-5z"),
    ("M1 11h5v8H1z", "M1 15h5v4H1z"),
    ("M7.5 11h5v8h-5z", "M7.5 15h5v4h-5z"),
    ("M14 11h5v8h-5z", "M14 15h5v4h-5z"),
]


@component
def window(
    *, panes: Sequence[Pane], full: bool = False, label: str = "", rows: Sequence[str] = (), columns: Sequence[str] = ()
) -> Worked:
    """Draw the window of six panes: small beside a name, or full with the words beside it.

    Args:
        panes: six, the upper row first.
        full: whether the words stand in the panes.
        label: what the window is of, for those who do not see it.
        rows: the names of the two rows, full only.
        columns: the names of the three columns, full only.
    """
    if len(panes) != 6:
        raise ValueError("A window has six panes.")
    lit = "; ".join([f"{pane.label}: {pane.words}" for pane in panes if pane.state != "dark"])
    if not full:
        return {"words": lit or str(_STATES["dark"]), "drawn": _drawn(tuple([pane.state for pane in panes]))}
    return {"halves": [{"name": rows[half] if rows else "", "panes": panes[half * 3 : half * 3 + 3]} for half in (0, 1)]}


@cache
def _drawn(states: tuple[str, ...]) -> SafeString:
    """The six panes as SVG: an outline when dark, its lower half filled when touched, all of it when lively."""
    return format_html_join(
        "",
        '{}<path class="{}" d="{}"/>',
        [
            (format_html('<path class="glow" d="{}"/>', half) if state == "touched" else "", state, whole)
            for state, (whole, half) in zip(states, OUTLINES, strict=True)
        ],
    )


@component
def stat(*, label: str, value: object, definition: str = "", unit: str = "", href: str = "", change: str = "") -> Worked:
    """Show a figure with its definition behind it; no figure goes without one, unless somebody else tells it.

    Args:
        label: what is counted.
        value: the figure, ready to be shown.
        definition: what exactly is counted, over which time, from what.
        unit: after the figure.
        href: the things behind the figure.
        change: how it was before, in words.
    """
    return {"value": figure(value)}


@component
def leaf(*, address: str, label: str, width: int, height: int, words: str = "", language: str = "") -> Worked:
    """Show a page of a file as a picture, fetched when it comes into view; its words are read out by who sees no pictures.

    Args:
        address: of the picture.
        label: which page it is, of how many.
        width: of the picture in pixels, so that the place is kept until it is there.
        height: of the picture in pixels.
        words: what stands on the page.
        language: of the words, where it may be another than the page's.
    """
    return {"in_language": in_language(language), "width": str(width), "height": str(height)}


@component
def progress(*, label: str, done: int, total: int, url: str = "", finished: bool = False, id: str = "progress") -> Worked:
    """Show how far a long task is. While it runs the page asks ``url`` every second for this same part.

    Args:
        label: what is being done now.
        done: how much of ``total`` is done.
        total: 0 while it is not known.
        url: answers with the fragment that holds this component; without it nothing is asked.
        finished: whether it has ended, well or not.
        id: of the part that is replaced.
    """
    return {
        "percent": round(100 * done / total) if total else None,
        "done_words": figure(done),
        "total_words": figure(total),
    }


@component
def chart(
    *,
    title: str,
    labels: Sequence[str],
    series: Series,
    kind: str = "bars",
    unit: str = "",
    sentence: str = "",
    most: float = 0,
) -> Worked:
    """Draw bars or lines on the server, with the same data as a table one click away.

    Args:
        title: what it shows.
        labels: of the values, left to right.
        series: one to four of (name, values), each as long as ``labels``.
        kind: "bars" or "lines".
        unit: of the values.
        sentence: what one should see in it.
        most: the largest value there can be, where the scale ends; else it ends where the values do.
    """
    top = most or _round_up(max((value for _name, values in series for value in values), default=0))
    return {
        "rows": [(label, [figure(values[at]) for _name, values in series]) for at, label in enumerate(labels)],
        **({"lines": _lines(series, top)} if kind == "lines" else {"bars": _bars(labels, series, top)}),
        "heights": [figure(top), figure(top / 2 if top % 2 else top // 2), 0],
        "ends": [labels[0], labels[len(labels) // 2], labels[-1]] if len(labels) > 2 else labels,
    }


def _bars(labels: Sequence[str], series: Series, top: float) -> list[tuple[str, list[tuple[str, str, object, str]]]]:
    """For each label its bars: the number and the name of the series, the value, and its part of the whole length in percent."""
    numbered = [(str(number), name, values) for number, (name, values) in enumerate(series, start=1)]
    return [
        (label, [(number, name, figure(values[at]), _percent(values[at], top)) for number, name, values in numbered])
        for at, label in enumerate(labels)
    ]


def _lines(series: Series, top: float) -> list[tuple[str, str, SafeString]]:
    """For each series its number, its name, and its line drawn."""
    return [(str(number), name, _line(number, values, top)) for number, (name, values) in enumerate(series, start=1)]


def _line(number: int, values: Sequence[float], top: float) -> SafeString:
    """A line as SVG on a ground of 100 by 100, with a spot at each of its points."""
    points = [(_percent(at, max(len(values) - 1, 1)), _percent(top - value, top)) for at, value in enumerate(values)]
    spot = '<path class="spot series-{}" vector-effect="non-scaling-stroke" d="M{} {}h0"/>'
    return format_html(
        '<polyline class="series-{}" vector-effect="non-scaling-stroke" points="{}"/>{}',
        number,
        format_html_join("", "{},{} ", points),
        format_html_join("", spot, [(number, x, y) for x, y in points]),
    )


def _percent(part: float, whole: float) -> str:
    """As SVG writes numbers, whatever the language."""
    return str(round(100 * part / whole, 2))


def _round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50, … from ``value`` on: where a scale may end."""
    if value <= 0:
        return 1
    power = 10 ** floor(log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value)
