"""What it takes to let a list into a book: a file like those that schools bring, a worker as in life, and a clock."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from time import perf_counter, sleep

from book import FAMILIES, FORMS, GIVEN_NAMES, POSITIONS, SIZES, STREETS, TOWNS, TRADES, Book
from disturbed import _abbreviated, _plain
from django.core.files.base import ContentFile
from django.utils.timezone import now

from guildhall.engagement.actions import imports
from guildhall.engagement.importing.survey import look_over
from guildhall.engagement.models import Employer, EmployerImport

SECONDS_FOR_20_000 = 30
HEADINGS = "Firma;HRB;Straße;PLZ;Ort;Telefon;E-Mail;Internet;NACE;Mitarbeiter;Ansprechpartner;Funktion;Mail Ansprechpartner"


def listed(book: Book, count: int) -> bytes:
    """A list of employers as CSV: of ten rows one is about an employer of the book, written otherwise, and one a second site."""
    return "\n".join([HEADINGS, *(";".join(row) for row in _rows(book, count))]).encode()


def _rows(book: Book, count: int) -> Iterator[list[str]]:
    chance = random.Random(20)  # noqa: S311
    known = chance.sample(book.employers, min(count // 10, len(book.employers)))
    held = {each.pk: each for each in Employer.objects.select_related("organisation").prefetch_related("organisation__sites")}
    row: list[str] = []
    for number in range(count):
        town, trade = chance.choice(list(TOWNS)), chance.choice(list(TRADES))
        place = [f"{chance.choice(STREETS)} {chance.randint(1, 120)}", TOWNS[town], town]
        person = [f"{chance.choice(GIVEN_NAMES)} {chance.choice(FAMILIES)}", chance.choice(POSITIONS), f"x{number}@firm.example"]
        reached = [f"0681 {number:06}", f"info@f{number}.example", chance.choice(["", f"www.f{number}.example"])]
        facts = [TRADES[trade], chance.choice(SIZES)]
        if number % 10 == 0 and known:
            firm = held[known.pop()].organisation
            site = firm.sites.all()[0]
            name = chance.choice([str.upper, _plain, _abbreviated])(firm.name)
            held_number = firm.register_number if number % 20 else ""
            row = [name, held_number, _abbreviated(site.street), site.postal_code, site.town, *reached, *facts, *person]
        elif number % 10 == 1 and row:
            row = [*row[:2], *place, *reached, *row[8:10], *person]
        else:
            name = f"{chance.choice(FAMILIES)} & {chance.choice(FAMILIES)} {trade} {chance.choice(FORMS)}"
            row = [name, f"HRA {number}" if number % 3 else "", *place, *reached, *facts, *person]
        yield row


def measure_import(book: Book, count: int) -> bool:
    """Bring a file and let it in, each done by a worker in a process of its own; print how long that takes.

    Returns whether its 20,000 rows were in within 30 seconds, or as many more or fewer in as much more or less time.
    """
    content = listed(book, count)
    worker = subprocess.Popen([sys.executable, "-m", "guildhall", "worker"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        sleep(5)
        began, began_cpu = perf_counter(), _cpu_seconds(worker.pid)
        seen = look_over(BytesIO(content), country="DE")
        brought = imports.bring_list(
            book.school,
            upload=ContentFile(content, "list.csv"),
            file_name="list.csv",
            reading=seen.reading,
            mapping=seen.mapping,
            country="DE",
            by=book.coordinator,
            at=now(),
        )
        _wait_until(brought, EmployerImport.State.READY)
        checked, checked_cpu = perf_counter() - began, _cpu_seconds(worker.pid) - began_cpu
        began, began_cpu = perf_counter(), _cpu_seconds(worker.pid)
        imports.begin_import(brought, by=book.coordinator, at=now())
        _wait_until(brought, EmployerImport.State.DONE)
        let_in, let_in_cpu = perf_counter() - began, _cpu_seconds(worker.pid) - began_cpu
    finally:
        worker.terminate()
        worker.wait(60)
    figures = ", ".join(f"{figure:,} {outcome}" for outcome, figure in imports.counts_of(brought).items())
    print(
        f"{count:,} rows ({len(content) / 1e6:.1f} MB): checked in {checked:.1f} s ({checked_cpu:.1f} s CPU of the worker)",
        end="",
    )
    met = let_in <= SECONDS_FOR_20_000 * count / 20_000
    print(f", let in in {let_in:.1f} s {'✓' if met else '✗'} ({let_in_cpu:.1f} s): {figures}")
    return met


def _cpu_seconds(pid: int) -> float:
    spent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(spent[11]) + int(spent[12])) / os.sysconf("SC_CLK_TCK")


def _wait_until(brought: EmployerImport, state: str) -> None:
    while brought.state != state:
        sleep(0.1)
        brought.refresh_from_db()
        if brought.progress and brought.progress.state == brought.progress.State.FAILED:
            raise SystemExit(f"The import stopped: {brought.progress.error}")
