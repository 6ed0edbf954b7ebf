"""The first step of every link in a letter."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from guildhall.core.http import refuse
from guildhall.people.hooks import pass_destination
from guildhall.people.passes import LinkNotValid, keep_private, open_pass


@login_not_required
@require_safe
def pass_open(request: HttpRequest, token: str) -> HttpResponse:
    """Lead to the page of the room that issued the pass. Nothing is written: mail programs look at links before people do."""
    try:
        held = open_pass(token, at=now())
        destination = next(filter(None, pass_destination.ask(held=held, token=token)), None)
        if destination is None:
            raise LinkNotValid  # issued by a plug-in that is gone
        response: HttpResponse = redirect(destination)
    except LinkNotValid as no:
        response = refuse(request, no)
    response["Referrer-Policy"] = "no-referrer"
    return keep_private(response)
