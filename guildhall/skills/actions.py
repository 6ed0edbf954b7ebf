"""What is done to the classifications: a scheme is loaded, for the first time or in a newer version."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from guildhall.core.actions import action
from guildhall.skills import taxonomy
from guildhall.skills.models import Concept, Label, Scheme
from guildhall.skills.sheets import SHIPPED, Entry, Sheet, read_sheet, shipped

_ROWS_AT_ONCE = 500


def load_shipped(*, by: Any, at: datetime, only: Iterable[str] = SHIPPED) -> list[Scheme]:
    """Load the schemes that come with Guildhall, each in its own transaction; return those that were not loaded as they are.

    All of them take about a second the first time and some hundredths afterwards.
    """
    sheets = (read_sheet(shipped(key)) for key in only)
    return [load_scheme(by=by, at=at, sheet=sheet) for sheet in sheets if not is_loaded(sheet)]


def is_loaded(sheet: Sheet) -> bool:
    """Whether the scheme was last loaded from files with the same content."""
    return Scheme.objects.filter(key=sheet.key, digest=sheet.digest).exists()


@action
def load_scheme(*, by: Any, at: datetime, sheet: Sheet) -> Scheme:
    """Bring a scheme to what ``sheet`` says, and return it with the counts of what was new, changed and retired.

    A concept that the sheet no longer has keeps its labels and is retired, since data of others may hold its code; it comes back
    when a later sheet has it again.
    """
    says = {"version": sheet.version, "title": sheet.title, "source": sheet.source, "licence": sheet.licence}
    scheme, _made = Scheme.objects.select_for_update().get_or_create(key=sheet.key, defaults={**says, "loaded_at": at})
    held = {concept.code: concept for concept in scheme.concepts.all()}
    ids = {code: concept.pk for code, concept in held.items()}
    positions = {entry.code: position for position, entry in enumerate(sheet.entries)}

    new = [entry for entry in sheet.entries if entry.code not in held]
    _add_concepts(scheme, new, ids, positions)
    changed = {
        entry.code for entry in sheet.entries if entry.code in held and _update_concept(held[entry.code], entry, ids, positions)
    }
    Concept.objects.bulk_update(
        [held[code] for code in positions if code in held],
        ["uri", "level", "position", "parent", "retired_at"],
        batch_size=_ROWS_AT_ONCE,
    )
    gone = [concept.pk for code, concept in held.items() if code not in positions and concept.retired_at is None]
    scheme.concepts.filter(pk__in=gone).update(retired_at=at)
    changed |= _update_labels(scheme, sheet.entries, ids) & held.keys()

    for name, value in says.items():
        setattr(scheme, name, value)
    scheme.digest, scheme.loaded_at = sheet.digest, at
    scheme.new_count, scheme.changed_count, scheme.retired_count = len(new), len(changed), len(gone)
    scheme.save()
    # At once for what follows in this transaction, and after it for whoever read the old state meanwhile.
    taxonomy.forget(scheme.key)
    transaction.on_commit(lambda: taxonomy.forget(scheme.key))
    return scheme


def _add_concepts(scheme: Scheme, entries: list[Entry], ids: dict[str, int], positions: dict[str, int]) -> None:
    """Make the concepts from the top of the tree downwards, and note their numbers in ``ids``."""
    waiting = entries
    while waiting:
        ready = [entry for entry in waiting if not entry.parent or entry.parent in ids]
        made = Concept.objects.bulk_create(
            [
                Concept(
                    scheme=scheme,
                    code=entry.code,
                    uri=entry.uri,
                    level=entry.level,
                    position=positions[entry.code],
                    parent_id=ids[entry.parent] if entry.parent else None,
                )
                for entry in ready
            ],
            batch_size=_ROWS_AT_ONCE,
        )
        ids |= {concept.code: concept.pk for concept in made}
        waiting = [entry for entry in waiting if entry.code not in ids]


def _update_concept(concept: Concept, entry: Entry, ids: dict[str, int], positions: dict[str, int]) -> bool:
    """Set what the entry says, and return whether that is a change for people: a new place in the order is none."""
    concept.position = positions[entry.code]
    parent_id = ids[entry.parent] if entry.parent else None
    before = (concept.uri, concept.level, concept.parent_id, concept.retired_at)
    concept.uri, concept.level, concept.parent_id, concept.retired_at = after = (entry.uri, entry.level, parent_id, None)
    return before != after


def _update_labels(scheme: Scheme, entries: list[Entry], ids: dict[str, int]) -> set[str]:
    """Bring the labels of the entries to what they say, and return the codes where one differs."""
    wanted = {(entry.code, language): text for entry in entries for language, text in entry.labels.items()}
    codes = {entry.code for entry in entries}
    held = {
        (code, language): text
        for code, language, text in Label.objects.of_scheme(scheme.key).values_list("concept__code", "language", "text")
        if code in codes
    }
    Label.objects.bulk_create(
        [
            Label(concept_id=ids[code], language=language, text=text)
            for (code, language), text in wanted.items()
            if held.get((code, language)) != text
        ],
        batch_size=_ROWS_AT_ONCE,
        update_conflicts=True,
        unique_fields=["concept", "language"],
        update_fields=["text"],
    )
    for code, language in held.keys() - wanted.keys():
        Label.objects.filter(concept_id=ids[code], language=language).delete()
    return {code for code, _language in dict(wanted.items() ^ held.items())}
