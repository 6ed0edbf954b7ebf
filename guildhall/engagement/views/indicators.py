"""The methodology's indicators: what is counted and how to read it, and beside it what a school's own book says."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpResponse
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_safe

from guildhall.core.http import page
from guildhall.core.ui.basics import figure
from guildhall.engagement.methodology.checking import areas_of
from guildhall.engagement.methodology.indicators import MEASURES, Measured, measure_on_days
from guildhall.engagement.methodology.levels import YEAR
from guildhall.engagement.views.desk import own_book
from guildhall.engagement.views.methodology import opened, page_of_area
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import Organisation


@dataclass(frozen=True)
class Figure:
    """A school's figure as its page shows it: today's, what that rests on, and how it was a year ago, all in words."""

    value: str
    basis: str
    before: str
    #: A list of employers to go on from, and what it is called; not always just those that are counted.
    list_name: str = ""
    list_address: str = ""


@require_safe
def indicators_now(request: PersonRequest) -> HttpResponse:
    """What is counted, how exactly, and how to read it; for who works for a school with its figures of today and a year ago."""
    reading = opened(request)
    # In the order in which the areas show them: keys have none.
    keys = list(dict.fromkeys(key for number in areas_of(reading.same) for key in reading.same["areas"][number]["indicators"]))
    school = own_book(request)
    figures = _figures(school, [key for key in keys if key in MEASURES]) if school else {}
    indicators = [
        {
            **reading.words["indicators"][key],
            "key": key,
            "unit": reading.words["units"][reading.same["indicators"][key]["unit"]],
            "areas": [(area, page_of_area(area)) for area in reading.same["indicators"][key]["areas"]],
            "figure": figures.get(key),
        }
        for key in keys
    ]
    context = {
        "indicators": indicators,
        "has_figures": bool(figures),
        "is_empty": school is not None and not figures,
        **reading.context(request, "indicators"),
    }
    return page(request, "engagement/methodology_indicators.html", context)


def _figures(school: Organisation, keys: Collection[str]) -> dict[str, Figure]:
    """Each figure of today beside that of a year ago; none where the book has nothing that could be counted."""
    today = now().astimezone(school.zone).date()
    a_year_ago = today - timedelta(YEAR)
    measured = measure_on_days(school, keys, [a_year_ago, today])
    if not any(found.of for found in measured[today].values()):
        return {}
    return {key: _figure(key, measured[today][key], measured[a_year_ago][key]) for key in keys}


def _figure(key: str, found: Measured, before: Measured) -> Figure:
    if before.of:
        was = _("A year ago: %(value)s %(basis)s") % {"value": _value(before), "basis": _basis(key, before.of)}
    else:
        was = _("A year ago there was nothing to count.")
    return Figure(_value(found), _basis(key, found.of), was, *_list_beside(key))


def _list_beside(key: str) -> tuple[str, str]:
    """What a list that helps with an indicator is called, and its address; empty where the book has no such list."""
    book = reverse("engagement:employers")
    match key:
        case "in_touch":
            return _("Employers, the last contact first"), f"{book}?sort=-contact"
        case "constant_partners":
            return _("All employers at level 5"), f"{book}?level=5"
        case "promises_kept":
            return _("Employers with an overdue next step"), f"{book}?step=overdue"
        case "cooling":
            return _("Employers that are cooling down just now"), f"{book}?cooling=yes"
    return "", ""


def _value(found: Measured) -> str:
    if found.value is None:
        return pgettext("in place of a figure", "none yet")
    value = str(figure(found.value))
    return _("%(value)s %%") % {"value": value} if found.unit == "percent" else value


def _basis(key: str, of: int) -> str:
    """What stands after a figure: of how many, with how many."""
    match key:
        case "in_touch":
            said = ngettext("of %(count)s employer in the book", "of %(count)s employers in the book", of)
        case "areas_lively":
            said = ngettext("on average of %(count)s employer in touch", "on average of %(count)s employers in touch", of)
        case "learners_met" | "shaped_together" | "abroad":
            said = ngettext("with %(count)s employer", "with %(count)s employers", of)
        case "promises_kept":
            said = ngettext("of %(count)s next step that fell due", "of %(count)s next steps that fell due", of)
        case "answered_in":
            said = ngettext("as the median of %(count)s answer", "as the median of %(count)s answers", of)
        case "brought_by_others":
            said = ngettext("of %(count)s new employer", "of %(count)s new employers", of)
        case "colleagues_involved":
            said = ngettext("with %(count)s contact", "with %(count)s contacts", of)
        case "cooling":
            said = ngettext("of %(count)s employer with a level", "of %(count)s employers with a level", of)
        case _:
            said = ngettext("of %(count)s employer in touch", "of %(count)s employers in touch", of)
    return said % {"count": figure(of)}
