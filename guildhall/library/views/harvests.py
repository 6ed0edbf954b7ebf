"""The places elsewhere whose resources are listed here, and what came of the last look at each."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from guildhall.core.http import done, page, wants_fragment
from guildhall.core.pages import Pages
from guildhall.core.ui.lists import Column
from guildhall.library import actions, licences
from guildhall.library.forms.harvests import HarvestForm
from guildhall.library.models import Harvest, Resource
from guildhall.library.rules import can_change_harvest, can_harvest
from guildhall.library.views.desk import my_organisation, said_on
from guildhall.people.middleware import PersonRequest

ROWS = 50


@require_safe
def harvest_list(request: PersonRequest) -> HttpResponse:
    """All places whose resources are listed in the name of my organisation."""
    organisation = my_organisation(request)
    taken = Count("found", filter=Q(found__resource__state=Resource.State.PUBLISHED))
    refused = Count("found", filter=~Q(found__refused_why=""))
    harvests: Any = Harvest.objects.visible_to(request.user).filter(organisation=organisation).for_list()
    context = {
        "page": Pages(harvests.annotate(taken=taken, refused=refused), ROWS).get_page(request.GET.get("page")),
        "may_harvest": can_harvest(request.user, organisation),
        "columns": [
            _("Place"),
            _("How it is offered there"),
            _("Last looked at"),
            _("State"),
            Column(_("Listed here"), numeric=True),
            Column(_("Not taken"), numeric=True),
        ],
    }
    return page(request, "library/harvest_list.html", context)


def harvest_add(request: PersonRequest) -> HttpResponse:
    """Name a place, and have it looked at for the first time."""
    organisation = my_organisation(request)
    can_harvest.require(request.user, organisation)
    form = HarvestForm(request.POST if request.method == "POST" else None, initial=HarvestForm.said_of(None))
    if form.is_valid():
        with said_on(form):
            harvest = actions.add_harvest(organisation, by=request.user, at=now(), **form.cleaned_data)
            harvest = actions.begin_harvest(harvest, by=request.user, at=now())
            message = _("The place is added, and being looked at. From now on it is looked at every night.")
            return done(request, "", {}, message=message, to=harvest)
    context = {"form": form, "harvest": None}
    return page(request, "library/harvest_form.html", context, status=422 if form.errors else 200)


@require_safe
def harvest_detail(request: PersonRequest, pk: int) -> HttpResponse:
    """A place: how it stands, what the last look brought, and what was not taken and why. While it is looked at, how far."""
    harvest = _harvest(request, pk)
    if wants_fragment(request):
        if not harvest.is_under_way:
            return HttpResponseClientRefresh()
        return page(request, "library/_harvest_progress.html", {"harvest": harvest})
    refused = harvest.found.refused().order_by("refused_why", "identifier", "pk")
    context = {
        "harvest": harvest,
        "may_change": can_change_harvest(request.user, harvest),
        "stats": _stats(harvest),
        "listed": harvest.found.filter(resource__state=Resource.State.PUBLISHED).count(),
        "licences": [licences.KNOWN[key].label for key in harvest.licences],
        "page": Pages(refused, ROWS).get_page(request.GET.get("page")),
        "columns": [_("What"), _("Why it was not taken")],
    }
    return page(request, "library/harvest_detail.html", context)


def harvest_change(request: PersonRequest, pk: int) -> HttpResponse:
    """Change where a place is and what is taken from there."""
    harvest = _harvest(request, pk)
    can_change_harvest.require(request.user, harvest)
    form = HarvestForm(request.POST if request.method == "POST" else None, initial=HarvestForm.said_of(harvest))
    if form.is_valid():
        with said_on(form):
            harvest = actions.change_harvest(harvest, by=request.user, at=now(), **form.cleaned_data)
            message = _("The changes are saved. The next look goes through everything anew.")
            return done(request, "", {}, message=message, to=harvest)
    context = {"form": form, "harvest": harvest}
    return page(request, "library/harvest_form.html", context, status=422 if form.errors else 200)


@require_POST
def harvest_begin(request: PersonRequest, pk: int) -> HttpResponse:
    """Have a place looked at now."""
    return redirect(actions.begin_harvest(_harvest(request, pk), by=request.user, at=now()))


@require_POST
def harvest_pause(request: PersonRequest, pk: int) -> HttpResponse:
    """Look at a place no more by night."""
    harvest = actions.pause_harvest(_harvest(request, pk), by=request.user, at=now())
    undo = reverse("library:harvest_resume", args=[harvest.pk])
    message = _("The place is paused. What is listed from there stays.")
    return done(request, "", {}, message=message, to=harvest, undo=undo)


@require_POST
def harvest_resume(request: PersonRequest, pk: int) -> HttpResponse:
    """Look at a place by night again."""
    harvest = actions.resume_harvest(_harvest(request, pk), by=request.user, at=now())
    return done(request, "", {}, message=_("The place is looked at every night again."), to=harvest)


def harvest_remove(request: PersonRequest, pk: int) -> HttpResponse:
    """Ask once more, for it cannot be undone; then look at a place never again, and withdraw what came from there."""
    harvest = _harvest(request, pk)
    can_change_harvest.require(request.user, harvest)
    if request.method == "POST":
        actions.remove_harvest(harvest, by=request.user, at=now())
        message = _("The place is removed. What was listed from there is being withdrawn.")
        return done(request, "", {}, message=message, to=reverse("library:harvests"))
    listed = harvest.found.filter(resource__state=Resource.State.PUBLISHED).count()
    return page(request, "library/harvest_remove.html", {"harvest": harvest, "listed": listed})


def _harvest(request: PersonRequest, pk: int) -> Harvest:
    harvests: Any = Harvest.objects.visible_to(request.user).select_related("organisation", "progress")
    return get_object_or_404(harvests, pk=pk)


def _stats(harvest: Harvest) -> list[dict[str, Any]]:
    """What became of the records that the last look went through; nothing before the first."""
    words = {
        "new": (pgettext("records", "New"), _("Found there for the first time, and listed here since.")),
        "changed": (pgettext("records", "Changed"), _("What is said of them has changed there, or they are there again.")),
        "unchanged": (_("Unchanged"), _("As they were when they were seen last.")),
        "withdrawn": (_("Gone"), _("Not there any more, and therefore withdrawn here.")),
        "refused": (_("Not taken"), _("Found there, but not as it would have to be, or under another licence.")),
    }
    if harvest.harvested_at is None and not harvest.counts:
        return []
    return [
        {"label": label, "value": harvest.counts.get(name, 0), "definition": definition}
        for name, (label, definition) in words.items()
    ]
