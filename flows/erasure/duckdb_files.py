"""DuckDB files without what has to go: rows removed, then the file written anew.

Deleted rows stay readable in a DuckDB file's free blocks, also after CHECKPOINT and VACUUM (measured: see
docs/decisions/erasure.md). Only a new file is free of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import duckdb

from flows.durable import sync
from flows.erasure.journal import Gone
from flows.errors import MarktechoError
from flows.home import Home
from flows.search.erasure import scrub_index
from flows.warehouse import MEMORY_LIMIT

ERASED = "[erased]"
LEFTOVER = ".erasing-*.tmp"
"""Name of a file that is being written anew; one that lies there was left by a killed process."""
_LONG_ENOUGH = 12


def scrub(connection: duckdb.DuckDBPyConnection, database: str, gone: Gone, *, schemas: Iterable[str] = ()) -> int:
    """Remove what a database (or some of its schemas) says about the posts; returns how many rows were touched.

    Rows with their `mention_id` go. Lists of mention ids lose theirs, a copy its `copy_of`. In tables that are not
    about single posts, words that quote a post become "[erased]", and keywords go that only their posts had.
    """
    wanted = frozenset(schemas)
    connection.register("gone_posts", gone.posts)
    indexed = scrub_index(connection, database)
    connection.unregister("gone_posts")
    return indexed + sum(
        _scrub_table(connection, f'"{database}"."{schema}"."{table}"', columns, gone)
        for schema, table, columns in _tables(connection, database)
        if not wanted or schema in wanted
    )


def scrub_table(connection: duckdb.DuckDBPyConnection, database: str, schema: str, table: str, gone: Gone) -> int:
    """The same for one table; none is touched when there is no such table."""
    return sum(
        _scrub_table(connection, f'"{database}"."{schema}"."{table}"', columns, gone)
        for in_schema, name, columns in _tables(connection, database)
        if (in_schema, name) == (schema, table)
    )


def _scrub_table(connection: duckdb.DuckDBPyConnection, place: str, columns: dict[str, str], gone: Gone) -> int:
    connection.register("gone_posts", gone.posts)
    touched = 0
    try:
        if "mention_id" in columns:
            touched += _run(connection, f"delete from {place} where mention_id in (select mention_id from gone_posts)")
        for column, kind in columns.items():
            touched += _scrub_column(connection, place, column, kind, gone, is_about_posts="mention_id" in columns)
    finally:
        connection.unregister("gone_posts")
    return touched


def _scrub_column(
    connection: duckdb.DuckDBPyConnection, place: str, column: str, kind: str, gone: Gone, *, is_about_posts: bool
) -> int:
    name = f'"{column}"'
    if column.endswith("mention_ids") and kind == "VARCHAR[]":
        return _scrub_lists(connection, place, name)
    if column == "copy_of":
        return _run(connection, f"update {place} set {name} = null where {name} in (select mention_id from gone_posts)")
    if is_about_posts:
        return 0
    if kind == "VARCHAR[]" and gone.lost_words:
        return _run(
            connection,
            f"""
            update {place}
            set {name} = list_filter({name}, lambda each: not list_has_any($words, string_split(lower(each), ' ')))
            where list_has_any($words, flatten(list_transform({name}, lambda each: string_split(lower(each), ' '))))
            """,
            {"words": sorted(gone.lost_words)},
        )
    return _scrub_words(connection, place, name, gone) if kind == "VARCHAR" else 0


def _scrub_lists(connection: duckdb.DuckDBPyConnection, place: str, name: str) -> int:
    connection.execute(
        f"""
        create or replace temp table shortened as
        with parts as (
            select rowid as row_number, unnest({name}) as part, generate_subscripts({name}, 1) as position from {place}
        ),
        told as (
            select parts.*, part in (select mention_id from gone_posts) as is_gone from parts
        )
        select row_number, coalesce(list(part order by position) filter (not is_gone), []) as kept
        from told
        group by row_number
        having bool_or(is_gone)
        """
    )
    touched = _run(
        connection,
        f"update {place} as held set {name} = kept from shortened where held.rowid = shortened.row_number",
    )
    connection.execute("drop table shortened")
    return touched


def _scrub_words(connection: duckdb.DuckDBPyConnection, place: str, name: str, gone: Gone) -> int:
    values = [
        row[0]
        for row in connection.execute(
            f"select distinct {name} from {place} where length({name}) >= {_LONG_ENOUGH}"
        ).fetchall()
    ]
    quoting = [value for value, found in zip(values, gone.traces.found_in(values), strict=True) if found]
    touched = 0
    if quoting:
        touched += _run(
            connection,
            f"update {place} set {name} = '{ERASED}' where {name} in (select unnest($values))",
            {"values": quoting},
        )
    if gone.lost_words and name.startswith('"label_'):
        touched += _run(
            connection,
            f"""
            update {place}
            set {name} = '{ERASED}'
            where list_has_any($words, regexp_split_to_array(lower({name}), '[^\\w-]+'))
            """,
            {"words": sorted(gone.lost_words)},
        )
    return touched


def _tables(connection: duckdb.DuckDBPyConnection, database: str) -> list[tuple[str, str, dict[str, str]]]:
    rows = connection.execute(
        """
        select schema_name, table_name, column_name, data_type
        from duckdb_columns()
        join duckdb_tables() using (database_name, schema_name, table_name)
        where database_name = $database
        order by schema_name, table_name, column_index
        """,
        {"database": database},
    ).fetchall()
    tables: dict[tuple[str, str], dict[str, str]] = {}
    for schema, table, column, kind in rows:
        tables.setdefault((schema, table), {})[column] = kind
    return [(schema, table, columns) for (schema, table), columns in tables.items()]


def _run(connection: duckdb.DuckDBPyConnection, sql: str, values: dict[str, object] | None = None) -> int:
    found = connection.execute(sql, values or {}).fetchone()
    return int(found[0]) if found else 0


def copied(home: Home, source: Path, gone: Gone | None = None) -> tuple[Path, int]:
    """Write a database file anew beside it, without what has to go; returns the new file and the rows touched.

    It has the old one's mode and group. When nothing has to go, the path is that of `source` itself. Raises
    MarktechoError when the new file does not hold what the old one held.
    """
    (home.work / "erasure").mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = _fresh(home.work / "erasure" / f"{source.stem}-draft.duckdb")
    clean = _fresh(source.with_name(LEFTOVER.replace("*", source.name)))
    with duckdb.connect() as connection:
        connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        connection.execute(f"set temp_directory = '{_quoted(home.work / 'erasure' / 'spill')}'")
        connection.execute(f"attach '{_quoted(source)}' as held (read_only)")
        if gone is not None:
            connection.execute(f"attach '{_quoted(draft)}' as draft")
            connection.execute("copy from database held to draft")
            touched = scrub(connection, "draft", gone)
            if not touched:
                connection.close()
                draft.unlink()
                return source, 0
            connection.execute("detach held")
            connection.execute("checkpoint draft")
        kept = "held" if gone is None else "draft"
        connection.execute(f"attach '{_quoted(clean)}' as clean")
        connection.execute(f"copy from database {kept} to clean")
        _keep_comments(connection, kept)
        connection.execute("checkpoint clean")
        before, after = (_counts(connection, name) for name in (kept, "clean"))
    if before != after:
        raise MarktechoError(f"{clean}: does not hold what {source} holds. The disk may be failing; try again.")
    draft.unlink(missing_ok=True)
    held = source.stat()
    with suppress(PermissionError):
        os.chown(clean, -1, held.st_gid)
    clean.chmod(held.st_mode & 0o777)
    sync(clean)
    return clean, touched if gone is not None else 0


def _keep_comments(connection: duckdb.DuckDBPyConnection, kept: str) -> None:
    """Copying a database leaves comments behind."""
    tables = connection.execute(
        "select schema_name, table_name, comment from duckdb_tables() where database_name = $1 and comment is not null",
        [kept],
    ).fetchall()
    for schema, table, text in tables:
        connection.execute(f'comment on table clean."{schema}"."{table}" is {_literal(text)}')
    columns = connection.execute(
        """
        select schema_name, table_name, column_name, comment
        from duckdb_columns()
        where database_name = $1 and comment is not null
        """,
        [kept],
    ).fetchall()
    for schema, table, column, text in columns:
        connection.execute(f'comment on column clean."{schema}"."{table}"."{column}" is {_literal(text)}')


def _counts(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, int]:
    counts = {}
    for schema, table, _ in _tables(connection, database):
        counted = connection.execute(f'select count(*) from "{database}"."{schema}"."{table}"').fetchone()
        counts[f"{schema}.{table}"] = int(counted[0]) if counted else 0
    return counts


def _fresh(path: Path) -> Path:
    for leftover in (path, path.with_name(f"{path.name}.wal")):
        leftover.unlink(missing_ok=True)
    return path


def rewrite_warehouse(home: Home) -> None:
    """Write the warehouse to a new file that holds its rows and nothing of deleted ones, and swap it in atomically.

    The caller holds the warehouse and has no connection to it open.
    """
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("force checkpoint")
    wal = home.warehouse.with_name(f"{home.warehouse.name}.wal")
    if wal.exists():
        raise MarktechoError(f"{wal}: changes are not in the warehouse yet. Is another process at work? Try again.")
    clean, _ = copied(home, home.warehouse)
    os.replace(clean, home.warehouse)  # noqa: PTH105 - named as what it is, atomic
    sync(home.root)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
