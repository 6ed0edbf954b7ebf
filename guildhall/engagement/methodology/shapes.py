"""What something that was read from a file must look like. A shape is asked about what was found and where; it tells the faults.

``where`` is the way to it through the keys of the file, such as ``steps.choose.title``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from math import isfinite
from typing import Any

Shape = Callable[[Any, str], Iterator[str]]


def anything(found: Any, where: str) -> Iterator[str]:
    yield from ()


def text(found: Any, where: str) -> Iterator[str]:
    """A text with something in it."""
    if found is None or (isinstance(found, str) and not found.strip()):
        yield f"{where} is empty."
    elif not isinstance(found, str):
        yield f"{where} is {found!r}, which is no text."


def like(pattern: str, needed: str) -> Shape:
    """A text that fits a pattern as a whole; ``needed`` says it in words."""

    def shape(found: Any, where: str) -> Iterator[str]:
        if not isinstance(found, str) or not re.fullmatch(pattern, found):
            yield f"{where} is {found!r}; {needed} is needed."

    return shape


def whole(low: int, high: int) -> Shape:
    """A whole number within these, both included."""

    def shape(found: Any, where: str) -> Iterator[str]:
        if type(found) is not int or not low <= found <= high:
            yield f"{where} is {found!r}; a whole number from {low} to {high} is needed."

    return shape


def above_zero(found: Any, where: str) -> Iterator[str]:
    """A number above zero."""
    if type(found) not in (int, float) or not isfinite(found) or found <= 0:
        yield f"{where} is {found!r}; a number above zero is needed."


def one_of(names: Collection[str]) -> Shape:
    """One of these words."""

    def shape(found: Any, where: str) -> Iterator[str]:
        if not isinstance(found, str) or found not in names:
            yield f"{where} is {found!r}, which is none of: {', '.join(names)}."

    return shape


def several(of: Shape, low: int = 0, high: int | None = None) -> Shape:
    """A list with so many entries of one shape, none of them twice."""

    def shape(found: Any, where: str) -> Iterator[str]:
        if not isinstance(found, list):
            yield f"{where} is no list."
            return
        if len(found) < low or (high is not None and len(found) > high):
            needed = f"{low} or more" if high is None else f"{low} to {high}"
            yield f"{where} has {len(found)} {'entry' if len(found) == 1 else 'entries'}; {needed} are needed."
        for number, entry in enumerate(found, start=1):
            yield from of(entry, f"{where}[{number}]")
            if entry in found[: number - 1]:
                yield f"{where}[{number}] is there twice."

    return shape


def each(of: Shape) -> Shape:
    """Keys, whichever they are, each with something of one shape."""

    def shape(found: Any, where: str) -> Iterator[str]:
        if not isinstance(found, dict):
            yield f"{where} has no keys."
            return
        for key, value in found.items():
            yield from of(value, below(where, key))

    return shape


def exactly(of: Mapping[str, Shape], *, maybe: Mapping[str, Shape] | None = None) -> Shape:
    """These keys and no other, each with its own shape; those of ``maybe`` may be left out."""
    known = {**of, **(maybe or {})}

    def shape(found: Any, where: str) -> Iterator[str]:
        if not isinstance(found, dict):
            yield f"{where or 'The file'} has no keys."
            return
        yield from (f"{below(where, key)} is missing." for key in of if key not in found)
        for key, value in found.items():
            if key in known:
                yield from known[key](value, below(where, key))
            else:
                yield f"{below(where, key)} is not asked for."

    return shape


def below(where: str, key: object) -> str:
    return f"{where}.{key}" if where else str(key)
