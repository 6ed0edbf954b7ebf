"""What other programs get of the library, whoever asks: records, lists of them, OAI-PMH."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import translation
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import condition, require_http_methods, require_safe

from guildhall.core.addresses import address_of
from guildhall.core.api.problems import problem
from guildhall.library import feeds, oai
from guildhall.library.amb import CONTENT_TYPE, as_json, as_script, record_of, whole
from guildhall.library.models import Film, Resource

#: A page of another site may read what is open to everybody.
_FOR_ALL = {"Access-Control-Allow-Origin": "*"}


@dataclass(frozen=True)
class ShownRecord:
    """The record of a resource as its page carries it (``library/_record.html``)."""

    script: SafeString
    address: str


def shown_record(resource: Resource, *, film: Film | None = None) -> ShownRecord | None:
    """Return what the page of a resource says to other programs, with the film it shows; None for one that is not public."""
    if not resource.is_public:
        return None
    return ShownRecord(as_script(record_of(resource, film=film)), _address_of_record(resource))


def described_by(response: HttpResponse, resource: Resource) -> HttpResponse:
    """Say in the head of an answer where the record of the resource is (RFC 8288, AMB's rule of delivery)."""
    if resource.is_public:
        response["Link"] = f'<{_address_of_record(resource)}>; rel="describedby"; type="{CONTENT_TYPE}"'
    return response


def _address_of_record(resource: Resource) -> str:
    return whole(address_of("oer:record", resource.pk))


@login_not_required
@require_safe
def record(request: HttpRequest, pk: int) -> HttpResponse:
    """The record of a public resource; of one that was withdrawn, that it is gone and why."""
    was_public = Resource.objects.filter(current__isnull=False).for_records()
    resource = get_object_or_404(was_public, pk=pk)
    if not resource.is_public:
        return problem(410, resource.withdrawn_why)
    return HttpResponse(as_json(record_of(resource)), content_type=CONTENT_TYPE, headers=_FOR_ALL)


def _first_asked(request: HttpRequest) -> int:
    asked = request.GET.get("from", "")
    return int(asked[:9]) if asked.isascii() and asked.isdigit() else 0


def _state(request: HttpRequest) -> str:
    """What tells two states of a list apart: how much is public, and when that changed last."""
    last = feeds.last_change()
    return f'W/"{feeds.public_resources().count()}-{last.timestamp() if last else 0}"'


def _last_change(request: HttpRequest) -> datetime | None:
    return feeds.last_change()


@login_not_required
@require_safe
@condition(etag_func=_state, last_modified_func=_last_change)
def sitemap(request: HttpRequest) -> HttpResponseBase:
    """The pages of all public resources, flat; ``from`` skips so many."""
    return _streamed(request, feeds.sitemap(_first_asked(request)), "application/xml")


@login_not_required
@require_safe
@condition(etag_func=_state, last_modified_func=_last_change)
def record_list(request: HttpRequest) -> HttpResponseBase:
    """The records of all public resources as one JSON array; ``modified_since`` leaves out what has not changed since."""
    asked = request.GET.get("modified_since", "")
    since = feeds.moment_of(asked)
    if asked and since is None:
        return problem(400, _("“modified_since” is a day or a moment in UTC, such as 2026-11-30 or 2026-11-30T12:00:00Z."))
    return _streamed(request, feeds.record_list(since), "application/json")


def _streamed(request: HttpRequest, pieces: Iterator[str], content_type: str) -> HttpResponseBase:
    if request.method == "HEAD":  # some servers would have all of it written, only to throw it away
        return HttpResponse(content_type=content_type, headers=_FOR_ALL)
    return StreamingHttpResponse((piece.encode() for piece in pieces), content_type=content_type, headers=_FOR_ALL)


@login_not_required
@require_safe
@condition(etag_func=_state, last_modified_func=_last_change)
def feed(request: HttpRequest) -> HttpResponse:
    """What was published last, for feed readers; ``language`` narrows it down."""
    asked = request.GET.get("language", "")
    language = asked if asked.isalpha() and asked.isascii() and len(asked) <= 10 else ""
    # One address, one answer: its words are not those of whoever asks.
    with translation.override(language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE):
        written = feeds.newest(language)
    return HttpResponse(written, content_type="application/atom+xml; charset=utf-8", headers=_FOR_ALL)


@csrf_exempt  # it only answers: harvesters may ask by POST (OAI-PMH 2.0, 3.1.1), and have no session
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def oai_pmh(request: HttpRequest) -> HttpResponse:
    """Answer as OAI-PMH 2.0 says, whatever is wrong with the question."""
    asked = request.POST if request.method == "POST" else request.GET
    answer = oai.answer({name: asked.getlist(name) for name in asked}, at=now())
    return HttpResponse(answer, content_type="text/xml; charset=utf-8", headers=_FOR_ALL)


@login_not_required
@require_safe
def oai_schema(request: HttpRequest) -> HttpResponse:
    """The XML schema of the format in which OAI-PMH carries AMB records."""
    return HttpResponse(oai.SCHEMA, content_type="application/xml", headers=_FOR_ALL)
