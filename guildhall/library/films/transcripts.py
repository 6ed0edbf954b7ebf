"""What is said when: tracks as lines to be read, and as passages of a minute for search, so that a hit opens at the second."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from guildhall.core.search import Document
from guildhall.library.films.tracks import Cue, clock, cues_of_minute, parse
from guildhall.library.models import SPOKEN, Film, Resource, Track
from guildhall.library.search import PUBLIC, scope_of

PASSAGE = "library.passage"
#: A passage is numbered by its track and its minute: no film has so many.
_MINUTES = 10_000
#: What of a film's resource says nothing of a passage.
_LONG = [f"film__resource__{whose}{name}" for whose in ("", "current__") for name in ("text", "account", "summary", "authors")]
_LONG.append("film__resource__current__file_text")


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


@dataclass(frozen=True)
class Minute:
    """What is said in a minute of a film: a passage, and its track with the film and its resource."""

    track: Track
    number: int
    cues: list[Cue]

    def document(self, *, titled: bool = True) -> Document:
        """Describe it by the title of its film; untitled, each line of the text is a cue."""
        resource = self.track.film.resource
        return _document(self.track, resource, self.number, self.cues, title=resource.shown.title if titled else "")

    def cue_saying(self, text: str) -> Cue:
        """The cue that says a text; the first one where none does."""
        return next((cue for cue in self.cues if text in cue.plain), self.cues[0])


def minutes_of(keys: Collection[int]) -> dict[int, Minute]:
    """Read passages, by the keys under which search knows them; what is gone or withdrawn is left out."""
    tracks = Track.objects.filter(pk__in={key // _MINUTES for key in keys}).exclude(
        film__resource__state=Resource.State.WITHDRAWN
    )
    read = tracks.select_related("film__resource__current", "film__resource__organisation").defer(*_LONG)
    by_number = {track.pk: track for track in read} if keys else {}
    minutes = {}
    for key in keys:
        number, minute = divmod(key, _MINUTES)
        if number in by_number and (cues := cues_of_minute(by_number[number].vtt, minute)):
            minutes[key] = Minute(by_number[number], minute, cues)
    return minutes


def describe_passages(keys: Collection[int]) -> Iterator[Document]:
    """Describe passages for whoever found them."""
    for minute in minutes_of(keys).values():
        yield minute.document()


def everything_said() -> Iterator[Document]:
    """Describe all passages of all films."""
    for film in Film.objects.order_by("pk").iterator(chunk_size=100):
        yield from passages_of(film)


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
