"""The API's own page: what one can ask, read from its description. It needs no script, and nothing from elsewhere."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, path, re_path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from guildhall.core.api.document import Api
from guildhall.core.api.problems import problem


@dataclass(frozen=True)
class Field:
    """A parameter, or a field of a body or of an answer, as the page names it."""

    name: str
    kind: str
    required: bool
    described: str


@dataclass(frozen=True)
class Operation:
    """What can be asked, in one breath: how, with what, what for, and what comes back."""

    key: str
    method: str
    address: str
    summary: str
    described: str
    scope: str
    parameters: list[Field]
    body: list[Field]
    answer: list[Field]
    example: str


def addresses_of(api: Api) -> list[URLPattern | URLResolver]:
    """Return the addresses of an API: its page, its description, its operations, and a problem for everything else."""

    @login_not_required
    @require_safe
    def reference(request: HttpRequest) -> HttpResponse:
        chapters = _chapters(api.document)
        context = {
            "chapters": chapters,
            "base": settings.BASE_URL,
            "limit": settings.API_REQUESTS_PER_MINUTE,
            "no": _noes(),
            "no_columns": [_("Status"), _("When")],
            "columns": ["Name", "Kind", "Meaning"],
        }
        return render(request, "core/api.html", context)

    @login_not_required
    @require_safe
    def description(request: HttpRequest) -> JsonResponse:
        return JsonResponse(api.document)

    @login_not_required
    def nothing(request: HttpRequest) -> HttpResponse:
        return problem(404, _("There is nothing here, or nothing that you may see."))

    nothing.csrf_exempt = True  # type: ignore[attr-defined]
    patterns, app_name, namespace = api.urls
    operations = [pattern for pattern in patterns if isinstance(pattern, URLPattern) and pattern.name != "api-root"]
    for pattern in operations:
        pattern.callback = login_not_required(pattern.callback)
    return [
        path("", reference, name="api_reference"),
        path("openapi.json", description, name="api_description"),
        path("", (operations, app_name, namespace)),
        re_path("", nothing),
    ]


def _noes() -> list[tuple[int, str]]:
    return [
        (400, _("What was sent could not be read.")),
        (401, _("There is no token, or it opens nothing any more.")),
        (403, _("The token has not this scope, or you may not do this yourself.")),
        (404, _("There is no such thing, or none that you may see.")),
        (409, _("Not as things stand now.")),
        (412, _("Somebody has changed the same meanwhile.")),
        (413, _("It is too much at once.")),
        (422, _("A field cannot be taken as it is.")),
        (428, _("The version you have seen is missing.")),
        (429, _("That was too often.")),
    ]


def _chapters(document: dict[str, Any]) -> dict[str, list[Operation]]:
    chapters: dict[str, list[Operation]] = {}
    for address, operations in document["paths"].items():
        for method, operation in operations.items():
            chapter = chapters.setdefault(operation["tags"][0], [])
            chapter.append(_operation(document, method.upper(), address, operation))
    return chapters


def _operation(document: dict[str, Any], method: str, address: str, operation: dict[str, Any]) -> Operation:
    content = operation.get("requestBody", {}).get("content", {})
    media_type = next(iter(content), "")
    schema = _resolved(document, content[media_type]["schema"]) if media_type else {}
    answer = next(response for status, response in operation["responses"].items() if int(status) < 300)
    given: dict[str, Any] = next((each["schema"] for each in answer.get("content", {}).values()), {})
    parameters = [
        Field(each["name"], _kind(document, each["schema"]), each["required"], _plain(each.get("description", "")))
        for each in operation["parameters"]
        if each["name"] != "Idempotency-Key"
    ]
    return Operation(
        key=operation["operationId"],
        method=method,
        address=address,
        summary=operation["summary"],
        described=_plain(operation.get("description", "")),
        scope=operation.get("x-scope", ""),
        parameters=parameters,
        body=_fields(document, schema),
        answer=_fields(document, _resolved(document, _resolved(document, given).get("items", given))),
        example=_example(document, method, address, operation, media_type, schema),
    )


def _fields(document: dict[str, Any], schema: dict[str, Any]) -> list[Field]:
    required = schema.get("required", [])
    return [
        Field(name, _kind(document, each), name in required, _plain(each.get("description", "")))
        for name, each in schema.get("properties", {}).items()
    ]


def _plain(described: str) -> str:
    """Return a description without the marks by which it names values."""
    return described.replace("`", "")


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _kind(document: dict[str, Any], schema: dict[str, Any]) -> str:
    """Say in a word or two what stands in a field."""
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(_kind(document, each) for each in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return " | ".join(f'"{each}"' for each in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"[{_kind(document, schema.get('items', {}))}]"
    return str(schema.get("format") or schema.get("type", ""))


def _example(
    document: dict[str, Any], method: str, address: str, operation: dict[str, Any], media_type: str, schema: dict[str, Any]
) -> str:
    """Return a line for a shell that asks it."""
    lines = ['curl -H "Authorization: Bearer $TOKEN"']
    if method != "GET":
        lines.append(f"-X {method}")
    if any(each["name"] == "If-Match" for each in operation["parameters"]):
        lines.append("-H 'If-Match: \"1024\"'")
    if media_type == "application/json":
        lines.append("-H 'Content-Type: application/json'")
        lines.append(f"-d '{json.dumps(_sample(document, schema), ensure_ascii=False)}'")
    elif media_type:
        lines.append("-F file=@employers.xlsx")
    if "sheet" in address or "vcf" in address or ("exports" in address and method == "POST"):
        lines.append("-OJ")
    lines.append(settings.BASE_URL + _filled_in(address))
    return " \\\n  ".join(lines)


def _filled_in(address: str) -> str:
    """Put numbers, and words where one chooses, into an address."""
    return re.sub(r"\{(\w+)\}", lambda found: "employers" if found[1] == "of" else "7", address)


def _sample(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    """Return something that could be sent: what is required, and what an example is given for."""
    schema = _resolved(document, schema)
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return _sample(document, schema["anyOf"][0])
    match schema.get("type"):
        case "object":
            required = schema.get("required", [])
            return {
                name: _sample(document, each)
                for name, each in schema.get("properties", {}).items()
                if name in required or "examples" in each
            }
        case "integer" | "number":
            return 7
        case "boolean":
            return True
        case "array":
            return []
    return {"date": "2026-12-01", "date-time": "2026-12-01T10:00:00+01:00"}.get(schema.get("format", ""), "…")
