"""Addresses of many things of one kind: ``reverse`` takes as long for each as a row of a list does."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from django.urls import get_urlconf, reverse


def address_of(name: str, *numbers: int) -> str:
    """Return the address of a page that is named by numbers only, as ``reverse`` would: worked out once for each page."""
    return addresses_of(name, len(numbers))(*map(int, numbers))


def addresses_of(name: str, count: int = 1) -> Callable[..., str]:
    """Return what makes the addresses of a page for so many numbers each: for the rows of a list."""
    return _form(name, count, get_urlconf()).format


@cache
def _form(name: str, count: int, _urlconf: str | None) -> str:
    stand_ins = [9_000_000_000 + number for number in range(count)]
    address = reverse(name, args=stand_ins).replace("{", "{{").replace("}", "}}")
    for number in stand_ins:
        address = address.replace(str(number), "{}")
    return address
