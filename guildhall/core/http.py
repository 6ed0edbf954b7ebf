"""Answers to requests: a page or its fragment, "done", a refusal, a download."""

from __future__ import annotations

import re
from typing import IO, Any, Protocol

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.http import content_disposition_header, url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from guildhall.core.api.problems import problem
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


def refuse(request: HttpRequest, refusal: Refusal, *, sign_in: str = "") -> HttpResponse:
    """Say no in the form in which the question came: page, fragment or API. ``sign_in`` is where to sign in first, if that helps.

    Reads nothing of what was sent: it may be the very thing that is refused.
    """
    sentence = str(refusal)
    if request.path.startswith("/api/"):
        return problem(refusal.status, sentence)
    if wants_fragment(request):
        messages.error(request, format_html('{} <a href="{}">{}</a>', sentence, sign_in, _("Sign in")) if sign_in else sentence)
        response = HttpResponse(render_to_string("ui/_messages.html", {"swapped": True}, request), status=refusal.status)
        response["HX-Reswap"] = "none"
        return response
    told = {"sentence": sentence, "back": _page_before(request) or "/", "sign_in": sign_in}
    return render(request, "ui/refusal.html", told, status=refusal.status)


def download(
    content: bytes | IO[bytes], name: str, ending: str, content_type: str, *, as_attachment: bool = True
) -> HttpResponseBase:
    """Hand out a file that was made for whoever asks, under a name that can be saved anywhere."""
    headers = {
        "Content-Disposition": content_disposition_header(as_attachment, f"{plain_name(name)}.{ending}") or "",
        "Cache-Control": "private, no-store",
    }
    if isinstance(content, bytes):
        return HttpResponse(content, content_type=content_type, headers=headers)
    return FileResponse(content, content_type=content_type, headers=headers)


def plain_name(name: str) -> str:
    """Return a name for a file that can be saved anywhere: letters, figures and hyphens."""
    return re.sub(r"[^\w-]+", "-", name).strip("-_")[:80] or "guildhall"


def came_from(request: HttpRequest, default: str = "/") -> str:
    """The page of ours that led here (from ``next`` or the referrer), or ``default``: never an address elsewhere."""
    named = _if_ours(request, request.POST.get("next")) or _if_ours(request, request.GET.get("next"))
    return named or _page_before(request) or default


def _page_before(request: HttpRequest) -> str:
    return _if_ours(request, request.META.get("HTTP_REFERER"))


def _if_ours(request: HttpRequest, address: str | None) -> str:
    ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if address and ours else ""


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Tell a person whose form is too old (or was sent by another site) what to do about it."""
    view = request.resolver_match and request.resolver_match.func
    if not request.user.is_authenticated and getattr(view, "login_required", True):
        sign_in = redirect_to_login(_page_before(request) or "/").url
        return refuse(request, StaleForm(_("You are signed out. Sign in and send it again; your text is kept.")), sign_in=sign_in)
    return refuse(request, StaleForm(_("This form has been open for too long. Go back, reload the page and send it again.")))


class StaleForm(Refusal):
    """The form's token does not belong to this session."""

    status = 403
