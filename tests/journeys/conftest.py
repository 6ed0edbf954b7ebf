"""Journeys walk through a real installation in a real browser, by what a person sees."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from playwright.sync_api import Browser, Page, Route, StorageState, sync_playwright

from tests.barriers import barriers
from tests.installation import CHROMIUM, Installation, installation


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.journey)


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation without the demo, on SQLite, or beside the database that DATABASE_URL names."""
    given, database = os.environ.get("DATABASE_URL", ""), ""
    if given.startswith("postgres"):
        name = f"journey_{uuid4().hex[:8]}"
        with psycopg.connect(given, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        database = f"{given.rpartition('/')[0]}/{name}"
    with installation(tmp_path_factory.mktemp("house"), demo=False, database=database) as house:
        yield house


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(**CHROMIUM)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(house: Installation, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a browser as somebody would: ``visit(width, height, javascript=…, locale=…)``. What breaks in it fails the test.

    ``signed_in`` is the state of a browser in which somebody has signed in before.
    """
    opened, trouble = [], []

    def visit(
        width: int, height: int, *, javascript: bool = True, locale: str = "en-GB", signed_in: StorageState | None = None
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            base_url=house.url,
            java_script_enabled=javascript,
            locale=locale,
            reduced_motion="reduce",
            storage_state=signed_in,
        )
        context.set_default_timeout(30_000)
        opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("response", lambda answer: trouble.append(f"{answer.status} {answer.url}") if answer.status >= 500 else None)
        return page

    yield visit
    for context in opened:
        context.close()
    assert trouble == []


@pytest.fixture(scope="session")
def no_barriers() -> Callable[[Page], None]:
    """Check a page with axe for what WCAG 2.2 AA asks."""

    def check(page: Page) -> None:
        window = page.viewport_size
        # As tall as the page: what the bar at the foot of a phone covers until one scrolls would count as too small to press.
        page.set_viewport_size({**window, "height": page.evaluate("document.documentElement.scrollHeight")})
        told = barriers(page)
        page.set_viewport_size(window)
        assert told == [], f"{page.url}: {told}"

    return check


@pytest.fixture
def no_barriers_without_javascript(visit: Callable[..., Page], no_barriers: Callable[[Page], None]) -> Callable[[Page], None]:
    """Check a page that runs no scripts. Axe is one, so it looks at the same HTML at the same address in a window beside."""
    beside = visit(390, 844)

    def check(page: Page) -> None:
        # A browser that runs scripts would leave out what is in a noscript.
        html = re.sub(r"</?noscript>|<script\b.*?</script>", "", page.content(), flags=re.DOTALL)

        def answer(route: Route) -> None:
            route.fulfill(body=html, content_type="text/html; charset=utf-8")

        def here(address: str) -> bool:
            return address == page.url

        beside.route(here, answer)
        beside.goto(page.url)
        no_barriers(beside)
        beside.unroute(here)

    return check
