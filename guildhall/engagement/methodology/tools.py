"""The methodology's tools: the papers a school and an employer use together, and what one of them is filled in with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localdate, localtime
from django.utils.translation import override

from guildhall.engagement.models import Employer, Methodology, Words
from guildhall.skills import taxonomy


@dataclass(frozen=True)
class Tool:
    """A paper to use at once, in one ``language``: ``text`` is for ``papers.fill``, ``use`` says when and with whom."""

    key: str
    title: str
    summary: str
    use: str
    text: str
    language: str
    areas: tuple[str, ...]
    minutes: int

    @property
    def area(self) -> str:
        """The number of the area it belongs to before others."""
        return self.areas[0]


def tool(key: str, languages: Iterable[str], *, methodology: Methodology | None = None) -> Tool | None:
    """Return a tool in the first of these languages that there is; None where there is no such tool.

    ``methodology`` is the version it is taken from; the newest, unless told.
    """
    of = methodology or Methodology.objects.newest()
    facts = of.same()["tools"].get(key) if of else None
    return _tool(key, facts, of.words_in(languages)) if of and facts else None


def tools(languages: Iterable[str], *, methodology: Methodology) -> list[Tool]:
    """Return all tools, by the number of their area and then by title."""
    words = methodology.words_in(languages)
    found = [_tool(key, facts, words) for key, facts in methodology.same()["tools"].items()]
    return sorted(found, key=lambda tool: (tool.area, tool.title.casefold()))


def _tool(key: str, facts: dict[str, Any], words: Words) -> Tool:
    said = words["tools"][key]
    told = {name: said[name] for name in ("title", "summary", "use", "text")}
    return Tool(key=key, **told, language=words.language, areas=tuple(facts["areas"]), minutes=facts["minutes"])


def values_of(employer: Employer, *, language: str, at: datetime) -> dict[str, str]:
    """Return what a paper about an employer is filled in with, in the paper's language; what nobody knows is "".

    The person there is who decides, else the first by name; nobody who asked not to be written to. The place is that of the
    oldest site that is open. To be read with organisation, school and owner.
    """
    day = localdate(at)
    held = employer.positions.current(day).filter(person__asked_not_to_be_written_at__isnull=True)
    contact = held.order_by("-decides", "person__name", "pk").values_list("person__name", flat=True).first()
    towns = employer.organisation.sites.open(day).exclude(town="").order_by("pk").values_list("town", flat=True)
    nace = employer.organisation.nace
    with override(language):
        return {
            "school": str(employer.school),
            "employer": str(employer),
            "contact": contact or "",
            "owner": str(employer.owner or ""),
            "date": date_format(localtime(at), "DATE_FORMAT"),
            "place": towns.first() or "",
            "sector": taxonomy.label("nace", nace, language) if nace else "",
        }
