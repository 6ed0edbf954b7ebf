from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRefresh

from guildhall.core.http import done, page, wants_fragment
from guildhall.core.ui.basics import figure
from guildhall.engagement.actions import imports as actions
from guildhall.engagement.forms.imports import ColumnsForm, UploadForm
from guildhall.engagement.models import EmployerImport, ImportRow
from guildhall.engagement.rules import can_import
from guildhall.engagement.views.desk import open_book
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import SizeBand

ROWS = 50
EARLIER = 20
State = EmployerImport.State
DELIMITERS = {";": gettext_lazy("semicolons"), ",": gettext_lazy("commas"), "\t": gettext_lazy("tabs"), "|": gettext_lazy("bars")}


def import_list(request: PersonRequest) -> HttpResponse:
    """Bring a list of employers, and see what was brought before."""
    school = open_book(request)
    may_import = can_import(request.user, school)
    form = UploadForm(request.POST or None, request.FILES or None, country=school.country)
    if request.method == "POST" and form.is_valid():
        file, seen = form.cleaned_data["file"], form.seen
        brought = actions.bring_list(
            school,
            upload=file,
            file_name=file.name,
            reading=seen.reading,
            mapping=seen.mapping,
            country=seen.country,
            by=request.user,
            at=now(),
        )
        return redirect(brought)
    imports = EmployerImport.objects.visible_to(request.user).filter(school=school).select_related("uploaded_by")
    context = {
        "form": form if may_import else None,
        "imports": imports.order_by("-uploaded_at", "-pk")[:EARLIER],
        "columns": [
            _("File"),
            _("State"),
            _("New"),
            _("Changed"),
            _("Unchanged"),
            _("Unclear"),
            _("Wrong"),
            _("Brought by"),
            _("When"),
        ],
    }
    return page(request, "engagement/import_list.html", context, status=422 if form.is_bound else 200)


def import_detail(request: PersonRequest, pk: int) -> HttpResponse:
    """A file on its way into the book: what its columns are, what would happen, how far it is, what came of it."""
    employer_import = _brought(request, pk)
    if wants_fragment(request):
        if not _is_under_way(employer_import):
            return HttpResponseClientRefresh()
        return page(request, "engagement/_import_progress.html", {"employer_import": employer_import})
    return _show(request, employer_import, ColumnsForm(employer_import=employer_import))


@require_POST
def import_columns(request: PersonRequest, pk: int) -> HttpResponse:
    """Say which column holds what, and see again what would happen."""
    employer_import = _brought(request, pk)
    form = ColumnsForm(request.POST, employer_import=employer_import)
    if not form.is_valid():
        return _show(request, employer_import, form, status=422)
    actions.match_columns(employer_import, mapping=form.mapping, country=form.cleaned_data["country"], by=request.user, at=now())
    return redirect(employer_import)


@require_POST
def import_begin(request: PersonRequest, pk: int) -> HttpResponse:
    """Let the rows into the book."""
    return redirect(actions.begin_import(_brought(request, pk), by=request.user, at=now()))


@require_POST
def import_go_on(request: PersonRequest, pk: int) -> HttpResponse:
    """Go on with an import that stopped."""
    return redirect(actions.go_on_with_import(_brought(request, pk), by=request.user, at=now()))


@require_POST
def import_drop(request: PersonRequest, pk: int) -> HttpResponse:
    """Take a file back that was not let in."""
    employer_import = _brought(request, pk)
    actions.drop_list(employer_import, by=request.user, at=now())
    message = _("%(file)s is gone. Nothing of it is in the book.") % {"file": employer_import.file_name}
    return done(request, "engagement/import_list.html", {}, message=message, to=reverse("engagement:imports"))


def _brought(request: PersonRequest, pk: int) -> EmployerImport:
    shown: Any = EmployerImport.objects.visible_to(request.user).select_related("school", "uploaded_by", "progress")
    return get_object_or_404(shown, pk=pk)


def _is_under_way(employer_import: EmployerImport) -> bool:
    progress = employer_import.progress
    return employer_import.state in (State.CHECKING, State.RUNNING) and progress is not None and not progress.finished


