"""Which column of a file holds what: guessed from the headings and from what stands below them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override, pgettext_lazy

from guildhall.engagement.importing import numbers
from guildhall.engagement.importing.naming import folded
from guildhall.engagement.importing.words import phrases, words
from guildhall.skills.taxonomy import nace_from

#: Rows that are looked at to see what a column holds, and different values of it that are kept for that.
ROWS_LOOKED_AT = 2_000
VALUES_LOOKED_AT = 300
_LONGEST_LOOKED_AT = 300
SAMPLES = 3
_ENOUGH = 0.45

#: What a file can tell us, in the order in which people think of it.
FIELDS: dict[str, str | Promise] = {
    "name": _("Name of the employer"),
    "trade_name": _("Trade name (on the door)"),
    "firm_number": _("Register number of the firm"),
    "site_number": _("Register number of the site"),
    "site_name": _("Name of the site"),
    "sector": _("Sector (NACE, NAF …)"),
    "size": _("Size (people employed)"),
    "street_number": _("House number"),
    "street": _("Street"),
    "postal_code": _("Postal code"),
    "town": _("Town"),
    "country": _("Country"),
    "latitude": _("Latitude"),
    "longitude": _("Longitude"),
    "phone": _("Telephone"),
    "email": _("E-mail address"),
    "website": _("Web site"),
    "person_name": _("Contact person: name"),
    "person_first_name": _("Contact person: first name"),
    "person_title": _("Contact person: position"),
    "person_email": _("Contact person: e-mail address"),
    "person_phone": _("Contact person: telephone"),
    "contact_on": _("Past contact: when"),
    "contact_kind": _("Past contact: what it was (call, visit …)"),
    "contact_text": _("Past contact: what was said"),
    "contact_by": _("Past contact: who of us"),
    "next_step": _("Next step"),
    "next_step_on": _("Next step: until when"),
    "closed_on": _("Closed on"),
    "note": pgettext_lazy("what is good to know about an employer", "Note"),
}
PERSON = ("person_name", "person_first_name", "person_title", "person_email", "person_phone")
PAST = ("contact_on", "contact_kind", "contact_text", "contact_by", "next_step", "next_step_on")
#: Fields that hold days.
DAYS = ("contact_on", "next_step_on", "closed_on")

#: Headings of columns that a file of rows to be mended gets from us (``mending``), and that say nothing about an employer.
NUMBER, REASON = _("Row in your file"), _("Why this row stayed out")

_PEOPLE = words("people")
_LINKS = words("links")

_EMAIL = re.compile(r"[^@\s;,]+@[^@\s;,]+\.\w{2,}")
_WEBSITE = re.compile(
    r"(https?://|www\.)\S+|[\w-]+(\.[\w-]+)*\.(com|org|net|eu|info|de|fr|es|pl|pt|gr|it|at|be|ch|cy)(/\S*)?", re.IGNORECASE
)
_PHONE = re.compile(r"\+?[\d\s()./–-]{6,}(\s*(ext|x|poste|dw)\.?\s*\d+)?", re.IGNORECASE)
_POSTAL = re.compile(r"([A-Z]{1,3}[- ]?)?\d[\dA-Z]{1,4}[- ]?[\dA-Z]{0,4}", re.IGNORECASE)
_NAF = re.compile(r"[A-V]?\d{2}\.?\d{2}\.?[A-Z]|\d{2}\.\d{1,2}(\.[A-Z0-9]+)*")
_HOUSE = re.compile(r"\d{1,4}(\s?[-/+]\s?\d{1,4})?\s?[a-z]{0,7}\.?", re.IGNORECASE)
_DECIMAL = re.compile(r"-?\d{1,3}[.,]\d{2,}")


@dataclass
class Column:
    """A column as far as it was looked at: its heading, some of its different values, how many of its cells are filled.

    ``codes`` says how its values are to be read where that shows only in many together: "insee" for the French bands of size,
    "2" or "2.1" for the version of NACE, "month first" for days as they are written in America.
    """

    heading: str
    values: dict[str, None] = field(default_factory=dict)
    filled: int = 0
    codes: dict[str, str] = field(default_factory=dict)

    @property
    def holds_words(self) -> bool:
        """Whether what stands in it is mostly letters."""
        return _share(lambda value: 2 * sum(map(str.isalpha, value)) > len(value), self) > 0.8

    @property
    def samples(self) -> list[str]:
        return [value[:80] for value in list(self.values)[:SAMPLES]]


@dataclass
class Survey:
    """What was seen of a file: its columns, how many rows it has, and the cells of those that were looked at."""

    columns: list[Column]
    rows: int = 0
    looked_at: list[list[str]] = field(default_factory=list)


def survey(headings: Sequence[str], records: Iterable[tuple[int, list[str]]]) -> Survey:
    """Look over a file: all of it for its length, the first rows for what its columns hold."""
    seen = Survey([Column(heading) for heading in headings])
    for _number, cells in records:
        seen.rows += 1
        if seen.rows > ROWS_LOOKED_AT:
            continue
        cells = [cell[:_LONGEST_LOOKED_AT] for cell in cells]  # tests below take longer than a cell is long
        seen.looked_at.append(cells)
        for column, cell in zip(seen.columns, cells, strict=False):
            if value := cell.strip():
                column.filled += 1
                if len(column.values) < VALUES_LOOKED_AT:
                    column.values[value] = None
    for column in seen.columns:
        column.codes = _codes(column)
    return seen


def guess(seen: Survey, *, headed: bool = True) -> dict[str, str]:
    """Guess which column holds what: our fields, each with the heading of its column.

    Only what is fairly sure is in the answer. ``headed`` is whether the file names its columns; if not, the name of the employer
    is taken to be in the first column of words that differ.
    """
    offers = []
    for at, column in enumerate(seen.columns):
        if is_ours(column.heading):
            continue
        words = _heading_words(column.heading) if headed else []
        for name in FIELDS:
            likely = _likelihood(name, column, words)
            if likely >= _ENOUGH:
                offers.append((-likely, at, name))
    mapping: dict[str, str] = {}
    taken: set[int] = set()
    for _likely, at, name in sorted(offers):
        if name not in mapping and at not in taken:
            mapping[name] = seen.columns[at].heading
            taken.add(at)
    if not headed and "name" not in mapping:
        free = [
            column
            for at, column in enumerate(seen.columns)
            if at not in taken and column.filled and not is_ours(column.heading) and _share(_has_letters, column) > 0.9
        ]
        if best := max(free, key=lambda column: len(column.values), default=None):
            mapping["name"] = best.heading
    if "contact_on" in mapping and not mapping.keys() & {"contact_kind", "contact_text", "contact_by"}:
        if _said("contact_on", _heading_words(mapping["contact_on"])) < 1:
            del mapping["contact_on"]  # "Date" alone may be any
    elif {"contact_on", "note"} <= mapping.keys() and "contact_text" not in mapping:
        mapping["contact_text"] = mapping.pop("note")  # each row is a contact, and the remark is what was said
    return _sensible({name: mapping[name] for name in FIELDS if name in mapping})


def _sensible(mapping: dict[str, str]) -> dict[str, str]:
    """Leave out what makes no sense without something else."""
    for one, other in (("latitude", "longitude"), ("longitude", "latitude"), ("person_first_name", "person_name")):
        if one in mapping and other not in mapping:
            if one == "person_first_name":
                mapping["person_name"] = mapping.pop(one)  # one column for the whole name
            else:
                del mapping[one]
    if "contact_on" not in mapping:
        # Nobody knows when it was: what was said is good to know all the same.
        said = mapping.pop("contact_text", "")
        if said and "note" not in mapping:
            mapping["note"] = said
        for name in ("contact_kind", "contact_by"):
            mapping.pop(name, None)
    if "next_step" not in mapping:
        mapping.pop("next_step_on", None)
    return mapping


def country_of(seen: Survey) -> str:
    """The country a file is certainly from, by its register numbers; empty when they do not tell."""
    return "FR" if any(_share(numbers.is_siret, column) > 0.6 for column in seen.columns) else ""


def _heading_words(heading: str) -> list[str]:
    return folded(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading)).split()


def _likelihood(name: str, column: Column, words: list[str]) -> float:
    """How likely a column holds a field, from 0 to about 1.5."""
    holds = _HOLDS.get(name)
    share = _share(holds, column) if holds and column.values else 1.0 if not column.values else 0.6
    if share < 0.5:
        return 0.0
    said = _said(name, words)
    sure, weight = _SURE.get(name, (None, 0.0))
    shown = _share(sure, column) if sure else 0.0
    shown = weight * shown if shown > 0.85 else 0.0
    return max(said, shown) + (0.3 * share + 0.2 * shown if said or shown else 0.0)


def _said(name: str, words: list[str]) -> float:
    """How clearly a heading names a field, from 0 to 1."""
    people = [word for word in words if word in _PEOPLE]
    rest = [word for word in words if word not in _PEOPLE and word not in _LINKS]
    if name in PAST:
        return _past(name, words)  # "last contact" is nobody
    if name in PERSON:
        base = {"person_email": "email", "person_phone": "phone"}.get(name, name)
        if people:
            if not rest:
                return 0.7 if name == "person_name" else 0.55 if base != name else 0.0
            return _best(base, rest)
        return 0.0 if base != name else _best(name, words)
    # "Contact phone" is the person's; should there be no other, ``guess`` leaves it there.
    return 0.0 if people and rest else _best(name, words)


def _past(name: str, words: list[str]) -> float:
    """How clearly a heading names what took place: a date of the founding is no contact, so single words must stand alone."""
    whole = " ".join(words)
    likely = [
        weight if phrase == whole else 0.8 * weight
        for phrase, weight in _headings().get(name, ())
        if phrase == whole or (" " in phrase and weight == 1 and f" {phrase} " in f" {whole} ")
    ]
    return max(likely, default=0.0)


def _best(name: str, words: list[str]) -> float:
    whole = "".join(words)
    best = 0.0
    for phrase, weight in _headings().get(name, ()):
        joined = phrase.replace(" ", "")
        if joined == whole:
            likeness = 1.0
        elif f" {phrase} " in f" {' '.join(words)} ":
            likeness = 0.6 + 0.3 * len(joined) / len(whole)
        elif len(joined) >= 6 and joined in whole:
            likeness = 0.45 + 0.3 * len(joined) / len(whole)
        else:
            continue
        best = max(best, weight * likeness)
    return best


@cache
def _headings() -> dict[str, list[tuple[str, float]]]:
    """What people write above each of our fields, and how much that counts."""
    headings = {
        name: [(folded(phrase.lstrip("~")), 0.6 if phrase.startswith("~") else 1.0) for phrase in known]
        for name, known in phrases("headings").items()
    }
    for language, _name in settings.LANGUAGES:
        with override(language):  # what we call it ourselves
            for name in PAST:
                headings[name].append((folded(str(FIELDS[name])), 1.0))
    return headings


def is_ours(heading: str) -> bool:
    """Whether we have put a column beside the others, in whatever language."""
    return folded(heading) in _ours()


@cache
def _ours() -> frozenset[str]:
    ours = set()
    for language, _name in settings.LANGUAGES:
        with override(language):
            ours |= {folded(str(NUMBER)), folded(str(REASON))}
    return frozenset(ours)


def _share(test: Callable[[str], object], column: Column) -> float:
    """The share of a column's different values that pass a test; 0 for an empty column."""
    return sum(bool(test(value)) for value in column.values) / len(column.values) if column.values else 0.0


