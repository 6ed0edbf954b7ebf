"""Every sentence is translated into every language in the same change."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import polib
import pytest

from tests.messages import ROOMS, TRANSLATED, catalogues, collect, rooms

PLACEHOLDER = re.compile(r"%\((\w+)\)[sdf]|%%")
# gettext says how many forms each language has; a catalogue with another number shows the wrong one.
PLURALS = {"de": 2, "el": 2, "es": 3, "pl": 4, "pt": 2}


@pytest.fixture(scope="session")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The house as it would be after ``make messages``."""
    copy = tmp_path_factory.mktemp("house") / "guildhall"
    shutil.copytree(ROOMS, copy, ignore=shutil.ignore_patterns("static", "data", "tests", "__pycache__", "*.mo"))
    collect(copy)
    return copy


@pytest.mark.parametrize("language", TRANSLATED)
def test_nothing_is_missing_or_fuzzy(collected, language):
    missing = []
    for room in rooms(collected):
        for path in catalogues(room):
            if f"/{language}/" in str(path):
                catalogue = polib.pofile(str(path))
                missing += [
                    f"{room.name}: {entry.msgid}" for entry in [*catalogue.untranslated_entries(), *catalogue.fuzzy_entries()]
                ]
    assert missing == []


def entries():
    for room in rooms():
        for path in catalogues(room):
            for entry in polib.pofile(str(path)):
                yield path, entry


def test_a_translation_has_the_same_placeholders():
    wrong = []
    for path, entry in entries():
        allowed = {*PLACEHOLDER.findall(entry.msgid), *PLACEHOLDER.findall(entry.msgid_plural)}
        for form in entry.msgstr_plural.values() or [entry.msgstr]:
            # A form for one may say "one" instead of the number, and never names what it is not given.
            found = set(PLACEHOLDER.findall(form))
            if not found <= allowed or (not entry.msgid_plural and found != allowed):
                wrong.append(f"{path}: {entry.msgid!r} → {form!r}")
    assert wrong == []


def test_every_plural_has_all_its_forms():
    wrong = []
    for path, entry in entries():
        language = path.parts[-3]
        if entry.msgid_plural and len([form for form in entry.msgstr_plural.values() if form]) != PLURALS[language]:
            wrong.append(f"{path}: {entry.msgid!r}")
    assert wrong == []


def test_a_translation_ends_as_its_sentence_does():
    signs = {".", ":", "…", "!"}
    wrong = [
        f"{path}: {entry.msgid!r} → {entry.msgstr!r}"
        for path, entry in entries()
        if entry.msgstr and (entry.msgid[-1] in signs) and entry.msgstr[-1] not in {*signs, "“", "”", "»", "«", ")", ";"}
    ]
    assert wrong == []
