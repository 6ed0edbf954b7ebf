"""A new user's first and second year: a school brings its list, and a year later the list of which a tenth has changed.

Usage: python tests/bench/years.py SAMPLES [--without-numbers]   (SAMPLES is the folder that holds employers-metz.csv)

Both lists go in through the pages, in a real browser, by somebody who takes what is offered; clicks, pages, choices and seconds
are counted. What the second list changes is made here, so that it is known what would have been right.
"""

from __future__ import annotations

import csv
import io
import json
import random
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))

from tests.installation import CHROMIUM, Installation, installation  # noqa: E402

Row = dict[str, str]
#: Of each kind so many rows in 2,360: together a tenth.
CHANGES = {"renamed": 40, "moved": 40, "closed": 40, "telephone": 40, "respelt": 20, "respelt without number": 20, "new": 36}
DUMP = """
import json
from guildhall.engagement.models import AlikeEmployers, Employer
book = Employer.objects.order_by("pk").prefetch_related("organisation__sites").select_related("organisation")
sites = lambda e: [[s.register_number, s.street, s.phone, str(s.closed_on or "")] for s in e.organisation.sites.all()]
pairs = AlikeEmployers.objects.order_by("pk").values_list("first", "second", "score")
print(json.dumps({"book": [[e.pk, e.organisation.name, e.organisation.trade_name, sites(e)] for e in book], "pairs": [*pairs]}))
"""


class Years:
    """The first list, and the second with what is known of it: for each changed row its kind and the number it had before."""

    def __init__(self, samples: Path, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311
        with (samples / "employers-metz.csv").open(encoding="utf-8", newline="") as file:
            self.first: list[Row] = list(csv.DictReader(file, delimiter=";"))
        for row in self.first:
            row["siret"] = row["siret"].zfill(14)
        self.headings = [*self.first[0], "telephone"]
        self.second: list[Row] = []
        self.was: list[Row] = []
        self.known: list[tuple[str, Row, Row]] = []
        self._change()

    def _change(self) -> None:
        of_firm = Counter(row["siret"][:9] for row in self.first)
        # Firms with one row, so that it is plain what would be right; names that stand there once.
        names = Counter(row["raisonsociale"] for row in self.first)
        alone = [at for at, row in enumerate(self.first) if of_firm[row["siret"][:9]] == 1 and names[row["raisonsociale"]] == 1]
        self.chance.shuffle(alone)
        kinds = {alone.pop(): kind for kind, count in CHANGES.items() if kind != "new" for _ in range(count)}
        for at, row in enumerate(self.first):
            changed = {**row, "telephone": ""}
            if at in kinds:
                getattr(self, f"_{kinds[at].partition(' ')[0]}")(changed)
                if kinds[at].endswith("without number"):
                    changed["siret"] = ""
                self.known.append((kinds[at], row, changed))
            if kinds.get(at) != "closed":
                self.second.append(changed)
                self.was.append(row)
        for number in range(CHANGES["new"]):
            new = {**dict.fromkeys(self.headings, ""), "raisonsociale": f"{self._word()} ET {self._word()} {number}"}
            new |= {
                "siret": _siret(int(_checked(f"{99000000 + number}"))),
                "numerorue": str(number + 1),
                "libellerue": "RUE NEUVE",
                "codepostal": "57000",
            }
            self.second.append(new)
            self.known.append(("new", {}, new))

    def _word(self) -> str:
        return (
            self.chance.choice(["ATELIER", "GARAGE", "SOINS", "BOULANGERIE", "MENUISERIE"])
            + " "
            + self.chance.choice(["DUVALOIS", "KREMERLE", "BETTINGAL", "SOLGNETTE", "MOSELANTE", "QUEULINE"])
        )

    def _renamed(self, row: Row) -> None:
        row["raisonsociale"] = f"{self._word()} {row['siret'][:3]}"

    def _moved(self, row: Row) -> None:
        """Another street, and, as the register does it, another number: that of the firm and a new ending."""
        row["siret"] = _siret(int(row["siret"][:9]), int(row["siret"][9:13]) + 1)
        row |= {"numerorue": str(self.chance.randint(1, 90)), "libellerue": "AVENUE DE THIONVILLE", "codepostal": "57050"}
        row |= {"coordinates_x": "0", "coordinates_y": "0"}

    def _closed(self, row: Row) -> None:
        """It is simply no longer in the list."""

    def _telephone(self, row: Row) -> None:
        row["telephone"] = f"03 87 {self.chance.randint(10, 99)} {self.chance.randint(10, 99)} {self.chance.randint(10, 99)}"

    def _respelt(self, row: Row) -> None:
        name = row["raisonsociale"]
        word = self.chance.choice([word for word in name.split() if len(word) > 3] or [name])
        at = self.chance.randrange(max(len(word) - 1, 1))
        slip = word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :]
        ways = [
            name.title(),
            name.replace(" ET ", " & "),
            name.replace(word, slip),
            f"SARL {name}",
            " ".join(reversed(name.split())),
        ]
        row["raisonsociale"] = self.chance.choice([way for way in ways if way != name])


