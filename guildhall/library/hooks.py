"""What the library asks others."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from guildhall.core.hooks import question


@dataclass(frozen=True)
class WayOn:
    """Where a thought can become something: in words, and the page that begins with it."""

    label: str
    url: str


@question
def ways_on(request: HttpRequest, thought: str) -> list[WayOn]:
    """Question: what can this person make of something they thought at a film?"""
