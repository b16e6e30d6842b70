"""Remove what is held about mentions that have to go: deleted upstream, or past their retention."""

from __future__ import annotations

import duckdb

FACTS_OF_DELETION = {
    ("core", "mentions"),
    ("core", "tombstones"),
    ("landing", "tombstones"),
    ("core", "erasures_due"),
}
"""Tables that may still say that a mention was there: without its text, but for what is due to be erased."""


def remove_traces(warehouse: duckdb.DuckDBPyConnection, removed: str) -> None:
    """Delete the rows of landing and core that belong to removed mentions, and to texts that no mention has any more.

    `removed` is a table with mention_id and text_hash; the mentions' own rows must be gone or emptied already. Tables
    are found by their columns, so that a new table about mentions or texts is covered without being named here.
    """
    for schema, table in _tables_with(warehouse, "mention_id"):
        if (schema, table) not in FACTS_OF_DELETION:
            warehouse.execute(f"delete from {schema}.{table} where mention_id in (select mention_id from {removed})")
    for schema, table in _tables_with(warehouse, "text_hash"):
        if (schema, table) not in FACTS_OF_DELETION:
            warehouse.execute(
                f"""
                delete from {schema}.{table}
                where text_hash in (select text_hash from {removed})
                  and text_hash not in (select text_hash from core.mentions)
                """
            )
    for column, table in (("text_key", "signatures"), ("text_key", "similar_texts"), ("other_key", "similar_texts")):
        warehouse.execute(
            f"""
            delete from core.{table}
            where {column} not in (select text_key from core.text_features where text_key is not null)
            """
        )


def _tables_with(warehouse: duckdb.DuckDBPyConnection, column: str) -> list[tuple[str, str]]:
    return warehouse.execute(
        """
        select table_schema, table_name
        from information_schema.columns
        join information_schema.tables using (table_schema, table_name)
        where table_schema in ('landing', 'core') and column_name = $column and table_type = 'BASE TABLE'
        order by all
        """,
        {"column": column},
    ).fetchall()