def _siret(firm: int, place: int = 1) -> str:
    return _checked(f"{firm:09}{place:04}")


def _checked(digits: str) -> str:
    """Add the check digit of the French registers (Luhn's)."""
    doubled = [int(digit) * (2 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(digits))]
    return digits + str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


class NewUser:
    """Somebody who has never seen it, and counts."""

    def __init__(self, page: Page, house: Installation) -> None:
        self.page, self.house = page, house
        self.counted: Counter[str] = Counter()
        self.seconds: Counter[str] = Counter()
        page.on("framenavigated", lambda frame: self.counted.update(pages=1))
        page.on("requestfinished", self._time)

    def _time(self, request: Any) -> None:
        if request.resource_type in ("document", "fetch", "xhr"):
            self.seconds["server"] += max(request.timing["responseStart"], 0) / 1000

    def click(self, what: Any) -> None:
        self.counted["clicks"] += 1
        what.click()
        self.page.wait_for_load_state()

    def start(self) -> None:
        page = self.page
        page.goto("/")
        page.get_by_role("link", name="Start with your school").first.click()
        page.get_by_label("Name of your school").fill("Lycée de Metz")
        page.get_by_label("Country").select_option("FR")
        page.get_by_label("Your name").fill("Claire")
        page.get_by_label("E-mail address").fill("claire@metz.example")
        page.get_by_label("I have read").check()
        page.locator("main form button[type=submit]").first.click()
        while not (letters := self.house.mails_to("claire@metz.example")):
            time.sleep(0.1)
        page.get_by_label("Code").fill(re.search(r"\d{4}-\d{4}", letters[-1]["Subject"])[0])  # type: ignore[index]
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_url("**/")

    def bring(self, name: str, content: bytes, was: list[Row]) -> None:
        """From Today to a clean book; ``was`` says of each row what stood there the year before."""
        page, begun = self.page, time.monotonic()
        self.counted.clear(), self.seconds.clear()
        if page.get_by_role("link", name="Import a file").count() == 0:
            self.click(page.get_by_role("link", name="Employers").first)
        self.click(page.get_by_role("link", name="Import a file").first)
        page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
        self.counted["clicks"] += 2  # the button of the browser, and the file
        self.click(page.get_by_role("button", name="Look it through"))
        go = page.get_by_role("button", name=re.compile(r"Import [\d,]+ rows?")).first
        go.wait_for(timeout=120_000)
        self._figures("looked through")
        while (unclear := page.get_by_role("link", name=re.compile(r"^unclear", re.IGNORECASE))).count() and self._decide(
            unclear, was
        ):
            pass
        self._figures("decided")
        self.click(go)
        page.get_by_role("link", name="Go to the book").wait_for(timeout=120_000)
        self._figures("done")
        print(f"  {dict(self.counted)}, server {self.seconds['server']:.1f} s, in all {time.monotonic() - begun:.0f} s")

    def _decide(self, unclear: Any, was: list[Row]) -> int:
        """Say of each row what is right: the employer that stood there before, else a new one."""
        page = self.page
        if not page.locator("input[name^=row_]").count():
            self.click(unclear.first)
        decided = 0
        for row in page.locator("fieldset:has(input[name^=row_])").all():
            if not row.locator("input[value=later]:checked, input[value='']:checked").count():
                continue
            number = int(re.search(r"\d+", row.inner_text())[0])  # type: ignore[index]
            before = was[number - 2] if number - 2 < len(was) else {}
            street = f"{before['numerorue']} {before['libellerue']}".strip() if before else ""
            options = row.get_by_role("radio").all()
            labels = [option.evaluate("input => input.labels[0].innerText") for option in options]
            meant = [at for at, label in enumerate(labels) if street and f", {street}, " in label]
            new = [at for at, label in enumerate(labels) if label.startswith(("A new", "Take"))]
            options[(meant + new + [0])[0]].check()
            self.counted.update(clicks=1, decisions=1)
            decided += 1
        if decided:
            self.click(page.get_by_role("button", name="Keep these decisions"))
        return decided

    def merge(self) -> None:
        """Go through the pairs that look alike, and make one of each as is proposed."""
        page, begun = self.page, time.monotonic()
        self.counted.clear(), self.seconds.clear()
        page.goto("/engagement/duplicates/")
        while (pairs := page.locator("#duplicates th a")).count():
            self.click(pairs.first)
            self.click(page.get_by_role("button", name="Merge into one"))
            page.goto("/engagement/duplicates/")
            self.counted.update(clicks=1, decisions=1)
        print(f"  merged: {dict(self.counted)}, server {self.seconds['server']:.1f} s, in all {time.monotonic() - begun:.0f} s")

    def _figures(self, when: str) -> None:
        told = [" ".join(text.split()) for text in self.page.locator("main .stat").all_inner_texts()]
        print(f"  {when}: {', '.join(told)}")


