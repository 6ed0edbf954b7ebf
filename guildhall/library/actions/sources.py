"""Lineage: what a resource was made from."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.library import licences
from guildhall.library.actions.resources import changed, require_not_withdrawn
from guildhall.library.models import Resource, Source
from guildhall.library.rules import can_change
from guildhall.people.models import User


@action
def add_source(
    resource: Resource,
    *,
    relation: str,
    of: Resource | None = None,
    title: str = "",
    author: str = "",
    address: str = "",
    licence: str = "",
    what_changed: str = "",
    by: User,
    at: datetime,
) -> Source:
    """Say what a resource was made from: something here (``of``), or elsewhere by its title.

    Raises:
        NotAllowed: ``by`` may not change it.
        Refused: it is withdrawn, the licences do not go together, the source is made from this one, is not public, or is
            named twice.
    """
    resource = lock(resource)
    can_change.require(by, resource)
    require_not_withdrawn(resource)
    elsewhere = {"title": title.strip(), "author": author.strip(), "address": address, "licence": licence}
    source = Source(
        resource=resource, relation=relation, of=of, what_changed=what_changed.strip(), **(elsewhere if of is None else {})
    )
    if of is not None and not of.is_public:
        raise Refused(_("Only what is published can be named as a source."))
    if of is not None and resource.pk in _made_of(of):
        raise Refused(_("That was made from this one: it cannot be its source too."))
    if source.under is not None and (problem := licences.obstacle(source.under, resource.under)):
        raise Refused(problem)
    try:
        source.validate_constraints()
    except ValidationError as wrong:
        raise Refused(wrong.messages[0]) from None
    try:
        with transaction.atomic():
            source.save()
    except IntegrityError:
        raise Refused(_("This is among its sources already.")) from None
    changed(resource, at=at)
    return source


@action
def remove_source(source: Source, *, by: User, at: datetime) -> Resource:
    """Take a source back; that of a translation stays.

    Raises:
        NotAllowed: ``by`` may not change the resource.
        Refused: it is withdrawn, or this is the original of a translation.
    """
    resource = lock(source.resource)
    source = lock(source)
    can_change.require(by, resource)
    require_not_withdrawn(resource)
    if source.relation == Source.Relation.TRANSLATION and source.of_id == resource.work_id:
        raise Refused(_("A translation keeps its original."))
    source.delete()
    changed(resource, at=at)
    return resource


def _made_of(resource: Resource) -> set[int]:
    """The numbers of all that a resource was made from, and its own, however far back."""
    seen, waiting = {resource.pk}, {resource.pk}
    while waiting:
        named = Source.objects.filter(resource__in=waiting, of__isnull=False).values_list("of", flat=True)
        waiting = {number for number in named if number is not None} - seen
        seen |= waiting
    return seen
