"""When two names, streets, towns or addresses on the web are the same although they are written differently."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from guildhall.engagement.importing.words import words

_MARKS = re.compile(r"[\u0300-\u036f]")
_SIGNS = re.compile(r"[^\w]+|_+")
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "’": " ", "'": " ", "&": " "})

# What a firm is in law, the longest first: "gmbh co kg" before "kg".
_AT_END = re.compile(rf"(?: (?:{'|'.join(sorted(words('legal_forms'), key=len, reverse=True))}))+$")
_AT_START = re.compile(rf"^(?:{'|'.join(words('legal_forms_at_the_beginning'))}) ")

_STREETS = re.compile(
    r"\b(?:(?P<str>strasse|str)|(?P<st>street)|(?P<av>avenue|ave|avenida|avda|aven)|(?P<bd>boulevard|boul|blvd|bld|bvd)"
    r"|(?P<pl>place|plaza|platz|plac)|(?P<rte>route)|(?P<all>allee)|(?P<imp>impasse)|(?P<chem>chemin|che)"
    r"|(?P<ul>ulica)|(?P<al>aleja|aleje)|(?P<c>calle)|(?P<r>rua)|(?P<odos>οδοσ))\b"
)
_STREET_END = re.compile(r"strasse\b|\Bstr\b")
_DELIVERY = re.compile(r"\b(?:cedex|cdx)\b.*|\b\d+(?:er|e|eme)?\b|\barrondissement\b")

_ANYBODYS = words("mail_providers")


@lru_cache(maxsize=20_000)
def folded(text: str) -> str:
    """Return a text in lower case without accents, its words parted by single spaces and freed of all signs."""
    # Points go without leaving a gap: "S.A.R.L." is "sarl".
    plain = unicodedata.normalize("NFKD", text.casefold().replace(".", "").translate(_LETTERS))
    return _SIGNS.sub(" ", _MARKS.sub("", plain)).strip()


@lru_cache(maxsize=20_000)
def name_key(name: str) -> str:
    """Return what a firm's name is compared by: folded, without what the firm is in law."""
    plain = folded(name)
    shorter = _AT_END.sub("", plain)
    return _AT_START.sub("", shorter) or shorter or plain


@lru_cache(maxsize=20_000)
def street_key(street: str) -> str:
    """Return what a street with its number is compared by."""
    plain = _STREET_END.sub("str", folded(street))
    return _STREETS.sub(lambda found: str(found.lastgroup), plain).replace(" ", "")


@lru_cache(maxsize=5_000)
def town_key(town: str) -> str:
    """Return what a town is compared by; a French delivery office ("CEDEX 08") and the number of a district do not count."""
    plain = folded(town)
    return _DELIVERY.sub("", plain).replace(" ", "") or plain


def domain_of(website: str, email: str = "") -> str:
    """Return the domain by which a firm is known on the web, empty where it is everybody's."""
    for address in (website.partition("://")[2] or website, email.rpartition("@")[2]):
        domain = address.lower().partition("/")[0].partition(":")[0].removeprefix("www.")
        if domain and domain not in _ANYBODYS:
            return domain
    return ""
