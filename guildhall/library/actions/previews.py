"""What a worker found in files."""

from __future__ import annotations

from datetime import datetime

from guildhall.core import search
from guildhall.core.actions import action, at_the_end
from guildhall.core.files.made import Placed
from guildhall.core.models import StoredFile
from guildhall.library.actions.publishing import number_changes
from guildhall.library.models import Part, Preview, Resource, Version
from guildhall.library.reading import Look, words_of
from guildhall.library.search import resource_documents
from guildhall.people.models import User


@action
def keep_look(stored: StoredFile, *, look: Look, packed: Placed | None, by: User | None, at: datetime) -> Preview | None:
    """Keep what a file says with all that consist of it, so that it is found, and what it looks like (``packed``).

    Returns None where nobody has the file any more, or somebody has looked before.
    """
    parts = Part.objects.filter(file=stored)
    having = Resource.objects.filter(parts__in=parts).order_by("pk").distinct()
    first = having.first()
    if first is None or Preview.objects.filter(file=stored).exists():
        return None
    if look.words:
        parts.update(text=look.words)
        for version in Version.objects.filter(parts__in=parts).distinct():
            version.file_text = words_of(Part.objects.of_version(version))
            version.save(update_fields=["file_text"])
        search.index_many(resource_documents(having))
        for resource in having:
            if resource.is_public:
                at_the_end(number_changes, resource.work_id)
    shown = packed.keep(name="preview.zip", content_type="application/zip", kept_for=first, by=None) if packed else None
    return Preview.objects.create(file=stored, packed=shown, pages=look.pages, of=look.of, looked_at=at)
