"""Films: how they come here, and what the worker keeps of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from guildhall.core import files
from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.files.made import Placed
from guildhall.core.models import StoredFile
from guildhall.core.progress import start_progress
from guildhall.library.actions.resources import changed, forget_film, require_not_withdrawn
from guildhall.library.films.receiving import READABLE, kind_of, require_size
from guildhall.library.kinds import VIDEO
from guildhall.library.models import Film, Rendition, Resource, Upload
from guildhall.library.rules import can_change, can_send
from guildhall.people.models import User
from guildhall.people.notices import tell

MOST_UPLOADS = 3


@action
def begin_upload(resource: Resource, *, name: str, length: int, mark: str = "", by: User, at: datetime) -> Upload:
    """Announce a film of ``length`` bytes that will come in pieces. Who has begun with the same file goes on with that.

    Raises:
        NotAllowed: ``by`` may not change the resource.
        Refused: the resource takes no film, the film is empty, too large, or there are too many under way.
    """
    resource = lock(resource)
    can_change.require(by, resource)
    _require_takes_film(resource)
    name, mark = files.clean_name(name, "video/mp4")[:200], mark[:40]
    begun = Upload.objects.of(by).filter(resource=resource, name=name, length=length, mark=mark).first()
    if begun is not None:
        return begun
    require_size(length)
    if Upload.objects.of(by).count() >= MOST_UPLOADS:
        raise Refused(
            _("You have begun to send %(count)d other films. Finish one, or give it up, then begin another.")
            % {"count": MOST_UPLOADS}
        )
    return Upload.objects.create(resource=resource, by=by, name=name, length=length, mark=mark, began_at=at)


@action
def finish_upload(upload: Upload, *, by: User, at: datetime) -> Film:
    """Take a film whose last byte has arrived, and have it made.

    Raises:
        NotAllowed: somebody else sends it, or ``by`` may not change the resource any more.
        Refused: it has not arrived as a whole, was finished before, or the resource takes no film any more.
    """
    resource = lock(upload.resource)
    upload = lock(upload)
    can_send.require(by, upload)
    can_change.require(by, resource)
    if upload.received_at is not None:
        raise Refused(_("This film has arrived already."))
    if upload.offset != upload.length:
        raise Refused(_("This film has not arrived as a whole."))
    _require_takes_film(resource)
    kind_of(upload)
    upload.received_at = at
    upload.save(update_fields=["received_at"])
    for earlier in resource.uploads.filter(received_at__isnull=False).exclude(pk=upload.pk):
        _forget_upload(earlier)
    return _bring(resource, source=None, by=by, at=at)


@action
def drop_upload(upload: Upload, *, by: User, at: datetime) -> Resource:
    """Give up sending a film.

    Raises:
        NotAllowed: somebody else sends it.
        Refused: it has arrived.
    """
    upload = lock(upload)
    can_send.require(by, upload)
    if upload.received_at is not None:
        raise Refused(_("This film has arrived already."))
    _forget_upload(upload)
    return upload.resource


@action
def bring_film(resource: Resource, *, upload: File, by: User, at: datetime) -> Film:
    """Take a film that came at once, and have it made.

    Raises:
        NotAllowed: ``by`` may not change the resource.
        Refused: the resource takes no film, or the file is no film, empty, or too large to come at once.
    """
    resource = lock(resource)
    can_change.require(by, resource)
    _require_takes_film(resource)
    stored = files.store(upload, allowed=READABLE, max_mb=settings.MAX_UPLOAD_MB, kept_for=resource, by=by)
    return _bring(resource, source=stored, by=by, at=at)


@action
def make_again(film: Film, *, by: User, at: datetime) -> Film:
    """Have a film made that could not be, or was not to its end. What there is of it is kept.

    Raises:
        NotAllowed: ``by`` may not change the resource.
        Refused: it is being made, or ready, or what was handed in is gone.
    """
    film = lock(film)
    can_change.require(by, film.resource)
    if film.is_ready or (film.is_under_way and not film.has_stopped):
        raise Refused(_("There is nothing to be made again."))
    if film.source is None and not film.resource.uploads.filter(received_at__isnull=False).exists():
        raise Refused(_("What was sent is not here any more. Send the film again."))
    film.state, film.failed_why = Film.State.WAITING, ""
    return _start(film, by=by)


@action
def remove_film(film: Film, *, by: User, at: datetime) -> Resource:
    """Take a film out of a draft, with its tracks and questions.

    Raises:
        NotAllowed: ``by`` may not change the resource.
        Refused: it was published.
    """
    resource = lock(film.resource)
    can_change.require(by, resource)
    _require_takes_film(resource)
    forget_film(film)
    changed(resource, at=at)
    return resource


# --- What the worker keeps ------------------------------------------------------------------------------------------


@action
def keep_source(film: Film, *, upload: Upload, placed: Placed, content_type: str, by: User | None) -> Film:
    """Keep what was sent, now that it is in the storage."""
    film = lock(film)
    name = files.clean_name(upload.name, content_type)
    film.source = placed.keep(name=name, content_type=content_type, kept_for=film, by=by)
    film.save(update_fields=["source"])
    upload.delete()
    return film


@action
def keep_look(film: Film, *, seen: dict[str, Any], poster: Placed | None, by: User | None) -> Film:
    """Keep what a film is (``encoding.look``), and its poster."""
    film = lock(film)
    film.state = Film.State.MAKING
    film.duration_seconds, film.width, film.height = seen["seconds"], seen["width"], seen["height"]
    if poster is not None:
        film.poster = poster.keep(name="poster.jpg", content_type="image/jpeg", kept_for=film, by=by)
    film.save()
    return film


@action
def keep_rendition(film: Film, *, kind: str, placed: Placed, made_of: dict[str, Any], by: User | None) -> Rendition:
    """Keep a rendition that was made (``encoding.render`` says what it is), and the length of the film where it did not say."""
    film = lock(film)
    content_type = "audio/mp4" if kind == Rendition.Kind.AUDIO else "video/mp4"
    if not film.duration_seconds or film.duration_seconds > 2 * made_of["seconds"] + 10:
        film.duration_seconds = made_of["seconds"]
        film.save(update_fields=["duration_seconds"])
    return Rendition.objects.create(
        film=film,
        kind=kind,
        file=placed.keep(name=f"{kind}.mp4", content_type=content_type, kept_for=film, by=by),
        width=made_of["width"],
        height=made_of["height"],
        bits_per_second=round(8 * placed.size / max(made_of["seconds"], 1)),
        pieces=made_of.get("pieces", []),
        codecs=made_of.get("codecs", ""),
    )


@action
def finish_film(film: Film, *, by: User | None, at: datetime) -> Film:
    """Say that a film can be watched, and tell who brought it."""
    film = lock(film)
    film.state = Film.State.READY
    film.save(update_fields=["state"])
    _tell(film, gettext_noop("The film of “%(resource)s” can be watched now."), "library.film_ready", at=at)
    return film


@action
def fail_film(film: Film, *, why: str, by: User | None, at: datetime) -> Film:
    """Say that a film cannot be shown and why, and tell who brought it."""
    film = lock(film)
    film.state, film.failed_why = Film.State.FAILED, why[:300]
    film.save(update_fields=["state", "failed_why"])
    _tell(film, gettext_noop("The film of “%(resource)s” cannot be shown."), "library.film_failed", at=at)
    return film


@action
def give_up_uploads(*, by: None, at: datetime) -> int:
    """Give up what nobody has gone on sending for a week; returns how many."""
    over = [upload for upload in Upload.objects.filter(received_at__isnull=True) if upload.is_over(at)]
    for upload in over:
        _forget_upload(upload)
    return len(over)


def _require_takes_film(resource: Resource) -> None:
    require_not_withdrawn(resource)
    if resource.kind != VIDEO:
        raise Refused(_("Only a resource of the kind “Video” has a film. Choose that kind first."))
    if resource.current_id is not None:
        raise Refused(_("What was published keeps its film: others may refer to it. Make a new resource of the new film."))


def _bring(resource: Resource, *, source: StoredFile | None, by: User, at: datetime) -> Film:
    film = Film.objects.filter(resource=resource).first()
    if film is None:
        film = Film(resource=resource)
    else:
        earlier = [film.source_id, film.poster_id, *film.renditions.values_list("file", flat=True)]
        film.renditions.all().delete()
        film.source = film.poster = None
        film.save()
        files.remove(StoredFile.objects.filter(pk__in=[number for number in earlier if number]))
    film.source, film.state, film.failed_why = source, Film.State.WAITING, ""
    film.duration_seconds, film.width, film.height = 0, 0, 0
    film.brought_at, film.brought_by = at, by
    film.save()
    film = _start(film, by=by)
    changed(resource, at=at)
    return film


def _start(film: Film, *, by: User) -> Film:
    doing = gettext_noop("Waiting to look at the film")
    film.progress = start_progress(
        "library.make_film", by=by, doing=doing, then=film.get_absolute_url(), total=100, film_id=film.pk
    )
    film.save()
    return film


def _forget_upload(upload: Upload) -> None:
    path = upload.path
    Upload.objects.filter(pk=upload.pk).delete()
    transaction.on_commit(lambda: path.unlink(missing_ok=True))


def _tell(film: Film, sentence: str, kind: str, *, at: datetime) -> None:
    if film.brought_by is not None:
        tell(
            film.brought_by,
            kind=kind,
            sentence=sentence,
            params={"resource": film.resource.title},
            url=film.get_absolute_url(),
            by=None,
            at=at,
        )
