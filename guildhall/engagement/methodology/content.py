"""The methodology's content as its folder holds it: read, checked as a whole, and fit to be kept.

``methodology.yaml`` and ``areas/*.yaml`` say what is the same in every language: keys, numbers, what belongs to what. A folder
for each language holds the words under the same keys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from guildhall.engagement.methodology import checking
from guildhall.engagement.methodology.checking import PAGES, areas_of, built_of, outline_of
from guildhall.engagement.methodology.shapes import Shape

SAME = "methodology.yaml"
#: More than any of its files will ever have.
MOST_BYTES = 500_000


class ContentError(Exception):
    """The content is not as it should be; ``faults`` are sentences, each with its file and key."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = list(faults)


@dataclass(frozen=True)
class Content:
    """A version of the methodology.

    ``same`` is ``methodology.yaml`` and, as ``areas``, those of ``areas/*.yaml`` by number. ``words`` has for each language
    ``levels``, ``ladder`` (by rung, as text), ``who``, ``units``, ``areas`` (by number), ``activities``, ``indicators``,
    ``interview``, ``pages`` (title, in_short, text) and ``tools`` (title, summary, use, text). Texts are Markdown.
    """

    version: str
    same: dict[str, Any]
    words: dict[str, dict[str, Any]]

    @property
    def kept(self) -> dict[str, Any]:
        """All of it, fit for JSON."""
        return {"same": self.same, "words": self.words}

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of all of it: two contents with one digest are the same."""
        return sha256(json.dumps(self.kept, sort_keys=True).encode()).hexdigest()

    def word_counts(self) -> dict[str, int]:
        """How many words there are in each language."""
        return {language: sum(len(said.split()) for said in texts_in(words)) for language, words in self.words.items()}


def texts_in(value: Any) -> Iterator[str]:
    """All texts in what was read, in their order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts_in(inner)


def read(folder: Path, languages: Sequence[str]) -> Content:
    """Read and check all of it; the other languages are measured by the first.

    Raises:
        ContentError: it has faults. All are named; only where the keys of what is the same in every language cannot be told are
            the words that stand under them not looked at.
    """
    files = _Files(folder)
    same = files.structured(SAME, checking.OUTLINE)
    if same is not None:
        numbers = areas_of(same)
        same["areas"] = {number: files.structured(f"areas/{number}.yaml", checking.AREA_OUTLINE) for number in numbers}
    if same is None or files.faults:
        raise ContentError(files.faults)
    files.note(SAME, checking.shape_of_methodology(same)({key: same[key] for key in same if key != "areas"}, ""))
    for number, area in same["areas"].items():
        files.note(f"areas/{number}.yaml", checking.shape_of_area(number, same)(area, ""))
    files.note(SAME, checking.left_unused(same))
    by_file = {language: _read_words(files, language, same) for language in languages}
    for language in languages[1:]:
        _compare(files, by_file, languages[0], language)
    files.note_strangers(languages)
    if files.faults:
        raise ContentError(files.faults)
    return Content(same["version"], same, {language: _put_together(read_files) for language, read_files in by_file.items()})


