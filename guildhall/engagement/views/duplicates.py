from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import date as formatted
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.http import page
from guildhall.core.pages import Pages
from guildhall.core.ui.basics import figure
from guildhall.core.ui.cells import missing, named, plain
from guildhall.engagement import actions
from guildhall.engagement.forms.merging import FACTS, WORDS, DuplicateFilter, MergeEmployersForm, MergeForm, MergePeopleForm
from guildhall.engagement.likeness.sites import same_sites
from guildhall.engagement.likeness.wording import how_likely, in_words
from guildhall.engagement.models import AlikeEmployers, AlikePair, AlikePeople, DuplicateSearch, Employer, Merge, Person, Position
from guildhall.engagement.rules import can_merge
from guildhall.engagement.views.desk import open_book
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import Organisation, Site

ROWS = 25


# --- The list ------------------------------------------------------------------------------------------------------


@require_safe
def duplicate_list(request: PersonRequest) -> HttpResponse:
    """Who may be in the book twice, the likeliest first; who was told apart, and what was merged."""
    school = open_book(request)
    filters = DuplicateFilter(request.GET)
    filters.is_valid()
    of_people, state = filters.cleaned_data.get("of") == "people", filters.cleaned_data.get("state") or "open"
    text = filters.cleaned_data.get("q", "").strip()
    shown: QuerySet[Any]
    if state == "merged":
        merges = Merge.objects.visible_to(request.user).in_book_of(school).for_list()
        shown = merges.filter(employer__isnull=of_people)
        named_so = Q(gone_name__icontains=text) | (
            Q(person__name__icontains=text) if of_people else _is_called("employer__organisation__", text)
        )
    else:
        pairs: Any = AlikePeople.objects if of_people else AlikeEmployers.objects
        shown = pairs.visible_to(request.user).in_book_of(school).filter(state=state).for_list()
        sides = ("first__", "second__") if of_people else ("first__organisation__", "second__organisation__")
        named_so = _is_called(sides[0], text, of_people) | _is_called(sides[1], text, of_people)
    listed = Pages(shown.filter(named_so) if text else shown, ROWS).get_page(request.GET.get("page"))
    search = DuplicateSearch.objects.select_related("progress").filter(school=school).first()
    context = {
        "filters": filters,
        "filtered": any(filters.cleaned_data.values()),
        "page": listed,
        "state": state,
        "count": _count(listed.paginator.count, state),
        "pairs": [] if state == "merged" else [_told(pair) for pair in listed],
        "merges": list(listed) if state == "merged" else [],
        "columns": [_("Who"), _("Why"), _("How likely"), ""],
        "merge_columns": merge_columns(),
        "search": search,
        "progress": search.progress if search and search.is_under_way else None,
        "may_merge": can_merge(request.user, school),
    }
    return page(request, "engagement/duplicate_list.html", context, fragment="engagement/_duplicates.html")


def _is_called(side: str, text: str, of_people: bool = False) -> Q:
    called = Q(**{f"{side}name__icontains": text})
    return called if of_people else called | Q(**{f"{side}trade_name__icontains": text})


def _count(count: int, state: str) -> str:
    words = {"count": figure(count)}
    if state == "merged":
        return ngettext("%(count)s merge", "%(count)s merges", count) % words
    return ngettext("%(count)s pair", "%(count)s pairs", count) % words


def _told(pair: Any) -> dict[str, Any]:
    likely, tone = how_likely(pair.score)
    return {"pair": pair, "why": in_words(pair.reasons), "likely": likely, "tone": tone, **_addresses(pair)}


def _addresses(pair: Any) -> dict[str, str]:
    of_people = isinstance(pair, AlikePeople)
    apart, again = ("person_apart", "person_doubt") if of_people else ("apart", "doubt")
    return {
        "apart_url": reverse(f"engagement:duplicate_{apart}", args=[pair.pk]),
        "again_url": reverse(f"engagement:duplicate_{again}", args=[pair.pk]),
    }


@require_POST
def duplicate_search(request: PersonRequest) -> HttpResponse:
    """Search the whole book; how far it is stands on the list's page."""
    actions.search_duplicates(open_book(request), by=request.user, at=now())
    return redirect("engagement:duplicates")


# --- A pair, side by side ------------------------------------------------------------------------------------------


def duplicate_employers(request: PersonRequest, pk: int) -> HttpResponse:
    """Two employers side by side, and what is said of them once they are one."""
    both = [f"{side}__{thing}" for side in ("first", "second") for thing in ("organisation", "owner")]
    pair: AlikeEmployers = get_object_or_404(
        AlikeEmployers.objects.visible_to(request.user).select_related("school", *both), pk=pk
    )
    form = MergeEmployersForm(_sent(request), first=pair.first, second=pair.second)
    if request.method == "POST":
        can_merge.require(request.user, pair.school)
        if form.is_valid():
            merge = actions.merge_employers(pair, facts=form.facts, note=form.note, owner=form.owner, by=request.user, at=now())
            assert merge.employer  # noqa: S101
            message = _("%(gone)s is now part of %(kept)s.") % {"gone": merge.gone_name, "kept": merge.employer}
            return _merged(request, merge, message, merge.employer.get_absolute_url())
    return _side_by_side(request, pair, form, _compared_employers(pair))


