import os
import sqlite3
import time

import pytest
from django.contrib.auth import get_user_model
from django.db import connection


@pytest.fixture
def user(db):
    return get_user_model().objects.create_user("ada@example.org")


@pytest.fixture
def stranger(db):
    return get_user_model().objects.create_user("stranger@example.org")


@pytest.fixture
def live(transactional_db, tmp_path):
    """Let other processes reach the database of the test; returns their environment."""
    environment = {**os.environ, "WORKER_DEAD_AFTER": "2", "GUILDHALL_DATA": str(tmp_path)}
    if connection.vendor == "sqlite":
        file, in_memory, name = tmp_path / "live.sqlite3", connection.connection, connection.settings_dict["NAME"]
        with sqlite3.connect(file) as copy:
            in_memory.backup(copy)
        copy.close()
        connection.connection, connection.settings_dict["NAME"] = None, str(file)
        yield {**environment, "DATABASE_URL": f"sqlite:///{file}"}
        connection.close()
        connection.connection, connection.settings_dict["NAME"] = in_memory, name
    else:
        address, _, query = os.environ["DATABASE_URL"].partition("?")
        address = f"{address.rpartition('/')[0]}/{connection.settings_dict['NAME']}"
        yield {**environment, "DATABASE_URL": f"{address}?{query}" if query else address}


def wait_until(happened, seconds=60):
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.02)
