"""Who is asking: in which language and time zone, on behalf of which organisation, with which second factor."""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation.trans_real import get_language_from_request

from guildhall.people.models import STAFF_ROLES, Membership, Organisation, User

Next = Callable[[HttpRequest], HttpResponse]
LANGUAGE_SESSION_KEY = "language"
ORGANISATION_SESSION_KEY = "organisation"


class PersonRequest(HttpRequest):
    """A request of somebody signed in, as ``PersonMiddleware`` leaves it to a view."""

    user: User
    memberships: list[Membership]
    organisations: list[Organisation]
    organisation: Organisation | None
    roles: set[str]


class PersonMiddleware:
    """Activate the person's language and time zone, and set on the request:

    ``memberships``: today's, with their organisations; ``organisations``: those, each once; ``organisation``: the one the
    person works for now, or None; ``roles``: the person's roles in it.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: PersonRequest) -> HttpResponse:
        user = request.user
        request.memberships = memberships_of(user) if user.is_authenticated else []
        user.memberships_today = request.memberships
        request.organisations = list({m.organisation_id: m.organisation for m in request.memberships}.values())
        request.organisation = _organisation(request)
        request.roles = {m.role for m in request.memberships if m.organisation == request.organisation}
        zone = user.zone if user.is_authenticated else timezone.get_default_timezone()
        with translation.override(_language(request)), timezone.override(zone):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        return response


def _language(request: HttpRequest) -> str:
    """What the person chose; else what this visit chose; else what the browser prefers."""
    offered = dict(settings.LANGUAGES)
    chosen = request.user.language if request.user.is_authenticated else ""
    if chosen not in offered:
        chosen = request.session.get(LANGUAGE_SESSION_KEY, "")
    return chosen if chosen in offered else get_language_from_request(request)


def memberships_of(user: User) -> list[Membership]:
    """Return a person's memberships of today, with their organisations."""
    current = user.memberships.current().select_related("organisation")
    return list(current.order_by("organisation__name", "organisation_id", "pk"))


def _organisation(request: PersonRequest) -> Organisation | None:
    chosen = request.session.get(ORGANISATION_SESSION_KEY) if request.memberships else None
    # Where one works comes before where one merely belongs.
    working = [m.organisation for m in request.memberships if m.role in STAFF_ROLES]
    candidates = [*working, *request.organisations]
    return next((o for o in candidates if o.pk == chosen), candidates[0] if candidates else None)


class SecondFactorMiddleware:
    """Lead a person whose organisation asks for a second factor to setting one up, before anything else."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: PersonRequest) -> HttpResponse:
        if (
            request.user.is_authenticated
            and any(organisation.requires_second_factor for organisation in request.organisations)
            and not _is_open_without(request.path)
            and not is_mfa_enabled(request.user)
        ):
            return redirect("people:second_factor_needed")
        return self.get_response(request)


def _is_open_without(path: str) -> bool:
    return path.startswith((reverse("account_email").removesuffix("email/"), "/people/sign-in/", settings.STATIC_URL))
