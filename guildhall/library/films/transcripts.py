"""What is said when: tracks as lines to be read, and as passages of a minute for search, so that a hit opens at the second."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from guildhall.core.addresses import address_of
from guildhall.core.fixed_sql import rows_in
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
    shown, scope = resource.shown, _scope(resource.state, resource.organisation_id)
    for track in tracks:
        if track.kind == Track.Kind.CAPTIONS or track.language not in with_captions:
            for number, cues in _by_minute(track).items():
                of_film = shown.title, shown.language, resource.get_absolute_url(), scope
                yield Minute(track.pk * _MINUTES + number, track.language, cues, *of_film).document(titled=False)


@dataclass(frozen=True)
class Minute:
    """What is said in a minute of a film, in a language, and of whose film; ``address`` is that of the film."""

    key: int
    language: str
    cues: list[Cue]
    title: str
    title_language: str
    address: str
    scope: str

    def document(self, *, titled: bool = True) -> Document:
        """Describe it by the title of its film; untitled, each line of the text is a cue."""
        return Document(
            kind=PASSAGE,
            key=self.key,
            title=self.title if titled else "",
            text="\n".join(cue.plain for cue in self.cues),
            scopes=[self.scope],
            url=f"{self.address}?t={int(self.cues[0].start)}#film",
            language=self.language,
            # Of what answers equally well a resource comes before a minute of a film.
            boost=-1,
        )

    def cue_saying(self, text: str) -> Cue:
        """The cue that says a text; the first one where none does."""
        return next((cue for cue in self.cues if text in cue.plain), self.cues[0])


_TRACKS = """
    SELECT track.id, track.language, track.vtt, resource.id, resource.state, resource.organisation_id,
        COALESCE(version.title, resource.title), COALESCE(version.language, resource.language)
    FROM library_track track
    JOIN library_film film ON film.id = track.film_id
    JOIN library_resource resource ON resource.id = film.resource_id
    LEFT JOIN library_version version ON version.id = resource.current_id
    WHERE resource.state <> 'withdrawn' AND track.id {}
"""


def minutes_of(keys: Collection[int]) -> dict[int, Minute]:
    """Read passages, by the keys under which search knows them; what is gone or withdrawn is left out."""
    tracks = {row[0]: row[1:] for row in rows_in(_TRACKS, {key // _MINUTES for key in keys})}
    minutes = {}
    for key in keys:
        number, minute = divmod(key, _MINUTES)
        if number in tracks:
            language, vtt, resource, state, organisation, title, title_language = tracks[number]
            if cues := cues_of_minute(vtt, minute):
                address = address_of("oer:resource", resource)
                minutes[key] = Minute(key, language, cues, title, title_language, address, _scope(state, organisation))
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


def _scope(state: str, organisation: int) -> str:
    return PUBLIC if state == Resource.State.PUBLISHED else scope_of(organisation)