def _has_letters(value: str) -> bool:
    return sum(map(str.isalpha, value)) >= 2


def _is_degrees(most: int) -> Callable[[str], bool]:
    def test(value: str) -> bool:
        number = numbers.decimal(value)
        return number is not None and -most <= number <= most

    return test


_HOLDS: dict[str, Callable[[str], object]] = {
    "name": _has_letters,
    "firm_number": lambda value: any(map(str.isdigit, value)) and not numbers.is_siret(value) and "@" not in value,
    "site_number": lambda value: sum(map(str.isdigit, value)) >= 2 and len(value) <= 40,
    "sector": lambda value: nace_from(value) or nace_from(value, version="2"),
    "size": lambda value: numbers.insee_band(value) is not None or numbers.size_band(value),
    "street_number": lambda value: _HOUSE.fullmatch(value),
    "street": _has_letters,
    "postal_code": lambda value: _POSTAL.fullmatch(value),
    "town": _has_letters,
    "country": lambda value: value.isalpha() or _has_letters(value),
    "latitude": _is_degrees(90),
    "longitude": _is_degrees(180),
    "phone": lambda value: _PHONE.fullmatch(value),
    "email": lambda value: _EMAIL.search(value),
    "website": lambda value: _WEBSITE.fullmatch(value),
    "person_name": lambda value: _has_letters(value) and "@" not in value,
    "person_first_name": lambda value: _has_letters(value) and "@" not in value,
    "person_title": _has_letters,
    "person_email": lambda value: _EMAIL.search(value),
    "person_phone": lambda value: _PHONE.fullmatch(value),
    "contact_on": lambda value: numbers.day(value) or numbers.day(value, month_first=True),
    "contact_kind": _has_letters,
    "contact_text": _has_letters,
    "contact_by": _has_letters,
    "next_step": _has_letters,
    "next_step_on": lambda value: numbers.day(value) or numbers.day(value, month_first=True),
    "closed_on": lambda value: numbers.day(value) or numbers.day(value, month_first=True),
}
#: What shows by itself, and how much that counts beside what the heading says.
_SURE: dict[str, tuple[Callable[[str], object], float]] = {
    "site_number": (numbers.is_siret, 1.0),
    "firm_number": (numbers.is_siren, 0.8),
    "email": (_EMAIL.fullmatch, 0.8),
    "website": (lambda value: value.lower().startswith(("http://", "https://", "www.")), 0.7),
    "sector": (lambda value: _NAF.fullmatch(value) and nace_from(value, version="2"), 0.7),
    "phone": (lambda value: value[0] in "+0" and _PHONE.fullmatch(value) and 8 <= sum(map(str.isdigit, value)) <= 15, 0.5),
    "postal_code": (re.compile(r"\d{5}|\d{2}-\d{3}|\d{4}-\d{3}").fullmatch, 0.4),
    "latitude": (lambda value: _DECIMAL.fullmatch(value) and 34 <= (numbers.decimal(value) or 0) <= 72, 0.4),
    "longitude": (lambda value: _DECIMAL.fullmatch(value) and -32 <= (numbers.decimal(value) or 99) < 34, 0.4),
}


def _codes(column: Column) -> dict[str, str]:
    codes = {}
    values = [value for value in column.values if value not in ("0", "99")]
    by_name = "tranche" in folded(column.heading) or any(value.startswith("0") for value in values)
    if values and by_name and all(numbers.insee_band(value) is not None for value in values):
        codes["size"] = "insee"
    if numbers.is_month_first(column.values):
        codes["day"] = "month first"
    if values and all(any(map(str.isdigit, value)) and len(value) <= 12 for value in values):
        understood = {version: sum(nace_from(value, version=version) is not None for value in values) for version in ("2", "2.1")}
        if understood["2"] != understood["2.1"]:
            codes["nace"] = max(understood, key=understood.__getitem__)
    return codes
