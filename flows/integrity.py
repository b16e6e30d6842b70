"""Is a database file whole? Reading all of it is the only way to know: DuckDB checks each block as it reads it."""

from __future__ import annotations

from pathlib import Path

import duckdb


def row_counts(database: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows of every table of an open database, each read from beginning to end. Raises duckdb.Error at damage."""
    counts = {}
    for schema, table in database.execute(
        """
        select schema_name, table_name
        from duckdb_tables()
        where database_name = current_database() and not internal and not temporary
        order by all
        """
    ).fetchall():
        row = database.execute(f'select count(*), bit_xor(hash(t)) from "{schema}"."{table}" as t').fetchone()
        counts[f"{schema}.{table}"] = row[0] if row else 0
    return counts


def damage(file: Path) -> str | None:
    """What is wrong with a DuckDB file, in DuckDB's words; None when all of it can be read."""
    try:
        with duckdb.connect() as connection:
            path = str(file).replace("'", "''")
            connection.execute(f"attach '{path}' as examined (read_only)")
            connection.execute("use examined")
            row_counts(connection)
    except duckdb.Error as error:
        return str(error)
    return None
