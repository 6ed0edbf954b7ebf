"""Public resources as records for other programs: AMB, the profile of schema.org that German-speaking and European search
engines for open educational resources harvest.

A record says what was published, in its language, and never depends on who asks. Source of its rules, tried out against AMB's
schemas: research notes, community.md 2.2.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Prefetch
from django.urls import reverse
from django.utils import translation
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from guildhall.core.addresses import address_of
from guildhall.core.models import StoredFile
from guildhall.library import amb_terms as terms
from guildhall.library.cleaning import as_text
from guildhall.library.kinds import ROLE_OF, VIDEO
from guildhall.library.models import Film, Part, Rendition, Resource, Source, Track, Version
from guildhall.people.models import Organisation
from guildhall.skills import taxonomy

Record = dict[str, Any]
CONTENT_TYPE = "application/ld+json"
PROVIDER = "Guildhall"
ERASMUS = {"type": "FundingScheme", "id": "https://erasmus-plus.ec.europa.eu/", "name": "Erasmus+"}
_ORCID = re.compile(r"(?:\d{4}-){3}\d{3}[\dX]")
#: What could end a script element, or begin a comment in it, as JSON may write it as well.
_UNSAFE_IN_SCRIPT = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


def record_of(resource: Resource, *, film: Film | None = None) -> Record:
    """Return the record of a public resource, as it was published last; its film need not be looked for if it is handed in.

    Raises:
        ValueError: it was never published.
    """
    return _record(resource, resource.current, film) if film and resource.current else next(records_of([resource]))


def records_of(resources: Sequence[Resource]) -> Iterator[Record]:
    """Return the records of public resources; of many ``ResourceQuerySet.for_records`` reads beforehand what they say."""
    films = _films_of(resources)
    for resource in resources:
        if resource.current is None:
            raise ValueError(f"Resource {resource.pk} was never published.")
        yield _record(resource, resource.current, films.get(resource.pk) or films.get(resource.work_id or 0))


def _record(resource: Resource, version: Version, film: Film | None) -> Record:
    page = whole(address_of("oer:resource", resource.pk))
    files = list(version.parts.all())
    record = {
        "@context": [terms.CONTEXT, terms.SCHEMA_ORG, {"@language": two_letters(version.language) or "en"}],
        # What was taken from elsewhere keeps the address by which everybody knows it.
        "id": version.link if is_taken(resource) else page,
        "type": [terms.LEARNING_RESOURCE, *_filled(terms.TYPE_OF.get(version.kind))],
        "name": _plain(version.title) or page,
        "description": _description(version),
        "inLanguage": _filled(two_letters(version.language)),
        "image": _image(resource, files, film),
        "creator": [_person(author) for author in version.authors if author.get("name")],
        "publisher": [organisation_of(resource.organisation)],
        "sourceOrganization": [organisation_of(resource.organisation)],
        "funder": [ERASMUS] if version.is_erasmus else [],
        "license": {"id": version.under.uri} if version.under.uri else None,
        "learningResourceType": [_concept(terms.kind_uri(version.kind), terms.KIND_LABELS[version.kind])],
        "about": _about(version),
        "educationalLevel": _levels(version),
        "audience": [_concept(terms.role_uri(role), terms.ROLE_LABELS[role]) for role in _roles(version)],
        "conditionsOfAccess": _concept(f"{terms.ACCESS}no_login", {"en": "No login required", "de": "Kein Login erforderlich"}),
        "isAccessibleForFree": True,
        "dateCreated": stamp(resource.created_at),
        "datePublished": stamp(_first_published(resource)),
        "dateModified": stamp(version.published_at),
        "duration": _duration(film),
        "keywords": [_plain(word) for word in version.keywords],
        "isBasedOn": [_basis(source) for source in resource.sources.all()],
        "translationOfWork": _original(resource),
        "sameAs": [f"{terms.DOI}{version.doi}"] if version.doi else [],
        "accessibilityFeature": list(version.accessibility),
        "encoding": [_media(address_of_part(resource, part), part.file) for part in files] + (_film_files(film) if film else []),
        "caption": _captions(film) if film else [],
        "mainEntityOfPage": [
            {
                "id": page,
                "type": "WebContent",
                "provider": {"id": whole("/"), "type": "Service", "name": PROVIDER},
                "dateCreated": stamp(_first_published(resource)),
                "dateModified": stamp(resource.public_at or version.published_at),
            }
        ],
    }
    if is_taken(resource):  # of those who made it we know no more than this; they are not us
        record |= {"publisher": [], "sourceOrganization": [], "dateCreated": "", "datePublished": "", "dateModified": ""}
    return {name: value for name, value in record.items() if value not in (None, "", [], {})}


def as_json(record: Record) -> str:
    """Write a record on one line, as other programs read it."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def as_script(record: Record) -> SafeString:
    """Write a record so that it can stand inside a script element: nothing in it ends that, or begins another."""
    return SafeString(as_json(record).translate(_UNSAFE_IN_SCRIPT))


