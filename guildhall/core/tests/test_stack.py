from __future__ import annotations

import resource

import pytest

from guildhall.core.stack import with_room

CALLS, DEEPEST = 1000, 300  # a chunk of 16 kB ends somewhere on that way


def leaf():
    return None


def dive(depth):
    if depth:
        return dive(depth - 1)
    for _ in range(CALLS):
        leaf()
    return depth


def page_faults(function, depth):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    function(depth)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def test_with_room_no_depth_makes_each_call_a_page_fault():
    assert max(page_faults(with_room(dive), depth) for depth in range(DEEPEST)) < CALLS / 2


def test_with_room_a_function_is_otherwise_what_it_was():
    assert with_room(dive)(3) == 0
    assert with_room(dive).__name__ == "dive"
    with pytest.raises(ZeroDivisionError):
        with_room(lambda: 1 // 0)()
