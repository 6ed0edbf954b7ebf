from __future__ import annotations

import json

import pytest

from guildhall.library import machine
from guildhall.library.machine import LibreTranslate, Trouble, translate_described
from guildhall.library.passages import Passages, blocks_of
from guildhall.library.tests.translation_server import translation_server

TEXT = """\
# First *call*

Look up who **decides**: see [the handbook](https://example.org/a_(b) "Read it") or run `make call`.
Then call.\\
Before eight.

> - Ask openly
>   and listen
> - 5 * 3 < 16 & more

1. one

   still one ![a plan](/oer/plan.png)
2. two

| Who | Number |
|---|---:|
| the boss \\| owner | 12 |
| a | ba |

```sh
call --now
```

    not a word of this

See [the rules][1] and <https://example.org/x>, not https://example.org/y.

[1]: https://example.org/rules
"""

LARGE = """\
# FIRST *CALL*

LOOK UP WHO **DECIDES**: SEE [THE HANDBOOK](<https://example.org/a_(b)> "Read it") OR RUN `make call`. THEN CALL.\\
BEFORE EIGHT.

> - ASK OPENLY AND LISTEN
> - 5 \\* 3 \\< 16 & MORE

1. ONE

   STILL ONE ![A PLAN](/oer/plan.png)
2. TWO

| WHO | NUMBER |
|---|---:|
| THE BOSS \\| OWNER | 12 |
| A | BA |

```sh
call --now
```

    not a word of this

SEE [THE RULES](https://example.org/rules) AND <https://example.org/x>, NOT https://example.org/y.

[1]: https://example.org/rules"""


@pytest.fixture
def server():
    with translation_server() as server:
        yield server


def translated(server, described, *, target="de", seconds=5.0, key="", between=lambda done, total: None):
    service = LibreTranslate(server.url, key, seconds=seconds)
    return translate_described(described, service, "en", target, between=between)


def test_markdown_stays_markdown(server):
    assert translated(server, {"text": TEXT}) == {"text": LARGE}


def test_code_and_addresses_are_marked_as_not_to_be_translated(server):
    translated(server, {"text": TEXT})
    sent = "\n".join(server.texts)
    assert '<code id="m2" translate="no">make call</code>' in sent
    assert "call --now" not in sent
    assert "not a word of this" not in sent
    assert "example.org/rules" not in sent


def test_what_comes_back_means_the_same_markdown():
    for text in (TEXT, LARGE):
        passages = Passages(text)
        again = passages.written([passage.as_markdown(passage.html) for passage in passages.passages])
        assert [passage.html for passage in Passages(again).passages] == [passage.html for passage in passages.passages]


def test_all_that_is_described_is_translated_but_no_figure(server):
    described = {
        "title": "R&D <now>",
        "summary": "One.\n\nTwo.",
        "keywords": ["call", "visit"],
        "account": {"done": "- Ask\n- Listen", "figures": [{"value": "38 → 9 min", "label": "minutes"}]},
    }
    assert translated(server, described) == {
        "title": "R&D <NOW>",
        "summary": "ONE.\n\nTWO.",
        "keywords": ["CALL", "VISIT"],
        "account": {"done": "- ASK\n- LISTEN", "figures": [{"value": "38 → 9 min", "label": "MINUTES"}]},
    }


@pytest.mark.parametrize(
    ("muddle", "why"),
    [
        (lambda html: html.replace("<b", "<i").replace("</b", "</i"), "another tag, yet in its place"),
        (lambda html: html.replace('id="m0"', 'id="m7"'), "a number nobody knows"),
        (lambda html: html.replace("</b>", ""), "a tag that does not end"),
        (lambda html: html.replace("<b id=", "<b data-id="), "a tag without its number"),
        (lambda html: html.replace("</code>", "").replace('<code id="m1" translate="no">', ""), "no tag any more"),
        (lambda html: f"{html}<b id='m0'>twice</b>", "a tag that comes twice"),
    ],
)
def test_marks_survive_a_machine_that_muddles_the_tags(server, muddle, why):
    server.translate = lambda html: muddle(html) if "<" in html else html
    assert translated(server, {"text": "Look up **who** and run `make`."})["text"] == "Look up **who** and run `make`.", why


def test_what_would_begin_a_block_does_not(server):
    for begins, written in [("1. Mai", "1\\. Mai"), ("# x", "\\# x"), ("- x", "\\- x"), ("> x", "\\> x"), ("---", "\\---")]:
        server.translate = lambda html, begins=begins: begins
        assert translated(server, {"text": "In May."}) == {"text": written}


