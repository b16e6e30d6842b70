"""The shape of the warehouse: which version it has, and the migrations that bring an earlier one up to date.

`sql/core/tables.sql` is the shape of today. A table that is added there is created in every warehouse. What changes a
table that is there already needs a file in `sql/core/migrations/` as well, `NNNN_what.sql`; its number is the version.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from flows.errors import MarktechoError, UsageError

log = logging.getLogger(__name__)

_NAME = re.compile(r"(?P<version>\d{4})_(?P<name>\w+)\.sql")


@dataclass(frozen=True)
class Migration:
    """A change of tables that are there already; `version` is the version of the warehouse after it."""

    version: int
    name: str
    sql: str


@cache
def migrations(folder: Path) -> tuple[Migration, ...]:
    """All migrations beside the tables in `folder`, in order. Raises ValueError for a number missing or there twice."""
    found: list[Migration] = []
    for path in sorted((folder / "migrations").glob("*.sql")):
        parts = _NAME.fullmatch(path.name)
        if parts is None or int(parts["version"]) != len(found) + 1:
            raise ValueError(f"{path}: expected to be named {len(found) + 1:04}_what_it_changes.sql")
        found.append(Migration(int(parts["version"]), parts["name"], path.read_text(encoding="utf-8")))
    return tuple(found)


def bring_up_to_date(warehouse: duckdb.DuckDBPyConnection, folder: Path, place: Path) -> None:
    """Give an open warehouse the tables in `folder`: all pending migrations in one transaction, or none of them.

    `place` is its path, for messages. Raises UsageError when a newer Marktecho has written it, MarktechoError naming
    the migration that failed; both leave it as it was.
    """
    newest = migrations(folder)[-1].version
    present = version_of(warehouse)
    if present is not None and present > newest:
        raise UsageError(
            f"{place}: has schema version {present}, but this Marktecho knows versions up to {newest}: a newer one has "
            "written it. Install that version again, or restore a backup from before the upgrade "
            "(`marktecho restore`)."
        )
    if present == newest and _is_versioned(warehouse):
        warehouse.execute(_tables(folder))
        return
    warehouse.begin()
    try:
        if present is not None:
            _migrate(warehouse, migrations(folder)[present:], place)
        warehouse.execute(_tables(folder))
        for migration in migrations(folder):
            warehouse.execute(
                "insert into core.schema_versions select $version, $name, now() "
                "where not exists (from core.schema_versions where version = $version)",
                {"version": migration.version, "name": migration.name},
            )
        warehouse.commit()
    except BaseException:
        warehouse.rollback()
        raise


def version_of(warehouse: duckdb.DuckDBPyConnection) -> int | None:
    """The schema version of an open warehouse; None when it has no tables yet."""
    if _is_versioned(warehouse):
        row = warehouse.execute("select max(version) from core.schema_versions").fetchone()
    else:
        row = warehouse.execute(_UNVERSIONED).fetchone()
    return row[0] if row else None


def _is_versioned(warehouse: duckdb.DuckDBPyConnection) -> bool:
    try:
        return warehouse.execute("from core.schema_versions limit 1").fetchone() is not None
    except duckdb.CatalogException:
        return False


_UNVERSIONED = """
    select case
        when count(*) = 0 then null
        when not bool_or(table_name = 'runs' and column_name = 'published_at') then 0
        when bool_or(table_name = 'topic_spaces' and column_name = 'nuisance') then 1
        else 2
    end
    from duckdb_columns()
    where database_name = current_database() and schema_name = 'core'
"""
"""Warehouses from before the versions were written down are told by their columns."""


def _migrate(warehouse: duckdb.DuckDBPyConnection, pending: Sequence[Migration], place: Path) -> None:
    for migration in pending:
        log.warning("%s: migrating to version %s (%s)", place, migration.version, migration.name)
        try:
            warehouse.execute(migration.sql)
        except duckdb.Error as error:
            raise MarktechoError(
                f"{place}: migration {migration.version:04}_{migration.name} failed ({error}). The warehouse is as it "
                "was. Keep a backup of it and report this."
            ) from error


@cache
def _tables(folder: Path) -> str:
    return (folder / "tables.sql").read_text(encoding="utf-8")
