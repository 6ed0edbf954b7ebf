from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Exists, F, OuterRef, Q
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from guildhall.core.http import done, page
from guildhall.core.ui.lists import Column
from guildhall.engagement import actions
from guildhall.engagement.forms.contacts import ContactForm
from guildhall.engagement.forms.employers import EmployerFilter, EmployerForm, HandOverForm, SiteForm
from guildhall.engagement.models import Contact, Employer, NextStep, sort_key_of
from guildhall.engagement.rules import can_hand_over
from guildhall.engagement.search import employers_found
from guildhall.engagement.views.desk import colleagues_of, form_page, open_book
from guildhall.engagement.window import AREAS, LEVELS, dark_window
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import Organisation, Site
from guildhall.people.rules import can_coordinate
from guildhall.skills import taxonomy

ROWS = 50
ENTRIES = 20
#: What the list can be sorted by; a leading "-" turns it round. Who was never spoken to comes first among the longest silent.
ORDERS: dict[str, list[Any]] = {
    "name": ["sort_key", "pk"],
    "-name": ["-sort_key", "-pk"],
    "contact": [F("last_contact_at").asc(nulls_first=True), "pk"],
    "-contact": [F("last_contact_at").desc(nulls_last=True), "-pk"],
    "step": [F("next_due_on").asc(nulls_last=True), "pk"],
    "-step": [F("next_due_on").desc(nulls_last=True), "-pk"],
}


def employer_list(request: PersonRequest) -> HttpResponse:
    """The employers in the school's book: searched, filtered, sorted, fifty at a time."""
    school = open_book(request)
    filters = EmployerFilter(request.GET, school=school, colleagues=colleagues_of(school))
    filters.is_valid()
    employers = _filtered(Employer.objects.visible_to(request.user).in_book_of(school), filters.cleaned_data, school)
    sort = request.GET.get("sort", "name")
    order = ORDERS.get(sort, ORDERS["name"])
    if "step" in sort:
        employers = employers.with_next_step()
    shown = Paginator(employers.for_list().order_by(*order), ROWS).get_page(request.GET.get("page"))
    context = {
        "school": school,
        "filters": filters,
        "page": shown,
        "rows": _rows(list(shown)),
        "columns": _columns(request.GET, sort),
        "window": dark_window(),
        "today": localdate(),
        "may_import": can_coordinate(request.user, school),
        "filtered": any(value for value in filters.cleaned_data.values()),
    }
    return page(request, "engagement/employer_list.html", context, fragment="engagement/_employers.html")


@dataclass(frozen=True)
class Row:
    """One row of the list: an employer, where it works, and the most urgent of its next steps."""

    employer: Employer
    place: str = ""
    other_sites: int = 0
    due_on: date | None = None
    what: str = ""


def _rows(employers: list[Employer]) -> list[Row]:
    """The rows of a page, in one query for each kind of thing; plain values, for there may be many of each."""
    places: dict[int, list[str]] = {}
    sites = Site.objects.open().filter(organisation__in=[employer.organisation_id for employer in employers]).order_by("pk")
    for organisation, town, postal_code in sites.values_list("organisation", "town", "postal_code"):
        places.setdefault(organisation, []).append(town or postal_code)
    steps = NextStep.objects.open().filter(employer__in=[employer.pk for employer in employers]).order_by("-due_on", "-pk")
    urgent_last = {employer: step for employer, *step in steps.values_list("employer", "due_on", "what")}
    rows = []
    for employer in employers:
        place, *others = places.get(employer.organisation_id, [""])
        rows.append(Row(employer, place, len(others), *urgent_last.get(employer.pk, ())))
    return rows


def _filtered(employers: Any, wanted: dict[str, str], school: Organisation) -> Any:
    if text := wanted.get("q", "").strip():
        employers = employers.filter(pk__in=employers_found(text, school))
    if owner := wanted.get("owner"):
        employers = employers.filter(owner=None if owner == "nobody" else int(owner))
    if sector := wanted.get("sector"):
        employers = employers.filter(_within_sector(sector))
    if place := wanted.get("place", "").strip():
        there = Site.objects.open().filter(Q(town__istartswith=place) | Q(postal_code__startswith=place))
        employers = employers.filter(Exists(there.filter(organisation=OuterRef("organisation"))))
    match wanted.get("silent"):
        case "never":
            employers = employers.filter(last_contact_at__isnull=True)
        case str(days) if days:
            employers = employers.silent_since(now() - timedelta(days=int(days)))
    open_steps = NextStep.objects.open().filter(employer=OuterRef("pk"))
    match wanted.get("step"):
        case "overdue":
            employers = employers.with_overdue_step(localdate())
        case "open":
            employers = employers.filter(Exists(open_steps))
        case "none":
            employers = employers.filter(~Exists(open_steps))
    return employers


