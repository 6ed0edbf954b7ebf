"""Reading AMB records of others: what is wrong with one, and what a resource would say that is described so.

The checks are those of AMB's JSON schemas (dini-ag-kim/amb, d94c6fe), with their dates as AMB's own examples have them: a moment
may lack its zone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from guildhall.library import amb_terms as terms
from guildhall.library.cleaning import as_text
from guildhall.library.kinds import HCRT
from guildhall.library.models import Harvested

Why = Harvested.Why
#: Of what was found instead of what should be there, so much is shown.
_SHOWN = 80
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]*")
_MEDIA_TYPE = re.compile(r"(application|audio|example|font|image|message|model|multipart|text|video)/[a-zA-Z0-9\-+_.]+")
_FIGURES = re.compile(r"[0-9]+")
_SHA256 = re.compile(r"[A-Fa-f0-9]{64}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?)?")
_DURATION = re.compile(
    r"-?P(?=[0-9]|T[0-9])(?:[0-9]+Y)?(?:[0-9]+M)?(?:[0-9]+[DW])?(?:T(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+(?:\.[0-9]+)?S)?)?"
)
_LICENCES = [
    re.compile(rule)
    for rule in (
        r"https?://creativecommons.org/(licenses|licences|publicdomain)/.*",
        r"https?://www.gnu.org/licenses/.*",
        r"https?://www.apache.org/licenses/.*",
        r".*https?://opensource.org/licenses/MIT.*",
        r"https?://www.opensource.org/licenses/BSD.*",
    )
]


@dataclass(frozen=True)
class Problem:
    """What is wrong with a record: the reason, and what the sentence of the reason says besides."""

    why: Harvested.Why
    said: Mapping[str, str] = field(default_factory=dict)


Check = Callable[[str, Any], Iterator[Problem]]


def problems_of(record: Any) -> Iterator[Problem]:
    """Say what is wrong with a record, by AMB's rules; nothing where nothing is."""
    yield from _RECORD("", record)


def _wrong(why: Harvested.Why, where: str, found: Any) -> Problem:
    words = as_text(found if isinstance(found, str) else json.dumps(found, ensure_ascii=False))
    return Problem(why, {"where": as_text(where), "found": words[:_SHOWN] + "…" * (len(words) > _SHOWN)})


def _text(where: str, value: Any) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield _wrong(Why.NO_TEXT, where, value)


def _truth(where: str, value: Any) -> Iterator[Problem]:
    if not isinstance(value, bool):
        yield _wrong(Why.NO_TRUTH, where, value)


def _like(rule: re.Pattern[str], why: Harvested.Why) -> Check:
    def check(where: str, value: Any) -> Iterator[Problem]:
        if not isinstance(value, str) or not rule.fullmatch(value):
            yield _wrong(why, where, value)

    return check


def _one_of(words: frozenset[str]) -> Check:
    def check(where: str, value: Any) -> Iterator[Problem]:
        if not isinstance(value, str) or value not in words:
            yield _wrong(Why.UNKNOWN, where, value)

    return check


def _date(where: str, value: Any) -> Iterator[Problem]:
    try:
        is_date = isinstance(value, str) and bool(_DATE.fullmatch(value) and datetime.fromisoformat(value))
    except ValueError:
        is_date = False  # the 30th of February
    if not is_date:
        yield _wrong(Why.NO_DATE, where, value)


def _list(of: Check, *, among: Callable[[Any], bool] | None = None) -> Check:
    """A list of things that each pass a check, at least one of them ``among`` those that are asked for."""

    def check(where: str, value: Any) -> Iterator[Problem]:
        if not isinstance(value, list):
            yield _wrong(Why.NO_LIST, where, value)
            return
        for place, each in enumerate(value, start=1):
            yield from of(f"{where}[{place}]", each)
        if among is not None and not any(among(each) for each in value):
            named = [str(each.get("id", "")) if isinstance(each, dict) else str(each) for each in value]
            yield _wrong(Why.LACKS, where, ", ".join(named))

    return check


def _object(needed: set[str], **checks: Check) -> Check:
    """An object that has what is ``needed``; what else it has passes its check, where there is one."""

    def check(where: str, value: Any) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield _wrong(Why.NO_OBJECT, where or "record", value)
            return
        prefix = f"{where}." if where else ""
        for name in sorted(needed - set(value)):
            yield Problem(Why.MISSING, {"where": f"{prefix}{name}"})
        for name, rule in checks.items():
            if name in value:
                yield from rule(f"{prefix}{name}", value[name])

    return check


def _either(*names: str, then: Check) -> Check:
    """An object that has at least one of these, and passes a check."""

    def check(where: str, value: Any) -> Iterator[Problem]:
        if isinstance(value, dict) and not any(name in value for name in names):
            yield Problem(Why.MISSING, {"where": f"{where}.{'|'.join(names)}"})
        yield from then(where, value)

    return check


def _labels(where: str, value: Any) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield _wrong(Why.NO_OBJECT, where, value)
        return
    for language, label in value.items():
        yield from _language(where, language)
        yield from _text(f"{where}.{language}", label)


