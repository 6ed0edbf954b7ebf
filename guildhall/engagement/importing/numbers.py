"""Numbers as they stand in spreadsheets: register numbers with check digits, sizes, coordinates, days."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

_LA_POSTE = "356000000"
_SHORTENED = re.compile(r"\d[.,]\d+E\+?\d+", re.IGNORECASE)
_ORDERS = (
    (re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?:[T ].*)?"), 0),
    # Everywhere Guildhall is used the day comes first.
    (re.compile(r"(?P<day>\d{1,2})[-/.](?P<month>\d{1,2})[-/.](?P<year>\d{4})(?: .*)?"), 0),
    (re.compile(r"(?P<day>\d{1,2})[-/.](?P<month>\d{1,2})[-/.](?P<year>\d{2})"), 2000),
    (re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"), 0),
)
_BEGINS_WITH_TWO = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.]\d{2}")
#: Day 0 of a spreadsheet's calendar, which has a 29 February 1900 that never was.
_SPREADSHEETS_ZERO = date(1899, 12, 30)
#: Bands of persons employed of the French business register (INSEE, variable trancheEffectifsEtablissement) in our bands.
_INSEE = {
    "NN": "", "00": "0", "01": "1-9", "02": "1-9", "03": "1-9", "11": "10-49", "12": "10-49", "21": "50-249", "22": "50-249",
    "31": "50-249", "32": "250+", "41": "250+", "42": "250+", "51": "250+", "52": "250+", "53": "250+",
}  # fmt: skip
_AT_MOST = re.compile(
    r"<|fewer|less|up to|unter|weniger|bis|moins|jusqu|menos|hasta|até|mniej|poniżej|do |λιγότερ|κάτω|έως", re.IGNORECASE
)
_BANDS = ((0, "0"), (9, "1-9"), (49, "10-49"), (249, "50-249"))


def digits(text: str) -> str:
    """Return the digits of a number that may be written in groups, with what a spreadsheet adds to it ("… .0") taken off."""
    return re.sub(r"\D", "", re.sub(r"[.,]0$", "", text.strip()))


def is_shortened(text: str) -> bool:
    """Whether a spreadsheet has rounded a long number ("8,5052E+13"): its last digits are lost."""
    return bool(_SHORTENED.fullmatch(text.strip()))


def passes_luhn(number: str) -> bool:
    """Whether the last digit of a number is the check digit of ISO/IEC 7812-1, Annex B."""
    doubled = (2 * int(digit) for digit in number[-2::-2])
    return (sum(map(int, number[::-2])) + sum(value - 9 if value > 9 else value for value in doubled)) % 10 == 0


@lru_cache(maxsize=20_000)
def siret(text: str) -> str:
    """Return the 14 digits of a French site's number, with zeros restored that a spreadsheet dropped; empty if it is none.

    The sites of La Poste have more numbers than the check digit allows: theirs are those whose digits sum to a multiple of five.
    """
    if not _is_figures(text):
        return ""
    number = digits(text)
    if not 11 <= len(number) <= 14:
        return ""
    number = number.zfill(14)
    by_la_poste = number.startswith(_LA_POSTE) and sum(map(int, number)) % 5 == 0
    return number if int(number) and passes_luhn(number[:9]) and (passes_luhn(number) or by_la_poste) else ""


def siren(text: str) -> str:
    """Return the nine digits of a French firm's number, with zeros restored; empty if it is none."""
    number = digits(text) if _is_figures(text) else ""
    number = number.zfill(9) if 7 <= len(number) <= 9 else ""
    return number if number and int(number) and passes_luhn(number) else ""


def is_siret(text: str) -> bool:
    return bool(siret(text))


def is_siren(text: str) -> bool:
    return len(digits(text)) == 9 and bool(siren(text))


def _is_figures(text: str) -> bool:
    return not re.search(r"[^\d\s.,\u00a0\u202f-]", text)


def insee_band(text: str) -> str | None:
    """Return our band for a French register's code of size; None where it is no such code."""
    code = text.strip().upper()
    return _INSEE.get(code.zfill(2) if code.isdigit() else code)


@lru_cache(maxsize=2_000)
def size_band(text: str) -> str:
    """Return our band for a number of people ("12", "10–49", "250+", "fewer than 10"); empty where it does not say."""
    plain = re.sub(r"(?<=\d)[\s.,'\u00a0\u202f](?=\d{3}\b)", "", text)
    given = [int(number) for number in re.findall(r"\d+", plain)]
    if not given or len(given) > 2:
        return ""
    if len(given) == 1 and _AT_MOST.search(text):
        people = max(given[0] - 1, 1)
    elif len(given) == 1 and ">" in text:
        people = given[0] + 1
    else:
        people = (given[0] + given[-1]) // 2
    return next((band for most, band in _BANDS if people <= most), "250+")


def decimal(text: str) -> float | None:
    """Return a number with a decimal point or comma; None where it is none."""
    try:
        number = float(text.strip().replace(",", ".").replace("−", "-"))
    except ValueError:
        return None
    return number if number == number and abs(number) != float("inf") else None


def day(text: str, *, month_first: bool = False) -> date | None:
    """Return a date as people write it, or as a spreadsheet numbers days (from 1982 to 2064); None for anything else.

    ``month_first`` is how to read one of which the year comes last (``is_month_first``).
    """
    text = text.strip()
    for order, century in _ORDERS:
        if found := order.fullmatch(text):
            day, month = int(found["day"]), int(found["month"])
            if month_first and found.start("year") > 0:
                day, month = month, day
            try:
                return date(century + int(found["year"]), month, day)
            except ValueError:
                return None
    if re.fullmatch(r"\d{5}(\.0)?", text) and 30_000 <= float(text) < 60_000:
        return _SPREADSHEETS_ZERO + timedelta(days=int(float(text)))
    return None


def is_month_first(texts: Iterable[str]) -> bool:
    """Whether dates of one column are written as in America: at least one of them can only be so, and none only the other way."""
    first = second = False
    for text in texts:
        if found := _BEGINS_WITH_TWO.match(text.strip()):
            first = first or int(found[1]) > 12
            second = second or int(found[2]) > 12
    return second and not first
