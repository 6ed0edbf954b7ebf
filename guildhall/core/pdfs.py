"""What a PDF does besides being read; another process finds out, see ``core.apart``.

It says nothing about a PDF in which there is nothing else, and raises ``Unread`` with why it may not be kept: script, launch,
files, password, or a word of ``core.apart``. The names are those of ISO 32000-2, 7.7.4, 12.6.4 and 13.
"""

from __future__ import annotations

from collections.abc import Iterator
from os import SEEK_END
from typing import Any, BinaryIO

import pikepdf

from guildhall.core import apart
from guildhall.core.apart import DAMAGED, Unread

#: Bytes in which a PDF says that it is at its end.
_END = 4096
#: What stands in a dictionary as a key, and as its kind of action (``/S``).
_KEYS = {
    "/JS": "script",
    "/JavaScript": "script",
    "/XFA": "script",
    "/EF": "files",
    "/EmbeddedFiles": "files",
    "/RichMediaContent": "files",
}
_ACTIONS = {"/JavaScript": "script", "/Launch": "launch", "/ImportData": "launch", "/RichMediaExecute": "script"}


def look_into(given: BinaryIO, _made: BinaryIO) -> dict[str, Any]:
    """Look into all there is in a PDF, also into what no page shows.

    Raises:
        Unread: it holds scripts or other files, opens programs, is locked or damaged.
    """
    given.seek(0, SEEK_END)
    given.seek(max(given.tell() - _END, 0))
    if b"%%EOF" not in given.read():
        raise Unread(DAMAGED)  # cut off: readers would make up what is missing, each in its own way
    given.seek(0)
    try:
        with pikepdf.open(given) as pdf:
            if not len(pdf.pages):
                raise Unread(DAMAGED)
            for thing in pdf.objects:
                for dictionary in _dictionaries(thing):
                    _require_harmless(dictionary)
    except pikepdf.PasswordError:
        raise Unread("password") from None
    except (pikepdf.PdfError, ValueError, TypeError, RecursionError):
        raise Unread(DAMAGED) from None
    return {}


def _dictionaries(thing: Any) -> Iterator[Any]:
    """A dictionary and those within it; what it refers to by number comes by itself."""
    waiting = [thing]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, pikepdf.Dictionary | pikepdf.Stream):
            yield inner
            waiting += [value for _name, value in inner.items() if _is_nested(value)]
        elif isinstance(inner, pikepdf.Array):
            waiting += [value for value in inner if _is_nested(value)]


def _is_nested(value: Any) -> bool:
    return isinstance(value, pikepdf.Dictionary | pikepdf.Array) and not value.is_indirect


def _require_harmless(dictionary: Any) -> None:
    for name, danger in _KEYS.items():
        if name in dictionary:
            raise Unread(danger)
    kind = dictionary.get("/S")
    if isinstance(kind, pikepdf.Name) and str(kind) in _ACTIONS:
        raise Unread(_ACTIONS[str(kind)])


if __name__ == "__main__":
    apart.answer(look_into)
