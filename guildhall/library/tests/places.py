"""Places to be harvested, for tests: real servers on this machine, an OAI-PMH repository that is not ours, and looks at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import oaipmh.common
import oaipmh.metadata
import oaipmh.server
from django.utils.timezone import now
from django_tasks_db.models import DBTaskResult

from guildhall.core.errors import Refused
from guildhall.core.models import Progress
from guildhall.core.tasks import run_waiting
from guildhall.library import actions, licences
from guildhall.library.actions import harvests
from guildhall.library.harvesting import looking
from guildhall.library.models import Harvest, Resource
from guildhall.library.tests.factories import member_of
from guildhall.people.tests.factories import OrganisationFactory

ALL_LICENCES = list(licences.KNOWN)
OPEN_LICENCES = ["by", "by-sa", "cc0"]

Body = bytes | str | Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Place:
    """A server: what it answers at which path, and what it was asked."""

    pages: dict[str, Body | tuple[int, dict[str, str], Body]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    heads: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    answer: Callable[[str], str | bytes] | None = None
    """Answers what no page does: is given the path with its query."""


@contextmanager
def serving(pages: dict[str, Any] | None = None, *, answer: Callable[[str], str | bytes] | None = None) -> Iterator[Place]:
    """Let a server run that answers with these pages: a text, a (status, heads, text), or a function that answers itself."""
    place = Place(pages if pages is not None else {}, answer=answer)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place.asked.append(self.path)
            place.heads.append({name.lower(): value for name, value in self.headers.items()})
            found = place.pages.get(self.path)
            if found is None and place.answer is not None:
                found = place.answer(self.path)
            if callable(found):
                found(self)
                return
            status, heads, body = found if isinstance(found, tuple) else (200 if found is not None else 404, {}, found or "")
            content = body if isinstance(body, bytes) else str(body).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **heads}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None: ...  # who hangs up is what some tests are about

    server = Server(("127.0.0.1", 0), Handler)
    place.url = f"http://localhost:{server.server_port}"
    running = Thread(target=server.serve_forever, args=[0.02], daemon=True)
    running.start()
    try:
        yield place
    finally:
        server.shutdown()
        running.join()
        server.server_close()


@dataclass
class Kept:
    """A record of a repository: its Dublin Core, None for one that is deleted."""

    said: dict[str, list[str]] | None
    changed_at: datetime


class Repository:
    """A repository behind the server of the package ``oaipmh`` (ETH Library, once pyoai): what one has to bring to it."""

    def __init__(self, *, deleted: str = "persistent", granularity: str = "YYYY-MM-DDThh:mm:ssZ") -> None:
        self.kept: dict[str, Kept] = {}
        self.deleted, self.granularity = deleted, granularity
        registry = oaipmh.metadata.MetadataRegistry()
        registry.registerWriter("oai_dc", oaipmh.server.oai_dc_writer)
        self.server = oaipmh.server.BatchingServer(self, metadata_registry=registry, resumption_batch_size=2)

    def keep(self, name: str, said: dict[str, list[str]] | None, *, at: datetime) -> None:
        self.kept[name] = Kept(said, at)

    def answer(self, path: str) -> bytes:
        return self.server.handleRequest(dict(parse_qsl(urlsplit(path).query)))

    def identify(self) -> Any:
        first = datetime(2020, 1, 1, tzinfo=UTC).replace(tzinfo=None)
        said = ("Theirs", "http://localhost/oai", "2.0", ["a@b.example"], first, self.deleted, self.granularity, ["identity"])
        return oaipmh.common.Identify(*said)

    def listMetadataFormats(self, identifier: str | None = None) -> list[tuple[str, str, str]]:
        return [("oai_dc", "http://www.openarchives.org/OAI/2.0/oai_dc.xsd", "http://www.openarchives.org/OAI/2.0/oai_dc/")]

    def listRecords(self, metadataPrefix: str, cursor: int = 0, batch_size: int = 10, **span: Any) -> list[Any]:
        since, until, of_set = span.get("from_"), span.get("until"), span.get("set")
        found = []
        for name, kept in sorted(self.kept.items()):
            moment = kept.changed_at.replace(tzinfo=None)
            if (since is None or moment >= since) and (until is None or moment <= until) and of_set in (None, "all"):
                header = oaipmh.common.Header(None, name, moment, [], kept.said is None)
                found.append((header, oaipmh.common.Metadata(None, kept.said or {}), None))
        return found[cursor : cursor + batch_size]


def in_dublin_core(number: int, **more: list[str]) -> dict[str, list[str]]:
    """What a repository says of a thing that lacks nothing."""
    return {
        "title": [f"Theirs {number}"],
        "creator": ["Ada Example", "Bo Beispiel"],
        "subject": ["apprenticeship"],
        "description": ["What they say of it."],
        "type": ["https://w3id.org/kim/hcrt/worksheet"],
        "identifier": [f"theirs-{number}", f"https://theirs.example/{number}"],
        "language": ["deu"],
        "rights": ["https://creativecommons.org/licenses/by-sa/4.0/"],
        **more,
    }


def record(number: int = 1, **more: Any) -> dict[str, Any]:
    """An AMB record that lacks nothing."""
    return {
        "@context": ["https://w3id.org/kim/amb/context.jsonld", {"@language": "de"}],
        "id": f"https://theirs.example/{number}",
        "type": ["LearningResource"],
        "name": f"Theirs {number}",
        "description": "What they say of it.",
        "license": {"id": "https://creativecommons.org/licenses/by/4.0/"},
        "creator": [{"type": "Person", "name": "Ada Example"}],
        **more,
    }


def added(
    address: str, form: str = "amb", *, licences: list[str] = ALL_LICENCES, name: str = "Theirs", school: Any = None
) -> Harvest:
    """A place whose resources are listed for a school; its manager has added it."""
    school = school or OrganisationFactory()
    manager = member_of(school)
    return actions.add_harvest(school, name=name, address=address, form=form, licences=licences, by=manager, at=now())


def look(place: Harvest) -> Harvest:
    """Look at a place to the end, however that is."""
    actions.begin_harvest(place, by=None, at=now())
    with suppress(Refused):
        run_waiting()
    return Harvest.objects.select_related("progress", "added_by").get(pk=place.pk)


def interrupted(place: Harvest, *, after: int) -> Harvest:
    """Look at a place until so many portions are kept, as a worker that is killed then does; nobody is at it any more."""
    place = actions.begin_harvest(place, by=None, at=now())
    begun_at = harvests.begun(place)
    assert begun_at
    for number, portion in enumerate(looking.portions(place, begun_at)):
        if number == after:
            break
        place = harvests.keep_finds(place, portion=portion, by=None, at=now())
    Progress.objects.filter(pk=place.progress_id).update(state="failed", finished_at=now())
    DBTaskResult.objects.all().delete()
    return Harvest.objects.select_related("progress", "added_by").get(pk=place.pk)


def taken() -> list[Resource]:
    """What was taken from anywhere, in the order in which it came."""
    return list(Resource.objects.filter(harvested__isnull=False).select_related("current").order_by("pk"))
