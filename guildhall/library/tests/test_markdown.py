"""Markdown becomes HTML that is safe on any page, and plain text that is fit for XML; also what was written to do harm."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from time import process_time
from typing import Any
from xml.sax.saxutils import escape

import pytest
from defusedxml import ElementTree
from hypothesis import given, settings
from hypothesis import strategies as st

from guildhall.library.markdown import plain, render

LONG = 200_000


# --- What is written -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Who *decides*, and **when**?", "<p>Who <em>decides</em>, and <strong>when</strong>?</p>"),
        ("- one\n- two\n\n3. three", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n<ol start=\"3\">\n<li>three</li>\n</ol>"),
        ("~~old~~ `x < y`", "<p><s>old</s> <code>x &lt; y</code></p>"),
        ("> said\n\n---", "<blockquote>\n<p>said</p>\n</blockquote>\n<hr>"),
        ("```\n<b>\n```", "<pre><code>&lt;b&gt;\n</code></pre>"),
        ("one  \ntwo", "<p>one<br>\ntwo</p>"),
        ("one\r\ntwo\rthree", "<p>one\ntwo\nthree</p>"),
        ("", ""),
    ],
)  # fmt: skip
def test_what_is_written_is_shown(text, html):
    assert render(text).strip() == html


def test_a_table_scrolls_by_itself_and_its_figures_stand_to_the_right():
    table = render("| Trade | Places |\n|---|--:|\n| Baker | 12 |")
    assert table.startswith('<div class="table-frame" tabindex="0"><table class="table plain">')
    assert table.rstrip().endswith("</table></div>")
    assert '<th scope="col">Trade</th>' in table
    assert '<td class="numeric">12</td>' in table


@pytest.mark.parametrize(
    ("levels", "level", "shown"),
    [
        ([1, 2, 3], 2, [2, 3, 4]),
        ([2, 2, 3], 2, [2, 2, 3]),
        ([3, 1, 4, 4, 2], 2, [2, 2, 3, 3, 3]),
        ([1, 6, 1], 3, [3, 4, 3]),
        ([1, 2, 3, 4, 5, 6], 4, [4, 5, 6, 6, 6, 6]),
        ([6, 5, 4], 2, [2, 2, 2]),
    ],
)
def test_headings_follow_the_pages_without_a_gap(levels, level, shown):
    html = render("\n\n".join(f"{'#' * each} Heading" for each in levels), level=level)
    assert [int(each) for each in re.findall(r"<h(\d)>", html)] == shown
    assert re.findall(r"<h(\d)>", html) == re.findall(r"</h(\d)>", html)


@pytest.mark.parametrize(
    ("address", "leads_to"),
    [
        ("https://example.org/a?b=1&c=2", "https://example.org/a?b=1&amp;c=2"),
        ("http://example.org", "http://example.org"),
        ("HTTPS://example.org", "HTTPS://example.org"),
        ("mailto:ada@example.org", "mailto:ada@example.org"),
        ("/oer/12/", "/oer/12/"),
        ("/oer/12/files/3/", "/oer/12/files/3/"),
    ],
)
def test_a_link_leads_to_the_web_a_mail_or_the_library(address, leads_to):
    assert render(f"[look]({address})").strip() == f'<p><a href="{leads_to}" rel="noopener">look</a></p>'


@pytest.mark.parametrize("address", ["/oer/12/files/3/", "/oer/12/files/3/download/", "{base}/oer/12/files/3/"])
def test_a_picture_of_ours_is_shown_however_its_address_was_copied(address, settings):
    shown = render(f"![A plan of the hall]({address.format(base=settings.BASE_URL)})").strip()
    assert shown == '<p><img src="/oer/12/files/3/download/" alt="A plan of the hall" loading="lazy"></p>'


@pytest.mark.parametrize("address", ["https://elsewhere.example/p.png", "/oer/12/", "mailto:ada@example.org"])
def test_another_picture_is_a_link_with_its_words(address):
    assert render(f"![A plan]({address})").strip() == f'<p><a href="{address}" rel="noopener">A plan</a></p>'
    assert render(f"![]({address})").strip() == f'<p><a href="{address}" rel="noopener">{address}</a></p>'


def test_a_picture_in_a_link_is_no_link_in_a_link():
    linked = render("[![A plan](https://elsewhere.example/p.png)](https://example.org)").strip()
    assert linked == '<p><a href="https://example.org" rel="noopener">A plan</a></p>'
    ours = render("[![A plan](/oer/1/files/2/)](https://example.org)")
    assert '<a href="https://example.org" rel="noopener"><img src="/oer/1/files/2/download/" alt="A plan"' in ours


def test_it_looks_the_same_a_second_time():
    assert render("# *a*") is render("# *a*")


# --- Plain ---------------------------------------------------------------------------------------------------------


def test_plain_text_has_no_marks_and_keeps_its_lines():
    text = (
        "# Before the *call*\n\nLook up [who decides](https://example.org):\n\n- the owner\n- the foreman\n   1. ours\n\n"
        "| Trade | Places |\n|---|---|\n| Baker | 12 |\n\n```\nx < y\n```\n\n![A plan](/oer/1/files/2/)\n<b>bold</b>"
    )
    assert plain(text) == (
        "Before the call\n\nLook up who decides:\nthe owner\nthe foreman\nours\n\nTrade\tPlaces\nBaker\t12\n\nx < y\n\n"
        "A plan\n<b>bold</b>"
    )
    assert plain("") == plain("\n \n") == plain("---") == ""


# --- What does harm ------------------------------------------------------------------------------------------------


class Seen(HTMLParser):
    """What a browser would make of it: its elements, and their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.append((tag, dict(attrs)))


