"""The files of what is public, and of drafts for those who write them: looked at, given out, taken along as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from guildhall.core.files import kinds
from guildhall.core.files.pictures import READABLE
from guildhall.core.files.ranges import ranged
from guildhall.core.http import page, plain_name
from guildhall.library import packing, reading
from guildhall.library.cleaning import as_text, cleaned, framed, ordered
from guildhall.library.models import Part, Preview, Resource, Version
from guildhall.people.middleware import PersonRequest

#: Letters of a text that are shown; the rest is in the file.
MOST_LETTERS = 50_000
#: Seconds for which a browser need not ask again for a page it has drawn.
_KEPT_SECONDS = 24 * 60 * 60


@login_not_required
@require_safe
def part_detail(request: PersonRequest, pk: int, part_pk: int) -> HttpResponse:
    """What a file looks like, as far as it can be shown; and the file itself."""
    part = _part(request, pk, part_pk)
    stored = part.file
    context: dict[str, Any] = {
        "part": part,
        "resource": part.resource,
        "shown": part.resource.shown,
        "sentence": _("This is %(kind)s of %(size)s.")
        % {"kind": kinds.label(stored.content_type), "size": filesizeformat(stored.size)},
        "address": reverse("oer:part_file", args=[pk, part_pk]),
    }
    return page(request, "library/part_detail.html", context | _shown(part))


def _shown(part: Part) -> dict[str, Any]:
    """What the page shows of a file: exactly one of pages, html, picture, letters, sound, film; or that it is being drawn."""
    kind = part.file.content_type
    if kind in reading.SHOWN:
        preview = Preview.objects.select_related("packed").filter(file=part.file).first()
        return {"is_being_drawn": True} if preview is None else _look(part, preview)
    if kind.startswith("text/"):
        return {"letters": part.text[:MOST_LETTERS], "goes_on": len(part.text) > MOST_LETTERS}
    return {"picture": kind in READABLE, "sound": kind.startswith("audio/"), "film": kind.startswith("video/")}


def _look(part: Part, preview: Preview) -> dict[str, Any]:
    look = reading.look_of(preview)
    places = {f"{number}.webp": _address(part, number) for number in range(1, reading.MOST_PICTURES + 1)}
    if "html" in look:
        return {"html": cleaned(framed(ordered(as_text(look["html"]), level=2)), pictures=places)}
    pages = [
        {**each, "words": as_text(each["words"]), "number": number, "address": _address(part, number)}
        for number, each in enumerate(look.get("pages", []), 1)
    ]
    return {"pages": pages, "of": preview.of, "goes_on": len(pages) < preview.of}


def _address(part: Part, number: int) -> str:
    return reverse("oer:part_page", args=[part.resource_id, part.pk, number])


@login_not_required
@require_safe
def part_page(request: PersonRequest, pk: int, part_pk: int, number: int) -> HttpResponse:
    """A page of a file, or a picture in it, as it was drawn anew."""
    part = _part(request, pk, part_pk)
    preview = Preview.objects.select_related("packed").filter(file=part.file).first()
    picture = reading.picture_of(preview, number) if preview else None
    if picture is None:
        raise Http404
    return HttpResponse(picture, content_type="image/webp", headers={"Cache-Control": f"private, max-age={_KEPT_SECONDS}"})


@login_not_required
@require_safe
def part_file(request: PersonRequest, pk: int, part_pk: int) -> HttpResponseBase:
    """The bytes as they are kept, or a range of them."""
    return ranged(request, _part(request, pk, part_pk).file, as_attachment=True)


@login_not_required
@require_safe
def resource_download(request: PersonRequest, pk: int, number: int | None = None) -> HttpResponseBase:
    """Everything of a resource in one archive: its text, its files, its licence, and the line that names it."""
    resources = Resource.objects.public()
    if request.user.is_authenticated:
        resources |= Resource.objects.written_for(request.user)
    resource = get_object_or_404(resources.select_related("current", "organisation", "work"), pk=pk)
    shown: Version | Resource = resource.shown if number is None else get_object_or_404(resource.versions, number=number)
    if isinstance(shown, Version):
        shown.resource = resource
    headers = {
        "Content-Disposition": content_disposition_header(True, f"{plain_name(shown.title)}.zip") or "",
        "Accept-Ranges": "none",
    }
    content: Iterable[bytes] = () if request.method == "HEAD" else packing.packed(shown)
    return StreamingHttpResponse(content, content_type="application/zip", headers=headers)


def _part(request: PersonRequest, pk: int, part_pk: int) -> Part:
    parts = Part.objects.visible_to(request.user).select_related("file", "resource__current")
    return get_object_or_404(parts, pk=part_pk, resource=pk)
