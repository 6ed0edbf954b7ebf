"""Names, numbers and addresses in the form in which they are compared, however somebody wrote them."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b

from guildhall.engagement.importing import numbers
from guildhall.engagement.importing.naming import folded, name_key, street_key, town_key
from guildhall.engagement.importing.words import words

_LEGAL = frozenset(form for form in words("legal_forms") if " " not in form and len(form) > 1)
_LINKS = words("links") | {"co", "cie", "sohne", "soehne", "fils"}
_LETTER_BY_LETTER = re.compile(r"\b(?:\w )+\w\b")
_NUMBER = re.compile(r"\d+")
#: Greek in Latin letters, sounds of two letters first (ELOT 743, simplified: what people write varies more than it does).
_GREEK = (
    "ου ou  αυ av  ευ ev  μπ b  ντ nt  γγ ng  γκ gk  τσ ts  α a  β v  γ g  δ d  ε e  ζ z  η i  θ th  ι i  κ k  λ l  μ m  ν n  ξ x"
)
_GREEK += "  ο o  π p  ρ r  σ s  ς s  τ t  υ y  φ f  χ ch  ψ ps  ω o"
_SOUNDS = [pair.split() for pair in _GREEK.split("  ")]
_IS_GREEK = re.compile(r"[α-ω]")
#: What stands before a person's name.
_TITLES = "herr frau hr fr dr prof dipl ing mag mr mrs ms miss m mme mlle monsieur madame sr sra srta don dona pan pani mgr inz "
_TITLES += "eng arq dra κ κα κοσ κυρια κυριοσ δρ"


@lru_cache(maxsize=50_000)
def name_words(name: str) -> tuple[str, ...]:
    """Return the words of a firm's name that tell it from others, in Latin letters; what the firm is in law is left out."""
    plain = _LETTER_BY_LETTER.sub(lambda found: found[0].replace(" ", ""), name_key(name))
    all_words = latin(plain).split()
    telling = tuple(word for word in all_words if word not in _LEGAL and word not in _LINKS)
    return telling or tuple(all_words)


@lru_cache(maxsize=50_000)
def person_words(name: str) -> tuple[str, ...]:
    """Return the words of a person's name, sorted, in Latin letters and without titles."""
    all_words = folded(name).split()
    telling = [word for word in all_words if word not in _TITLES.split()]
    return tuple(sorted(latin(word) for word in telling or all_words))


def latin(text: str) -> str:
    """Return a folded text in Latin letters, as far as it is Greek."""
    if _IS_GREEK.search(text):
        for greek, letters in _SOUNDS:
            text = text.replace(greek, letters)
    return text


@lru_cache(maxsize=50_000)
def street_parts(street: str) -> tuple[str, frozenset[str]]:
    """Return what a street is compared by without its numbers, and these."""
    key = latin(street_key(street))
    return _NUMBER.sub("", key), frozenset(number.lstrip("0") for number in _NUMBER.findall(key))


@lru_cache(maxsize=20_000)
def town_of(town: str) -> str:
    return latin(town_key(town))


@lru_cache(maxsize=50_000)
def phone_key(phone: str) -> str:
    """Return the last nine digits of a telephone number, which no way of writing its beginning changes; empty if too short."""
    figures = numbers.digits(phone)
    return figures[-9:] if len(figures) >= 7 else ""


@lru_cache(maxsize=50_000)
def firm_number(number: str, country: str) -> str:
    """Return the register number of a firm in the form in which it is compared; of a French site's number the first nine digits.

    Empty where it is nobody's: a French number whose check digit is wrong says nothing.
    """
    if country == "FR":
        return numbers.siret(number)[:9] or numbers.siren(number)
    return re.sub(r"[\W_]", "", number.casefold())


def key(kind: str, *parts: str) -> int:
    """Return a number that stands for something two entries may have in common; not to be turned back into it."""
    return int.from_bytes(blake2b("\0".join((kind, *parts)).encode(), digest_size=8).digest()) >> 1
