"""What happens around every request: an id for the logs, refusals that become answers, answers packed on their way."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import uuid4

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware

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


class PackingMiddleware(GZipMiddleware):
    """Pack answers on their way, but no files that are given out by ranges: of those it is the bytes as kept that are counted."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        return response if response.has_header("Accept-Ranges") else super().process_response(request, response)


class RefusalMiddleware:
    """Turn a ``Refusal`` that a view let through into its sentence."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return refuse(request, exception) if isinstance(exception, Refusal) else None
