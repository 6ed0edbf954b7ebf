"""Markdown: the text of a resource as HTML that can stand on any page, and as plain text for whoever shows none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from guildhall.library.cleaning import DEEPEST_HEADING, TABLE_BEGINS, TABLE_ENDS, as_text, cleaned, descend, link_to, picture_at

#: What all addresses in a text may have together beyond its own length: one definition can be referred to ten thousand times.
_MORE_ADDRESSES = 50_000
#: What stands before what begins so, in plain text: the strongest of those that meet.
_GAPS = ["", "\t", "\n", "\n\n"]
_GAP_BEFORE = {
    **dict.fromkeys(["td_open", "th_open"], "\t"),
    **dict.fromkeys(["tr_open", "list_item_open"], "\n"),
    **dict.fromkeys(["paragraph_open", "heading_open", "fence", "code_block", "table_open"], "\n\n"),
}


@lru_cache(maxsize=64)  # of at most a megabyte each
def render(text: str, *, level: int = 2) -> SafeString:
    """Return Markdown (CommonMark with tables and strikethrough) as HTML that is safe on any page.

    ``level`` is that of its topmost headings; those below follow without a gap, whatever numbers the author gave them. HTML in
    the text is shown as it was typed. Links lead to ``http``, ``https``, ``mailto`` and pages of the library; of others the
    words stay. Pictures are those among the files of resources; another one becomes a link with its alternative text.
    """
    return cleaned(_PARSER.render(as_text(text), {"level": level}))


def plain(text: str) -> str:
    """Return Markdown as plain text without marks: an empty line between paragraphs, a line for each item and row.

    What is in it is fit for XML.
    """
    said: list[str] = []
    gap = ""
    for token in _PARSER.parse(as_text(text), {"level": 1}):
        if not token.hidden:
            gap = max(gap, _GAP_BEFORE.get(token.type, ""), key=_GAPS.index)
        words = _words(token.children) if token.type == "inline" else token.content.rstrip("\n")
        if words:
            said += [gap if said else "", words]
            gap = ""
    return "".join(said)


def _words(tokens: Iterable[Token] | None) -> str:
    return "".join("\n" if token.type.endswith("break") else _words(token.children) or token.content for token in tokens or [])


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:
        return True  # of a link that leads nowhere the words are kept, see _lead_somewhere


def _order_headings(state: StateCore) -> None:
    """Give headings the levels that the page has left, each at most one below that of the heading before."""
    above: list[str] = []
    for token in state.tokens:
        if token.type == "heading_open":
            descend(above, token.tag)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(state.env['level'] + len(above) - 1, DEEPEST_HEADING)}"


def _lead_somewhere(state: StateCore) -> None:
    """Keep links and pictures that may be followed and shown; of all others the words."""
    left = len(state.src) + _MORE_ADDRESSES
    for token in state.tokens:
        if token.type == "inline" and token.children:
            token.children = list(_followed(token.children, left))
            left -= sum(len(str(child.attrs.get("href", ""))) for child in token.children)


def _followed(tokens: list[Token], left: int) -> Iterator[Token]:
    kept: list[bool] = []
    for token in tokens:
        if token.type == "link_open":
            address = link_to(str(token.attrs["href"]))
            left -= len(address)
            kept.append(bool(address) and left > 0)
            token.attrs = {"href": address}
        if token.type == "image":
            yield from _pictured(token, is_linked=any(kept), left=left)
        elif token.type not in ("link_open", "link_close") or kept[-1]:
            yield token
        if token.type == "link_close":
            kept.pop()


def _pictured(token: Token, *, is_linked: bool, left: int) -> Iterator[Token]:
    address = str(token.attrs["src"])
    if ours := picture_at(address):
        token.attrs = {"src": ours, "alt": "", "loading": "lazy"}
        yield token
        return
    words = Token("text", "", 0, content=_words(token.children) or address)
    if is_linked or not link_to(address) or len(address) > left:
        yield words
    else:
        yield from [Token("link_open", "a", 1, attrs={"href": address}), words, Token("link_close", "a", -1)]


def _dress_tables(state: StateCore) -> None:
    """Give tables the look that tables have here; figures stand to the right, the rest to the left."""
    for token in state.tokens:
        if token.type in ("th_open", "td_open"):
            is_figure = "right" in str(token.attrs.pop("style", ""))
            token.attrs |= ({"class": "numeric"} if is_figure else {}) | ({"scope": "col"} if token.type == "th_open" else {})


def _parser() -> MarkdownIt:
    parser = _Parser("commonmark", {"html": False}).enable(["table", "strikethrough"])
    for rule in (_order_headings, _lead_somewhere, _dress_tables):
        parser.core.ruler.push(rule.__name__, rule)
    parser.add_render_rule("table_open", lambda *_: f"{TABLE_BEGINS}\n")
    parser.add_render_rule("table_close", lambda *_: f"{TABLE_ENDS}\n")
    return parser


_PARSER = _parser()