def test_it_goes_in_portions_and_says_how_far_it_is(server):
    said = []
    described = {"keywords": [f"word {number}" for number in range(45)], "text": "\n\n".join(["a" * 1500] * 4)}
    translated(server, described, between=lambda done, total: said.append((done, total)))
    assert [len(request["q"]) for request in server.asked] == [20, 20, 7, 2]
    assert said == [(0, 4), (1, 4), (2, 4), (3, 4)]


def test_the_key_is_sent_where_there_is_one(server):
    translated(server, {"title": "Call"}, key="secret")
    assert server.asked == [{"q": ["Call"], "source": "en", "target": "de", "format": "html", "api_key": "secret"}]
    translated(server, {"title": "Call"})
    assert "api_key" not in server.asked[-1]


@pytest.mark.parametrize(("source", "target", "can"), [("en", "pl", True), ("de", "pl", False), ("el", "en", False)])
def test_it_knows_what_it_can(server, source, target, can):
    assert LibreTranslate(server.url).can(source, target) is can


def test_what_it_cannot_is_said_and_nothing_is_sent(server):
    with pytest.raises(Trouble, match="between these two languages"):
        translated(server, {"title": "Call"}, target="el")
    assert server.asked == []


MISBEHAVIOUR = [
    (lambda body: (200, b"<html>Welcome</html>"), "cannot be understood"),
    (lambda body: (200, b"{}"), "cannot be understood"),
    (lambda body: (200, b'{"translatedText": "one text"}'), "cannot be understood"),
    (lambda body: (200, b'{"translatedText": [1, null]}'), "cannot be understood"),
    (lambda body: (200, b'["x"]'), "cannot be understood"),
    (lambda body: (200, b"\xff\xfe"), "cannot be understood"),
    (lambda body: (200, b" " * (4 * 1024 * 1024 + 1)), "cannot be understood"),
    (lambda body: (200, json.dumps({"translatedText": json.loads(body)["translatedText"][1:]}).encode()), "another number"),
    (lambda body: (400, b'{"error": "Invalid API key"}'), "says no: Invalid API key"),
    (lambda body: (429, b'{"error": "Slowdown"}'), "too much to do"),
    (lambda body: (500, b"Internal"), "status 500"),
    (lambda body: (302, b""), "status 302"),
]


@pytest.mark.parametrize(("misbehaves", "said"), MISBEHAVIOUR)
def test_whatever_the_server_does_becomes_a_sentence(server, misbehaves, said):
    server.misbehaves = misbehaves
    with pytest.raises(Trouble, match=said):
        translated(server, {"title": "Call", "summary": "What to ask."})


def test_a_slow_server_is_not_waited_for(server):
    server.misbehaves, server.seconds = lambda body: (200, body), 0.6
    with pytest.raises(Trouble, match="took too long"):
        translated(server, {"title": "Call"}, seconds=0.1)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://127.0.0.1:9/translate/", "http://127.0.0.1:no"])
def test_a_server_that_is_not_there_is_said(url):
    with pytest.raises(Trouble, match="cannot be reached"):
        LibreTranslate(url, seconds=0.5).can("en", "de")


def test_a_server_that_hangs_up_is_said(server):
    class HangsUp:
        def __call__(self, body):
            raise ConnectionResetError

    server.misbehaves = HangsUp()
    with pytest.raises(Trouble, match="cannot be reached"):
        translated(server, {"title": "Call"})


def test_without_an_address_there_is_no_machine(settings):
    settings.LIBRETRANSLATE_URL = ""
    assert machine.configured() is None
    settings.LIBRETRANSLATE_URL, settings.LIBRETRANSLATE_KEY = "http://127.0.0.1:5000/", "secret"
    assert (machine.configured().url, machine.configured().key) == ("http://127.0.0.1:5000", "secret")


def test_a_text_is_read_block_by_block():
    assert blocks_of("# A\n\nOne\ntwo\n\n- x\n- y\n\n```\ncode\n\nmore\n```") == [
        "# A",
        "One\ntwo",
        "- x\n- y",
        "```\ncode\n\nmore\n```",
    ]
    assert blocks_of("See [r].\n\n[r]: https://example.org") == ["See [r].\n\n[r]: https://example.org"]
    assert blocks_of("") == []
