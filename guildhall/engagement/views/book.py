from __future__ import annotations

from urllib.parse import quote

from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.http import done, page, wants_fragment
from guildhall.core.pages import Pages
from guildhall.core.ui.lists import Column
from guildhall.engagement import actions
from guildhall.engagement.columns import COLUMNS, KEPT, BookColumn, chosen, drawn, rows_of
from guildhall.engagement.filtering import narrowed, ordered
from guildhall.engagement.forms.book import EmployerFilter, ViewForm, view_of
from guildhall.engagement.models import Employer, SavedView
from guildhall.engagement.views.desk import colleagues_of, form_page, open_book
from guildhall.people.middleware import PersonRequest
from guildhall.people.rules import can_coordinate

ROWS = 50
#: To a page, for who has many to tick.
MANY_ROWS = 100


@require_safe
def employer_list(request: PersonRequest) -> HttpResponse:
    """The employers in the school's book: searched, filtered, sorted, in the columns one wants, fifty or a hundred at a time."""
    school = open_book(request)
    colleagues = colleagues_of(school)
    filters = EmployerFilter(request.GET, school=school, colleagues=colleagues, is_shown=not wants_fragment(request))
    employers = narrowed(Employer.objects.visible_to(request.user).in_book_of(school), filters, school)
    sort = request.GET.get("sort", "name")
    rows_wanted = MANY_ROWS if request.GET.get("rows") == str(MANY_ROWS) else ROWS
    shown = Pages(ordered(employers, sort).values(*KEPT), rows_wanted).get_page(request.GET.get("page"))
    columns = chosen(request.GET.getlist("column"))
    rows = rows_of(list(shown), colleagues, columns)
    view = view_of(request.GET)
    views = list(SavedView.objects.visible_to(request.user).in_book_of(school))
    context = {
        "school": school,
        "filters": filters,
        "page": shown,
        "rows": drawn(rows, columns),
        "picks": [(row.pk, row.name) for row in rows],
        "columns": _headings(request.GET, sort, columns),
        "offered": [(column, column in columns) for column in COLUMNS],
        "view": view,
        "view_quoted": quote(view),
        "bare": not view,
        "kept": [pair for pair in QueryDict(view).lists() if pair[0] not in ("column", "rows")],
        "many_rows": MANY_ROWS,
        "has_many_rows": rows_wanted == MANY_ROWS,
        "views": [(saved, saved.query == view) for saved in views],
        "may_import": can_coordinate(request.user, school),
        "filtered": any(value for value in filters.cleaned_data.values()),
    }
    return page(request, "engagement/employer_list.html", context, fragment="engagement/_employers.html")


def _headings(query: QueryDict, sort: str, columns: list[BookColumn]) -> list[Column]:
    def heading(label: str, key: str) -> Column:
        address = query.copy()
        address["sort"] = f"-{key}" if sort == key else key
        address.pop("page", None)
        direction = {key: "ascending", f"-{key}": "descending"}.get(sort, "")
        return Column(label, sort_url=f"?{address.urlencode()}", sorted=direction)

    others = [heading(str(column.label), column.sort) if column.sort else Column(column.label) for column in columns]
    return [heading(_("Employer"), "name"), *others]


def view_save(request: PersonRequest) -> HttpResponse:
    """Keep a way of looking at the list under a name."""
    school = open_book(request)
    query = view_of(QueryDict(request.GET.get("of", "")))
    form = ViewForm(request.POST or None)
    back = f"{reverse('engagement:employers')}?{query}"
    if request.method == "POST" and form.is_valid():
        view = actions.save_view(school, query=query, **form.cleaned_data, by=request.user, at=now())
        return done(request, "", {}, message=_("“%(view)s” is saved: it stands above the list.") % {"view": view}, to=back)
    sentence = _("The filters, the order and the columns as they are now, to be had again with one click.")
    return form_page(request, form, title=_("Save this view"), sentence=sentence, submit=_("Save"), back=back)


@require_POST
def view_remove(request: PersonRequest, pk: int) -> HttpResponse:
    """Forget a saved view."""
    view = get_object_or_404(SavedView.objects.visible_to(request.user), pk=pk)
    actions.remove_view(view, by=request.user, at=now())
    return done(request, "", {}, message=_("“%(view)s” is gone.") % {"view": view}, to=reverse("engagement:employers"))
