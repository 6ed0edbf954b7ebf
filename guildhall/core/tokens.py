"""A set of tokens in one column, and the question which rows have certain ones: the two databases' own full-text indexes.

On PostgreSQL the column is a ``tsvector`` without positions under a GIN index; on SQLite it is text that triggers carry into an
FTS5 table named ``<table>_<column>``. The index, the table and the triggers are made in a migration. A token consists of
letters, digits and any of ``-_.:=``; everything about words and languages is decided before, in ``core/search``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from django.db import models
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
        groups = (" | ".join(f"'{token.text}'{':*' * token.prefix}" for token in group) for group in asked)
        row, index = self._names(compiler)
        return f"{row} IN (SELECT {index}(%s::tsquery, %s))", [" & ".join(f"({group})" for group in groups), most]

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        asked, most = self._asked()
        groups = (" OR ".join(f'"{token.text}"{"*" * token.prefix}' for token in group) for group in asked)
        row, index = self._names(compiler)
        sql = f"{row} IN (SELECT rowid FROM {index} WHERE {index} MATCH %s LIMIT %s)"  # noqa: S608 - quoted names of ours
        return sql, [" AND ".join(f"({group})" for group in groups), -1 if most is None else most]

    def _asked(self) -> tuple[list[list[Token]], int | None]:
        return self.rhs if isinstance(self.rhs, AtMost) else (self.rhs, None)

    def _names(self, compiler: Any) -> tuple[str, str]:
        """Return what a row's number is called in this query, and what the index is called."""
        column = self.lhs.target
        table = column.model._meta.db_table
        quote = compiler.quote_name_unless_alias
        return f"{quote(self.lhs.alias or table)}.{quote(column.model._meta.pk.column)}", quote(f"{table}_{column.column}")