def dump(house: Installation) -> Any:
    return json.loads(house.run("shell", "--no-imports", "-c", DUMP).stdout.splitlines()[-1])


def judge(years: Years, before: Any, after: Any) -> None:
    """Say for each kind of change how often the book is right now. The changed ones have names that nobody else has."""
    held = {_plain(name): pk for pk, name, _trade, _sites in before["book"]}
    now = {pk: (_plain(name), sites) for pk, name, _trade, sites in after["book"]}
    there = {pk for pk, *_rest in before["book"]}
    new = {name: pk for pk, (name, _sites) in now.items() if pk not in there}
    pairs = {frozenset(pair[:2]) for pair in after["pairs"]}
    told: dict[str, Counter[str]] = {}
    same = set()
    for kind, was, row in years.known:
        pk, name = held.get(_plain(was.get("raisonsociale", "")), 0), _plain(row["raisonsociale"])
        sites = now[pk][1] if pk else []
        again = frozenset((pk, new[name])) if name in new else frozenset()
        match kind:
            case "renamed":
                right = now[pk][0] == name
            case "moved":
                right = any(site[1] == f"{row['numerorue']} {row['libellerue']}" for site in sites)
            case "closed":
                right = all(site[3] for site in sites)
            case "telephone":
                right = any(site[2] for site in sites)
            case "new":
                right = name in new
            case _:
                right = not again
        outcome = (
            "right" if right else "there twice, and shown as a pair" if again in pairs else "there twice" if again else "wrong"
        )
        told.setdefault(kind, Counter())[outcome] += 1
        same.add(again)
    for kind, counted in told.items():
        print(f"  {kind}: {dict(counted)}")
    print(f"  pairs that look alike and are two: {len(pairs - same)}")
    unasked = new.keys() - {_plain(row["raisonsociale"]) for _kind, _was, row in years.known}
    print(f"  new employers that nobody added: {sorted(unasked)}")


def main() -> None:
    years = Years(Path(sys.argv[1]), seed=3)
    headings = [heading for heading in years.headings if heading != "siret" or "--without-numbers" not in sys.argv]
    with (
        tempfile.TemporaryDirectory() as folder,
        installation(Path(folder), demo=False) as house,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(**CHROMIUM)
        page = browser.new_page(viewport={"width": 1280, "height": 900}, base_url=house.url, locale="en-GB")
        page.set_default_timeout(60_000)
        user = NewUser(page, house)
        user.start()
        print(f"First year: {len(years.first)} rows")
        user.bring("2025.csv", written(years.first, [heading for heading in headings if heading != "telephone"]), [])
        time.sleep(20)  # who is in the book twice is looked for by itself
        before = dump(house)
        print(f"  {len(before['book'])} employers, pairs that look alike: {_by_likelihood(before)}")
        print(f"Second year: {len(years.second)} rows, of which {sum(CHANGES.values())} are changed, gone or new")
        page.goto("/")
        user.bring(
            "2026.csv",
            written(years.second, headings),
            years.was,
        )
        time.sleep(20)
        after = dump(house)
        print(f"  {len(after['book'])} employers, pairs that look alike: {_by_likelihood(after)}")
        judge(years, before, after)
        user.merge()
        print(f"  {len(dump(house)['book'])} employers")
        browser.close()


def _plain(name: str) -> str:
    return " ".join(name.split())


def written(rows: list[Row], headings: list[str]) -> bytes:
    """Return a list as a file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, headings, delimiter=";", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _by_likelihood(told: Any) -> dict[str, int]:
    scores = [score for _first, _second, score in told["pairs"]]
    return {f"from {least} %": sum(score >= least for score in scores) for least in (60, 80, 95)}


if __name__ == "__main__":
    main()
