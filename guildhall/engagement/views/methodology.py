"""The methodology to read: what it is, its areas, what schools and employers do together."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from guildhall.core.http import page
from guildhall.core.ui.basics import figure
from guildhall.core.ui.pictures import Pane
from guildhall.engagement.methodology.chapters import chapters
from guildhall.engagement.methodology.checking import RUNGS, areas_of
from guildhall.engagement.models import Methodology, OwnActivity, Words
from guildhall.engagement.rules import can_read_methodology, can_shape_methodology
from guildhall.engagement.window import AREAS, LEVELS, NAMED_BY_JOBS4ALL
from guildhall.library.finding import languages_read
from guildhall.library.kinds import KINDS
from guildhall.library.markdown import render
from guildhall.library.models import Resource
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import STAFF_ROLES, Kind

INTRODUCTION = "introduction"
#: Resources of the library beside an area.
MORE = 5


@dataclass(frozen=True)
class Reading:
    """The version that is read, and its words in the language in which somebody reads it."""

    same: dict[str, Any]
    words: Words

    def context(self, request: PersonRequest, here: str) -> dict[str, Any]:
        """What every page of the methodology asks for; ``here`` is the tab it stands under."""
        return {
            "said_in": self.words.language,
            "is_fallback": self.words.language != request.LANGUAGE_CODE,
            "tabs": tabs_of(request, here),
        }


def tabs_of(request: PersonRequest, here: str) -> list[tuple[str, str, bool]]:
    """The parts of the methodology, each with its address and whether it is ``here``; a plan is what schools have."""

    def page_of(key: str) -> str:
        return reverse("engagement:methodology_page", args=[key])

    school = request.organisation
    has_plan = school is not None and school.kind == Kind.SCHOOL and not request.roles.isdisjoint(STAFF_ROLES)
    parts = [
        (INTRODUCTION, _("Overview"), reverse("engagement:methodology")),
        *([("plan", _("Our plan"), reverse("engagement:plan_now"))] if has_plan else []),
        ("activities", _("Activities"), reverse("engagement:methodology_activities")),
        ("indicators", _("Indicators"), reverse("engagement:indicators_now")),
        ("playbook", _("Six steps"), page_of("playbook")),
        ("qualities", _("Good relationships"), page_of("qualities")),
        ("social-care", _("Social and care work"), page_of("social-care")),
    ]
    return [(label, address, name == here) for name, label, address in parts]


def _open(request: PersonRequest) -> Reading | None:
    """The methodology as this person reads it; None where none is loaded yet.

    Raises:
        Http404: it is not for this person.
    """
    newest = Methodology.objects.visible_to(request.user).newest()
    if newest is None:
        if not any(can_read_methodology(request.user, organisation) for organisation in request.organisations):
            raise Http404
        return None
    return Reading(newest.same(), newest.words_in(languages_read(request.LANGUAGE_CODE, request.organisation)))


def opened(request: PersonRequest) -> Reading:
    """The methodology as this person reads it.

    Raises:
        Http404: it is not for this person, or none is loaded yet.
    """
    reading = _open(request)
    if reading is None:
        raise Http404
    return reading


@require_safe
def methodology_overview(request: PersonRequest) -> HttpResponse:
    """What the methodology is: two levels of three areas as a window, how to begin, the rungs of the ladder."""
    reading = _open(request)
    if reading is None:
        return page(request, "engagement/methodology_missing.html", {})
    words = reading.words
    introduction = words["pages"][INTRODUCTION]
    context = {
        "introduction": introduction,
        "panes": [Pane(name, state="", detail=number, url=page_of_area(number)) for number, name in AREAS.items()],
        "rows": LEVELS,
        "ladder": [words["ladder"][rung] for rung in RUNGS],
        "chapters": _chapters(introduction["text"]),
        **_names(),
        **reading.context(request, INTRODUCTION),
    }
    return page(request, "engagement/methodology.html", context)


def page_of_area(number: str) -> str:
    """The address of the page about an area."""
    return reverse("engagement:methodology_area", args=[number])


def _names() -> dict[str, Any]:
    """Whose the names of the areas are."""
    theirs = [str(AREAS[number]) for number in AREAS if number in NAMED_BY_JOBS4ALL]
    ours = [str(AREAS[number]) for number in AREAS if number not in NAMED_BY_JOBS4ALL]
    return {"names_of_jobs4all": theirs, "names_of_ours": ours}


def _chapters(text: str) -> list[dict[str, Any]]:
    return [{"id": chapter.id, "title": chapter.title, "html": render(chapter.text, level=3)} for chapter in chapters(text)]


@require_safe
def methodology_page(request: PersonRequest, key: str) -> HttpResponse:
    """One of its longer texts, in chapters."""
    reading = opened(request)
    said = reading.words["pages"].get(key)
    if said is None or key == INTRODUCTION:
        raise Http404
    context = {"said": said, "chapters": _chapters(said["text"]), **reading.context(request, key)}
    return page(request, "engagement/methodology_page.html", context)


@require_safe
def methodology_area(request: PersonRequest, number: str) -> HttpResponse:
    """All about one of its areas, from what it is for to what to ask oneself."""
    reading = opened(request)
    if number not in reading.same["areas"]:
        raise Http404
    same, words = reading.same["areas"][number], reading.words["areas"][number]
    context = {
        "number": number,
        "area": words,
        "level": reading.words["levels"][number[0]]["name"],
        "is_named_by_jobs4all": number in NAMED_BY_JOBS4ALL,
        "purpose": render(words["purpose"], level=3),
        "steps": [_step(step, number, reading) for step in same["steps"]],
        "obstacles": [words["obstacles"][key] for key in same["obstacles"]],
        "practices": [
            {**practice, "title": words["practices"][practice["key"]]["title"], "html": _practice(words, practice["key"])}
            for practice in same["practices"]
        ],
        "indicators": [reading.words["indicators"][key] for key in same["indicators"]],
        "tools": [_tool(key, reading) for key in same["tools"]],
        "activities": _activities(number, reading),
        "more": _more_on(number, request),
        "others": [
            (other, reading.words["areas"][other]["title"], page_of_area(other), other == number)
            for other in areas_of(reading.same)
        ],
        **reading.context(request, ""),
    }
    return page(request, "engagement/methodology_area.html", context)


def _practice(words: dict[str, Any], key: str) -> str:
    return render(words["practices"][key]["text"], level=4)


def _step(step: dict[str, Any], number: str, reading: Reading) -> dict[str, Any]:
    words = reading.words
    said = words["areas"][number]["steps"][step["key"]]
    return {
        **said,
        "html": render(said["what"], level=4),
        "who": [words["who"][role] for role in step["who"]],
        "hours": _hours(step["hours"]),
        "weeks": _weeks(step["weeks"]),
        "tools": [_tool(key, reading) for key in step["tools"]],
        "activities": [(key, words["activities"][key]["name"]) for key in step["activities"]],
    }


def _tool(key: str, reading: Reading) -> dict[str, Any]:
    facts = reading.same["tools"][key]
    said = reading.words["tools"][key]
    return {
        "key": key,
        "kind": KINDS[facts["kind"]],
        "minutes": facts["minutes"],
        "title": said["title"],
        "summary": said["summary"],
    }


def _activities(number: str, reading: Reading) -> list[dict[str, Any]]:
    """The activities of an area, the lowest rung first."""
    found = [
        {
            **reading.words["activities"][key],
            "key": key,
            "rung": facts["rung"],
            "rung_name": reading.words["ladder"][str(facts["rung"])]["name"],
            "school_hours": _hours(facts["school_hours"]),
            "employer_hours": _hours(facts["employer_hours"]),
            "tools": [_tool(tool, reading) for tool in facts["tools"]],
        }
        for key, facts in reading.same["activities"].items()
        if facts["area"] == number
    ]
    return sorted(found, key=lambda activity: (activity["rung"], activity["name"]))


def _more_on(number: str, request: PersonRequest) -> list[Resource]:
    """What the library has on an area, the newest first, each in the language this person reads best."""
    languages = languages_read(request.LANGUAGE_CODE, request.organisation)
    public = Resource.objects.public().filter(current__area=number).best_of_each_work(languages)
    long = [f"{whose}{name}" for whose in ("", "current__") for name in ("text", "account")] + ["current__file_text"]
    return list(public.select_related("current", "organisation").defer(*long).order_by("-public_at", "-pk")[:MORE])


@require_safe
def activity_list(request: PersonRequest) -> HttpResponse:
    """The catalogue of what schools and employers do together, area by area, the lowest rung first."""
    reading = opened(request)
    areas = [
        (number, reading.words["areas"][number]["title"], page_of_area(number), _activities(number, reading))
        for number in areas_of(reading.same)
    ]
    school = request.organisation if request.organisation and request.organisation.kind == Kind.SCHOOL else None
    context = {
        "areas": areas,
        "count": len(reading.same["activities"]),
        "own": list(OwnActivity.objects.visible_to(request.user).of_school(school)) if school else [],
        "own_school": school is not None and can_shape_methodology(request.user, school),
        **reading.context(request, "activities"),
    }
    return page(request, "engagement/methodology_activities.html", context)


def _hours(hours: float) -> str:
    """So many hours in words; half an hour is no hour."""
    return ngettext("%(count)s hour", "%(count)s hours", ceil(hours) if hours >= 1 else 2) % {"count": figure(hours)}


def _weeks(weeks: float) -> str:
    return ngettext("%(count)s week", "%(count)s weeks", ceil(weeks) if weeks >= 1 else 2) % {"count": figure(weeks)}