def _within_sector(section: str) -> Q:
    """Organisations in a section of NACE: those with its code, and those with a code of one of its divisions."""
    within = Q(organisation__nace=section)
    for division, _label in taxonomy.choices("nace", under=section, level=2):
        within |= Q(organisation__nace__gte=division, organisation__nace__lt=f"{division}/")  # "/" comes right after "."
    return within


def _columns(query: QueryDict, sort: str) -> list[Column]:
    def column(label: str, key: str) -> Column:
        address = query.copy()
        address["sort"] = f"-{key}" if sort == key else key
        address.pop("page", None)
        direction = {key: "ascending", f"-{key}": "descending"}.get(sort, "")
        return Column(label, sort_url=f"?{address.urlencode()}", sorted=direction)

    return [
        column(_("Employer"), "name"),
        Column(_("Where")),
        Column(_("Looked after by")),
        column(_("Last contact"), "contact"),
        column(_("Next step"), "step"),
    ]


def employer_detail(request: PersonRequest, pk: int) -> HttpResponse:
    """All the school knows about an employer, what was said, and what comes next."""
    employer = get_object_or_404(_shown(request), pk=pk)
    return page(request, "engagement/employer_detail.html", employer_context(request, employer))


def _shown(request: PersonRequest) -> Any:
    return Employer.objects.visible_to(request.user).select_related("organisation", "school", "owner")


def employer_context(request: PersonRequest, employer: Employer, contact_form: ContactForm | None = None) -> dict[str, Any]:
    """What ``_employer.html`` needs, on the page and after every action on it."""
    positions = list(employer.positions.for_list())
    contacts = Paginator(
        employer.contacts.select_related("by").prefetch_related("people").order_by("-held_at", "-pk"), ENTRIES
    ).get_page(request.GET.get("page"))
    return {
        "employer": employer,
        "organisation": employer.organisation,
        "sites": list(employer.organisation.sites.order_by("closed_on", "pk")),
        "positions": [held for held in positions if held.is_current],
        "former": [held for held in positions if not held.is_current],
        "open_steps": list(employer.next_steps.open().select_related("owner").order_by("due_on", "pk")),
        "timeline": _timeline(employer, contacts),
        "page": contacts,
        "contact_form": contact_form or ContactForm(positions=positions),
        "may_hand_over": can_hand_over(request.user, employer),
        "may_coordinate": can_coordinate(request.user, employer.school),
        "window": dark_window(),
        "window_rows": LEVELS,
        "areas": AREAS,
        "today": localdate(),
    }


@dataclass(frozen=True)
class Moment:
    """One entry of a timeline: a contact, or a next step that was closed."""

    at: datetime
    contact: Contact | None = None
    step: NextStep | None = None

    @property
    def icon(self) -> str:
        kind = self.contact.kind if self.contact else "dot"
        return {"call": "phone", "message": "chat"}.get(kind, kind)


def _timeline(employer: Employer, contacts: Any) -> list[Moment]:
    """The contacts of a page and the next steps closed between its first and its last, newest first."""
    shown = list(contacts)
    closed = employer.next_steps.closed().select_related("closed_by")
    if contacts.has_next():
        closed = closed.filter(closed_at__gte=shown[-1].held_at)
    if contacts.has_previous():
        closed = closed.filter(closed_at__lt=shown[0].held_at)
    moments = [
        *(Moment(contact.held_at, contact=contact) for contact in shown),
        *(Moment(step.closed_at, step=step) for step in closed if step.closed_at),
    ]
    return sorted(moments, key=lambda moment: moment.at, reverse=True)


def done_with(request: PersonRequest, employer: Employer, message: str, *, undo: str = "", to: str = "") -> HttpResponse:
    """Answer after an action on an employer: its page as it is now."""
    employer = _shown(request).get(pk=employer.pk)
    return done(
        request, "engagement/_employer.html", employer_context(request, employer), message=message, to=to or employer, undo=undo
    )


