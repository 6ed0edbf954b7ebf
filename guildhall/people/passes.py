"""Passes: links that open one thing, for one purpose, to somebody who needs no account.

A room issues a pass in the action that needs one and sends its link in a letter::

    held, token = issue_pass(agreement, purpose="agreements.sign", email=…, valid_for=timedelta(days=30), by=by, at=at)
    send_letter(…, context={"button_url": link(token), …})

It answers ``pass_destination`` with the page to which the link leads, and opens that page with ``@opened_by_pass``.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from hashlib import sha256

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from guildhall.core.errors import Refusal
from guildhall.core.http import refuse
from guildhall.people.models import Pass, User


class LinkNotValid(Refusal):
    """A link that opens nothing: unknown, forged, expired, revoked or made for something else. It is not said which."""

    status = 404

    def __init__(self) -> None:
        super().__init__(_("This link does not work, or not any more. Ask the person who sent it to you for a new one."))


def issue_pass(
    thing: models.Model,
    *,
    purpose: str,
    name: str = "",
    email: str = "",
    language: str = "",
    valid_for: timedelta,
    by: User | None,
    at: datetime,
) -> tuple[Pass, str]:
    """Issue a pass to a thing, within the action that needs one; return it with the secret of its link, which is not kept."""
    token = secrets.token_urlsafe(32)
    held = Pass.objects.create(
        purpose=purpose,
        thing_type=thing._meta.label_lower,
        thing_id=thing.pk,
        digest=_digest(token),
        name=name,
        email=email,
        language=language,
        issued_at=at,
        issued_by=by,
        expires_at=at + valid_for,
    )
    return held, token


def link(token: str) -> str:
    """Return the address that goes into a letter."""
    return settings.BASE_URL + reverse("pass", args=[token])


def open_pass(token: str, *, purpose: str = "", at: datetime) -> Pass:
    """Return the pass that a link's secret belongs to, if it is valid at a moment and, where one is given, for this purpose.

    Raises:
        LinkNotValid: whatever the reason, always the same.
    """
    found = Pass.objects.valid(at).filter(digest=_digest(token), **({"purpose": purpose} if purpose else {})).first()
    if found is None:
        raise LinkNotValid
    return found


def revoke_passes(thing: models.Model, *, purpose: str, at: datetime) -> int:
    """Revoke the passes to a thing for a purpose, within the action that wants it; return how many were valid."""
    to_thing = Pass.objects.valid(at).filter(thing_type=thing._meta.label_lower, thing_id=thing.pk, purpose=purpose)
    return to_thing.update(revoked_at=at)


def opened_by_pass(purpose: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Open a page to whoever has the link: the view is called with the pass (``held``) and its ``token``.

    The page is not found by search engines and not kept by caches. Its address, which holds the secret, is told to
    nobody else: the referrer stays on this site (not "no-referrer", with which browsers send no usable Origin, and no
    form on the page could be sent).
    """

    def open_it(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @login_not_required
        @wraps(view)
        def opened(request: HttpRequest, token: str, **kwargs: object) -> HttpResponse:
            try:
                held = open_pass(token, purpose=purpose, at=now())
                response = view(request, held=held, token=token, **kwargs)
            except LinkNotValid as no:
                response = refuse(request, no)
            return keep_private(response)

        return opened

    return open_it


def keep_private(response: HttpResponse) -> HttpResponse:
    """Mark an answer under a secret address: not for search engines, not for caches."""
    response["X-Robots-Tag"] = "noindex, nofollow"
    response.setdefault("Cache-Control", "private, no-store")
    response.setdefault("Referrer-Policy", "same-origin")
    return response


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
