"""The sentences of each room and their translations: collected with gettext, read with polib."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import polib
from django.core.management import call_command

#: English is what stands in the code.
TRANSLATED = ["de", "el", "es", "pl", "pt"]
ROOMS = Path(__file__).resolve().parent.parent / "guildhall"
# A date that changes with every run, and who ran it, would make every collection a change.
MOVING = (
    "POT-Creation-Date",
    "PO-Revision-Date",
    "Last-Translator",
    "Language-Team",
    "Report-Msgid-Bugs-To",
    "Project-Id-Version",
)


def rooms(house: Path = ROOMS) -> list[Path]:
    return sorted(path.parent for path in house.glob("*/apps.py"))


def collect(house: Path = ROOMS) -> None:
    """Bring every catalogue up to date with the code: new sentences empty, changed ones fuzzy, gone ones gone."""
    for room in rooms(house):
        (room / "locale").mkdir(exist_ok=True)
        with chdir(room):
            call_command(
                "makemessages",
                locale=TRANSLATED,
                ignore_patterns=["tests/*", "migrations/*"],
                add_location="file",
                no_obsolete=True,
                no_wrap=True,
                verbosity=0,
            )
        for path in catalogues(room):
            catalogue = polib.pofile(str(path), wrapwidth=0)
            catalogue.header = ""
            for name in MOVING:
                catalogue.metadata.pop(name, None)
            catalogue.save()
        if not any(catalogues(room)):
            os.rmdir(room / "locale")


def catalogues(room: Path) -> Iterator[Path]:
    for language in TRANSLATED:
        path = room / "locale" / language / "LC_MESSAGES" / "django.po"
        if path.exists():
            yield path
