"""Machine translation behind one door. What comes back is a draft: somebody looks through it before it is published.

The protocol spoken is that of LibreTranslate (docs.libretranslate.com): ``POST /translate`` with ``{"q": […], "source", "target",
"format"}``, ``GET /languages``. Nothing is sent unless the operator has configured a server and somebody has asked for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from guildhall.core.errors import Refused
from guildhall.library.passages import Passage, Passages, plain_html, plain_text

#: Texts that go in one request, and letters that they have together: a small server takes some seconds for as much.
MOST_TEXTS = 20
MOST_LETTERS = 4_000
#: Until the server begins to answer, and between two parts of its answer.
SECONDS = 60
_MOST_BYTES = 4 * 1024 * 1024
#: Fields that are plain text, of which each line is a passage; all else is Markdown.
_PLAIN = ("title", "summary", "keywords", "skills")


class Trouble(Refused):
    """The translation service did not do what it is there for. The sentence says why."""


class Machine(Protocol):
    """Something that translates."""

    def can(self, source: str, target: str) -> bool:
        """Whether it translates from one language into another (ISO 639).

        Raises:
            Trouble: it cannot be asked.
        """

    def translate(self, texts: list[str], source: str, target: str) -> list[str]:
        """Translate fragments of HTML, one by one; the tags come along with their words.

        Raises:
            Trouble: it cannot be reached, is too slow, or does not answer as it should.
        """


class LibreTranslate:
    """A server that speaks LibreTranslate's protocol."""

    def __init__(self, url: str, key: str = "", *, seconds: float = SECONDS) -> None:
        self.url = url.rstrip("/")
        self.key = key
        self.seconds = seconds

    def can(self, source: str, target: str) -> bool:
        spoken = self._ask("GET", "/languages")
        if not isinstance(spoken, list):
            raise Trouble(_("The translation service gave an answer that cannot be understood."))
        for language in spoken:
            if isinstance(language, dict) and language.get("code") == source:
                targets = language.get("targets")
                # Older servers translate from each language into each other.
                return target in (targets if isinstance(targets, list) else [each.get("code") for each in spoken])
        return False

    def translate(self, texts: list[str], source: str, target: str) -> list[str]:
        sent = {"q": texts, "source": source, "target": target, "format": "html"}
        answer = self._ask("POST", "/translate", {**sent, "api_key": self.key} if self.key else sent)
        translated = answer.get("translatedText") if isinstance(answer, dict) else None
        if not isinstance(translated, list) or not all(isinstance(text, str) for text in translated):
            raise Trouble(_("The translation service gave an answer that cannot be understood."))
        if len(translated) != len(texts):
            raise Trouble(_("The translation service sent back another number of passages than it was given."))
        return translated

    def _ask(self, method: str, path: str, sent: Mapping[str, Any] | None = None) -> Any:
        parts = urlsplit(self.url)
        connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        body = json.dumps(sent).encode() if sent is not None else None
        try:
            connection = connect(parts.netloc.rpartition("@")[2], timeout=self.seconds)
        except HTTPException:  # a port that is none
            raise Trouble(_("The translation service cannot be reached. Try again later.")) from None
        try:
            connection.request(
                method, f"{parts.path}{path}", body, {"Content-Type": "application/json", "Accept": "application/json"}
            )
            response = connection.getresponse()
            status, content = response.status, response.read(_MOST_BYTES + 1)
        except TimeoutError:
            raise Trouble(_("The translation service took too long to answer. Try again later.")) from None
        except (OSError, HTTPException):
            raise Trouble(_("The translation service cannot be reached. Try again later.")) from None
        finally:
            connection.close()
        return _understood(status, content)


def _understood(status: int, content: bytes) -> Any:
    try:
        answer = json.loads(content) if len(content) <= _MOST_BYTES else None
    except ValueError:
        answer = None
    if status == 429:
        raise Trouble(_("The translation service has too much to do. Try again later."))
    if status != 200:
        why = answer.get("error") if isinstance(answer, dict) else None
        if isinstance(why, str) and why.strip():
            raise Trouble(_("The translation service says no: %(why)s") % {"why": why.strip()[:200]})
        raise Trouble(_("The translation service has failed (status %(status)d). Try again later.") % {"status": status})
    if answer is None:
        raise Trouble(_("The translation service gave an answer that cannot be understood."))
    return answer


