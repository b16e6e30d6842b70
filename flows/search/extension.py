"""DuckDB's full-text search extension, from the installed package: no download, nothing written to a home folder."""

from __future__ import annotations

from importlib import resources

import duckdb

from flows.errors import MarktechoError


def load_fts(connection: duckdb.DuckDBPyConnection) -> None:
    """Load the extension into a connection; again does no harm. Raises MarktechoError when it is not installed."""
    file = resources.files("duckdb_extension_fts") / "extensions" / f"v{duckdb.__version__}" / "fts.duckdb_extension"
    try:
        connection.execute(f"load '{_quoted(str(file))}'")
    except duckdb.Error as error:
        raise MarktechoError(
            f"{file}: DuckDB's full-text search cannot be loaded ({error}). Install requirements.txt again."
        ) from None


def _quoted(text: str) -> str:
    return text.replace("'", "''")
