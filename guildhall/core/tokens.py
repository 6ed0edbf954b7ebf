"""A set of tokens in one column, and the question which rows have certain ones: the two databases' own full-text indexes.

On PostgreSQL the column is a ``tsvector`` without positions under a GIN index; on SQLite it is text that triggers carry into an
FTS5 table named ``<table>_<column>``. The index, the table and the triggers are made in a migration. A token consists of
letters, digits and any of ``-_.:=``; everything about words and languages is decided before, in ``core/search``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple
from zlib import crc32

from django.db import connection, models
from django.db.models.lookups import Lookup

from guildhall.core.fixed_sql import among, among_given


class Token(NamedTuple):
    """A token that is asked for, or with ``prefix`` any token that begins so."""

    text: str
    prefix: bool = False


class AtMost(NamedTuple):
    """What is asked, when so many of the rows that match will do, whichever they are: the database stops where it has them."""

    groups: list[list[Token]]
    most: int


class OpenToAll(NamedTuple):
    """The same of rows of some kinds that everybody may see.

    PostgreSQL looks into each row whether it is one of them: in the index ``scope`` stands beside nearly all rows there are, and
    leafing through it would take longer than all else.
    """

    groups: list[list[Token]]
    most: int
    kinds: Sequence[str]
    scope: list[Token]


class Known(NamedTuple):
    """No question, but an answer: rows of the search index that need not be looked for, by their kind and keys."""

    kind: str
    keys: Sequence[int]


Question = AtMost | OpenToAll | Known

#: One in so many rows is of the handful.
_HANDFUL = 16
#: If the handful has so many that everybody may see, that will do: to find a hundred takes as long as to find some thousand.
_ENOUGH = 40


def with_handful(tokens: set[str], number: int) -> set[str]:
    """Return the tokens of a row, and if by its number it is of the handful all that are asked for with others a second time.

    PostgreSQL must find all rows that match before it gives out the first, be they half of a million. So it is asked for a few of
    the handful first: where these suffice the word is a common one, and the others need not be found.
    """
    if crc32(b"%d" % number) % _HANDFUL:
        return tokens
    return tokens | {f"h{token}" for token in tokens if token[0] != "n"}


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
        row, index = self._names(compiler)
        groups, most = self._asked
        return f"{row} IN (SELECT {index}(%s::tsquery, %s::tsquery, %s))", [_tsquery(groups), _tsquery(groups, "h"), most]

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        row, index = self._names(compiler)
        groups, most = self._asked
        asked = f"SELECT rowid FROM {index} WHERE {index} MATCH %s LIMIT %s"  # noqa: S608 - quoted names of ours
        return f"{row} IN ({asked})", [_fts5(groups), -1 if most is None else most]

    @property
    def _asked(self) -> tuple[list[list[Token]], int | None]:
        return self.rhs if isinstance(self.rhs, AtMost) else (self.rhs, None)

    def _names(self, compiler: Any) -> tuple[str, str]:
        """Return what a row's number is called in this query, and what the index is called."""
        column = self.lhs.target
        table = column.model._meta.db_table
        quote = compiler.quote_name_unless_alias
        return f"{quote(self.lhs.alias or table)}.{quote(column.model._meta.pk.column)}", quote(f"{table}_{column.column}")


class Matching(NamedTuple):
    """A row of the search index, and the place of the question that it answers among those that were asked."""

    question: int
    kind: str
    key: int
    title: str
    language: str
    boost: int


def rows_matching_each(questions: Sequence[Question]) -> list[Matching | None]:
    """Return the rows of the search index that match each of several questions, asked in one statement.

    None among them says that there are more.
    """
    parts, given = [], list[Any]()
    for place, question in enumerate(questions):
        if isinstance(question, Known):
            keys = among(question.keys)
            parts.append(f"SELECT %s AS question, id FROM core_searchdocument WHERE kind = %s AND key {keys}")  # noqa: S608
            given += [place, question.kind, *among_given(question.keys)]
        elif connection.vendor == "postgresql":
            if isinstance(question, OpenToAll):
                parts.append("SELECT %s AS question, core_searchdocument_public(%s::tsquery, %s::tsquery, %s, %s, %s) AS id")
                most = [min(_ENOUGH, question.most), question.most, list(question.kinds)]
            else:
                parts.append("SELECT %s AS question, core_searchdocument_tokens(%s::tsquery, %s::tsquery, %s) AS id")
                most = [question.most]
            given += [place, _tsquery(question.groups), _tsquery(question.groups, "h"), *most]
        else:
            found = "SELECT rowid FROM core_searchdocument_tokens WHERE core_searchdocument_tokens MATCH %s LIMIT %s"
            parts.append(f"SELECT %s AS question, rowid AS id FROM ({found})")  # noqa: S608
            groups = [question.scope, *question.groups] if isinstance(question, OpenToAll) else question.groups
            given += [place, _fts5(groups), question.most]
    # Written out, for Django takes as long to write it as the database to answer.
    sql = (
        f"SELECT question, kind, key, title, language, boost FROM ({' UNION ALL '.join(parts)}) asked"  # noqa: S608
        " LEFT JOIN core_searchdocument ON core_searchdocument.id = asked.id"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return [Matching(*row) if row[2] is not None else None for row in cursor.fetchall()]


def keys_matching(kind: str, asked: list[list[Token]]) -> list[int]:
    """Return what stands in ``key`` in all rows of the search index that are of a kind and match."""
    return keys_matching_each(kind, [asked])[0]


def keys_matching_each(kind: str, questions: Sequence[list[list[Token]]]) -> list[list[int]]:
    """Return the same for each of several questions, asked in one statement."""
    on_postgresql = connection.vendor == "postgresql"
    one = (
        "core_searchdocument_keys(%s::tsquery, %s)"
        if on_postgresql
        else "(SELECT json_group_array(key) FROM core_searchdocument"
        " WHERE id IN (SELECT rowid FROM core_searchdocument_tokens WHERE core_searchdocument_tokens MATCH %s) AND +kind = %s)"
    )
    if not questions:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join([one] * len(questions))}",
            [given for asked in questions for given in (_tsquery(asked) if on_postgresql else _fts5(asked), kind)],
        )
        found = cursor.fetchone()
    return [(keys or []) if on_postgresql else json.loads(keys) for keys in found]


def sampled_tokens(kind: str, one_in: int) -> Iterator[list[str]]:
    """Yield the tokens of one in so many rows of the search index that are of a kind."""
    read = "array_to_string(tsvector_to_array(tokens), ' ')" if connection.vendor == "postgresql" else "tokens"
    sql = f"SELECT {read} FROM core_searchdocument WHERE kind = %s AND key %% %s = 0"  # noqa: S608 - one of the two above
    with connection.cursor() as cursor:
        cursor.execute(sql, [kind, one_in])
        while rows := cursor.fetchmany(500):
            for (tokens,) in rows:
                yield tokens.split(" ")


def _tsquery(asked: list[list[Token]], before: str = "") -> str:
    groups = (" | ".join(f"'{before}{token.text}'{':*' * token.prefix}" for token in group) for group in asked)
    return " & ".join(f"({group})" for group in groups)


def _fts5(asked: list[list[Token]]) -> str:
    groups = (" OR ".join(f'"{token.text}"{"*" * token.prefix}' for token in group) for group in asked)
    return " AND ".join(f"({group})" for group in groups)
