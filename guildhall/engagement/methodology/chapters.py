"""A long text in chapters, so that a page can lead to each."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Chapter:
    """What stands under a heading of the second level, in Markdown; ``title`` is "" for what stands before the first."""

    id: str
    title: str
    text: str


def chapters(document: str) -> list[Chapter]:
    """Cut a Markdown text at its headings of the second level."""
    before, *parts = re.split(r"(?m)^##[ \t]+(.*)$", document)
    pairs = [("", before), *zip(parts[::2], parts[1::2], strict=True)]
    return [
        Chapter(f"chapter-{number}", title.strip(), said.strip())
        for number, (title, said) in enumerate(pairs)
        if title or said.strip()
    ]
