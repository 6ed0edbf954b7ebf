"""What people think of resources, how they used them, and how they put them together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.library.kinds import CRITERIA
from guildhall.library.models import Collected, Collection, ExpertGroup, Resource, Review, Use, Version
from guildhall.library.rules import can_collect, can_review, can_review_for, can_take_back, can_write
from guildhall.people.models import Organisation, User
from guildhall.people.notices import tell


@action
def review_resource(
    resource: Resource,
    *,
    organisation: Organisation,
    group: ExpertGroup | None = None,
    scores: Mapping[str, int],
    text: str,
    language: str,
    by: User,
    at: datetime,
) -> Review:
    """Say what one thinks of a published resource, by all five criteria from 1 to 5; again instead of what one said before.

    As an expert one speaks for a ``group``, and so for whoever runs it, whichever organisation is given.

    Raises:
        NotAllowed: ``by`` belongs to those who published it, is no member of ``organisation``, or not in the group.
        Refused: it is not public, a score is missing or none, or the group has ended.
    """
    resource, signed_as = lock(resource), ""
    if group is None:
        can_write.require(by, organisation)
    else:
        group = lock(group)
        can_review_for.require(by, group)
        if group.ended_at is not None:
            raise Refused(_("This group has ended: it takes no new reviews."))
        organisation, signed_as = group.organisation, group.experts.current().get(user=by.pk).name
    can_review.require(by, resource)
    version = _public_version(resource)
    if set(scores) != set(CRITERIA) or not all(score in range(1, 6) for score in scores.values()):
        raise Refused(_("Give each of the five questions a score from 1 to 5."))
    review, _new = Review.objects.update_or_create(
        resource=resource,
        by=by,
        defaults={
            "version": version,
            "organisation": organisation,
            "group": group,
            "signed_as": signed_as,
            "scores": dict(scores),
            "text": text.strip(),
            "language": language,
            "made_at": at,
        },
    )
    if resource.owner is not None:
        tell(
            resource.owner,
            kind="library.reviewed",
            sentence=gettext_noop("%(person)s has reviewed “%(resource)s”."),
            params={"person": signed_as or by, "resource": resource.shown.title},
            url=resource.get_absolute_url(),
            by=by,
            at=at,
        )
    return review


@action
def take_back_review(review: Review, *, by: User, at: datetime) -> Resource:
    """Take back what one thinks.

    Raises:
        NotAllowed: somebody else wrote it.
    """
    review = lock(review)
    can_take_back.require(by, review)
    resource = review.resource
    review.delete()
    return resource


@action
def tell_of_use(resource: Resource, *, organisation: Organisation, sentence: str, language: str, by: User, at: datetime) -> Use:
    """Say that one used a published resource, and how that went; again instead of what one said before.

    Raises:
        NotAllowed: ``by`` is no member of ``organisation``.
        Refused: it is not public.
    """
    resource = lock(resource)
    can_write.require(by, organisation)
    _public_version(resource)
    said = {"organisation": organisation, "sentence": sentence.strip(), "language": language, "made_at": at}
    return Use.objects.update_or_create(resource=resource, by=by, defaults=said)[0]


@action
def take_back_use(use: Use, *, by: User, at: datetime) -> Resource:
    """Take back that one used it.

    Raises:
        NotAllowed: somebody else wrote it.
    """
    use = lock(use)
    can_take_back.require(by, use)
    resource = use.resource
    use.delete()
    return resource


@action
def make_collection(
    organisation: Organisation, *, title: str, summary: str, language: str, is_public: bool, by: User, at: datetime
) -> Collection:
    """Begin a collection in the name of an organisation.

    Raises:
        NotAllowed: ``by`` may not write in its name.
        Refused: there is one of this name.
    """
    can_write.require(by, organisation)
    collection = Collection(organisation=organisation, language=language, made_at=at, made_by=by)
    return _write(collection, title, summary, is_public)


@action
def change_collection(collection: Collection, *, title: str, summary: str, is_public: bool, by: User, at: datetime) -> Collection:
    """Change what a collection is called, what it is for, and who sees it.

    Raises:
        NotAllowed: ``by`` may not write in the name of its organisation.
        Refused: there is one of this name.
    """
    collection = lock(collection)
    can_collect.require(by, collection)
    return _write(collection, title, summary, is_public)


@action
def remove_collection(collection: Collection, *, by: User, at: datetime) -> Organisation:
    """Take a collection apart; the resources stay.

    Raises:
        NotAllowed: ``by`` may not write in the name of its organisation.
    """
    collection = lock(collection)
    can_collect.require(by, collection)
    organisation = collection.organisation
    collection.delete()
    return organisation


@action
def collect(collection: Collection, *, resource: Resource, word: str = "", by: User, at: datetime) -> Collection:
    """Put a published resource into a collection, at its end, with a word on it; again only to change the word.

    Raises:
        NotAllowed: ``by`` may not write in the name of its organisation.
        Refused: it is not public.
    """
    collection = lock(collection)
    can_collect.require(by, collection)
    _public_version(resource)
    last = collection.items.aggregate(last=Max("position"))["last"]
    item, is_new = Collected.objects.get_or_create(
        collection=collection, resource=resource, defaults={"position": (last or 0) + 1, "word": word.strip()}
    )
    if not is_new and item.word != word.strip():
        item.word = word.strip()
        item.save(update_fields=["word"])
    return collection


@action
def collect_in_new(
    organisation: Organisation, *, title: str, language: str, resource: Resource, word: str = "", by: User, at: datetime
) -> Collection:
    """Begin a collection in the name of an organisation with a published resource; nobody else sees it yet.

    Raises:
        NotAllowed: ``by`` may not write in its name.
        Refused: the resource is not public, or there is a collection of this name.
    """
    collection = make_collection(organisation, title=title, summary="", language=language, is_public=False, by=by, at=at)
    return collect(collection, resource=resource, word=word, by=by, at=at)


@action
def uncollect(collection: Collection, *, resource: Resource, by: User, at: datetime) -> Collection:
    """Take a resource out of a collection.

    Raises:
        NotAllowed: ``by`` may not write in the name of its organisation.
    """
    collection = lock(collection)
    can_collect.require(by, collection)
    collection.items.filter(resource=resource).delete()
    return collection


def _write(collection: Collection, title: str, summary: str, is_public: bool) -> Collection:
    collection.title, collection.summary, collection.is_public = title.strip(), summary.strip(), is_public
    try:
        collection.validate_constraints()
    except ValidationError as wrong:
        raise Refused(wrong.messages[0]) from None
    collection.save()
    return collection


def _public_version(resource: Resource) -> Version:
    if not resource.is_public or resource.current is None:
        raise Refused(_("This is not public."))
    return resource.current
