"""What happens around every request: an id for the logs, and refusals that become answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import uuid4

import structlog
from django.http import HttpRequest, HttpResponse

from guildhall.core.errors import Refusal
from guildhall.core.http import refuse

Next = Callable[[HttpRequest], HttpResponse]
_PLAIN_ID = re.compile(r"[\w.-]{1,40}", re.ASCII)


class RequestIdMiddleware:
    """Give each request an id that every log line and audit line of it carries; a proxy may bring its own."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        brought = request.headers.get("X-Request-ID", "")
        request_id = brought if _PLAIN_ID.fullmatch(brought) else uuid4().hex
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class RefusalMiddleware:
    """Turn a ``Refusal`` that a view let through into its sentence."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return refuse(request, exception) if isinstance(exception, Refusal) else None
