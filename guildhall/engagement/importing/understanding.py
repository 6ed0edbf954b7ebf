"""What one row of a file says about an employer, or the sentence that says what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, URLValidator
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from guildhall.engagement.importing import numbers
from guildhall.engagement.importing.mapping import DAYS, FIELDS, PERSON
from guildhall.engagement.importing.naming import folded
from guildhall.engagement.importing.past import OTHERWISE, kind_of
from guildhall.engagement.importing.words import words
from guildhall.skills import taxonomy

#: Characters that the book has room for.
LONGEST = {
    "name": 250, "trade_name": 250, "site_name": 250, "firm_number": 40, "site_number": 40, "street": 250, "street_number": 20,
    "postal_code": 20, "town": 120, "phone": 40, "email": 254, "website": 290, "person_name": 120, "person_first_name": 79,
    "person_title": 150, "person_email": 254, "person_phone": 40, "note": 4000, "contact_text": 6000, "next_step": 1000,
}  # fmt: skip
#: Characters of what was said that are searched for what the contact was.
_BEGINNING = 60
#: Characters that the book has room for in a next step; of a longer one the contact tells.
_LONGEST_STEP = 250
_IN_LINES = ("note", "contact_text")
_NOTHING = words("nothing")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u200b\u200e\u200f\u2028\u2029\ufeff]+")
_BETWEEN_CELLS = "\x1f"
_CONTROL_IN_NOTES = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\u200b\ufeff]+")
_is_email = EmailValidator()
_is_address = URLValidator(schemes=["http", "https"])


class Wrong(Exception):
    """A row that cannot go into the book; the sentence says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class LeftOut(Exception):
    """A value that cannot go into the book, while the rest of its row can; the message says why."""


@dataclass(slots=True)
class Row:
    """What a row says, in our terms; empty where it says nothing. ``nace`` and ``size_band`` are codes of ours.

    ``cells`` is the row as its file has it. ``wrong`` is why it cannot go into the book; all else but the name is empty then.
    ``remark`` is what of it is left out, and why; ``loses_contact`` is true if that is a contact or a next step. ``contact_more``
    is what stands below what was said, in a sentence of ours. ``next_step_on`` is given whenever ``next_step`` is.
    """

    number: int
    cells: str = ""
    wrong: str = ""
    remark: str = ""
    name: str = ""
    trade_name: str = ""
    firm_number: str = ""
    site_number: str = ""
    site_name: str = ""
    country: str = ""
    nace: str = ""
    size_band: str = ""
    street: str = ""
    postal_code: str = ""
    town: str = ""
    latitude: float | None = None
    longitude: float | None = None
    phone: str = ""
    email: str = ""
    website: str = ""
    person_name: str = ""
    person_title: str = ""
    person_email: str = ""
    person_phone: str = ""
    closed_on: date | None = None
    note: str = ""
    contact_on: date | None = None
    contact_kind: str = ""
    contact_text: str = ""
    contact_more: str = ""
    contact_by: str = ""
    next_step: str = ""
    next_step_on: date | None = None
    loses_contact: bool = False