def _context(where: str, value: Any) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield _wrong(Why.NO_LIST, where, value)
        return
    if terms.CONTEXT not in value:
        yield _wrong(Why.LACKS, where, value)
    spoken = [each["@language"] for each in value if isinstance(each, dict) and "@language" in each]
    if not spoken:
        yield Problem(Why.MISSING, {"where": f"{where}.@language"})
    elif not any(isinstance(language, str) and language in terms.LANGUAGES for language in spoken):
        yield _wrong(Why.UNKNOWN, f"{where}.@language", spoken[0])


def _licence(where: str, value: Any) -> Iterator[Problem]:
    if not isinstance(value, str) or not any(rule.fullmatch(value) for rule in _LICENCES):
        yield _wrong(Why.UNKNOWN, where, value)


def _named(*prefixes: str) -> Callable[[Any], bool]:
    """Whether a thing is named by an address that begins so."""
    return lambda each: isinstance(each, dict) and isinstance(each.get("id"), str) and each["id"].startswith(prefixes)


_uri = _like(_URI, Why.NO_ADDRESS)
_language = _one_of(terms.LANGUAGES)
_figures = _like(_FIGURES, Why.NO_NUMBER)
_media_type = _like(_MEDIA_TYPE, Why.UNKNOWN)
_types = _list(_one_of(terms.TYPES), among=lambda each: each == terms.LEARNING_RESOURCE)
_concept = _object({"id"}, type=_one_of(frozenset({"Concept"})), id=_uri, prefLabel=_labels)
_skill = _object({"id"}, id=_uri, prefLabel=_labels)
_affiliation = _object({"name", "type"}, type=_one_of(frozenset({"Organization"})), id=_uri, name=_text)
_agent = _object(
    {"name", "type"},
    type=_one_of(frozenset({"Person", "Organization"})),
    id=_uri,
    name=_text,
    honorificPrefix=_text,
    affiliation=_affiliation,
)
_media = {
    "contentUrl": _uri,
    "embedUrl": _uri,
    "encodingFormat": _media_type,
    "contentSize": _figures,
    "sha256": _like(_SHA256, Why.UNKNOWN),
    "bitrate": _figures,
}
_provider = _object({"id"}, id=_uri, type=_text, name=_text)
_under = _object({"id"}, id=_licence)
_related = _object({"id"}, id=_uri, type=_types, name=_text)


def _fixed(*words: str) -> Check:
    """A concept whose address is one of a few."""
    return _object({"id"}, type=_one_of(frozenset({"Concept"})), id=_one_of(frozenset(words)), prefLabel=_labels)


def _level(where: str, value: Any) -> Iterator[Problem]:
    yield from _concept(where, value)
    if isinstance(value, dict) and isinstance(value.get("id"), str) and not value["id"].startswith(terms.LEVELS):
        yield _wrong(Why.UNKNOWN, f"{where}.id", value["id"])


_RECORD = _object(
    {"@context", "id", "name", "type"},
    **{"@context": _context},
    id=_uri,
    type=_types,
    name=_text,
    creator=_list(_agent),
    contributor=_list(_agent),
    description=_text,
    about=_list(_concept, among=_named(terms.SUBJECTS, terms.SCHOOL_SUBJECTS)),
    license=_under,
    image=_uri,
    trailer=_either(
        "contentUrl",
        "embedUrl",
        then=_object({"type"}, type=_one_of(frozenset({"VideoObject", "AudioObject"})), **_media),
    ),
    dateCreated=_date,
    datePublished=_date,
    dateModified=_date,
    duration=_like(_DURATION, Why.NO_DURATION),
    inLanguage=_list(_language),
    publisher=_list(_agent),
    learningResourceType=_list(_concept, among=_named(HCRT, terms.NEW_LRT)),
    audience=_list(_concept),
    isBasedOn=_list(
        _either(
            "name",
            "id",
            then=_object(set(), type=_types, id=_uri, name=_text, creator=_list(_agent), license=_under, provider=_provider),
        )
    ),
    isPartOf=_list(_related),
    hasPart=_list(_related),
    mainEntityOfPage=_list(
        _object(
            {"id"},
            id=_uri,
            type=_one_of(frozenset({"WebContent"})),
            provider=_provider,
            dateCreated=_date,
            dateModified=_date,
        )
    ),
    keywords=_list(_text),
    encoding=_list(_either("contentUrl", "embedUrl", then=_object({"type"}, type=_one_of(frozenset({"MediaObject"})), **_media))),
    caption=_list(
        _object({"id", "type"}, type=_one_of(frozenset({"MediaObject"})), id=_uri, encodingFormat=_text, inLanguage=_language)
    ),
    conditionsOfAccess=_fixed(f"{terms.ACCESS}no_login", f"{terms.ACCESS}login"),
    funder=_list(
        _object({"type", "name"}, type=_one_of(frozenset({"Person", "FundingScheme", "Organization"})), id=_uri, name=_text)
    ),
    assesses=_list(_skill),
    competencyRequired=_list(_skill),
    teaches=_list(_skill),
    educationalLevel=_list(_level),
    isAccessibleForFree=_truth,
    interactivityType=_fixed(*(f"{terms.INTERACTIVITY}{kind}" for kind in ("active", "expositive", "mixed"))),
)