def configured() -> Machine | None:
    """Return the machine this installation has, or None."""
    return LibreTranslate(settings.LIBRETRANSLATE_URL, settings.LIBRETRANSLATE_KEY) if settings.LIBRETRANSLATE_URL else None


def translate_described(
    described: Mapping[str, Any], machine: Machine, source: str, target: str, *, between: Callable[[int, int], object]
) -> dict[str, Any]:
    """Translate what is described, field by field; Markdown stays Markdown, code and addresses stay as they are.

    ``described`` holds some of what ``Described`` has: texts, lists of words, an account. ``between`` is called before each
    request with how many are done and how many there are, as far as that is known.

    Raises:
        Trouble: it cannot be done.
    """
    if not machine.can(source, target):
        raise Trouble(_("The translation service does not translate between these two languages."))
    work = {path: _Text(text, is_plain=path[0] in _PLAIN or "figures" in path) for path, text in _texts(described)}
    asked = [html for text in work.values() for html in text.html]
    answers = iter(_in_portions(machine, asked, source, target, between))
    for text in work.values():
        text.take([next(answers) for _each in text.html])
    muddled = [piece for text in work.values() for piece in text.pieces]
    answers = iter(_in_portions(machine, muddled, source, target, between))
    for text in work.values():
        text.take_pieces([next(answers) for _each in text.pieces])
    return {name: _filled(value, (name,), work) for name, value in described.items()}


class _Text:
    """A text on its way: its passages, what came back of each, and which came back in a muddle."""

    def __init__(self, text: str, *, is_plain: bool) -> None:
        self.markdown = None if is_plain else Passages(text)
        self.lines = text.splitlines()
        self.html = (
            [passage.html for passage in self.markdown.passages]
            if self.markdown
            else [plain_html(line) for line in self.lines if line.strip()]
        )
        self.written: list[str | None] = []

    def take(self, answers: list[str]) -> None:
        if self.markdown is None:
            self.written = [plain_text(answer) for answer in answers]
        else:
            self.written = [passage.as_markdown(answer) for passage, answer in zip(self.markdown.passages, answers, strict=True)]

    @property
    def pieces(self) -> list[str]:
        return [piece for passage in self._muddled for piece in passage.pieces]

    def take_pieces(self, answers: list[str]) -> None:
        following = iter(answers)
        for at, passage in enumerate(self.markdown.passages if self.markdown else []):
            if self.written[at] is None:
                html = passage.from_pieces([plain_html(plain_text(next(following))) for _each in passage.pieces])
                self.written[at] = passage.as_markdown(html)

    @property
    def _muddled(self) -> list[Passage]:
        passages = self.markdown.passages if self.markdown else []
        return [passage for passage, written in zip(passages, self.written, strict=False) if written is None]

    def __str__(self) -> str:
        written = [text or "" for text in self.written]
        if self.markdown:
            return self.markdown.written(written)
        following = iter(written)
        return "\n".join(next(following) if line.strip() else "" for line in self.lines)


def _texts(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """All texts in what is described, each with the way to it; what a figure is worth stays as it is."""
    if isinstance(value, str):
        if value.strip():
            yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if key != "value":
                yield from _texts(inner, (*path, key))
    elif isinstance(value, Sequence):
        for at, inner in enumerate(value):
            yield from _texts(inner, (*path, at))


def _filled(value: Any, path: tuple[str | int, ...], work: Mapping[tuple[str | int, ...], _Text]) -> Any:
    if path in work:
        return str(work[path])
    if isinstance(value, Mapping):
        return {key: _filled(inner, (*path, key), work) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, (*path, at), work) for at, inner in enumerate(value)]
    return value


def _in_portions(
    machine: Machine, texts: Sequence[str], source: str, target: str, between: Callable[[int, int], object]
) -> Iterator[str]:
    portions = list(_portions(texts))
    for at, portion in enumerate(portions):
        between(at, len(portions))
        yield from machine.translate(portion, source, target)


def _portions(texts: Sequence[str]) -> Iterator[list[str]]:
    portion: list[str] = []
    for text in texts:
        if portion and (len(portion) == MOST_TEXTS or sum(map(len, portion)) + len(text) > MOST_LETTERS):
            yield portion
            portion = []
        portion.append(text)
    if portion:
        yield portion
