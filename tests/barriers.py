"""What keeps somebody out of a page, as axe sees it."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

#: WCAG 2.2 AA and good practice. What is in order is not told: of a long page that would be ten thousand lines.
_ASKED = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}


def barriers(page: Page) -> list[str]:
    """Say what axe finds wrong on a page as it stands, a line for each place."""
    found = Axe().run(page, options=_ASKED)
    return [f"{v['id']}: {node['html'][:200]} {node['any'][:1]}" for v in found.response["violations"] for node in v["nodes"]]
