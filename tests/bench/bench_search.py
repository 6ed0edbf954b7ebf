"""How long search takes over many documents: ``python tests/bench/bench_search.py 10000 100000``.

Makes a database of its own, as ``DATABASE_URL`` says (SQLite by default), fills it with employers of two schools and prints
what indexing costs, and p50 and p95 of the search and of a list's filter while somebody types.
"""

import os
import random
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp
from time import perf_counter

import django
from django.conf import settings

FAMILIES = (
    "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Kowalski Nowak García Papadopoulou Ferreira"
)
TRADES = "Metallbau Elektrotechnik Pflegedienst Bäckerei Tischlerei Autohaus Gärtnerei Hotel Apotheke Spedition Druckerei Kita"
TOWNS = (
    "Metz Thionville Saarbrücken Trier Łódź Poznań Πάτρα Αθήνα Málaga Coimbra Forbach Merzig Sarreguemines Dillingen Völklingen"
)
TYPED = ["m", "mü", "müll", "müller", "müller met", "metallbau", "kowalski elektrotechnik", "trier", "meyer gmbh", "pflegedi"]
MISTYPED = ["mülelr metallbau", "kowalsky", "pflegedeinst weber"]
SEARCHES = 20


def employers(count: int) -> Iterator["Document"]:
    """Yield employers, the names of the common families many times, those of others once or twice; one in ten of school 2."""
    chance = random.Random(7)  # noqa: S311
    families, trades, towns = FAMILIES.split(), TRADES.split(), TOWNS.split()
    for key in range(count):
        name = chance.choice(families) if chance.random() < 0.4 else _invented(chance)
        trade, town = chance.choice(trades), chance.choice(towns)
        yield Document(
            kind="engagement.employer",
            key=key,
            title=f"{name} {trade} {chance.choice(['GmbH', 'KG', 'e.K.', 'AG'])}",
            text=f"{_invented(chance)} {_invented(chance)} {trade} Fachbetrieb Ausbildung {key:09}",
            detail=f"{town}, {trade}",
            language="de",
            scopes=[f"organisation:{2 if key % 10 == 0 else 1}"],
            url=f"/employers/{key}/",
        )


def _invented(chance: random.Random) -> str:
    return "".join(chance.choice("bdfgklmnprst") + chance.choice("aeiou") for _ in range(chance.randint(2, 4))).title()


def measure(what: str, questions: list[str], answer: Callable[[str], object]) -> None:
    times = []
    for _ in range(SEARCHES):
        for question in questions:
            began = perf_counter()
            answer(question)
            times.append((perf_counter() - began) * 1000)
    print(f"  {what:<34} p50 {statistics.median(times):6.1f} ms   p95 {statistics.quantiles(times, n=20)[-1]:6.1f} ms")


def main(counts: list[int]) -> None:
    for count in counts:
        if connection.vendor == "sqlite":
            connection.settings_dict["TEST"]["NAME"] = str(Path(mkdtemp()) / "search.sqlite3")  # on a disk, as in life
        original = connection.settings_dict["NAME"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            documents = list(employers(count))
            began = perf_counter()
            with transaction.atomic():
                index_many(documents)
            took = perf_counter() - began
            if connection.vendor == "postgresql":
                # As autovacuum does after such an import.
                with connection.cursor() as cursor:
                    cursor.execute("VACUUM ANALYZE core_searchdocument")
            print(f"{connection.vendor}, {count:,} documents: indexed in {took:.1f} s ({count / took:,.0f} a second)")
            for scope in ("organisation:1", "organisation:2"):
                mine = [scope, "public"]
                measure(f"search, {scope}", TYPED, lambda text, mine=mine: search(text, scopes=mine))
                measure(f"search, mistyped, {scope}", MISTYPED, lambda text, mine=mine: search(text, scopes=mine))
                measure(f"filter, count, {scope}", TYPED, lambda text, mine=mine: _keys(text, mine).count())
        finally:
            connection.creation.destroy_test_db(original, verbosity=0)


def _keys(text: str, scopes: list[str]):
    keys = matching_keys("engagement.employer", text, scopes)
    return SearchDocument.objects.filter(kind="engagement.employer", key__in=keys)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guildhall.config.settings")
    django.setup()
    from django.db import connection, transaction

    from guildhall.core.models import SearchDocument
    from guildhall.core.search import Document, index_many, matching_keys, search

    settings.DEBUG = False
    main([int(count) for count in sys.argv[1:]] or [10_000, 100_000])
