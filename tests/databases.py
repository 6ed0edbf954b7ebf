"""The database of the tests: the first worker makes it, the others copy it, because making it takes ten seconds of computing."""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from django.db import connection

CLONE = "made"


def make(fill: Callable[[], None]) -> None:
    """Make an empty database of the tests, and fill it."""
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    fill()


@contextmanager
def shared(folder: Path, fill: Callable[[], None]) -> Iterator[None]:
    """A database of the tests for one of several workers that have a folder in common."""
    with _alone(folder):
        made = folder / "database"
        name = made.read_text() if made.exists() else ""
        if not name:
            make(fill)
            made.write_text(_keep(folder))
        else:
            _copy(name)
    yield
    with _alone(folder):
        if not name:
            made.unlink()  # who needs one from now on makes one
            if connection.vendor == "postgresql":
                connection.creation.destroy_test_db(verbosity=0, suffix=CLONE)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / "database.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _keep(folder: Path) -> str:
    """Put a copy aside, and say what it is called."""
    if connection.vendor == "postgresql":
        connection.creation.clone_test_db(CLONE, verbosity=0)
        return str(connection.creation.get_test_db_clone_settings(CLONE)["NAME"])
    file = folder / "database.sqlite3"
    file.unlink(missing_ok=True)
    with sqlite3.connect(file) as copy:
        connection.connection.backup(copy)
    copy.close()
    return str(file)


def _copy(name: str) -> None:
    if connection.vendor == "postgresql":
        connection.settings_dict["TEST"]["TEMPLATE"] = name
    # All that is made by commands comes with the copy.
    with patch("django.core.management.call_command"):
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    if connection.vendor == "sqlite":
        with sqlite3.connect(name) as copy:
            copy.backup(connection.connection)
        copy.close()