def whole(path: str) -> str:
    """The whole address of one of our paths."""
    return f"{settings.BASE_URL}{path}"


def stamp(moment: datetime) -> str:
    """A moment as ISO 8601 in UTC, to the second."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def two_letters(language: str) -> str:
    """The language as AMB writes it, without script or country; "" for one it has no place for."""
    code = language.partition("-")[0].lower()
    return code if code in terms.LANGUAGES else ""


def is_taken(resource: Resource) -> bool:
    """Whether a resource is a link that was taken from elsewhere."""
    return hasattr(resource, "harvested")


def organisation_of(organisation: Organisation) -> Record:
    """Describe an organisation."""
    site = {"id": organisation.website} if _is_address(organisation.website) else {}
    return {"type": "Organization", **site, "name": _plain(organisation.name)}


def _description(version: Version) -> str:
    """What it is, and whether it is made up: who finds it elsewhere cannot see that on the page."""
    said = [_plain(version.summary)]
    if version.is_illustration:
        with translation.override(version.language):
            said.append(_("An illustration: made up, to show what such a thing looks like."))
    return "\n".join(_filled(*said))


def _person(author: dict[str, str]) -> Record:
    number = _ORCID.search(author.get("orcid") or "")
    belongs = _plain(author.get("affiliation") or "")
    return {
        "type": "Person",
        **({"id": f"{terms.ORCID}{number[0]}"} if number else {}),
        "name": _plain(author["name"]),
        **({"affiliation": {"type": "Organization", "name": belongs}} if belongs else {}),
    }


def _about(version: Version) -> list[Record]:
    """The subjects that AMB asks for, and then the field of ISCED-F; nothing where none of the former is known."""
    subjects = dict.fromkeys(_filled(terms.SUBJECT_OF.get(version.isced), terms.SUBJECT_OF_METHODOLOGY if version.area else None))
    asked = [_concept(f"{terms.SUBJECTS}{subject}", {"en": terms.SUBJECT_LABELS[subject]}) for subject in subjects]
    if not asked or not version.isced:
        return asked
    return [*asked, _concept(f"{terms.ISCED}{version.isced}", {"en": taxonomy.label("isced-f", version.isced, "en")})]


def _levels(version: Version) -> list[Record]:
    levels = [terms.LEVEL_OF[str(level)] for level in version.eqf if str(level) in terms.LEVEL_OF]
    return [_concept(f"{terms.LEVELS}{level}", labels) for level, labels in levels]


def _roles(version: Version) -> list[str]:
    return list(dict.fromkeys(ROLE_OF[audience] for audience in version.audience if audience in ROLE_OF))


def _concept(uri: str, labels: dict[str, str]) -> Record:
    return {"type": "Concept", "id": uri, "prefLabel": labels}


def _basis(source: Source) -> Record:
    """Say what a resource was made from, here or elsewhere."""
    under = source.under
    licence = {"license": {"id": under.uri}} if under is not None and under.uri else {}
    if source.of is not None:
        shown = source.of.shown
        creators = [_person(author) for author in shown.authors if author.get("name")]
        address = shown.link if is_taken(source.of) else whole(address_of("oer:resource", source.of.pk))
        name = shown.title
    else:
        creators = [{"type": "Person", "name": _plain(source.author)}] if source.author else []
        address, name = source.address, source.title
    return {
        **({"id": address} if _is_address(address) else {}),
        "type": [terms.LEARNING_RESOURCE],
        "name": _plain(name),
        **({"creator": creators} if creators else {}),
        **licence,
    }


def _original(resource: Resource) -> Record | None:
    """Name what a translation translates: a property of schema.org that AMB lets stand."""
    if not resource.is_translation or resource.work_id is None:
        return None
    return {"id": whole(address_of("oer:resource", resource.work_id))}


def _media(address: str, stored: StoredFile) -> Record:
    return {
        "type": "MediaObject",
        "contentUrl": address,
        "encodingFormat": stored.content_type,
        "contentSize": str(stored.size),
        **({"sha256": stored.sha256} if stored.sha256 else {}),
    }


def address_of_part(resource: Resource, part: Part) -> str:
    """The whole address of a file of a resource."""
    return whole(address_of("oer:part_file", resource.pk, part.pk))


def _image(resource: Resource, files: Iterable[Part], film: Film | None) -> str:
    """A picture that shows what it is: the one before the film, else the first among the files."""
    if film is not None and film.poster_id is not None:
        return whole(address_of("oer:film_poster", film.pk))
    picture = next((part for part in files if part.file.content_type.startswith("image/")), None)
    return address_of_part(resource, picture) if picture else ""


def _films_of(resources: Sequence[Resource]) -> dict[int, Film]:
    """The films that are ready, by the number of the resource they were brought for: translations show that of their original."""
    videos = [resource for resource in resources if resource.current and resource.current.kind == VIDEO]
    numbers = {number for resource in videos for number in (resource.pk, resource.work_id)}
    if not numbers:
        return {}
    ready = Film.objects.filter(resource__in=numbers, resource__state=Resource.State.PUBLISHED, state=Film.State.READY)
    renditions = Prefetch("renditions", Rendition.objects.select_related("file").order_by("pk"))
    tracks = Prefetch("tracks", Track.objects.defer("vtt").order_by("language", "kind"))
    return {film.resource_id: film for film in ready.prefetch_related(renditions, tracks)}


def _film_files(film: Film) -> list[Record]:
    """A film as it is played: each of its renditions."""
    return [
        {
            **_media(whole(reverse("oer:film_file", args=[film.pk, rendition.kind])), rendition.file),
            **({"bitrate": str(round(rendition.bits_per_second / 1000))} if rendition.bits_per_second else {}),
        }
        for rendition in film.renditions.all()
    ]


def _captions(film: Film) -> list[Record]:
    """What can be read along with a film, unless a machine made it and nobody has looked through it."""
    return [
        {
            "type": "MediaObject",
            "id": whole(reverse("oer:film_track", args=[film.pk, track.language, track.kind])),
            "encodingFormat": "text/vtt",
            "inLanguage": two_letters(track.language),
        }
        for track in film.tracks.all()
        if track.is_spoken and not track.is_rough and two_letters(track.language)
    ]


def _duration(film: Film | None) -> str:
    """How long a film is, as ISO 8601 says it, in whole seconds."""
    return f"PT{round(film.duration_seconds)}S" if film else ""


def _first_published(resource: Resource) -> datetime:
    known = getattr(resource, "first_published_at", None)
    return known or resource.versions.earliest("number").published_at


def _plain(text: str) -> str:
    return as_text(str(text)).strip()


def _is_address(address: str) -> bool:
    try:
        return urlsplit(address).scheme in ("http", "https")
    except ValueError:
        return False


def _filled(*values: Any) -> list[Any]:
    return [value for value in values if value]
