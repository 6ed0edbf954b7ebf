"""Films that come in pieces: the core of tus 1.0.0 with creation and termination. https://tus.io/protocols/resumable-upload

An answer that says no does so in one sentence of plain text, for the page that sends shows it as it is.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from guildhall.core.errors import Refusal, Refused
from guildhall.core.http import done
from guildhall.library import actions
from guildhall.library.films.receiving import NoFilm, kind_of, receive
from guildhall.library.models import Upload
from guildhall.library.views.desk import on_desk
from guildhall.people.middleware import PersonRequest

VERSION = "1.0.0"
PIECE_TYPE = "application/offset+octet-stream"
#: So many bytes tell what a file is.
_TELLING = 4096


class BadRequest(Refused):
    """What was asked is not what the protocol says."""

    status = 400


class OtherVersion(Refused):
    """Another version of the protocol is spoken here."""

    status = 412


class WrongType(Refused):
    """A piece comes as bytes, in no form."""

    status = 415


def _speaks_tus(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            if request.headers.get("Tus-Resumable") != VERSION:
                raise OtherVersion(_("Only version %(version)s of tus is spoken here.") % {"version": VERSION})
            response = view(request, *args, **kwargs)
        except Refusal as no:
            response = HttpResponse(str(no), status=no.status, content_type="text/plain; charset=utf-8")
        response["Tus-Resumable"] = response["Tus-Version"] = VERSION
        response["Cache-Control"] = "no-store"
        return response

    return answer


@require_POST
@_speaks_tus
def upload_begin(request: PersonRequest, pk: int) -> HttpResponse:
    """Announce a film; ``Location`` takes its pieces. Who has begun with the same file gets the same place."""
    resource = on_desk(request, pk)
    told = _metadata(request.headers.get("Upload-Metadata", ""))
    upload = actions.begin_upload(
        resource,
        name=told.get("filename", ""),
        length=_number(request, "Upload-Length"),
        mark=told.get("mark", ""),
        by=request.user,
        at=now(),
    )
    place = reverse("library:upload", args=[upload.pk])
    return HttpResponse(status=201, headers={"Location": place, "Upload-Offset": str(upload.offset)})


@require_http_methods(["HEAD", "PATCH", "DELETE"])
@_speaks_tus
def upload_piece(request: PersonRequest, pk: Any) -> HttpResponse:
    """How far a film has arrived (HEAD), its next piece (PATCH), or no more of it (DELETE)."""
    upload = get_object_or_404(Upload.objects.filter(by=request.user).select_related("resource__organisation"), pk=pk)
    if request.method == "HEAD":
        offset = upload.offset if upload.received_at is None else upload.length
        headers = {"Upload-Offset": str(offset), "Upload-Length": str(upload.length)}
        return HttpResponse(status=200, headers=headers)
    if request.method == "DELETE":
        actions.drop_upload(upload, by=request.user, at=now())
        return HttpResponse(status=204)
    if upload.received_at is not None:  # the answer to its last piece was lost
        return HttpResponse(status=204, headers={"Upload-Offset": str(upload.length)})
    if request.content_type != PIECE_TYPE:
        raise WrongType(_("A piece comes as %(type)s.") % {"type": PIECE_TYPE})
    length = request.headers.get("Content-Length", "")
    count = int(length) if length.isdecimal() and len(length) < 19 else None
    offset = receive(upload, offset=_number(request, "Upload-Offset"), count=count, read=request.read)
    if offset >= min(_TELLING, upload.length):
        _require_film(request, upload)
    if offset == upload.length:
        actions.finish_upload(upload, by=request.user, at=now())
    return HttpResponse(status=204, headers={"Upload-Offset": str(offset)})


@require_POST
def upload_drop(request: PersonRequest, pk: Any) -> HttpResponse:
    """Give up sending a film, from a page."""
    upload = get_object_or_404(Upload.objects.of(request.user).select_related("resource"), pk=pk)
    resource = actions.drop_upload(upload, by=request.user, at=now())
    return done(request, "", {}, message=_("It is given up."), to=reverse("library:film", args=[resource.pk]))


def _require_film(request: PersonRequest, upload: Upload) -> None:
    """Give up at once what is no film: nobody sends five gigabytes for nothing."""
    try:
        kind_of(upload)
    except NoFilm:
        actions.drop_upload(upload, by=request.user, at=now())
        raise


def _number(request: HttpRequest, header: str) -> int:
    said = request.headers.get(header, "")
    if not (said.isascii() and said.isdecimal() and len(said) < 19):
        raise BadRequest(_("%(header)s should be a number of bytes.") % {"header": header})
    return int(said)


def _metadata(header: str) -> dict[str, str]:
    """Return what is told of a file: pairs of a key and a value in Base64, parted by commas."""
    told = {}
    for pair in header.split(",")[:20]:
        key, _between, value = pair.strip().partition(" ")
        try:
            told[key] = base64.b64decode(value, validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            raise BadRequest(_("What is told of the file cannot be read.")) from None
    return told