def duplicate_people(request: PersonRequest, pk: int) -> HttpResponse:
    """Two people side by side, and what is said of them once they are one."""
    shown = AlikePeople.objects.visible_to(request.user).select_related("school", "first", "second")
    pair: AlikePeople = get_object_or_404(shown, pk=pk)
    form = MergePeopleForm(_sent(request), first=pair.first, second=pair.second)
    if request.method == "POST":
        can_merge.require(request.user, pair.school)
        if form.is_valid():
            merge = actions.merge_people(pair, person=form.person, by=request.user, at=now())
            message = _("%(person)s is in the book once now.") % {"person": merge.person}
            return _merged(request, merge, message, f"{reverse('engagement:duplicates')}?of=people")
    return _side_by_side(request, pair, form, _compared_people(pair))


def _sent(request: PersonRequest) -> QueryDict | None:
    """What was sent, also where nothing was asked."""
    return request.POST if request.method == "POST" else None


def _merged(request: PersonRequest, merge: Merge, message: str, to: str) -> HttpResponse:
    return _on_to(request, to, message, undo=reverse("engagement:merge_undo", args=[merge.pk]))


def _on_to(request: PersonRequest, to: Any, message: str, *, undo: str = "") -> HttpResponse:
    """Answer after a decision: another page, whoever asks, for what was decided on is no longer there."""
    messages.success(request, message, extra_tags=f"undo:{undo}" if undo else "")
    return redirect(to)


def _side_by_side(
    request: PersonRequest, pair: AlikePair, form: MergeForm, rows: list[tuple[str, SafeString, SafeString]]
) -> HttpResponse:
    context = {
        **_told(pair),
        "form": form,
        "rows": [[plain(label), *values] for label, *values in rows],
        "columns": [_("What"), _("One"), _("The other")],
        "is_open": pair.state == AlikePair.State.OPEN,
        "may_merge": can_merge(request.user, pair.school),
        "asks": bool(form.fields),
        "of_people": isinstance(pair, AlikePeople),
    }
    return page(request, "engagement/duplicate.html", context, status=422 if form.errors else 200)


Row = tuple[str, SafeString, SafeString]


def _compared_employers(pair: AlikeEmployers) -> list[Row]:
    both = [pair.first, pair.second]
    organisations = [each.organisation for each in both]
    sites = _by(Site.objects.filter(organisation__in=organisations).order_by("pk"), "organisation_id", organisations)
    held = Position.objects.filter(employer__in=both).select_related("person").order_by("person__name", "pk")
    people = _by(held, "employer_id", both)
    counts = Employer.objects.filter(pk__in=[each.pk for each in both]).annotate(
        contact_count=Count("contacts", distinct=True), step_count=Count("next_steps", distinct=True)
    )
    counted = {each.pk: each for each in counts}
    links = [named(each, href=each.get_absolute_url()) for each in both]
    rows: list[Row] = [(_("In the book"), links[0], links[1])]
    for name in FACTS:
        field: Any = Organisation._meta.get_field(name)
        rows.append(_row(field.verbose_name, [_words(name, getattr(each, name)) for each in organisations]))
    shared = {site.pk for couple in same_sites(*sites) for site in couple}
    at_both = _("at both")
    said = [[f"{_place(site)} ({at_both})" if site.pk in shared else _place(site) for site in of_one] for of_one in sites]
    rows.append(_row(_("Sites"), ["; ".join(of_one) for of_one in said]))
    rows.append(_row(_("People"), ["; ".join(dict.fromkeys(_somebody(each.person) for each in of_one)) for of_one in people]))
    rows.append(_row(_("Contacts"), [str(figure(counted[each.pk].contact_count)) for each in both]))
    rows.append(_row(_("Next steps"), [str(figure(counted[each.pk].step_count)) for each in both]))
    rows.append(_row(_("Looked after by"), [str(each.owner or "") for each in both]))
    rows.append(_row(_("Good to know"), [each.note for each in both]))
    rows.append(_row(_("Rests until"), [formatted(each.resting_until, "SHORT_DATE_FORMAT") for each in both]))
    rows.append(_row(_("In the book since"), [formatted(each.added_at, "SHORT_DATE_FORMAT") for each in both]))
    return _said(rows)


def _compared_people(pair: AlikePeople) -> list[Row]:
    both = [pair.first, pair.second]
    held = Position.objects.filter(person__in=both).with_answers().select_related("employer__organisation").order_by("-pk")
    positions = _by(held, "person_id", both)
    counts = Person.objects.filter(pk__in=[each.pk for each in both]).annotate(contact_count=Count("contacts"))
    counted = {each.pk: each.contact_count for each in counts}
    rows = []
    for name in ("name", "email", "phone", "language"):
        field: Any = Person._meta.get_field(name)
        rows.append(_row(field.verbose_name, [_words(name, getattr(each, name)) for each in both]))
    rows.append(_row(_("Works at"), ["; ".join(_position(each) for each in of_one) for of_one in positions]))
    rows.append(_row(_("Contacts"), [str(figure(counted[each.pk])) for each in both]))
    asked = [_("asked not to be written to") if each.asked_not_to_be_written_at else "" for each in both]
    rows.append(_row(_("Writing to them"), asked))
    said = {held.person_id: held.answers for held in held}
    agreed = [[str(purpose.yes if yes else purpose.no) for purpose, yes in said.get(each.pk, [])] for each in both]
    rows.append(_row(_("What they agreed to"), ["; ".join(words) for words in agreed]))
    return _said(rows)


