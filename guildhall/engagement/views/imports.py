from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.db.models import Count
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from guildhall.core.http import done, download, page, wants_fragment
from guildhall.core.pages import Pages
from guildhall.core.ui.basics import figure
from guildhall.core.ui.lists import Column
from guildhall.engagement.actions import imports as actions
from guildhall.engagement.actions.deciding import decide_rows
from guildhall.engagement.exporting.table import FORMATS
from guildhall.engagement.forms.imports import ColumnsForm, DecisionsForm, UploadForm, answered
from guildhall.engagement.importing.choosing import ANSWERS, LEAVE, NEW, TAKE, Question
from guildhall.engagement.importing.mending import rows_to_mend
from guildhall.engagement.models import Contact, EmployerImport, ImportRow
from guildhall.engagement.rules import can_import
from guildhall.engagement.views.desk import open_book
from guildhall.engagement.views.taking_back import can_be_taken_back, taken_back
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import SizeBand

ROWS = 50
Outcome = ImportRow.Outcome
#: Which rows to look at first. Before the import: those that replace what colleagues wrote, for pressing the button does that.
#: Afterwards: those that did not go in, for somebody has to see to them.
FIRST = [Outcome.CHANGED, Outcome.UNCLEAR, Outcome.WRONG, Outcome.DECIDED, Outcome.NEW, Outcome.UNCHANGED]
FIRST_WHEN_DONE = [Outcome.UNCLEAR, Outcome.WRONG, Outcome.NEW, Outcome.UNCHANGED, Outcome.CHANGED, Outcome.DECIDED]
#: Decisions that one page sends at once.
MOST_DECISIONS = 4 * ROWS
EARLIER = 20
#: What the rows that stayed out can be had as, and which rows these are.
MENDED_AS = ["xlsx", "csv"]
STAYED_OUT = {Outcome.UNCLEAR, Outcome.WRONG}
State = EmployerImport.State
UNDER_WAY = (State.CHECKING, State.RUNNING, State.TAKING_BACK)
DELIMITERS = {";": gettext_lazy("semicolons"), ",": gettext_lazy("commas"), "\t": gettext_lazy("tabs"), "|": gettext_lazy("bars")}


def import_list(request: PersonRequest) -> HttpResponse:
    """Bring a list of employers, and see what was brought before."""
    school = open_book(request)
    may_import = can_import(request.user, school)
    form = UploadForm(request.POST or None, request.FILES or None, school=school)
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
            *[Column(heading, numeric=True) for heading in (_("New"), _("Changed"), _("Unchanged"), _("Unclear"), _("Wrong"))],
            _("Brought by"),
        ],
    }
    return page(request, "engagement/import_list.html", context, status=422 if form.is_bound else 200)


@require_safe
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
def import_decide(request: PersonRequest, pk: int) -> HttpResponse:
    """Say whom or what unclear rows mean, and see again what would happen."""
    employer_import = _brought(request, pk)
    sent = [name.removeprefix("row_") for name in request.POST if name.startswith("row_")][:MOST_DECISIONS]
    numbers = [int(number) for number in sent if number.isascii() and number.isdigit() and len(number) < 8]
    open_rows = employer_import.rows.filter(outcome__in=[Outcome.UNCLEAR, Outcome.DECIDED]).order_by("number")
    rows = list(open_rows.filter(number__in=numbers))
    form = DecisionsForm(request.POST, rows=rows, headings=_matched(employer_import))
    if not form.is_valid():
        return _show(request, employer_import, ColumnsForm(employer_import=employer_import), status=422, decisions=form)
    remaining = form.cleaned_data["remaining"]
    before = open_rows.filter(outcome=Outcome.UNCLEAR).count()
    employer_import = decide_rows(employer_import, answers=form.answers, remaining=remaining, by=request.user, at=now())
    if _is_under_way(employer_import):
        return redirect(employer_import)
    after = open_rows.filter(outcome=Outcome.UNCLEAR).count()
    address = f"{employer_import.get_absolute_url()}{_rows_that_are(Outcome.UNCLEAR if after else Outcome.DECIDED)}"
    message = ngettext("%(count)s row is still unclear.", "%(count)s rows are still unclear.", after) % {"count": figure(after)}
    if not form.answers and not remaining:
        message = _("Nothing was decided: choose an answer first.")
    elif before and not after:
        message = _("All unclear rows are decided.")
    return done(request, "engagement/import_detail.html", {}, message=message, to=address)


@require_safe
def import_rows(request: PersonRequest, pk: int, ending: str) -> HttpResponseBase:
    """The rows that stayed out, as a file to be mended and brought again."""
    employer_import = _brought(request, pk)
    can_import.require(request.user, employer_import.school)
    if ending not in MENDED_AS:
        raise Http404
    content_type, written = FORMATS[ending]
    name = f"{Path(employer_import.file_name).stem} {_('to mend')}"
    return download(written(rows_to_mend(employer_import)), name, ending, content_type)


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
    shown: Any = EmployerImport.objects.visible_to(request.user)
    return get_object_or_404(shown.select_related("school", "uploaded_by", "taken_back_by", "progress"), pk=pk)


