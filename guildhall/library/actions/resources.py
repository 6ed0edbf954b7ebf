"""Writing a resource: the working copy, which nobody outside the organisation sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from guildhall.core import files, search
from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.models import StoredFile
from guildhall.library.films.transcripts import PASSAGE, passage_keys
from guildhall.library.models import DESCRIBED, Film, Part, Preview, Resource
from guildhall.library.rules import can_change, can_write
from guildhall.library.search import RESOURCE, resource_documents
from guildhall.people.models import Organisation, User


@action
def start_resource(organisation: Organisation, *, described: Mapping[str, Any], by: User, at: datetime) -> Resource:
    """Begin a resource in the name of an organisation, as a draft; ``described`` holds what ``Described`` has.

    Raises:
        NotAllowed: ``by`` may not write in its name.
        Refused: it is described by something that no resource has.
    """
    can_write.require(by, organisation)
    resource = Resource(organisation=organisation, owner=by, created_at=at, changed_at=at, **_checked(described))
    resource.save()
    resource.work = resource
    resource.save(update_fields=["work"])
    search.index_many(resource_documents([resource]))
    return resource


@action
def change_resource(
    resource: Resource, *, described: Mapping[str, Any], revision: int | None = None, by: User, at: datetime
) -> Resource:
    """Change the working copy; what is public stays as it is until it is published again.

    ``revision`` is the one that was read before: where somebody else has written since, nothing is changed.

    Raises:
        NotAllowed: ``by`` may not change it.
        Refused: it is withdrawn, somebody else has written meanwhile, or it is described by something that no resource has.
    """
    resource = lock(resource)
    can_change.require(by, resource)
    require_not_withdrawn(resource)
    if revision is not None and revision != resource.revision:
        raise Refused(_("Somebody else has changed this meanwhile. Your text is still here: look at theirs, then save again."))
    for name, value in _checked(described).items():
        setattr(resource, name, value)
    changed(resource, at=at)
    return resource


@action
def drop_draft(resource: Resource, *, by: User, at: datetime) -> Organisation:
    """Throw away a draft that was never published, with its files.

    Raises:
        NotAllowed: ``by`` may not change it.
        Refused: it was published, or there is a translation of it.
    """
    resource = lock(resource)
    can_change.require(by, resource)
    if resource.current_id is not None:
        raise Refused(_("What was published can be withdrawn, not thrown away: others may refer to it."))
    if resource.renderings.exclude(pk=resource.pk).exists() or resource.made_from_this.exists():
        raise Refused(_("Something here was made from it. It stays."))
    organisation = resource.organisation
    stored = list(resource.parts.values_list("file", flat=True))
    resource.parts.all().delete()
    remove_unused(stored)
    for film in Film.objects.filter(resource=resource):
        forget_film(film)
    search.remove(RESOURCE, resource.pk)
    Resource.objects.filter(pk=resource.pk).update(work=None)
    resource.delete()
    return organisation


def changed(resource: Resource, *, at: datetime) -> None:
    """Note that the working copy says something else now. From inside an action."""
    resource.changed_at, resource.has_changes = at, True
    resource.revision += 1
    resource.save()
    if resource.current_id is None:  # else search knows the version that is public
        search.index_many(resource_documents([resource]))


def remove_unused(numbers: Iterable[Any]) -> None:
    """Remove files that no resource has any more, and what they look like: a translation has those of its original."""
    unused = set(numbers) - set(Part.objects.filter(file__in=numbers).values_list("file", flat=True))
    looks = Preview.objects.filter(file__in=unused, packed__isnull=False).values_list("packed", flat=True)
    files.remove(StoredFile.objects.filter(pk__in=unused | set(looks)))


def forget_film(film: Film) -> None:
    """Remove a film with all that was made of it. From inside an action."""
    made = [film.source_id, film.poster_id, *film.renditions.values_list("file", flat=True)]
    search.remove_many(PASSAGE, [key for track in film.tracks.all() for key in passage_keys(track)])
    film.delete()
    files.remove(StoredFile.objects.filter(pk__in=[number for number in made if number is not None]))


def require_not_withdrawn(resource: Resource) -> None:
    if resource.state == Resource.State.WITHDRAWN:
        raise Refused(_("This was withdrawn. Take it up again first."))


def _checked(described: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(described) - set(DESCRIBED)
    if unknown:
        raise Refused(_("No resource has “%(name)s”.") % {"name": sorted(unknown)[0]})
    return dict(described)
