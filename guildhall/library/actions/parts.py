"""The files of a resource."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.files import File
from django.db.models import Max
from django.utils.translation import gettext as _

from guildhall.core import files
from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.files import dangers
from guildhall.core.tasks import defer
from guildhall.library.actions.resources import changed, remove_unused, require_not_withdrawn
from guildhall.library.models import Part, Resource
from guildhall.library.reading import ALLOWED, READ_APART, words_in
from guildhall.library.rules import can_change
from guildhall.people.models import User

MOST_PARTS = 50


def add_part(resource: Resource, *, upload: File, title: str = "", by: User, at: datetime) -> Part:
    """Add a file to the working copy. It is looked through first: that may take seconds, in which nothing is locked.

    Raises:
        NotAllowed: ``by`` may not change it.
        Refused: it is withdrawn, has too many files, or the file is empty, too large, damaged, of a kind that is not kept, or
            does more than it says.
    """
    can_change.require(by, resource)
    dangers.require_harmless(upload)
    return keep_part(resource, upload=upload, title=title, by=by, at=at)


@action
def keep_part(resource: Resource, *, upload: File, title: str, at_leisure: bool = False, by: User, at: datetime) -> Part:
    """Keep a file that was looked through; what for, and what is refused: ``add_part``.

    ``at_leisure`` says that nobody waits to see its pages: they are drawn when there is nothing else to do.
    """
    resource = lock(resource)
    can_change.require(by, resource)
    require_not_withdrawn(resource)
    kept = Part.objects.filter(resource=resource).of_working_copy()
    if kept.count() >= MOST_PARTS:
        raise Refused(
            _("A resource has at most %(count)d files. Put the others into a resource of their own.") % {"count": MOST_PARTS}
        )
    stored = files.store(upload, allowed=ALLOWED, max_mb=settings.MAX_UPLOAD_MB, kept_for=resource, by=by)
    part = Part.objects.create(
        resource=resource,
        file=stored,
        title=title.strip(),
        position=(kept.aggregate(last=Max("position"))["last"] or 0) + 1,
        text=words_in(stored),
        added_at=at,
    )
    if stored.content_type in READ_APART:
        defer("library.look_at_leisure" if at_leisure else "library.look_into_file", file_id=str(stored.pk))
    changed(resource, at=at)
    return part


@action
def name_part(part: Part, *, title: str, by: User, at: datetime) -> Part:
    """Give a file of the working copy another title. What a version has keeps the title it had.

    Raises:
        NotAllowed: ``by`` may not change the resource.
        Refused: the resource is withdrawn, or the file was removed.
    """
    resource = lock(part.resource)
    part = lock(part)
    can_change.require(by, resource)
    require_not_withdrawn(resource)
    if part.removed_at is not None:
        raise Refused(_("This file was removed already."))
    title = title.strip()
    if title == part.title:
        return part
    if part.versions.exists():
        part.removed_at = at
        part.save(update_fields=["removed_at"])
        kept = {name: getattr(part, name) for name in ("resource", "file", "position", "text", "added_at")}
        part = Part.objects.create(**kept, title=title)
    else:
        part.title = title
        part.save(update_fields=["title"])
    changed(resource, at=at)
    return part


@action
def remove_part(part: Part, *, by: User, at: datetime) -> Resource:
    """Take a file out of the working copy. What a version has stays with the version.

    Raises:
        NotAllowed: ``by`` may not change the resource.
        Refused: it is withdrawn, or the file was removed already.
    """
    resource = lock(part.resource)
    part = lock(part)
    can_change.require(by, resource)
    require_not_withdrawn(resource)
    if part.removed_at is not None:
        raise Refused(_("This file was removed already."))
    if part.versions.exists():
        part.removed_at = at
        part.save(update_fields=["removed_at"])
    else:
        stored = part.file_id
        part.delete()
        remove_unused([stored])
    changed(resource, at=at)
    return resource
