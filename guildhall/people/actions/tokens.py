from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256

from django.utils.translation import gettext as _

from guildhall.core.actions import action, lock
from guildhall.core.errors import Refused
from guildhall.core.models import KeptAnswer
from guildhall.people.hooks import token_scopes
from guildhall.people.models import AccessToken, User
from guildhall.people.rules import can_call_own

#: What every secret begins with, so that programs that look for secrets left lying about know it.
BEGINNING = "guildhall_"
LONGEST = timedelta(days=366)
MOST = 50


@action
def make_token(
    owner: User, *, name: str, scopes: Collection[str], valid_for: timedelta, by: User, at: datetime
) -> tuple[AccessToken, str]:
    """Make a token for a person; return it with its secret, which is not kept.

    Raises:
        NotAllowed: it would be somebody else's.
        Refused: it would be valid for too long, or there are too many, or it names a scope that is none.
    """
    can_call_own.require(by, owner)
    known = {scope.key for answer in token_scopes.ask() for scope in answer}
    if not scopes or not known.issuperset(scopes):
        raise Refused(_("Choose what the token may do."))
    if not timedelta() < valid_for <= LONGEST:
        raise Refused(_("A token is valid for a year at most."))
    if AccessToken.objects.of(owner).valid(at).count() >= MOST:
        raise Refused(_("You have %(count)d tokens already. Revoke one that you do not need any more.") % {"count": MOST})
    secret = BEGINNING + secrets.token_urlsafe(32)
    made = AccessToken.objects.create(
        user=owner, name=name.strip(), scopes=sorted(scopes), digest=digest_of(secret), made_at=at, expires_at=at + valid_for
    )
    return made, secret


@action
def revoke_token(token: AccessToken, *, by: User, at: datetime) -> AccessToken:
    """Let a token open nothing any more, and forget what its bearer was answered.

    Raises:
        NotAllowed: it is somebody else's.
    """
    token = lock(token)
    can_call_own.require(by, token)
    if token.revoked_at is None:
        token.revoked_at = at
        token.save(update_fields=["revoked_at"])
        KeptAnswer.objects.of(token).delete()
    return token


def digest_of(secret: str) -> str:
    """Return what is kept of a token's secret: it is long and random, so that it needs neither salt nor slowness."""
    return sha256(secret.encode()).hexdigest()
