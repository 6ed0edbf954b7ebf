"""The tools as the library has them: what each is described by, and its files, in every language of the methodology."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from guildhall.core.http import plain_name
from guildhall.engagement.methodology.markup import markdown
from guildhall.engagement.methodology.papers import fill
from guildhall.engagement.models import Methodology, PublishedTool
from guildhall.library.licences import KNOWN
from guildhall.library.starter import AUTHOR, ORIGINAL

#: To be raised when papers come to look otherwise: all of them are then made anew.
LOOK = "1"
LICENCE = "by"
#: Who uses a tool, and who does besides, where it belongs to an area.
_AUDIENCE, _BESIDES = ["coordinator", "teacher"], {"1.2": "trainer"}


@dataclass(frozen=True)
class Edition:
    """A tool in one language, unfilled. ``areas`` are {number: title}, the first of which it belongs to before others.

    ``made_of`` is the SHA-256 of all that is shown of it; of a translation also of what it translates.
    """

    key: str
    language: str
    version: str
    kind: str
    areas: dict[str, str]
    words: dict[str, str]
    made_of: str

    @property
    def described(self) -> dict[str, Any]:
        """What the library says of it (``library.models.Described``)."""
        return {
            "kind": self.kind,
            "language": self.language,
            "title": self.words["title"],
            "summary": self.words["summary"],
            "text": f"{markdown(fill(self.words['use'], {}))}\n\n{markdown(fill(self.words['text'], {}))}",
            "licence": LICENCE,
            "authors": [AUTHOR],
            "keywords": list(self.areas.values()),
            "audience": _AUDIENCE + [_BESIDES[area] for area in self.areas if area in _BESIDES],
            "area": next(iter(self.areas)),
            # Headings and lists on the page and in both files are what they look like.
            "accessibility": ["structuralNavigation", "taggedPDF"],
        }


@dataclass(frozen=True)
class Printed:
    """A file of a tool: the name and title it has in the library, and its bytes, the same whenever it is made."""

    name: str
    title: str
    content: bytes

    @property
    def digest(self) -> str:
        return sha256(self.content).hexdigest()


def editions(methodology: Methodology) -> dict[tuple[str, str], Edition]:
    """Return all tools in all languages, by key and language; of each the original first."""
    tools = methodology.same()["tools"]
    return {(each.key, each.language): each for key, facts in tools.items() for each in _editions(key, facts, methodology)}


def is_there(edition: Edition) -> bool:
    """Whether the library has a tool as it is."""
    return PublishedTool.objects.filter(key=edition.key, language=edition.language, made_of=edition.made_of).exists()


def outdated(methodology: Methodology) -> list[str]:
    """Return the keys of those tools that are not in the library as they are, or are there and not in the methodology."""
    there = {(tool.key, tool.language): tool.made_of for tool in PublishedTool.objects.order_by("key", "language")}
    wanted = {at: edition.made_of for at, edition in editions(methodology).items()}
    return list(dict.fromkeys(key for key, language in {**wanted, **there} if _differs((key, language), wanted, there)))


def _differs(at: tuple[str, str], wanted: dict[tuple[str, str], str], there: dict[tuple[str, str], str]) -> bool:
    return wanted.get(at, "") != there.get(at, "")


def _editions(key: str, facts: dict[str, Any], methodology: Methodology) -> Iterator[Edition]:
    languages = sorted(methodology.languages(), key=lambda language: (language != ORIGINAL, language))
    original = ""
    for language in languages:
        words = methodology.words_in([language])
        areas = {number: words["areas"][number]["title"].replace("\xad", "") for number in facts["areas"]}
        said = words["tools"][key]
        made_of = sha256(json.dumps([LOOK, original, facts["kind"], areas, said], sort_keys=True).encode()).hexdigest()
        original = original or made_of
        yield Edition(key, language, methodology.version, facts["kind"], areas, said, made_of)


def printed(edition: Edition) -> list[Printed]:
    """Return a tool's files: a PDF to print and a Word document to change. It takes about a fifth of a second."""
    from guildhall.engagement.methodology import documents, typesetting  # nobody else needs Word and Typst for it

    words = edition.words
    head = f"{AUTHOR['name']}, {KNOWN[LICENCE].label}"
    # The year of the version: what is printed from the same words has the same bytes wherever and whenever it is.
    at = datetime(int(edition.version.partition(".")[0]), 1, 1, tzinfo=UTC)
    return [
        Printed(
            f"{plain_name(words['title'])}.{ending}",
            f"{words['title']} ({name})",
            made(
                fill(words["text"], {}),
                title=words["title"],
                summary=words["summary"],
                school=head,
                language=edition.language,
                at=at,
            ),
        )
        for ending, name, made in [("pdf", "PDF", typesetting.pdf), ("docx", "Word", documents.docx)]
    ]
