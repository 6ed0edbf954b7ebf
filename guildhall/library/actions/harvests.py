"""Taking from others: which places are looked at, and what becomes of what is found there.

Whoever says that a place is harvested stands for it: what comes from there is published in the name of their organisation, as
links, without anybody looking at each.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.progress import start_progress
from guildhall.core.tasks import defer
from guildhall.library import licences
from guildhall.library.actions.publishing import make_public, put_back, take_away
from guildhall.library.harvesting.fetching import check_address
from guildhall.library.harvesting.finds import Find, NoLook, Portion
from guildhall.library.models import Harvest, Harvested, Resource
from guildhall.library.rules import can_change_harvest, can_harvest
from guildhall.people.models import Organisation, User

#: What was not seen any more is withdrawn so many at a time.
AT_A_TIME = 50
#: What keeps a page from being read for now says nothing about what it offers.
_PASSING = (Harvested.Why.AWAY, Harvested.Why.ROBOTS)


@action
def add_harvest(
    organisation: Organisation, *, name: str, address: str, form: str, licences: Collection[str], by: User, at: datetime
) -> Harvest:
    """Have a place looked at every night, in the name of an organisation.

    Raises:
        NotAllowed: ``by`` may not say what is harvested for it.
        Refused: the address will not do, is harvested already, or no licence is chosen.
    """
    can_harvest.require(by, organisation)
    harvest = Harvest(organisation=organisation, added_at=at, added_by=by)
    return _write(harvest, name, address, form, licences)


@action
def change_harvest(
    harvest: Harvest, *, name: str, address: str, form: str, licences: Collection[str], by: User, at: datetime
) -> Harvest:
    """Change where a place is, how it is read, and what is taken from there; the next look goes through all of it anew.

    Raises:
        NotAllowed: ``by`` may not change it.
        Refused: it is being looked at, the address will not do, is harvested already, or no licence is chosen.
    """
    harvest = lock(harvest)
    can_change_harvest.require(by, harvest)
    _require_not_under_way(harvest)
    harvest.position, harvest.known_until = {}, ""
    harvest.found.update(stamp="")
    return _write(harvest, name, address, form, licences)


@action
def pause_harvest(harvest: Harvest, *, by: User, at: datetime) -> Harvest:
    """Look at a place no more by night; what came from there stays.

    Raises:
        NotAllowed: ``by`` may not change it.
        Refused: it is paused already.
    """
    harvest = lock(harvest)
    can_change_harvest.require(by, harvest)
    if not harvest.is_active:
        raise Refused(_("This is paused already."))
    harvest.is_active = False
    harvest.save(update_fields=["is_active"])
    return harvest


@action
def resume_harvest(harvest: Harvest, *, by: User, at: datetime) -> Harvest:
    """Look at a place by night again.

    Raises:
        NotAllowed: ``by`` may not change it.
        Refused: it is not paused.
    """
    harvest = lock(harvest)
    can_change_harvest.require(by, harvest)
    if harvest.is_active:
        raise Refused(_("This is not paused."))
    harvest.is_active = True
    harvest.save(update_fields=["is_active"])
    return harvest


@action
def remove_harvest(harvest: Harvest, *, by: User, at: datetime) -> Organisation:
    """Look at a place never again, and withdraw what came from there; a task does that.

    Raises:
        NotAllowed: ``by`` may not change it.
        Refused: it was removed already.
    """
    harvest = lock(harvest)
    can_change_harvest.require(by, harvest)
    _require_kept(harvest)
    harvest.removed_at, harvest.is_active = at, False
    harvest.save(update_fields=["removed_at", "is_active"])
    defer("library.clear_harvest", harvest_id=harvest.pk)
    return harvest.organisation


@action
def begin_harvest(harvest: Harvest, *, by: User | None, at: datetime) -> Harvest:
    """Have a task look at a place, or go on where the last look was interrupted.

    Raises:
        NotAllowed: ``by`` may not change it.
        Refused: it is being looked at, or was removed.
    """
    harvest = lock(harvest)
    if by is not None:
        can_change_harvest.require(by, harvest)
    _require_kept(harvest)
    _require_not_under_way(harvest)
    if not harvest.position:
        harvest.position, harvest.counts = {"begun_at": at.isoformat()}, {}
    harvest.trouble, harvest.trouble_with = "", {}
    harvest.progress = start_progress(
        "library.harvest",
        by=by or harvest.organisation,
        doing=gettext_noop("Looking at what is offered there"),
        then=harvest.get_absolute_url(),
        harvest_id=harvest.pk,
    )
    harvest.save()
    return harvest


@action
def keep_finds(harvest: Harvest, *, portion: Portion, by: User | None, at: datetime) -> Harvest:
    """Keep what a portion of a look has found: new ones published, changed ones as a new version, those that are gone withdrawn.

    Raises:
        Refused: the place was removed, or another look has ended this one.
    """
    begun_at = begun(harvest)
    harvest = lock(harvest)
    _require_kept(harvest)
    if begun(harvest) != begun_at or begun_at is None:
        raise Refused(_("Another look at this place has ended this one."))
    named = [find.identifier for find in portion.finds]
    rows = {row.identifier: row for row in harvest.found.filter(identifier__in=named).select_related("resource__current")}
    for find in portion.finds:
        row = rows.setdefault(find.identifier, Harvested(harvest=harvest, identifier=find.identifier))
        is_seen_again = row.pk is not None and row.seen_at == begun_at
        outcome = _keep(row, find, begun_at=begun_at, at=at)
        if outcome and not is_seen_again:
            for name in ("seen", outcome):
                harvest.counts[name] = harvest.counts.get(name, 0) + 1
    harvest.position = {**harvest.position, **portion.position}
    harvest.save(update_fields=["counts", "position"])
    return harvest


@action
def withdraw_missed(harvest: Harvest, *, by: User | None, at: datetime) -> Harvest:
    """Withdraw some of what a look that went through everything has not seen."""
    harvest = lock(harvest)
    begun_at = begun(harvest)
    missed = harvest.found.missed_since(begun_at).select_related("resource__current").order_by("pk")[:AT_A_TIME]
    for row in missed if begun_at else []:
        _let_go(row, _no_longer_offered(row), at=at)
        harvest.counts["withdrawn"] = harvest.counts.get("withdrawn", 0) + 1
    harvest.save(update_fields=["counts"])
    return harvest


@action
def end_harvest(harvest: Harvest, *, stopped_by: NoLook | None = None, by: User | None, at: datetime) -> Harvest:
    """Note that a look has come to its end, or why it did not: the next one goes on from there."""
    harvest = lock(harvest)
    harvest.harvested_at = at
    if stopped_by is not None:
        harvest.trouble, harvest.trouble_with = stopped_by.trouble, dict(stopped_by.said)
    else:
        harvest.known_until = harvest.position.get("answered_at", "")[:20] or harvest.known_until
        harvest.position = {}
    harvest.save(update_fields=["harvested_at", "trouble", "trouble_with", "known_until", "position"])
    return harvest


@action
def clear_harvest(harvest: Harvest, *, by: User | None, at: datetime) -> Harvest:
    """Withdraw some of what came from a place that was removed."""
    harvest = lock(harvest)
    taken = harvest.found.filter(resource__state=Resource.State.PUBLISHED).select_related("resource__current")
    for row in taken.order_by("pk")[:AT_A_TIME]:
        with translation.override(_language_of(row)):
            why = _("%(place)s is no longer among the places whose resources are listed here.") % {"place": harvest.name}
        _let_go(row, why, at=at)
    return harvest


def begun(harvest: Harvest) -> datetime | None:
    """When the look under way at a place was begun."""
    said = harvest.position.get("begun_at")
    return datetime.fromisoformat(said) if said else None


def _write(harvest: Harvest, name: str, address: str, form: str, chosen: Collection[str]) -> Harvest:
    if not chosen or not set(chosen) <= set(licences.KNOWN):
        raise Refused(_("Choose at least one licence: what is under another one stays away."))
    harvest.name, harvest.address, harvest.form = name.strip(), check_address(address), form
    harvest.licences = [key for key in licences.KNOWN if key in chosen]
    try:
        harvest.clean_fields(exclude={field.name for field in Harvest._meta.fields} - {"name", "address", "form"})
        harvest.validate_constraints()
    except ValidationError as wrong:
        raise Refused(wrong.messages[0]) from None
    harvest.save()
    return harvest


def _require_kept(harvest: Harvest) -> None:
    if harvest.removed_at is not None:
        raise Refused(_("This place was removed."))


def _require_not_under_way(harvest: Harvest) -> None:
    if harvest.is_under_way:
        raise Refused(_("This place is just being looked at. Wait until that is done."))


def _keep(row: Harvested, find: Find, *, begun_at: datetime, at: datetime) -> str:
    """Keep one find in its row, and return what it counts as: "" for what is gone and never was here."""
    if find.is_gone and row.pk is None:
        return ""
    row.seen_at = begun_at
    row.title = find.title or row.title
    outcome = _take(row, find, at=at)
    row.save()
    return outcome


def _take(row: Harvested, find: Find, *, at: datetime) -> str:
    if find.is_gone:
        if row.resource is None:
            return "refused" if row.refused_why else ""
        return "withdrawn" if _let_go(row, _no_longer_offered(row), at=at) else "unchanged"
    if find.refused is not None:
        if row.resource is not None and find.refused.why in _PASSING:
            return "unchanged"
        row.stamp, row.refused_why, row.refused_with = find.stamp, find.refused.why, dict(find.refused.said)
        if row.resource is not None:
            _let_go(row, _no_longer_taken(row), at=at)
        return "refused"
    if find.described is not None:
        row.stamp, row.refused_why, row.refused_with = find.stamp, "", {}
        return _take_described(row, find.described, at=at)
    if row.refused_why:
        return "refused"
    return _take_back(row, at=at)


def _take_described(row: Harvested, described: Mapping[str, Any], *, at: datetime) -> str:
    resource = row.resource
    if resource is None:
        resource = Resource(organisation=row.harvest.organisation, created_at=at, changed_at=at, **described)
        resource.save()
        resource.work = resource
        make_public(resource, by=None, at=at)
        row.resource = resource
        return "new"
    if not resource.is_public and row.gone_at is None:
        return "unchanged"  # somebody here has withdrawn it: that stands, whatever its place says
    if all(getattr(resource.shown, name) == value for name, value in described.items()):
        return _take_back(row, at=at)
    for name, value in described.items():
        setattr(resource, name, value)
    resource.changed_at, row.gone_at = at, None
    resource.revision += 1
    make_public(resource, by=None, at=at)
    return "changed"


def _take_back(row: Harvested, *, at: datetime) -> str:
    """Make public again what was gone from its place and is there again."""
    was_gone, row.gone_at = row.gone_at is not None, None
    if row.resource is None or row.resource.is_public or not was_gone:
        return "unchanged"
    put_back(row.resource, at=at)
    return "changed"


def _let_go(row: Harvested, why: str, *, at: datetime) -> bool:
    """Withdraw what a place does not offer any more; returns whether it was public."""
    resource = row.resource
    if resource is None or not resource.is_public:
        return False
    take_away(resource, why=why, at=at)
    row.gone_at = at
    row.save()
    return True


def _no_longer_offered(row: Harvested) -> str:
    with translation.override(_language_of(row)):
        return _("%(place)s does not offer this any more.") % {"place": row.harvest.name}


def _no_longer_taken(row: Harvested) -> str:
    with translation.override(_language_of(row)):
        return _("What %(place)s says about this cannot be taken over any more: %(why)s") % {
            "place": row.harvest.name,
            "why": row.refused_sentence,
        }


def _language_of(row: Harvested) -> str:
    """Who reads a resource is told in its language, where ours are among them, why it is gone."""
    language = row.resource.shown.language if row.resource else ""
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
