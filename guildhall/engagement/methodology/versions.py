"""What a newer version of the methodology changes for a plan that follows an older one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from guildhall.engagement.models import PlanStep


@dataclass(frozen=True)
class Moving:
    """``gone``: steps of the plan that the version no longer has; ``new``: steps it has and the plan has not, by area.

    ``counted`` and ``not_counted`` are the indicators that come and go.
    """

    gone: list[PlanStep]
    new: dict[str, list[dict[str, Any]]]
    counted: list[str]
    not_counted: list[str]

    @property
    def is_in_words_only(self) -> bool:
        return not (self.gone or self.new or self.counted or self.not_counted)


def moving_on(steps: Iterable[PlanStep], indicators: Iterable[str], begun: Iterable[str], same: Mapping[str, Any]) -> Moving:
    """Compare a plan with a version of the methodology.

    Args:
        steps: all of the plan.
        indicators: the keys of those the plan has.
        begun: the numbers of the areas it has begun with, in its order.
        same: of the version.
    """
    planned, indicators, begun = list(steps), list(indicators), list(begun)
    there = {(number, step["key"]) for number, area in same["areas"].items() for step in area["steps"]}
    held = {(step.area, step.key) for step in planned}
    new = {
        number: missing
        for number in begun
        if (missing := [step for step in same["areas"].get(number, {"steps": []})["steps"] if (number, step["key"]) not in held])
    }
    wanted = indicators_of(begun, same)
    return Moving(
        gone=[step for step in planned if step.key and (step.area, step.key) not in there],
        new=new,
        counted=[key for key in wanted if key not in indicators],
        not_counted=[key for key in indicators if key not in same["indicators"]],
    )


def indicators_of(areas: Iterable[str], same: Mapping[str, Any]) -> list[str]:
    """Return the indicators of some areas, in their order, each once."""
    return list(dict.fromkeys(key for number in areas if number in same["areas"] for key in same["areas"][number]["indicators"]))
