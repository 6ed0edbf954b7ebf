"""An organisation's own pages: what it is, its sites, whom it asks for a second factor."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.http import came_from, done, page
from guildhall.people import actions
from guildhall.people.forms.organisations import OrganisationBeginForm, OrganisationForm, SiteForm
from guildhall.people.middleware import ORGANISATION_SESSION_KEY, PersonRequest
from guildhall.people.models import Organisation, Site
from guildhall.people.rules import can_create_organisation, can_manage, can_work_for


def organisation_create(request: PersonRequest) -> HttpResponse:
    can_create_organisation.require(request.user)
    form = OrganisationBeginForm(request.POST or None)
    if form.is_valid():
        organisation = actions.create_organisation(by=request.user, at=now(), **form.cleaned_data)
        request.session[ORGANISATION_SESSION_KEY] = organisation.pk
        messages.success(request, _("%(organisation)s is here. Invite your colleagues next.") % {"organisation": organisation})
        return redirect(organisation)
    return page(request, "people/organisation_create.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
def organisation_detail(request: PersonRequest, slug: str) -> HttpResponse:
    organisation = organisation_of(request, slug)
    own_roles = [m.get_role_display() for m in request.memberships if m.organisation == organisation]
    context = {
        **_sites(request, organisation),
        "own_roles": own_roles,
        "may_see_members": can_work_for(request.user, organisation),
    }
    return page(request, "people/organisation_detail.html", context)


def organisation_edit(request: PersonRequest, slug: str) -> HttpResponse:
    organisation = organisation_of(request, slug)
    can_manage.require(request.user, organisation)
    form = OrganisationForm(request.POST or None, instance=organisation)
    if form.is_valid():
        organisation = actions.edit_organisation(organisation, by=request.user, at=now(), **form.values)
        messages.success(request, _("The changes are saved."))
        return redirect(organisation)
    context = {"form": form, "organisation": Organisation.objects.get(pk=organisation.pk) if form.errors else organisation}
    return page(request, "people/organisation_edit.html", context, status=422 if form.errors else 200)


@require_POST
def second_factor_require(request: PersonRequest, slug: str) -> HttpResponse:
    organisation = organisation_of(request, slug)
    required = request.POST.get("required") == "yes"
    organisation = actions.require_second_factor(organisation, required=required, by=request.user, at=now())
    on, off = _("All members are now asked for a second factor."), _("Nobody is asked for a second factor any more.")
    messages.success(request, on if required else off)
    return redirect(organisation)


def site_add(request: PersonRequest, slug: str) -> HttpResponse:
    organisation = organisation_of(request, slug)
    can_manage.require(request.user, organisation)
    form = SiteForm(request.POST or None, instance=Site(organisation=organisation))
    if form.is_valid():
        actions.add_site(organisation, by=request.user, at=now(), **form.cleaned_data)
        messages.success(request, _("The site is added."))
        return redirect(organisation)
    return page(
        request, "people/site_form.html", {"form": form, "organisation": organisation}, status=422 if form.errors else 200
    )


def site_edit(request: PersonRequest, pk: int) -> HttpResponse:
    site = site_of(request, pk)
    can_manage.require(request.user, site.organisation)
    form = SiteForm(request.POST or None, instance=site)
    if form.is_valid():
        actions.edit_site(site, by=request.user, at=now(), **form.cleaned_data)
        messages.success(request, _("The changes are saved."))
        return redirect(site.organisation)
    context = {"form": form, "organisation": site.organisation, "site": site}
    return page(request, "people/site_form.html", context, status=422 if form.errors else 200)


@require_POST
def site_close(request: PersonRequest, pk: int) -> HttpResponse:
    site = actions.close_site(site_of(request, pk), on=localdate(), by=request.user, at=now())
    undo = reverse("people:site_reopen", args=[site.pk])
    context = _sites(request, site.organisation)
    return done(request, "people/_sites.html", context, message=_("The site is closed."), to=site.organisation, undo=undo)


@require_POST
def site_reopen(request: PersonRequest, pk: int) -> HttpResponse:
    site = actions.reopen_site(site_of(request, pk), by=request.user, at=now())
    context = _sites(request, site.organisation)
    return done(request, "people/_sites.html", context, message=_("The site is open again."), to=site.organisation)


@require_POST
def switch(request: PersonRequest) -> HttpResponse:
    """Work for another of one's organisations from now on."""
    chosen = request.POST.get("organisation", "")
    organisation = next((own for own in request.organisations if str(own.pk) == chosen), None)
    if organisation is None:
        raise Http404
    request.session[ORGANISATION_SESSION_KEY] = organisation.pk
    return redirect(came_from(request))


def organisation_of(request: PersonRequest, slug: str) -> Organisation:
    return get_object_or_404(Organisation.objects.visible_to(request.user), slug=slug)


def site_of(request: PersonRequest, pk: int) -> Site:
    """A site of an organisation that has its own pages; sites of employers in a school's book are the book's."""
    return get_object_or_404(
        Site.objects.visible_to(request.user).filter(organisation__kept_by=None).select_related("organisation"), pk=pk
    )


def _sites(request: PersonRequest, organisation: Organisation) -> dict[str, Any]:
    sites = list(organisation.sites.order_by("name", "town", "pk"))
    return {
        "organisation": organisation,
        "may_manage": can_manage(request.user, organisation),
        "open_sites": [site for site in sites if not site.closed_on],
        "closed_sites": [site for site in sites if site.closed_on],
    }
