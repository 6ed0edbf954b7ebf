"""A repository that speaks OAI-PMH 2.0: its records as AMB where it gives them so, else as Dublin Core."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from guildhall.library.amb_reading import Problem, Why
from guildhall.library.harvesting.describing import from_amb, from_dublin_core
from guildhall.library.harvesting.fetching import Gone, fetch
from guildhall.library.harvesting.finds import LONGEST_IDENTIFIER, Find, Known, NoLook, Portion
from guildhall.library.models import Harvest
from guildhall.library.oai import AMB_PREFIX, DUBLIN_CORE, NAMESPACE

Trouble = Harvest.Trouble
_DC = "{http://purl.org/dc/elements/1.1/}"
_XML = "text/xml, application/xml"
#: Prefixes under which repositories give AMB records, whatever the element around them.
_AMB_PREFIXES = (AMB_PREFIX, "amb")
#: Answers of one list, after which it is believed to have no end.
MOST_PORTIONS = 50_000


class Refusal(Exception):
    """The repository says no, with one of the codes of the protocol."""

    def __init__(self, code: str, said: str) -> None:
        super().__init__(code)
        self.code, self.said = code, said


@dataclass(frozen=True)
class Repository:
    """What a repository says of itself that matters here."""

    prefix: str
    is_by_second: bool
    keeps_deleted: bool
    """Whether what is deleted stays in its lists for ever, so that it is enough to ask what has changed."""


def survey(address: str) -> Repository:
    """Ask a repository what it offers.

    Raises:
        NoLook: it does not answer as the protocol says.
    """
    try:
        identity = _ask(address, verb="Identify")
        formats = _ask(address, verb="ListMetadataFormats")
    except Refusal as no:
        raise NoLook(Trouble.PROTOCOL, said=_words(no)) from None
    prefixes = [_said(form, "metadataPrefix") for form in formats.iter(_oai("metadataFormat"))]
    return Repository(
        prefix=next((prefix for prefix in _AMB_PREFIXES if prefix in prefixes), DUBLIN_CORE),
        is_by_second=_said(identity, "granularity").endswith("Z"),
        keeps_deleted=_said(identity, "deletedRecord") == "persistent",
    )


def portions(
    address: str, *, allowed: Collection[str], known: Known, position: Mapping[str, Any], since: str = ""
) -> Iterator[Portion]:
    """Go through a repository, from where an earlier attempt got to, or through what has changed ``since`` (by its clock).

    ``position`` holds, from the first portion on, ``token``, ``prefix``, ``since``, and ``answered_at``: when it answered
    first, which is up to when all is known once the look is done. Its token may have become void; then all begins anew.

    Raises:
        NoLook: it does not answer, or not as the protocol says.
    """
    place = dict(position) or _beginning(address, since)
    is_from_before = bool(place.get("token"))
    for _answer in range(MOST_PORTIONS):
        asked = {"resumptionToken": place["token"]} if place.get("token") else _first_question(place)
        try:
            answer = _ask(address, verb="ListRecords", **asked)
        except Refusal as no:
            if no.code == "noRecordsMatch":
                yield Portion([], {**place, "token": ""}, 0)
                return
            if no.code == "badResumptionToken" and is_from_before:
                place["token"], is_from_before = "", False
                continue
            raise NoLook(Trouble.PROTOCOL, said=_words(no)) from None
        place.setdefault("answered_at", _said(answer, "responseDate"))
        token = next(answer.iter(_oai("resumptionToken")), None)
        going_on = (token.text or "").strip() if token is not None else ""
        if going_on and going_on == place.get("token"):
            raise NoLook(Trouble.PROTOCOL, said="resumptionToken")  # it would go round and round
        place["token"] = going_on
        finds = [_find(record, place["prefix"], allowed, known) for record in answer.iter(_oai("record"))]
        is_from_before = False
        yield Portion(_once(finds, known), dict(place), _total(token))
        if not going_on:
            return
    raise NoLook(Trouble.PROTOCOL, said="resumptionToken")


def _beginning(address: str, since: str) -> dict[str, Any]:
    repository = survey(address)
    is_enough = bool(since) and repository.keeps_deleted
    moment = since if repository.is_by_second else since[:10]
    return {"prefix": repository.prefix, "since": moment if is_enough else "", "token": ""}


def _first_question(place: Mapping[str, Any]) -> dict[str, str]:
    return {"metadataPrefix": place["prefix"], **({"from": place["since"]} if place.get("since") else {})}


def _ask(address: str, **arguments: str) -> Element:
    """Ask a question and return the answer.

    What stands in the address already, such as the set that is wanted, goes with the first question of a list only.
    """
    parts = urlsplit(address)
    own = dict(parse_qsl(parts.query)) if "metadataPrefix" in arguments else {}
    asked = parts._replace(query=urlencode({**own, **arguments})).geturl()
    try:
        root = fromstring(fetch(asked, accept=_XML).content, forbid_dtd=True)
    except Gone:
        raise NoLook(Trouble.STATUS, status="404") from None
    except (ParseError, DefusedXmlException, ValueError):
        raise NoLook(Trouble.NO_XML) from None
    if root.tag != _oai("OAI-PMH"):
        raise NoLook(Trouble.NO_OAI)
    error = root.find(_oai("error"))
    if error is not None:
        raise Refusal(error.get("code", ""), (error.text or "").strip())
    return root


def _find(record: Element, prefix: str, allowed: Collection[str], known: Known) -> Find:
    header = record.find(_oai("header"))
    identifier = _said(record, "identifier")[:LONGEST_IDENTIFIER]
    stamp = _said(record, "datestamp")[:64]
    if header is not None and header.get("status") == "deleted":
        return Find(identifier, stamp, is_gone=True)
    if known.is_as_before(identifier, stamp):
        return Find(identifier, stamp)
    metadata = record.find(_oai("metadata"))
    if metadata is None or not len(metadata):
        return Find(identifier, stamp, refused=Problem(Why.NO_RECORD))
    if prefix != DUBLIN_CORE:
        try:
            said = json.loads("".join(metadata[0].itertext()).strip())
        except (ValueError, RecursionError):
            return Find(identifier, stamp, refused=Problem(Why.UNREADABLE))
        return from_amb(said, allowed=allowed, identifier=identifier, stamp=stamp)
    elements: dict[str, list[str]] = {}
    for element in metadata.iter():
        if element.tag.startswith(_DC) and (element.text or "").strip():
            elements.setdefault(element.tag.removeprefix(_DC), []).append((element.text or "").strip())
    return from_dublin_core(elements, allowed=allowed, identifier=identifier, stamp=stamp)


def _once(finds: list[Find], known: Known) -> list[Find]:
    """Each record once, the last time it is named, without what this look has been through and which has not changed since."""
    by_name = {find.identifier: find for find in finds if find.identifier}
    return [find for find in by_name.values() if find.identifier not in known.seen or not find.is_unchanged]


def _total(token: Element | None) -> int:
    said = token.get("completeListSize", "") if token is not None else ""
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0


def _said(element: Element, name: str) -> str:
    return next((each.text or "" for each in element.iter(_oai(name))), "").strip()


def _words(no: Refusal) -> str:
    return f"{no.code} {no.said}".strip()[:200]


def _oai(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
