"""Kinds of activity: the papers that help with one, and those a school adds."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.http import done
from guildhall.engagement import actions
from guildhall.engagement.forms.activities import OwnActivityForm
from guildhall.engagement.models import Employer, Methodology, OwnActivity, Words
from guildhall.engagement.rules import can_shape_methodology
from guildhall.engagement.views.desk import activities_known, form_page, open_book
from guildhall.library.finding import languages_read
from guildhall.people.middleware import PersonRequest


@require_safe
def papers(request: PersonRequest, pk: int) -> HttpResponse:
    """The papers that help with what somebody is choosing just now, filled in for an employer."""
    employer = get_object_or_404(Employer.objects.visible_to(request.user).select_related("organisation", "school"), pk=pk)
    kind = activities_known(request, employer.school).by_key.get(request.GET.get("activity", ""))
    return render(request, "engagement/_papers.html", {"employer": employer, "kind": kind})


def own_activity_add(request: PersonRequest) -> HttpResponse:
    """Add a kind of activity that the methodology does not know."""
    school = open_book(request)
    can_shape_methodology.require(request.user, school)
    form = OwnActivityForm(request.POST or None, words=_words(request), instance=OwnActivity(school=school))
    if request.method == "POST" and form.is_valid():
        added = actions.add_own_activity(school, facts=form.facts, by=request.user, at=now())
        return _done(request, _("“%(activity)s” can be chosen from now on.") % {"activity": added})
    sentence = _("Something you do with employers that is not in the list. Only your school sees it.")
    return form_page(request, form, title=_("Add a kind of activity"), sentence=sentence, submit=_("Add"), back=_list())


def own_activity_change(request: PersonRequest, pk: int) -> HttpResponse:
    """Say something else of a kind of activity."""
    activity = _own(request, pk)
    can_shape_methodology.require(request.user, activity.school)
    form = OwnActivityForm(request.POST or None, words=_words(request), instance=activity)
    if request.method == "POST" and form.is_valid():
        actions.change_own_activity(activity, facts=form.facts, by=request.user, at=now())
        return _done(request, _("Saved. Levels and windows follow it."))
    sentence = _("What was written down so far counts as it says here from now on.")
    return form_page(request, form, title=_("Change a kind of activity"), sentence=sentence, submit=_("Save"), back=_list())


@require_POST
def own_activity_retire(request: PersonRequest, pk: int) -> HttpResponse:
    """Offer a kind no longer."""
    activity = actions.retire_own_activity(_own(request, pk), by=request.user, at=now())
    undo = reverse("engagement:own_activity_offer", args=[activity.pk])
    return _done(
        request, _("“%(activity)s” can no longer be chosen. What was written down stays.") % {"activity": activity}, undo
    )


@require_POST
def own_activity_offer(request: PersonRequest, pk: int) -> HttpResponse:
    """Offer a kind again."""
    activity = actions.offer_own_activity(_own(request, pk), by=request.user, at=now())
    return _done(request, _("“%(activity)s” can be chosen again.") % {"activity": activity})


def _own(request: PersonRequest, pk: int) -> OwnActivity:
    return get_object_or_404(OwnActivity.objects.visible_to(request.user).select_related("school"), pk=pk)


def _words(request: PersonRequest) -> Words:
    methodology = Methodology.objects.newest()
    if methodology is None:
        raise Http404
    return methodology.words_in(languages_read(request.LANGUAGE_CODE, request.organisation))


def _list() -> str:
    return reverse("engagement:methodology_activities")


def _done(request: PersonRequest, sentence: str, undo: str = "") -> HttpResponse:
    return done(request, "", {}, message=sentence, to=_list(), undo=undo)
