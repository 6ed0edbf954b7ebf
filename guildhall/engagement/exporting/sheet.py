"""An employer on paper: one or two pages for the bag, as a PDF that archives keep and screen readers read (PDF/A-2a, PDF/UA-1).

Typst sets it from ``data/sheet.typ``. What people wrote reaches it as data only and is never read as Typst. Its own fonts hold
Latin, Greek and Cyrillic and are embedded; where something needs other letters the installation's fonts help out, and the file is
then a PDF like any other.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import typst
from django.utils.formats import date_format
from django.utils.timezone import localdate, localtime
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from guildhall.core.ui.pictures import OUTLINES, Pane
from guildhall.engagement.exporting.vcard import roles_of
from guildhall.engagement.models import Employer
from guildhall.engagement.window import LEVELS, window_of
from guildhall.skills import taxonomy

MEDIA_TYPE = "application/pdf"
_TEMPLATE = Path(__file__).parent.parent / "data" / "sheet.typ"
#: What two pages have room for.
MOST_SITES, MOST_PEOPLE, MOST_STEPS, MOST_CONTACTS = 8, 14, 8, 10
LONGEST_SAID, LONGEST_NOTE = 300, 800
#: Letters after which a word without an end may be broken.
_LONGEST_WORD = 40
_ENDLESS = re.compile(rf"(\S{{{_LONGEST_WORD}}})(?=\S)")


def sheet(employer: Employer, *, at: datetime) -> bytes:
    """Return the PDF in the reader's language, as the book is at a moment; read with organisation, school and owner."""
    panes = window_of(employer.panes)
    data = {**printable(_told(employer, panes, at)), "picture": _picture([pane.state for pane in panes])}
    return compiled(_TEMPLATE, {"sheet": data}, at=at)


def compiled(template: Path, data: Mapping[str, Any], *, at: datetime) -> bytes:
    """Return the PDF that a Typst template makes of data, each of which it reads as JSON from ``sys.inputs`` by its name."""
    inputs, moment = {name: json.dumps(value) for name, value in data.items()}, int(at.timestamp())
    given: dict[str, Any] = {"input": template, "format": "pdf", "sys_inputs": inputs, "timestamp": moment}
    try:
        pdf = typst.compile(**given, ignore_system_fonts=True, pdf_standards=["a-2a", "ua-1"])
    except typst.TypstError:  # a letter that none of its fonts has
        pdf = typst.compile(**given)
    return cast(bytes, pdf)


def _told(employer: Employer, panes: Sequence[Pane], at: datetime) -> dict[str, Any]:
    school, organisation = employer.school, employer.organisation
    printed = {"school": school, "day": date_format(localtime(at), "DATE_FORMAT")}
    return {
        "language": (get_language() or "en").split("-")[0],
        "school": str(school),
        "title": str(employer),
        "sentence": taxonomy.label("nace", organisation.nace) if organisation.nace else "",
        "foot": _("From the employer book of %(school)s, %(day)s. Not for others.") % printed,
        "page": _("Page %(number)s of %(count)s") % {"number": "{number}", "count": "{count}"},
        "facts": _facts(employer, at),
        "window": _window(panes),
        "steps": _steps(employer),
        "people": _people(employer, at),
        "sites": _sites(employer, at),
        "contacts": _contacts(employer),
    }


def _facts(employer: Employer, at: datetime) -> list[tuple[str, str]]:
    organisation = employer.organisation
    rests = employer.resting_until is not None and employer.resting_until >= localdate(at)
    facts = [
        (_("Looked after by"), str(employer.owner or _("nobody yet"))),
        (_("Registered as"), organisation.name if organisation.trade_name else ""),
        (_("Size"), organisation.get_size_band_display()),
        (_("Register number"), organisation.register_number),
        (_("Web site"), organisation.website),
        (_("Tags"), ", ".join(sorted(tag.name for tag in employer.tags.all()))),
        (_("Rests until"), _together(_day(employer.resting_until), employer.resting_why) if rests else ""),
        (_("Good to know"), _cut(employer.note, LONGEST_NOTE)),
    ]
    return [(label, value) for label, value in facts if value]


def _window(panes: Sequence[Pane]) -> dict[str, Any]:
    named = [_("%(area)s: %(state)s") % {"area": pane.label, "state": pane.words} for pane in panes]
    return {
        "title": _("Window"),
        "words": "; ".join(named),
        "rows": [{"name": str(name), "panes": named[at * 3 : at * 3 + 3]} for at, name in enumerate(LEVELS)],
    }


