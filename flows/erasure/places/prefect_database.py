"""Prefect's own database on this machine: artifacts, logs, messages of states and events, stored results."""

from __future__ import annotations

import logging
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from flows.erasure.journal import Gone
from flows.home import Home

log = logging.getLogger(__name__)

_WAIT_SECONDS = 60
_LONG_ENOUGH = 12
_ROWS = 2_000
_REMOVABLE = ("artifact_collection", "artifact", "log", "events", "event_resources")


def erase(home: Home, gone: Gone) -> int:
    """Take out what quotes or names a post: rows of artifacts, logs and events go, other values become empty.

    Looks into the database of the nights' temporary server and that of `PREFECT_HOME`; a server on another machine
    keeps its own. Freed pages are overwritten (secure_delete) and the database is compacted.
    """
    if not gone.traces.needles:
        return 0
    folders = {home.root / "prefect", Path(os.environ.get("PREFECT_HOME") or home.root / "prefect")}
    return sum(_scrub(folder, gone) for folder in sorted(folders))


def _scrub(folder: Path, gone: Gone) -> int:
    touched = 0
    for result in sorted((folder / "storage").glob("*")) if (folder / "storage").exists() else []:
        if result.is_file() and gone.traces.is_in(result.read_bytes().decode("utf-8", "ignore")):
            result.unlink()
            touched += 1
    database = folder / "prefect.db"
    if not database.exists():
        return touched
    with closing(sqlite3.connect(database, timeout=_WAIT_SECONDS, isolation_level=None)) as connection:
        connection.execute("pragma secure_delete = on")
        changed = sum(
            _scrub_column(connection, table, column, gone)
            for (table,) in connection.execute("select name from sqlite_master where type = 'table'").fetchall()
            for column in _text_columns(connection, table)
        )
        try:
            if changed:
                connection.execute("vacuum")
            connection.execute("pragma wal_checkpoint(truncate)")
        except sqlite3.OperationalError as error:
            log.warning("%s is in use (%s): erased rows leave its log with the next checkpoint", database, error)
    return touched + changed


def _text_columns(connection: sqlite3.Connection, table: str) -> list[str]:
    columns = connection.execute(f'pragma table_info("{table}")').fetchall()
    return [name for _, name, kind, *_ in columns if kind.upper().startswith(("VARCHAR", "TEXT", "JSON"))]


def _scrub_column(connection: sqlite3.Connection, table: str, column: str, gone: Gone) -> int:
    cursor = connection.execute(f'select rowid, "{column}" from "{table}" where length("{column}") >= {_LONG_ENOUGH}')
    quoting: list[tuple[int]] = []
    while rows := cursor.fetchmany(_ROWS):
        found = gone.traces.found_in(value if isinstance(value, str) else "" for _, value in rows)
        quoting += [(row[0],) for row, is_found in zip(rows, found, strict=True) if is_found]
    change = f'delete from "{table}"' if table in _REMOVABLE else f"""update "{table}" set "{column}" = '{{}}'"""
    connection.executemany(f"{change} where rowid = ?", quoting)
    return len(quoting)
