"""Organisations that a school keeps in its book: they have no account, and only that school's staff see them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.history import change
from guildhall.people.models import Kind, Organisation, Site, User
from guildhall.people.rules import can_work_for


@action
def keep_organisation(
    school: Organisation, *, facts: dict[str, Any], site: dict[str, Any] | None = None, by: User, at: datetime
) -> Organisation:
    """Write down an employer that a school keeps; ``facts`` are fields of ``Organisation``, ``site`` fields of ``Site``.

    Raises:
        NotAllowed: ``by`` does not work for the school.
        IntegrityError: the school already keeps one with this register number.
    """
    can_work_for.require(by, school)
    kept = Organisation.objects.create(kind=Kind.EMPLOYER, kept_by=school, **facts)
    if site and any(site.values()):
        Site.objects.create(organisation=kept, **{"country": kept.country, **site})
    return kept


@action
def change_kept_organisation(kept: Organisation, *, facts: dict[str, Any], by: User, at: datetime) -> Organisation:
    """Correct the facts about an organisation that a school keeps.

    Raises:
        NotAllowed: ``by`` does not work for the school that keeps it.
        Refused: it keeps its own record.
        IntegrityError: the school already keeps another one with this register number.
    """
    kept = lock(kept)
    _require_keeper(kept, by)
    change(kept, **facts)
    return kept


@action
def add_kept_site(kept: Organisation, *, site: dict[str, Any], by: User, at: datetime) -> Site:
    """Add a place where an organisation that a school keeps works."""
    _require_keeper(kept, by)
    return Site.objects.create(organisation=kept, **{"country": kept.country, **site})


@action
def change_kept_site(site_kept: Site, *, site: dict[str, Any], by: User, at: datetime) -> Site:
    """Correct a place where an organisation that a school keeps works."""
    site_kept = lock(site_kept)
    _require_keeper(site_kept.organisation, by)
    change(site_kept, **site)
    return site_kept


@action
def keep_organisations(
    school: Organisation,
    *,
    organisations: Sequence[Organisation],
    sites: Sequence[Site],
    changed: Mapping[type[Organisation] | type[Site], tuple[Sequence[Any], Collection[str]]],
    by: User | None,
    at: datetime,
) -> Organisation:
    """Write down many employers that a school keeps, and sites of new and old ones, in a few statements.

    Args:
        organisations: new ones, not yet saved; afterwards they have their numbers.
        sites: new ones, of any of these or of organisations the school keeps.
        changed: by model, things kept with their new values, and the names of the fields to write.

    Raises:
        NotAllowed: ``by`` does not work for the school.
        Refused: one of them is not the school's to change.
        IntegrityError: the school already keeps one with the same register number.
    """
    if by is not None:
        can_work_for.require(by, school)
    for kept in organisations:
        kept.kind, kept.kept_by = Kind.EMPLOYER, school
    things = [thing for of_model, _fields in changed.values() for thing in of_model]
    touched = {thing.pk if isinstance(thing, Organisation) else thing.organisation_id for thing in things}
    touched |= {site.organisation_id for site in sites if site.organisation_id}
    if Organisation.objects.filter(pk__in=touched).exclude(kept_by=school).exists():
        raise Refused(_("One of these employers keeps its own record. Ask them to change it."))
    Organisation.objects.bulk_create(organisations, batch_size=500)
    Site.objects.bulk_create(sites, batch_size=500)
    for model, (of_model, fields) in changed.items():
        if of_model and fields:
            model._default_manager.bulk_update(of_model, sorted(fields), batch_size=100)
    return school


@action
def let_go_of_organisations(
    school: Organisation, *, organisations: Collection[int], sites: Collection[int], by: User, at: datetime
) -> Organisation:
    """Delete organisations and sites that a school kept, by their numbers. Nothing may point to them any more.

    Raises:
        NotAllowed: ``by`` does not work for the school.
        Refused: one of them is not the school's.
        IntegrityError: something points to one of them, at the latest at the end of the transaction.
    """
    can_work_for.require(by, school)
    kept, places = Organisation.objects.filter(pk__in=organisations), Site.objects.filter(pk__in=sites)
    if kept.exclude(kept_by=school).exists() or places.exclude(organisation__kept_by=school).exists():
        raise Refused(_("One of these employers keeps its own record. Ask them to change it."))
    for rows in (places, kept):
        rows._raw_delete(rows.db)  # not ``delete``: it would take along what nobody has looked at
    return school


def _require_keeper(kept: Organisation, by: User) -> None:
    if kept.kept_by is None:
        raise Refused(_("%(organisation)s keeps its own record. Ask them to change it.") % {"organisation": kept})
    can_work_for.require(by, kept.kept_by)
