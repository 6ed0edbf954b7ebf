"""What every test of every room starts from: our own rules about tests, made errors."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from math import inf
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.db.models.signals import post_migrate
from django.test import Client
from django.utils.timezone import now
from playwright.sync_api import Browser, expect, sync_playwright

from guildhall.core.catalogues import compile_catalogues
from guildhall.skills import taxonomy
from guildhall.skills.actions import load_shipped
from tests import databases
from tests.installation import CHROMIUM
from tests.side_by_side import ByModule, in_order

# What a GET may write: who is signed in, how often somebody knocked. Nothing that people entered.
BOOKKEEPING = re.compile(r'"(django_session|core_cache|usersessions_usersession|people_accesstoken)"')
WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE)\b", re.IGNORECASE)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-doors", action="store_true", help="write tests/doors.csv anew; read the difference before it is kept"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put what takes long first, and leave out what need not be run again."""
    items[:] = in_order(items)
    if settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        leave_out_what_is_the_same(config, items)


def leave_out_what_is_the_same(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what a database may do otherwise is run: everything else was on SQLite, and is the same.

    That is what touches one, less what says of itself that it is the same on both, and the way through the product in a second
    size of window.
    """
    touching = {"db", "transactional_db", "live_server", "house"}
    kept, left = [], []
    for item in items:
        touches = item.get_closest_marker("django_db") or touching.intersection(getattr(item, "fixturenames", ()))
        size = getattr(getattr(item, "callspec", None), "params", {}).get("size")
        is_same = item.get_closest_marker("same_on_both") or size == "phone"
        (kept if touches and not is_same else left).append(item)
    config.hook.pytest_deselected(items=left)
    items[:] = kept


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByModule:
    return ByModule(config, log)


def pytest_configure() -> None:
    compile_catalogues()
    # A page on a busy machine is slow, and whoever waits for the right thing loses no time.
    expect.set_options(timeout=30_000)


@pytest.fixture(autouse=True)
def _settings_of_tests(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.UPLOADS = tmp_path / "uploads"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


#: What every process of ours would remember of the reference data.
_remembered: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def _reference_data_is_remembered() -> Iterator[None]:
    """Whatever a test loaded or forgot: the next one need not read it anew, and may find no table left to read it from."""
    yield
    taxonomy._books.clear()
    taxonomy._books.update(_remembered)


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_modify_db_settings: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """Reference data is there before the first test, and warm: so a page costs the same whichever test asks first."""
    name, several = settings.DATABASES["default"]["NAME"], ExitStack()
    with django_db_blocker.unblock():
        if hasattr(request.config, "workerinput"):
            several.enter_context(databases.shared(tmp_path_factory.getbasetemp().parent, fill))
        else:
            databases.make(fill)
        for language, _name in settings.LANGUAGES:
            taxonomy.warm(language)
    # Tests that other processes take part in empty all tables at their end. What is remembered stays, and is not looked after;
    # and Django need not write down each time who could do what: nobody asks for its permissions.
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    taxonomy._looked_at = inf
    _remembered.update(taxonomy._books)
    yield
    with django_db_blocker.unblock():
        several.close()
        connection.creation.destroy_test_db(name, verbosity=0)


def fill() -> None:
    load_shipped(by=None, at=now())


class GetThatWrites(AssertionError):
    """A page that only shows has changed what is kept."""


@contextmanager
def no_writes() -> Iterator[None]:
    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if WRITES.match(sql) and not BOOKKEEPING.search(sql):
            raise GetThatWrites(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield


@pytest.fixture(autouse=True)
def _get_never_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Client.request

    def request(self: Client, **environment: Any) -> Any:
        if environment.get("REQUEST_METHOD") in ("GET", "HEAD"):
            with no_writes():
                return answer(self, **environment)
        return answer(self, **environment)

    monkeypatch.setattr(Client, "request", request)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests talk to this machine only."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"A test tried to reach {address[0]}.")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="module")
def chromium(django_db_setup: None) -> Iterator[Browser]:
    """A real browser for the tests of a module; each opens a context of its own, and closes it."""
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        # Playwright runs a loop in this thread, beside which Django would not let a test read its letters.
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(**CHROMIUM)
        yield browser
        browser.close()
        connection.close()  # beside a loop it is another one than elsewhere, which nobody else would close


@pytest.fixture
def on_postgres() -> bool:
    return connection.vendor == "postgresql"
