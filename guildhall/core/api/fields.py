"""What stands in fields of the API, as strictly as its description says it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import is_naive
from django.utils.translation import gettext as _
from ninja import Schema
from pydantic import BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, field_validator

YEARS = range(1900, 2201)
LARGEST = 2**63 - 1


class Body(Schema):
    """What is sent: a field that nobody asked for is a mistake, and is told."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _can_be_kept(cls, value: Any) -> Any:
        return _without_null(value)


def _without_null(value: Any) -> Any:
    """Let no text pass that PostgreSQL cannot keep or look for, however deep it stands."""
    if isinstance(value, str) and "\0" in value:
        raise ValueError(_("This is not what belongs here."))
    within = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    for each in within:
        _without_null(each)
    return value


def _day(value: Any) -> date | None:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    try:
        day = parse_date(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        day = None
    if day is None or day.year not in YEARS:
        raise ValueError(_("This is no day: write it like 2026-12-31."))
    return day


def _moment(value: Any) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    try:
        moment = parse_datetime(value) if isinstance(value, str) and value[10:11] in ("T", "t") else None
    except ValueError:
        moment = None
    if moment is None or is_naive(moment) or moment.year not in YEARS:
        raise ValueError(_("This is no moment: write it like 2026-12-31T10:30:00+01:00."))
    return moment


Number = Annotated[StrictInt, Field(ge=1, le=LARGEST)]
YesNo = StrictBool
Day = Annotated[date, BeforeValidator(_day)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Numbers = Annotated[list[Number], Field(max_length=1000)]
