"""Answers to requests: a page or its fragment, "done", a refusal, a download."""

from __future__ import annotations

from typing import Any, Protocol

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from guildhall.core.errors import Refusal


class HasAddress(Protocol):
    """Something with a page of its own."""

    def get_absolute_url(self) -> str: ...


def wants_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for the changed part only, rather than for the whole page."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def page(
    request: HttpRequest, template: str, context: dict[str, Any], *, fragment: str | None = None, status: int = 200
) -> HttpResponse:
    """Answer with a page, or with its fragment where htmx asks for that. A form with errors is answered with status 422."""
    wanted = fragment if fragment and wants_fragment(request) else template
    response = render(request, wanted, context, status=status)
    if fragment:
        # One address, two answers: a cache or the back button must not mix them up.
        response["Vary"] = "HX-Request"
    return response


def done(
    request: HttpRequest,
    fragment: str,
    context: dict[str, Any],
    *,
    message: str,
    to: str | HasAddress,
    undo: str = "",
) -> HttpResponse:
    """Answer after an action: the changed fragment to htmx, a redirect to a plain browser, and one sentence to both.

    ``undo`` is the address to which a POST takes the action back; the sentence then carries a button.
    """
    messages.success(request, message, extra_tags=f"undo:{undo}" if undo else "")
    if not wants_fragment(request):
        return redirect(to)
    body = render_to_string(fragment, context, request) + render_to_string("ui/_messages.html", {"swapped": True}, request)
    return HttpResponse(body)


def refuse(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Say no in the form in which the question came: page, fragment or API."""
    sentence = str(refusal)
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": sentence}, status=refusal.status)
    if wants_fragment(request):
        messages.error(request, sentence)
        response = HttpResponse(render_to_string("ui/_messages.html", {"swapped": True}, request), status=refusal.status)
        response["HX-Reswap"] = "none"
        return response
    back = came_from(request)
    return render(request, "ui/refusal.html", {"sentence": sentence, "back": back}, status=refusal.status)


def came_from(request: HttpRequest, default: str = "/") -> str:
    """The page of ours that led here (from ``next`` or the referrer), or ``default``: never an address elsewhere."""
    for address in (request.POST.get("next"), request.GET.get("next"), request.META.get("HTTP_REFERER")):
        if address and url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure()):
            return address
    return default


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Tell a person whose form is too old (or was sent by another site) what to do about it."""
    return refuse(request, StaleForm(_("This form has been open for too long. Go back, reload the page and send it again.")))


class StaleForm(Refusal):
    """The form's token does not belong to this session."""

    status = 403
