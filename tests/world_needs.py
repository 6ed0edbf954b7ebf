"""What the walks find behind the addresses of the needs: a talk, links in every state, and what was said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils.timezone import now

from guildhall.engagement import actions
from guildhall.engagement.models import NeedsInterview
from guildhall.engagement.tests.factories import EmployerFactory
from guildhall.people.models import Organisation, User


def fill_needs(school: Organisation, owner: User) -> dict[str, Any]:
    """Let an employer that nothing else is about be asked in all ways there are."""
    employer = EmployerFactory(school=school)
    things: dict[str, Any] = {"asked_employer": employer}

    def asked() -> tuple[NeedsInterview, str]:
        interview, address = actions.ask_by_link(
            employer, person=None, by_letter=False, valid_for=timedelta(days=30), by=owner, at=now()
        )
        return interview, address.rstrip("/").rpartition("/")[2]

    def said(interview: NeedsInterview, *words: str) -> NeedsInterview:
        rows = [{"words": each, "now": 1, "later": 2} for each in words]
        return actions.answer_needs(interview, part="occupations", said={"rows": rows}, by=owner, at=now())

    things["waiting_link"], things["needs_token"] = asked()
    things["closed_link"], things["closed_needs_token"] = asked()
    actions.withdraw_needs_link(things["closed_link"], by=owner, at=now())
    talk = said(actions.begin_needs_interview(employer, language="en", by=owner, at=now()), "Welder", "Soldador", "Turner")
    taken = actions.take_over_needs(talk, kind="visit", held_at=now(), by=owner, at=now())
    things["need"], things["other_need"], _third = taken.needs.order_by("pk")
    things["same_need"] = actions.say_it_is_the_same(
        school, kind="occupation", form="soldador", means="Welder", by=owner, at=now()
    )
    things["talk"] = said(actions.begin_needs_interview(employer, language="en", by=owner, at=now()), "Turner")
    return things


def _of(name: str) -> Callable[[Any], dict[str, Any]]:
    return lambda world: {"pk": getattr(world, name).pk}


AN_EMPLOYER = {"an employer": _of("asked_employer")}
AN_INTERVIEW = {"a talk": _of("talk"), "a link": _of("waiting_link")}
A_LINK = {
    "valid": lambda world: {"token": world.needs_token},
    "withdrawn": lambda world: {"token": world.closed_needs_token},
    "forged": lambda world: {"token": "x" * 43},
}
NEEDS_THINGS: dict[str, dict[str, Callable[[Any], dict[str, Any]]]] = {
    "engagement:needs_employer": AN_EMPLOYER,
    "engagement:needs_begin": AN_EMPLOYER,
    "engagement:needs_link_make": AN_EMPLOYER,
    "engagement:needs_interview": AN_INTERVIEW,
    "engagement:needs_part": {"work": lambda world: {"pk": world.talk.pk, "part": "work"}},
    "engagement:needs_end": AN_INTERVIEW,
    "engagement:needs_withdraw": {"a link": _of("waiting_link")},
    "engagement:needs_drop": {"a talk": _of("talk")},
    "engagement:need_let_go": {"said": _of("need")},
    "engagement:need_take_back": {"said": _of("need")},
    "engagement:needs_apart": {"another word": _of("same_need")},
    "engagement:needs_link": A_LINK,
    "engagement:needs_link_part": {
        key: lambda world, of=of: {**of(world), "part": "work"}  # type: ignore[misc]
        for key, of in A_LINK.items()
    },
}
NEEDS_SENT: dict[str, Callable[[Any], dict[str, Any]]] = {
    "engagement:needs_link_make": lambda world: {"how": "copy", "days": "30"},
    "engagement:needs_part": lambda world: {"day": "Noise"},
    "engagement:needs_link_part": lambda world: {"day": "Noise"},
    "engagement:needs_end": lambda world: {"kind": "visit", "held_at": now().strftime("%Y-%m-%dT%H:%M")},
    "engagement:needs_same": lambda world: {"of": "occupation", "form": "turner", "means": "Welder"},
}
