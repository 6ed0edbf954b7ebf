"""A request that is sent again because its answer got lost: it is done once, and answered alike.

Whoever sends ``Idempotency-Key`` gets for 24 hours the answer of the first request with this key. The key, what was done and the
answer are written in one transaction: when the server dies in between nothing of it is there, and when two come at the same time
the second waits for the first.

With a file it is otherwise, for reading one takes long and SQLite lets only one write at a time: the key is taken first, and who
sends the same meanwhile is told to wait. A file that is asked for is made anew each time, whatever the key.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.timezone import now
from django.utils.translation import gettext as _

from guildhall.core.api.problems import problem
from guildhall.core.models import KeptAnswer
from guildhall.core.sealing import seal, unseal

KEPT_FOR = timedelta(hours=24)
#: Whoever took a key and has not answered for so long is dead: the key is free again.
ANSWERED_WITHIN = timedelta(minutes=10)
#: What answers are sealed for: they hold whatever was told, even what is told only once.
SEALED_FOR = "kept answer"
PLAIN = re.compile(r"[A-Za-z0-9._~-]{1,100}")
WRITING = {"POST", "PUT", "PATCH", "DELETE"}
#: What of an answer is given again besides its body.
HEADERS = ("Content-Type", "Location", "ETag")

Run = Callable[..., HttpResponseBase]
#: Whose token it is, and what it may do just now: an answer of before is theirs while both hold.
Owner = tuple[Model, str]


def done_once(owner_of: Callable[[HttpRequest], Owner]) -> Callable[[Run], Run]:
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
            if _makes_a_file(run):
                return run(request, *args, **kwargs)
            try:
                owner, fingerprint = owner_of(request), _fingerprint(request)
            except Exception:
                return run(request, *args, **kwargs)  # which says what is wrong
            if request.content_type == "multipart/form-data":
                if kept := _keep(owner, key, fingerprint):
                    return _answered_later(kept, lambda: run(request, *args, **kwargs))
                return _again(owner, key, fingerprint)
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
    return KeptAnswer.objects.made_before(now() - KEPT_FOR).delete()[0]


def _makes_a_file(run: Run) -> bool:
    """Whether an operation answers with a file: it is the only kind that describes its answer itself."""
    operation = getattr(run, "__self__", None)
    return "responses" in (getattr(operation, "openapi_extra", None) or {})


def _answered_later(kept: KeptAnswer, run: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    try:
        response = run()
    except BaseException:
        kept.delete()
        raise
    _note(kept, response)
    return response


def _kept(owner: Owner, key: str) -> QuerySet[KeptAnswer]:
    token, standing = owner
    return KeptAnswer.objects.of(token).filter(standing=standing, key=key)


def _keep(owner: Owner, key: str, fingerprint: str) -> KeptAnswer | None:
    """Return a fresh row for a key, or None when there is one. Waits for whoever is writing it just now."""
    (token, standing), moment = owner, now()
    over = Q(made_at__lt=moment - KEPT_FOR) | Q(status=0, made_at__lt=moment - ANSWERED_WITHIN)
    _kept(owner, key).filter(over).delete()
    try:
        with transaction.atomic():
            return KeptAnswer.objects.create(
                owner_type=token._meta.label_lower,
                owner_id=token.pk,
                standing=standing,
                key=key,
                fingerprint=fingerprint,
                made_at=moment,
            )
    except IntegrityError:
        return None


def _note(kept: KeptAnswer, response: HttpResponseBase) -> None:
    """Keep what was answered. A no changed nothing, and may be a yes the next time; a file is not kept twice."""
    if response.status_code >= 400 or not isinstance(response, HttpResponse):
        kept.delete()
        return
    KeptAnswer.objects.filter(pk=kept.pk).update(  # if it is still there: the token may have been revoked meanwhile
        status=response.status_code,
        headers={name: response[name] for name in HEADERS if name in response},
        body=seal(response.content.decode(), purpose=SEALED_FOR),
    )


def _again(owner: Owner, key: str, fingerprint: str) -> HttpResponse:
    kept = _kept(owner, key).first()
    if kept is None:  # the first was refused while this one waited
        return problem(409, _("A request with the same key was just refused. Send it again."))
    if kept.fingerprint != fingerprint:
        said = _("This key was used for another request. Take a new one for each thing you want done.")
        return problem(422, said, errors=[{"field": "Idempotency-Key", "sentence": said}])
    if not kept.status:
        return problem(409, _("The same request is still being worked on. Send it again in a moment."))
    response = HttpResponse(unseal(kept.body, purpose=SEALED_FOR), status=kept.status, headers=kept.headers)
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
