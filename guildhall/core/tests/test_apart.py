"""What strangers sent is read in a process that ends at its limits and takes nothing with it."""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import Any

import pytest

from guildhall.core import apart
from guildhall.core.tests import readers


def ask(given: str, *arguments: str) -> tuple[dict[str, Any], bytes]:
    with TemporaryFile() as sent, TemporaryFile() as made:
        sent.write(given.encode())
        sent.seek(0)
        said = apart.ask(readers.__name__, sent, made, *arguments, seconds=2, most_bytes=readers.MB)
        made.seek(0)
        return said, made.read()


def test_what_is_found_comes_back_with_what_was_made():
    assert ask("work", "a", "b") == ({"arguments": ["a", "b"]}, b"made")


def test_it_knows_none_of_our_settings(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "ours")
    assert "SECRET_KEY" not in ask("tell")[0]["environment"]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("say no", "locked"),
        ("compute", apart.TOO_MUCH),
        ("remember", apart.TOO_MUCH),
        ("write", apart.TOO_MUCH),
        ("die", apart.TOO_MUCH),
        ("break", apart.DAMAGED),
    ],
)
def test_what_is_not_read_says_why(given, why):
    with pytest.raises(apart.Unread) as unread:
        ask(given)
    assert str(unread.value) == why
