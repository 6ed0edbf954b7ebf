"""SQL that is not made anew each time: Django takes half a millisecond for a query or a subquery, more than asking it takes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, models
from django.db.models.expressions import RawSQL


def in_sql(model: type[models.Model], **expressions: Any) -> dict[str, RawSQL]:
    """Return expressions as annotations of queries on ``model``, which are not part of another query: their tables go by name.

    Keep what is returned (``functools.cache``); an expression must not depend on when it is asked.
    """
    query = model._default_manager.annotate(**expressions).query
    compiler = query.get_compiler(DEFAULT_DB_ALIAS)
    made = {name: (asked, *compiler.compile(asked)) for name, asked in query.annotations.items()}
    return {name: RawSQL(sql, given, asked.output_field) for name, (asked, sql, given) in made.items()}  # noqa: S611  # the ORM's


def rows_in(sql: str, given: Collection[Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a query that is written out, with "{}" where it says of something that it is among what is given.

    Values come as the database keeps them: JSON is text, and a moment what ``moment_kept`` reads.
    """
    if not given:
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql.format(among(given)), among_given(given))
        return cursor.fetchall()


def among(given: Collection[Any]) -> str:
    """Return what says in SQL that something is one of what is given; the values go along as ``among_given``."""
    # One value that is a list is read in no time; for a hundred values the driver takes longer than the database.
    return "= ANY(%s)" if connection.vendor == "postgresql" else f"IN ({', '.join(['%s'] * len(given))})"


def among_given(given: Collection[Any]) -> list[Any]:
    return [list(given)] if connection.vendor == "postgresql" else list(given)


def moment_kept(kept: datetime) -> datetime:
    """Return a moment with its zone; SQLite keeps none and means UTC."""
    return kept if kept.tzinfo else kept.replace(tzinfo=UTC)
