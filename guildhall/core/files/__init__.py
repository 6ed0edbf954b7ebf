"""Files people hand in: looked at before they are kept, private, given out only to those who may see what they belong to.

A room keeps a file from inside an action with ``store`` and answers ``core.questions.file_visible`` for its things. Bytes lie
in Django's default storage (a folder or S3) under names that nobody can guess; the database knows what they are.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import IO, Any
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.defaultfilters import filesizeformat
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from guildhall.core.errors import Refused
from guildhall.core.files import kinds, pictures
from guildhall.core.files.ranges import ranged
from guildhall.core.http import refuse
from guildhall.core.models import StoredFile
from guildhall.core.questions import file_visible

FOLDER = "kept"
LONGEST_NAME = 120
SHOWN_INLINE = {"image/jpeg", "image/png", "application/pdf"}
_MEGABYTE = 1024 * 1024
_UNSAFE_IN_NAMES = re.compile(r'[<>:"|?*]')


def store(
    upload: File,
    *,
    allowed: Collection[str],
    max_mb: int,
    kept_for: models.Model,
    by: models.Model | None,
    delete_after: datetime | None = None,
) -> StoredFile:
    """Keep what somebody handed in for a thing, if it is of one of the ``allowed`` content types and not larger than it may be.

    Pictures are drawn anew. Called inside an action: when its transaction fails the row is gone, and the bytes go by night.

    Raises:
        Refused: it is empty, too large, of another kind, or a picture that cannot be read.
    """
    _require_size(upload, min(max_mb, settings.MAX_UPLOAD_MB))
    content_type = _require_kind(upload, allowed)
    content: IO[bytes] = upload
    if content_type in pictures.READABLE:
        content, content_type = pictures.redraw(content, content_type)
    digest, size = hashlib.sha256(), 0
    for piece in kinds.chunks(content):
        digest.update(piece)
        size += len(piece)
    stored = StoredFile(
        name=clean_name(upload.name or "", content_type),
        content_type=content_type,
        size=size,
        sha256=digest.hexdigest(),
        kept_for_type=kept_for._meta.label_lower,
        kept_for_id=str(kept_for.pk),
        uploaded_by_type=by._meta.label_lower if by else "",
        uploaded_by_id=str(by.pk) if by else "",
        created_at=now(),
        delete_after=delete_after,
    )
    place = uuid4().hex
    stored.content.name = default_storage.save(f"{FOLDER}/{place[:2]}/{place}", File(content))
    stored.save(force_insert=True)
    return stored


def remove(files: models.QuerySet[StoredFile]) -> int:
    """Remove files, their bytes as soon as the transaction has succeeded; returns how many."""
    places = list(files.values_list("content", flat=True))
    files.delete()

    def remove_bytes() -> None:
        for place in places:
            default_storage.delete(place)

    transaction.on_commit(remove_bytes)
    return len(places)


def sweep(at: datetime) -> tuple[int, int]:
    """Remove files whose time is over, and bytes to which no file belongs; returns how many of each.

    Bytes of the last day are left alone: they may belong to a transaction that is still going on.
    """
    overdue = remove(StoredFile.objects.filter(delete_after__lte=at))
    orphans = 0
    for folder in _listed(FOLDER)[0]:
        places = [f"{FOLDER}/{folder}/{name}" for name in _listed(f"{FOLDER}/{folder}")[1]]
        known = set(StoredFile.objects.filter(content__startswith=f"{FOLDER}/{folder}/").values_list("content", flat=True))
        for place in set(places) - known:
            if default_storage.get_modified_time(place) < at - timedelta(days=1):
                default_storage.delete(place)
                orphans += 1
    return overdue, orphans


@login_not_required
@require_safe
def show_file(request: HttpRequest, pk: Any) -> HttpResponseBase:
    """Give out a file to whoever may see what it is kept for: the rooms know. It is a download, except for pictures and PDFs."""
    stored = StoredFile.objects.filter(pk=pk).first()
    if stored is None or not any(file_visible.ask(request=request, stored_file=stored)):
        if request.user.is_authenticated:
            raise Http404
        return redirect_to_login(request.get_full_path())
    return ranged(request, stored, as_attachment=stored.content_type not in SHOWN_INLINE, max_age=None)


class TooLarge(Refused):
    """A file has more bytes than it may have."""

    status = 413

    def __init__(self, size: int, limit_mb: int) -> None:
        sentence = _("This file is too large: it has %(size)s, at most %(limit)s are possible.")
        super().__init__(sentence % {"size": filesizeformat(size), "limit": filesizeformat(limit_mb * _MEGABYTE)})


class UploadLimitMiddleware:
    """Turn away a request larger than any file may be before a byte of it is read. Stands before whatever reads forms."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        length = request.META.get("CONTENT_LENGTH") or "0"
        # A form is a little larger than the file in it.
        if length.isdigit() and int(length) > (settings.MAX_UPLOAD_MB + 1) * _MEGABYTE:
            return refuse(request, TooLarge(int(length), settings.MAX_UPLOAD_MB))
        return None


def clean_name(name: str, content_type: str) -> str:
    """Return a name that can be shown and saved anywhere, and ends as files of its kind do."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/")).rpartition("/")[2]
    # No control characters, and none that turn the direction of writing so that "exe.pdf" reads "fdp.exe".
    name = "".join(letter for letter in name if unicodedata.category(letter)[0] != "C")
    name = " ".join(_UNSAFE_IN_NAMES.sub("-", name).split()).strip(". ")
    endings = kinds.KINDS[content_type].endings
    ending = next((ending for ending in endings if name.lower().endswith(ending)), "")
    stem = name[: len(name) - len(ending)].strip(". ") or _("file")
    ending = name[len(name) - len(ending) :] if ending else next(iter(endings), "")
    return stem[: LONGEST_NAME - len(ending)] + ending


def _require_size(upload: File, limit_mb: int) -> None:
    if not upload.size:
        raise Refused(_("This file is empty."))
    if upload.size > limit_mb * _MEGABYTE:
        raise TooLarge(upload.size, limit_mb)


def _require_kind(upload: File, allowed: Collection[str]) -> str:
    """Return what the file is, given what it may be."""
    found, claimed = kinds.found(upload), kinds.claimed(upload.name or "")
    if found == "text/plain" and "text/csv" in allowed and (claimed == "text/csv" or "text/plain" not in allowed):
        found = "text/csv"  # a table is a text like any other: only its name and our wish tell it apart
    if found in allowed:
        return found
    sentence = (
        _("This is %(found)s. Possible here: %(allowed)s.")
        if claimed in (found, kinds.UNKNOWN)
        else _("By its name this is %(claimed)s, but in fact it is %(found)s. Possible here: %(allowed)s.")
    )
    possible = ", ".join(sorted(kinds.label(kind) for kind in allowed))
    raise Refused(sentence % {"found": kinds.label(found), "claimed": kinds.label(claimed), "allowed": possible})


def _listed(folder: str) -> tuple[list[str], list[str]]:
    try:
        folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []
    return list(folders), list(names)