class Understanding:
    """How the rows of one file are understood: which cell holds what, and what its codes mean.

    Args:
        headings: of the file's columns.
        mapping: our fields, each with the heading of its column.
        country: of employers whose row names none.
        codes: by heading, how codes are to be read that a single row does not explain (``mapping.Column.codes``).
        today: no contact can be later.
    """

    def __init__(
        self,
        headings: Sequence[str],
        mapping: Mapping[str, str],
        *,
        country: str,
        codes: Mapping[str, Mapping[str, str]],
        today: date = date.max,
    ) -> None:
        places = {heading: at for at, heading in enumerate(headings)}
        self._width = len(headings)
        self._cells = [(name, places[heading]) for name, heading in mapping.items() if heading in places]
        self._country = country
        self._month_first = {name for name in DAYS if codes.get(mapping.get(name, ""), {}).get("day") == "month first"}
        self._today = today
        self._countries: dict[str, str] = {}
        self._insee = codes.get(mapping.get("size", ""), {}).get("size") == "insee"
        version: Any = codes.get(mapping.get("sector", ""), {}).get("nace")
        self._sector = lru_cache(maxsize=5_000)(lambda code: taxonomy.nace_from(code, version=version) or "")

    def rows(self, records: Iterable[tuple[int, list[str]]]) -> Iterator[Row]:
        """Return what each row says, or what is wrong with it."""
        for number, cells in records:
            try:
                row = self.row(number, cells)
            except Wrong as wrong:
                row = Row(number, name=self._name_in(cells), wrong=wrong.sentence)
            row.cells = _BETWEEN_CELLS.join(cells)
            yield row

    def row(self, number: int, cells: Sequence[str]) -> Row:
        """Return what a row says.

        Raises:
            Wrong: it has no name, or something in it cannot be.
        """
        if len(cells) > self._width and any(cell.strip() for cell in cells[self._width :]):
            raise Wrong(
                _("This row has %(count)d cells, the headings only %(width)d. Is there a delimiter or a quotation mark too many?")
                % {"count": len(cells), "width": self._width}
            )
        given = {name: _plain(name, cells[at]) for name, at in self._cells if at < len(cells)}
        for name, value in given.items():
            if len(value) > LONGEST.get(name, 250) and name not in _WAYS:
                raise Wrong(
                    _("%(field)s: this is longer than %(most)d characters.")
                    % {"field": FIELDS[name], "most": LONGEST.get(name, 250)}
                )
        as_given: dict[str, Any] = {name: value for name, value in given.items() if name in _AS_GIVEN}
        row = Row(number, **as_given)
        if not row.name:
            if not row.trade_name:
                raise Wrong(_("The name of the employer is missing."))
            row.name, row.trade_name = row.trade_name, ""
        if folded(row.trade_name) == folded(row.name):
            row.trade_name = ""
        row.country = self._country_in(given.get("country", ""))
        self._take_numbers(row, given)
        self._take_place(row, given)
        self._take_contact(row, given)
        row.nace = self._sector(given["sector"]) if given.get("sector") else ""
        if size := given.get("size"):
            row.size_band = (numbers.insee_band(size) or "") if self._insee else numbers.size_band(size)
        self._take_past(row, given)
        if closed := given.get("closed_on"):
            row.closed_on = self._day("closed_on", closed)
            if row.closed_on is None:
                raise Wrong(_("“%(value)s” is not a date.") % {"value": closed})
        return row

    def _name_in(self, cells: Sequence[str]) -> str:
        """The name, on the door if possible, as it stands in a row of which nothing else can be said."""
        names = {name: _plain(name, cells[at])[:250] for name, at in self._cells if at < len(cells)}
        return names.get("trade_name") or names.get("name", "")

    def _country_in(self, given: str) -> str:
        if not given:
            return self._country
        if not self._countries:
            self._countries = _country_codes()
        if code := self._countries.get(folded(given)):
            return code
        raise Wrong(_("“%(value)s” is not a country we know.") % {"value": given})

    def _take_numbers(self, row: Row, given: Mapping[str, str]) -> None:
        firm, site = given.get("firm_number", ""), given.get("site_number", "")
        for value in (firm, site):
            if numbers.is_shortened(value):
                shortened = _(
                    "The register number “%(value)s” was shortened by the spreadsheet. Make the column text and save again."
                )
                raise Wrong(shortened % {"value": value})
        if row.country == "FR":
            firm, site = _french(firm, site)
        row.firm_number, row.site_number = " ".join(firm.split()), " ".join(site.split())
        for value in (row.firm_number, row.site_number):
            if value and not any(map(str.isdigit, value)):
                raise Wrong(_("“%(value)s” is not a register number.") % {"value": value})

    def _take_place(self, row: Row, given: Mapping[str, str]) -> None:
        number, street = given.get("street_number", ""), given.get("street", "")
        # In the order of the country: "5 rue Serpenoise", "Hauptstraße 5".
        parts = (number, street) if row.country in _NUMBER_FIRST else (street, number)
        row.street = " ".join(part for part in parts if part)
        if row.country == "FR" and row.postal_code.isdigit():
            row.postal_code = row.postal_code.zfill(5)
        latitude, longitude = given.get("latitude", ""), given.get("longitude", "")
        if not latitude and not longitude:
            return
        row.latitude, row.longitude = numbers.decimal(latitude), numbers.decimal(longitude)
        if row.latitude == 0 and row.longitude == 0:
            row.latitude = row.longitude = None
        elif row.latitude is None or row.longitude is None or abs(row.latitude) > 90 or abs(row.longitude) > 180:
            raise Wrong(
                _("Latitude “%(latitude)s” and longitude “%(longitude)s” are no place on earth.")
                % {"latitude": latitude, "longitude": longitude}
            )

    def _take_contact(self, row: Row, given: Mapping[str, str]) -> None:
        row.person_name = " ".join(part for part in (given.get("person_first_name"), given.get("person_name")) if part)
        remarks = []
        for name, read in _WAYS.items():
            try:
                setattr(row, name, read(_fitting(name, getattr(row, name))))
            except LeftOut as left_out:
                setattr(row, name, "")
                remarks.append(str(left_out))
        row.remark = " ".join(remarks)
        if not row.person_name:
            # Nobody is named: what would be theirs is the employer's.
            row.email, row.phone = row.email or row.person_email, row.phone or row.person_phone
            row.person_email = row.person_phone = row.person_title = ""

    def _take_past(self, row: Row, given: Mapping[str, str]) -> None:
        """Take what took place and what was to come next. What has no day is left out, and the rest of the row is not."""
        when, kind, said = (given.get(name, "") for name in ("contact_on", "contact_kind", "contact_text"))
        remarks = [row.remark] if row.remark else []
        on = self._day("contact_on", when) if when else None
        if when and on is None:
            remarks.append(_("“%(value)s” is not a date: the contact is left out.") % {"value": when})
        elif on and on > self._today:
            future = _("The contact of %(day)s lies in the future and is left out.")
            remarks.append(future % {"day": date_format(on, "SHORT_DATE_FORMAT")})
            on = None
        elif said and not when:
            remarks.append(_("What was said has no date: the contact is left out."))
        if on is not None:
            known = kind_of(kind) or kind_of(said[:_BEGINNING])
            row.contact_on, row.contact_kind, row.contact_by = on, known or OTHERWISE, given.get("contact_by", "")
            # A word that we do not know is kept with what was said.
            row.contact_text = f"{kind}: {said}".rstrip(": ") if kind and not kind_of(kind) else said
        row.loses_contact = on is None and bool(when or said)
        self._take_step(row, given.get("next_step", ""), given.get("next_step_on", ""), remarks)
        row.remark = " ".join(remarks)

    def _take_step(self, row: Row, what: str, until: str, remarks: list[str]) -> None:
        if not what:
            return
        due = self._day("next_step_on", until) if until else None
        if due is not None and due >= self._today and len(what) <= _LONGEST_STEP:
            row.next_step, row.next_step_on = what, due
        elif row.contact_on is not None:
            # Nobody takes a step that was due years ago; what was agreed is worth knowing.
            agreed = _("What was to come next: %(step)s (%(day)s)") if until else _("What was to come next: %(step)s")
            row.contact_more = agreed % {"step": what, "day": date_format(due, "SHORT_DATE_FORMAT") if due else until}
        else:
            row.loses_contact = True
            if until and due is None:
                remarks.append(_("“%(value)s” is not a date: the next step is left out.") % {"value": until})
            elif due is None:
                remarks.append(_("The next step has no date and is left out."))
            elif due < self._today:
                remarks.append(
                    _("The next step was due on %(day)s and is left out.") % {"day": date_format(due, "SHORT_DATE_FORMAT")}
                )
            else:
                remarks.append(
                    _("%(field)s: this is longer than %(most)d characters and is left out.")
                    % {"field": FIELDS["next_step"], "most": _LONGEST_STEP}
                )

    def _day(self, name: str, given: str) -> date | None:
        return numbers.day(given, month_first=name in self._month_first)