def _said(rows: list[Row]) -> list[Row]:
    """The rows in which at least one says something."""
    return [row for row in rows if row[1] != row[2] or row[1] != missing(_("nothing"))]


def _by(things: Iterable[Any], name: str, owners: list[Any]) -> list[list[Any]]:
    """Things of the first owner, and those of the second."""
    things = list(things)
    return [[thing for thing in things if getattr(thing, name) == owner.pk] for owner in owners]


def _row(label: Any, values: list[str]) -> Row:
    first, second = (plain(value) if value else missing(_("nothing")) for value in values)
    return str(label)[:1].upper() + str(label)[1:], first, second


def _words(name: str, value: Any) -> str:
    return WORDS.get(name, str)(value) if value else ""


def _place(site: Site) -> str:
    return site.address or str(site)


def _position(held: Position) -> str:
    return f"{held.employer}, {held.title}" if held.title else str(held.employer)


def _somebody(person: Person) -> str:
    reached = ", ".join(part for part in (person.email, person.phone) if part)
    said = f"{person} ({reached})" if reached else str(person)
    return _("%(person)s, who asked not to be written to") % {"person": said} if person.asked_not_to_be_written_at else said


# --- Two different ones, and two again -----------------------------------------------------------------------------


@require_POST
def employers_apart(request: PersonRequest, pk: int) -> HttpResponse:
    """Say that two employers are two."""
    return _apart(request, get_object_or_404(AlikeEmployers.objects.visible_to(request.user), pk=pk))


@require_POST
def people_apart(request: PersonRequest, pk: int) -> HttpResponse:
    """Say that two people are two."""
    return _apart(request, get_object_or_404(AlikePeople.objects.visible_to(request.user), pk=pk))


@require_POST
def employers_doubt(request: PersonRequest, pk: int) -> HttpResponse:
    """Take back that two employers are two."""
    return _doubt(request, get_object_or_404(AlikeEmployers.objects.visible_to(request.user), pk=pk))


@require_POST
def people_doubt(request: PersonRequest, pk: int) -> HttpResponse:
    """Take back that two people are two."""
    return _doubt(request, get_object_or_404(AlikePeople.objects.visible_to(request.user), pk=pk))


def _apart(request: PersonRequest, pair: Any) -> HttpResponse:
    pair = actions.tell_apart(pair, by=request.user, at=now())
    message = _("They are two. Nobody will be asked about them again.")
    return _on_to(request, _list_of(pair), message, undo=_addresses(pair)["again_url"])


def _doubt(request: PersonRequest, pair: Any) -> HttpResponse:
    pair = actions.doubt_again(pair, by=request.user, at=now())
    return _on_to(request, pair, _("The pair is to be looked at again."))


def _list_of(pair: Any) -> str:
    address = reverse("engagement:duplicates")
    return f"{address}?of=people" if isinstance(pair, AlikePeople) else address


@require_POST
def merge_undo(request: PersonRequest, pk: int) -> HttpResponse:
    """Make two again of what was merged."""
    shown: Any = Merge.objects.visible_to(request.user).select_related("school", "employer__organisation", "person")
    merge = actions.undo_merge(get_object_or_404(shown, pk=pk), by=request.user, at=now())
    message = _("%(name)s stands by itself again, as before.") % {"name": merge.gone_name}
    model: Any = AlikePeople if merge.person_id else AlikeEmployers
    pair = model.objects.of(merge.gone_number).of(merge.person_id or merge.employer_id).first()
    return _on_to(request, pair or "engagement:duplicates", message)


def merges_of(request: PersonRequest, employer: Employer) -> dict[str, Any]:
    """What was merged into an employer, for ``_merges.html`` on a page about it."""
    merges = list(Merge.objects.filter(employer=employer).for_list())
    return {"merges": merges, "merge_columns": merge_columns(), "may_merge": can_merge(request.user, employer.school)}


def merge_columns() -> list[str]:
    """The headings of ``_merges.html``."""
    return [_("Kept"), _("Merged into it"), _("By"), _("When"), ""]


def where_it_went(request: PersonRequest, pk: int) -> HttpResponse:
    """Lead the old address of an employer that was merged to the one that is kept.

    Raises:
        Http404: there never was one, or not for this person.
    """
    merges: Any = Merge.objects.visible_to(request.user).standing().filter(gone_number=pk, employer__isnull=False)
    merge = merges.select_related("employer").order_by("-pk").first()
    if merge is None:
        raise Http404
    return redirect(merge.employer)
