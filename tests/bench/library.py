"""What finding costs in a library of any size, and beside it tantivy on the same texts: ``make bench ARGS="--library 200000"``.

tantivy is a search library written in Rust that keeps its index in files of its own: what a search server would do at best,
without the way to it and back.
"""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle
from pathlib import Path
from statistics import median, quantiles
from tempfile import mkdtemp
from time import perf_counter, process_time
from typing import Any
from urllib.parse import urlencode

import tantivy
from book import Book
from django.db import connection
from measuring import Page, Question, Visitor, measure
from shelves import Shelves

from guildhall.core.search import search
from guildhall.core.search.reasons import explain
from guildhall.library import common_words, counting
from guildhall.library.films.transcripts import PASSAGE, describe_passages
from guildhall.library.finding import Finding
from guildhall.library.listing import rows_of
from guildhall.library.models import Resource
from guildhall.library.search import PUBLIC, RESOURCE

#: What is asked, by name: how each word of it is taken by tantivy. Ours takes the last word as a beginning each time.
ASKED = ["rare word", "common word", "two words", "mistyped", "a beginning"]
#: From which to which of the words of a language by how common they are.
RANKS = {"rare word": (6_000, 20_000), "common word": (15, 150), "mistyped": (300, 4_000), "a beginning": (50, 2_000)}
READ = ["en", "de"]
#: How many are asked of each kind; how long 95 in 100 of them may take.
QUESTIONS, MOST_MS = 200, 30
#: So many before, that are not measured: what is read from disk for the first time is read once.
WARM_UP = 100


class Tantivy:
    """An index of titles and texts with the number of each, in a folder of its own."""

    def __init__(self, kept_in: Path | None = None) -> None:
        self.folder = Path(kept_in or mkdtemp(prefix="guildhall-tantivy-"))
        self.is_kept = kept_in is not None
        built = tantivy.SchemaBuilder()
        built.add_unsigned_field("key", stored=True)
        built.add_text_field("words", stored=False, tokenizer_name="default", index_option="freq")
        self.schema = built.build()
        self.indexes: dict[str, Any] = {}
        self.writers: dict[str, Any] = {}
        self.seconds = 0.0
        for kind in (RESOURCE, PASSAGE):
            path = self.folder / kind
            path.mkdir(parents=True, exist_ok=True)
            self.indexes[kind] = tantivy.Index(self.schema, path=str(path))

    def begin(self) -> None:
        self.writers = {kind: index.writer(heap_size=256_000_000, num_threads=1) for kind, index in self.indexes.items()}

    def add(self, kind: str, key: int, title: str, text: str) -> None:
        began = perf_counter()
        self.writers[kind].add_document(tantivy.Document(key=key, words=f"{title}\n{text}"))
        self.seconds += perf_counter() - began

    def finish(self) -> None:
        began = perf_counter()
        for kind, writer in self.writers.items():
            writer.commit()
            writer.wait_merging_threads()
            self.indexes[kind].reload()
        self.writers = {}
        self.seconds += perf_counter() - began

    def leave(self) -> None:
        """Remove the folder, unless it is kept."""
        if not self.is_kept:
            shutil.rmtree(self.folder)

    @property
    def megabytes(self) -> float:
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file()) / 1e6

    def ask(self, kind: str, text: str, how: str) -> int:
        """Find the best twenty and count all; returns the count."""
        *whole, last = [
            tantivy.Query.term_query(self.schema, "words", word.lower(), index_option="freq") for word in text.split()
        ]
        word = text.split()[-1].lower()
        if how == "mistyped":
            last = tantivy.Query.fuzzy_term_query(self.schema, "words", word, distance=1)
        elif how == "a beginning":
            last = tantivy.Query.fuzzy_term_query(self.schema, "words", word, distance=0, prefix=True)
        question = tantivy.Query.boolean_query([(tantivy.Occur.Must, part) for part in [*whole, last]])
        return int(self.indexes[kind].searcher().search(question, 20, count=True).count)


