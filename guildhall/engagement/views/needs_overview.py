"""What employers need, over the whole book: what is asked for, by how many, where, and whether it grows."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import localdate, now
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.errors import Refused
from guildhall.core.http import done, page
from guildhall.core.pages import Pages
from guildhall.engagement import actions
from guildhall.engagement.filtering import narrowed
from guildhall.engagement.forms.book import EmployerFilter
from guildhall.engagement.forms.needs import NeedsFilter, SameForm
from guildhall.engagement.models import Employer, Need, NeedQuerySet, SameNeed
from guildhall.engagement.models.needs import LONGEST_NEED
from guildhall.engagement.needs.asking import names_of
from guildhall.engagement.needs.told import Asked, asked_for, completed, note_changes, told_under, who_was_asked
from guildhall.engagement.rules import can_say_what_words_mean
from guildhall.engagement.views.desk import colleagues_of, open_book
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import Organisation

ROWS = 25
#: Bars of the picture.
BARS = 8
TICKED = [Need.Kind.TREND, Need.Kind.OBSTACLE, Need.Kind.OFFER]


@require_safe
def needs_overview(request: PersonRequest) -> HttpResponse:
    """What employers asked for in the last year, by how many, and by how many in the year before."""
    school = open_book(request)
    filters, needs = _filtered(request, school)
    kind = filters.cleaned_data.get("kind")
    today, language = localdate(), get_language() or ""
    has_same = SameNeed.objects.filter(school=school).exists()
    wanted = asked_for(needs, [kind] if kind else Need.WANTED, today, has_same=has_same)
    rows = Pages(wanted, ROWS, counted=False).get_page(request.GET.get("page"))
    rows.object_list = completed(rows.object_list, needs, language, today)
    ticked = completed(asked_for(needs, TICKED, today, has_same=False), needs, language, today)
    asked_now, asked_before = who_was_asked(needs, today)
    note_changes([*rows.object_list, *ticked], asked_now, asked_before)
    for row in [*rows.object_list, *ticked]:
        row.address = _behind(request, row)
    context = {
        "school": school,
        "filters": filters,
        "page": rows,
        "asked_now": asked_now,
        "asked_before": asked_before,
        "bars": _bars(rows.object_list) if rows.number == 1 else None,
        "ticked": [(kind.label, [row for row in ticked if row.kind == kind]) for kind in TICKED],
        "columns": [_("What"), _("Employers"), _("A year ago"), _("People now"), _("In two years"), _("Where")],
        "ticked_columns": ["", _("Employers"), _("A year ago")],
        "filtered": any(filters.cleaned_data.values()),
    }
    return page(request, "engagement/needs_overview.html", context, fragment="engagement/_needs_overview.html")


def _filtered(request: PersonRequest, school: Organisation) -> tuple[NeedsFilter, NeedQuerySet]:
    filters = NeedsFilter(request.GET, colleagues=colleagues_of(school))
    filters.is_valid()
    needs = Need.objects.visible_to(request.user).in_book_of(school)
    if any(filters.cleaned_data.get(name) for name in ("owner", "sector", "place")):
        employers = narrowed(Employer.objects.in_book_of(school), cast(EmployerFilter, filters), school)
        needs = needs.filter(employer__in=employers.values("pk"))
    return filters, needs


def _behind(request: PersonRequest, row: Asked) -> str:
    """The employers behind a row, under the filters that are set."""
    kept = {name: request.GET[name] for name in ("owner", "sector", "place") if request.GET.get(name)}
    return f"{reverse('engagement:needs_behind')}?{urlencode({'of': row.kind, 'form': row.counts_as, **kept})}"


def _bars(rows: list[Asked]) -> dict[str, Any] | None:
    if not rows:
        return None
    shown = rows[:BARS]
    return {
        "labels": [row.words for row in shown],
        "series": [
            (_("a year ago"), [row.employers_before for row in shown]),
            (_("now"), [row.employers for row in shown]),
        ],
    }


@require_safe
def needs_employers(request: PersonRequest) -> HttpResponse:
    """The employers behind a row: who said it, when, and for how many people."""
    school = open_book(request)
    kind, form = _row(request.GET)
    _filters, needs = _filtered(request, school)
    today, language = localdate(), get_language() or ""
    said = needs.filter(kind=kind, counts_as=form).standing(today)
    said = said.select_related("employer__organisation", "employer__owner").order_by("employer__sort_key", "employer", "pk")
    rows = Pages(said, ROWS).get_page(request.GET.get("page"))
    in_words = kind in Need.WANTED
    may_say = in_words and can_say_what_words_mean(request.user, school)
    same = list(SameNeed.objects.filter(school=school, kind=kind, means=form).order_by("words", "pk")) if in_words else []
    context = {
        "title": _title(needs, kind, form, language),
        "kind": Need.Kind(kind),
        "form": form,
        "page": rows,
        "told": told_under(rows.object_list),
        "in_words": in_words,
        "same": same,
        "may_say": may_say,
        "same_form": SameForm(words=_other_words(school, kind, form)) if may_say else None,
        "columns": [_("Employer"), _("In their words"), _("People now"), _("In two years"), _("Said"), _("Looked after by")],
        "back": reverse("engagement:needs"),
    }
    return page(request, "engagement/needs_behind.html", context)


def _row(asked: QueryDict) -> tuple[str, str]:
    kind, form = asked.get("of", ""), asked.get("form", "")[:LONGEST_NEED]
    if kind not in Need.Kind.values or not form or "\0" in form:
        raise Http404
    return kind, form


def _title(needs: NeedQuerySet, kind: str, form: str, language: str) -> str:
    if kind not in Need.WANTED:
        return str(names_of(kind, language).get(form, form))
    said = needs.filter(kind=kind, counts_as=form).order_by("ended_on", "-noted_on", "-pk").first()
    if said is None:
        raise Http404
    return str(said)


def _other_words(school: Organisation, kind: str, form: str) -> list[str]:
    """Words of the list one can choose from."""
    rows = asked_for(Need.objects.in_book_of(school), [kind], localdate())[:200]
    forms = [row["counts_as"] for row in rows if row["counts_as"] != form]
    said = Need.objects.in_book_of(school).filter(kind=kind, form__in=forms).order_by("form", "noted_on")
    return sorted(dict(said.values_list("form", "words")).values())


@require_POST
def needs_same(request: PersonRequest) -> HttpResponse:
    """Let two words of employers count together."""
    school = open_book(request)
    kind, form = _row(request.POST)
    sent = SameForm(request.POST, words=[])
    if not sent.is_valid():
        raise Refused(_("Say in a word of the list what it means the same as."))
    same = actions.say_it_is_the_same(school, kind=kind, form=form, means=sent.cleaned_data["means"], by=request.user, at=now())
    to = f"{reverse('engagement:needs_behind')}?{urlencode({'of': same.kind, 'form': same.means})}"
    undo = reverse("engagement:needs_apart", args=[same.pk])
    return done(request, "", {}, message=_("“%(word)s” counts with it from now on.") % {"word": same}, to=to, undo=undo)


@require_POST
def needs_apart(request: PersonRequest, pk: int) -> HttpResponse:
    """Let them count apart again."""
    same = get_object_or_404(SameNeed, pk=pk, school=open_book(request))
    words, to = str(same), f"{reverse('engagement:needs_behind')}?{urlencode({'of': same.kind, 'form': same.form})}"
    actions.say_it_is_another(same, by=request.user, at=now())
    return done(request, "", {}, message=_("“%(word)s” counts for itself again.") % {"word": words}, to=to)