def _show(request: PersonRequest, employer_import: EmployerImport, form: ColumnsForm, status: int = 200) -> HttpResponse:
    outcome = request.GET.get("outcome", "")
    kinds = [kind for kind in ImportRow.Outcome if getattr(employer_import, kind)]
    kind = next((kind for kind in kinds if kind == outcome), kinds[-1] if kinds else None)
    rows = employer_import.rows.filter(outcome=kind).order_by("number") if kind else ImportRow.objects.none()
    state, may_import = employer_import.state, can_import(request.user, employer_import.school)
    is_open = state in (State.MAPPING, State.READY)
    under_way = _is_under_way(employer_import)
    context = {
        "employer_import": employer_import,
        "is_ready": state == State.READY,
        "is_done": state == State.DONE,
        "under_way": under_way,
        "has_stopped": state in (State.CHECKING, State.RUNNING) and not under_way,
        "may_import": may_import,
        "steps": [_("Choose the file"), _("Look it through"), _("Into the book")],
        "step": 3 if state == State.RUNNING else 4 if state == State.DONE else 2,
        "sentence": _sentence(employer_import),
        "how_read": _how_read(employer_import),
        "stats": _stats(employer_import),
        "brings": _brings(employer_import),
        "begin": _begin(employer_import) if state == State.READY and may_import else "",
        "preview": [{**row, "size": _size(row["size_band"])} for row in employer_import.reading.get("preview", [])],
        "preview_columns": [_("Row"), _("Employer"), _("Site"), _("Sector"), _("Size"), _("Person"), _("Outcome")],
        "kinds": [(each, getattr(employer_import, each), f"?outcome={each}#rows") for each in kinds],
        "kind": kind,
        "page": Paginator(rows, ROWS).get_page(request.GET.get("page")),
        "row_columns": [_("Row"), _("Employer"), _("Why")],
        "form": form if is_open and may_import else None,
    }
    return page(request, "engagement/import_detail.html", context, status=status)


def _sentence(employer_import: EmployerImport) -> str:
    return {
        State.MAPPING: _("Say which column holds what. Nothing has been written into the book yet."),
        State.CHECKING: _("The rows are being compared with the book. Nothing has been written into it yet."),
        State.READY: _("This is what would happen. Nothing has been written into the book yet."),
        State.RUNNING: _("The rows are on their way into the book."),
        State.DONE: _("This is what came of the file."),
    }[State(employer_import.state)]


def _how_read(employer_import: EmployerImport) -> str:
    reading = employer_import.reading
    words = {
        "rows": figure(reading["rows"]),
        "encoding": {"utf-8-sig": "UTF-8", "latin-1": "ISO 8859-1"}.get(
            reading["encoding"], reading["encoding"].upper().replace("CP", "Windows-")
        ),
        "delimiter": DELIMITERS[reading["delimiter"]],
        "row": reading["heading_row"],
    }
    if reading["heading_row"]:
        return _("%(rows)s rows. Read as %(encoding)s, columns parted by %(delimiter)s, headings in row %(row)d.") % words
    return _("%(rows)s rows. Read as %(encoding)s, columns parted by %(delimiter)s, without headings.") % words


def _stats(employer_import: EmployerImport) -> list[dict[str, Any]]:
    labels = {
        "new": (_("New"), _("Rows that bring an employer or a site which the book does not have.")),
        "changed": (_("Changed"), _("Rows that say something else about an employer than the book, or something more.")),
        "unchanged": (_("Unchanged"), _("Rows that say nothing but what the book says already.")),
        "unclear": (_("Unclear"), _("Rows of which only a person can say whom they mean. They stay out.")),
        "wrong": (_("Wrong"), _("Rows in which something cannot be. They stay out.")),
    }
    worth_looking = set(ImportRow.Outcome)
    return [
        {
            "label": labels[key][0],
            "definition": labels[key][1],
            "value": count,
            "href": f"?outcome={key}#rows" if key in worth_looking and count else "",
        }
        for key, count in actions.counts_of(employer_import).items()
    ]


def _brings(employer_import: EmployerImport) -> str:
    """How many employers and sites are new, in words: rows are neither."""
    employers, sites = employer_import.new_employers, employer_import.new_sites
    if not employers and not sites:
        return ""
    words = {
        "employers": ngettext("%(count)s new employer", "%(count)s new employers", employers) % {"count": figure(employers)},
        "sites": ngettext("%(count)s new site", "%(count)s new sites", sites) % {"count": figure(sites)},
    }
    return _("In all: %(employers)s, %(sites)s.") % words


def _begin(employer_import: EmployerImport) -> str:
    """The words of the button that lets the rows in; empty when there is nothing to let in."""
    count = employer_import.new + employer_import.changed
    return ngettext("Import %(count)s row", "Import %(count)s rows", count) % {"count": figure(count)} if count else ""


def _size(band: str) -> str:
    return str(SizeBand(band).label) if band else ""
