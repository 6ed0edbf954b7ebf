"""What the library asks others."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from guildhall.core.hooks import question
from guildhall.library.models import Resource


@dataclass(frozen=True)
class WayOn:
    """Where something of the library can become something else: in words, and the page that begins with it."""

    label: str
    url: str


@question
def ways_on(request: HttpRequest, thought: str) -> list[WayOn]:
    """Question: what can this person make of something they thought at a film?"""


@question
def ways_with(request: HttpRequest, resource: Resource) -> list[WayOn]:
    """Question: what else can this person do with a public resource than read it and take it along?"""
