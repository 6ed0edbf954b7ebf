"""ORCID: the number by which a researcher or author is known everywhere.

Source: "Structure of the ORCID Identifier" (support.orcid.org); the last sign is a check by ISO/IEC 7064, MOD 11-2.
"""

from __future__ import annotations

import re

_WRITTEN = re.compile(
    r"(?:https?://)?(?:www\.)?(?:orcid\.org/)?(\d{4})[-\s]?(\d{4})[-\s]?(\d{4})[-\s]?(\d{3}[\dX])/?", re.IGNORECASE
)


def orcid_from(given: str) -> str | None:
    """Return an ORCID as it is written ("0000-0002-1825-0097"), given with or without its address; None for what is none."""
    match = _WRITTEN.fullmatch(given.strip())
    if match is None or not given.isascii():
        return None
    written = "-".join(match.groups()).upper()
    digits = written.replace("-", "")
    return written if digits[-1] == check_sign(digits[:-1]) else None


def check_sign(digits: str) -> str:
    """Return the sign that ISO/IEC 7064, MOD 11-2, puts after a row of digits: 0 to 9, or X for ten."""
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    remainder = (12 - total % 11) % 11
    return "X" if remainder == 10 else str(remainder)