def _is_under_way(employer_import: EmployerImport) -> bool:
    progress = employer_import.progress
    return employer_import.state in (*UNDER_WAY, State.DONE) and progress is not None and not progress.finished


def _show(
    request: PersonRequest,
    employer_import: EmployerImport,
    form: ColumnsForm,
    status: int = 200,
    decisions: DecisionsForm | None = None,
) -> HttpResponse:
    state, may_import = employer_import.state, can_import(request.user, employer_import.school)
    kept = dict(employer_import.rows.values_list("outcome").annotate(Count("pk")))
    kinds = [kind for kind in ImportRow.Outcome if kind in kept]
    asked = [kind for kind in kinds if kind == (Outcome.UNCLEAR if decisions else request.GET.get("outcome"))]
    kind = next(iter(asked or sorted(kinds, key=(FIRST_WHEN_DONE if state == State.DONE else FIRST).index)), None)
    rows = Pages(employer_import.rows.filter(outcome=kind).order_by("number"), ROWS).get_page(request.GET.get("page"))
    can_be_decided = [Outcome.UNCLEAR, Outcome.DECIDED] if state == State.READY else [Outcome.UNCLEAR]
    under_way = _is_under_way(employer_import)
    if decisions is None and may_import and kind in can_be_decided and state in (State.READY, State.DONE) and not under_way:
        decisions = DecisionsForm(rows=list(rows), headings=_matched(employer_import))
    is_open = state in (State.MAPPING, State.READY)
    who = _("Person and contact") if "contact_on" in employer_import.mapping else _("Person")
    context = {
        "employer_import": employer_import,
        "is_ready": state == State.READY,
        "is_done": state == State.DONE,
        "under_way": under_way,
        "has_stopped": state in UNDER_WAY and not under_way,
        "may_import": may_import,
        "steps": [_("Choose the file"), _("Look it through"), _("Into the book")],
        "step": 3 if state == State.RUNNING else 4 if employer_import.finished_at else 2,
        "sentence": _sentence(employer_import),
        "can_be_taken_back": may_import and can_be_taken_back(employer_import),
        **taken_back(request, employer_import),
        "which_sheet": _which_sheet(employer_import) if is_open else "",
        "how_read": _how_read(employer_import),
        "stats": _stats(employer_import, kept),
        "brings": _brings(employer_import),
        "begin": _begin(employer_import) if state == State.READY and may_import else "",
        "preview": [
            {**row, "size": _size(row["size_band"]), "spoken": _spoken(row.get("contact"))}
            for row in employer_import.reading.get("preview", [])
        ],
        "who": who,
        "replaces": kept.get(Outcome.CHANGED, 0),
        "preview_columns": [
            Column(_("Row"), numeric=True),
            _("Employer"),
            _("Site"),
            _("Sector"),
            _("Size"),
            who,
            _("Outcome"),
        ],
        "why": _why(employer_import),
        "kinds": [(each, kept[each], _rows_that_are(each)) for each in kinds],
        "kind": kind,
        "changed_url": _rows_that_are(ImportRow.Outcome.CHANGED),
        "page": rows,
        "row_columns": [Column(_("Row"), numeric=True), _("Employer"), _("Why")],
        "rows": [
            {"number": row.number, "name": row.name, "why": " ".join(filter(None, [answered(row), row.reason]))} for row in rows
        ]
        if decisions is None
        else [],
        "decisions": decisions,
        "at_once": _at_once(employer_import) if decisions and kind == Outcome.UNCLEAR else [],
        "mended_as": MENDED_AS if may_import and state in (State.READY, State.DONE) and kind in STAYED_OUT else [],
        "form": form if is_open and may_import else None,
    }
    return page(request, "engagement/import_detail.html", context, status=status)


def _matched(employer_import: EmployerImport) -> list[str]:
    """The headings of the columns that say something to us, in the order of the file."""
    return [heading for heading in employer_import.headings if heading in employer_import.mapping.values()]


def _at_once(employer_import: EmployerImport) -> list[tuple[str, str]]:
    """What can be said of all the rows that nobody has decided, and the words of its button."""
    questions = set(employer_import.rows.filter(outcome=Outcome.UNCLEAR).values_list("question", flat=True).distinct())
    words = {
        NEW: _("All the others are new"),
        TAKE: _("Take what all the others say"),
        LEAVE: _("Leave all the others out"),
    }
    known = {answer for question in questions for answer in ANSWERS.get(Question(question), ()) if question}
    return [(answer, words[answer]) for answer in words if answer in known]


def _spoken(contact: dict[str, str] | None) -> str:
    """A contact that a row brings, as the preview shows it."""
    if not contact:
        return ""
    words = {
        "kind": Contact.Kind(contact["kind"]).label,
        "day": date_format(date.fromisoformat(contact["on"]), "SHORT_DATE_FORMAT"),
    }
    return _("%(kind)s, %(day)s") % words


def _rows_that_are(outcome: str) -> str:
    return f"?outcome={outcome}#rows"