ATTRIBUTES = {
    "a": {"href", "rel"},
    "img": {"src", "alt", "loading"},
    "ol": {"start"},
    "th": {"scope", "class"},
    "td": {"class"},
    "div": {"class", "tabindex"},
    "table": {"class"},
}
PLAIN = "p br hr h2 h3 h4 h5 h6 blockquote pre ul ol li strong em s code thead tbody tr"


def require_harmless(html: str) -> None:
    for tag, attributes in Seen(html).found:
        assert tag in PLAIN.split() or tag in ATTRIBUTES, tag
        assert set(attributes) <= ATTRIBUTES.get(tag, set()), (tag, attributes)
        for address in filter(None, (attributes.get("href"), attributes.get("src"))):
            assert re.match(r"(?i)(https?://|mailto:|/oer/)", address), address
        assert not attributes.get("src") or re.fullmatch(r"/oer/\d+/files/\d+/download/", attributes["src"] or "")


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<style>*{display:none}</style><form action=//evil.example><input name=password>",
    "<iframe src=//evil.example>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "![x](data:image/svg+xml;base64,PHN2Zy8+)",
    "![x](javascript:alert(1))",
    "[x](file:///etc/passwd)",
    "[x](//evil.example)",
    "[x](/\\evil.example)",
    "[x](\\\\evil.example)",
    "[x](/account/logout/)",
    "[x](/oer/../account/logout/)",
    "[x](../../account/)",
    "[x](#main)",
    "[x](http:evil.example)",
    "[x](http://[)",
    "[x](https://)",
    "![x](/oer/1/files/2/../../../../account/)",
    "![x](/oer/1/)",
    "<javascript:alert(1)>",
    "<data:text/html,x>",
    "[x]: javascript:alert(1)\n\n[x] ![x]",
    "[x](https://example.org \"title' onmouseover='alert(1)\")",
    "[x](https://example.org\" onmouseover=\"alert(1))",
    "![x\" onerror=\"alert(1)](/oer/1/files/2/)",
    "![<script>alert(1)</script>](/oer/1/files/2/)",
    "`<script>`</script><script>alert(1)</script>",
    "```\"><script>alert(1)</script>\nx\n```",
    "| <script> | a\" onclick=\"alert(1) |\n|---|---|\n| <img src=x> | x |",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\\<script>alert(1)\\</script>",
    "<scr\x00ipt>alert(1)</script>",
    "**<b onclick=alert(1)>**",
    "{{ secret }} {% load x %}",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("around", ["{}", "> - {}", "# {}", "**{}**", "| a |\n|---|\n| {} |", "[{}](https://example.org)"])