def employer_add(request: PersonRequest) -> HttpResponse:
    """Write an employer into the book by hand."""
    school = open_book(request)
    initial = {"country": school.country, "name": request.GET.get("name", "")}
    form = EmployerForm(request.POST or None, initial=initial)
    site = SiteForm(request.POST or None, prefix="site", empty_permitted=True, use_required_attribute=False)
    alike: list[Employer] = []
    if request.method == "POST" and form.is_valid() and site.is_valid():
        alike = _of_the_same_name(school, form.cleaned_data)
    if request.method == "POST" and form.is_valid() and site.is_valid() and (not alike or "anyway" in request.POST):
        employer = actions.add_employer(
            school,
            **form.facts,
            note=form.cleaned_data["note"],
            site=site.cleaned_data,
            owner=request.user,
            by=request.user,
            at=now(),
        )
        return done_with(request, employer, _("%(employer)s is in the book.") % {"employer": employer})
    context = {"form": form, "site": site, "alike": alike, "back": reverse("engagement:employers")}
    return page(request, "engagement/employer_add.html", context, status=422 if form.is_bound else 200)


def _of_the_same_name(school: Organisation, given: dict[str, Any]) -> list[Employer]:
    """Employers in the book that sort where this one would: the same name but for case, accents and signs."""
    key = sort_key_of(given["trade_name"] or given["name"])
    return list(Employer.objects.in_book_of(school).filter(sort_key=key).select_related("organisation")[:5])


def employer_change(request: PersonRequest, pk: int) -> HttpResponse:
    """Correct what the book says about an employer."""
    employer = get_object_or_404(_shown(request), pk=pk)
    form = EmployerForm(request.POST or None, instance=employer.organisation, initial={"note": employer.note})
    if request.method == "POST" and form.is_valid():
        employer = actions.change_employer(employer, facts=form.facts, note=form.cleaned_data["note"], by=request.user, at=now())
        return done_with(request, employer, _("Saved."))
    return form_page(
        request, form, title=_("Change the facts"), submit=_("Save"), back=employer.get_absolute_url(), employer=employer
    )


def site_add(request: PersonRequest, pk: int) -> HttpResponse:
    """Add a place where an employer works."""
    employer = get_object_or_404(_shown(request), pk=pk)
    form = SiteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.add_site(employer, site=form.cleaned_data, by=request.user, at=now())
        return done_with(request, employer, _("The site is added."))
    return form_page(request, form, title=_("Add a site"), submit=_("Add"), back=employer.get_absolute_url(), employer=employer)


def site_change(request: PersonRequest, pk: int, site_pk: int) -> HttpResponse:
    """Correct a place where an employer works, or note that it is closed."""
    employer = get_object_or_404(_shown(request), pk=pk)
    site = get_object_or_404(employer.organisation.sites, pk=site_pk)
    form = SiteForm(request.POST or None, instance=site)
    if request.method == "POST" and form.is_valid():
        actions.change_site(employer, which=site, site=form.cleaned_data, by=request.user, at=now())
        return done_with(request, employer, _("Saved."))
    return form_page(
        request, form, title=_("Change a site"), submit=_("Save"), back=employer.get_absolute_url(), employer=employer
    )


def hand_over(request: PersonRequest, pk: int) -> HttpResponse:
    """Put an employer into a colleague's hands."""
    employer = get_object_or_404(_shown(request), pk=pk)
    can_hand_over.require(request.user, employer)
    form = HandOverForm(request.POST or None, colleagues=colleagues_of(employer.school), initial={"owner": employer.owner_id})
    if request.method == "POST" and form.is_valid():
        employer = actions.hand_over_employer(employer, owner=form.cleaned_data["owner"], by=request.user, at=now())
        return done_with(request, employer, _("Saved. Open next steps went along."))
    return form_page(
        request,
        form,
        title=_("Who looks after this employer?"),
        sentence=_("Open next steps of the one who had it so far go along."),
        submit=_("Save"),
        back=employer.get_absolute_url(),
        employer=employer,
    )


@require_POST
def take_on(request: PersonRequest, pk: int) -> HttpResponse:
    """Look after an employer oneself."""
    employer = get_object_or_404(_shown(request), pk=pk)
    actions.hand_over_employer(employer, owner=request.user, by=request.user, at=now())
    return done_with(request, employer, _("You look after this employer now."))
