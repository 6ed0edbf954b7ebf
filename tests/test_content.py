"""The content that comes with Guildhall as a whole: every text in every language, every link leads somewhere, all of it readable.

What the methodology's own files must say is checked when they are read (``engagement/methodology/checking``); the bounds here are
those of docs/content.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.urls import Resolver404, resolve

from guildhall.engagement.methodology.content import texts_in
from guildhall.engagement.tests.test_methodology_content import BOUNDS, sentences_of

LANGUAGES = list(settings.ALL_LANGUAGES)
TOOLS = {path.stem for path in (settings.CONTENT / "methodology" / "en" / "tools").glob("*.md")}
FOLDERS = sorted(path.parent for name in ("cases", "films") for path in (settings.CONTENT / name).glob("*/en.yaml"))
TEXTS = sorted(path for path in settings.CONTENT.rglob("*") if path.suffix in (".md", ".yaml"))
#: Words of a sentence of a case or a film at most.
LONGEST_IN_A_CASE = 50
_LINK = re.compile(
    r"\]\(\s*<?([^)>\s]*)|<?((?:https?|mailto):[^\s>)\"']+)|(?<![\w/.])(/(?:[a-z]+/)[\w/.-]*)|\bhref=[\"']?([^\"'\s>]*)"
)


def broken_links(text: str) -> Iterator[str]:
    """The links in a text that lead to no page of ours, or to a tool that is not there; others can break without our knowing."""
    for found in _LINK.finditer(text):
        address = next(filter(None, found.groups()), "")
        path = address.partition("#")[0].partition("?")[0]
        try:
            there = resolve(path)
        except Resolver404:
            yield address
            continue
        if there.view_name.startswith("engagement:tool") and there.kwargs.get("key", next(iter(TOOLS))) not in TOOLS:
            yield address


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("Take [the call sheet](/engagement/tools/first-call/?language=pl#top) or /engagement/methodology/ along.", []),
        ("Either/or, 1/2, and a/b are none. So is 24/7.", []),
        ("[the call sheet](/engagement/tools/first-cal/)", ["/engagement/tools/first-cal/"]),
        ("[nowhere](/nowhere/) and [empty]()", ["/nowhere/", ""]),
        ("Look at https://example.org/page or <mailto:a@b.example>.", ["https://example.org/page", "mailto:a@b.example"]),
        ('<a href="first-call.md">here</a>', ["first-call.md"]),
    ],
)
def test_a_link_that_leads_nowhere_is_seen(text, broken):
    assert list(broken_links(text)) == broken


def test_no_link_leads_nowhere():
    assert len(TEXTS) > 200
    assert {str(path): links for path in TEXTS if (links := list(broken_links(path.read_text(encoding="utf-8"))))} == {}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_cases_and_films_are_there_in_every_language(folder: Path):
    assert {path.stem for path in folder.glob("??.yaml")} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_cases_and_films_are_as_easy_to_read_as_the_methodology(language):
    most_on_average, _most = BOUNDS[language]
    said = [yaml.safe_load((folder / f"{language}.yaml").read_text(encoding="utf-8")) for folder in FOLDERS]
    lengths = {sentence: len(sentence.split()) for text in texts_in(said) for sentence in sentences_of(text)}
    full = [length for sentence, length in lengths.items() if sentence[-1] in ".!?;”“»"]
    assert sum(full) / len(full) <= most_on_average
    # Who took part is told as a list within a sentence: each of its entries counts.
    entries = [entry for sentence in lengths for entry in re.split("[;·] ", sentence)]
    assert [entry for entry in entries if len(entry.split()) > LONGEST_IN_A_CASE] == []
