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
    """Open the published marts read-only, times in UTC, tables found with and without the schema name `marts`.

    The connection shows the version that was published when it was opened, also after a new one has been swapped in.
    Use it as a context manager, or close it.
    Raises UsageError when nothing is published yet, MarktechoError when the file cannot be read.
    """
    published_version(home)
    try:
        connection = duckdb.connect(str(_file(home)), read_only=True)
    except duckdb.Error as error:
        raise MarktechoError(
            f"{home.marts}: cannot be read ({error}). Run `marktecho rollback` for the version before, "
            "or `marktecho publish` to write it again."
        ) from None
    connection.execute("set timezone = 'UTC'")
    connection.execute("set search_path = 'marts'")
    return connection


def _file(home: Home) -> Path:
    """The published file by the name of its version: DuckDB gives a process that still has the old file open that old
    one again when asked for the same name."""
    for version in sorted(home.versions.glob("marts-*.duckdb"), reverse=True):
        if version.samefile(home.marts):
            return version
    return home.marts
