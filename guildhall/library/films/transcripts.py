"""What is said when: tracks as lines to be read, and as passages of a minute for search, so that a hit opens at the second."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from guildhall.core.search import Document
from guildhall.library.films.tracks import Cue, clock, cues_of_minute, parse
from guildhall.library.models import SPOKEN, Film, Resource, Track
from guildhall.library.search import PUBLIC, scope_of

PASSAGE = "library.passage"
#: A passage is numbered by its track and its minute: no film has so many.
_MINUTES = 10_000


@dataclass(frozen=True)
class Line:
    """A line of a transcript: from when to when in seconds, what is said; or, for who does not see it, what is seen."""

    start: float
    end: float
    text: str
    is_seen: bool = False

    @property
    def at(self) -> str:
        return clock(self.start)


def lines_of(tracks: Iterable[Track]) -> list[Line]:
    """Return the transcript that tracks of one language make: what is spoken, and what is seen where that is described."""
    said = {track.kind: parse(track.vtt) for track in tracks}
    spoken: list[Cue] = next((said[kind] for kind in SPOKEN if kind in said), [])
    lines = [Line(cue.start, cue.end, cue.plain) for cue in spoken]
    lines += [Line(cue.start, cue.end, cue.plain, is_seen=True) for cue in said.get(Track.Kind.DESCRIPTIONS, [])]
    return sorted(lines, key=lambda line: (line.start, not line.is_seen))


def passage_keys(track: Track) -> list[int]:
    """The keys under which search may know what is spoken in a track."""
    return [track.pk * _MINUTES + minute for minute in _by_minute(track)] if track.is_spoken else []


def passages_of(film: Film) -> Iterator[Document]:
    """Describe what is spoken in a film, minute by minute, as it is now. What is withdrawn is not found."""
    resource = Resource.objects.select_related("current").get(pk=film.resource_id)
    if resource.state == Resource.State.WITHDRAWN:
        return
    tracks = list(film.tracks.filter(kind__in=SPOKEN))
    with_captions = {track.language for track in tracks if track.kind == Track.Kind.CAPTIONS}
    for track in tracks:
        if track.kind == Track.Kind.CAPTIONS or track.language not in with_captions:
            for minute, cues in _by_minute(track).items():
                yield _document(track, resource, minute, cues, title="")


def describe_passages(keys: Collection[int], *, titled: bool = True) -> Iterator[Document]:
    """Describe passages for whoever found them, by the title of their film; untitled, each line of the text is a cue."""
    numbers = {key // _MINUTES for key in keys}
    tracks = Track.objects.filter(pk__in=numbers).exclude(film__resource__state=Resource.State.WITHDRAWN)
    by_number = {track.pk: track for track in tracks.select_related("film__resource__current", "film__resource__organisation")}
    for key in keys:
        number, minute = divmod(key, _MINUTES)
        if number in by_number and (cues := cues_of_minute(by_number[number].vtt, minute)):
            resource = by_number[number].film.resource
            yield _document(by_number[number], resource, minute, cues, title=resource.shown.title if titled else "")


def everything_said() -> Iterator[Document]:
    """Describe all passages of all films."""
    for film in Film.objects.order_by("pk").iterator(chunk_size=100):
        yield from passages_of(film)


def cues_saying(wanted: Mapping[int, str]) -> dict[int, tuple[Track, Cue]]:
    """Return of each passage, named by its key, the cue that says a text, with its track; the first one where none does."""
    tracks = Track.objects.filter(pk__in={key // _MINUTES for key in wanted}).select_related("film__resource__current")
    by_number = {track.pk: track for track in tracks}
    found = {}
    for key, text in wanted.items():
        number, minute = divmod(key, _MINUTES)
        track = by_number.get(number)
        if track is not None and (cues := cues_of_minute(track.vtt, minute)):
            found[key] = track, next((cue for cue in cues if text in cue.plain), cues[0])
    return found


def _by_minute(track: Track) -> dict[int, list[Cue]]:
    found: dict[int, list[Cue]] = defaultdict(list)
    for cue in parse(track.vtt):
        found[int(cue.start) // 60].append(cue)
    return dict(found)


def _document(track: Track, resource: Resource, minute: int, cues: list[Cue], *, title: str) -> Document:
    return Document(
        kind=PASSAGE,
        key=track.pk * _MINUTES + minute,
        title=title,
        text="\n".join(cue.plain for cue in cues),
        scopes=[PUBLIC if resource.is_public else scope_of(resource.organisation_id)],
        url=f"{resource.get_absolute_url()}?t={int(cues[0].start)}#film",
        language=track.language,
        # Of what answers equally well a resource comes before a minute of a film.
        boost=-1,
    )
