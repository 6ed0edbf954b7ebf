"""What was changed, by whom and when: each field as it was before, so that it can be looked up and put back.

Actions change what is kept by ``change``; what they write in bulk they note with ``noted``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models

from guildhall.core.actions import note
from guildhall.core.models import AuditLine, Change


def change(thing: models.Model, **values: Any) -> list[str]:
    """Give fields of a thing new values and save those that differ; return their names. Only from inside an action."""
    before = {name: as_kept(thing, name) for name in values}
    for name, value in values.items():
        setattr(thing, name, value)
    changed = [name for name in values if as_kept(thing, name) != before[name]]
    if changed:
        thing.save(update_fields=changed)
        note([_noted(thing, name, before[name], as_kept(thing, name)) for name in changed])
    return changed


def noted(thing: models.Model, before: dict[str, str | None]) -> None:
    """Note what a thing was before, field by field (``as_kept``), where it differs from what it is now."""
    now = {name: as_kept(thing, name) for name in before}
    note([_noted(thing, name, value, now[name]) for name, value in before.items() if value != now[name]])


def as_kept(thing: models.Model, name: str) -> str | None:
    """Return the value of a field as a change keeps it."""
    field: Any = thing._meta.get_field(name)
    return None if field.value_from_object(thing) is None else str(field.value_to_string(thing))


def value_of(model: type[models.Model], name: str, text: str | None) -> Any:
    """Return what a kept value stands for: of a foreign key the number, of anything else what the field holds."""
    field: Any = model._meta.get_field(name)
    return None if text is None else field.to_python(text)


def forget(model: type[models.Model], numbers: Collection[int]) -> None:
    """Delete what is known of things that must be forgotten."""
    Change.objects.filter(thing_type=model._meta.label_lower, thing_id__in=[str(number) for number in numbers]).delete()


def last_changes(things: Iterable[models.Model]) -> dict[str, Change]:
    """Return the latest change of each field of any of these things, with its line of the audit."""
    latest = Change.objects.of(*things).select_related("line").order_by("pk")
    return {change.field: change for change in latest}


def actor_of(line: AuditLine) -> models.Model | None:
    """Return who acted, where it was somebody with an account who is still there."""
    users = get_user_model()
    if line.actor_type != users._meta.label_lower or line.actor_id is None:
        return None
    return users._default_manager.filter(pk=line.actor_id).first()


def _noted(thing: models.Model, name: str, before: str | None, after: str | None) -> Change:
    field = thing._meta.get_field(name).name  # "owner" of "owner_id"
    return Change(thing_type=thing._meta.label_lower, thing_id=str(thing.pk), field=field, before=before, after=after)
