"""AMB's own JSON schemas and examples, read from the samples beside the repository, and what is checked with them."""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from jsonschema import Draft7Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

SAMPLES = Path(settings.PROJECT).parent / "shared/samples/amb"
EXAMPLES = SAMPLES / "examples"
VALID = sorted((EXAMPLES / "valid").glob("*.json"))
INVALID = sorted((EXAMPLES / "invalid").glob("*.json"))

_formats = FormatChecker(formats=())


@_formats.checks("uri", raises=ValueError)
def _is_uri(value: Any) -> bool:
    return not isinstance(value, str) or (bool(urlsplit(value).scheme) and not any(letter.isspace() for letter in value))


@_formats.checks("date", raises=ValueError)
def _is_date(value: Any) -> bool:
    return not isinstance(value, str) or (len(value) == 10 and bool(date.fromisoformat(value)))


@_formats.checks("date-time", raises=ValueError)
def _is_moment(value: Any) -> bool:
    """A moment; it may lack its zone, as in AMB's example dateTime.json."""
    return not isinstance(value, str) or ("T" in value and bool(datetime.fromisoformat(value)))


@cache
def _validator() -> Draft7Validator:
    schemas = [json.loads(path.read_text()) for path in (SAMPLES / "schemas").glob("*.json")]
    registry = Registry().with_resources((schema["$id"], Resource.from_contents(schema, DRAFT7)) for schema in schemas)
    main = next(schema for schema in schemas if schema["$id"].endswith("/schema.json"))
    return Draft7Validator(main, registry=registry, format_checker=_formats)


def errors_of(record: Any) -> list[str]:
    """What AMB's schemas find wrong with a record."""
    return [f"{error.json_path}: {error.message}" for error in _validator().iter_errors(record)]


def example(path: Path) -> Any:
    return json.loads(path.read_text())
