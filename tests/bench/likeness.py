"""How well duplicates are found, and how fast: ``python tests/bench/likeness.py`` and ``… --growth``.

Without an argument: precision and recall on the labelled set of ``disturbed.py``, the half of the firms that was never looked at.
``--growth [--postgres]`` searches books of three sizes with the very task that people start, and prints seconds and memory; half
of the employers have no register number, and one in ten is there twice.
"""

from __future__ import annotations

import gc
import os
import sys
from collections import Counter
from itertools import combinations
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
SAMPLES = Path(os.environ.get("SAMPLES", Path(__file__).resolve().parents[3] / "shared" / "samples"))
#: The half of the firms, and the chance, by which the points were set; figures are given for the other one.
SET_BY = (0, 1)
JUDGED_BY = (1, 2)


def judge(half: int, seed: int, *, shown: int = 0) -> None:
    from disturbed import Disturbance

    from guildhall.engagement.likeness.blocking import Blocks
    from guildhall.engagement.likeness.firms import firm, keys_of, likeness

    entries = Disturbance(seed, SAMPLES).book(half=half)
    began = perf_counter()
    firms = [
        firm(
            at,
            country=entry.country,
            names=[entry.name, entry.trade_name],
            numbers=[entry.number],
            places=entry.places,
            phones=[entry.phone],
            mails=[entry.mail],
            websites=[entry.website],
        )
        for at, entry in enumerate(entries)
    ]
    blocks = Blocks([keys_of(one) for one in firms], [one.sorted_name for one in firms])
    met = {(at, other) for at in range(len(firms)) for other in blocks.later(at)}
    found = {pair: alike for pair in met if (alike := likeness(firms[pair[0]], firms[pair[1]]))}
    seconds = perf_counter() - began
    same: dict[str, list[int]] = {}
    for at, entry in enumerate(entries):
        same.setdefault(entry.who, []).append(at)
    true = {pair for those in same.values() for pair in combinations(those, 2)}
    print(f"{len(entries):,} entries, {len(true):,} true pairs; {len(met):,} pairs compared in {seconds:.1f} s;", end=" ")
    print(f"{len(true & met) / len(true):.1%} of the true ones among them")
    for least in (60, 70, 80, 90, 95):
        told = {pair for pair, alike in found.items() if alike.score >= least}
        right = len(told & true)
        print(f"  from {least} %: {len(told):5} shown, precision {right / len(told):.1%}, recall {right / len(true):.1%}")
    if shown:
        tell(entries, [pair for pair in sorted(found) if pair not in true][:shown], "wrongly shown", found)
        tell(
            entries, [pair for pair in sorted(true) if pair not in found][:shown], "missed", {pair: pair in met for pair in true}
        )
        print(Counter(found[pair].reasons for pair in found if pair not in true).most_common(12))


def tell(entries: list, pairs: list[tuple[int, int]], what: str, notes: dict) -> None:
    print(f"--- {what}")
    for pair in pairs:
        print(notes[pair], *(f"\n    {entries[at]}" for at in pair))


def grow() -> None:
    """Search one book after the other as it grows, and then look at one employer that was changed."""
    from book import Book
    from django.db import connection, transaction
    from django.utils.timezone import now

    from guildhall.core import tasks
    from guildhall.engagement import actions
    from guildhall.engagement.actions.alike import look_again
    from guildhall.engagement.models import AlikeEmployers, AlikePeople, Employer

    book = Book(1)
    for size in (1_000, 10_000, 100_000):
        book.grow(size, 0)
        _as_in_life(book)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")  # forget the most memory that was used so far
        before, began, began_cpu = _memory_mb("VmRSS"), perf_counter(), process_time()
        actions.search_duplicates(book.school, by=book.coordinator, at=now())
        tasks.run_waiting()
        seconds, cpu, most = perf_counter() - began, process_time() - began_cpu, _memory_mb("VmHWM")
        pairs, people = AlikeEmployers.objects.count(), AlikePeople.objects.count()
        times = []
        for employer in Employer.objects.select_related("school").order_by("?")[:50]:
            began = perf_counter()
            with transaction.atomic():
                look_again(employer, at=now())
            times.append((perf_counter() - began) * 1000)
        print(f"{connection.vendor}, {size:,} employers: {seconds:.1f} s ({cpu:.1f} s CPU)", end="; ")
        print(f"{most:,.0f} MB in all, {most - before:,.0f} MB of it for the search", end="; ")
        print(f"{pairs:,} pairs of employers, {people:,} of people", end="; ")
        print(f"one employer again {median(times):.0f} ms (p95 {quantiles(times, n=20)[-1]:.0f} ms)", flush=True)


def _as_in_life(book: Any) -> None:
    """Let half of the employers have no register number, and one in ten the name and site of the one before."""
    from django.db.models import CharField, F, Value
    from django.db.models.functions import Cast, Concat

    from guildhall.engagement.models import Person
    from guildhall.people.models import Organisation, Site

    kept = Organisation.objects.filter(kept_by=book.school)
    kept.annotate(odd=F("pk") % 2).filter(odd=1).update(register_number="")
    number = Cast(F("pk"), CharField())
    Person.objects.update(email=Concat(Value("p"), number, Value("@f"), number, Value(".example")))
    tenths = list(kept.annotate(tenth=F("pk") % 10).filter(tenth=3).order_by("pk"))
    before = {one.pk: one for one in kept.filter(pk__in=[one.pk - 1 for one in tenths])}
    first_sites: dict[int, Site] = {}
    for site in Site.objects.filter(organisation__in=[*before, *tenths] if len(tenths) < 300 else kept).order_by("-pk"):
        first_sites[site.organisation_id] = site
    changed = []
    for one in tenths:
        if one.pk - 1 in before and one.pk in first_sites and one.pk - 1 in first_sites:
            one.name = before[one.pk - 1].name.upper()
            ours, theirs = first_sites[one.pk], first_sites[one.pk - 1]
            ours.street, ours.postal_code, ours.town = theirs.street, theirs.postal_code, theirs.town
            changed.append(ours)
    Organisation.objects.bulk_update(tenths, ["name"], batch_size=200)
    Site.objects.bulk_update(changed, ["street", "postal_code", "town"], batch_size=200)


def _memory_mb(which: str) -> float:
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith(which))) / 1024


if __name__ == "__main__":
    if "--growth" in sys.argv:
        from pages import installation

        with installation("--postgres" in sys.argv):
            grow()
    elif "--tune" in sys.argv:
        judge(*SET_BY, shown=25)
    else:
        judge(*JUDGED_BY)
