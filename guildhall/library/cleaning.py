"""HTML that was made from what somebody wrote, before it stands on a page: only what text needs, nothing that runs or loads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import nh3
from django.conf import settings
from django.urls import Resolver404, ResolverMatch, resolve, reverse
from django.utils.safestring import SafeString

SCHEMES = frozenset({"http", "https", "mailto"})
_LONGEST_ADDRESS = 2_000
# What XML 1.0 has no place for, halves of letters, and what turns the direction in which all that follows is read.
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]")

_HEADING = re.compile(r"<(/?)h([1-6])(?=[\s>])", re.IGNORECASE)
_TAGS = {
    *["p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol", "li", "div"],
    *["strong", "em", "s", "code", "sup", "sub", "a", "img", "table", "thead", "tbody", "tr", "th", "td"],
}
_SPANS = {"colspan", "rowspan"}
DEEPEST_HEADING = 6


def cleaned(html: str, *, pictures: Mapping[str, str] | None = None) -> SafeString:
    """Return HTML without anything that could run, load from elsewhere, or look like part of the page around it.

    ``pictures`` are the addresses of those that come with it, by the names they have in it.
    """
    found = pictures or {}
    cleaner = nh3.Cleaner(
        tags=_TAGS,
        attributes={"a": {"href"}, "img": {"src", "alt", "loading"}, "ol": {"start"}, "th": _SPANS, "td": _SPANS},
        tag_attribute_values={"th": {"scope": {"col"}}, "div": {"tabindex": {"0"}}},
        allowed_classes={"div": {"table-frame"}, "table": {"table", "plain"}, "th": {"numeric"}, "td": {"numeric"}},
        clean_content_tags={"script", "style", "template", "title", "iframe", "object"},
        url_schemes=set(SCHEMES),
        url_relative=lambda address: found.get(address) or link_to(address) or None,
        link_rel="noopener",
    )
    return SafeString(cleaner.clean(html))


def ordered(html: str, *, level: int) -> str:
    """Give headings the levels that the page has left, from ``level`` on, each at most one below that of the heading before."""
    above: list[str] = []

    def renamed(found: re.Match[str]) -> str:
        if not found[1]:
            descend(above, found[2])
        return f"<{found[1]}h{min(level + max(len(above), 1) - 1, DEEPEST_HEADING)}"

    return _HEADING.sub(renamed, html)


#: Around a table that may be wider than the page: it scrolls by itself, also by keyboard.
TABLE_BEGINS, TABLE_ENDS = '<div class="table-frame" tabindex="0"><table class="table plain">', "</table></div>"


def framed(html: str) -> str:
    """Give the tables of HTML that was made here, and in which texts are escaped, the look that tables have."""
    return html.replace("<table>", TABLE_BEGINS).replace("</table>", TABLE_ENDS)


def descend(above: list[str], rank: str) -> None:
    """Note a heading among those above it: what it does not belong to is left."""
    while above and above[-1] >= rank:
        above.pop()
    above.append(rank)


def as_text(text: str) -> str:
    """Return a text without the signs that are none, its lines ended by line feeds only."""
    return _NOT_TEXT.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def link_to(address: str) -> str:
    """Return an address that may be linked to: elsewhere on the web, a mail, or a page of the library; "" for any other."""
    if len(address) > _LONGEST_ADDRESS:
        return ""
    path = _path_here(address)
    if path:
        return address if _of_the_library(path) else ""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return address if parts.scheme in SCHEMES and (parts.netloc or parts.scheme == "mailto") else ""


def picture_at(address: str) -> str:
    """Return where the bytes of a picture of ours lie, given the address of the file or of its page; "" for any other."""
    named = _of_the_library(_path_here(address))
    if named is None or named.url_name not in ("part", "part_file"):
        return ""
    return reverse("oer:part_file", kwargs=named.kwargs)


def _path_here(address: str) -> str:
    """The path of an address of this server, "" for one elsewhere."""
    path = address.removeprefix(settings.BASE_URL)
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else ""


def _of_the_library(path: str) -> ResolverMatch | None:
    try:
        match = resolve(path.partition("#")[0].partition("?")[0])
    except Resolver404:
        return None
    return match if match.app_names == ["oer"] else None
