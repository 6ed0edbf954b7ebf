"""How the API says no: problem details (RFC 9457) with the sentence that the page would show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.forms.utils import ErrorDict
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError
from pydantic import Field

from guildhall.core.errors import Refusal
from guildhall.core.forms import MISSING

MEDIA_TYPE = "application/problem+json"


class FieldProblem(Schema):
    field: str = Field(description="Which field of the body, or which parameter; empty for the whole.")
    sentence: str


class ChangeProblem(Schema):
    field: str
    before: str | None
    after: str | None
    by: str = Field(description="The name of whoever changed it, empty when it was nobody with an account.")
    at: str


class Problem(Schema):
    """Problem details as in RFC 9457. `detail` is a sentence for people, in the language of `Accept-Language`."""

    type: str = "about:blank"
    title: str = Field(description="The name of the status.")
    status: int
    detail: str
    errors: list[FieldProblem] | None = Field(None, description="With 422: what is wrong with which field.")
    changes: list[ChangeProblem] | None = Field(None, description="With 412: what somebody else has changed meanwhile.")


class Invalid(Refusal):
    """What was sent does not do: a sentence for each field, "" for the whole."""

    status = 422

    def __init__(self, errors: Mapping[str, Sequence[Any]] | ErrorDict) -> None:
        super().__init__(gettext_lazy("Some of what was sent cannot be taken. Nothing was changed."))
        self.errors = {"" if name == "__all__" else name: [str(said) for said in errors[name]] for name in errors}


def problem(status: int, sentence: str | Promise, **more: Any) -> HttpResponse:
    """Return the answer that says no."""
    title = HTTPStatus(status).phrase
    told = {"type": "about:blank", "title": title, "status": status, "detail": str(sentence), **more}
    response = JsonResponse(told, status=status, content_type=MEDIA_TYPE)
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    return response


def answer_problems(api: NinjaAPI) -> None:
    """Let an API answer everything that may be raised on the way with a problem. What is left is a bug."""
    for kind, answer in _ANSWERS.items():
        api.add_exception_handler(kind, answer)


def _refused(request: HttpRequest, refusal: Any) -> HttpResponse:
    more: dict[str, Any] = {}
    if isinstance(refusal, Invalid):
        more["errors"] = [{"field": name, "sentence": said} for name, all_said in refusal.errors.items() for said in all_said]
    if changes := getattr(refusal, "changes", None):
        more["changes"] = changes
    response = problem(refusal.status, refusal.sentence, **more)
    for name, value in getattr(refusal, "headers", {}).items():
        response[name] = value
    return response


def _not_there(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(404, _("There is nothing here, or nothing that you may see."))


def _not_understood(request: HttpRequest, error: Any) -> HttpResponse:
    errors = [{"field": _field(each["loc"]), "sentence": _sentence(each)} for each in error.errors]
    return problem(422, _("Some of what was sent cannot be taken. Nothing was changed."), errors=errors)


def _field(where: Sequence[Any]) -> str:
    """Name what is wrong as whoever sent it would: without where ninja found it and what it calls the whole body."""
    return ".".join(str(part) for part in (where[2:] if where[0] == "body" else where[1:]))


def _sentence(error: Mapping[str, Any]) -> str:
    limits = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return str(next(iter(MISSING.values())))
        case "string_too_long":
            return _("This is too long: at most %(count)d characters.") % {"count": limits["max_length"]}
        case "too_long":
            return _("This is too much: at most %(count)d.") % {"count": limits["max_length"]}
        case "extra_forbidden":
            return _("There is no such field.")
        case "enum" | "literal_error":
            return _("Choose one of these: %(choices)s.") % {"choices": str(limits["expected"]).replace("'", "")}
        case "value_error":
            return str(limits.get("error", "")) or _("This is not what belongs here.")
    return _("This is not what belongs here.")


def _unauthorized_or_other(request: HttpRequest, error: Any) -> HttpResponse:
    sentences = {
        400: _("What was sent could not be read: it is not JSON in UTF-8."),
        401: _("This needs a token: send it as “Authorization: Bearer …”. You get one on your own page."),
    }
    return problem(error.status_code, sentences.get(error.status_code, str(error)))


def _unreadable(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(400, _("What was sent could not be read."))


def _too_large(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(413, _("This is too much at once."))


_ANSWERS: dict[type[Exception], Any] = {
    Refusal: _refused,
    Http404: _not_there,
    ValidationError: _not_understood,
    HttpError: _unauthorized_or_other,
    SuspiciousOperation: _unreadable,
    MultiPartParserError: _unreadable,
    UnreadablePostError: _unreadable,
    RequestDataTooBig: _too_large,
}