class _Files:
    """The files of a folder, read one by one; what is wrong with them is noted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[str] = []
        self._asked_for: set[str] = set()

    def note(self, file: str, faults: Iterable[str]) -> None:
        self.faults += [f"{file}: {fault}" for fault in faults]

    def structured(self, file: str, shape: Shape) -> Any:
        """What a YAML file holds, in shape; None if it could not be read, or has another shape."""
        said = self._text(file)
        found = self._parsed(file, said) if said is not None else None
        if found is None:
            return None
        faults = list(shape(found, ""))
        self.note(file, faults)
        return None if faults else found

    def document(self, file: str, front: Shape) -> Any:
        """What a Markdown file holds: what is between the two lines ``---`` at its head, and the rest as ``text``."""
        said = self._text(file)
        if said is None:
            return None
        parts = re.fullmatch(r"---\n(.*?\n)---\n(.*)", said, re.DOTALL)
        if parts is None:
            self.note(file, ["It does not begin with a head between two lines of ---."])
            return None
        found = self._parsed(file, parts[1])
        if found is None:
            return None
        faults = list(front(found, ""))
        if not parts[2].strip():
            faults.append("text is empty.")
        self.note(file, faults)
        return None if faults else {**found, "text": parts[2].strip()}

    def _text(self, file: str) -> str | None:
        self._asked_for.add(file)
        path = self.folder / file
        try:
            if path.stat().st_size > MOST_BYTES:
                self.note(file, [f"It is longer than {MOST_BYTES} bytes."])
                return None
            return path.read_text(encoding="utf-8")
        except OSError:
            self.note(file, ["It is not there, or cannot be read."])
        except UnicodeDecodeError:
            self.note(file, ["It is not in UTF-8."])
        return None

    def _parsed(self, file: str, said: str) -> Any:
        try:
            found = _as_kept(yaml.load(said, _Loader))  # noqa: S506  # a SafeLoader
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            place = getattr(error, "problem_mark", None)
            line = f" in line {place.line + 1}" if place else ""
            self.note(file, [f"It is no valid YAML{line}: {getattr(error, 'problem', None) or error}."])
            return None
        if found is None:
            self.note(file, ["It is empty."])
        return found

    def note_strangers(self, languages: Sequence[str]) -> None:
        """Name the files that nobody asked for: most often a name that is written wrongly."""
        here = [self.folder / "areas", *(self.folder / language for language in languages)]
        found = {
            str(path.relative_to(self.folder)) for place in here for path in place.rglob("*") if path.suffix in (".yaml", ".md")
        }
        self.faults += [f"{file}: It is not asked for." for file in sorted(found - self._asked_for)]


#: The one written in C where there is one: it is ten times as quick.
_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Safe):
    """Refuses a key that is there twice, of which the last would win silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _value in node.value:
            key = self.construct_object(key_node, deep=True)
            if str(key) in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} is there twice", key_node.start_mark)
            seen.add(str(key))
        return super().construct_mapping(node, deep)


def _as_kept(value: Any) -> Any:
    """As it comes back from JSON: keys are texts. Texts have nothing around them."""
    if isinstance(value, dict):
        return {str(key): _as_kept(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_kept(inner) for inner in value]
    return value.strip() if isinstance(value, str) else value


def _read_words(files: _Files, language: str, same: dict[str, Any]) -> dict[str, Any]:
    """What each file of a language holds, by its name without the language; those with faults are left out."""
    found = {name: files.structured(f"{language}/{name}", shape) for name, shape in checking.shapes_of_words(same).items()}
    found |= {f"{page}.md": files.document(f"{language}/{page}.md", checking.FRONT_OF_PAGE) for page in PAGES}
    tools = [f"tools/{key}.md" for key in same["tools"]]
    found |= {name: files.document(f"{language}/{name}", checking.FRONT_OF_TOOL) for name in tools}
    for name, words in found.items():
        files.note(f"{language}/{name}", checking.faults_in_blanks(words, "", is_tool=name in tools))
    return {name: words for name, words in found.items() if words is not None}


def _compare(files: _Files, by_file: dict[str, dict[str, Any]], first: str, other: str) -> None:
    """Note where the words of a language have another number of entries, or documents are built otherwise, than in the first."""
    for name, theirs in by_file[other].items():
        if name not in by_file[first]:
            continue
        ours = by_file[first][name]
        expected, found = outline_of(ours), outline_of(theirs)
        if name.endswith(".md"):
            expected |= built_of(ours["text"])
            found |= built_of(theirs["text"])
        files.note(
            f"{other}/{name}",
            (
                f"{where}: {found.get(where, 0)} here, {expected.get(where, 0)} in “{first}”."
                for where in {**expected, **found}
                if expected.get(where, 0) != found.get(where, 0)
            ),
        )


def _put_together(files: dict[str, Any]) -> dict[str, Any]:
    """The words of a language as they are kept."""
    levels = files["levels.yaml"]
    parts = ("ladder", "who", "units")
    return {
        "levels": {key: value for key, value in levels.items() if key not in parts},
        **{part: levels[part] for part in parts},
        **{part: files[f"{part}.yaml"] for part in ("activities", "indicators", "interview")},
        "areas": _below("areas/", ".yaml", files),
        "pages": {page: files[f"{page}.md"] for page in PAGES},
        "tools": _below("tools/", ".md", files),
    }


def _below(folder: str, ending: str, files: dict[str, Any]) -> dict[str, Any]:
    return {name[len(folder) : -len(ending)]: words for name, words in files.items() if name.startswith(folder)}
