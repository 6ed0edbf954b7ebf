"""What a page is made of: its head, its parts, the ways on, and what it says when there is nothing."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.messages.storage.base import Message
from django.template import Context

from guildhall.core.ui.basics import in_language, sprite
from guildhall.core.ui.component import Worked, component, token_of

SIGNS = {"plain": "info", "done": "check", "waits": "clock", "wrong": "wrong"}


@component
def page_head(content: str, *, title: str, sentence: str = "", over: str = "", level: int = 1) -> Worked:
    """Head a page: its one title, one sentence that says what it is for, and (as content) its actions.

    Args:
        title: the page's only h1.
        sentence: what the page is for.
        over: a few words above the title, such as the kind of thing this is.
        level: of the heading, where it heads something inside a page.
    """


@component
def hero(content: str, *, title: str, sentence: str, level: int = 1) -> Worked:
    """Head the first page a visitor sees, with the window at its side; the content is its buttons.

    Args:
        title: what this is, in a line.
        sentence: what one gets from it.
        level: of the heading, where it heads something inside a page.
    """
    return {"sprite": sprite()}


@component
def breadcrumbs(content: str) -> Worked:
    """Show the way back up, as ``crumb`` after ``crumb``; the page itself is not among them."""


@component
def crumb(content: str, *, href: str) -> Worked:
    """Name one page on the way up.

    Args:
        href: its address.
    """


@component
def section(content: str, *, title: str, sentence: str = "", id: str = "", level: int = 2, action: str = "") -> Worked:
    """Set a part of the page under a heading.

    Args:
        title: its heading.
        sentence: what it is for.
        id: an anchor, and what htmx may replace.
        level: of the heading.
        action: a button beside the heading, made before with ``{% button … %}…{% endbutton as name %}``.
    """
    return {"level": str(level)}


@component
def card(content: str, *, title: str = "", href: str = "", level: int = 2, id: str = "", tone: str = "plain") -> Worked:
    """Set something apart on a sheet of its own.

    Args:
        title: its heading.
        href: where the heading leads.
        level: of the heading.
        id: an anchor, and what htmx may replace.
        tone: "plain" or "brass" for the one thing to be seen first.
    """


@component
def prose(content: str, *, language: str = "") -> Worked:
    """Set a text that somebody wrote: headings, paragraphs, lists, tables.

    Args:
        language: of the text, where it may be another than the page's.
    """
    return {"in_language": in_language(language)}


@component
def paper(content: str, *, language: str = "") -> Worked:
    """Set a paper that is printed and written on; its page loads ``ui/paper.css``.

    In it stand headings, paragraphs, lists and tables, and: ``<p class="to-fill"><span>…</span> <span class="blank"></span></p>``
    for words with a line up to the edge, ``<div class="ruled"></div>`` for a line across, ``<span class="box"></span>`` for a box
    to tick, ``<ul class="checks" role="list">`` for a list of such, and ``<td class="open"></td>`` for a cell to write into. The
    head of the page is printed along, its buttons, tabs and notes are not.

    Args:
        language: of the paper, where it may be another than the page's.
    """
    return {"in_language": in_language(language)}


@component
def split(content: str) -> Worked:
    """Set the page in a wide column and, in ``side``, a narrow one; on a phone they follow each other."""


@component
def side(content: str) -> Worked:
    """Set the narrow column of a ``split``; it comes after the wide part."""


@component
def contents(content: str, *, title: str, level: int = 2) -> Worked:
    """Lead to the parts of a long page, ``<li><a href="#…">`` after ``<li>``.

    In a ``side`` that comes first in its ``split`` it stays in sight beside the text; on a phone it stands above it.

    Args:
        title: what it is, such as "On this page".
        level: of the heading.
    """


@component
def grid(content: str, *, size: str = "medium") -> Worked:
    """Set equal things beside each other, as many as there is room for.

    Args:
        size: of the smallest: "small" (figures), "medium" (cards) or "large".
    """


@component
def cluster(content: str, *, spread: bool = False) -> Worked:
    """Set small things (buttons, badges) in a line that wraps.

    Args:
        spread: push the first and the last to the edges.
    """


@component
def tabs(content: str, *, label: str) -> Worked:
    """Offer several pages of one subject, ``tab`` by ``tab``.

    Args:
        label: what the tabs are about, for those who do not see them.
    """


@component
def tab(content: str, *, href: str, current: bool = False, count: int | None = None) -> Worked:
    """Lead to one page of several.

    Args:
        href: its address.
        current: whether it is this page.
        count: how many things are on it.
    """


@component
def menu(content: str, *, label: str, icon: str = "more", quiet: bool = True, align: str = "end") -> Worked:
    """Offer more actions behind one button, ``menu_item`` by ``menu_item``. Opens without JavaScript.

    Args:
        label: the button's words.
        icon: the button's sign.
        quiet: whether the words are hidden from sight.
        align: the edge it opens along: "start" or "end".
    """


@component(keep=True)
def menu_item(content: str, *, href: str, icon: str = "", **attributes: object) -> Worked:
    """Lead somewhere from a menu. For something done at once put an ``act`` into the menu.

    Args:
        href: where it leads.
        icon: the sign before the word.
        **attributes: further HTML attributes.
    """


@component
def dialog(
    content: str, *, id: str, title: str, opener: str, href: str, kind: str = "plain", icon: str = "", small: bool = False
) -> Worked:
    """Ask something in a window over the page. Without JavaScript the button leads to a page that asks the same.

    Args:
        id: the dialog's id.
        title: its heading.
        opener: the button's words.
        href: the page that does the same. Without content, the dialog fetches its inside from there when it opens.
        kind: of the button, as for ``button``.
        icon: of the button.
        small: as for ``button``.
    """


@component
def note(content: str, *, title: str = "", tone: str = "plain") -> Worked:
    """Say something that must not be overlooked.

    Args:
        title: what it is about.
        tone: "plain", "done", "waits" or "wrong".
    """
    return {"sign": SIGNS[tone]}


@component
def message(context: Context, *, message: Message) -> Worked:
    """Tell what came of something, once; "Undo" stands beside it when its ``extra_tags`` are "undo:/address".

    Args:
        message: of Django's messages.
    """
    tone = {"success": "done", "warning": "waits", "error": "wrong"}.get(message.level_tag, "plain")
    undo = message.extra_tags.removeprefix("undo:") if (message.extra_tags or "").startswith("undo:") else ""
    return {"tone": tone, "sign": SIGNS[tone], "undo": undo, "csrf_token": token_of(context) if undo else ""}


@component
def empty_state(content: str, *, title: str, icon: str = "") -> Worked:
    """Say that there is nothing yet and, as content, what to do next, with its button.

    Args:
        title: what is not there.
        icon: a sign instead of the window.
    """
    return {"sprite": sprite()}


@component
def steps(*, labels: Sequence[str], current: int) -> Worked:
    """Show where one stands in a task of several pages.

    Args:
        labels: what each step does.
        current: the number of this step, from 1.
    """
    states = ["done" if number < current else "now" if number == current else "ahead" for number in range(1, len(labels) + 1)]
    return {"steps": list(zip(labels, states, strict=True))}
