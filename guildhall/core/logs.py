"""Logs: one pipe for all that is said, by us, Django, granian; JSON for machines in production, lines for people elsewhere.

Every line carries the request or the task it belongs to. None carries personal data: people appear as numbers, addresses
without what was searched for, and links that open something by themselves without their secret.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

_access = structlog.get_logger("guildhall.access")
LONGEST_PLAIN_PART = 20


def logging_settings(log_format: str, level: str) -> dict[str, Any]:
    """Configure structlog, and return what ``logging`` is to be configured with.

    Args:
        log_format: "json" or "lines".
        level: the least that is said, such as "INFO".
    """
    common: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso" if log_format == "json" else "%H:%M:%S", utc=log_format == "json"),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *common, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    last: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if log_format == "json"
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
            )
        ]
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": common,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
            }
        },
        "filters": {"without_secrets": {"()": f"{__name__}.WithoutSecrets"}},
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "structured", "filters": ["without_secrets"]}},
        "root": {"handlers": ["out"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": "NOTSET", "propagate": True},
            # What is not there or not allowed is in the access line already; errors come with their traceback.
            "django.request": {"level": "ERROR"},
            # Whoever asks for a house of another name is a scanner, every minute of the day.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "django.server": {"handlers": [], "level": "ERROR", "propagate": True},
            "_granian": {"handlers": [], "level": "WARNING", "propagate": True},
        },
    }


class WithoutSecrets(logging.Filter):
    """Take the secret out of the path in Django's own lines about a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if request is not None and record.args:
            record.args = tuple(plain_path(request) if part == request.path else part for part in record.args)
        return True


class AccessLogMiddleware:
    """Say one line about each request: what was asked, how it was answered, how long it took, who (a number) asked."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = perf_counter()
        response = self.get_response(request)
        # Only a person that was looked up anyway: to log is no reason to ask the database.
        person = getattr(request, "_cached_user", None)
        _access.info(
            "request",
            method=request.method,
            path=plain_path(request),
            status=response.status_code,
            ms=round((perf_counter() - began) * 1000, 1),
            user=person.pk if person else None,
        )
        return response


def plain_path(request: HttpRequest) -> str:
    """The path without its long parts: those are the secrets of links."""
    return "/".join(part if len(part) <= LONGEST_PLAIN_PART else "…" for part in request.path.split("/"))
