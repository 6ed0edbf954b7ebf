from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.http import done, page
from guildhall.engagement import actions, level_words
from guildhall.engagement.catalogue import Catalogue, catalogue_for
from guildhall.engagement.forms.contacts import ContactForm
from guildhall.engagement.forms.employers import EmployerAddForm, EmployerForm, HandOverForm, SiteForm
from guildhall.engagement.methodology.levels import Standing, standing
from guildhall.engagement.models import AlikeEmployers, Employer, NextStep, sort_key_of
from guildhall.engagement.needs.told import needs_beside
from guildhall.engagement.rules import can_hand_over
from guildhall.engagement.situations import Said, story_of
from guildhall.engagement.timeline import contacts_of, history_of, letters_beside, steps_beside, timeline_of
from guildhall.engagement.views.consortia import others_context
from guildhall.engagement.views.desk import colleagues_of, form_page, open_book
from guildhall.engagement.views.duplicates import where_it_went
from guildhall.engagement.views.next_best import next_best_beside
from guildhall.engagement.window import LEVELS
from guildhall.library.finding import languages_read
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import Organisation
from guildhall.people.rules import can_coordinate


@require_safe
def employer_detail(request: PersonRequest, pk: int) -> HttpResponse:
    """All the school knows about an employer, what was said, and what comes next."""
    employer = Employer.objects.visible_to(request.user).for_page().filter(pk=pk).first()
    if employer is None:
        return where_it_went(request, pk)
    employer.school = next(school for school in request.organisations if school.pk == employer.school_id)
    return page(request, "engagement/employer_detail.html", employer_context(request, employer))


def _shown(request: PersonRequest) -> Any:
    return Employer.objects.visible_to(request.user).for_page().select_related("school")


def employer_context(request: PersonRequest, employer: Employer) -> dict[str, Any]:
    """What ``_employer.html`` needs, on the page and after every action on it."""
    sites = {site.pk: site for site in employer.organisation.sites.order_by("closed_on", "pk")}
    positions = list(employer.positions.with_answers().select_related("person").order_by("person__name", "pk"))
    for held in positions:
        held.site = sites.get(held.site_id) if held.site_id else None
    known = known_activities(request, employer)
    contacts = contacts_of(employer, request.GET.get("page"))
    steps = list(steps_beside(employer, contacts))
    open_steps = [step for step in steps if step.state == NextStep.State.OPEN]
    (history, names), beside = history_of(employer, known.kinds), needs_beside(employer)
    stands = standing(history, localdate())
    said = [Said(told.need.kind, told.need.form, told.need.noted_on) for _kind, of_kind in beside["needs"] for told in of_kind]
    letters = list(letters_beside(employer, contacts)) if employer.is_written_to else []
    return {
        "employer": employer,
        "alike": AlikeEmployers.objects.likeliest_with_the_other(employer) if employer.is_alike else None,
        "organisation": employer.organisation,
        "sites": list(sites.values()),
        "positions": [held for held in positions if held.is_current],
        "former": [held for held in positions if not held.is_current],
        "open_steps": open_steps,
        "timeline": timeline_of(contacts, [step for step in steps if step.closed_at], known, names=names, letters=letters),
        "tags": list(employer.tags.order_by("name")) if employer.is_tagged else [],
        "page": contacts,
        "contact_form": ContactForm(positions=positions, activities=known),
        "may_hand_over": can_hand_over(request.user, employer),
        "may_coordinate": can_coordinate(request.user, employer.school),
        **beside,
        **next_best_beside(request, employer, story_of(history, stands), steps=open_steps, needs=said, known=known),
        "today": localdate(),
        **standing_context(stands, known),
        **others_context(request, employer),
    }


def known_activities(request: PersonRequest, employer: Employer) -> Catalogue:
    """What can be done together with an employer that was read ``for_page()``, in the language of who asks."""
    return catalogue_for(employer, languages_read(request.LANGUAGE_CODE, request.organisation))


def standing_context(now: Standing, known: Catalogue) -> dict[str, Any]:
    """What ``_standing.html`` needs: the window as it is lit, and the sentences about the level."""
    return {
        "window": level_words.panes(now),
        "window_rows": LEVELS,
        "level": now.level,
        "level_why": level_words.why(now, known),
        "level_falls": level_words.what_falls(now.falls, known),
        "level_moves": level_words.what_moves(now.move, known),
    }


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
    form = EmployerAddForm(request.POST or None, initial=initial)
    alike = _of_the_same_name(school, form.cleaned_data) if form.is_valid() else []
    if form.is_valid() and (not alike or "anyway" in request.POST):
        employer = actions.add_employer(
            school,
            **form.facts,
            note=form.cleaned_data["note"],
            site=form.site,
            owner=request.user,
            by=request.user,
            at=now(),
        )
        return done_with(request, employer, _("%(employer)s is in the book.") % {"employer": employer})
    context = {"form": form, "alike": alike, "back": reverse("engagement:employers")}
    return page(request, "engagement/employer_add.html", context, status=422 if form.is_bound else 200)


def _of_the_same_name(school: Organisation, given: dict[str, Any]) -> list[Employer]:
    """Employers in the book that sort where this one would: the same name but for case, accents and signs."""
    key = sort_key_of(given["trade_name"] or given["name"])
    return list(Employer.objects.in_book_of(school).filter(sort_key=key).select_related("organisation")[:5])


def employer_change(request: PersonRequest, pk: int) -> HttpResponse:
    """Correct what the book says about an employer."""
    employer = get_object_or_404(_shown(request), pk=pk)
    form = EmployerForm(request.POST or None, employer=employer)
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
