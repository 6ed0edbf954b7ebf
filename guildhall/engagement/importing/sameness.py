"""Whether a row and what the book holds are about the same firm or the same place, and the sentences for where it is not sure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from guildhall.engagement.importing.naming import domain_of, name_key, street_key, town_key
from guildhall.engagement.importing.understanding import Row

if TYPE_CHECKING:
    from guildhall.engagement.importing.planning import Firm, Place


def doors_agree(row: Row, firm: Firm) -> bool | None:
    """Whether row and firm have the same name on the door, or both none; None where only one has any."""
    given = name_key(row.trade_name)
    held = {name_key(name) for name in (firm.trade_name, *(place.name for place in firm.places)) if name}
    if name_key(row.name) in held or given in held or (not given and not held):
        return True
    return None if not given or not held else False


def has_place(row: Row) -> bool:
    """Whether a row says where its employer is."""
    return bool(row.site_number or row.street or row.postal_code or row.town or row.latitude is not None)


def is_same_place(row: Row, place: Place) -> bool:
    """Whether row and site have the same address, as far as both have one."""
    towns = (town_key(row.town), town_key(place.town))
    same_code = bool(row.postal_code) and row.postal_code.replace(" ", "") == place.postal_code.replace(" ", "")
    same_town = bool(towns[0]) and towns[0] == towns[1]
    if row.street and place.street:
        return street_key(row.street) == street_key(place.street) and (
            same_code or same_town or not (row.postal_code or row.town)
        )
    if row.postal_code and place.postal_code:
        return same_code
    return same_town


def in_same_town(row: Row, firm: Firm) -> bool:
    """Whether a firm has a site in the town of a row."""
    key = town_key(row.town)
    return bool(key) and any(town_key(place.town) == key for place in firm.places)


def domains(firm: Firm) -> set[str]:
    """Return the domains by which a firm is known on the web."""
    return {domain_of(firm.website), *(domain_of("", place.email) for place in firm.places)} - {""}


def several_called(row: Row, firms: Sequence[Firm]) -> str:
    """Ask which one of several of a name is meant."""
    words = {"count": len(firms), "name": row.name}
    return _("The book has %(count)d employers called “%(name)s” there. Which one is meant?") % words


def called_the_same(firm: Firm) -> str:
    """Ask whether somebody of the same name elsewhere is meant."""
    words = {"name": firm.shown_name, "place": place_words(firm.places[0]) if firm.places else ""}
    if words["place"]:
        return _("“%(name)s” is in the book at %(place)s. Only the name says that this is the same employer.") % words
    return _("“%(name)s” is in the book without an address. Only the name says that this is the same employer.") % words


def which_site(firm: Firm) -> str:
    """Ask which one of several sites is meant."""
    words = {"employer": firm.shown_name}
    return _("%(employer)s has several sites, and the row does not say clearly which one is meant.") % words


def place_words(place: Place) -> str:
    """Return the address of a site in a line."""
    return ", ".join(part for part in (place.street, " ".join(part for part in (place.postal_code, place.town) if part)) if part)
