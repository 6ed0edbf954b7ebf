"""What a resource says that is described elsewhere: made from an AMB record, or from Dublin Core."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.utils.html import strip_tags
from django.utils.text import Truncator

from guildhall.library import amb_terms as terms
from guildhall.library import kinds, licences
from guildhall.library.amb_reading import Problem, Why, problems_of
from guildhall.library.cleaning import as_text
from guildhall.library.harvesting.finds import LONGEST_IDENTIFIER, Find
from guildhall.skills import taxonomy

LONGEST_TITLE, LONGEST_SUMMARY, LONGEST_LINK = 250, 1500, 500
#: Of authors, keywords and skills, so many are kept, each so long.
MOST_WORDS, LONGEST_WORD = 50, 200
_LONGEST_READ = 20_000
_ORCID = re.compile(r"https?://orcid\.org/((?:\d{4}-){3}\d{3}[\dX])")
_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:)(10\.\S{1,110})", re.IGNORECASE)
_ROLES = {role: audience for audience, role in reversed(kinds.ROLE_OF.items()) if role != "professional"}
_KINDS_OF_TYPES = {kind: ours for ours, kind in terms.TYPE_OF.items()}
#: DCMI's types, as Dublin Core names kinds.
_DCMI = {
    "movingimage": "video",
    "video": "video",
    "sound": "audio",
    "audio": "audio",
    "stillimage": "image",
    "image": "image",
    "dataset": "data",
    "software": "application",
    "interactiveresource": "application",
    "text": "text",
    "course": "course",
}


def from_amb(record: Any, *, allowed: Collection[str], identifier: str = "", stamp: str = "") -> Find:
    """Check an AMB record and say what a resource would say; a record without a name of its own at its place is called by its id.

    ``allowed`` are the keys of the licences under which it may be.
    """
    named = record.get("id") if isinstance(record, dict) else None
    name = record.get("name") if isinstance(record, dict) else None
    identifier = as_text(identifier or (named if isinstance(named, str) else "")) or f"record:{stamp_of(record)[:16]}"
    found = Find(
        identifier[:LONGEST_IDENTIFIER], stamp or stamp_of(record), _short(name, LONGEST_TITLE) if isinstance(name, str) else ""
    )
    problem = next(problems_of(record), None)
    if problem is None:
        described = _described_by_amb(record)
        problem = _obstacle(found, described, record.get("license", {}).get("id", ""), allowed)
        if problem is None:
            return _with(found, described=described)
    return _with(found, refused=problem)


def from_dublin_core(said: Mapping[str, Sequence[str]], *, allowed: Collection[str], identifier: str, stamp: str) -> Find:
    """Say what a resource would say that is described by Dublin Core: each element's name with its values in their order."""
    links = [value for value in said.get("identifier", []) if _is_link(value)]
    doi = next((match[1] for value in said.get("identifier", []) if (match := _DOI.fullmatch(value.strip()))), "")
    uris = [value for value in said.get("rights", []) if licences.named_by(value) is not None]
    title = next(iter(said.get("title", [])), "")
    found = Find(identifier[:LONGEST_IDENTIFIER], stamp, _short(title, LONGEST_TITLE))
    languages = [language for value in said.get("language", []) if (language := _language(value))]
    described = {
        "kind": next((kind for value in said.get("type", []) if (kind := _kind_in_words(value))), "other"),
        "language": next(iter(languages), "en"),
        "title": found.title,
        "summary": _short(" ".join(said.get("description", [])[:1]), LONGEST_SUMMARY),
        "link": next(iter(links), f"{terms.DOI}{doi}" if doi else ""),
        "licence": _licence(next(iter(uris), "") or next(iter(said.get("rights", [])), "")),
        "authors": [{"name": name, "orcid": "", "affiliation": ""} for name in _words(said.get("creator", []))],
        "keywords": _words(said.get("subject", [])),
        "skills": [],
        "audience": [],
        "eqf": [],
        "isced": "",
        "doi": doi,
        "is_erasmus": False,
    }
    problem = _obstacle(found, described, next(iter([*uris, *said.get("rights", [])]), ""), allowed)
    return _with(found, refused=problem) if problem else _with(found, described=described)


def stamp_of(record: Any) -> str:
    """What tells a record from the same one changed: of equal content the same, in whatever order it is written."""
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def _described_by_amb(record: Mapping[str, Any]) -> dict[str, Any]:
    spoken = next(each["@language"] for each in record["@context"] if isinstance(each, dict) and "@language" in each)
    languages = record.get("inLanguage", [])
    language = spoken if spoken in languages else next(iter(languages), spoken)
    subjects = [each["id"] for each in record.get("about", [])]
    doi = _DOI.fullmatch(record["id"])
    return {
        "kind": _kind(record),
        "language": language,
        "title": _short(record["name"], LONGEST_TITLE),
        "summary": _short(record.get("description", ""), LONGEST_SUMMARY),
        "link": record["id"],
        "licence": _licence(record.get("license", {}).get("id", "")),
        "authors": [_author(person) for person in record.get("creator", [])][:MOST_WORDS],
        "keywords": _words(record.get("keywords", [])),
        "skills": _words(_label(skill, language) for skill in record.get("teaches", [])),
        "audience": _audience(record.get("audience", [])),
        "eqf": _levels(record.get("educationalLevel", [])),
        "isced": next((field for subject in subjects if (field := _field(subject))), ""),
        "doi": doi[1] if doi else "",
        "is_erasmus": any("erasmus+" in funder["name"].lower() for funder in record.get("funder", [])),
    }


