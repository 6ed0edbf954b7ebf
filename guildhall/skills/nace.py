"""NACE codes as people's files have them, brought to NACE 2.1."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Literal

Version = Literal["2", "2.1"]

_DATA = Path(__file__).parent / "data"
# A section letter or none, digits in any grouping, and the letter that France and Poland add to a class.
_WRITTEN = re.compile(r"(?P<section>[A-V])?[.\s]?(?P<digits>\d[\d.]{0,10})?(?P<suffix>[A-Z])?")

# The sections of NACE Rev. 2 by their first division (Regulation (EC) No 1893/2006, Annex I).
_REV2_SECTIONS = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTU",
        (1, 5, 10, 35, 36, 41, 45, 49, 55, 58, 64, 68, 69, 77, 84, 85, 86, 90, 94, 97, 99),
        strict=True,
    )
)


def nace_from(given: str, *, version: Version | None = None) -> str | None:
    """Return the NACE 2.1 code that a code from somebody's file certainly means, at the finest level; None where none is certain.

    Understood are ``4110D``, ``41.10``, ``41.1``, ``F41.10``, ``47.11.Z``, ``1.11`` with its zero lost, and national subclasses
    (``47.11.10.00``), of which the first four digits count. Words after the code are left aside.

    ``version`` says which NACE the file speaks. Without it the section letter decides, then whether the code exists in one of
    the two only; a code of both is returned as far as both readings agree. National lists of Rev. 2 (NAF rév. 2, WZ 2008, ATECO
    2007, CNAE 2009, PKD 2007, CAE Rev. 3, STAKOD 08) are version "2".

    What is certain: a class of Rev. 2 goes to the lowest code of 2.1 under which all of it lies, by the correspondence tables of
    Italy (ISTAT, ATECO 2022 to 2025) and Germany (Destatis, WZ 2008 to 2025) taken together, which both follow NACE down to the
    class. One thing is left aside: 2.1 gave intermediation (platforms that bring buyers and sellers together) classes of its own,
    out of nearly every old class; a shop or a workshop is not a platform. So ``41.10`` is 68.12 and ``47.71`` is 47.71, ``56.10``
    only 56.1, and ``68.20`` is None: part of it is now 55.90. A group or division of Rev. 2 keeps its number if each of its
    classes still has a place there (``47``), else it goes where all of it went (``41.1`` is 68.12); division 45, dissolved over
    46, 47 and 95, is None. A section goes to the one that has a place for each of its classes: Q is R, J is None.
    """
    written = _read(given)
    if written is None:
        return None
    section, codes = written
    meant: dict[str, set[str | None]] = {
        "2": {_rev2_places()[code] for code in codes if code in _rev2_places() and section in (None, _rev2_section(code))},
        "2.1": {code for code in codes if code in _parents() and section in (None, _path(code)[0])},
    }
    readings = meant[version] if version else meant["2"] | meant["2.1"]
    certain = {code for code in readings if code}
    return _common(certain) if certain == readings else None


def _read(given: str) -> tuple[str | None, list[str]] | None:
    """Return the section letter, if there is one, and the codes of any version that may be meant, as NACE writes them."""
    words = given.upper().split()
    if not words:
        return None
    token = "".join(words[:2]) if len(words[0]) == 1 and len(words) > 1 and words[1][0].isdigit() else words[0]
    match = _WRITTEN.fullmatch(token.rstrip(".,:;-"))
    if match is None:
        return None
    section, digits, suffix = match["section"], (match["digits"] or "").rstrip("."), match["suffix"]
    if not digits:
        # A letter alone lands in "section"; two letters are no code.
        return (section, [section]) if section and not suffix else None
    if suffix and len(digits.replace(".", "")) < 4:
        return None
    return section, _spellings(digits)


def _spellings(digits: str) -> list[str]:
    division, dot, rest = digits.partition(".")
    rest = rest.replace(".", "")
    if dot:
        return [_code(division.zfill(2), rest)] if len(division) <= 2 and rest else []
    if len(digits) == 1 or len(digits) > 8:
        return []
    whole = _code(digits[:2], digits[2:])
    if len(digits) not in (3, 4):
        return [whole]
    # A spreadsheet may have eaten the zero: 111 is 01.11, and 1110 is 01.11 in a national list of five digits. Four digits that
    # are a class as they stand are taken as such; three that are a group as well stay in doubt.
    restored = _code("0" + digits[0], digits[1:])
    exists = [code for code in (whole, restored) if code in _rev2_places() or code in _parents()]
    return exists[:1] if len(digits) == 4 else exists


def _code(division: str, rest: str) -> str:
    if not rest:
        return division
    group = f"{division}.{rest[0]}"
    return group + rest[1] if len(rest) > 1 else group


@cache
def _parents() -> dict[str, str]:
    """The tree of NACE 2.1: the parent of each code, "" for a section."""
    return {row["code"]: row["parent"] for row in _rows("nace.csv")}


@cache
def _intermediation() -> frozenset[str]:
    return frozenset(row["code"] for row in _rows("nace.csv") if row["en"].startswith("Intermediation service activities"))


@cache
def _rev2_places() -> dict[str, str | None]:
    """Each code of Rev. 2 with its certain place in 2.1, None where it has none."""
    places: dict[str, str | None] = {}
    below: dict[str, list[set[str]]] = {}
    for row in _rows("nace-rev2.csv"):
        targets = set(row["nace"].split())
        targets = targets - _intermediation() or targets
        code = row["rev2"]
        places[code] = _common(targets)
        for above in (code[:4], code[:2], _rev2_section(code)):
            below.setdefault(above, []).append(targets)
    return {above: _place_of_all(above, parts) for above, parts in below.items()} | places


def _place_of_all(code: str, parts: list[set[str]]) -> str | None:
    """Return the place of a group, division or section whose classes went to ``parts``."""
    homes = set.intersection(*({above for target in part for above in _path(target)} for part in parts))
    if code.isalpha():
        homes = {home for home in homes if home.isalpha()}
        return homes.pop() if len(homes) == 1 else None
    return code if code in homes else _common(set().union(*parts))


def _rev2_section(code: str) -> str:
    if code.isalpha():
        return code
    division = int(code[:2])
    return max(letter for letter, first in _REV2_SECTIONS.items() if first <= division)


def _path(code: str) -> list[str]:
    """The codes of 2.1 from the section down to ``code``, both included."""
    path = [code]
    while parent := _parents()[path[0]]:
        path.insert(0, parent)
    return path


def _common(codes: Iterable[str]) -> str | None:
    """Return the lowest code of 2.1 that is or contains all of ``codes``; None if there is none, or no code."""
    deepest = None
    for level in zip(*map(_path, codes), strict=False):
        if len(set(level)) > 1:
            break
        deepest = level[0]
    return deepest


def _rows(name: str) -> list[dict[str, str]]:
    with (_DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))