def test_what_would_do_harm_does_none(text, around):
    require_harmless(render(around.format(text) if "\n" not in text else text))


def test_of_a_link_that_leads_nowhere_the_words_stay():
    assert render("Say [yes](javascript:alert(1)) and ![no](data:x)").strip() == "<p>Say yes and no</p>"


def test_html_is_shown_as_it_was_typed():
    assert render("<b>x</b>").strip() == "<p>&lt;b&gt;x&lt;/b&gt;</p>"


def test_signs_that_are_none_are_gone_and_none_turns_the_direction_of_reading():
    text = "a\x00b\x08c\x1bd\x7fe\x85f\u202eg\u2066h\ufffei\ud800j\tk\u00ad‍l"
    assert render(text).strip() == "<p>abcdefghij\tk\u00ad‍l</p>"
    assert plain(text) == "abcdefghij\tk\u00ad‍l"


def test_an_address_without_end_is_no_link():
    assert "<a" not in render(f"[x](https://example.org/{'a' * 3000})")


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab \n\t[]()!<>*_`~#|-:&;\"'\\/.0\u00e9\u202e=+1{}@") | st.characters(), max_size=200))
def test_whatever_is_written_is_harmless_and_fit_for_xml(text):
    require_harmless(render.__wrapped__(text))
    ElementTree.fromstring(f"<text>{escape(plain(text))}</text>")


# --- What takes long -----------------------------------------------------------------------------------------------

PIECES = [
    *["[", "![", "[](", "[a](", "([", "> ", ">", "- ", "* a\n- b\n", "1. ", "# a\n", "a\n=\n", "*", "*a ", "a**b", "_a __b "],
    *["**x *y ", "~~a ", "`", "<", "<a", "<http:", "&", "&#1", "\\", "|", "|a|b|\n", "```\n", "[a]: b '", "[x]: <", "\n", " "],
    *["\t", "a", "a\n", "\x00"],
]
ENDLESS = {
    **{piece: piece * (20_000 // len(piece)) for piece in PIECES},
    "backticks of all lengths": " ".join("`" * number for number in range(1, 200)),
    "links in links": "[" * 5_000 + "a" + "](b)" * 5_000,
    "pictures in pictures": "![" * 5_000 + "a" + "](b)" * 5_000,
    "quotes in quotes": "\n".join(">" * number for number in range(1, 200)),
    "lists in lists": "\n".join("  " * number + "- a" for number in range(200)),
    "quotes that are not ended": "> " * 500 + "a\n" + "b\n" * 5_000,
    "a wide table": "|a" * 3_000 + "\n" + "|-" * 3_000 + "\n" + "x\n" * 5_000,
    "many definitions": "".join(f"[a{number}]: x\n" for number in range(2_000)),
    "one address for all": "[a]: https://example.org/" + "x" * 1900 + "\n\n" + "[a]" * 6_000,
    "one long word": "[a](" + "x" * 20_000,
}


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in ENDLESS.items()])
def test_no_text_takes_longer_than_its_length_allows(text):
    begun = process_time()
    html = render.__wrapped__(text)
    assert process_time() - begun < 4  # seconds of computing: a tenth of it is usual
    assert len(html) < 1_000_000  # the cells of a table that its rows leave out are at most 65,536
    require_harmless(html[:20_000].rpartition("<")[0])


@pytest.mark.parametrize("piece", ["Lorem *ipsum* [amet](https://example.org).\n\n- item\n", "[", "*a **b "])
def test_ten_times_as_much_takes_about_ten_times_as_long(piece):
    took = []
    for length in (LONG // 10, LONG):
        begun = process_time()
        render.__wrapped__(piece * (length // len(piece)))
        took.append(process_time() - begun)
    assert took[1] < 30 * took[0] + 0.1  # if it grew with the square, it would be a hundred times
