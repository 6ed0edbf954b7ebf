"""What a list says about public resources, read as plain values: a search shows twenty of them, and is to be quick."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from guildhall.core.addresses import address_of
from guildhall.core.fixed_sql import moment_kept, rows_in
from guildhall.core.search import Document, Hit, Results
from guildhall.core.search.reasons import Marked, Reason, explain
from guildhall.library.models import OfAKind
from guildhall.library.search import PUBLIC, RESOURCE, document


@dataclass(frozen=True)
class Listed(OfAKind):
    """A public resource, as it was read."""

    number: int
    work: int | None
    public_at: datetime
    name: str
    trade_name: str
    kind: str
    language: str
    title: str
    summary: str
    licence: str
    is_illustration: bool
    text: str = ""
    file_text: str = ""
    account: Mapping[str, Any] = field(default_factory=dict)
    keywords: Sequence[str] = ()
    skills: Sequence[str] = ()
    authors: Sequence[Mapping[str, Any]] = ()

    @property
    def address(self) -> str:
        return address_of("oer:resource", self.number)

    @property
    def organisation(self) -> str:
        return self.trade_name or self.name

    @property
    def document(self) -> Document:
        """It as search knows it."""
        return document(self.number, self, organisation=self.organisation, file_text=self.file_text, scope=PUBLIC)


@dataclass(frozen=True)
class Row:
    """A resource as a list shows it: which other languages it is there in, how often all of them were used, why it was found."""

    resource: Listed
    others: list[tuple[str, str]]
    """Language and address of each."""
    used: int
    """By how many people, in whatever language."""
    reason: Reason | None
    is_ticked: bool
    word: str
    """What somebody said who put it into a collection."""

    @property
    def detail(self) -> Marked | None:
        """Kind and organisation, where a word that was searched for stands there."""
        return self.reason.detail if self.reason and any(piece.asked for piece in self.reason.detail) else None


def rows_of(
    numbers: Sequence[int],
    *,
    searched: str = "",
    near: bool = False,
    ticked: Collection[int] = (),
    words: Mapping[int, str] | None = None,
) -> list[Row]:
    """Gather what a list says about public resources, which are given by their numbers, in two queries.

    Where something was ``searched`` for, they say why they were found; ``near`` if nothing was spelled so. ``ticked`` and
    ``words`` go by the numbers of the resources.
    """
    listed = _read(numbers, texts=bool(searched))
    reasons = _reasons(listed, searched, near=near) if searched else {}
    of_work: dict[int | None, list[tuple[int, str, int]]] = {}
    for work, number, language, count in rows_in(_RENDERINGS, {resource.work for resource in listed}):
        of_work.setdefault(work, []).append((number, language, count))
    return [
        Row(
            resource=resource,
            others=[
                (language, address_of("oer:resource", number))
                for number, language, _count in of_work.get(resource.work, [])
                if number != resource.number
            ],
            used=sum(count for _number, _language, count in of_work.get(resource.work, [])),
            reason=reasons.get(resource.number),
            is_ticked=resource.number in ticked,
            word=(words or {}).get(resource.number, ""),
        )
        for resource in listed
    ]


_EMPHASIS, _CELLS = re.compile(r"[*`]+(?=\S|$)|(?:(?<=\S)|^)[*`]+|~~"), re.compile(r"(?:[ \t]*\|[ \t]*)+")
_BEGINS = re.compile(r"^(?:[ \t·>]|#{1,6} |[-+*] |\d{1,9}[.)] )+")
#: In the order of ``Listed``; written out, for every list asks it.
_LISTED = """
    SELECT resource.id, resource.work_id, resource.public_at, organisation.name, organisation.trade_name, version.kind,
        version.language, version.title, version.summary, version.licence, version.is_illustration{}
    FROM library_resource resource
    JOIN library_version version ON version.id = resource.current_id
    JOIN people_organisation organisation ON organisation.id = resource.organisation_id
    WHERE resource.state = 'published' AND resource.id {{}}
"""
#: What search looks at besides.
_TEXTS = ", version.text, version.file_text, version.account, version.keywords, version.skills, version.authors"


def _read(numbers: Sequence[int], *, texts: bool) -> list[Listed]:
    """Read public resources in the order of their numbers; long texts only where they are to say why something was found."""
    read = rows_in(_LISTED.format(_TEXTS if texts else ""), numbers)
    fields: list[list[Any]] = [[*row[:2], moment_kept(row[2]), *row[3:13], *map(json.loads, row[13:])] for row in read]
    listed = [Listed(*each) for each in fields]
    by_number = {resource.number: resource for resource in listed}
    return [by_number[number] for number in numbers if number in by_number]


def _reasons(listed: Iterable[Listed], searched: str, *, near: bool) -> dict[int, Reason]:
    """Say of each resource why it was found, by its number."""
    documents = [resource.document for resource in listed]
    hits = [Hit(RESOURCE, document.key, document.title, document.language, document.boost) for document in documents]
    reasons = explain(Results(hits, near=near), searched, scopes=[PUBLIC], describe={RESOURCE: lambda _keys: documents})
    return {
        reason.document.key: replace(reason, passages=[_without_marks(passage) for passage in reason.passages])
        for reason in reasons
    }


def _without_marks(passage: Marked) -> Marked:
    """Take the marks of Markdown out of a line, or of a part of one, as far as words alone make sense; links stay as written."""
    pieces = [piece._replace(text=_CELLS.sub(" · ", _EMPHASIS.sub("", piece.text))) for piece in passage]
    pieces[0] = pieces[0]._replace(text=_BEGINS.sub("", pieces[0].text))
    pieces[-1] = pieces[-1]._replace(text=pieces[-1].text.rstrip(" \t·"))
    return [piece for piece in pieces if piece.text]


#: Of each public resource of works: work, number, language, and how often it was used.
_RENDERINGS = """
    SELECT resource.work_id, resource.id, version.language, (SELECT count(*) FROM library_use WHERE resource_id = resource.id)
    FROM library_resource resource JOIN library_version version ON version.id = resource.current_id
    WHERE resource.state = 'published' AND resource.work_id {} ORDER BY version.language, resource.id
"""
