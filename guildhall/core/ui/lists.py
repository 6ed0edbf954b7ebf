"""Many things of one kind: tables, lists, facts, what happened, and how to leaf through them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.template import Context
from django.utils.functional import Promise
from django.utils.safestring import SafeString

from guildhall.core.pages import Page
from guildhall.core.ui.basics import figure
from guildhall.core.ui.cells import rows_of
from guildhall.core.ui.component import Worked, component


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading, whether it holds numbers, and the address that sorts by it."""

    label: str | Promise
    numeric: bool = False
    sort_url: str = ""
    sorted: str = ""  # "ascending" or "descending" when the table is sorted by it

    def __str__(self) -> str:
        return str(self.label)


@component
def table(
    content: str,
    *,
    caption: str,
    columns: Sequence[Column | str],
    rows: Iterable[Sequence[SafeString]] | None = None,
    picks: Sequence[tuple[int, str]] = (),
    pick: str = "",
    id: str = "",
    caption_shown: bool = False,
    foot: str = "",
    texts: bool = False,
) -> Worked:
    """Draw a table whose rows become stacks on a phone.

    The content is ``<tr>`` after ``<tr>``, in each a ``<th scope="row">`` for what the row is about and
    ``<td data-heading="…">`` for the rest; ``class="numeric"`` for numbers. The heading is what a phone shows beside the cell.

    Args:
        caption: what the table shows, for those who do not see it.
        columns: the headings, as ``Column`` or as text; an empty one is for actions.
        rows: instead of the content, for long tables: the cells of each row, drawn by ``cells``.
        picks: of each row its number and its name, where rows can be ticked; the table then stands in a form.
        pick: the name under which the ticked numbers are sent.
        id: of the table's body, for htmx.
        caption_shown: whether the caption is to be seen by all.
        foot: a row of sums.
        texts: whether the cells hold texts to be read beside each other: columns of one width, on a phone each under its heading.
    """
    named = [column if isinstance(column, Column) else Column(column) for column in columns]
    if rows is not None:
        content = rows_of(rows, [(str(column), column.numeric) for column in named], picks, pick)
    return {"columns": named, "content": content}


@component
def listing(content: str, *, id: str = "", label: str = "", numbered: bool = False) -> Worked:
    """Draw a list, ``item`` by ``item``.

    Args:
        id: for htmx.
        label: what it lists, where no heading stands right above it.
        numbered: whether the order is a rank the reader should see.
    """


@component
def item(
    content: str,
    *,
    title: str,
    href: str = "",
    icon: str = "",
    picture: str = "",
    aside: str = "",
    id: str = "",
    tone: str = "",
    level: int = 0,
    place: str = "",
) -> Worked:
    """Draw one thing of a list; the content is what is said about it, and its actions.

    Args:
        title: its name.
        href: where the name leads.
        icon: a sign before it.
        picture: something drawn before it instead, such as a window or an avatar.
        aside: what stands at the far edge: a date, a badge.
        id: for htmx.
        tone: "late" for what is overdue.
        level: of the title as a heading; 0 is no heading.
        place: where it stands on a ``map`` beside the list, such as "place-3": whoever points at one sees the other marked.
    """
    return {"level": str(level or "")}  # a template would look up for each row how the language writes numbers


@component
def facts(content: str) -> Worked:
    """Draw what is known of a thing, ``fact`` by ``fact``."""


@component
def fact(content: str, *, label: str, explanation: str = "") -> Worked:
    """Say one thing that is known; without content it says that it is not known.

    Args:
        label: the plain word for it.
        explanation: the official term or definition behind it.
    """
    return {"content": SafeString(content.strip())}


@component
def timeline(content: str, *, label: str, id: str = "") -> Worked:
    """Draw what happened, newest first, ``entry`` by ``entry``.

    Args:
        label: what it is the story of.
        id: for htmx.
    """


@component
def entry(
    content: str, *, at: date | datetime, title: str, icon: str = "dot", by: str = "", tone: str = "plain", id: str = ""
) -> Worked:
    """Tell one thing that happened.

    Args:
        at: when.
        title: what, in a few words.
        icon: its sign.
        by: who did it.
        tone: "plain", "done", "waits" or "wrong".
        id: for htmx.
    """


@component
def tick(*, name: str, value: object, label: str, of: str, ticked: bool = False) -> Worked:
    """Let an ``item`` be ticked, as its ``aside`` or in its content; the ``listing`` then stands in a form, below a ``picked``.

    Args:
        name: under which the value is sent.
        value: the thing's number.
        label: the word beside the box.
        of: the thing's name, for those who do not see what the box belongs to.
        ticked: whether it is already.
    """


@component
def picked(content: str, *, label: str) -> Worked:
    """Hold what can be done with the ticked rows of the table or list below; stays in sight while something is ticked.

    Args:
        label: what it is for, for those who do not see it.
    """


@component
def count_line(content: str, *, id: str = "") -> Worked:
    """Say how many there are; changes are read out.

    Args:
        id: for htmx.
    """


@component
def pager(context: Context, *, page: Page, target: str = "") -> Worked:
    """Leaf through a long list, and say where one is: "51–100 of 2,360", or only "51–100". Keeps the filters of the address.

    Args:
        page: of ``core.pages.Pages``; the address carries it as ``page``.
        target: the CSS selector of what htmx replaces.
    """
    query = context["request"].GET.copy()

    def address(number: int) -> str:
        query["page"] = str(number)
        return f"?{query.urlencode()}"

    total = page.paginator.total
    return {
        "first": figure(page.start_index()),
        "last": figure(page.end_index()),
        "total": "" if total is None else figure(total),
        "previous": address(page.previous_page_number()) if page.has_previous() else "",
        "following": address(page.next_page_number()) if page.has_next() else "",
    }
