"""What the pages cost: ``make bench``, or ``python tests/bench/pages.py --help``. docs/performance.md explains the figures."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

sys.path.append(str(Path(__file__).parents[1]))
from with_postgres import postgres

if TYPE_CHECKING:
    from measuring import Page

#: PostgreSQL for a library of this size, as docs/operations.md advises: what is asked often stays in memory.
QUARTER_MB = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4_000_000
ROOMY = "-c wal_level=minimal -c max_wal_senders=0 -c max_wal_size=8GB -c autovacuum=off -c default_toast_compression=lz4"
ROOMY += f" -c shared_buffers={QUARTER_MB}MB -c effective_cache_size={2 * QUARTER_MB}MB -c work_mem=32MB"
MOST_QUERIES, MOST_TIMES_FLOOR, MOST_KB_FIRST, MOST_KB_LATER = 12, 6, 60, 15
GROWTH = [1_000, 10_000, 100_000]


def arguments() -> Namespace:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL of its own instead of SQLite")
    parser.add_argument("--employers", type=int, default=10_000, help="in each school's book (10,000)")
    parser.add_argument("--contacts", type=int, default=10, help="with each employer, on average (10)")
    parser.add_argument("--schools", type=int, default=1, help="that keep books, of which the first is looked at (1)")
    parser.add_argument("--beside", type=int, default=0, help="employers in the books of the other schools together (0)")
    parser.add_argument("--growth", action="store_true", help="with 1,000, 10,000 and 100,000 employers, one after the other")
    parser.add_argument("--import", type=int, default=0, dest="rows", help="measure no pages, but a list of so many rows let in")
    parser.add_argument("--library", type=int, default=0, help="measure a library of so many resources instead (200,000)")
    parser.add_argument("--hours", type=int, default=0, help="of film in that library (a tenth as many as resources)")
    parser.add_argument("--keep", type=Path, help="a folder in which the library stays, to be measured again without filling it")
    parser.add_argument("--rounds", type=int, default=200, help="at least so many of all pages (200)")
    parser.add_argument("--seconds", type=float, default=60, help="at least so long (60)")
    parser.add_argument("--strict", action="store_true", help="end with 1 when a goal is missed")
    asked = parser.parse_args()
    if asked.keep:
        asked.keep = asked.keep.resolve()
        asked.keep.mkdir(parents=True, exist_ok=True)
    return asked


@contextmanager
def installation(asked: Namespace) -> Iterator[None]:
    """Set Guildhall up as in production, in a temporary folder or where it is kept, its log going nowhere."""
    with (
        nullcontext(asked.keep) if asked.keep else TemporaryDirectory(prefix="guildhall-bench-") as folder,
        _database(asked) if asked.postgres else nullcontext() as address,
        open(os.devnull, "w") as nowhere,
    ):
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "guildhall.config.settings",
            "GUILDHALL_DATA": str(folder),
            "DATABASE_URL": address or f"sqlite:///{folder}/guildhall.sqlite3",
            "PRODUCTION": "1",
            "SECRET_KEY": "bench" * 10,
            "ALLOWED_HOSTS": "testserver",
        }
        import django
        from django.conf import settings
        from django.core.management import call_command
        from django.db import connection

        settings.ROOT_URLCONF = "floors"
        settings.LOGGING["handlers"]["out"]["stream"] = nowhere
        django.setup()
        with redirect_stdout(nowhere):
            call_command("prepare")
        try:
            yield
        finally:
            connection.close()
            if connection.vendor == "postgresql":
                connection.close_pool()


def _database(asked: Namespace) -> AbstractContextManager[str]:
    kept_in = asked.keep and asked.keep / "postgres"
    return postgres(kept_in, ROOMY if asked.library else "")


def run(asked: Namespace) -> bool:
    """Measure with books of the sizes asked for, print a table for each; return whether all goals were met."""
    from book import Book
    from django.db import connection
    from engaged import engage
    from importing import measure_import
    from measuring import Visitor, measure
    from questions import pages_of

    from guildhall.engagement.tasks import count_portfolio

    book, *others = [Book(number) for number in range(1, asked.schools + 1)]
    visitor = Visitor(book.coordinator)
    met = []
    for size in GROWTH if asked.growth else [asked.employers]:
        began = perf_counter()
        book.grow(size, asked.contacts)
        plan = engage(book)
        for other in others:
            other.grow(asked.beside // len(others), asked.contacts)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")  # as autovacuum does soon after so much was written
        (stood, computed), counted = book.stand(), perf_counter()
        count_portfolio(book.school)
        counted = perf_counter() - counted
        print(f"\n{connection.vendor}: {size:,} employers and {asked.contacts * size:,} contacts", end="")
        print(f", {asked.beside:,} employers of {len(others)} other schools" if others else "", end="")
        print(f"; made in {perf_counter() - began:.0f} s", flush=True)
        print(f"Where all of them stand: found anew in {stood:.1f} s, of which {computed:.1f} s of CPU of this process")
        print(f"The last twelve months: counted in {counted:.1f} s")
        if asked.rows:
            met.append(measure_import(book, asked.rows))
            continue
        pages = pages_of(book, plan)
        print(f"{measure(visitor, pages, rounds=asked.rounds, seconds=asked.seconds)} rounds\n")
        met.append(report(pages))
    return all(met)


def run_library(asked: Namespace) -> bool:
    """Measure the library; return whether all goals were met."""
    from library import run

    hours = asked.hours or asked.library // 10
    return run(asked.library, hours, rounds=asked.rounds, seconds=asked.seconds, report=report, kept_in=asked.keep)


def report(pages: list[Page]) -> bool:
    """Print the figures, those that have a goal with a mark; return whether all goals are met."""
    floor, marks = pages[1].cpu_ms, []

    def judged(value: float, most: float, digits: int = 1) -> str:
        marks.append(round(value, digits) <= most)
        return f"{value:,.{digits}f} {'✓' if marks[-1] else '✗'}"

    rows = [["page", "queries", "p50 ms", "p95 ms", "CPU ms", "database ms", "both p95", "× floor", "first kB", "later kB"]]
    for page in pages:
        times = [f"{value:,.1f}" for value in (page.p50_ms, page.p95_ms, page.cpu_ms, page.database_ms, page.computed_p95_ms)]
        if page.name.startswith("floor"):
            rows.append([page.name, str(page.queries), *times, f"{page.cpu_ms / floor:.1f}", "", ""])
        else:
            compared = judged(page.cpu_ms / floor, MOST_TIMES_FLOOR)
            first = judged((page.bytes + page.file_bytes) / 1000, MOST_KB_FIRST) if page.file_bytes else ""
            later = judged(page.bytes / 1000, MOST_KB_LATER)
            rows.append([page.name, judged(page.queries, MOST_QUERIES, 0), *times, compared, first, later])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    rows.insert(1, ["-" * width for width in widths])
    for row in rows:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
    return all(marks)


if __name__ == "__main__":
    asked = arguments()
    with installation(asked):
        met = run_library(asked) if asked.library else run(asked)
    print("\nEvery goal is met." if met else "\nNot every goal is met: see ✗.")
    sys.exit(1 if asked.strict and not met else 0)