def _why(employer_import: EmployerImport) -> str:
    """Why a column is taken for the names on the doors, where its heading does not say so by itself."""
    told_apart = employer_import.reading.get("told_apart", {})
    if not told_apart or not told_apart.items() <= employer_import.mapping.items():
        return ""
    return (
        _(
            "In “%(name)s” many employers are called the same, and “%(trade_name)s” tells them apart. "
            "So the book shows what stands there, as the name on the door."
        )
        % told_apart
    )


def _sentence(employer_import: EmployerImport) -> str:
    return {
        State.MAPPING: _("Say which column holds what. Nothing has been written into the book yet."),
        State.CHECKING: _("The rows are being compared with the book. Nothing has been written into it yet."),
        State.READY: _("This is what would happen. Nothing has been written into the book yet."),
        State.RUNNING: _("The rows are on their way into the book."),
        State.DONE: _("This is what came of the file."),
        State.TAKING_BACK: _("The import is being taken back. What people have worked on since stays."),
        State.TAKEN_BACK: _("%(person)s took this import back on %(day)s.")
        % {
            "person": employer_import.taken_back_by,
            "day": date_format(localtime(employer_import.taken_back_at), "DATE_FORMAT") if employer_import.taken_back_at else "",
        },
    }[State(employer_import.state)]


def _which_sheet(employer_import: EmployerImport) -> str:
    """Which of several sheets it is, for nobody would expect the others to be left out."""
    reading = employer_import.reading
    if reading.get("sheets", 1) < 2:
        return ""
    return _("This file has %(sheets)d sheets. Read is “%(sheet)s”, the first that has rows; the others are left out.") % reading


def _how_read(employer_import: EmployerImport) -> str:
    reading = employer_import.reading
    words = {
        "rows": figure(reading["rows"]),
        "sheet": reading.get("sheet"),
        "encoding": {"utf-8-sig": "UTF-8", "latin-1": "ISO 8859-1"}.get(
            reading["encoding"], reading["encoding"].upper().replace("CP", "Windows-")
        ),
        "delimiter": DELIMITERS[reading["delimiter"]],
        "row": reading["heading_row"],
    }
    if "sheet" in reading:
        if reading["heading_row"]:
            return _("%(rows)s rows of the sheet “%(sheet)s”, headings in row %(row)d.") % words
        return _("%(rows)s rows of the sheet “%(sheet)s”, without headings.") % words
    if reading["heading_row"]:
        return _("%(rows)s rows. Read as %(encoding)s, columns parted by %(delimiter)s, headings in row %(row)d.") % words
    return _("%(rows)s rows. Read as %(encoding)s, columns parted by %(delimiter)s, without headings.") % words


def _stats(employer_import: EmployerImport, kept: dict[str, int]) -> list[dict[str, Any]]:
    labels = {
        "new": (_("New"), _("Rows that bring an employer or a site which the book does not have.")),
        "changed": (_("Changed"), _("Rows that say something else about an employer than the book, or something more.")),
        "unchanged": (_("Unchanged"), _("Rows that say nothing but what the book says already.")),
        "unclear": (_("Unclear"), _("Rows of which only a person can say whom they mean. They stay out.")),
        "wrong": (_("Wrong"), _("Rows in which something cannot be. They stay out.")),
    }
    stats = [
        {
            "label": labels[key][0],
            "definition": labels[key][1],
            "value": count,
            "href": _rows_that_are(key) if count and count == kept.get(key) else "",
        }
        for key, count in actions.counts_of(employer_import).items()
    ]
    if employer_import.left_out:
        said = _("Rows of which somebody has said that they stay out.")
        href = _rows_that_are(Outcome.DECIDED) if Outcome.DECIDED in kept else ""
        stats.append({"label": _("Left out"), "definition": said, "value": employer_import.left_out, "href": href})
    return stats


def _brings(employer_import: EmployerImport) -> str:
    """How many employers, sites, people and contacts are new, in words: rows are none of these."""
    employers, sites = employer_import.new_employers, employer_import.new_sites
    people, contacts = employer_import.new_people, employer_import.new_contacts
    if not (employers or sites or people or contacts):
        return ""
    words = {
        "employers": ngettext("%(count)s new employer", "%(count)s new employers", employers) % {"count": figure(employers)},
        "sites": ngettext("%(count)s new site", "%(count)s new sites", sites) % {"count": figure(sites)},
        "people": ngettext("%(count)s person", "%(count)s people", people) % {"count": figure(people)},
        "contacts": ngettext("%(count)s contact", "%(count)s contacts", contacts) % {"count": figure(contacts)},
    }
    if contacts:
        return _("In all: %(employers)s, %(sites)s, %(people)s, %(contacts)s.") % words
    if people:
        return _("In all: %(employers)s, %(sites)s, %(people)s.") % words
    return _("In all: %(employers)s, %(sites)s.") % words


def _begin(employer_import: EmployerImport) -> str:
    """The words of the button that lets the rows in; empty when there is nothing to let in."""
    count = employer_import.new + employer_import.changed
    return ngettext("Import %(count)s row", "Import %(count)s rows", count) % {"count": figure(count)} if count else ""


def _size(band: str) -> str:
    return str(SizeBand(band).label) if band else ""
