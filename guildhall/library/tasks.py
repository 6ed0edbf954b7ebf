"""Work of this room that goes on after the answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from guildhall.core.errors import Refused
from guildhall.core.files import kinds, made
from guildhall.core.models import Progress, StoredFile
from guildhall.core.tasks import OUTWARD, let_go_of_database, part, pause, schedule, task
from guildhall.library import common_words, machine, reading
from guildhall.library.actions import films, harvests, take_machine_words
from guildhall.library.actions.previews import keep_look
from guildhall.library.actions.translations import still_original
from guildhall.library.films import making, receiving
from guildhall.library.films.receiving import kind_of
from guildhall.library.harvesting import looking
from guildhall.library.harvesting.finds import NoLook
from guildhall.library.models import Film, Harvest, Resource, Upload
from guildhall.people.models import User


# The attempts are those of a worker that dies: what the service does not do is said to whoever asked, who may ask again.
@task(attempts=3, in_parts=True, queue=OUTWARD)
def translate_by_machine(progress_id: str, translation_id: int) -> None:
    """Have the translation service translate what still says what the original does."""
    progress = Progress.objects.get(pk=progress_id)
    translation = Resource.objects.select_related("translated_from").filter(pk=translation_id).first()
    service = machine.configured()
    if translation is None or translation.translated_from is None:
        return
    if service is None:
        raise Refused(_("There is no translation service any more."))
    progress.say(gettext_noop("Translating"))

    def between(done: int, total: int) -> None:
        pause()
        progress.done, progress.total = done, total
        progress.save(update_fields=["done", "total"])
        let_go_of_database()

    words = machine.translate_described(
        still_original(translation), service, translation.translated_from.language, translation.language, between=between
    )
    by = User.objects.filter(pk=progress.owner_id).first()
    with part():
        take_machine_words(translation, words=words, by=by, at=now())


@task(attempts=2, in_parts=True)
def look_into_file(file_id: str) -> None:
    """Read a file and draw its pages: it is found by what it says, and can be looked at."""
    stored = StoredFile.objects.filter(pk=file_id).first()
    if stored is None:
        return
    let_go_of_database()
    with reading.looked_into(stored) as look:
        packed = made.put(look.packed) if look.packed else None
        with part():
            keep_look(stored, look=look, packed=packed, by=None, at=now())


@task(attempts=2, in_parts=True, priority=-20)
def look_at_leisure(file_id: str) -> None:
    """Look into a file that nobody waits for."""
    look_into_file.func(file_id)


@schedule(every="1 hour")
@task(in_parts=True)
def gather_common_words() -> None:
    """Gather what common words answer, in a library where there is so much of it that search would take long."""
    if not common_words.is_due():
        return
    words = []
    for word in common_words.gather():
        words.append(word)
        pause()
    with part():
        common_words.keep(words)


@schedule(daily_at="04:10")
@task()
def harvest_all() -> None:
    """Have every place looked at that is not being looked at, and is not paused."""
    for place in Harvest.objects.to_be_looked_at():
        if not place.is_under_way:
            harvests.begin_harvest(place, by=None, at=now())


# The attempts are those of a worker that dies: a place that does not answer is noted, and looked at again next night.
@task(attempts=5, in_parts=True, queue=OUTWARD)
def harvest(progress_id: str, harvest_id: int) -> None:
    """Look at a place, portion by portion, from where the last look was interrupted."""
    progress = Progress.objects.get(pk=progress_id)
    place = Harvest.objects.select_related("organisation").get(pk=harvest_id)
    begun_at = harvests.begun(place)
    if begun_at is None:
        return  # an attempt whose worker did not live to say so has ended it
    try:
        for portion in looking.portions(place, begun_at):
            pause()
            with part():
                place = harvests.keep_finds(place, portion=portion, by=None, at=now())
                progress.done = place.counts.get("seen", 0)
                progress.total = max(progress.done, portion.total)
                progress.save(update_fields=["done", "total"])
            let_go_of_database()
        if looking.is_of_everything(place):
            _let_go_of_missed(place)
    except NoLook as trouble:
        with part():
            place = harvests.end_harvest(place, stopped_by=trouble, by=None, at=now())
        raise Refused(place.trouble_sentence) from None
    with part():
        harvests.end_harvest(place, by=None, at=now())


def _let_go_of_missed(place: Harvest) -> None:
    """Withdraw what a place has no more; but where it has nothing at all, something is wrong with it."""
    missed = place.found.missed_since(harvests.begun(place))
    if not place.counts.get("seen") and missed.exists():
        raise NoLook(Harvest.Trouble.EMPTY)
    while missed.exists():
        pause()
        with part():
            harvests.withdraw_missed(place, by=None, at=now())


@task(in_parts=True)
def clear_harvest(harvest_id: int) -> None:
    """Withdraw what came from a place that was removed."""
    place = Harvest.objects.get(pk=harvest_id)
    while place.found.filter(resource__state=Resource.State.PUBLISHED).exists():
        pause()
        with part():
            harvests.clear_harvest(place, by=None, at=now())


#: How much of the work each part of making a film is, of a hundred: a look, and each rendition by its kind.
_LOOK, _WEIGHTS = 3, {"360p": 36, "720p": 54, "audio": 7}


@task(in_parts=True)
def make_film(progress_id: str, film_id: int) -> None:
    """Make of a film what is shown of it: a poster, and renditions, each of which is kept as soon as it is there."""
    progress = Progress.objects.get(pk=progress_id)
    film = Film.objects.select_related("brought_by", "source", "resource").filter(pk=film_id).first()
    if film is None or film.progress_id != progress.pk or not film.is_under_way:
        return
    try:
        film = _take_in(film, progress)
        assert film.source is not None  # noqa: S101
        with made.local(film.source) as path, TemporaryDirectory(dir=settings.UPLOADS, prefix="making-") as folder:
            _make(film, progress, path, Path(folder))
    except Superseded:
        raise
    except Refused as refused:
        with _part_of(film, progress):
            films.fail_film(film, why=str(refused), by=film.brought_by, at=now())
        raise
    with _part_of(film, progress):
        films.finish_film(film, by=film.brought_by, at=now())


class Superseded(Refused):
    """Somebody has sent another film meanwhile, or taken this one out."""


@contextmanager
def _part_of(film: Film, progress: Progress) -> Iterator[None]:
    """A part of the work that counts only while the film is still the one that is being made."""
    with part():
        _require_wanted(film, progress)
        yield


def _require_wanted(film: Film, progress: Progress) -> None:
    # Locked within a part, so that nobody sends another one before that is kept.
    films_of = Film.objects.select_for_update() if connection.in_atomic_block else Film.objects.all()
    if films_of.filter(pk=film.pk, progress=progress.pk).first() is None:
        raise Superseded(_("This film was taken out, or another one was sent."))


def _take_in(film: Film, progress: Progress) -> Film:
    """Move what has arrived into the storage, unless that was done before."""
    Path(settings.UPLOADS).mkdir(parents=True, exist_ok=True, mode=0o700)
    if film.source is not None:
        return film
    upload = Upload.objects.filter(resource=film.resource_id, received_at__isnull=False).order_by("-received_at").first()
    if upload is None:
        raise Refused(_("What was sent is not here any more. Send the film again."))
    progress.say(gettext_noop("Putting the film in its place"))
    content_type = kind_of(upload) if upload.path.exists() else ""
    placed = made.put(upload.path, upload.id.hex)
    if not content_type:  # an earlier attempt has moved it
        with default_storage.open(placed.place) as content:
            content_type = kinds.found(content)
    with _part_of(film, progress):
        return films.keep_source(film, upload=upload, placed=placed, content_type=content_type, by=film.brought_by)


def _make(film: Film, progress: Progress, path: Path, folder: Path) -> None:
    source = film.source
    assert source is not None  # noqa: S101
    progress.say(gettext_noop("Looking at the film"))
    seen = making.look(path, source.content_type)
    if film.poster_id is None:
        drawn = making.poster(path, source.content_type, folder / "poster.jpg", seen["seconds"] / 10)
        placed = made.put(folder / "poster.jpg") if drawn else None
        with _part_of(film, progress):
            film = films.keep_look(film, seen=seen, poster=placed, by=film.brought_by)
    progress.done, progress.total = _LOOK, 100
    progress.say(gettext_noop("Making the film for phones, for computers, and its sound alone"))
    progress.save(update_fields=["done", "total"])
    wanted = making.kinds_for(seen)
    there = set(film.renditions.values_list("kind", flat=True))
    whole = sum(_WEIGHTS[kind] for kind in wanted)
    for kind in wanted:
        share = (100 - _LOOK) * _WEIGHTS[kind] / whole
        before = progress.done
        if kind not in there:
            told = monotonic()

            def tell(seconds: float, before: int = before, share: float = share) -> None:
                nonlocal told
                pause()
                if monotonic() - told > 1:
                    told = monotonic()
                    _require_wanted(film, progress)
                    if seen["seconds"]:
                        progress.done = before + int(share * min(seconds / seen["seconds"], 1))
                        progress.save(update_fields=["done"])
                    let_go_of_database()

            target = folder / f"{kind}.mp4"
            described = making.render(path, source.content_type, target, kind, seconds=seen["seconds"], tell=tell)
            placed = made.put(target)
            with _part_of(film, progress):
                films.keep_rendition(film, kind=kind, placed=placed, made_of=described, by=film.brought_by)
        progress.done = before + int(share)
        progress.save(update_fields=["done"])


@schedule(daily_at="03:55")
@task(in_parts=True)
def sweep_uploads() -> None:
    """Give up films that nobody has gone on sending, and remove what lies about of them."""
    with part():
        films.give_up_uploads(by=None, at=now())
    receiving.sweep({upload.hex for upload in Upload.objects.values_list("pk", flat=True)}, now())
