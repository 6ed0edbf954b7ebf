"""Lists a page at a time, by a cursor: where the last page ended, in the order of the list.

Pages are stable while things change: whatever keeps its place is shown once, however many come or go before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core import signing
from django.db.models import F, Model, Q, QuerySet
from django.utils.translation import gettext as _
from ninja import Schema
from pydantic import Field

from guildhall.core.api.problems import Invalid

MOST = 200
T = TypeVar("T")


class Paging(Schema):
    limit: int = Field(50, ge=1, le=MOST, description="How many at most.")
    cursor: str = Field("", max_length=1000, description="`next` of the page before; empty for the first page.")


class PageOf(Schema, Generic[T]):
    items: list[T]
    next: str | None = Field(description="The cursor of the next page, null on the last.")


@dataclass(frozen=True)
class Order:
    """What a list is sorted by, and then by number; things without a value come first or last."""

    field: str
    descending: bool = False
    nulls_first: bool = False

    def sorted(self, things: QuerySet[Any]) -> QuerySet[Any]:
        way: dict[str, Any] = {"nulls_first": True} if self.nulls_first else {"nulls_last": True}
        field = self.field if self._is_kept(things.model) else F(self.field)
        if isinstance(field, str):  # what is never null is sorted as its index is
            return things.order_by(f"-{field}" if self.descending else field, "-pk" if self.descending else "pk")
        return things.order_by(field.desc(**way) if self.descending else field.asc(**way), "-pk" if self.descending else "pk")

    def after(self, value: Any, number: int) -> Q:
        """What comes after the thing with this value and number."""
        beyond = "lt" if self.descending else "gt"
        if value is None:
            rest = Q(**{f"{self.field}__isnull": True, f"pk__{beyond}": number})
            return rest | Q(**{f"{self.field}__isnull": False}) if self.nulls_first else rest
        rest = Q(**{f"{self.field}__{beyond}": value}) | Q(**{self.field: value, f"pk__{beyond}": number})
        return rest if self.nulls_first else rest | Q(**{f"{self.field}__isnull": True})

    def _is_kept(self, model: type[Model]) -> bool:
        return any(field.name == self.field and not field.null for field in model._meta.concrete_fields)


BY_NUMBER = Order("pk")
NEWEST = Order("pk", descending=True)


def page_of(
    things: QuerySet[Any], paging: Paging, order: Order, *, told: Callable[[list[Any]], Iterable[Any]] = list
) -> dict[str, Any]:
    """Return a page of things: ``items``, as ``told`` tells them all together, and the cursor of the next.

    Raises:
        Invalid: the cursor is not one of ours, or of another order.
    """
    if paging.cursor:
        things = things.filter(_after(paging.cursor, order, things.model))
    rows = list(order.sorted(things)[: paging.limit + 1])
    shown = rows[: paging.limit]
    more = len(rows) > paging.limit
    return {"items": list(told(shown)), "next": _cursor(order, shown[-1]) if more else None}


def _cursor(order: Order, last: Any) -> str:
    value = getattr(last, order.field)
    kept = value.isoformat() if hasattr(value, "isoformat") else value
    return signing.dumps([_name(order), kept, last.pk], salt="cursor", compress=True)


def _after(cursor: str, order: Order, model: type[Model]) -> Q:
    try:
        name, kept, number = signing.loads(cursor, salt="cursor")
    except (signing.BadSignature, ValueError):
        name, kept, number = "", None, 0
    if name != _name(order):
        raise Invalid({"cursor": [_("This cursor does not belong to this list in this order. Begin with the first page.")]})
    return order.after(kept, number)


def _name(order: Order) -> str:
    return f"{'-' * order.descending}{order.field}"
