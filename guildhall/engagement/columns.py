"""What the list of employers says in each row: read as plain values, a query for each kind of thing, and drawn cell by cell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone, localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from guildhall.core.addresses import addresses_of
from guildhall.core.ui import cells
from guildhall.core.ui.component import draw
from guildhall.engagement.models import Employer, NextStep
from guildhall.engagement.window import window_of
from guildhall.people.models import Site, SizeBand, User
from guildhall.skills import taxonomy


@dataclass(frozen=True, kw_only=True)
class Row:
    """An employer as the list shows it: where it works, who looks after it, and the most urgent of its next steps."""

    pk: int
    organisation: int
    name: str
    nace: str
    size_band: str
    register_number: str
    owner: str
    last_contact_on: date | None
    resting_until: date | None
    resting_why: str
    added_at: datetime
    level: int
    panes: str
    place: str = ""
    other_sites: int = 0
    phone: str = ""
    due_on: date | None = None
    what: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class BookColumn:
    """A column of the list: its heading, how it draws a row today, what it says in a file, what it is sorted by."""

    key: str
    label: str | Promise
    cell: Callable[[Row, date], SafeString]
    value: Callable[[Row], str | date | None]
    sort: str = ""


def rows_of(
    kept: Collection[dict[str, Any]], colleagues: Iterable[User], columns: Collection[BookColumn] | None = None
) -> list[Row]:
    """The rows of employers that were read as ``values(*KEPT)``; ``colleagues`` work for the school.

    Tags are read only for columns that show them.
    """
    columns = USUAL if columns is None else columns
    numbers = [employer["pk"] for employer in kept]
    places = _places(employer["organisation"] for employer in kept)
    steps = _most_urgent_steps(numbers)
    tags = _tags(numbers) if BY_KEY["tags"] in columns else {}
    names = _names((employer["owner"] for employer in kept), colleagues)
    zone = get_current_timezone()
    rows = []
    for employer in kept:
        (place, phone), *others = places.get(employer["organisation"], [("", "")])
        due_on, what = steps.get(employer["pk"], (None, ""))
        spoken: datetime | None = employer["last_contact_at"]
        rows.append(
            Row(
                pk=employer["pk"],
                organisation=employer["organisation"],
                name=employer["organisation__trade_name"] or employer["organisation__name"],
                nace=employer["organisation__nace"],
                size_band=employer["organisation__size_band"],
                register_number=employer["organisation__register_number"],
                owner=names.get(employer["owner"], ""),
                last_contact_on=spoken and spoken.astimezone(zone).date(),
                resting_until=employer["resting_until"],
                resting_why=employer["resting_why"],
                added_at=employer["added_at"],
                level=employer["level"],
                panes=employer["panes"],
                place=place,
                other_sites=len(others),
                phone=phone,
                due_on=due_on,
                what=what,
                tags=tuple(tags.get(employer["pk"], ())),
            )
        )
    return rows


#: What is read of each employer for its row.
KEPT = [
    "pk",
    "organisation",
    "organisation__name",
    "organisation__trade_name",
    "organisation__nace",
    "organisation__size_band",
    "organisation__register_number",
    "owner",
    "last_contact_at",
    "resting_until",
    "resting_why",
    "added_at",
    "level",
    "panes",
]


def _places(organisations: Iterable[int]) -> dict[int, list[tuple[str, str]]]:
    """Town and telephone of each site of organisations, the first noted first."""
    places: dict[int, list[tuple[str, str]]] = {}
    sites = Site.objects.open().filter(organisation__in=list(organisations)).order_by("pk")
    for organisation, town, postal_code, phone in sites.values_list("organisation", "town", "postal_code", "phone"):
        places.setdefault(organisation, []).append((town or postal_code, phone))
    return places


def _most_urgent_steps(employers: Iterable[int]) -> dict[int, tuple[date, str]]:
    steps = NextStep.objects.open().filter(employer__in=list(employers)).order_by("-due_on", "-pk")
    return {employer: (due_on, what) for employer, due_on, what in steps.values_list("employer", "due_on", "what")}


def _tags(employers: Iterable[int]) -> dict[int, list[str]]:
    carried: dict[int, list[str]] = {}
    links = Employer.tags.through.objects.filter(employer__in=list(employers)).order_by("tag__name")
    for employer, name in links.values_list("employer", "tag__name"):
        carried.setdefault(employer, []).append(name)
    return carried


def _names(owners: Iterable[int | None], colleagues: Iterable[User]) -> dict[int | None, str]:
    names: dict[int | None, str] = {colleague.pk: str(colleague) for colleague in colleagues}
    if strangers := {owner for owner in owners if owner and owner not in names}:
        names |= {user.pk: str(user) for user in User.objects.filter(pk__in=strangers)}
    return names


# --- Columns -------------------------------------------------------------------------------------------------------


def _where(row: Row, today: date) -> SafeString:
    if not row.other_sites:
        return cells.plain(row.place)
    more = ngettext("and %(count)d other site", "and %(count)d other sites", row.other_sites) % {"count": row.other_sites}
    return cells.plain(row.place, under=more)


def _owner(row: Row, today: date) -> SafeString:
    return cells.plain(row.owner) if row.owner else cells.missing(_("nobody yet"))


def _last_contact(row: Row, today: date) -> SafeString:
    return cells.day(row.last_contact_on, today=today) if row.last_contact_on else cells.missing(_("never"))


def _next_step(row: Row, today: date) -> SafeString:
    if row.due_on is None:
        return SafeString()
    return cells.day(row.due_on, today=today, late=row.due_on < today, under=row.what)


def _rest(row: Row, today: date) -> SafeString:
    if row.resting_until is None or row.resting_until < today:
        return SafeString()
    return cells.day(row.resting_until, today=today, under=row.resting_why)


def _size(row: Row) -> str:
    return str(SizeBand(row.size_band).label) if row.size_band in SizeBand.values else ""


def _sector(nace: str) -> str:
    return taxonomy.label("nace", nace[:2]) if nace else ""


def _said(value: Callable[[Row], str]) -> Callable[[Row, date], SafeString]:
    return lambda row, today: cells.plain(value(row))


COLUMNS = [
    BookColumn("where", gettext_lazy("Where"), _where, lambda row: row.place),
    BookColumn("owner", gettext_lazy("Looked after by"), _owner, lambda row: row.owner),
    BookColumn(
        "contact",
        gettext_lazy("Last contact"),
        _last_contact,
        lambda row: row.last_contact_on,
        sort="contact",
    ),
    BookColumn("step", gettext_lazy("Next step"), _next_step, lambda row: row.due_on, sort="step"),
    BookColumn(
        "level",
        gettext_lazy("Level"),
        lambda row, today: cells.plain(str(row.level)) if row.level else cells.missing(_("none yet")),
        lambda row: str(row.level) if row.level else "",
        sort="level",
    ),
    BookColumn("tags", gettext_lazy("Tags"), _said(lambda row: ", ".join(row.tags)), lambda row: ", ".join(row.tags)),
    BookColumn("sector", gettext_lazy("Sector"), _said(lambda row: _sector(row.nace)), lambda row: _sector(row.nace)),
    BookColumn("size", gettext_lazy("Size"), _said(_size), _size),
    BookColumn("phone", gettext_lazy("Telephone"), _said(lambda row: row.phone), lambda row: row.phone),
    BookColumn(
        "number", gettext_lazy("Register number"), _said(lambda row: row.register_number), lambda row: row.register_number
    ),
    BookColumn("rest", gettext_lazy("Rests until"), _rest, lambda row: row.resting_until),
    BookColumn(
        "added",
        gettext_lazy("In the book since"),
        lambda row, today: cells.day(localdate(row.added_at), today=today),
        lambda row: localdate(row.added_at),
        sort="added",
    ),
]
BY_KEY = {column.key: column for column in COLUMNS}
#: What the list shows to whom has chosen nothing.
USUAL = COLUMNS[:4]


def chosen(keys: Iterable[str]) -> list[BookColumn]:
    """The columns somebody asked for, in our order; the usual ones for who asked for none."""
    wanted = set(keys)
    return [column for column in COLUMNS if column.key in wanted] or USUAL


def drawn(rows: Iterable[Row], columns: Iterable[BookColumn]) -> list[list[SafeString]]:
    """The cells of each row, the employer's name with its window first."""
    address, sector = addresses_of("engagement:employer"), cache(_sector)
    window = cache(lambda panes: draw("window", panes=window_of(panes)))
    shown, today = [column.cell for column in columns], localdate()
    return [
        [
            cells.named(row.name, href=address(row.pk), picture=window(row.panes), under=sector(row.nace)),
            *[cell(row, today) for cell in shown],
        ]
        for row in rows
    ]
