"""The case study films that come with Guildhall: made from their scripts, published with captions, chapters and questions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.files import File
from django.db import transaction

from guildhall.library import actions
from guildhall.library.actions.films import bring_film
from guildhall.library.actions.prompts import Asked, add_prompt
from guildhall.library.actions.tracks import add_track
from guildhall.library.filming.cutting import Cut
from guildhall.library.filming.script import SPOKEN, Script
from guildhall.library.films.tracks import Cue
from guildhall.library.kinds import VIDEO
from guildhall.library.models import Film, Prompt, Resource, Track
from guildhall.library.starter import AUTHOR
from guildhall.people.models import Organisation, User
from guildhall.skills.taxonomy import nace_from

#: A description for blind people is shown for so many seconds at most.
LONGEST_DESCRIPTION = 8


def film_of(script: Script, organisation: Organisation) -> Film | None:
    """Return the film of a script that an organisation has already, by its title."""
    title = script.words[SPOKEN]["title"]
    return Film.objects.filter(
        resource__organisation=organisation, resource__language=SPOKEN, resource__title=title, resource__is_illustration=True
    ).first()


@transaction.atomic
def bring(script: Script, cut: Cut, *, organisation: Organisation, by: User, at: datetime) -> Film:
    """Bring a film with its captions, descriptions, chapters and questions in all languages, as a draft; a task makes
    of it what can be watched.

    Raises:
        NotAllowed: ``by`` may not write in the name of the organisation.
        Refused: the film is too large to come at once.
    """
    resource = actions.start_resource(organisation, described=_described(script, SPOKEN), by=by, at=at)
    with cut.path.open("rb") as content:
        film = bring_film(resource, upload=File(content, name=f"{script.name}.mp4"), by=by, at=at)
    for language in script.words:
        for kind, cues in _tracks(script, cut, language):
            add_track(film, language=language, kind=kind, cues=cues, by=by, at=at)
    for asked in script.questions:
        texts = {}
        for language, words in script.words.items():
            said = words["prompts"][asked.name]
            choices = said.get("choices", [])
            is_choice = asked.kind == Prompt.Kind.CHOOSE
            ends = f" (1: {choices[0]} – 5: {choices[1]})" if asked.kind == Prompt.Kind.SCALE and choices else ""
            texts[language] = Asked(said["question"] + ends, choices if is_choice else ())
        add_prompt(film, at_seconds=int(cut.scenes[asked.after][1]) - 1, kind=asked.kind, texts=texts, by=by, at=at)
    return film


@transaction.atomic
def publish(script: Script, film: Film, *, by: User, at: datetime) -> Resource:
    """Publish a film that can be watched, and its page in every other language.

    Raises:
        NotAllowed: ``by`` may not publish in the name of the organisation.
        Refused: it cannot be watched yet, or is published already.
    """
    original = actions.publish_resource(film.resource, by=by, at=at)
    for language in script.words:
        if language != SPOKEN:
            described = _described(script, language)
            translation = actions.start_translation(
                original, organisation=original.organisation, language=language, described=described, by=by, at=at
            )
            actions.publish_resource(translation, by=by, at=at)
    return original


def _described(script: Script, language: str) -> dict[str, Any]:
    words = script.words[language]
    return {
        "kind": VIDEO,
        "language": language,
        "title": words["title"],
        "summary": words["summary"],
        "keywords": words["keywords"],
        "authors": [AUTHOR],
        "accessibility": ["captions", "transcript", "audioDescription"],
        "is_illustration": True,
        **script.same,
        "nace": nace_from(script.same["nace"]) or "",
    }


def _tracks(script: Script, cut: Cut, language: str) -> Iterator[tuple[str, list[Cue]]]:
    """What is read in one language, and when. What is heard is speech alone: captions say all of it."""
    said = script.words[language]["scenes"]
    yield Track.Kind.CAPTIONS, [Cue(line.start, line.end, said[line.scene]["lines"][line.number]) for line in cut.lines]
    seen = [(cut.scenes[scene.name], said[scene.name]["picture"]) for scene in script.scenes]
    yield (
        Track.Kind.DESCRIPTIONS,
        [Cue(start, min(end, start + LONGEST_DESCRIPTION), picture) for (start, end), picture in seen],
    )
    begun = [(cut.scenes[scene.name][0], said[scene.name]["chapter"]) for scene in script.scenes if scene.begins_chapter]
    ends = [start for start, _name in begun[1:]] + [cut.seconds]
    yield Track.Kind.CHAPTERS, [Cue(start, end, name) for (start, name), end in zip(begun, ends, strict=True)]
