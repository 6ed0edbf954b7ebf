"""Two programs, or a program and a person, at the same thing: nothing is lost.

What may be changed carries a version, the number of the last change in its history (``ETag``). Whoever changes it says which
version they have seen (``If-Match``). Fields that nobody else has touched since are changed; where somebody has, they are told
who, what and when, and decide anew. So it is the same rule as at two open forms (``core.meanwhile``).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from guildhall.core.api.problems import Invalid
from guildhall.core.errors import Refusal
from guildhall.core.models import Change


class Unsaid(Refusal):
    """It was not said which version is to be changed."""

    status = 428

    def __init__(self) -> None:
        super().__init__(_("Say which version you have seen: send its ETag as “If-Match”, or “*” for any."))


class Outdated(Refusal):
    """Somebody else has changed the same field meanwhile."""

    status = 412

    def __init__(self, changes: list[dict[str, Any]]) -> None:
        super().__init__(_("Somebody has changed this meanwhile. Read it again, and decide."))
        self.changes = changes


def carry_version(response: HttpResponse, *things: models.Model) -> None:
    """Put the version of what is answered, made up of these things, into the answer."""
    response["ETag"] = f'"{_latest(*things)}"'


def unchanged_since(request: HttpRequest, things: Collection[models.Model], names: Collection[str]) -> None:
    """Require that nobody has changed any of these fields since the version that a request names; called while all is locked.

    Raises:
        Unsaid: no version is named.
        Invalid: it is no version.
        Outdated: somebody has.
    """
    named = request.headers.get("If-Match", "").strip()
    if not named:
        raise Unsaid
    if named == "*":
        return
    seen = named.removeprefix("W/").strip('"')
    if not (seen.isascii() and seen.isdigit() and len(seen) < 19):
        raise Invalid({"If-Match": [_("This is not what belongs here.")]})
    since = Change.objects.of(*things).filter(pk__gt=int(seen), field__in=names).select_related("line").order_by("pk")
    if changes := list(since[:50]):
        raise Outdated(_told(changes))


def _latest(*things: models.Model) -> int:
    return Change.objects.of(*things).aggregate(latest=models.Max("pk"))["latest"] or 0


def _told(changes: list[Change]) -> list[dict[str, Any]]:
    users = get_user_model()
    of_users = {change.line.actor_id or 0 for change in changes if change.line.actor_type == users._meta.label_lower}
    people = {user.pk: str(user) for user in users._default_manager.filter(pk__in=of_users)}
    return [
        {
            "field": change.field,
            "before": change.before,
            "after": change.after,
            "by": people.get(change.line.actor_id or 0, ""),
            "at": change.line.at.isoformat(),
        }
        for change in changes
    ]
