"""From a draft to what everybody can read, and away again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from guildhall.core import search
from guildhall.core.actions import action, at_the_end, lock
from guildhall.core.errors import Refused
from guildhall.library.actions.resources import require_not_withdrawn
from guildhall.library.actions.tracks import forget_passages, index_passages
from guildhall.library.actions.translations import is_untouched
from guildhall.library.lacks import obstacles
from guildhall.library.models import DESCRIBED, Part, PublicChange, PublicState, Resource, Version
from guildhall.library.reading import words_of
from guildhall.library.rules import can_change, can_publish, can_withdraw
from guildhall.library.search import RESOURCE, resource_documents
from guildhall.people.models import Membership, Role, User
from guildhall.people.notices import tell


@action
def hand_in(resource: Resource, *, by: User, at: datetime) -> Resource:
    """Ask those who may publish to look at the working copy.

    Raises:
        NotAllowed: ``by`` may not change it.
        Refused: it is withdrawn, handed in already, says nothing new, or lacks something without which nothing is published.
    """
    resource = lock(resource)
    can_change.require(by, resource)
    if resource.submitted_at is not None:
        raise Refused(_("This is handed in already."))
    _require_ready(resource)
    resource.submitted_at, resource.submitted_by = at, by
    resource.save(update_fields=["submitted_at", "submitted_by"])
    _tell(
        _publishers(resource),
        resource,
        kind="library.handed_in",
        sentence=gettext_noop("%(person)s would like “%(resource)s” to be published."),
        by=by,
        at=at,
    )
    return resource


@action
def send_back(resource: Resource, *, why: str, by: User, at: datetime) -> Resource:
    """Give what was handed in back to its author, with a word why.

    Raises:
        NotAllowed: ``by`` may not publish for the organisation.
        Refused: it was not handed in, or there is no word why.
    """
    resource = lock(resource)
    can_publish.require(by, resource)
    author = resource.submitted_by
    if resource.submitted_at is None:
        raise Refused(_("This was not handed in."))
    if not why.strip():
        raise Refused(_("Say in a sentence what is still missing."))
    resource.submitted_at = resource.submitted_by = None
    resource.save(update_fields=["submitted_at", "submitted_by"])
    _tell(
        [author],
        resource,
        kind="library.sent_back",
        sentence=gettext_noop("%(person)s on “%(resource)s”: %(why)s"),
        by=by,
        at=at,
        why=why.strip(),
    )
    return resource


@action
def publish_resource(resource: Resource, *, what_changed: str = "", by: User, at: datetime) -> Resource:
    """Make the working copy a version that everybody can read; the versions before stay reachable.

    Raises:
        NotAllowed: ``by`` may not publish for the organisation.
        Refused: it is withdrawn, says nothing new, lacks something without which nothing is published, a source does not allow
            its licence, or it is a translation of which nothing is translated, or by a machine and nobody has looked through it.
    """
    resource = lock(resource)
    can_publish.require(by, resource)
    _require_ready(resource)
    author = resource.submitted_by
    make_public(resource, what_changed=what_changed.strip(), by=by, at=at)
    _tell(
        [author],
        resource,
        kind="library.published",
        sentence=gettext_noop("%(person)s has published “%(resource)s”."),
        by=by,
        at=at,
    )
    return resource


def make_public(resource: Resource, *, what_changed: str = "", by: User | None, at: datetime) -> Version:
    """Make the working copy a version that everybody can read, also of what was withdrawn. From inside an action."""
    parts = list(Part.objects.filter(resource=resource).of_working_copy())
    number = (resource.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    version = Version.objects.create(
        resource=resource,
        number=number,
        what_changed=what_changed,
        published_at=at,
        published_by=by,
        file_text=words_of(parts),
        **_as_described(resource),
    )
    version.parts.set(parts)
    resource.current, resource.state, resource.public_at = version, Resource.State.PUBLISHED, at
    resource.withdrawn_at, resource.withdrawn_why = None, ""
    resource.has_changes, resource.submitted_at, resource.submitted_by = False, None, None
    resource.__dict__.pop("shown", None)
    resource.save()
    search.index_many(resource_documents([resource]))
    index_passages(resource)
    at_the_end(number_changes, resource.work_id)
    return version


@action
def withdraw_resource(resource: Resource, *, why: str, by: User, at: datetime) -> Resource:
    """Take a resource away from the public; its title and the reason stay, so that whoever refers to it is told.

    Raises:
        NotAllowed: ``by`` may not withdraw for the organisation.
        Refused: it is not public, or there is no word why.
    """
    resource = lock(resource)
    can_withdraw.require(by, resource)
    if not resource.is_public:
        raise Refused(_("This is not public."))
    if not why.strip():
        raise Refused(_("Say in a sentence why: those who use it will want to know."))
    take_away(resource, why=why.strip(), at=at)
    _tell(
        _who_relies_on(resource),
        resource,
        kind="library.withdrawn",
        sentence=gettext_noop("%(person)s has withdrawn “%(resource)s”: %(why)s"),
        by=by,
        at=at,
        why=why.strip(),
    )
    return resource


def take_away(resource: Resource, *, why: str, at: datetime) -> None:
    """Take a resource away from the public. From inside an action."""
    resource.state, resource.withdrawn_at, resource.withdrawn_why = Resource.State.WITHDRAWN, at, why[:300]
    resource.public_at, resource.submitted_at, resource.submitted_by = at, None, None
    resource.save()
    search.remove(RESOURCE, resource.pk)
    forget_passages(resource)
    at_the_end(number_changes, resource.work_id)


@action
def take_up_again(resource: Resource, *, by: User, at: datetime) -> Resource:
    """Make a withdrawn resource public again, as it was.

    Raises:
        NotAllowed: ``by`` may not publish for the organisation.
        Refused: it is not withdrawn.
    """
    resource = lock(resource)
    can_publish.require(by, resource)
    if resource.state != Resource.State.WITHDRAWN:
        raise Refused(_("This was not withdrawn."))
    put_back(resource, at=at)
    return resource


def put_back(resource: Resource, *, at: datetime) -> None:
    """Make what was withdrawn public again. From inside an action."""
    resource.state, resource.withdrawn_at, resource.withdrawn_why = Resource.State.PUBLISHED, None, ""
    resource.public_at = at
    resource.save()
    search.index_many(resource_documents([resource]))
    index_passages(resource)
    at_the_end(number_changes, resource.work_id)


def number_changes(works: list[int]) -> None:
    """Say of which works something else is public now.

    Numbers are given at the end of an action and in the order of commits: who writes next waits for the row. Otherwise a process
    could see a higher number first, and miss what got the lower one.
    """
    PublicState.objects.get_or_create(pk=1)
    state = PublicState.objects.select_for_update().get(pk=1)
    state.number += 1
    state.save(update_fields=["number"])
    changes = [PublicChange(work_id=work, number=state.number) for work in sorted(set(works))]
    PublicChange.objects.bulk_create(changes, update_conflicts=True, unique_fields=["work"], update_fields=["number"])


def _require_ready(resource: Resource) -> None:
    require_not_withdrawn(resource)
    if not resource.has_changes:
        raise Refused(_("This says nothing that is not published already."))
    if missing := obstacles(resource):
        raise Refused(missing[0])
    if is_untouched(resource):
        raise Refused(_("Nothing of this is translated yet: it still says everything in the words of the original."))


def _tell(
    people: Iterable[User | None], resource: Resource, *, kind: str, sentence: str, by: User, at: datetime, **words: str
) -> None:
    """Tell people what became of a resource, but not the one who did it."""
    params = {"person": by, "resource": resource.title, **words}
    for person in people:
        if person is not None and person != by:
            tell(person, kind=kind, sentence=sentence, params=params, url=resource.get_absolute_url(), by=by, at=at)


def _who_relies_on(resource: Resource) -> QuerySet[User]:
    """Who looks after it, has used it, or keeps it in a collection."""
    uses, collections = resource.uses.values("by"), resource.collected.values("collection__made_by")
    concerned = Q(pk=resource.owner_id) | Q(pk__in=uses) | Q(pk__in=collections)
    return User.objects.filter(concerned, is_active=True).order_by("pk")


def _publishers(resource: Resource) -> list[User]:
    roles = [Role.MANAGER, Role.COORDINATOR, Role.QUALITY]
    held = Membership.objects.current().filter(organisation=resource.organisation_id, role__in=roles, user__is_active=True)
    return list(User.objects.filter(pk__in=held.values("user")).order_by("pk"))


def _as_described(resource: Resource) -> dict[str, Any]:
    return {name: getattr(resource, name) for name in DESCRIBED}
