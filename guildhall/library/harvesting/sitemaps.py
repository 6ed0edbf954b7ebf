"""A sitemap of pages that each carry an AMB record in a script element, as search engines read them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from html.parser import HTMLParser
from time import sleep
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from guildhall.library.amb_reading import Problem, Why
from guildhall.library.harvesting.describing import from_amb
from guildhall.library.harvesting.fetching import MOST_OF_PAGE, Gone, fetch
from guildhall.library.harvesting.finds import LONGEST_IDENTIFIER, Find, Known, NoLook, Portion
from guildhall.library.models import Harvest

Trouble = Harvest.Trouble
#: Pages that are fetched before what they said is kept.
PORTION = 10
#: Of a sitemap of sitemaps, so many are read; and so many pages in all.
MOST_SITEMAPS, MOST_PAGES = 100, 50_000
AGENT = "Guildhall"
#: A host may ask for a pause between two pages, in seconds; so long we make one.
LONGEST_WAIT = 10
_XML, _HTML = "application/xml, text/xml", "text/html, application/xhtml+xml"


def portions(address: str, *, allowed: Collection[str], known: Known) -> Iterator[Portion]:
    """Go through the pages of a sitemap that are on its own host, page by page, as far as its robots.txt lets programs in.

    A page whose ``lastmod`` is the one it had is not fetched. A page that is gone (404, 410) is gone; one that does not answer
    is kept as it was.

    Raises:
        NoLook: there is no such sitemap, or the place asks programs to stay away.
    """
    robots = _robots(address)
    if not robots.can_fetch(AGENT, address):
        raise NoLook(Trouble.ROBOTS)
    wait = min(float(robots.crawl_delay(AGENT) or 0), LONGEST_WAIT)
    pages = _pages(address)
    finds: list[Find] = []
    for page, changed in pages.items():
        if page in known.seen:
            continue
        if known.is_as_before(page, changed):
            finds.append(Find(page, changed))
        elif not robots.can_fetch(AGENT, page):
            finds.append(Find(page, refused=Problem(Why.ROBOTS)))
        else:
            sleep(wait)
            finds.append(_find(page, changed, allowed))
        if len(finds) == PORTION:
            yield Portion(finds, total=len(pages))
            finds = []
    if finds:
        yield Portion(finds, total=len(pages))


def _pages(address: str) -> dict[str, str]:
    """The pages that a sitemap, or those it leads to, name, each with when it was changed; those on other hosts left out."""
    waiting, read = [address], 0
    pages: dict[str, str] = {}
    while waiting and read < MOST_SITEMAPS and len(pages) < MOST_PAGES:
        sitemap = waiting.pop(0)
        read += 1
        try:
            root = _parsed(fetch(sitemap, accept=_XML).content)
        except Gone:
            raise NoLook(Trouble.STATUS, status="404") from None
        kind = _name(root)
        if kind not in ("urlset", "sitemapindex"):
            raise NoLook(Trouble.NO_SITEMAP)
        for entry in root:
            said = {_name(child): (child.text or "").strip() for child in entry}
            place = urljoin(sitemap, said.get("loc", ""))
            if not said.get("loc") or urlsplit(place).hostname != urlsplit(address).hostname or len(place) > LONGEST_IDENTIFIER:
                continue
            if kind == "sitemapindex" and place not in waiting:
                waiting.append(place)
            elif kind == "urlset" and len(pages) < MOST_PAGES:
                pages.setdefault(place, said.get("lastmod", "")[:64])
    return pages


def _find(page: str, changed: str, allowed: Collection[str]) -> Find:
    try:
        content = fetch(page, accept=_HTML, most=MOST_OF_PAGE).content
    except Gone:
        return Find(page, is_gone=True)
    except NoLook as trouble:
        if trouble.trouble in (Trouble.TOO_LARGE, Trouble.ELSEWHERE):
            return Find(page, changed, refused=Problem(Why.NO_RECORD))
        return Find(page, refused=Problem(Why.AWAY))
    why = Why.NO_RECORD
    for script in _Scripts.of(content):
        try:
            said = json.loads(script)
        except (ValueError, RecursionError):
            why = Why.UNREADABLE
            continue
        # A page may say other things in the same way, such as how one gets to it; those have no id by AMB's rules.
        record = next((each for each in (said if isinstance(said, list) else [said]) if _is_record(each)), None)
        if record is not None:
            return from_amb(record, allowed=allowed, identifier=page, stamp=changed)
    return Find(page, changed, refused=Problem(why))


def _is_record(said: Any) -> bool:
    return isinstance(said, dict) and "id" in said


def _robots(address: str) -> RobotFileParser:
    """What a host asks of programs; where it says nothing, nothing is forbidden."""
    robots = RobotFileParser()
    try:
        said = fetch(urljoin(address, "/robots.txt"), accept="text/plain", most=500_000).content.decode("utf-8", "replace")
    except (Gone, NoLook):
        said = ""
    robots.parse(said.splitlines())
    return robots


def _parsed(content: bytes) -> Element:
    try:
        return fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise NoLook(Trouble.NO_XML) from None


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


class _Scripts(HTMLParser):
    """The JSON-LD of a page: what stands in its script elements of that type."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.is_inside = False

    @classmethod
    def of(cls, content: bytes) -> list[str]:
        scripts = cls()
        scripts.feed(content.decode("utf-8", "replace"))
        scripts.close()
        return scripts.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kind = (dict(attrs).get("type") or "").partition(";")[0].strip().lower()
        self.is_inside = tag == "script" and kind == "application/ld+json"
        if self.is_inside:
            self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        self.is_inside = False

    def handle_data(self, data: str) -> None:
        if self.is_inside:
            self.found[-1] += data
