"""Tokens with which programs act for a person: which there are, a new one, none any more."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from guildhall.core.http import done, page
from guildhall.people import actions
from guildhall.people.forms.tokens import SecretForm, TokenForm
from guildhall.people.middleware import PersonRequest
from guildhall.people.models import AccessToken

#: Of those that ended as many are shown as may be of use.
ENDED_SHOWN = 20


@require_safe
def token_list(request: PersonRequest) -> HttpResponse:
    return page(request, "people/tokens.html", _tokens(request))


@never_cache
@reauthentication_required(app="allauth.account")
def token_make(request: PersonRequest) -> HttpResponse:
    """Make a token, and show its secret: this once."""
    form = TokenForm(request.POST or None)
    if form.is_valid():
        token, secret = actions.make_token(request.user, **form.token, by=request.user, at=now())
        context = {"token": token, "secret": SecretForm(initial={"secret": secret})}
        return page(request, "people/token_made.html", context)
    return page(request, "people/token_make.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def token_revoke(request: PersonRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(AccessToken.objects.of(request.user), pk=pk)
    actions.revoke_token(token, by=request.user, at=now())
    message = _("“%(token)s” opens nothing any more.") % {"token": token}
    return done(request, "people/_tokens.html", _tokens(request), message=message, to="people:tokens")


def _tokens(request: PersonRequest) -> dict[str, Any]:
    mine, moment = AccessToken.objects.of(request.user), now()
    valid = list(mine.valid(moment).order_by("-made_at", "-pk"))
    ended = mine.exclude(pk__in=[token.pk for token in valid]).order_by("-made_at", "-pk")[:ENDED_SHOWN]
    return {"tokens": valid, "ended": ended}
