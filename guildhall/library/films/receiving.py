"""The bytes of an upload, appended to a file as they arrive. What has arrived is kept, however the connection ends.

How far an upload is says the size of its file: there is nothing to be told apart from it. One writes at a time; who comes second
is turned away. The file lies in ``settings.UPLOADS``.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.http import UnreadablePostError
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from guildhall.core.errors import Refused
from guildhall.core.files import TooLarge, kinds
from guildhall.library.models import Upload

#: What a film may be, by its content.
READABLE = frozenset({"video/mp4", "video/webm"})
_PIECE = 256 * 1024
_MEGABYTE = 1024 * 1024
#: What stays free on the disk, whoever sends what.
_SPARE = 1024 * _MEGABYTE


class WrongPlace(Refused):
    """What was sent does not go on where the file ends."""


class Busy(Refused):
    """Another tab is sending the same film at this moment."""

    status = 423


class NoFilm(Refused):
    """What arrives is something else than a film."""

    status = 415


class Longer(Refused):
    """More is sent than was announced."""

    status = 413


class NoRoom(Refused):
    """The disk is full, or would be."""

    status = 507


def require_size(length: int) -> None:
    """Refuse a film that is empty, larger than it may be, or than there is room for.

    Raises:
        Refused: one of these.
    """
    if length <= 0:
        raise Refused(_("This file is empty."))
    if length > settings.MAX_FILM_GB * 1024 * _MEGABYTE:
        raise TooLarge(length, settings.MAX_FILM_GB * 1024)
    folder = _folder()
    # Of a film of this length there will be its renditions as well.
    if shutil.disk_usage(folder).free < 2 * length + _SPARE:
        raise NoRoom(_("There is no room for %(size)s. Tell those who run this installation.") % {"size": filesizeformat(length)})


def receive(upload: Upload, *, offset: int, count: int | None, read: Callable[[int], bytes]) -> int:
    """Append what ``read`` gives, which begins at ``offset``; return how many bytes have arrived by now.

    ``count`` is how many are announced, if that was said. When the connection breaks, what came before is kept.

    Raises:
        WrongPlace: the file ends elsewhere.
        Longer: more is sent than the film has.
        Busy: somebody else is sending it.
        NoRoom: the disk is full.
    """
    _folder()
    with os.fdopen(os.open(upload.path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(_("This film is being sent from another window at this moment.")) from None
        size = file.seek(0, os.SEEK_END)
        if offset != size:
            raise WrongPlace(_("The film goes on at another place: %(size)d bytes have arrived.") % {"size": size})
        if size + (count or 0) > upload.length:
            raise _too_long(upload)
        try:
            size = _append(file.fileno(), size, upload, read)
            os.fsync(file.fileno())
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            raise NoRoom(_("There is no room left. What has arrived is kept: go on later.")) from None
    upload.__dict__.pop("offset", None)
    return size


def _append(file: int, size: int, upload: Upload, read: Callable[[int], bytes]) -> int:
    while True:
        try:
            piece = read(_PIECE)
        except UnreadablePostError:
            return size
        if not piece:
            return size
        if size + len(piece) > upload.length:
            raise _too_long(upload)
        rest = memoryview(piece)
        while rest:
            written = os.write(file, rest)
            size, rest = size + written, rest[written:]


def kind_of(upload: Upload) -> str:
    """Return the content type of what has arrived, as its beginning shows it.

    Raises:
        NoFilm: it is none of those that can be shown.
    """
    with upload.path.open("rb") as file:
        found = kinds.found(file)
    if found not in READABLE:
        sentence = _("This is %(found)s. Possible here: %(allowed)s.")
        allowed = ", ".join(sorted(kinds.label(kind) for kind in READABLE))
        raise NoFilm(sentence % {"found": kinds.label(found), "allowed": allowed})
    return found


def sweep(known: set[str], at: datetime) -> int:
    """Remove what lies about in the folder for more than a day and belongs to no upload; returns how much."""
    count = 0
    for path in _folder().iterdir():
        if path.name not in known and path.stat().st_mtime < (at - timedelta(days=1)).timestamp():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
            count += 1
    return count


def _folder() -> Path:
    folder = Path(settings.UPLOADS)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _too_long(upload: Upload) -> Refused:
    return Longer(_("More is sent than the film has: it was announced with %(size)s.") % {"size": filesizeformat(upload.length)})
