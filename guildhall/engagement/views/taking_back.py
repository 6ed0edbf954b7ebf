from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import models
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods

from guildhall.core.http import page
from guildhall.core.pages import Pages
from guildhall.core.ui.cells import missing, named, plain
from guildhall.engagement import actions
from guildhall.engagement.actions.taking_back import gone_of
from guildhall.engagement.importing.leaving import MODELS, Stays, giving_back, leaving
from guildhall.engagement.models import Employer, EmployerImport, ImportedThing, Merge
from guildhall.engagement.rules import can_import
from guildhall.people.middleware import PersonRequest

ROWS = 50
State = EmployerImport.State
Kind = ImportedThing.Kind
Outcome = ImportedThing.Outcome


@require_http_methods(["GET", "HEAD", "POST"])
def import_take_back(request: PersonRequest, pk: int) -> HttpResponse:
    """See what would leave the book with an import, and what would stay and why; then take it back."""
    shown: Any = EmployerImport.objects.visible_to(request.user).select_related("school", "progress")
    employer_import: EmployerImport = get_object_or_404(shown, pk=pk)
    if request.method == "POST":
        return redirect(actions.take_back_import(employer_import, by=request.user, at=now()))
    can_import.require(request.user, employer_import.school)
    if not can_be_taken_back(employer_import):
        return redirect(employer_import)
    things, fields = leaving(employer_import), giving_back(employer_import)
    goes = {kind: len(numbers) for kind, numbers in things.goes.items()}
    stays = sorted([*things.stays, *fields.stays], key=lambda one: (one.employer, one.kind != Kind.EMPLOYER, one.number))
    context = {
        "employer_import": employer_import,
        "stats": _stats(goes, fields.count, len(stays)),
        "is_something": bool(any(goes.values()) or fields.count),
        **_staying(request, employer_import, stays),
    }
    return page(request, "engagement/import_take_back.html", context)


def can_be_taken_back(employer_import: EmployerImport) -> bool:
    """Whether an import is done, brought something, and it is still known what."""
    brought = employer_import.new or employer_import.changed
    return employer_import.state == State.DONE and bool(brought) and not employer_import.is_forgotten


def taken_back(request: PersonRequest, employer_import: EmployerImport) -> dict[str, Any]:
    """Return what the page of an import that was taken back shows of that; of any other nothing."""
    if employer_import.state != State.TAKEN_BACK or employer_import.is_forgotten:
        return {}
    kept = ImportedThing.objects.filter(employer_import=employer_import).exclude(outcome__in=["", Outcome.GONE, Outcome.ALONG])
    stays = [
        Stays(*row)
        for row in kept.order_by("employer", "pk").values_list("kind", "number", "employer", "outcome", "field").iterator()
    ]
    context = _staying(request, employer_import, stays)
    return {"gone": _stats(gone_of(employer_import), employer_import.given_back, len(stays)), **context}


def _stats(goes: dict[str, int], fields: int, stays: int) -> list[dict[str, Any]]:
    """How much leaves the book, or has left it: contacts and next steps only where the list brought any."""
    shown = [
        (_("Employers taken out"), goes.get(Kind.EMPLOYER, 0), _("Employers the file brought who leave the book again.")),
        (_("Sites taken out"), goes.get(Kind.SITE, 0), _("Sites the file brought that leave the book again.")),
        (_("People taken out"), goes.get(Kind.PERSON, 0), _("People the file brought who leave the book again.")),
    ]
    if contacts := goes.get(Kind.CONTACT, 0) + goes.get(Kind.STEP, 0):
        explained = _("Contacts and next steps the file brought that leave the book again.")
        shown.append((_("Contacts and next steps taken out"), contacts, explained))
    shown += [
        (_("Fields given back"), fields, _("What the file changed, and what says again what it said before.")),
        (_("Kept"), stays, _("What stays as it is, because somebody has worked on it since. Below you see each, and why.")),
    ]
    return [{"label": label, "value": value, "definition": explained} for label, value, explained in shown]


# --- What stays ----------------------------------------------------------------------------------------------------


def _staying(request: PersonRequest, employer_import: EmployerImport, stays: Sequence[Stays]) -> dict[str, Any]:
    listed = Pages(stays, ROWS).get_page(request.GET.get("page"))
    return {
        "stays": listed,
        "stays_rows": _told(list(listed)),
        "stays_columns": [_("Employer"), _("What stays"), _("Why")],
    }


def _told(stays: Sequence[Stays]) -> list[list[SafeString]]:
    """Say who or what stays, and why, in as many queries whatever their number."""
    employers = Employer.objects.select_related("organisation").in_bulk({one.employer for one in stays if one.employer})
    lost = {one.employer for one in stays} - employers.keys() - {0}
    merged = dict(Merge.objects.filter(gone_number__in=lost).values_list("gone_number", "gone_name")) if lost else {}
    things = _things(stays)
    rows = []
    for one in stays:
        name = str(employers[one.employer]) if one.employer in employers else merged.get(one.employer, "")
        address = reverse("engagement:employer", args=[one.employer])
        rows.append(
            [
                named(name, href=address) if name else missing(pgettext("employer", "none")),
                plain(_what(one, things.get((one.kind, one.number)))),
                plain(Outcome(one.why).label),
            ]
        )
    return rows


def _things(stays: Iterable[Stays]) -> dict[tuple[str, int], models.Model]:
    wanted: dict[str, set[int]] = {}
    for one in stays:
        if one.kind not in (Kind.EMPLOYER, Kind.ORGANISATION):
            wanted.setdefault(one.kind, set()).add(one.number)
    things = {}
    for kind, numbers in wanted.items():
        rows: Any = MODELS[kind]._default_manager.select_related(*["person"] if kind == Kind.POSITION else [])
        for number, thing in rows.in_bulk(numbers).items():
            things[kind, number] = thing
    return things


def _what(one: Stays, thing: Any) -> str:
    model = MODELS[one.kind]
    called = str(thing.person if one.kind == Kind.POSITION else thing) if thing is not None else ""
    if not one.field:
        return called or _("all of it")
    field: Any = model._meta.get_field(one.field)
    words = {"field": capfirst(str(field.verbose_name)), "thing": called}
    return _("%(field)s of %(thing)s") % words if called else words["field"]