def questions(shelves: Shelves, how: str) -> Iterator[str]:
    """What people type, another word each time, most of it in English: words of one book or of half the library."""
    chance = shelves.chance
    while True:
        speech = shelves.speech[chance.choice(["en", "en", "en", "de", "es"])]
        if how == "two words":
            first, second = chance.sample(range(30, 600), 2)
            yield f"{speech.words[first]} {speech.words[second]}"
            continue
        low, high = {
            "rare word": (6_000, 20_000),
            "common word": (15, 150),
            "mistyped": (300, 4_000),
            "a beginning": (50, 2_000),
        }[how]
        word = speech.words[chance.randrange(low, high)]
        if how == "mistyped" and len(word) >= 7:
            yield word[:3] + word[4:]
        elif how == "a beginning" and len(word) >= 5:
            yield word[:4]
        elif how in ("rare word", "common word") and len(word) >= 4:
            yield word


def pages_of(shelves: Shelves, book: Book, member: Visitor, visitor: Visitor) -> list[Page]:
    """The floors as a member, all else as somebody who is not signed in."""

    def listed(how: str, address: str = "/oer/", **chosen: str) -> Callable[[int], Question]:
        asked = questions(shelves, how)
        return lambda _turn: Question(f"{address}?{urlencode({'q': next(asked), **chosen})}", fragment=True)

    def each(address: str, numbers: list[int]) -> Callable[[int], Question]:
        chosen = numbers[:: max(1, len(numbers) // 500)]
        return lambda turn: Question(address.format(chosen[turn % len(chosen)]))

    films = set(shelves.films)
    texts = [number for number in shelves.resources if number not in films]
    filters = {"kind": "worksheet", "language": "en", "open": "on"}
    narrowed = cycle([{"kind": "video", "area": "1.1"}, {"level": "4", "audience": "teacher", "language": "de"}, {"sector": "F"}])
    return [
        Page("floor: a constant", each("/bench/constant/", book.employers), visitor=member),
        Page("floor: one read", each("/bench/read/{}/", book.employers), visitor=member),
        Page("the list, as it begins", lambda _turn: Question("/oer/"), visitor=visitor),
        Page("the list, filtered", lambda _turn: Question(f"/oer/?{urlencode(next(narrowed))}", fragment=True), visitor=visitor),
        *[Page(f"search: {how}", listed(how), visitor=visitor) for how in ASKED],
        Page("search with three filters", listed("common word", **filters), visitor=visitor),
        *[Page(f"transcripts: {how}", listed(how, "/oer/transcripts/"), visitor=visitor) for how in ASKED],
        Page("a resource", each("/oer/{}/", texts), visitor=visitor),
        Page("a film at a moment", each("/oer/{}/?t=431", shelves.films), visitor=visitor),
    ]


def compare(shelves: Shelves, beside: Tantivy) -> bool:
    """Ask ours and tantivy the same questions, one after the other; return whether 95 of 100 of ours are quick enough.

    Of ours the first page of what is found, with the reasons, and all counts; of tantivy the best twenty, and how many there are.
    """
    head = ["question", "found (median)", "queries", "p50 ms", "p95 ms", "by the clock p95", "CPU p50", "database p50"]
    print(f"\n| {' | '.join([*head, 'tantivy p50 ms', 'tantivy p95 ms'])} |")
    print("| --- " * 10 + "|")
    met = True
    for kind in (RESOURCE, PASSAGE):
        for how in ASKED:
            asked, answers, theirs, found = questions(shelves, how), [], [], []
            for _ in range(WARM_UP):
                Visitor.noting(partial(_ours, kind, next(asked)))
            for _ in range(QUESTIONS):
                text = next(asked)
                answers.append(Visitor.noting(partial(_ours, kind, text)))
                began = process_time()
                found.append(beside.ask(kind, text, how))
                theirs.append((process_time() - began) * 1000)
            ours = [answer.cpu_ms + answer.database_ms for answer in answers]
            p95 = quantiles(ours, n=20)[-1]
            met = met and p95 <= MOST_MS
            figures = [
                f"{'resources' if kind == RESOURCE else 'transcripts'}: {how}",
                f"{median(found):,.0f}",
                str(max(answer.queries for answer in answers)),
                f"{median(ours):.1f}",
                f"{p95:.1f} {'✓' if p95 <= MOST_MS else '✗'}",
                f"{quantiles([answer.wall_ms for answer in answers], n=20)[-1]:.1f}",
                f"{median(answer.cpu_ms for answer in answers):.1f}",
                f"{median(answer.database_ms for answer in answers):.1f}",
                f"{median(theirs):.1f}",
                f"{quantiles(theirs, n=20)[-1]:.1f}",
            ]
            print(f"| {' | '.join(figures)} |", flush=True)
    return met


def _ours(kind: str, text: str) -> bytes:
    if kind == RESOURCE:
        asked = Finding(text, {}, languages=READ)
        asked.counts()
        rows_of(asked.found()[:20], searched=text, near=asked.results.near)
    else:
        found = search(text, scopes=[PUBLIC], kinds=[PASSAGE], limit=20)
        explain(found, text, scopes=[PUBLIC], describe={PASSAGE: describe_passages})
    return b""


def run(
    size: int, hours: int, *, rounds: int, seconds: float, report: Callable[[list[Page]], bool], kept_in: Path | None
) -> bool:
    """Fill a library, unless one is kept that is filled; measure, print; return whether all goals were met."""
    beside = Tantivy(kept_in and kept_in / "tantivy")
    noted = kept_in and kept_in / "library.json"
    try:
        shelves = Shelves(size, hours, beside)
        if noted and shelves.recall(noted):
            book, filled = Book.written_before(1), "filled before"
        elif Resource.objects.exists():
            raise SystemExit(f"In {kept_in} is another library, or one that is half filled. Choose another folder, or remove it.")
        else:
            book = Book(1)
            book.grow(10, 1)
            filled = _fill(shelves, beside)
            if noted:
                shelves.note(noted)
        print(f"\n{connection.vendor}: {size:,} resources, {hours:,} hours of film; {filled}", end=", ")
        print(f"index {_megabytes():,.0f} MB; tantivy {beside.megabytes:,.0f} MB; load {os.getloadavg()[0]:.1f}")
        began = perf_counter()
        counting.image()
        print(f"what is public read into memory in {perf_counter() - began:.1f} s", flush=True)
        member, visitor = Visitor(book.coordinator), Visitor(None)
        gc.collect()
        gc.freeze()  # the words and numbers kept for asking are not the product's to look through
        met = compare(shelves, beside)
        floors = [member.ask(Question(f"/bench/read/{number}/")) for number in (book.employers * QUESTIONS)[:QUESTIONS]]
        print(f"\nA page's floor took {median(answer.cpu_ms for answer in floors):.1f} ms of CPU right afterwards.")
        pages = pages_of(shelves, book, member, visitor)
        print(f"\n{measure(member, pages, rounds=rounds, seconds=seconds)} rounds, load {os.getloadavg()[0]:.1f}\n", flush=True)
        return report(pages) and met
    finally:
        beside.leave()


def _fill(shelves: Shelves, beside: Tantivy) -> str:
    """Fill the library, and say how long it took."""
    began = perf_counter()
    beside.begin()
    shelves.fill()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # as autovacuum does soon after so much was written
    took = perf_counter() - began - beside.seconds
    beside.finish()
    began = perf_counter()
    common_words.keep(common_words.gather())  # as a worker does
    gathered = f"common words gathered in {perf_counter() - began:.0f} s"
    return f"filled in {took:.0f} s, tantivy in {beside.seconds:.0f} s, {gathered}"


def _megabytes() -> float:
    """The size of the index of words, and of what it is made of."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size('core_searchdocument')")
        return float(cursor.fetchone()[0]) / 1e6
