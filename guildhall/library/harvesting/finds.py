"""What is found at a place: one record each, understood or refused; and the portions in which a look goes through it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from guildhall.library.amb_reading import Problem
from guildhall.library.models import Harvest

LONGEST_IDENTIFIER = 500


@dataclass(frozen=True)
class Find:
    """A record elsewhere. It is one of four: described, refused, gone from there, or as it was when it was seen last."""

    identifier: str
    stamp: str = ""
    title: str = ""
    described: Mapping[str, Any] | None = None
    """What a resource would say (``Described``)."""
    refused: Problem | None = None
    is_gone: bool = False

    @property
    def is_unchanged(self) -> bool:
        return self.described is None and self.refused is None and not self.is_gone


@dataclass(frozen=True)
class Portion:
    """So much of a place as is kept in one transaction, and where to go on."""

    finds: Sequence[Find]
    position: Mapping[str, Any] = field(default_factory=dict)
    """What the next portion needs to begin there, besides what was seen."""
    total: int = 0
    """How many records there are, as far as the place says."""


@dataclass(frozen=True)
class Known:
    """What is known of a place before a look, or from before it was interrupted."""

    stamps: Mapping[str, str] = field(default_factory=dict)
    """The stamp of each record, by its identifier; those left out that may be the same although something has changed."""
    seen: frozenset[str] = frozenset()
    """What this look has been through already."""

    def is_as_before(self, identifier: str, stamp: str) -> bool:
        return bool(stamp) and self.stamps.get(identifier) == stamp


class NoLook(Exception):
    """The place cannot be looked at, or not to its end; ``said`` is what the sentence of the trouble says besides."""

    def __init__(self, trouble: Harvest.Trouble, **said: str) -> None:
        super().__init__(trouble)
        self.trouble, self.said = trouble, said
