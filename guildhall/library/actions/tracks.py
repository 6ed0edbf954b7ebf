"""What is read along with a film: captions, subtitles, descriptions, chapters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from guildhall.core import search
from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.library.actions.resources import require_not_withdrawn
from guildhall.library.films.tracks import Cue, ordered, parse, written
from guildhall.library.films.transcripts import PASSAGE, passage_keys, passages_of
from guildhall.library.models import Film, Resource, Track
from guildhall.library.rules import can_change
from guildhall.people.models import User

MOST_TRACKS = 120


@action
def add_track(
    film: Film,
    *,
    language: str,
    kind: str,
    cues: Sequence[Cue],
    label: str = "",
    source: str = Track.Source.HUMAN,
    by: User,
    at: datetime,
) -> Track:
    """Add a track, also to a film that is public: it gets better for those who need it.

    Raises:
        NotAllowed: ``by`` may not change the resource.
        Refused: the resource is withdrawn, there are too many tracks, or one of this kind in this language.
    """
    film = _to_be_changed(film, by)
    if film.tracks.count() >= MOST_TRACKS:
        raise Refused(_("A film has at most %(count)d tracks.") % {"count": MOST_TRACKS})
    track = Track(
        film=film,
        language=language,
        kind=kind,
        label=label.strip(),
        source=source,
        is_reviewed=source == Track.Source.HUMAN,
        vtt=written(ordered(cues)),
        changed_at=at,
        changed_by=by,
    )
    try:
        with transaction.atomic():
            track.save()
    except IntegrityError:
        raise Refused(_("There is such a track in this language already.")) from None
    _index(film)
    return track


@action
def change_track(
    track: Track, *, cues: Sequence[Cue], of: slice | None = None, revision: int | None = None, by: User, at: datetime
) -> Track:
    """Put other cues into a track; in the place of some of them (``of``) or of all.

    ``revision`` is the one that was read before: where somebody else has written since, nothing is changed.

    Raises:
        NotAllowed: ``by`` may not change the resource.
        Refused: the resource is withdrawn, somebody else has written meanwhile, nothing would be left, or too much.
    """
    film = _to_be_changed(track.film, by)
    track = lock(track)
    if revision is not None and revision != track.revision:
        raise Refused(_("Somebody else has changed this meanwhile. Your text is still here: look at theirs, then save again."))
    all_cues = parse(track.vtt)
    all_cues[of if of is not None else slice(None)] = cues
    if not all_cues:
        raise Refused(_("Nothing would be left. Remove the whole track instead."))
    before = passage_keys(track)
    track.vtt = written(ordered(all_cues))
    track.changed_at, track.changed_by = at, by
    track.revision += 1
    track.save()
    search.remove_many(PASSAGE, before)
    _index(film)
    return track


@action
def look_through_track(track: Track, *, by: User, at: datetime) -> Track:
    """Note that a person has compared with the film what a machine has written.

    Raises:
        NotAllowed: ``by`` may not change the resource.
        Refused: the resource is withdrawn, or somebody did so before.
    """
    _to_be_changed(track.film, by)
    track = lock(track)
    if track.is_reviewed:
        raise Refused(_("Somebody has looked through this already."))
    track.is_reviewed, track.changed_at, track.changed_by = True, at, by
    track.save()
    return track


@action
def remove_track(track: Track, *, by: User, at: datetime) -> Film:
    """Take a track away.

    Raises:
        NotAllowed: ``by`` may not change the resource.
        Refused: the resource is withdrawn.
    """
    film = _to_be_changed(track.film, by)
    track = lock(track)
    keys = passage_keys(track)
    track.delete()
    search.remove_many(PASSAGE, keys)
    _index(film)
    return film


def index_passages(resource: Resource) -> None:
    """Have what is spoken in the film of a resource found by whoever may find the resource now. From inside an action."""
    for film in Film.objects.filter(resource=resource.pk):
        _index(film)


def forget_passages(resource: Resource) -> None:
    """Have nothing found any more of what is spoken in the film of a resource. From inside an action."""
    for track in Track.objects.filter(film__resource=resource.pk):
        search.remove_many(PASSAGE, passage_keys(track))


def _index(film: Film) -> None:
    # Which of two tracks of a language is found changes with what there is: what may have been found before goes first.
    for track in film.tracks.all():
        search.remove_many(PASSAGE, passage_keys(track))
    search.index_many(passages_of(film))


def _to_be_changed(film: Film, by: User) -> Film:
    film = lock(film)
    can_change.require(by, film.resource)
    require_not_withdrawn(film.resource)
    return film