def _obstacle(found: Find, described: Mapping[str, Any], licence: str, allowed: Collection[str]) -> Problem | None:
    """What keeps a record from being taken that is as it should be."""
    if not found.title:
        return Problem(Why.MISSING, {"where": "name"})
    if not _is_link(described["link"]):
        return Problem(Why.NO_LINK, {"found": _short(described["link"] or "–", 80)})
    if len(described["link"]) > LONGEST_LINK:
        return Problem(Why.TOO_LONG, {"where": "id", "found": f"{described['link'][:80]}…"})
    if described["link"].startswith(f"{settings.BASE_URL}/"):
        return Problem(Why.OURS)
    if described["licence"] not in allowed:
        return Problem(Why.LICENCE, {"found": _short(licence, 200)}) if licence else Problem(Why.NO_LICENCE)
    return None


def _with(found: Find, **more: Any) -> Find:
    return Find(found.identifier, found.stamp, found.title, **more)


def _kind(record: Mapping[str, Any]) -> str:
    """Its kind by HCRT, else by the kind of creative work it is."""
    by_address = [each["id"].removeprefix(kinds.HCRT) for each in record.get("learningResourceType", [])]
    by_type = [_KINDS_OF_TYPES.get(kind, "") for kind in record["type"]]
    return next((kind for kind in [*by_address, *by_type] if kind in kinds.KINDS), "other")


def _kind_in_words(value: str) -> str:
    word = value.strip().removeprefix(kinds.HCRT)
    return word if word in kinds.KINDS else _DCMI.get(value.rpartition("/")[2].replace(" ", "").lower(), "")


def _author(person: Mapping[str, Any]) -> dict[str, str]:
    number = _ORCID.fullmatch(person.get("id", ""))
    name = " ".join(word for word in (person.get("honorificPrefix", ""), person["name"]) if word)
    return {
        "name": _short(name, LONGEST_WORD),
        "orcid": number[1] if number else "",
        "affiliation": _short(person.get("affiliation", {}).get("name", ""), LONGEST_WORD),
    }


def _audience(concepts: Iterable[Mapping[str, Any]]) -> list[str]:
    roles = [concept["id"].removeprefix(kinds.LRMI_ROLES) for concept in concepts]
    return list(dict.fromkeys(_ROLES[role] for role in roles if role in _ROLES))


def _levels(concepts: Iterable[Mapping[str, Any]]) -> list[str]:
    named = {f"{terms.LEVELS}{level}": eqf for eqf, (level, _labels) in terms.LEVEL_OF.items()}
    # Both ways of writing the number are in use: AMB's own examples say level_06.
    return list(dict.fromkeys(named[uri] for each in concepts if (uri := each["id"].replace("level_0", "level_", 1)) in named))


def _field(uri: str) -> str:
    """The field of ISCED-F that a subject lies in, or is."""
    if uri.startswith(terms.ISCED):
        code = uri.removeprefix(terms.ISCED)
        return code if taxonomy.is_known("isced-f", code) else ""
    return terms.FIELD_OF.get(uri.removeprefix(terms.SUBJECTS), "")


def _label(concept: Mapping[str, Any], language: str) -> str:
    labels = concept.get("prefLabel", {})
    return labels.get(language) or next(iter(labels.values()), "")


def _licence(named: str) -> str:
    """The key of the licence that an address names."""
    known = licences.named_by(named) if named else None
    return known.key if known else "other" if named.strip() else "unstated"


def _language(value: str) -> str:
    """A language as ISO 639-1 writes it, from that, from ISO 639-2 or with a country."""
    code = value.strip().lower().replace("_", "-").partition("-")[0]
    code = _THREE_LETTERS.get(code, code)
    return code if code in terms.LANGUAGES else ""


def _words(values: Iterable[str]) -> list[str]:
    words = (_short(value, LONGEST_WORD) for value in values)
    return list(dict.fromkeys(word for word in words if word))[:MOST_WORDS]


def _short(text: str, longest: int) -> str:
    """A text without mark-up and without what is no text, on one line, and no longer than there is room for."""
    plain = text[:_LONGEST_READ]
    try:
        plain = html.unescape(strip_tags(plain))
    except SuspiciousOperation:
        plain = ""  # so many brackets that nothing but reading them would take for ever
    return Truncator(" ".join(as_text(plain).split())).chars(longest)


def _is_link(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    is_plain = as_text(address) == address and not any(letter.isspace() for letter in address)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and is_plain


#: ISO 639-2, both of its ways where there are two, for the languages of Europe: repositories use it beside ISO 639-1.
_THREE_LETTERS = {
    "alb": "sq", "sqi": "sq", "baq": "eu", "eus": "eu", "bel": "be", "bos": "bs", "bul": "bg", "cat": "ca", "cze": "cs",
    "ces": "cs", "dan": "da", "dut": "nl", "nld": "nl", "eng": "en", "est": "et", "fin": "fi", "fre": "fr", "fra": "fr",
    "geo": "ka", "kat": "ka", "ger": "de", "deu": "de", "gle": "ga", "glg": "gl", "gre": "el", "ell": "el", "hrv": "hr",
    "hun": "hu", "ice": "is", "isl": "is", "ita": "it", "lav": "lv", "lit": "lt", "ltz": "lb", "mac": "mk", "mkd": "mk",
    "mlt": "mt", "nob": "nb", "nno": "nn", "nor": "no", "pol": "pl", "por": "pt", "rum": "ro", "ron": "ro", "rus": "ru",
    "slo": "sk", "slk": "sk", "slv": "sl", "spa": "es", "srp": "sr", "swe": "sv", "tur": "tr", "ukr": "uk", "wel": "cy",
    "cym": "cy",
}  # fmt: skip
