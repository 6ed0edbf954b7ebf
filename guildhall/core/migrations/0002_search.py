"""The full-text index of each database over ``SearchDocument.tokens``: a GIN index, or an FTS5 table that triggers keep."""

from django.db import migrations

SQLITE = [
    # No positions, no sizes, no copy of the text: a document is a set of tokens. Prefixes count the token's place, its drawer and its "-".
    """
    CREATE VIRTUAL TABLE core_searchdocument_tokens USING fts5(
        tokens, content='core_searchdocument', content_rowid='id', detail=none, columnsize=0, prefix='5 6',
        tokenize="ascii tokenchars '-_.:=~'"
    )
    """,
    """
    CREATE TRIGGER core_searchdocument_inserted AFTER INSERT ON core_searchdocument BEGIN
        INSERT INTO core_searchdocument_tokens (rowid, tokens) VALUES (new.id, new.tokens);
    END
    """,
    """
    CREATE TRIGGER core_searchdocument_deleted AFTER DELETE ON core_searchdocument BEGIN
        INSERT INTO core_searchdocument_tokens (core_searchdocument_tokens, rowid, tokens) VALUES ('delete', old.id, old.tokens);
    END
    """,
    """
    CREATE TRIGGER core_searchdocument_updated AFTER UPDATE OF id, tokens ON core_searchdocument BEGIN
        INSERT INTO core_searchdocument_tokens (core_searchdocument_tokens, rowid, tokens) VALUES ('delete', old.id, old.tokens);
        INSERT INTO core_searchdocument_tokens (rowid, tokens) VALUES (new.id, new.tokens);
    END
    """,
]
POSTGRESQL = [
    "CREATE INDEX core_searchdocument_tokens ON core_searchdocument USING gin (tokens)",
    # The planner thinks little of what comparing tokens costs and much of common ones: it would rather read the whole table.
    # Who wants a few of those that match gets them from the handful, if that has as many (core/tokens.py).
    """
    CREATE FUNCTION core_searchdocument_tokens(question tsquery, of_handful tsquery, most integer) RETURNS SETOF bigint
    LANGUAGE plpgsql STABLE ROWS 100 SET enable_seqscan = off AS $$
    DECLARE found bigint[];
    BEGIN
        IF most IS NOT NULL THEN
            found := ARRAY(SELECT id FROM core_searchdocument WHERE tokens @@ of_handful LIMIT most);
        END IF;
        IF most IS NULL OR cardinality(found) < most THEN
            RETURN QUERY SELECT id FROM core_searchdocument WHERE tokens @@ question LIMIT most;
        ELSE
            RETURN QUERY SELECT unnest(found);
        END IF;
    END $$
    """,
    # The same of what everybody may see, which is nearly all that has the words: the rows say so, and not the index, which would go
    # through all that is public. Nor by the index of kinds. If the handful has enough, though not as many as are wanted, NULL says
    # that there are more.
    """
    CREATE FUNCTION core_searchdocument_public(
        question tsquery, of_handful tsquery, enough integer, most integer, of_kinds text[]
    )
    RETURNS SETOF bigint LANGUAGE plpgsql STABLE ROWS 100 SET enable_seqscan = off AS $$
    DECLARE found bigint[];
    BEGIN
        found := ARRAY(
            SELECT id FROM core_searchdocument
            WHERE tokens @@ of_handful AND is_public AND kind || '' = ANY(of_kinds) LIMIT most
        );
        IF cardinality(found) < enough THEN
            RETURN QUERY SELECT id FROM core_searchdocument
            WHERE tokens @@ question AND is_public AND kind || '' = ANY(of_kinds) LIMIT most;
        ELSE
            RETURN QUERY SELECT unnest(found || NULL::bigint);
        END IF;
    END $$
    """,
    """
    CREATE FUNCTION core_searchdocument_keys(question tsquery, of_kind text) RETURNS bigint[]
    LANGUAGE sql STABLE SET enable_seqscan = off
    -- Not by the index of kinds: what the question leaves is little.
    AS 'SELECT array_agg(key) FROM core_searchdocument WHERE tokens @@ question AND kind || '''' = of_kind'
    """,
]


def make_index(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def drop_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX core_searchdocument_tokens")
    else:
        for name in ("inserted", "deleted", "updated"):
            schema_editor.execute(f"DROP TRIGGER core_searchdocument_{name}")
        schema_editor.execute("DROP TABLE core_searchdocument_tokens")


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    # Whoever alters SearchDocument on SQLite makes Django copy the table, which drops its triggers: run make_index again.
    operations = [migrations.RunPython(make_index, drop_index)]
