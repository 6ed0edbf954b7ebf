"""The demo's employer books: a year of calls, visits and promises, loaded through the actions people use.

A school's book is a folder under ``data/demo``. ``threads-*.yaml`` tell the stories of some employers in full; ``book.yaml``
names the others, which take one of its courses of events, who of them was written down twice, and what people agreed to;
``plan.yaml`` is what the school said in the interview, and how it follows the plan it made from that. Whatever is left to
chance comes out the same each time.

Moments are relative to the day of loading, so that the demo never grows old: ``-44w tue 10:20`` is Tuesday forty-four weeks
before this one, ``-3d`` three working days ago, ``0d`` today (on a weekend the next Monday), ``+2d`` two working days after that.
``[[+3w mon]]`` inside a text becomes such a day in the text's language.

The lines of a story, in the order in which they happened::

    - call: -3w wed 09:30 buero        # or visit, mail, meeting, event, message; then with whom
      did: workplace_tour              # what was done together, if it was more than a talk
      said: …                          # it fulfils the promise made last, unless it `keeps` it
      next: -1d, what to do            # the promise that came out of it
    - moved: -8w thu 16:45 to -3w wed  # the promise made last is moved, done or dropped, with a `word`
    - left: -18w fri 16:00 lamp              # somebody left the employer
    - silence: -33w thu 16:10 achter   # somebody asked not to be written to
    - handed: -1d 09:10 to a.colleague # the employer is looked after by somebody else from now on
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import count, pairwise
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.text import slugify
from django.utils.timezone import now
from django.utils.translation import gettext as _

from guildhall.engagement import actions
from guildhall.engagement.demo_letters import write_letters
from guildhall.engagement.demo_plans import write_plan
from guildhall.engagement.methodology.content import read
from guildhall.engagement.models import Contact, Employer, Methodology, NextStep, Position
from guildhall.engagement.needs.demo import tell_needs
from guildhall.engagement.portfolio import counted_by_month
from guildhall.engagement.purposes import PURPOSES
from guildhall.people.actions import load_statements
from guildhall.people.hooks import DemoStage
from guildhall.people.models import Kind, Membership, Organisation, Site, User

BOOKS = Path(__file__).parent / "data" / "demo"

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
HOLIDAYS = {(1, 1), (5, 1), (12, 24), (12, 25), (12, 26), (12, 31)}
#: What a role is called in the files, and the field of ``Position`` that says so.
ROLES = {"decides": "decides", "signs": "signs", "trains": "trains", "personnel": "handles_personnel"}
#: At which hours somebody at school does such a thing, and how many minutes later they have written it down.
OFFICE_HOURS = {"call": (8, 15), "visit": (9, 14), "mail": (8, 16), "meeting": (10, 15), "event": (15, 17), "message": (8, 16)}
MINUTES_UNTIL_WRITTEN_DOWN = {"visit": 95, "meeting": 70, "event": 150}
#: Telephone numbers nobody has: in Germany those reserved for films, elsewhere under area codes that do not exist.
TELEPHONES = {"DE": "+49 30 23125 {:03}", "PT": "+351 200 010 {:03}", "ES": "+34 100 000 {:03}", "PL": "+48 10 000 0{:03}"}

_DAY = re.compile(r"([+-]?\d+)([wd])(?: (mon|tue|wed|thu|fri|sat|sun))?")
_MOMENT = re.compile(rf"(?P<day>{_DAY.pattern}) (?P<time>\d\d:\d\d) ?(?P<rest>.*)")
_DAY_IN_TEXT = re.compile(r"\[\[(.+?)\]\]")


def stage() -> DemoStage:
    return DemoStage(position=20, sentence=_("Two employer books with a year of contacts"), load=load)


def stage_of_tools() -> DemoStage:
    return DemoStage(position=35, sentence=_("The tools of the methodology"), load=load_tools)


def load_tools(today: date) -> None:
    """Have the association publish the tools; a worker does it, since it takes a while to print them all."""
    manager = Membership.objects.managing().filter(organisation__kind=Kind.ASSOCIATION).select_related("user").earliest("pk")
    if Methodology.objects.exists():
        actions.publish_tools(manager.organisation, by=manager.user, at=now())


def load(today: date) -> None:
    """Write the books of all schools that have one under ``data/demo``."""
    load_statements(by=None, at=now())
    if Methodology.objects.newest() is None:
        shipped = read(settings.CONTENT / "methodology", list(settings.ALL_LANGUAGES))
        actions.load_methodology(content=shipped, by=None, at=now())
    for folder in sorted(BOOKS.iterdir()):
        _Book(folder, today).write()


def day_of(words: str, today: date) -> date:
    """Return the day meant by "-44w tue" or "-3d".

    Raises:
        ValueError: it is written otherwise.
    """
    said = _DAY.fullmatch(words.strip())
    if said is None or (said[2] == "w") != bool(said[3]):
        raise ValueError(f"Not a day: {words!r}")
    number = int(said[1])
    if said[2] == "w":
        monday = today - timedelta(days=today.weekday())
        return _before_a_holiday(monday + timedelta(weeks=number, days=WEEKDAYS.index(said[3])))
    return _before_a_holiday(_working_day(today, number))


def _before_a_holiday(day: date) -> date:
    """Return the day itself, or where offices are closed all over Europe the working day before."""
    while (day.month, day.day) in HOLIDAYS:
        day = _working_day(day, -1)
    return day


def _working_day(today: date, number: int) -> date:
    """Return the working day that many after (or before) today; none after is today, or Monday when today is a weekend."""
    one = timedelta(days=1 if number >= 0 else -1)
    day = today
    while day.weekday() >= 5:
        day += one
    remaining = abs(number) - (number < 0 and day != today)
    while remaining > 0:
        day += one
        remaining -= day.weekday() < 5
    return day


def _with_days(text: str, today: date, language: str) -> str:
    with translation.override(language):
        return _DAY_IN_TEXT.sub(lambda said: date_format(day_of(said[1], today), "MONTH_DAY_FORMAT"), text)


class _Book:
    """The book of one school while it is being written."""

    def __init__(self, folder: Path, today: date) -> None:
        self.folder = folder
        self.plan = _read(folder / "book.yaml")
        self.threads = [thread for path in sorted(folder.glob("threads-*.yaml")) for thread in _read(path)]
        self.needs = _read(folder / "needs.yaml")
        self.letters = _read(folder / "letters.yaml")
        self.today = today
        # The same book each time is what is wanted.
        self.chance = Random(folder.name)  # noqa: S311
        self.telephones = {country: count(201) for country in TELEPHONES}
        self.numbers = count(1)
        self.school = Organisation.objects.get(name=self.plan["school"])
        self.zone = ZoneInfo(self.school.time_zone)
        staff = User.objects.filter(memberships__organisation=self.school).distinct()
        self.colleagues = {user.email.partition("@")[0]: user for user in staff}
        self.coordinator = self.colleagues[self.plan["colleagues"][0]]

    def write(self) -> None:
        for thread in self.threads:
            self._tell(thread)
        for line in self.plan["employers"]:
            self._sketch(line)
        for line in self.plan["twice"]:
            self._write_again(line)
        for line in self.plan["answers"]:
            self._answer(line)
        if (plan := self.folder / "plan.yaml").exists():
            write_plan(
                plan,
                self.school,
                colleagues=self.colleagues,
                day=lambda words: day_of(words, self.today),
                moment=lambda words: self._moment(words)[0],
            )
        tell_needs(
            self.needs,
            employer_named=self._employer_named,
            moment=lambda words: self._moment(words)[0],
            by=self.coordinator,
            language=self.plan["language"],
        )
        write_letters(
            self.school,
            self.letters,
            colleagues=self.colleagues,
            moment=lambda words: self._moment(words)[0],
            language=self.plan["language"],
        )
        actions.keep_portfolio(self.school, months=counted_by_month(self.school, self.today), by=None, at=now())

    # --- Employers ---------------------------------------------------------------------------------------------------

    def _add(self, *, name: str, country: str, at: datetime, **facts: Any) -> Employer:
        form = re.search(r"GmbH|AG|UG|KG|e\. K\.|Lda\.|C\.R\.L\.|S\.A\.|S\.L\.|sp\. z o\.o\.", name)
        number = next(self.numbers)
        return actions.add_employer(
            self.school,
            name=name,
            country=country,
            register_number=_register_number(country, number) if form or country == "PT" else "",
            at=at,
            **facts,
        )

    def _site(self, site: dict[str, Any], country: str) -> dict[str, Any]:
        """Complete a site with what its town says, and a telephone."""
        postal_code, latitude, longitude = self.plan["towns"][site["town"]]
        return {
            **site,
            "postal_code": postal_code,
            "latitude": round(latitude + self.chance.uniform(-0.012, 0.012), 4),
            "longitude": round(longitude + self.chance.uniform(-0.016, 0.016), 4),
            "country": country,
            "phone": self._telephone(country),
        }

    def _telephone(self, country: str) -> str:
        return TELEPHONES[country].format(next(self.telephones[country]))

    def _add_person(
        self,
        employer: Employer,
        *,
        name: str,
        title: str,
        does: str,
        domain: str,
        email: bool,
        language: str,
        site: Site | None = None,
        since: date | None = None,
        at: datetime,
    ) -> Position:
        person = {
            "name": name,
            "email": f"{_mailbox(name)}@{domain}.example" if email else "",
            "phone": self._telephone(employer.organisation.country),
            "language": language,
        }
        does_this = {ROLES[role]: True for role in does.split()}
        position = {"title": title, "site": site, "since": since, **does_this}
        return actions.add_person(employer, person=person, position=position, by=self.coordinator, at=at)

    # --- Stories told in full ------------------------------------------------------------------------------------------

    def _tell(self, thread: dict[str, Any]) -> None:
        """Add an employer and let its story take place."""
        country = thread.get("country", self.plan["country"])
        language = thread.get("language", self.plan["language"])
        events = [self._event(line) for line in thread["story"]]
        for earlier, later in pairwise(events):  # a holiday may have pushed one before the other
            later["at"] = max(later["at"], earlier["at"] + timedelta(minutes=10))
        added_at = events[0]["at"] - timedelta(minutes=25)
        first_site, *more_sites = thread["sites"]
        employer = self._add(
            name=thread["name"],
            trade_name=thread.get("trade_name", ""),
            country=country,
            nace=thread["nace"],
            size_band=thread["size"],
            website=f"https://{thread['domain']}.example",
            site=self._site(first_site, country),
            note=thread.get("note", ""),
            owner=self.colleagues[thread["owner"]],
            by=self.coordinator,
            at=added_at,
        )
        for site in more_sites:
            actions.add_site(employer, site=self._site(site, country), by=self.coordinator, at=added_at)
        sites = list(employer.organisation.sites.order_by("pk"))
        positions: dict[str, Position] = {}

        def join(person: dict[str, Any], at: datetime) -> None:
            joins = "joins" in person
            positions[person["key"]] = self._add_person(
                employer,
                name=person["name"],
                title=person["title"],
                does=person["does"],
                domain=thread["domain"],
                email=person.get("email", True),
                language=person.get("language", language),
                site=sites[person["site"] - 1] if "site" in person else None,
                since=at.date() if joins else None,
                at=at,
            )

        waiting = []
        for person in thread["people"]:
            if "joins" in person:
                waiting.append((self._moment(person["joins"])[0], person))
            else:
                join(person, added_at)

        owner = self.colleagues[thread["owner"]]
        promises: list[NextStep] = []
        for event in events:
            while waiting and waiting[0][0] <= event["at"]:
                join(waiting[0][1], waiting.pop(0)[0])
            by, at = self.colleagues[event["by"]] if "by" in event else owner, event["at"]
            match event["kind"]:
                case "moved":
                    due_on = day_of(event["rest"].removeprefix("to "), self.today)
                    promises[-1] = actions.move_step(promises[-1], due_on=due_on, word=event["word"], by=by, at=at)
                case "done":
                    actions.finish_step(promises.pop(), word=event["word"], by=by, at=at)
                case "dropped":
                    actions.drop_step(promises.pop(), word=event["word"], by=by, at=at)
                case "left":
                    actions.end_position(positions[event["rest"]], until=at.date(), by=by, at=at)
                case "silence":
                    actions.forbid_writing(positions[event["rest"]].person, by=by, at=at)
                case "handed":
                    owner = self.colleagues[event["rest"].removeprefix("to ")]
                    actions.hand_over_employer(employer, owner=owner, by=by, at=at)
                case kind:
                    due, _comma, what = event.get("next", "").partition(", ")
                    fulfilled = promises.pop() if promises and not event.get("keeps") else None
                    contact = self._record(
                        employer,
                        kind=kind,
                        activity=event.get("did", ""),
                        held_at=at,
                        said=_with_days(event["said"], self.today, event.get("language", language)),
                        people=[positions[key].person for key in event["rest"].split()],
                        next_what=what,
                        next_due_on=day_of(due, self.today) if due else None,
                        closes=fulfilled,
                        by=by,
                    )
                    promises.extend(contact.next_steps.all())

    def _event(self, line: dict[str, Any]) -> dict[str, Any]:
        kind = next(iter(line))
        at, rest = self._moment(line[kind])
        return {**line, "kind": kind, "at": at, "rest": rest}

    def _moment(self, words: str) -> tuple[datetime, str]:
        """Split "-3w wed 09:30 buero" into the moment and what follows."""
        said = _MOMENT.fullmatch(words)
        if said is None:
            raise ValueError(f"Not a moment: {words!r}")
        day = day_of(said["day"], self.today)
        return datetime.combine(day, time.fromisoformat(said["time"]), self.zone), said["rest"]

    def _record(self, employer: Employer, *, kind: str, held_at: datetime, **contact: Any) -> Contact:
        written_down_at = held_at + timedelta(minutes=MINUTES_UNTIL_WRITTEN_DOWN.get(kind, 10))
        return actions.record_contact(employer, kind=kind, held_at=held_at, at=written_down_at, **contact)

    # --- Employers known less well ---------------------------------------------------------------------------------------

    def _sketch(self, line: list[str]) -> None:
        """Add an employer and let one of the courses of events take place there."""
        name, street, town, nace, size, person_name, title, does, course = line
        elsewhere = self.plan["courses_elsewhere"].get(course, {})
        language = elsewhere.get("language", self.plan["language"])
        country = self._country(self.plan["towns"][town][0])
        owner = self.colleagues[elsewhere.get("by") or self.chance.choice(self.plan["colleagues"])]
        domain = _domain(name)
        moments = list(self._moments(elsewhere.get("steps") or self.plan["courses"].get(course, [])))
        # Without anything told of it, an employer stands in the book since the beginning, or has just been added.
        added_at = moments[0][0] - timedelta(days=3) if moments else self._silent_since()
        employer = self._add(
            name=name,
            country=country,
            nace=nace,
            size_band=size,
            website=f"https://{domain}.example" if self.chance.random() < 0.6 else "",
            site=self._site({"street": street, "town": town}, country),
            owner=owner if moments or self.chance.random() < 0.6 else None,
            by=self.coordinator,
            at=added_at,
        )
        first = self._add_person(
            employer, name=person_name, title=title, does=does, domain=domain, email=True, language=language, at=added_at
        )
        if size != "1-9" and self.chance.random() < 0.6 and language == self.plan["language"]:
            self._add_second_person(employer, domain, added_at)
        if not moments:
            return
        words = {**self.plan, **self.plan["words_in"].get(language, {})}
        promise: NextStep | None = None
        for held_at, step, variant in moments:
            fills = {
                "person": person_name,
                "town": town,
                "group": self.chance.choice(words["groups"]),
                "machine": self.chance.choice(words["machines"]),
            }
            said = step["said"][variant % len(step["said"])].format_map(fills)
            following = step.get("next", [])
            contact = self._record(
                employer,
                kind=step["kind"],
                activity=step.get("did", ""),
                held_at=held_at,
                said=_with_days(said, held_at.date(), language),
                people=[] if course == "unreachable" else [first.person],
                next_what=following[variant % len(following)] if following else "",
                next_due_on=self._workday(held_at.date() + timedelta(days=self.chance.randint(5, 18))) if following else None,
                closes=promise,
                by=owner,
            )
            promise = contact.next_steps.first()
        if promise is not None:
            self._settle(promise, words, owner)

    def _write_again(self, line: dict[str, Any]) -> None:
        """Write an employer down as somebody did who did not see that it stands in the book already."""
        first = self._employer_named(line["of"])
        known, somebody = first.organisation.sites.get(), first.positions.earliest("pk").person
        by, at = self.colleagues[line["by"]], self._moment(line["at"])[0]
        place = {name: getattr(known, name) for name in ("postal_code", "town", "country", "phone")}
        again = self._add(
            name=line["name"],
            country=first.organisation.country,
            site={**place, "street": line["street"]},
            owner=by,
            by=by,
            at=at - timedelta(minutes=20),
        )
        person = {"name": line["person"], "phone": somebody.phone, "language": somebody.language}
        held = actions.add_person(again, person=person, position={"title": line["title"]}, by=by, at=at - timedelta(minutes=15))
        due, _comma, what = line.get("next", "").partition(", ")
        contact = {"said": line["said"], "people": [held.person], "next_what": what, "closes": None, "by": by}
        self._record(again, kind="call", held_at=at, next_due_on=day_of(due, self.today) if due else None, **contact)
        if line.get("silence"):
            actions.forbid_writing(held.person, by=by, at=at + timedelta(minutes=10))

    def _answer(self, line: dict[str, Any]) -> None:
        """Note what somebody said about being written to, called or shown to learners."""
        person = self._employer_named(line["of"]).positions.earliest("pk").person
        at = self._moment(line["at"])[0]
        for purpose in PURPOSES:
            if purpose.key in line:
                said = {"agreed": line[purpose.key], "how": line["how"], "note": line.get("note", "")}
                actions.note_answer(person, purpose=purpose, given_at=at, **said, by=self.coordinator, at=now())

    def _employer_named(self, name: str) -> Employer:
        return Employer.objects.select_related("organisation", "school").get(school=self.school, organisation__name=name)

    def _add_second_person(self, employer: Employer, domain: str, at: datetime) -> None:
        title, does = self.chance.choice(self.plan["second_people"])
        name = f"{self.chance.choice(self.plan['given'])} {self.chance.choice(self.plan['family'])}"
        language = self.plan["language"]
        email = self.chance.random() < 0.7
        self._add_person(employer, name=name, title=title, does=does, domain=domain, email=email, language=language, at=at)

    def _moments(self, course: list[dict[str, Any]]) -> Iterator[tuple[datetime, dict[str, Any], int]]:
        """Yield when each step of a course took place, as far as it has, and in which words; some take place twice."""
        week = self.chance.randint(-50, -8)
        words = [self.chance.randrange(12) for _step in course]
        for cycle in range(2 if len(course) > 3 and self.chance.random() < 0.6 else 1):
            for step, variant in zip(course, words, strict=True):
                while self._is_between_the_years(week):
                    week += 1
                if week >= 0:
                    return
                first, last = OFFICE_HOURS[step["kind"]]
                day = day_of(f"{week}w {self.chance.choice(WEEKDAYS[:5])}", self.today)
                at = time(self.chance.randint(first, last), self.chance.randrange(0, 60, 5))
                yield datetime.combine(day, at, self.zone), step, variant + cycle
                week += self.chance.randint(*step.get("gap", [1, 2]))
            week += self.chance.randint(8, 14)

    def _is_between_the_years(self, week: int) -> bool:
        days = [day_of(f"{week}w {weekday}", self.today) for weekday in WEEKDAYS]
        return any((day.month, day.day) in {(12, 25), (1, 1)} for day in days)

    def _silent_since(self) -> datetime:
        week = self.chance.choice([-52, -52, -7, -4, -2])
        return datetime.combine(day_of(f"{week}w tue", self.today), time(16, 10), self.zone)

    def _settle(self, promise: NextStep, words: dict[str, Any], by: User) -> None:
        """Let a promise that would be overdue have been done, dropped or moved on: overdue is only what a story tells."""
        if promise.due_on > self.today:
            return
        at = datetime.combine(self._workday(promise.due_on), time(self.chance.randint(8, 15), 35), self.zone)
        at -= timedelta(days=3 if at.weekday() == 0 else 1)
        ending = self.chance.choices(["done", "dropped", "moved"], [5, 2, 2])[0]
        word = self.chance.choice(words[f"words_{ending}"])
        if ending == "done":
            actions.finish_step(promise, word=word, by=by, at=at)
        elif ending == "dropped":
            actions.drop_step(promise, word=word, by=by, at=at)
        else:
            actions.move_step(promise, due_on=day_of(f"+{self.chance.randint(2, 25)}d", self.today), word=word, by=by, at=at)

    def _workday(self, day: date) -> date:
        return _before_a_holiday(day + timedelta(days=7 - day.weekday() if day.weekday() >= 5 else 0))

    def _country(self, postal_code: str) -> str:
        """Read the country off a postal code: 59-900 is Polish, 7350-201 Portuguese, 06001 Spanish beside Portugal."""
        if re.fullmatch(r"\d\d-\d{3}", postal_code):
            return "PL"
        if self.plan["country"] == "PT" and "-" not in postal_code:
            return "ES"
        return self.plan["country"]


def _read(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506


def _plain(name: str) -> str:
    return name.lower().translate({ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue", ord("ß"): "ss", ord("ł"): "l", ord("/"): " "})


def _domain(name: str) -> str:
    """Return "elektro-wackelkontakt" for Elektro Wackelkontakt e. K., without the legal form and the little words."""
    words = [word for word in name.split() if len(word) > 3 and word != "GmbH" and not word.endswith((".", ")"))]
    return slugify(_plain(" ".join(words[-2:])))


def _mailbox(name: str) -> str:
    """Return "jonna.finkenbeiner" for Jonna Finkenbeiner, titles left out."""
    words = [slugify(_plain(word)) for word in name.split() if not word.endswith((".", ".ª", ".º"))]
    return ".".join(dict.fromkeys([words[0], words[-1]]))


def _register_number(country: str, number: int) -> str:
    """Return a number as the country's register gives them, from ranges it has not reached."""
    if country == "DE":
        return f"HRB {990000 + number}"
    if country == "PL":
        return f"00099{90000 + number}"
    if country == "ES":
        return f"B069{9900 + number}"
    digits = f"5999{8000 + number}"
    rest = sum(int(digit) * weight for digit, weight in zip(digits, range(9, 1, -1), strict=True)) % 11
    return f"{digits}{0 if rest < 2 else 11 - rest}"
