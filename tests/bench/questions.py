"""Which pages are measured, and what is asked of them in each round."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

from book import Book
from django.utils.timezone import localdate, localtime
from measuring import Page, Question

from guildhall.engagement.models import Plan

TYPED = ["m", "mü", "mül", "müll", "mülle", "müller", "müller m", "müller me", "müller met"]


def pages_of(book: Book, plan: Plan) -> list[Page]:
    """The two floors, and the pages a coordinator has open all day."""
    chosen = book.employers[:: max(1, len(book.employers) // 500)]  # not always the same employer

    def each(address: str) -> Callable[[int], Question]:
        return lambda turn: Question(address.format(chosen[turn % len(chosen)]))

    contact = {
        "kind": "call",
        "held_at": localtime().strftime("%Y-%m-%dT%H:%M"),
        "said": "They have two places from March on, in the workshop and in the office.",
        "next_what": "Send the agreement",
        "next_due_on": str(localdate() + timedelta(days=7)),
    }
    record = each("/engagement/{}/contacts/add/")
    return [
        Page("floor: a constant", each("/bench/constant/")),
        Page("floor: one read", each("/bench/read/{}/")),
        Page("Today", each("/")),
        Page("employer list", each("/engagement/")),
        Page("list, filtered", each(f"/engagement/?owner={book.coordinator.pk}&silent=30&place=Saar")),
        Page("search as you type", lambda turn: Question(f"/engagement/?q={quote(TYPED[turn % len(TYPED)])}", fragment=True)),
        Page("employer page", each("/engagement/{}/")),
        Page("why a level", each("/engagement/{}/level/")),
        Page("portfolio", each("/engagement/portfolio/")),
        Page("portfolio, by sector", each("/engagement/portfolio/sector/")),
        Page("next best steps", each("/engagement/best/")),
        Page("next best steps of all", each("/engagement/best/?who=all")),
        Page("plan", each(f"/engagement/methodology/plans/{plan.pk}/")),
        Page("needs of all", each("/engagement/needs/")),
        Page("record a contact: form", record),
        Page("record a contact: send", lambda turn: Question(record(turn).path, sent=contact, fragment=True)),
    ]
