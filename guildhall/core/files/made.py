"""Files we made or received ourselves, and large ones: kept as they are, without being looked at or held in memory.

Who keeps something here that came from outside has looked at it before.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO
from uuid import uuid4

from django.core.files import File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.db import models
from django.utils.timezone import now

from guildhall.core.files import FOLDER, kinds
from guildhall.core.models import StoredFile

_PIECE = 1024 * 1024


@contextmanager
def local(stored: StoredFile) -> Iterator[Path]:
    """Give a file's bytes as a file of this machine, to be read only: where the storage is elsewhere, a copy that goes again."""
    try:
        here = Path(stored.content.path)
    except NotImplementedError:
        here = None
    if here is not None:
        yield here
        return
    with NamedTemporaryFile(prefix="guildhall-") as copy:
        with stored.content.open("rb") as content:
            shutil.copyfileobj(content, copy, _PIECE)
        copy.flush()
        yield Path(copy.name)


@dataclass(frozen=True)
class Placed:
    """Bytes that lie in the storage, and do not belong to anything yet."""

    place: str
    size: int
    sha256: str

    def keep(self, *, name: str, content_type: str, kept_for: models.Model, by: models.Model | None) -> StoredFile:
        """Keep them for a thing, from inside an action. The name is one of ours, or was cleaned."""
        if content_type not in kinds.KINDS:
            raise ValueError(f"Files of the type {content_type!r} are not known here.")
        stored = StoredFile(
            name=name,
            content_type=content_type,
            size=self.size,
            sha256=self.sha256,
            kept_for_type=kept_for._meta.label_lower,
            kept_for_id=str(kept_for.pk),
            uploaded_by_type=by._meta.label_lower if by else "",
            uploaded_by_id=str(by.pk) if by else "",
            created_at=now(),
        )
        stored.content.name = self.place
        stored.save(force_insert=True)
        return stored


def put(path: Path, name: str = "") -> Placed:
    """Move a file of this machine into the storage. Bytes that are not kept for anything go by night.

    On the same disk nothing is copied. The file is not where it was any more. With a ``name`` that nobody can guess the place is
    always the same: what was interrupted after the move may be done again.
    """
    name = name or uuid4().hex
    place = f"{FOLDER}/{name[:2]}/{name}"
    if not path.exists() and default_storage.exists(place):
        with default_storage.open(place) as content:
            return Placed(place, default_storage.size(place), _digest(content))
    with path.open("rb") as content:
        digest, size = _digest(content), path.stat().st_size
    os.utime(path)  # so that nobody sweeps it away as old before its row is there
    with _Moved(path) as moved:
        return Placed(default_storage.save(place, moved), size, digest)


def _digest(content: IO[bytes] | File) -> str:
    digest = hashlib.sha256()
    for piece in iter(lambda: content.read(_PIECE), b""):
        digest.update(piece)
    return digest.hexdigest()


class _Moved(TemporaryUploadedFile):
    """A file that a storage may move instead of copying it: Django asks for ``temporary_file_path``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        super(TemporaryUploadedFile, self).__init__(path.open("rb"), path.name, size=path.stat().st_size)

    def temporary_file_path(self) -> str:
        return str(self._path)

    def close(self) -> None:
        if self.file is not None:
            self.file.close()
        self._path.unlink(missing_ok=True)
