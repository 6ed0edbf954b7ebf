"""A scheme as files: what Guildhall ships in ``data/``, and what an operator brings as a newer version in the same shape.

``nace.csv`` begins with lines ``# key: nace`` (and version, title, source, licence), then has the columns ``code``, ``parent``,
``level``, ``uri`` and one for each language. Files beside it named ``nace.de.csv`` or the like add languages, by ``code``.
Other columns (``sure``) are for people. See ``data/README.md``.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from django.utils.translation import gettext as _

from guildhall.core.errors import Refused

DATA = Path(__file__).parent / "data"
SHIPPED = ("nace", "nuts", "isced-f", "eqf", "country", "language")

_SAID = ("key", "version", "title", "source", "licence")
_COLUMNS = ("code", "parent", "level", "uri")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")


@dataclass(slots=True)
class Entry:
    """A concept with its labels by language."""

    code: str
    parent: str
    level: int
    uri: str
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A scheme as its files say it, in their order."""

    key: str
    version: str
    title: str
    source: str
    licence: str
    digest: str
    entries: list[Entry]


def shipped(key: str) -> Path:
    return DATA / f"{key}.csv"


def read_sheet(path: Path) -> Sheet:
    """Read a scheme from ``path`` and the language files beside it.

    Raises:
        Refused: something is missing or contradicts itself; the sentence says what and where.
    """
    try:
        texts = {
            file.name: file.read_text(encoding="utf-8-sig") for file in [path, *sorted(path.parent.glob(f"{path.stem}.*.csv"))]
        }
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(_("%(file)s cannot be read: %(reason)s") % {"file": path, "reason": error}) from error
    said, rows, languages = _parse(path.name, texts[path.name])
    if missing := [name for name in _SAID if not said.get(name)]:
        raise Refused(_("%(file)s does not say its %(what)s.") % {"file": path.name, "what": ", ".join(missing)})
    entries: dict[str, Entry] = {}
    for number, row in rows:
        if row["code"] in entries or not row["code"] or not row["level"].isdecimal():
            raise Refused(_("%(file)s, row %(row)s: a code twice, or no code or level.") % {"file": path.name, "row": number})
        entries[row["code"]] = Entry(row["code"], row["parent"], int(row["level"]), row["uri"], _labels(row, languages))
    for name, text in texts.items():
        if name == path.name:
            continue
        _said, rows, languages = _parse(name, text, columns=("code",))
        for number, row in rows:
            if row["code"] not in entries:
                raise Refused(_("%(file)s, row %(row)s: %(key)s has no such code.") % {"file": name, "row": number, **said})
            entries[row["code"]].labels |= _labels(row, languages)
    _require_a_tree(path.name, entries)
    digest = sha256("\0".join(texts.values()).encode()).hexdigest()
    return Sheet(**{name: said[name] for name in _SAID}, digest=digest, entries=list(entries.values()))


def _parse(
    name: str, text: str, *, columns: tuple[str, ...] = _COLUMNS
) -> tuple[dict[str, str], list[tuple[int, dict[str, str]]], list[str]]:
    """Return what the file says of itself, its rows with their numbers, and the columns that are languages."""
    lines = text.splitlines()
    said = dict(line[1:].split(":", 1) for line in lines if line.startswith("#") and ":" in line)
    reader = csv.DictReader((line for line in lines if not line.startswith("#")), restval="")
    header = reader.fieldnames or []
    if missing := [column for column in columns if column not in header]:
        raise Refused(_("%(file)s has no column %(what)s.") % {"file": name, "what": ", ".join(missing)})
    rows = [(number, {column: (row[column] or "").strip() for column in header}) for number, row in enumerate(reader, 1)]
    languages = [column for column in header if column not in columns and _LANGUAGE.fullmatch(column)]
    return {key.strip(): value.strip() for key, value in said.items()}, rows, languages


def _labels(row: dict[str, str], languages: list[str]) -> dict[str, str]:
    return {language: row[language] for language in languages if row[language]}


def _require_a_tree(name: str, entries: dict[str, Entry]) -> None:
    for entry in entries.values():
        above, steps = entry.parent, 0
        while above:
            if above not in entries or steps > len(entries):
                raise Refused(
                    _("%(file)s: %(code)s is part of %(parent)s, which leads nowhere.")
                    % {"file": name, "code": entry.code, "parent": entry.parent}
                )
            above, steps = entries[above].parent, steps + 1