#: Fields that are taken as they stand, to be looked at further where needed.
_AS_GIVEN = frozenset(
    ["name", "trade_name", "site_name", "postal_code", "town", "phone", "email", "website", "note", *PERSON[2:]]
)
_NUMBER_FIRST = frozenset(["FR", "LU", "GB", "IE", "MT", "US", "CA"])


def _plain(name: str, cell: str) -> str:
    """A cell without what cannot be seen; a formula is text like any other and stays as it is."""
    if name in _IN_LINES:
        return _CONTROL_IN_NOTES.sub(" ", cell.replace("\r\n", "\n")).strip()
    value = " ".join(_CONTROL.sub(" ", cell).split())
    return "" if value.lower() in _NOTHING and name not in ("name", "trade_name") else value


def _french(firm: str, site: str) -> tuple[str, str]:
    """Return SIREN and SIRET; nine digits name the firm, all fourteen the site, in whichever column they stand."""
    siret = numbers.siret(site) or numbers.siret(firm)
    siren = numbers.siren(firm) or numbers.siren(site)
    for given in (site, firm):
        if given and not numbers.siret(given) and not numbers.siren(given):
            mistyped = _("The number “%(value)s” cannot be right: its check digit does not fit. Look for a mistyped digit.")
            raise Wrong(mistyped % {"value": given})
    if siret and siren and not siret.startswith(siren):
        foreign = _("The number of the site does not belong to that of the firm: it should begin with %(siren)s.")
        raise Wrong(foreign % {"siren": siren})
    return siren or siret[:9], siret


