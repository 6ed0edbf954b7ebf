"""Whose token a request to the API carries, whether it may do what it asks, and how often it came.

A session cookie opens nothing here: it would be sent along by any page that makes a browser ask. So there is no form's token
(CSRF) to be checked either.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.db.models import Case, F, Value, When
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.timezone import localdate, now
from django.utils.translation import gettext_lazy as _
from django.utils.translation.trans_real import get_language_from_request
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer

from guildhall.core.errors import NotAllowed, Refusal
from guildhall.people.actions.tokens import digest_of
from guildhall.people.middleware import PersonRequest, memberships_of
from guildhall.people.models import AccessToken

WINDOW = timedelta(minutes=1)


class TooOften(Refusal):
    """A token is used faster than it may be."""

    status = 429

    def __init__(self, wait: timedelta) -> None:
        super().__init__(_("This token was used too often in a short time. Wait, then go on."))
        self.headers = {"Retry-After": str(max(1, round(wait.total_seconds())))}


class Bearer(HttpBearer):
    """Let in who brings a valid token with a scope."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> AccessToken:
        token = let_in(request)
        if self.scope not in token.scopes:
            raise NotAllowed(_("This token may not do that: it was made without “%(scope)s”.") % {"scope": self.scope})
        return token

    def authenticate(self, request: HttpRequest, token: str) -> None:
        raise NotImplementedError  # all is done above


def needs(scope: str) -> dict[str, Any]:
    """Return what an operation says of itself for which a token needs a scope."""
    return {"auth": Bearer(scope), "openapi_extra": {"x-scope": scope}}


def let_in(request: HttpRequest) -> AccessToken:
    """Return the token of a request, and let the request be its person's: their language, time zone and roles.

    Raises:
        AuthenticationError: there is none, or it opens nothing any more; it is not said which.
        TooOften: it came too often.
        NotAllowed: the person's organisation asks for a second factor that they have not set up.
    """
    if isinstance(token := getattr(request, "token", None), AccessToken):
        return token
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    found = AccessToken.objects.valid(now()).filter(digest=digest_of(secret)).select_related("user").first()
    if scheme.lower() != "bearer" or found is None:
        raise AuthenticationError
    _count(found, now())
    _become(request, found)  # type: ignore[arg-type]
    request.token = found  # type: ignore[attr-defined]
    return found


def standing_of(request: HttpRequest) -> tuple[AccessToken, str]:
    """Return a request's token and a name for the roles of its person: an answer of before is theirs while both hold."""
    token = let_in(request)
    roles = sorted(f"{held.organisation_id} {held.role}" for held in token.user.memberships_today or [])
    return token, sha256(str(roles).encode()).hexdigest()


def _count(token: AccessToken, at: datetime) -> None:
    """Note that a token was used; windows of a minute, counted in one write that two at a time cannot outrun."""
    fresh = When(window_at__gt=at - WINDOW, then=F("used_in_window") + 1)
    AccessToken.objects.filter(pk=token.pk).update(
        used_in_window=Case(fresh, default=Value(1)),
        window_at=Case(When(window_at__gt=at - WINDOW, then=F("window_at")), default=Value(at)),
        last_used_on=localdate(at),
    )
    token.refresh_from_db(fields=["used_in_window", "window_at"])
    if token.used_in_window > settings.API_REQUESTS_PER_MINUTE and token.window_at:
        raise TooOften(token.window_at + WINDOW - at)


def _become(request: PersonRequest, token: AccessToken) -> None:
    user = request.user = token.user
    request._cached_user = user  # type: ignore[attr-defined]  # for the line in the log
    request.memberships = user.memberships_today = memberships_of(user)
    request.organisations = list({held.organisation_id: held.organisation for held in request.memberships}.values())
    # What the middleware has chosen is put back by it after the answer.
    language = get_language_from_request(request) if "Accept-Language" in request.headers else user.preferred_language
    translation.activate(language)
    timezone.activate(user.zone)
    request.LANGUAGE_CODE = language
    if any(each.requires_second_factor for each in request.organisations) and not is_mfa_enabled(user):
        raise NotAllowed(_("Your organisation asks for a second factor. Set one up on your own page first."))
