"""What the walks find behind the addresses of what is done with employers: kinds of activity, levels, the next best step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.timezone import now

from guildhall.engagement import actions
from guildhall.engagement.tests.factories import EmployerFactory
from guildhall.people.models import Organisation, User


def fill_activities(school: Organisation, owner: User) -> dict[str, Any]:
    """Let the school have kinds of activity of its own, one of them retired, and an employer that nobody has called yet."""

    def added(name: str) -> Any:
        facts = {"name": name, "area": "1.1", "rung": 2, "school_hours": 3, "employer_hours": 1}
        return actions.add_own_activity(school, facts=facts, by=owner, at=now())

    retired = actions.retire_own_activity(added("Open day"), by=owner, at=now())
    return {
        "own_activity": added("Evening of trades"),
        "retired_activity": retired,
        "uncalled_employer": EmployerFactory(school=school),
    }


def _of(name: str) -> Callable[[Any], dict[str, Any]]:
    return lambda world: {"pk": getattr(world, name).pk}


A_KIND = {"the school's": _of("own_activity"), "no longer offered": _of("retired_activity")}
ACTIVITY_THINGS: dict[str, dict[str, Callable[[Any], dict[str, Any]]]] = {
    **{f"engagement:own_activity_{deed}": A_KIND for deed in ("change", "retire", "offer")},
    "engagement:level": {"an employer": _of("employer")},
    "engagement:papers": {"an employer": _of("employer")},
    # Everybody sees their own school's there.
    "engagement:portfolio_parts": {"shared address": lambda world: {"by": "sector"}},
    "engagement:next_best_take": {
        "suggested": lambda world: {"pk": world.uncalled_employer.pk, "rule": "never_spoken"},
        "not suggested": lambda world: {"pk": world.uncalled_employer.pk, "rule": "silent"},
    },
}
ACTIVITY_SENT: dict[str, Callable[[Any], dict[str, Any]]] = {
    f"engagement:own_activity_{deed}": lambda world: {
        "name": "Breakfast", "area": "1.1", "rung": 2, "school_hours": 3, "employer_hours": 1,
    }
    for deed in ("add", "change")
}  # fmt: skip
