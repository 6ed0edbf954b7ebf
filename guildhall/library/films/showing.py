"""What a page shows of a film: its files, what is read along, a transcript, the questions with one's own answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from guildhall.core.ui.films import Pause, Said, Source, Text, said
from guildhall.library.films.tracks import clock, parse
from guildhall.library.films.transcripts import lines_of
from guildhall.library.hooks import WayOn
from guildhall.library.models import SPOKEN, Answer, Film, Prompt, Rendition, Track
from guildhall.skills import taxonomy

#: From which width of the window on the large picture is worth its bytes, in pixels.
LARGE_FROM = 900


@dataclass
class AskedPrompt:
    """A question in a language, with what can be chosen and what somebody answered."""

    prompt: Prompt
    language: str
    question: str
    choices: list[tuple[int, str]] = field(default_factory=list)
    answer: Answer | None = None
    ways: Sequence[WayOn] = ()

    @property
    def thought(self) -> str:
        """What was answered, in words; "" for nothing, or only a number on a scale."""
        if self.answer is None:
            return ""
        chosen = dict(self.choices).get(self.answer.value, "") if self.prompt.kind == Prompt.Kind.CHOOSE else ""  # type: ignore[arg-type]
        return self.answer.text or chosen

    @property
    def at(self) -> str:
        return clock(self.prompt.at_seconds)

    @property
    def anchor(self) -> str:
        return str(self.prompt.pk)


@dataclass(frozen=True)
class Shown:
    """A film as a page shows it. ``languages`` are those in which there is a transcript, each with its name and address."""

    film: Film
    title: str
    length: str
    sources: list[Source]
    stream: str
    texts: list[Text]
    poster: str
    sound: str
    at: float
    language: str
    languages: list[tuple[str, str]]
    lines: list[Said]
    is_rough: bool
    chapters: list[Said]
    chapters_language: str
    prompts: list[AskedPrompt]

    @property
    def pauses(self) -> list[Pause]:
        return [
            Pause(asked.prompt.at_seconds, asked.at, asked.question, f"#prompt-{asked.anchor}", asked.language)
            for asked in self.prompts
            if asked.prompt.is_pause
        ]


def shown_film(film: Film, *, read: Sequence[str], title: str, language: str = "", at: float = 0, reader: Any = None) -> Shown:
    """Put together what a page shows of a film.

    Args:
        read: the languages that somebody reads, the best first; what there is in none of them is shown in another.
        title: of the resource that shows it.
        language: the one whose transcript is asked for.
        at: the second at which it is to begin.
        reader: the user whose answers are shown, if anybody has signed in.
    """
    tracks = sorted(film.tracks.all(), key=lambda track: (_rank(track.language, read), track.kind, track.pk))
    renditions = {made.kind: made for made in _renditions(film)}
    spoken = list(dict.fromkeys(track.language for track in tracks if track.kind in SPOKEN))
    chosen = language if language in spoken else next(iter(spoken), "")
    of_language = [track for track in tracks if track.language == chosen]
    chapters = next((track for track in tracks if track.kind == Track.Kind.CHAPTERS), None)
    chapter_language = chosen if any(t.language == chosen and t.kind == Track.Kind.CHAPTERS for t in tracks) else ""
    if chapter_language:
        chapters = next(t for t in tracks if t.language == chapter_language and t.kind == Track.Kind.CHAPTERS)
    on = next((track for kind in SPOKEN for track in tracks if track.kind == kind and track.language == next(iter(spoken))), None)
    return Shown(
        film=film,
        title=title,
        length=clock(film.duration_seconds),
        sources=_sources(film, renditions),
        stream=reverse("oer:film_stream", args=[film.pk]) if any(made.is_in_pieces for made in renditions.values()) else "",
        texts=[_text(track, is_on=track == on) for track in tracks],
        poster=reverse("oer:film_poster", args=[film.pk]) if film.poster_id else "",
        sound=reverse("oer:film_file", args=[film.pk, Rendition.Kind.AUDIO]) if Rendition.Kind.AUDIO in renditions else "",
        at=at if 0 < at < film.duration_seconds else 0,
        language=chosen,
        languages=[(code, taxonomy.label("language", code)) for code in spoken],
        lines=said(lines_of(of_language)),
        is_rough=any(track.is_rough for track in of_language if track.kind != Track.Kind.CHAPTERS),
        chapters=[Said(cue.start, clock(cue.start), cue.plain) for cue in parse(chapters.vtt)] if chapters else [],
        chapters_language=chapters.language if chapters else "",
        prompts=asked_prompts(film, read=read, reader=reader),
    )


def asked_prompts(film: Film, *, read: Sequence[str], reader: Any = None) -> list[AskedPrompt]:
    """Return the questions of a film in their order, each in the best language there is, with the answers of a reader."""
    prompts = list(film.prompts.prefetch_related("texts").order_by("at_seconds", "pk"))
    answers = {}
    if prompts and reader is not None and reader.is_authenticated:
        answers = {answer.prompt_id: answer for answer in Answer.objects.filter(prompt__film=film, by=reader)}
    found = []
    for prompt in prompts:
        if texts := sorted(prompt.texts.all(), key=lambda text: (_rank(text.language, read), text.pk)):
            choices = list(enumerate(texts[0].choices))
            if prompt.kind == Prompt.Kind.SCALE:
                choices = [(number, str(number)) for number in range(1, 6)]
            found.append(AskedPrompt(prompt, texts[0].language, texts[0].question, choices, answers.get(prompt.pk)))
    return found


def _renditions(film: Film) -> Iterable[Rendition]:
    is_read = "renditions" in getattr(film, "_prefetched_objects_cache", {})
    return film.renditions.all() if is_read else film.renditions.defer("pieces")


def _rank(language: str, read: Sequence[str]) -> int:
    return read.index(language) if language in read else len(read)


def _sources(film: Film, renditions: dict[str, Rendition]) -> list[Source]:
    kinds = [kind for kind in (Rendition.Kind.LARGE, Rendition.Kind.SMALL) if kind in renditions]
    return [
        Source(
            reverse("oer:film_file", args=[film.pk, kind]),
            "video/mp4",
            _("%(height)s lines") % {"height": min(renditions[kind].height, renditions[kind].width)},
            least_width=LARGE_FROM if kind == Rendition.Kind.LARGE else 0,
        )
        for kind in kinds
    ]


def _text(track: Track, *, is_on: bool) -> Text:
    # The player's menu names the language; which kind it is stands there only where it is not the usual one.
    name = track.label or taxonomy.label("language", track.language)
    if not track.label and track.kind != Track.Kind.SUBTITLES:
        name = _("%(language)s, %(kind)s") % {"language": name, "kind": track.get_kind_display()}
    if track.is_rough:
        name = _("%(name)s (by a machine)") % {"name": name}
    address = reverse("oer:film_track", args=[track.film_id, track.language, track.kind])
    return Text(address, track.kind, track.language, name, is_on=is_on)
