"""What many tests of a module start from is made once for all of them: within a transaction around theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker

T = TypeVar("T")


@contextmanager
def beforehand(make: Callable[[], T], blocker: DjangoDbBlocker, files: Path) -> Iterator[T]:
    """Make something that stays until the end, with its files in a folder. What a test changes of it is undone with the test.

    Tests that use it find it in the database, and so do all others of their module.
    """
    around = transaction.atomic()
    with blocker.unblock(), override_settings(MEDIA_ROOT=files):
        around.__enter__()
        made = make()
    yield made
    with blocker.unblock():
        transaction.set_rollback(True)
        around.__exit__(None, None, None)
