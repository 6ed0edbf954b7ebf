"""Asking the product as a web server does, and noting what each answer costs."""

from __future__ import annotations

import gc
import gzip
import random
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from time import monotonic, perf_counter, process_time
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.db import connection
from django.test import Client, RequestFactory

from guildhall.config.wsgi import application
from guildhall.people.models import User

WARM_UP_ROUNDS = 10
_LOADED = re.compile(r"""(?:<(?:link|script|use|img)\b[^>]*?\b(?:href|src)="|url\(["']?)(/static/[^"'#)]+)""")
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


@dataclass(frozen=True)
class Question:
    """What is asked: an address, with ``sent`` a form, and whether only the changed part of the page is wanted."""

    path: str
    sent: Mapping[str, str] | None = None
    fragment: bool = False


@dataclass(frozen=True)
class Answer:
    """What came back, as sent, and what it cost from the call to the last byte."""

    status: str
    body: bytes
    wall_ms: float
    cpu_ms: float
    database_ms: float
    queries: int

    @property
    def text(self) -> str:
        return (gzip.decompress(self.body) if self.body[:2] == b"\x1f\x8b" else self.body).decode()


@dataclass
class Page:
    """Something to be measured: what is asked in each round, and what came of it."""

    name: str
    ask: Callable[[int], Question]
    answers: list[Answer] = field(default_factory=list)
    file_bytes: int = 0  # of style sheets, scripts and pictures, as a first visit loads them
    visitor: Visitor | None = None  # who asks, where it is not the one who asks for all else

    @property
    def queries(self) -> int:
        """The most that any of the answers took."""
        return max(answer.queries for answer in self.answers)

    @property
    def p50_ms(self) -> float:
        return median(answer.wall_ms for answer in self.answers)

    @property
    def p95_ms(self) -> float:
        return quantiles([answer.wall_ms for answer in self.answers], n=20)[-1]

    @property
    def cpu_ms(self) -> float:
        return median(answer.cpu_ms for answer in self.answers)

    @property
    def database_ms(self) -> float:
        return median(answer.database_ms for answer in self.answers)

    @property
    def computed_p95_ms(self) -> float:
        """Of what this process and the database computed together: on a quiet machine nobody waits for anything else."""
        return quantiles([answer.cpu_ms + answer.database_ms for answer in self.answers], n=20)[-1]

    @property
    def bytes(self) -> int:
        return round(median(len(answer.body) for answer in self.answers))


class Visitor:
    """Somebody, signed in or not, with a browser that takes gzip, who asks as the web server would: nothing is left out."""

    #: How long each of PostgreSQL's processes had computed before, in ns.
    _backends: ClassVar[dict[int, int]] = {}

    def __init__(self, user: User | None) -> None:
        client = Client()
        if user is not None:
            client.force_login(user)
        self.headers = {
            "Accept-Encoding": "gzip",
            "Accept-Language": "en",
            "Cookie": "; ".join(f"{name}={cookie.value}" for name, cookie in client.cookies.items()),
            "X-Forwarded-Proto": "https",
            "Origin": "https://testserver",
        }
        self.token = _TOKEN.search(self.ask(Question("/")).text)[1] if user is not None else ""  # type: ignore[index]

    def ask(self, question: Question) -> Answer:
        headers = {**self.headers, **({"HX-Request": "true"} if question.fragment else {})}
        if question.sent is None:
            environ = RequestFactory(headers=headers).get(question.path).environ
        else:
            sent = urlencode({**question.sent, "csrfmiddlewaretoken": self.token}, doseq=True)
            form = "application/x-www-form-urlencoded"
            environ = RequestFactory(headers=headers).post(question.path, sent, content_type=form).environ
        heard: list[str] = []

        def called() -> bytes:
            response = application(environ, lambda status, headers: heard.append(status))
            body = b"".join(response)
            response.close()
            return body

        return self.noting(called, heard)

    @classmethod
    def noting(cls, called: Callable[[], bytes], heard: Sequence[str] = ("",)) -> Answer:
        """Call something that asks the database, and note what it costs."""
        asked = count()

        def noted(execute: Any, sql: str, *arguments: Any) -> Any:
            if connection.vendor == "postgresql":
                cls._backends.setdefault(connection.connection.info.backend_pid, 0)
            if not sql.startswith("BEGIN"):  # psycopg begins by itself and is not heard; SQLite is to count alike
                next(asked)
            return execute(sql, *arguments)

        with connection.execute_wrapper(noted):
            began, began_cpu = perf_counter(), process_time()
            body = called()
            wall_ms, cpu_ms = (perf_counter() - began) * 1000, (process_time() - began_cpu) * 1000
        return Answer(heard[0], body, wall_ms, cpu_ms, cls._database_ms(), next(asked))

    @classmethod
    def _database_ms(cls) -> float:
        """How long PostgreSQL has computed since the last question; it serves nobody else. SQLite computes in this process."""
        spent = {}
        for pid in cls._backends:
            with suppress(FileNotFoundError):  # a connection that the pool has let go
                spent[pid] = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
        new = sum(now - cls._backends[pid] for pid, now in spent.items())
        cls._backends = spent
        return new / 1_000_000

    def files_of(self, page: str) -> int:
        """The bytes, as sent, of all files that a page loads, and that these load."""
        waiting, seen, size = [page], set[str](), 0
        while waiting:
            for address in set(_LOADED.findall(waiting.pop())) - seen:
                seen.add(address)
                answer = self.ask(Question(address))
                size += len(answer.body)
                if address.endswith(".css"):
                    waiting.append(answer.text)
        return size


def measure(visitor: Visitor, pages: list[Page], *, rounds: int, seconds: float) -> int:
    """Ask for one page after the other, round after round, for so long and at least so often; return the number of rounds.

    In turns, each time in another order, so that whatever else the machine does, and what the page before left in its caches,
    meets all of them alike.
    """
    gc.collect()
    gc.freeze()  # what the books left behind is not the pages' to look through
    chance, began = random.Random(7), monotonic()  # noqa: S311
    done = -WARM_UP_ROUNDS
    while done < rounds or monotonic() - began < seconds:
        for page in chance.sample(pages, len(pages)):
            answer = (page.visitor or visitor).ask(page.ask(done))
            if answer.status != "200 OK":
                raise SystemExit(f"{page.name}: answered {answer.status}\n{answer.text[:2000]}")
            if done >= 0:
                page.answers.append(answer)
        done += 1
    for page in pages:
        text = page.answers[-1].text
        page.file_bytes = (page.visitor or visitor).files_of(text) if text.startswith("<!doctype") else 0
    return done
