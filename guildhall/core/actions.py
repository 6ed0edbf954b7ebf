"""Actions: what a person does that changes what is kept. Every write of every room goes through one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import structlog
from django.db import models, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from guildhall.core.errors import Refused
from guildhall.core.models import AuditLine

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=models.Model)


def action(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function as one transaction and one line of the audit.

    The function takes the thing it changes first (or nothing, when it makes something new), then keyword-only arguments, among
    them always ``by``: the person or pass that acts, or None for Guildhall itself. What it returns is what the audit
    names; when that is not something kept, it is the thing that came in.
    """
    name = f"{function.__module__.split('.')[1]}.{function.__name__}"

    @wraps(function)
    def carry_out(*args: P.args, **kwargs: P.kwargs) -> R:
        actor, at = kwargs["by"], kwargs.get("at")
        came_in = args[0] if args else None
        thing_type, thing_id = _name_of(came_in)  # read before: a deleted thing has no number any more
        with transaction.atomic():
            result = function(*args, **kwargs)
            if isinstance(result, models.Model):
                thing_type, thing_id = _name_of(result)
            actor_type, actor_id = _name_of(actor)
            AuditLine.objects.create(
                at=at if isinstance(at, datetime) else now(),
                action=name,
                actor_type=actor_type,
                actor_id=actor_id or None,
                thing_type=thing_type,
                thing_id=thing_id,
                request_id=structlog.contextvars.get_contextvars().get("request_id", ""),
            )
        return result

    return carry_out


def lock(thing: M) -> M:
    """Return the thing as it is now, locked until the transaction ends.

    Raises:
        Refused: somebody removed it in the meantime.
    """
    # __class__ rather than type(): request.user is a stand-in that has only the former.
    locked = thing.__class__._default_manager.select_for_update(of=("self",)).filter(pk=thing.pk).first()
    if locked is None:
        raise Refused(_("This is no longer there: somebody removed it in the meantime."))
    return locked


def _name_of(thing: Any) -> tuple[str, str]:
    if isinstance(thing, models.Model) and thing.pk is not None:
        return thing._meta.label_lower, str(thing.pk)
    return "", ""
