"""What rows mean for a book: which firm and which site each is about, and what it brings. Nothing here reads or writes anything.

A firm is recognised by its register number. Without one it is the same if the name is the same and so is the place, the town or
the domain on the web; the name alone proves nothing, and somebody has to decide. A site is recognised by its number, else by
its address.

What a file says about a firm is taken from all its rows together (``Told``), so that it does not matter which comes first. Of
rows that contradict each other about one site the first counts, and the others are unclear: the same file twice changes nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from django.utils.formats import date_format, localize
from django.utils.translation import gettext as _

from guildhall.engagement.importing.choosing import LEAVE, NEW, Answers, Question, Unclear, is_left_out, settled
from guildhall.engagement.importing.mapping import FIELDS
from guildhall.engagement.importing.naming import domain_of, folded, name_key, street_key, town_key
from guildhall.engagement.importing.numbers import digits
from guildhall.engagement.importing.past import Promised, Spoken
from guildhall.engagement.importing.sameness import (
    called_the_same,
    domains,
    doors_agree,
    has_place,
    in_same_town,
    is_same_place,
    place_words,
    several_called,
    which_site,
)
from guildhall.engagement.importing.understanding import Row

FIRM_FIELDS = ("name", "trade_name", "country", "register_number", "nace", "size_band", "website")
PLACE_FIELDS = (
    "name", "register_number", "street", "postal_code", "town", "country", "latitude", "longitude", "phone", "email", "closed_on",
)  # fmt: skip
PERSON_FIELDS = ("name", "email", "phone")
_BANDS = ("", "0", "1-9", "10-49", "50-249", "250+")
_FROM_ROW = ("street", "postal_code", "town", "latitude", "longitude", "phone", "email", "closed_on")
#: Values of which another spelling says the same.
_SPELLED: dict[str, Callable[[str], str]] = {"street": street_key, "town": town_key, "name": name_key, "phone": digits}
_LABELS = {"register_number": "firm_number", "nace": "sector", "size_band": "size"}


class Outcome(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    UNCLEAR = "unclear"
    WRONG = "wrong"
    LEFT_OUT = "left_out"


#: What rows are counted as. What somebody has left out is counted apart, for no file says that by itself.
COUNTED = tuple(outcome for outcome in Outcome if outcome != Outcome.LEFT_OUT)


@dataclass(eq=False, slots=True)
class Someone:
    """A person at a firm. ``pk`` is None while they are only planned, ``position_pk`` while their work there is."""

    name: str
    email: str = ""
    phone: str = ""
    title: str = ""
    pk: int | None = None
    position_pk: int | None = None
    place: Place | None = None
    dirty: dict[str, Any] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Place:
    """A site, held or planned (``pk`` None). ``told``: the row that gave a value; ``dirty``: what is to be written, as it was."""

    name: str = ""
    register_number: str = ""
    street: str = ""
    postal_code: str = ""
    town: str = ""
    country: str = ""
    latitude: float | None = None
    longitude: float | None = None
    phone: str = ""
    email: str = ""
    closed_on: date | None = None
    pk: int | None = None
    dirty: dict[str, Any] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Firm:
    """An employer, held or planned. ``ours`` is false for one that keeps its own record, which no file changes."""

    name: str
    trade_name: str = ""
    country: str = ""
    register_number: str = ""
    nace: str = ""
    size_band: str = ""
    website: str = ""
    note: str = ""
    pk: int | None = None
    employer_pk: int | None = None
    ours: bool = True
    places: list[Place] = field(default_factory=list)
    people: list[Someone] = field(default_factory=list)
    contacts: list[Spoken] = field(default_factory=list)
    next_steps: list[Promised] = field(default_factory=list)
    dirty: dict[str, Any] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)

    @property
    def shown_name(self) -> str:
        return self.trade_name or self.name

    @property
    def name_keys(self) -> set[str]:
        return {name_key(name) for name in (self.name, self.trade_name) if name}


class Book:
    """The firms that may be meant by some rows, found by number and by name; and who of us is called what."""

    def __init__(self, colleagues: Mapping[str, int] = MappingProxyType({})) -> None:
        self.colleagues = colleagues
        self.firms: dict[int, Firm] = {}
        self.acquaintances: dict[tuple[str, str], int] = {}
        """People the school knows anywhere, by e-mail address and folded name."""
        self._by_number: dict[tuple[str, str], Firm] = {}
        self._by_site_number: dict[tuple[str, str], Firm] = {}
        self._by_name: dict[str, list[Firm]] = defaultdict(list)

    def add(self, firm: Firm) -> None:
        if firm.pk is not None:
            self.firms[firm.pk] = firm
        for key in firm.name_keys:
            self._by_name[key].append(firm)
        self.note_numbers(firm)

    def note_numbers(self, firm: Firm) -> None:
        """Learn the numbers a firm and its sites have got."""
        if firm.register_number:
            self._by_number[firm.country, firm.register_number] = firm
        for place in firm.places:
            if place.register_number:
                self._by_site_number[firm.country, place.register_number] = firm

    def numbered(self, row: Row) -> Firm | None:
        """The firm that has the row's number; without one, the firm that has the row's site."""
        if row.firm_number:
            return self._by_number.get((row.country, row.firm_number))
        return self._by_site_number.get((row.country, row.site_number)) if row.site_number else None

    def named(self, row: Row) -> list[Firm]:
        """The firms of the row's country that bear its name, as their own or on the door."""
        return [firm for firm in self._by_name.get(name_key(row.name), ()) if firm.country == row.country]


