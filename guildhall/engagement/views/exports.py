from __future__ import annotations

from typing import TypeVar

from django.http import HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.http import download, page
from guildhall.engagement import actions
from guildhall.engagement.columns import chosen
from guildhall.engagement.exporting import sheet, vcard
from guildhall.engagement.exporting.table import FORMATS, columns_of, table_of
from guildhall.engagement.exporting.whole import whole_book
from guildhall.engagement.forms.book import view_of
from guildhall.engagement.forms.exports import ExportForm
from guildhall.engagement.models import Employer, Export, Position
from guildhall.engagement.rules import can_export_book
from guildhall.engagement.views.book import ordered
from guildhall.engagement.views.bulk import chosen_employers
from guildhall.engagement.views.desk import colleagues_of, open_book
from guildhall.people.middleware import PersonRequest

Answer = TypeVar("Answer", bound=HttpResponseBase)

#: Exports that are told of.
EARLIER = 20


def employer_export(request: PersonRequest) -> HttpResponseBase:
    """Take employers along in a file: those that were ticked, else all of a view of the list; in its order and columns."""
    school = open_book(request)
    colleagues = colleagues_of(school)
    asked = (request.POST if request.method == "POST" else request.GET).copy()
    if "employer" not in asked:
        asked["all"] = "1"
    view = QueryDict(asked.get("of", ""))
    employers = chosen_employers(request, asked, school, colleagues)
    shown = chosen(view.getlist("column"))
    form = ExportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        file_format = form.cleaned_data["file_format"]
        actions.export_employers(school, employers=employers, file_format=file_format, by=request.user, at=now())
        content_type, written = FORMATS[file_format]
        table = table_of(ordered(employers, view.get("sort", "name")), shown, colleagues)
        return download(written(table), f"{_('Employers')} {localdate()}", file_format, content_type)
    may_take_all = can_export_book(request.user, school)
    context = {
        "form": form,
        "count": employers.count(),
        "headings": ", ".join(str(column.heading) for column in columns_of(shown)),
        "ticked": [] if asked.get("all") else asked.getlist("employer"),
        "of": asked.get("of", ""),
        "back": f"{reverse('engagement:employers')}?{view_of(view)}",
        "may_take_all": may_take_all,
        "earlier": _earlier(request) if may_take_all else [],
        "columns": [_("When"), _("By"), _("As what"), _("Employers")],
    }
    return page(request, "engagement/export.html", context, status=422 if form.is_bound else 200)


def _earlier(request: PersonRequest) -> list[Export]:
    exports = Export.objects.visible_to(request.user).filter(school=request.organisation)
    return list(exports.select_related("made_by").order_by("-made_at", "-pk")[:EARLIER])


@require_POST
def book_export(request: PersonRequest) -> HttpResponseBase:
    """Take the whole book along."""
    school = open_book(request)
    moment = now()
    actions.export_book(school, by=request.user, at=moment)
    return download(whole_book(school, at=moment), f"{_('Employer book')} {localdate()}", "json", "application/json")


@require_safe
def position_vcard(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Somebody who works at an employer, for an address book."""
    visible = Position.objects.filter(employer__in=Employer.objects.visible_to(request.user)).current().with_answers()
    held = get_object_or_404(visible.select_related("person", "site", "employer__organisation"), pk=pk)
    return download(vcard.cards([held]), held.person.name, "vcf", vcard.MEDIA_TYPE)


@require_safe
def people_vcards(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Everybody who works at an employer, for an address book."""
    employer = get_object_or_404(Employer.objects.visible_to(request.user).select_related("organisation"), pk=pk)
    held = employer.positions.current().for_list().with_answers().select_related("employer__organisation")
    return download(vcard.cards(held), str(employer), "vcf", vcard.MEDIA_TYPE)


@require_safe
def employer_sheet(request: PersonRequest, pk: int) -> HttpResponseBase:
    """An employer on paper."""
    shown = Employer.objects.visible_to(request.user).select_related("organisation", "school", "owner")
    employer = get_object_or_404(shown, pk=pk)
    printed = sheet.sheet(employer, at=now())
    return download(printed, f"{employer} {localdate()}", "pdf", sheet.MEDIA_TYPE, as_attachment=False)
