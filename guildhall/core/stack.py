"""Room on Python's stack, so that deep calls cost what shallow ones do.

CPython (since 3.11) keeps the frames of a thread in chunks of 16 kB, and gives a chunk back to the system as soon as its first
frame ends. A call that happens to open a chunk thus costs two system calls and a page fault, a hundred times what it costs
otherwise, and a loop around it pays that each time. A page drawn at such a depth took twice as long: docs/performance.md.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

#: Of 8 bytes each: a frame as large as this gets a chunk of 512 kB, of which the frames called from it have the other half.
_SLOTS = 32 * 1024


def with_room(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function whose callees find room in one chunk: two thousand frames deep, as deep as Python goes."""

    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return function(*args, **kwargs)

    roomy = FunctionType(call.__code__.replace(co_stacksize=_SLOTS), globals(), closure=call.__closure__)
    return wraps(function)(roomy)
