"""The published marts as readers see them: which version is there, and a read-only connection to it."""

from __future__ import annotations

from pathlib import Path

import duckdb

from flows.errors import MarktechoError, UsageError
from flows.home import Home


def published_version(home: Home) -> str:
    """A token that changes when another version is swapped in, by publication or rollback; costs one look at the file.

    A reader keeps it beside its connection and connects again when it has changed.
    Raises UsageError when nothing is published yet.
    """
    try:
        status = home.marts.stat()
    except FileNotFoundError:
        raise UsageError(f"{home.marts}: nothing has been published yet. Run `marktecho nightly` first.") from None
    return f"{status.st_ino:x}-{status.st_mtime_ns:x}"


def open_published(home: Home) -> duckdb.DuckDBPyConnection:
    """Open the published marts read-only, times in UTC, tables found as `entity_daily` and as `marts.entity_daily`.

    The connection shows the version that was published when it was opened, also after a new one has been swapped in.
    Use it as a context manager, or close it.
    Raises UsageError when nothing is published yet, MarktechoError when the file cannot be read.
    """
    published_version(home)
    try:
        return attach_marts(home.marts)
    except duckdb.Error as error:
        raise MarktechoError(
            f"{home.marts}: cannot be read ({error}). "
            "`marktecho doctor --repair` publishes it anew, or the version before."
        ) from None


def attach_marts(file: Path) -> duckdb.DuckDBPyConnection:
    """Open a published file read-only under the name `marts`, whatever the file is called.

    Each call reads the file anew: asked to connect to a path that the process has open already, DuckDB would hand out
    the version that was there before the swap. Raises duckdb.Error.
    """
    connection = duckdb.connect()
    try:
        path = str(file).replace("'", "''")
        connection.execute(f"attach '{path}' as marts (read_only)")
        connection.execute("use marts")
        connection.execute("set timezone = 'UTC'")
    except duckdb.Error:
        connection.close()
        raise
    return connection
