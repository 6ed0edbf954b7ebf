"""A set of tokens in one column, and the question which rows have certain ones: the two databases' own full-text indexes.

On PostgreSQL the column is a ``tsvector`` without positions under a GIN index; on SQLite it is text that triggers carry into an
FTS5 table named ``<table>_<column>``. The index, the table and the triggers are made in a migration. A token consists of
letters, digits and any of ``-_.:=``; everything about words and languages is decided before, in ``core/search``.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple
from zlib import crc32

from django.db import connection, models
from django.db.models.lookups import Lookup


class Token(NamedTuple):
    """A token that is asked for, or with ``prefix`` any token that begins so."""

    text: str
    prefix: bool = False

    def fits(self, tokens: Collection[str]) -> bool:
        """Whether it is, or begins, one of these: what the database finds, said in Python."""
        return any(token.startswith(self.text) for token in tokens) if self.prefix else self.text in tokens


class AtMost(NamedTuple):
    """What is asked, when so many of the rows that match will do, whichever they are: the database stops where it has them."""

    groups: list[list[Token]]
    most: int


#: One in so many rows is of the handful.
_HANDFUL = 16


def with_handful(tokens: set[str], number: int) -> set[str]:
    """Return the tokens of a row, and if by its number it is of the handful all that are asked for with others a second time.

    PostgreSQL must find all rows that match before it gives out the first, be they half of a million. So it is asked for a few of
    the handful first: where these suffice the word is a common one, and the others need not be found.
    """
    if crc32(b"%d" % number) % _HANDFUL:
        return tokens
    return tokens | {f"h{token}" for token in tokens if token[0] in "wsl"}


class TokensField(models.Field):
    """A set of tokens. ``filter(tokens__match=[[a, b], [c]])`` finds the rows that have a or b, and c."""

    def db_type(self, connection: Any) -> str:
        return "tsvector" if connection.vendor == "postgresql" else "text"

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        return "array_to_tsvector(string_to_array(%s, ' '))" if connection.vendor == "postgresql" else "%s"

    def get_db_prep_value(self, value: Iterable[str], connection: Any, prepared: bool = False) -> Any:
        return " ".join(value)


@TokensField.register_lookup
class Match(Lookup):
    """Each group has at least one of its tokens in the row."""

    lookup_name = "match"
    prepare_rhs = False
    rhs: list[list[Token]] | AtMost

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        asked, most = self._asked()
        row, index = self._names(compiler)
        return f"{row} IN (SELECT {index}(%s::tsquery, %s::tsquery, %s))", [_tsquery(asked), _tsquery(asked, "h"), most]

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        asked, most = self._asked()
        row, index = self._names(compiler)
        sql = f"{row} IN (SELECT rowid FROM {index} WHERE {index} MATCH %s LIMIT %s)"  # noqa: S608 - quoted names of ours
        return sql, [_fts5(asked), -1 if most is None else most]

    def _asked(self) -> tuple[list[list[Token]], int | None]:
        return self.rhs if isinstance(self.rhs, AtMost) else (self.rhs, None)

    def _names(self, compiler: Any) -> tuple[str, str]:
        """Return what a row's number is called in this query, and what the index is called."""
        column = self.lhs.target
        table = column.model._meta.db_table
        quote = compiler.quote_name_unless_alias
        return f"{quote(self.lhs.alias or table)}.{quote(column.model._meta.pk.column)}", quote(f"{table}_{column.column}")


def keys_matching(asked: list[list[Token]]) -> list[int]:
    """Return what stands in ``key`` in all rows of the search index that match."""
    on_postgresql = connection.vendor == "postgresql"
    sql = (
        "SELECT core_searchdocument_keys(%s::tsquery)"
        if on_postgresql
        else "SELECT json_group_array(key) FROM core_searchdocument"
        " WHERE id IN (SELECT rowid FROM core_searchdocument_tokens WHERE core_searchdocument_tokens MATCH %s)"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [_tsquery(asked) if on_postgresql else _fts5(asked)])
        (keys,) = cursor.fetchone()
    return (keys or []) if on_postgresql else json.loads(keys)


def _tsquery(asked: list[list[Token]], before: str = "") -> str:
    groups = (" | ".join(f"'{before}{token.text}'{':*' * token.prefix}" for token in group) for group in asked)
    return " & ".join(f"({group})" for group in groups)


def _fts5(asked: list[list[Token]]) -> str:
    groups = (" OR ".join(f'"{token.text}"{"*" * token.prefix}' for token in group) for group in asked)
    return " AND ".join(f"({group})" for group in groups)
