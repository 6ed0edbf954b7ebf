"""OAI-PMH 2.0: how repositories are harvested. In brackets: sections of openarchives.org/OAI/openarchivesprotocol.html.

What is listed are resources that were published here (``ResourceQuerySet.our_own``); one that was withdrawn stays in the lists
for ever as deleted [2.5.1]. Its datestamp is ``public_at``. Each is given as ``oai_dc`` and as ``oai_amb``: an element ``amb`` of
the namespace ``AMB`` with one inside, ``json``, whose text is the AMB record (``SCHEMA``). Sets are languages and projects.

A list is gone through by number, up to the highest there was when it was first asked for. So what changes on the way is still
in it, at its place and as it is then; each record comes once, and the list has an end however much is published meanwhile. A
resumption token says where one is and what was asked. It is signed, nothing is kept for it, and it does not expire.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, SubElement, tostring

from django.conf import settings
from django.core import signing
from django.db.models import Max, Min, Q, QuerySet
from django.urls import reverse
from django.utils.text import slugify

from guildhall.library.amb import PROVIDER, Record, as_json, records_of, stamp, two_letters, whole
from guildhall.library.cleaning import as_text
from guildhall.library.models import Described, Resource, ResourceQuerySet
from guildhall.skills import taxonomy

NAMESPACE = "http://www.openarchives.org/OAI/2.0/"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_OAI_DC = "http://www.openarchives.org/OAI/2.0/oai_dc/"
_DC = "http://purl.org/dc/elements/1.1/"
#: The namespace of the element that carries an AMB record, the same wherever Guildhall runs.
AMB = "urn:x-guildhall:oai-amb"
DUBLIN_CORE, AMB_PREFIX = "oai_dc", "oai_amb"
#: Records, or headers, in one answer.
PORTION = 100
_SALT = "library.oai"
_EPOCH = datetime.fromtimestamp(0, UTC)
_SECOND = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_OF_A_SET = re.compile(r"[A-Za-z0-9_.~-]+")
_LANGUAGE_SET, _PROJECT_SET = "language-", "project-"

SCHEMA = f"""<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{AMB}" elementFormDefault="qualified">
  <xs:element name="amb">
    <xs:annotation><xs:documentation>A record of AMB (https://w3id.org/kim/amb/) as JSON-LD.</xs:documentation></xs:annotation>
    <xs:complexType><xs:sequence><xs:element name="json" type="xs:string"/></xs:sequence></xs:complexType>
  </xs:element>
</xs:schema>
"""

#: For each verb what it must be told, and what it may be told [4].
_ARGUMENTS: dict[str, tuple[set[str], set[str]]] = {
    "Identify": (set(), set()),
    "ListMetadataFormats": (set(), {"identifier"}),
    "ListSets": (set(), {"resumptionToken"}),
    "GetRecord": ({"identifier", "metadataPrefix"}, set()),
    "ListIdentifiers": ({"metadataPrefix"}, {"from", "until", "set", "resumptionToken"}),
    "ListRecords": ({"metadataPrefix"}, {"from", "until", "set", "resumptionToken"}),
}


class Problem(Exception):
    """What is wrong with a question: one of the codes of the protocol [3.6], and a sentence for whoever reads it."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code, self.sentence = code, sentence


@dataclass(frozen=True)
class Asked:
    """What a list was first asked for, and how far it has come: what a resumption token says."""

    prefix: str
    since: str = ""
    until: str = ""
    of_set: str = ""
    last: int = 0
    """The number of the resource that was given last."""
    highest: int = 0
    """The highest number there was when the list was first asked for."""
    given: int = 0
    total: int = 0

    def token(self) -> str:
        return signing.dumps([getattr(self, name) for name in self.__dataclass_fields__], salt=_SALT, compress=False)


def answer(arguments: Mapping[str, Sequence[str]], *, at: datetime) -> bytes:
    """Answer a question: a document of XML, also where something is wrong with the question."""
    root = Element("OAI-PMH", {"xmlns": NAMESPACE, "xmlns:xsi": _XSI})
    root.set("xsi:schemaLocation", f"{NAMESPACE} http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd")
    _say(root, "responseDate", stamp(at))
    request = _say(root, "request", whole(reverse("oer:oai")))
    try:
        verb, told = _understood(arguments)
        said = Element(verb)
        _VERBS[verb](said, told)
        # Of a question that cannot be understood nothing is repeated [3.2].
        request.attrib.update({"verb": verb, **{name: as_text(value) for name, value in told.items()}})
        root.append(said)
    except Problem as problem:
        if problem.code not in ("badVerb", "badArgument"):
            request.attrib.update({name: as_text(values[0]) for name, values in arguments.items()})
        _say(root, "error", problem.sentence, code=problem.code)
    return tostring(root, encoding="utf-8", xml_declaration=True)


def identifier_of(number: int) -> str:
    """The name of a resource among all repositories."""
    return f"oai:{urlsplit(settings.BASE_URL).hostname}:{number}"


def sets_of(shown: Described) -> dict[str, str]:
    """The sets a resource is in, by their short names, each with its full name."""
    language = two_letters(shown.language)
    sets = {f"{_LANGUAGE_SET}{language}": taxonomy.label("language", language, "en")} if language else {}
    if project := _project_set(shown.project_code, shown.project):
        sets[project] = " · ".join(word for word in (shown.project, shown.project_code) if word)
    return sets


def _project_set(code: str, name: str) -> str:
    """A project's set is called by its number, else by its name, else, where Latin letters fail, by a mark made of both."""
    if not code and not name:
        return ""
    said = f"{code} {name}"
    return _PROJECT_SET + (code if _OF_A_SET.fullmatch(code) else slugify(said) or sha256(said.encode()).hexdigest()[:12])


# --- The question ----------------------------------------------------------------------------------------------------


def _understood(arguments: Mapping[str, Sequence[str]]) -> tuple[str, dict[str, str]]:
    verbs = arguments.get("verb", [])
    if len(verbs) != 1 or verbs[0] not in _ARGUMENTS:
        raise Problem("badVerb", f"Say one verb: {', '.join(_ARGUMENTS)}.")
    told = {name: values[0] for name, values in arguments.items() if name != "verb"}
    if repeated := sorted(name for name, values in arguments.items() if len(values) > 1):
        raise Problem("badArgument", f"Say this only once: {', '.join(repeated)}.")
    needed, possible = _ARGUMENTS[verbs[0]]
    if "resumptionToken" in told and "resumptionToken" in possible:
        needed, possible = {"resumptionToken"}, set()
    if foreign := sorted(set(told) - needed - possible):
        raise Problem("badArgument", f"This does not go with {verbs[0]}, or with what else was said: {', '.join(foreign)}.")
    if missing := sorted(needed - set(told)):
        raise Problem("badArgument", f"{verbs[0]} needs {', '.join(missing)}.")
    return verbs[0], told


def _list_asked_for(told: Mapping[str, str]) -> tuple[Asked, ResourceQuerySet]:
    """What a list is to be given of, and the resources meant."""
    if "resumptionToken" in told:
        asked = _resumed(told["resumptionToken"])
        return asked, _selected(asked)
    _require_format(told["metadataPrefix"])
    asked = Asked(told["metadataPrefix"], told.get("from", ""), told.get("until", ""), told.get("set", ""))
    _require_span(asked)
    known = Resource.objects.our_own().aggregate(highest=Max("pk"))
    asked = replace(asked, highest=known["highest"] or 0)
    selected = _selected(asked)
    asked = replace(asked, total=selected.count())
    if not asked.total:
        raise Problem("noRecordsMatch", "There is nothing of the kind.")
    return asked, selected


def _resumed(token: str) -> Asked:
    try:
        return Asked(*signing.loads(token, salt=_SALT))
    except (signing.BadSignature, TypeError, ValueError):
        raise Problem("badResumptionToken", "This token was not given here.") from None


def _selected(asked: Asked) -> ResourceQuerySet:
    resources = Resource.objects.our_own().filter(pk__lte=asked.highest)
    if asked.since:
        resources = resources.filter(public_at__gte=_moment(asked.since))
    if asked.until:
        resources = resources.filter(public_at__lt=_end_of(asked.until))
    return resources.filter(_in_set(asked.of_set)) if asked.of_set else resources


def _in_set(name: str) -> Q:
    if name.startswith(_LANGUAGE_SET):
        language = name.removeprefix(_LANGUAGE_SET)
        return Q(current__language__iexact=language) | Q(current__language__istartswith=f"{language}-")
    chosen = Q(pk__in=[])
    for code, project in _projects():
        if _project_set(code, project) == name:
            chosen |= Q(current__project_code=code, current__project=project)
    return chosen


def _projects() -> QuerySet[Any]:
    named = Resource.objects.our_own().exclude(current__project="", current__project_code="")
    pairs = named.values_list("current__project_code", "current__project")
    return pairs.order_by("current__project_code", "current__project").distinct()


def _require_span(asked: Asked) -> None:
    """Refuse moments that are none, of two granularities, or the later one first [2.7.1]."""
    given = [moment for moment in (asked.since, asked.until) if moment]
    for moment in given:
        _moment(moment)
    if len(given) == 2 and len(asked.since) != len(asked.until):
        raise Problem("badArgument", "“from” and “until” must be equally exact.")
    if len(given) == 2 and _moment(asked.since) > _moment(asked.until):
        raise Problem("badArgument", "“from” must not be after “until”.")


def _moment(text: str) -> datetime:
    """The first moment that a day or a second means [3.3]."""
    try:
        if _SECOND.fullmatch(text):
            return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if _DAY.fullmatch(text):
            return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        pass  # the 30th of February
    raise Problem("badArgument", "A moment is written as 2026-11-30 or 2026-11-30T12:00:00Z.")


def _end_of(text: str) -> datetime:
    """The moment after the day or the second that is meant: it is included to its end."""
    try:
        return _moment(text) + (timedelta(days=1) if _DAY.fullmatch(text) else timedelta(seconds=1))
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def _require_format(prefix: str) -> None:
    if prefix not in _FORMATS:
        raise Problem("cannotDisseminateFormat", f"Records are given as {' or '.join(_FORMATS)}.")


def _one(identifier: str) -> Resource:
    number = identifier.rpartition(":")[2]
    if number.isascii() and number.isdigit() and len(number) < 19 and identifier == identifier_of(int(number)):
        found = Resource.objects.our_own().for_records().filter(pk=int(number)).first()
        if found is not None:
            return found
    raise Problem("idDoesNotExist", f"Nothing here has this name. The first that might is called {identifier_of(1)}.")


# --- The answer ------------------------------------------------------------------------------------------------------


def _identify(said: Element, told: Mapping[str, str]) -> None:
    earliest = Resource.objects.our_own().aggregate(earliest=Min("public_at"))["earliest"]
    _say(said, "repositoryName", PROVIDER)
    _say(said, "baseURL", whole(reverse("oer:oai")))
    _say(said, "protocolVersion", "2.0")
    _say(said, "adminEmail", parseaddr(settings.DEFAULT_FROM_EMAIL)[1])
    _say(said, "earliestDatestamp", stamp(earliest or _EPOCH))
    _say(said, "deletedRecord", "persistent")
    _say(said, "granularity", "YYYY-MM-DDThh:mm:ssZ")


def _list_formats(said: Element, told: Mapping[str, str]) -> None:
    if "identifier" in told:
        _one(told["identifier"])
    for prefix, (schema, namespace) in _FORMATS.items():
        form = SubElement(said, "metadataFormat")
        _say(form, "metadataPrefix", prefix)
        _say(form, "schema", schema or whole(reverse("oer:oai_schema")))
        _say(form, "metadataNamespace", namespace)


def _list_sets(said: Element, told: Mapping[str, str]) -> None:
    if "resumptionToken" in told:
        raise Problem("badResumptionToken", "The list of sets is given as a whole.")
    languages = Resource.objects.our_own().values_list("current__language", flat=True).distinct()
    sets: dict[str, str] = {}
    for language in sorted(languages):
        sets |= sets_of(Resource(language=language))
    for code, project in _projects():
        sets |= sets_of(Resource(language="", project_code=code, project=project))
    if not sets:
        raise Problem("noSetHierarchy", "There are no sets, for nothing is published yet.")
    for spec, name in sets.items():
        one = SubElement(said, "set")
        _say(one, "setSpec", spec)
        _say(one, "setName", name)


def _get_record(said: Element, told: Mapping[str, str]) -> None:
    resource = _one(told["identifier"])
    _require_format(told["metadataPrefix"])
    _add_records(said, [resource], told["metadataPrefix"])


def _list_records(said: Element, told: Mapping[str, str]) -> None:
    asked, selected = _list_asked_for(told)
    portion = _portion(selected.for_many_records(), asked)
    _add_records(said, portion, asked.prefix)
    _add_token(said, asked, portion)


def _list_identifiers(said: Element, told: Mapping[str, str]) -> None:
    asked, selected = _list_asked_for(told)
    portion = _portion(selected.select_related("current"), asked)
    for resource in portion[:PORTION]:
        _add_header(said, resource)
    _add_token(said, asked, portion)


def _portion(selected: ResourceQuerySet, asked: Asked) -> list[Resource]:
    return list(selected.filter(pk__gt=asked.last).order_by("pk")[: PORTION + 1])


def _add_token(said: Element, asked: Asked, portion: list[Resource]) -> None:
    """Say how to go on. A list in one piece has no token, the last piece of several an empty one [3.5]."""
    has_more = len(portion) > PORTION
    if has_more or asked.given:
        shown = portion[:PORTION]
        going_on = replace(asked, last=shown[-1].pk, given=asked.given + len(shown)) if shown else asked
        token = going_on.token() if has_more else ""
        _say(said, "resumptionToken", token, completeListSize=str(asked.total), cursor=str(asked.given))


def _add_records(said: Element, portion: Sequence[Resource], prefix: str) -> None:
    shown = portion[:PORTION]
    records = records_of([resource for resource in shown if resource.is_public])
    for resource in shown:
        one = SubElement(said, "record")
        _add_header(one, resource)
        if resource.is_public:
            _WRITERS[prefix](SubElement(one, "metadata"), next(records))


def _add_header(said: Element, resource: Resource) -> None:
    header = SubElement(said, "header", {} if resource.is_public else {"status": "deleted"})
    _say(header, "identifier", identifier_of(resource.pk))
    _say(header, "datestamp", stamp(resource.public_at) if resource.public_at else "")
    for spec in sets_of(resource.shown):
        _say(header, "setSpec", spec)


def _write_amb(said: Element, record: Record) -> None:
    amb = SubElement(said, "amb", {"xmlns": AMB})
    amb.set("xsi:schemaLocation", f"{AMB} {whole(reverse('oer:oai_schema'))}")
    _say(amb, "json", as_json(record))


def _write_dublin_core(said: Element, record: Record) -> None:
    """Say what Dublin Core has a place for, from the AMB record."""
    core = SubElement(said, "oai_dc:dc", {"xmlns:oai_dc": _OAI_DC, "xmlns:dc": _DC})
    core.set("xsi:schemaLocation", f"{_OAI_DC} http://www.openarchives.org/OAI/2.0/oai_dc.xsd")
    language = next(iter(record.get("inLanguage", [])), "")
    spoken = {"xml:lang": language} if language else {}
    about = [label for concept in record.get("about", []) for label in concept["prefLabel"].values()]
    said_by_name = {
        "title": [record["name"]],
        "creator": [person["name"] for person in record.get("creator", [])],
        "subject": [*record.get("keywords", []), *about],
        "description": [record.get("description", "")],
        "publisher": [publisher["name"] for publisher in record.get("publisher", [])],
        "date": [record.get("dateModified", "")],
        "type": [concept["id"] for concept in record.get("learningResourceType", [])],
        "format": [file["encodingFormat"] for file in record.get("encoding", [])],
        "identifier": [record["id"], *record.get("sameAs", [])],
        "source": [basis.get("id") or basis["name"] for basis in record.get("isBasedOn", [])],
        "language": record.get("inLanguage", []),
        "rights": [record["license"]["id"]] if "license" in record else [],
    }
    for name, values in said_by_name.items():
        for value in dict.fromkeys(values):
            if value:
                _say(core, f"dc:{name}", value, **(spoken if name in ("title", "description") else {}))


def _say(said: Element, name: str, text: str, **attributes: str) -> Element:
    """Add an element with a text, without what XML has no place for."""
    one = SubElement(said, name, attributes)
    one.text = as_text(text)
    return one


_FORMATS = {
    DUBLIN_CORE: ("http://www.openarchives.org/OAI/2.0/oai_dc.xsd", _OAI_DC),
    AMB_PREFIX: ("", AMB),
}
_WRITERS = {DUBLIN_CORE: _write_dublin_core, AMB_PREFIX: _write_amb}
_VERBS = {
    "Identify": _identify,
    "ListMetadataFormats": _list_formats,
    "ListSets": _list_sets,
    "GetRecord": _get_record,
    "ListIdentifiers": _list_identifiers,
    "ListRecords": _list_records,
}
