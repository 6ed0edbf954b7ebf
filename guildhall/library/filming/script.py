"""Scripts: what a case study film shows and says, scene by scene, as a folder under ``content/films`` holds it.

``film.yaml`` holds what is the same in every language: scenes with their place, the people in them and who speaks which line; and
after which scene something is asked. ``en.yaml`` and its sisters hold the words, the same number of lines in each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

#: The language that is spoken; all others are read.
SPOKEN = "en"
NARRATOR = "n"


@dataclass(frozen=True)
class Scene:
    """A place with people in it; ``speakers`` are those of its lines, in order: the narrator, or somebody in the picture."""

    name: str
    place: str
    people: tuple[str, ...]
    begins_chapter: bool
    speakers: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """A question at the end of a scene, of a kind that ``Prompt.Kind`` has."""

    name: str
    after: str
    kind: str


@dataclass(frozen=True)
class Script:
    """A film before it is made: ``same`` describes it in every language, ``words`` by language, the spoken one first."""

    name: str
    same: dict[str, Any]
    scenes: tuple[Scene, ...]
    questions: tuple[Asked, ...]
    words: dict[str, dict[str, Any]]

    def lines(self, scene: Scene, language: str = SPOKEN) -> list[str]:
        """What is said in a scene, line by line."""
        return self.words[language]["scenes"][scene.name]["lines"]


class ScriptError(ValueError):
    """A script that cannot be made into a film, with the place where it is wrong."""


def scripts_in(folder: Path) -> Iterator[Script]:
    """Read all scripts of a folder, in the order of their names.

    Raises:
        ScriptError: one of them has not the same lines in every language, or names somebody who is not in the picture.
        OSError, yaml.YAMLError, KeyError: one of them is not as it should be.
    """
    for place in sorted(path.parent for path in folder.glob("*/film.yaml")):
        yield read_script(place)


def read_script(folder: Path) -> Script:
    """Read one script; raises as ``scripts_in`` does."""
    same = _read(folder / "film.yaml")
    scenes = tuple(
        Scene(each["id"], each["place"], tuple(each["people"]), bool(each.get("chapter")), tuple(each["lines"]))
        for each in same.pop("scenes")
    )
    questions = tuple(Asked(each["id"], each["after"], each["kind"]) for each in same.pop("prompts"))
    languages = sorted((path.stem for path in folder.glob("??.yaml")), key=lambda code: (code != SPOKEN, code))
    script = Script(folder.name, same, scenes, questions, {code: _read(folder / f"{code}.yaml") for code in languages})
    _check(script)
    return script


def _check(script: Script) -> None:
    for scene in script.scenes:
        strangers = set(scene.speakers) - {NARRATOR, *scene.people}
        if strangers:
            raise ScriptError(f"{script.name}, {scene.name}: {sorted(strangers)[0]} speaks but is not in the picture.")
        for language in script.words:
            if len(script.lines(scene, language)) != len(scene.speakers):
                raise ScriptError(f"{script.name}, {scene.name}: other lines in {language!r} than are spoken.")
    names = {scene.name for scene in script.scenes}
    for asked in script.questions:
        if asked.after not in names:
            raise ScriptError(f"{script.name}: {asked.name} is asked after {asked.after!r}, which is no scene.")


def _read(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
