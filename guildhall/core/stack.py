"""Room on Python's stack, so that deep calls cost what shallow ones do.

CPython (from 3.11 on) keeps the frames of a thread in chunks of 16 kB, and gives a chunk back to the system as soon as its last
frame ends. A call that happens to be the first of a chunk thus costs a system call and page faults, each time: templates within
templates, thirty middlewares deep, did that hundreds of times in a page and spent half their time there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

#: Of 8 bytes: a frame this large gets a chunk of 512 kB, of which the frames called from it have the other half.
_SLOTS = 32 * 1024


def with_room(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function whose callees all find room in one chunk: 250 kB, some thousand frames."""

    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return function(*args, **kwargs)

    roomy = FunctionType(call.__code__.replace(co_stacksize=_SLOTS), globals(), closure=call.__closure__)
    return wraps(function)(roomy)
