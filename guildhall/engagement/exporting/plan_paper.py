"""A school's plan on paper, for its board: as a PDF that archives keep and screen readers read (PDF/A-2a, PDF/UA-1).

Typst sets it from ``data/plan.typ``; what people wrote reaches it as data only.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from guildhall.engagement.exporting.sheet import MEDIA_TYPE as MEDIA_TYPE
from guildhall.engagement.exporting.sheet import compiled, printable
from guildhall.engagement.methodology.planning import pace_for
from guildhall.engagement.methodology.reading import ReadPlan, ReadStep, hours_of
from guildhall.engagement.models import PlanStep

_TEMPLATE = Path(__file__).parent.parent / "data" / "plan.typ"


def pdf(read: ReadPlan, *, title: str, at: datetime) -> bytes:
    """Return a plan as a PDF in the language in which it is read."""
    return compiled(_TEMPLATE, {"plan": printable(_told(read, title, at))}, at=at)


def _told(read: ReadPlan, title: str, at: datetime) -> dict[str, Any]:
    plan = read.plan
    day, version = date_format(localtime(at), "DATE_FORMAT"), str(plan.methodology)
    return {
        "language": (get_language() or "en").split("-")[0],
        "school": str(plan.school),
        "title": title,
        "summary": _("From %(first)s until %(last)s; as it stood on %(day)s.")
        % {"first": _day(plan.starts_on), "last": _day(read.ends_on), "day": day},
        "page": _("Page %(number)s of %(count)s") % {"number": "{number}", "count": "{count}"},
        "foot": _("Made from the employer engagement methodology, version %(version)s.") % {"version": version},
        "pace": _pace(read),
        "progress": _("%(done)s of %(count)s steps are done.") % {"done": len(read.done), "count": read.counted},
        "begun": {
            "title": _("What we begin with, and why"),
            "areas": [
                {"title": f"{area.number} {area.title}", "in_short": area.in_short, "reasons": [*area.reasons, *area.doubts]}
                for area in read.begun
            ],
        },
        "waiting": {
            "title": _("What waits"),
            "areas": [
                {"title": f"{area.number} {area.title}", "why": (area.doubts or area.reasons or ("",))[0]}
                for area in read.waiting
            ],
        },
        "steps": _steps(read),
        "indicators": _indicators(read),
        "shares": _shares(read),
        "seen": {
            "title": _("Seen by the board"),
            "day": _("Day"),
            "name": _("Signature"),
        },
    }


def _pace(read: ReadPlan) -> str:
    hours = pace_for(read.plan.answers, read.same).quarter_hours
    return _("The school takes up to %(hours)s for it in a quarter.") % {"hours": hours_of(hours)}


def _steps(read: ReadPlan) -> dict[str, Any]:
    return {
        "title": _("Steps"),
        "columns": [
            _("What"),
            _("Who"),
            _("Hours"),
            pgettext("step of a plan", "From"),
            pgettext("step of a plan", "Until"),
            _("State"),
        ],
        "quarters": [
            {
                "title": _("Quarter %(number)s: %(first)s to %(last)s, %(hours)s")
                % {
                    "number": quarter.number,
                    "first": _day(quarter.first),
                    "last": _day(quarter.last),
                    "hours": hours_of(quarter.hours),
                },
                "rows": [_step(each) for each in quarter.steps],
                "none": _("Nothing new begins; what was begun goes on."),
            }
            for quarter in read.quarters
        ],
    }


def _step(each: ReadStep) -> list[str]:
    step = each.step
    state = str(step.get_state_display())
    if step.state == PlanStep.State.DONE and step.closed_at:
        state = _("done on %(day)s") % {"day": _day(localtime(step.closed_at).date())}
    elif step.state == PlanStep.State.DROPPED and step.word:
        state = _("dropped: %(why)s") % {"why": step.word}
    elif each.is_late:
        state = _("late")
    who = each.who or (f"({', '.join(each.roles)})" if each.roles else "")
    return [each.title, who, str(step.hours), _day(step.starts_on), _day(step.ends_on), state]


def _indicators(read: ReadPlan) -> dict[str, Any]:
    return {
        "title": _("How we see what has changed"),
        "columns": [_("Indicator"), _("At the beginning"), _("Last review"), _("Wished for")],
        "rows": [[each.name, each.baseline or "–", each.now or "–", each.wished or "–"] for each in read.indicators],
    }


def _shares(read: ReadPlan) -> dict[str, Any]:
    return {
        "title": _("Who does how much, in hours"),
        "columns": [_("Who"), *(str(quarter.number) for quarter in read.quarters)],
        "note": _("The figures above are the numbers of the quarters."),
        "rows": [[who or _("nobody yet"), *(str(part or "–") for part in parts)] for who, parts in read.shares],
    }


def _day(day: date) -> str:
    return date_format(day, "SHORT_DATE_FORMAT")
