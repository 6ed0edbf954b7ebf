"""Translations: ``.po`` files are kept, ``.mo`` files are made from them where Guildhall runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polib

ROOMS = Path(__file__).resolve().parent.parent


def catalogues() -> Iterator[Path]:
    """Every catalogue of every room, as ``.po``."""
    yield from sorted(ROOMS.glob("*/locale/*/LC_MESSAGES/django.po"))


def compile_catalogues() -> int:
    """Make the ``.mo`` files that are missing or older than their ``.po``; returns how many were made."""
    made = 0
    for source in catalogues():
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            polib.pofile(str(source)).save_as_mofile(str(target))
            made += 1
    return made
