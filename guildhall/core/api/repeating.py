"""A request that is sent again because its answer got lost: it is done once, and answered alike.

Whoever sends ``Idempotency-Key`` gets for 24 hours the answer of the first request with this key. The key, what was done and the
answer are written in one transaction: when the server dies in between nothing of it is there, and when two come at the same time
the second waits for the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.timezone import now
from django.utils.translation import gettext as _

from guildhall.core.api.problems import problem
from guildhall.core.models import KeptAnswer

KEPT_FOR = timedelta(hours=24)
PLAIN = re.compile(r"[A-Za-z0-9._~-]{1,100}")
WRITING = {"POST", "PUT", "PATCH", "DELETE"}
#: What of an answer is given again besides its body.
HEADERS = ("Content-Type", "Location", "ETag")

Run = Callable[..., HttpResponseBase]


def done_once(owner_of: Callable[[HttpRequest], str]) -> Callable[[Run], Run]:
    """Decorate an operation; ``owner_of`` names who asks and what they may do, and raises when that is nobody."""

    def decorate(run: Run) -> Run:
        @wraps(run)
        def once(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            key = request.headers.get("Idempotency-Key", "")
            if "Idempotency-Key" not in request.headers or request.method not in WRITING:
                return run(request, *args, **kwargs)
            if not PLAIN.fullmatch(key):
                errors = [{"field": "Idempotency-Key", "sentence": _("Up to 100 plain letters, digits and any of . _ ~ -")}]
                return problem(422, _("Some of what was sent cannot be taken. Nothing was changed."), errors=errors)
            try:
                owner, fingerprint = owner_of(request), _fingerprint(request)
            except Exception:
                return run(request, *args, **kwargs)  # which says what is wrong
            with transaction.atomic():
                if kept := _keep(owner, key, fingerprint):
                    response = run(request, *args, **kwargs)
                    _note(kept, response)
                    return response
            return _again(owner, key, fingerprint)

        return once

    return decorate


def forget_old_answers() -> int:
    """Delete the answers whose time is over; return how many."""
    return KeptAnswer.objects.filter(made_at__lt=now() - KEPT_FOR).delete()[0]


def _keep(owner: str, key: str, fingerprint: str) -> KeptAnswer | None:
    """Return a fresh row for a key, or None when there is one. Waits for whoever is writing it just now."""
    KeptAnswer.objects.filter(owner=owner, key=key, made_at__lt=now() - KEPT_FOR).delete()
    try:
        with transaction.atomic():
            return KeptAnswer.objects.create(owner=owner, key=key, fingerprint=fingerprint, made_at=now())
    except IntegrityError:
        return None


def _note(kept: KeptAnswer, response: HttpResponseBase) -> None:
    """Keep what was answered. A no changed nothing, and may be a yes the next time; a file is not kept twice."""
    if response.status_code >= 400 or not isinstance(response, HttpResponse):
        kept.delete()
        return
    kept.status, kept.body = response.status_code, response.content.decode()
    kept.headers = {name: response[name] for name in HEADERS if name in response}
    kept.save(update_fields=["status", "body", "headers"])


def _again(owner: str, key: str, fingerprint: str) -> HttpResponse:
    kept = KeptAnswer.objects.filter(owner=owner, key=key).first()
    if kept is None:  # the first was refused while this one waited
        return problem(409, _("A request with the same key was just refused. Send it again."))
    if kept.fingerprint != fingerprint:
        said = _("This key was used for another request. Take a new one for each thing you want done.")
        return problem(422, said, errors=[{"field": "Idempotency-Key", "sentence": said}])
    response = HttpResponse(kept.body, status=kept.status, headers=kept.headers)
    response["Idempotency-Replayed"] = "true"
    return response


def _fingerprint(request: HttpRequest) -> str:
    digest = sha256(f"{request.method} {request.get_full_path()} {request.content_type}\n".encode())
    if request.content_type != "multipart/form-data":  # of which the boundaries differ each time
        digest.update(request.body)
    for name, value in sorted(request.POST.items()):
        digest.update(f"{name}={value}\n".encode())
    for name, file in sorted(request.FILES.items()):
        digest.update(f"{name}: {file.name}\n".encode())  # type: ignore[union-attr]
        for chunk in file.chunks():  # type: ignore[union-attr]
            digest.update(chunk)
        file.seek(0)  # type: ignore[union-attr]
    return digest.hexdigest()
