"""Annotations that are put into SQL once: Django takes half a millisecond anew for each subquery, more than asking it takes."""

from __future__ import annotations

from typing import Any

from django.db import DEFAULT_DB_ALIAS, models
from django.db.models.expressions import RawSQL


def in_sql(model: type[models.Model], **expressions: Any) -> dict[str, RawSQL]:
    """Return expressions as annotations of queries on ``model``, which are not part of another query: their tables go by name.

    Keep what is returned (``functools.cache``); an expression must not depend on when it is asked.
    """
    query = model._default_manager.annotate(**expressions).query
    compiler = query.get_compiler(DEFAULT_DB_ALIAS)
    made = {name: (asked, *compiler.compile(asked)) for name, asked in query.annotations.items()}
    return {name: RawSQL(sql, given, asked.output_field) for name, (asked, sql, given) in made.items()}  # noqa: S611  # the ORM's