def _picture(states: Sequence[str]) -> str:
    """The six panes as SVG: an outline when dark, its lower half filled when touched, all of it when lively."""
    drawn = []
    for state, (whole, half) in zip(states, OUTLINES, strict=True):
        drawn += [f'<path fill="#bd8a2c" d="{half}"/>'] if state == "touched" else []
        drawn.append(
            f'<path fill="{"#bd8a2c" if state == "lively" else "none"}" stroke="#7d5a12" stroke-width=".6" d="{whole}"/>'
        )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20">{"".join(drawn)}</svg>'


def _steps(employer: Employer) -> dict[str, Any]:
    steps = employer.next_steps.open().select_related("owner").order_by("due_on", "pk")
    rows = [[_day(step.due_on), step.what, str(step.owner)] for step in steps]
    columns = {_("Until"): 0, _("What"): 3, _("Who"): 1}
    return _part(_("Next step"), columns, rows, MOST_STEPS, none=_("Nothing is planned."))


def _people(employer: Employer, at: datetime) -> dict[str, Any]:
    rows = []
    for held in employer.positions.current(localdate(at)).for_list().with_answers():
        somebody = held.person
        email = _("do not write") if somebody.asked_not_to_be_written_at else somebody.email
        refused = [str(purpose.no) for purpose, agreed in held.answers if not agreed]
        rows.append([somebody.name, _together(held.title, ", ".join(roles_of(held)), *refused), somebody.phone, email])
    columns = {_("Name"): 2, _("Position"): 3, _("Telephone"): 2, _("E-mail address"): 3}
    return _part(_("People"), columns, rows, MOST_PEOPLE, none=_("Nobody is noted yet."))


def _sites(employer: Employer, at: datetime) -> dict[str, Any]:
    sites = employer.organisation.sites.open(localdate(at)).order_by("pk")
    rows = [[site.name, site.address, site.phone, site.email] for site in sites]
    columns = {_("Site"): 2, _("Address"): 3, _("Telephone"): 2, _("E-mail address"): 3}
    return _part(_("Sites"), columns, rows, MOST_SITES, none=_("No address is noted yet."))


def _contacts(employer: Employer) -> dict[str, Any]:
    newest = employer.contacts.select_related("by").prefetch_related("people").order_by("-held_at", "-pk")
    shown = list(newest[:MOST_CONTACTS])
    others = employer.contacts.count() - len(shown)
    return {
        "title": _("What was said"),
        "none": _("Nobody has written anything down yet."),
        "entries": [
            {
                "head": _("%(day)s, %(kind)s") % {"day": _day(localdate(held.held_at)), "kind": held.get_kind_display()},
                "who": _together(str(held.by), ", ".join(somebody.name for somebody in held.people.all())),
                "said": _cut(held.said, LONGEST_SAID),
            }
            for held in shown
        ],
        "more": _more(others),
    }


def _part(title: str, columns: dict[str, int], rows: Collection[list[str]], most: int, *, none: str) -> dict[str, Any]:
    """A table of the sheet: ``columns`` names each with its share of the width, 0 for what it needs."""
    return {
        "title": title,
        "none": none,
        "columns": list(columns),
        "widths": list(columns.values()),
        "rows": list(rows)[:most],
        "more": _more(len(rows) - most),
    }


def _more(count: int) -> str:
    if count <= 0:
        return ""
    return ngettext("%(count)d more stands in the book.", "%(count)d more stand in the book.", count) % {"count": count}


def _together(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _day(day: Any) -> str:
    return date_format(day, "SHORT_DATE_FORMAT")


def _cut(words: str, longest: int) -> str:
    return words if len(words) <= longest else f"{words[: longest - 2].rstrip()} …"


def printable(told: Any) -> Any:
    """What is told, all texts of it without what paper cannot show, and with places where a word without an end may be broken."""
    match told:
        case dict():
            return {name: printable(value) for name, value in told.items()}
        case list() | tuple():
            return [printable(value) for value in told]
        case str():
            shown = "".join(letter for letter in told if letter == "\n" or unicodedata.category(letter)[0] != "C")
            return _ENDLESS.sub("\\1\u200b", unicodedata.normalize("NFC", shown))
    return told
