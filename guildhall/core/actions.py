"""Actions: what a person does that changes what is kept. Every write of every room goes through one."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import structlog
from django.db import models, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from guildhall.core.errors import Refused
from guildhall.core.models import AuditLine, Change

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=models.Model)


class _Doing:
    """An action under way: what it has changed so far, and what it and those it called will leave in the audit."""

    def __init__(self, outer: _Doing | None) -> None:
        self.changes: list[Change] = []
        self.told: list[tuple[AuditLine, list[Change]]] = [] if outer is None else outer.told
        self.ends: list[tuple[Callable[[list[Any]], object], Any]] = [] if outer is None else outer.ends

    def write(self) -> None:
        for ending in dict.fromkeys(ending for ending, _item in self.ends):
            ending([item for wanted, item in self.ends if wanted == ending])
        AuditLine.objects.bulk_create([line for line, _changes in self.told])
        for line, changes in self.told:
            for change in changes:
                change.line = line
        if changed := [change for _line, changes in self.told for change in changes]:
            Change.objects.bulk_create(changed, batch_size=500)


_doing: ContextVar[_Doing | None] = ContextVar("doing", default=None)


def action(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function as one transaction and one line of the audit.

    The function takes the thing it changes first (or nothing, when it makes something new), then keyword-only arguments, among
    them always ``by``: the person or pass that acts, or None for Guildhall itself. What it returns is what the audit
    names; when that is not something kept, it is the thing that came in.

    An action called by another is part of it: one transaction, and what one refuses is undone as a whole. The lines of both are
    written together at the end.
    """
    name = f"{function.__module__.split('.')[1]}.{function.__name__}"

    @wraps(function)
    def carry_out(*args: P.args, **kwargs: P.kwargs) -> R:
        actor, at = kwargs["by"], kwargs.get("at")
        came_in = args[0] if args else None
        thing_type, thing_id = _name_of(came_in)  # read before: a deleted thing has no number any more
        outer = _doing.get()
        doing = _Doing(outer)
        told_before, ends_before = len(doing.told), len(doing.ends)
        begun = _doing.set(doing)
        try:
            with transaction.atomic(savepoint=outer is None):
                result = function(*args, **kwargs)
                if isinstance(result, models.Model):
                    thing_type, thing_id = _name_of(result)
                actor_type, actor_id = _name_of(actor)
                line = AuditLine(
                    at=at if isinstance(at, datetime) else now(),
                    action=name,
                    actor_type=actor_type,
                    actor_id=actor_id or None,
                    thing_type=thing_type,
                    thing_id=thing_id,
                    request_id=structlog.contextvars.get_contextvars().get("request_id", ""),
                )
                doing.told.append((line, doing.changes))
                if outer is None:
                    doing.write()
        except BaseException:
            del doing.told[told_before:], doing.ends[ends_before:]  # undone with what it told of
            raise
        finally:
            _doing.reset(begun)
        return result

    return carry_out


def note(changes: list[Change]) -> None:
    """Keep what the action under way has changed, with its line of the audit."""
    doing = _doing.get()
    if doing is None:
        raise RuntimeError("Something is changed outside an action.")
    doing.changes.extend(changes)


def at_the_end(ending: Callable[[list[Any]], object], item: Any) -> None:
    """Have ``ending`` called at the end of the action under way, once and with all items that were handed in for it.

    It is part of the same transaction; an action calling others comes to one end.
    """
    doing = _doing.get()
    if doing is None:
        raise RuntimeError("Something is to be done at the end of an action, but there is none.")
    doing.ends.append((ending, item))


def lock(thing: M) -> M:
    """Return the thing as it is now, locked until the transaction ends. What it points to is kept where it was read already.

    Raises:
        Refused: somebody removed it in the meantime.
    """
    # __class__ rather than type(): request.user is a stand-in that has only the former.
    locked = thing.__class__._default_manager.select_for_update(of=("self",)).filter(pk=thing.pk).first()
    if locked is None:
        raise Refused(_("This is no longer there: somebody removed it in the meantime."))
    for field in thing._meta.concrete_fields:
        if isinstance(field, models.ForeignKey) and field.is_cached(thing):
            related = getattr(thing, field.name)
            if related is not None and getattr(locked, field.attname) == related.pk:
                setattr(locked, field.name, related)
    return locked


def _name_of(thing: Any) -> tuple[str, str]:
    if isinstance(thing, models.Model) and thing.pk is not None:
        return thing._meta.label_lower, str(thing.pk)
    return "", ""
