"""Organisations and their sites."""

from __future__ import annotations

from datetime import date, datetime
from itertools import chain, count
from typing import TypedDict, Unpack

from allauth.mfa.utils import is_mfa_enabled
from django.utils.text import slugify
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.people.models import Kind, Membership, Organisation, Role, Site, User
from guildhall.people.notices import tell
from guildhall.people.rules import can_create_organisation, can_manage


class OrganisationDetails(TypedDict, total=False):
    trade_name: str
    nuts: str
    nace: str
    size_band: str
    languages: list[str]
    register_number: str
    website: str
    time_zone: str


class OrganisationFields(OrganisationDetails, total=False):
    kind: Kind | str
    name: str
    country: str


class SiteFields(TypedDict, total=False):
    name: str
    register_number: str
    street: str
    postal_code: str
    town: str
    country: str
    latitude: float | None
    longitude: float | None
    phone: str


@action
def create_organisation(
    *, by: User, at: datetime, kind: Kind | str, name: str, country: str, **details: Unpack[OrganisationDetails]
) -> Organisation:
    """Create an organisation; who does so is its first manager.

    Raises:
        NotAllowed: ``by`` may not sign in.
    """
    can_create_organisation.require(by)
    organisation = Organisation.objects.create(kind=kind, name=name, country=country, slug=_free_slug(name, kind), **details)
    Membership.objects.create(user=by, organisation=organisation, role=Role.MANAGER, since=localdate(at))
    return organisation


@action
def edit_organisation(
    organisation: Organisation, *, by: User, at: datetime, **fields: Unpack[OrganisationFields]
) -> Organisation:
    """Change what is known of an organisation; its short name in addresses stays.

    Raises:
        NotAllowed: ``by`` does not manage it.
    """
    organisation = lock(organisation)
    can_manage.require(by, organisation)
    for name, value in fields.items():
        setattr(organisation, name, value)
    organisation.save(update_fields=list(fields))
    return organisation


@action
def require_second_factor(organisation: Organisation, *, required: bool, by: User, at: datetime) -> Organisation:
    """Ask all members of an organisation for a second factor when they sign in, or stop asking. They are told.

    Raises:
        NotAllowed: ``by`` does not manage it.
        Refused: ``by`` has no second factor and would be locked out first.
    """
    organisation = lock(organisation)
    can_manage.require(by, organisation)
    if required and not is_mfa_enabled(by):
        raise Refused(_("Set up a second factor for yourself first: otherwise you would be the first whom this stops."))
    if organisation.requires_second_factor == required:
        return organisation
    organisation.requires_second_factor = required
    organisation.save(update_fields=["requires_second_factor"])
    if required:
        others = User.objects.filter(pk__in=organisation.memberships.current().values("user")).exclude(pk=by.pk)
        for member in others:
            tell(
                member,
                kind="people.second_factor",
                sentence=gettext_lazy("%(organisation)s now asks its members for a second factor when they sign in."),
                params={"organisation": organisation},
                by=by,
                at=at,
            )
    return organisation


@action
def add_site(organisation: Organisation, *, by: User, at: datetime, **fields: Unpack[SiteFields]) -> Site:
    """Add a place where an organisation works.

    Raises:
        NotAllowed: ``by`` does not manage the organisation.
    """
    can_manage.require(by, organisation)
    return Site.objects.create(organisation=organisation, **fields)


@action
def edit_site(site: Site, *, by: User, at: datetime, **fields: Unpack[SiteFields]) -> Site:
    """Change what is known of a site.

    Raises:
        NotAllowed: ``by`` does not manage the organisation.
    """
    site = lock(site)
    can_manage.require(by, site.organisation)
    for name, value in fields.items():
        setattr(site, name, value)
    site.save(update_fields=list(fields))
    return site


@action
def close_site(site: Site, *, on: date, by: User, at: datetime) -> Site:
    """Note that an organisation no longer works at a site, from a day on. What happened there stays.

    Raises:
        NotAllowed: ``by`` does not manage the organisation.
        Refused: it is closed already.
    """
    site = lock(site)
    can_manage.require(by, site.organisation)
    if site.closed_on:
        raise Refused(_("This site is closed already."))
    site.closed_on = on
    site.save(update_fields=["closed_on"])
    return site


@action
def reopen_site(site: Site, *, by: User, at: datetime) -> Site:
    """Note that an organisation works at a closed site again, or that closing it was a mistake.

    Raises:
        NotAllowed: ``by`` does not manage the organisation.
    """
    site = lock(site)
    can_manage.require(by, site.organisation)
    site.closed_on = None
    site.save(update_fields=["closed_on"])
    return site


def _free_slug(name: str, kind: str) -> str:
    """Return a short name that no organisation has yet; for names in other scripts it begins with the kind."""
    wish = slugify(name)[:50].strip("-") or str(kind)
    taken = set(Organisation.objects.filter(slug__startswith=wish).values_list("slug", flat=True)) | {"new"}
    return next(slug for slug in chain([wish], (f"{wish}-{number}" for number in count(2))) if slug not in taken)