@dataclass(frozen=True, slots=True)
class Says:
    """What a file says about a firm as a whole; ``door`` is a name on one of its doors, where its own would not tell it apart."""

    name: str
    trade_name: str
    door: str
    nace: str
    size_band: str
    website: str


class Told:
    """What all rows of a file together say about each firm that has a number."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
        self._bearers: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for row in rows:
            if row.firm_number:
                self._rows[row.country, row.firm_number].append(row)
                self._bearers[name_key(row.name)].add((row.country, row.firm_number))

    def about(self, row: Row) -> Says:
        """The name and sector most rows give, the size of the largest site, the trade name if all have the same.

        Where they have several, and the name is no firm's own (the file gives it to others too), one of them stands for the firm.
        """
        rows = self._rows.get((row.country, row.firm_number)) if row.firm_number else None
        if not rows or len(rows) == 1:
            return Says(row.name, row.trade_name, "", row.nace, row.size_band, row.website)
        doors = {one.trade_name for one in rows}
        name = _commonest(one.name for one in rows)
        needs_door = len(doors) > 1 and len(self._bearers[name_key(name)]) > 1
        return Says(
            name=name,
            trade_name=doors.pop() if len(doors) == 1 else "",
            door=_commonest(one.trade_name for one in rows) if needs_door else "",
            nace=_commonest(one.nace for one in rows),
            size_band=max((one.size_band for one in rows), key=_BANDS.index),
            website=_commonest(one.website for one in rows),
        )


def _commonest(values: Iterable[str]) -> str:
    counted = Counter(value for value in values if value)
    return min(counted, key=lambda value: (-counted[value], value), default="")  # whatever the order of the rows


@dataclass(frozen=True, slots=True)
class Change:
    """A value of the book that a row replaces."""

    what: str
    before: Any
    after: Any

    def __str__(self) -> str:
        label = FIELDS.get(_LABELS.get(self.what, self.what), self.what)
        values = {"field": label, "before": _shown(self.before), "after": _shown(self.after)}
        if self.before in ("", None):
            return _("%(field)s: “%(after)s” is added.") % values
        return _("%(field)s: “%(before)s” becomes “%(after)s”.") % values


def _shown(value: Any) -> str:
    return date_format(value, "SHORT_DATE_FORMAT") if isinstance(value, date) else str(localize(value))


@dataclass(slots=True)
class Decision:
    """What becomes of a row, and why somebody should look at it: it replaces something, or not all of it can go in.

    Nothing is planned for one that is unclear, wrong or left out. Of what was asked, or would be asked again if nobody had
    answered, ``question`` says what it is, ``among`` who or what may be meant, and ``chosen`` the answer if there is one.
    """

    row: Row
    outcome: Outcome
    reason: str = ""
    firm: Firm | None = None
    place: Place | None = None
    someone: Someone | None = None
    is_new_firm: bool = False
    is_new_place: bool = False
    is_new_person: bool = False
    is_new_contact: bool = False
    question: str = ""
    among: Sequence[Any] = ()
    chosen: str = ""


def plan(
    rows: Sequence[Row], book: Book, told: Told, answers: Mapping[int, Answers] = MappingProxyType({})
) -> Iterator[Decision]:
    """Decide row after row, and plan into the book what each brings; ``answers`` are what somebody has said, by number of row."""
    for row in rows:
        if row.wrong:
            yield Decision(row, Outcome.WRONG, row.wrong)
            continue
        deciding = _Deciding(row, book, told.about(row), answers.get(row.number, {}))
        if is_left_out(deciding.answers):
            yield Decision(row, Outcome.LEFT_OUT, question=Question.NONE, chosen=LEAVE)
            continue
        try:
            decision = deciding.decide()
        except Unclear as unclear:
            yield Decision(row, Outcome.UNCLEAR, str(unclear), question=unclear.question, among=unclear.among)
            continue
        if row.remark and (decision.outcome != Outcome.UNCHANGED or row.loses_contact):
            decision.reason = f"{decision.reason} {row.remark}".strip()
        if deciding.asked is not None:
            decision.question, decision.among, decision.chosen = deciding.asked
        yield decision


class _Deciding:
    """One row being decided. Everything is compared first; only then is anything planned, so that a row goes in as a whole."""

    def __init__(self, row: Row, book: Book, says: Says, answers: Answers) -> None:
        self.row, self.book, self.says, self.answers = row, book, says, answers
        self.planned: list[tuple[Firm | Place | Someone, Change]] = []
        self.asked: tuple[Question, Sequence[Any], str] | None = None

    def decide(self) -> Decision:
        row = self.row
        firm = self.book.numbered(row) or self._by_name()
        if firm is None:
            return self._new_firm()
        if not firm.ours:
            return self._somebody_elses(firm)
        place, is_new_place = self._place_in(firm)
        is_one_of_several = len(firm.places) + is_new_place > 1
        self._compare_firm(firm, place, is_one_of_several)
        if place is not None and not is_new_place:
            self._compare_place(firm, place, is_one_of_several)
        someone = self._someone_at(firm)
        is_new_person = row.person_name != "" and someone not in firm.people
        # Nothing below fails.
        changes = [change for _thing, change in self.planned]
        for thing, change in self.planned:
            setattr(thing, change.what, change.after)
            thing.dirty.setdefault(change.what, change.before)
        self.book.note_numbers(firm)
        if is_new_place and place is not None:
            firm.places.append(place)
            self.book.note_numbers(firm)
        if is_new_person:
            someone = self._introduce(firm, someone, place)
        self._remember(firm, place, someone)
        is_new_contact, is_new_step = self._take_past(firm, someone)
        joins_book = firm.employer_pk is None and firm.pk is not None and "employer" not in firm.told
        if joins_book:
            firm.told["employer"] = row.number
        adds = bool(changes) or is_new_person or is_new_contact or is_new_step
        brings_more = Outcome.CHANGED if adds else Outcome.UNCHANGED
        outcome = Outcome.NEW if is_new_place or joins_book else brings_more
        sentences = [str(change) for change in changes]
        if is_new_person:
            sentences.append(_("%(person)s is added.") % {"person": row.person_name})
        return Decision(
            row,
            outcome,
            " ".join(sentences) if outcome == Outcome.CHANGED else "",
            firm,
            place,
            someone,
            is_new_firm=joins_book,
            is_new_place=is_new_place,
            is_new_person=is_new_person,
            is_new_contact=is_new_contact,
        )

    def _settle(self, question: Question, sentence: str, among: Sequence[Any]) -> Any:
        """Return what somebody has answered (``choosing.settled``), and note that it was asked.

        Raises:
            Unclear: nobody has answered in a way that still holds.
        """
        chosen = settled(self.answers, sentence, question, among)
        self.asked = question, among, self.answers[question].chosen
        return chosen

    # Which firm

    def _by_name(self) -> Firm | None:
        row, same, near = self.row, [], []
        for firm in self.book.named(row):
            if row.firm_number and firm.register_number:
                continue  # two numbers, two firms
            agree = doors_agree(row, firm)
            if agree is False:
                continue
            here = [place for place in firm.places if is_same_place(row, place)]
            nearby = bool(here) or in_same_town(row, firm)
            placeless = not has_place(row) and not any(place_words(place) for place in firm.places)
            at_one_door = bool(row.street) and any(place.street for place in here)
            if at_one_door or domain_of(row.website, row.email) in domains(firm) or (agree and (nearby or placeless)):
                same.append(firm)
            elif agree or nearby:
                near.append(firm)
        if len(same) == 1:
            return same[0]
        if same or near:
            among = same or near
            return self._settle(Question.FIRM, several_called(row, same) if same else called_the_same(near[0]), among)
        if (answer := self.answers.get(Question.FIRM)) and answer.among and answer.chosen not in (NEW, LEAVE):
            self._settle(Question.FIRM, "", [])  # nobody is called that any more: not to be taken for a new one silently
        return None

    def _new_firm(self) -> Decision:
        row, says = self.row, self.says
        firm = Firm(
            name=says.name,
            trade_name=says.trade_name or says.door,
            country=row.country,
            register_number=row.firm_number,
            nace=says.nace,
            size_band=says.size_band,
            website=says.website,
            note=row.note,
        )
        place = self._new_place(firm) if has_place(row) or row.phone or row.email or row.site_name else None
        if place is not None:
            firm.places.append(place)
        someone = self._introduce(firm, self._acquaintance(), place) if row.person_name else None
        self.book.add(firm)
        self._remember(firm, place, someone)
        is_new_contact, _step = self._take_past(firm, someone)
        return Decision(
            row,
            Outcome.NEW,
            "",
            firm,
            place,
            someone,
            is_new_firm=True,
            is_new_place=place is not None,
            is_new_person=someone is not None,
            is_new_contact=is_new_contact,
        )

    def _somebody_elses(self, firm: Firm) -> Decision:
        row = self.row
        known = {place.register_number for place in firm.places if place.register_number}
        if not has_place(row) or row.site_number in known or any(is_same_place(row, place) for place in firm.places):
            is_new_contact, is_new_step = self._take_past(firm, None) if firm.employer_pk else (False, False)
            outcome = Outcome.CHANGED if is_new_contact or is_new_step else Outcome.UNCHANGED
            return Decision(row, outcome, "", firm, is_new_contact=is_new_contact)
        raise Unclear(
            _("%(employer)s keeps its own record in Guildhall, which does not have this site. Ask them to add it.")
            % {"employer": firm.shown_name},
            Question.NONE,
        )

    # Which site

    def _place_in(self, firm: Firm) -> tuple[Place | None, bool]:
        """Return the site the row is about, and whether it is a new one."""
        row = self.row
        if row.site_number:
            for place in firm.places:
                if place.register_number == row.site_number:
                    return place, False
        if not has_place(row):
            if not (row.phone or row.email or row.closed_on or row.site_name):
                return None, False
            if len(firm.places) > 1:
                return self._chosen_place(firm, firm.places)
            return (firm.places[0], False) if firm.places else (self._new_place(firm), True)
        open_to = [place for place in firm.places if not (row.site_number and place.register_number)]
        here = [place for place in open_to if is_same_place(row, place)]
        if len(here) > 1:
            return self._chosen_place(firm, here)
        if here:
            return here[0], False
        if len(open_to) == len(firm.places) == 1 and not place_words(open_to[0]):
            return open_to[0], False  # so far only its telephone was known
        return self._new_place(firm), True

    def _chosen_place(self, firm: Firm, among: Sequence[Place]) -> tuple[Place, bool]:
        chosen = self._settle(Question.SITE, which_site(firm), among)
        return (chosen, False) if chosen else (self._new_place(firm), True)

    def _new_place(self, firm: Firm) -> Place:
        row = self.row
        values = {name: getattr(row, name) for name in _FROM_ROW}
        return Place(name=self._label(firm, bool(firm.places)), register_number=row.site_number, country=row.country, **values)

    def _label(self, firm: Firm, is_one_of_several: bool) -> str:
        """What tells a site from the firm's others: its own name, that on its door, or another name the file gives the firm."""
        row, says = self.row, self.says
        if row.site_name:
            return row.site_name
        is_its_own = row.trade_name != firm.trade_name or bool(says.door)
        if row.trade_name and is_its_own and (is_one_of_several or row.trade_name != says.trade_name):
            return row.trade_name
        return row.name if name_key(row.name) not in {name_key(says.name), *firm.name_keys} else ""

    # What is different

    def _compare_firm(self, firm: Firm, place: Place | None, is_one_of_several: bool) -> None:
        row, says = self.row, self.says
        values = {"register_number": row.firm_number, "nace": says.nace, "size_band": says.size_band, "website": says.website}
        if row.firm_number or name_key(row.name) == name_key(firm.name):
            values["name"] = says.name
        if not is_one_of_several and not (place and place.name == says.trade_name) and says.trade_name != firm.name:
            values["trade_name"] = says.trade_name
        for name, value in values.items():
            # What another row of this file said first about the firm stays.
            if value and value != getattr(firm, name) and name not in firm.told:
                self._plan(firm, name, value)
        if row.note and row.note not in firm.note:
            self._plan(firm, "note", f"{firm.note}\n\n{row.note}".strip())

    def _compare_place(self, firm: Firm, place: Place, is_one_of_several: bool) -> None:
        row = self.row
        values = {name: getattr(row, name) for name in _FROM_ROW}
        values |= {"register_number": row.site_number, "name": self._label(firm, is_one_of_several)}
        for name, value in values.items():
            held = getattr(place, name)
            if value in ("", None) or value == held:
                continue
            if name in place.told:
                if _SPELLED.get(name, str)(value) == _SPELLED.get(name, str)(held):
                    continue
                label = FIELDS["trade_name" if row.trade_name else "site_name"] if name == "name" else FIELDS[name]
                words = {"row": place.told[name], "field": label}
                self._settle(Question.VALUE, _("Row %(row)d says something else about the same site (%(field)s).") % words, [])
            self._plan(place, name, value)

    def _plan(self, thing: Firm | Place | Someone, name: str, value: Any) -> None:
        self.planned.append((thing, Change(name, getattr(thing, name), value)))

    # Who

    def _someone_at(self, firm: Firm) -> Someone | None:
        """Return who is meant and what is new about them; an acquaintance from elsewhere if they are new to the firm."""
        row = self.row
        if not row.person_name:
            return None
        key = folded(row.person_name)
        last = key.rpartition(" ")[2]
        for someone in firm.people:
            same_mail = row.person_email and someone.email.lower() == row.person_email.lower()
            if folded(someone.name) == key or (same_mail and folded(someone.name).rpartition(" ")[2] == last):
                for name, value in (("email", row.person_email), ("phone", row.person_phone), ("title", row.person_title)):
                    if value and value != getattr(someone, name) and name not in someone.told:
                        self._plan(someone, name, value)
                return someone
        return self._acquaintance()

    def _acquaintance(self) -> Someone | None:
        row = self.row
        pk = self.book.acquaintances.get((row.person_email.lower(), folded(row.person_name))) if row.person_email else None
        return Someone(row.person_name, row.person_email, row.person_phone, row.person_title, pk=pk) if pk else None

    def _introduce(self, firm: Firm, someone: Someone | None, place: Place | None) -> Someone:
        row = self.row
        someone = someone or Someone(row.person_name, row.person_email, row.person_phone, row.person_title)
        someone.place = place
        firm.people.append(someone)
        return someone

    # What took place

    def _take_past(self, firm: Firm, someone: Someone | None) -> tuple[bool, bool]:
        """Plan the contact and the next step that the row tells of; return whether each is new."""
        row = self.row
        by = self.book.colleagues.get(folded(row.contact_by)) if row.contact_by else None
        spoken, is_new_contact = None, False
        if row.contact_on is not None:
            told = (row.contact_on, row.contact_kind, row.contact_text)
            spoken = next((one for one in firm.contacts if one.is_told_by(*told)), None)
            is_new_contact = spoken is None
            if spoken is None:
                stranger = _("It was %(name)s who did this.") % {"name": row.contact_by} if row.contact_by and by is None else ""
                said = "\n\n".join(part for part in (row.contact_text, row.contact_more, stranger) if part)
                spoken = Spoken(row.contact_on, row.contact_kind, said, by, someone)
                firm.contacts.append(spoken)
        is_new_step = row.next_step_on is not None and not any(
            (step.what, step.due_on) == (row.next_step, row.next_step_on) for step in firm.next_steps
        )
        if is_new_step and row.next_step_on is not None:
            firm.next_steps.append(Promised(row.next_step, row.next_step_on, by, spoken))
        return is_new_contact, is_new_step

    def _remember(self, firm: Firm, place: Place | None, someone: Someone | None) -> None:
        """Note which row said what, so that a later one of the same file cannot take it back."""
        row, says = self.row, self.says
        for name in ("name", "trade_name", "nace", "size_band", "website"):
            if getattr(says, name):
                firm.told.setdefault(name, row.number)
        if place is not None:
            for name in _FROM_ROW:
                if getattr(row, name) not in ("", None):
                    place.told.setdefault(name, row.number)
            place.told.setdefault("name", row.number)
        if someone is not None:
            for name, value in (("email", row.person_email), ("phone", row.person_phone), ("title", row.person_title)):
                if value:
                    someone.told.setdefault(name, row.number)
