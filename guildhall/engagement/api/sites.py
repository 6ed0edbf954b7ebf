from __future__ import annotations

from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from ninja import Router
from pydantic import Field

from guildhall.core.actions import lock
from guildhall.core.api import filled, unchanged_since
from guildhall.core.api.fields import Body, Day
from guildhall.engagement import actions
from guildhall.engagement.api.things import READ, WRITE, SiteShown, an_employer, told_site
from guildhall.engagement.forms.employers import SiteForm
from guildhall.people.bearer import needs
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import Site

router = Router()


class SiteSent(Body):
    name: str = Field("", max_length=250)
    street: str = Field("", max_length=250)
    postal_code: str = Field("", max_length=20)
    town: str = Field("", max_length=120, examples=["Kiel"])
    phone: str = Field("", max_length=40)
    email: str = Field("", max_length=254)


class SiteChanged(SiteSent):
    """Only the fields that are sent are changed."""

    closed_on: Day | None = None


@router.get("/employers/{int:pk}/sites", response=list[SiteShown], summary="Where an employer works", **needs(READ))
def list_sites(request: PersonRequest, pk: int) -> Any:
    return [told_site(site) for site in an_employer(request, pk).organisation.sites.order_by("pk")]


@router.post("/employers/{int:pk}/sites", response={201: SiteShown}, summary="Add a site", **needs(WRITE))
def add_site(request: PersonRequest, pk: int, sent: SiteSent) -> Any:
    employer = an_employer(request, pk)
    form = filled(SiteForm, sent)
    return told_site(actions.add_site(employer, site=form.cleaned_data, by=request.user, at=now()))


@router.patch("/employers/{int:pk}/sites/{int:site_pk}", response=SiteShown, summary="Change a site", **needs(WRITE))
def change_site(request: PersonRequest, pk: int, site_pk: int, sent: SiteChanged) -> Any:
    """Also that it is closed."""
    employer = an_employer(request, pk)
    with transaction.atomic():
        site: Site = lock(get_object_or_404(employer.organisation.sites, pk=site_pk))
        unchanged_since(request, [site], sent.model_fields_set)
        form = filled(SiteForm, sent, keeping=True, instance=site)
        return told_site(actions.change_site(employer, which=site, site=form.cleaned_data, by=request.user, at=now()))
