"""People at employers as vCard 4.0 (RFC 6350), for the address book of a telephone or a mail program.

Names are kept whole, so there is no N: a guess at which part is the family's would be wrong in half of our languages. Somebody
who asked not to be written to has no e-mail address here either, and the card says why; it says what else they agreed to or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.utils.translation import gettext as _

from guildhall.engagement.models import Position

MEDIA_TYPE = "text/vcard; charset=utf-8"
#: Octets of a line without its end (RFC 6350, 3.2).
_LONGEST = 75
_NOT_IN_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_NOT_IN_PARAMETERS = re.compile(r'[\x00-\x1f\x7f"]')
_ESCAPED = str.maketrans({"\\": "\\\\", ",": "\\,", ";": "\\;", "\n": "\\n"})


def cards(positions: Iterable[Position]) -> bytes:
    """Return a card for each position; read with their people, answers, sites, employers and organisations."""
    return "".join(f"{folded(line)}\r\n" for held in positions for line in _card(held)).encode()


def _card(held: Position) -> Iterator[str]:
    somebody, organisation = held.person, held.employer.organisation
    yield "BEGIN:VCARD"
    yield "VERSION:4.0"
    yield "PRODID:-//Guildhall//Employer book//EN"
    yield "KIND:individual"
    yield f"UID:urn:uuid:{uuid5(NAMESPACE_URL, f'{settings.BASE_URL}/engagement/people/{somebody.pk}')}"
    yield f"FN:{text(somebody.name)}"
    yield f"ORG:{text(str(organisation))}"
    if held.title:
        yield f"TITLE:{text(held.title)}"
    if roles := roles_of(held):
        yield f"ROLE:{text(', '.join(roles))}"
    if somebody.phone:
        yield f"TEL;TYPE=work:{text(somebody.phone)}"
    if somebody.may_be_written_to:
        yield f"EMAIL;TYPE=work:{text(somebody.email)}"
    if (site := held.site) and site.address:
        place = ["", "", site.street, site.town, "", site.postal_code, site.country or organisation.country]
        yield f"ADR;TYPE=work;LABEL={parameter(site.address)}:{';'.join(map(text, place))}"
    if somebody.language:
        yield f"LANG:{text(somebody.language)}"
    if organisation.website:
        yield f"URL;TYPE=work:{_NOT_IN_TEXT.sub('', organisation.website)}"
    said = [_("asked not to be written to")] if somebody.asked_not_to_be_written_at else []
    if said := said + [str(purpose.yes if agreed else purpose.no) for purpose, agreed in held.answers]:
        yield f"NOTE:{text('; '.join(said))}"
    yield "END:VCARD"


def roles_of(held: Position) -> list[str]:
    """What somebody does at an employer for a school, in words."""
    known = [(held.decides, _("decides")), (held.signs, _("signs")), (held.trains, _("trains"))]
    return [words for does, words in [*known, (held.handles_personnel, _("personnel"))] if does]


def text(value: str) -> str:
    """Write a text, or one part of several, so that no sign of it means anything (RFC 6350, 3.4)."""
    return _NOT_IN_TEXT.sub("", value.replace("\r\n", "\n").replace("\r", "\n")).translate(_ESCAPED)


def parameter(value: str) -> str:
    """Write the value of a parameter in quotation marks, which then may hold all but those (RFC 6350, 3.3; RFC 6868)."""
    value = value.replace("^", "^^").replace("\r\n", "\n").replace("\n", "^n").replace('"', "^'")
    return f'"{_NOT_IN_PARAMETERS.sub("", value)}"'


def folded(line: str) -> str:
    """Break a line after at most 75 octets, never within a letter; the next begins with a space (RFC 6350, 3.2)."""
    if len(line) * 4 <= _LONGEST:
        return line
    lines, size = [""], 0
    for letter in line:
        octets = len(letter.encode())
        if size + octets > _LONGEST:
            lines.append(" ")
            size = 1
        lines[-1] += letter
        size += octets
    return "\r\n".join(lines)