def _fitting(name: str, value: str) -> str:
    if len(value) > LONGEST[name]:
        too_long = _("%(field)s: this is longer than %(most)d characters and is left out.")
        raise LeftOut(too_long % {"field": FIELDS[name], "most": LONGEST[name]})
    return value


def _phone(value: str) -> str:
    if value and not any(map(str.isdigit, value)):
        raise LeftOut(_("“%(value)s” is not a telephone number and is left out.") % {"value": value})
    return value


def _email(value: str) -> str:
    value = value.removeprefix("mailto:").strip("<>;, ")
    if value:
        try:
            _is_email(value)
        except ValidationError:
            raise LeftOut(_("“%(value)s” is not an e-mail address and is left out.") % {"value": value}) from None
    return value


def _website(value: str) -> str:
    if not value:
        return ""
    address = (
        value
        if re.match(r"[a-z][a-z0-9+]*:", value, re.IGNORECASE) and "." not in value.partition(":")[0]
        else f"https://{value}"
    )
    try:
        _is_address(address)
    except ValidationError:
        raise LeftOut(_("“%(value)s” is not the address of a web site and is left out.") % {"value": value}) from None
    return address


#: The ways in which somebody is reached, and how each is read. Who cannot be reached in one of them is in the book all the same.
_WAYS: dict[str, Callable[[str], str]] = {
    "phone": _phone,
    "person_phone": _phone,
    "email": _email,
    "person_email": _email,
    "website": _website,
}


def _country_codes() -> dict[str, str]:
    """The code of each country, by its code and by its name in every language we have it in."""
    codes: dict[str, str] = {}
    for language in ("en", "de", "el", "es", "fr", "pl", "pt"):
        codes |= {folded(label): code for code, label in taxonomy.choices("country", language=language)}
    return codes | {code.lower(): code for code in codes.values()} | {"el": "GR", "uk": "GB"}  # as the European Union writes them


def as_in_file(headings: Sequence[str], row: Row) -> dict[str, str]:
    """A row as its file has it, for the one who has to mend it: the filled cells by their heading, "+1" … where there is none."""
    cells = row.cells.split(_BETWEEN_CELLS)
    surplus = [f"+{at}" for at in range(1, len(cells) - len(headings) + 1)]
    return {heading: cell for heading, cell in zip([*headings, *surplus], cells, strict=False) if cell.strip()}
