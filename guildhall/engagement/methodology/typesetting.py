"""A paper as a PDF that one can write on: A4, tagged (PDF/A-2a, PDF/UA-1), set by Typst from ``data/tool.typ``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from guildhall.engagement.exporting.sheet import MEDIA_TYPE as MEDIA_TYPE
from guildhall.engagement.exporting.sheet import compiled
from guildhall.engagement.methodology.papers import LONGEST_WORD, Block, Items, Table, is_tight, leads, printable, shares

_TEMPLATE = Path(__file__).parent.parent / "data" / "tool.typ"
#: Tables of more rows, and lists of more items, may go on on the next page.
MOST_ROWS, MOST_ITEMS = 8, 6
#: A word longer than any that people use gets places where it may be broken.
_ENDLESS = re.compile(rf"([^\s\u200b-]{{{LONGEST_WORD}}})(?=[^\s\u200b-])")


def pdf(blocks: Sequence[Block], *, title: str, summary: str, school: str, language: str, at: datetime) -> bytes:
    """Return a paper as a PDF.

    Args:
        blocks: of ``papers.fill``.
        title: its heading, and what it is called in its properties.
        summary: a sentence below the heading.
        school: whose paper it is: stands at the top of each page.
        language: of the paper.
        at: when it was made.
    """
    with override(language):
        page = _("Page %(number)s of %(count)s") % {"number": "{number}", "count": "{count}"}
    following = [*blocks[1:], None]
    data = {
        "language": language.split("-")[0],
        "school": printable(school),
        "title": printable(title),
        "summary": printable(summary),
        "page": page,
        "blocks": [
            {**_told(block), "leads": then is not None and leads(block, then)}
            for block, then in zip(blocks, following, strict=True)
        ],
    }
    return compiled(_TEMPLATE, {"paper": _breakable(data)}, at=at)


def _told(block: Block) -> dict[str, Any]:
    told = asdict(block)
    if isinstance(block, Table):
        widths = [100 * share for share in shares(block)]
        told |= {"widths": widths, "is_tight": is_tight(block), "together": len(block.rows) <= MOST_ROWS}
    if isinstance(block, Items):
        told |= {"together": len(block.lines) <= MOST_ITEMS}
    return told


def _breakable(told: Any) -> Any:
    match told:
        case dict():
            return {name: _breakable(value) for name, value in told.items()}
        case list() | tuple():
            return [_breakable(value) for value in told]
        case str():
            return _ENDLESS.sub("\\1\u200b", told)
    return told
