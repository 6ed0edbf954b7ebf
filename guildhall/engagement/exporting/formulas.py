"""Text that a spreadsheet would take for a formula: disarmed on its way out into a CSV file, as it was on its way back in.

A CSV file cannot say that a cell is text, and a program that opens one runs whatever begins like a formula. So an apostrophe goes
before it. Every text comes back as it was: one that begins with apostrophes and goes on like a formula gets one more.
"""

from __future__ import annotations

#: What formulas begin with, the wide signs of East Asian keyboards included. https://owasp.org/www-community/attacks/CSV_Injection
SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def disarmed(text: str) -> str:
    """Return a text as it goes into a CSV file, where nothing runs it."""
    return f"'{text}" if text.lstrip("'").startswith(SIGNS) else text


def as_meant(cell: str) -> str:
    """Return the text that a cell of a CSV file stands for."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(SIGNS) else cell
