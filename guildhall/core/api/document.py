"""The API's own description (OpenAPI 3.1), with what holds for every operation written once."""

from __future__ import annotations

from functools import cached_property
from http import HTTPStatus
from typing import Any

from ninja import NinjaAPI
from ninja.operation import Operation

from guildhall.core.api.problems import MEDIA_TYPE, Problem
from guildhall.core.api.repeating import PLAIN, WRITING

#: Where the API stands; ``core.http.refuse`` knows it by that, too.
PREFIX = "api/"
#: What any operation may answer when it says no, what one that changes something may, and one that asks for a version.
ALWAYS = [400, 401, 403, 404, 422, 429]
WHEN_WRITING = [409, 413]
WITH_A_VERSION = [412, 428]


class Api(NinjaAPI):
    """An API whose operations are named as their functions, and say what they answer when they say no."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    @cached_property
    def document(self) -> dict[str, Any]:
        """The whole description as plain data."""
        described: dict[str, Any] = self.get_openapi_schema(path_prefix=PREFIX)
        schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        described["components"]["schemas"] |= {**schema.pop("$defs"), "Problem": schema}
        for operations in described["paths"].values():
            for method, operation in operations.items():
                _complete(operation, method.upper())
        return described


def _complete(operation: dict[str, Any], method: str) -> None:
    parameters = operation["parameters"]
    if scope := operation.get("x-scope"):
        operation["security"] = [{name: [scope] for name in each} for each in operation["security"]]
    statuses = list(ALWAYS)
    if method in WRITING:
        statuses += WHEN_WRITING
        parameters.append(_KEY)
    if method == "PATCH":
        statuses += WITH_A_VERSION
        parameters.append(_VERSION)
    for status in sorted(statuses):
        operation["responses"].setdefault(status, _refusal(status))


def _refusal(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}


_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "pattern": f"^{PLAIN.pattern}$"},
    "description": "Any text of your own: with the same key the same request is done once, and answered alike for 24 hours.",
}
_VERSION = {
    "in": "header",
    "name": "If-Match",
    "required": True,
    "schema": {"type": "string", "pattern": '^(\\*|"[0-9]{1,18}")$'},
    "description": "The `ETag` you have seen, or `*` to change it whatever it says by now.",
}
