"""A warehouse of any earlier form is brought up to date with all its rows, or not at all; one of a newer is refused."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.errors import MarktechoError, UsageError
from flows.home import Home
from flows.schema import bring_up_to_date, migrations, version_of
from flows.warehouse import connect, sql_folder

CORE = sql_folder() / "core"
SHAPES = sorted((Path(__file__).parent / "data" / "warehouse_shapes").glob("*.sql"))
FITTED_ANEW = {"core.topic_spaces"}
"""Tables that a migration empties: what they held is computed again."""
VALUES: dict[str, Any] = {
    "VARCHAR": "x", "JSON": "{}", "VARCHAR[]": ["x"], "FLOAT[]": [0.5], "FLOAT[][]": [[0.5]], "BIGINT[]": [1],
    "TIMESTAMP WITH TIME ZONE": "2026-11-01T08:00:00Z", "DATE": "2026-11-01", "BOOLEAN": True,
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.locate(tmp_path / "home")


def written_by(home: Home, shape: Path) -> None:
    """A warehouse as an earlier Marktecho left it: a row in each table."""
    with duckdb.connect(str(home.warehouse)) as warehouse:
        warehouse.execute(shape.read_text(encoding="utf-8"))
        for table, columns in columns_of(warehouse).items():
            row = [VALUES.get(kind, 1) for _, kind, _ in columns]
            warehouse.execute(f"insert into {table} values ({', '.join('?' * len(row))})", row)


def columns_of(warehouse: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[str, str, bool]]]:
    """Per table the name, type and nullability of its columns, in their order: rows are inserted by it."""
    found: dict[str, list[tuple[str, str, bool]]] = {}
    for table, *column in warehouse.execute(
        "select schema_name || '.' || table_name, column_name, data_type, is_nullable from duckdb_columns() "
        "where schema_name in ('core', 'landing') order by 1, column_index"
    ).fetchall():
        found.setdefault(table, []).append(tuple(column))
    return found


def counts(warehouse: duckdb.DuckDBPyConnection, tables: dict[str, Any]) -> dict[str, int]:
    return {table: warehouse.execute(f"select count(*) from {table}").fetchone()[0] for table in tables}  # type: ignore[index]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.stem)
def test_every_earlier_form_becomes_that_of_today_with_all_its_rows(home: Home, shape: Path, tmp_path: Path) -> None:
    written_by(home, shape)
    with duckdb.connect(str(home.warehouse), read_only=True) as warehouse:
        before = columns_of(warehouse)
        assert version_of(warehouse) is not None
    with connect(home) as warehouse, connect(Home.locate(tmp_path / "new")) as new:
        assert columns_of(warehouse) == columns_of(new)
        assert counts(warehouse, before) == {table: int(not is_emptied(table, before)) for table in before}
        assert version_of(warehouse) == version_of(new) == migrations(CORE)[-1].version
        names = "select version, name from core.schema_versions order by all"
        applied = warehouse.execute(names).fetchall()
        assert applied == new.execute(names).fetchall()[-len(applied) :]
    with connect(home) as warehouse:
        assert warehouse.execute(names).fetchall() == applied


def is_emptied(table: str, before: dict[str, list[tuple[str, str, bool]]]) -> bool:
    return table in FITTED_ANEW and not any(column == "basis" for column, *_ in before[table])


def test_a_newer_warehouse_is_refused_and_left_as_it_is(home: Home) -> None:
    with connect(home) as warehouse:
        warehouse.execute("insert into core.schema_versions values (9999, 'of_the_future', now())")
    before = home.warehouse.read_bytes()
    with pytest.raises(UsageError, match=r"warehouse\.duckdb: has schema version 9999.*Install that version"):
        connect(home).__enter__()
    assert home.warehouse.read_bytes() == before


@pytest.fixture
def next_core(tmp_path: Path) -> Path:
    """The tables with one migration more, which changes two tables."""
    folder = tmp_path / "core"
    shutil.copytree(CORE, folder)
    following = migrations(CORE)[-1].version + 1
    (folder / "migrations" / f"{following:04}_two_changes.sql").write_text(
        "alter table core.runs add column mood varchar;\nupdate core.runs set mood = 'good';\n"
        "alter table core.audits add column mood varchar;\n",
        encoding="utf-8",
    )
    return folder


@pytest.mark.parametrize("moment", ["migrations", "tables"])
def test_a_migration_killed_half_way_is_as_if_it_had_not_begun(home: Home, next_core: Path, moment: str) -> None:
    with connect(home) as warehouse:
        warehouse.execute("insert into core.runs (run_id, started_at, as_of) values ('r', now(), now())")
        before = columns_of(warehouse)
        known = version_of(warehouse)
    child = os.fork()
    if not child:
        migrate_and_die(home, next_core, moment)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    with connect(home) as warehouse:
        assert (columns_of(warehouse), version_of(warehouse)) == (before, known)
        bring_up_to_date(warehouse, next_core, home.warehouse)
        assert warehouse.execute("select mood from core.runs").fetchall() == [("good",)]
        assert version_of(warehouse) == (known or 0) + 1


def migrate_and_die(home: Home, folder: Path, moment: str) -> None:
    """Begin a migration as another process and kill it after its changes or before its commit."""

    class Deadly:
        def __init__(self, warehouse: duckdb.DuckDBPyConnection) -> None:
            self._warehouse = warehouse

        def __getattr__(self, name: str) -> Any:
            return getattr(self._warehouse, name)

        def execute(self, sql: str, *values: Any) -> Any:
            result = self._warehouse.execute(sql, *values)
            if ("mood" in sql) if moment == "migrations" else ("create table" in sql):
                os.kill(os.getpid(), signal.SIGKILL)
            return result

    try:
        bring_up_to_date(Deadly(duckdb.connect(str(home.warehouse))), folder, home.warehouse)  # type: ignore[arg-type]
    finally:
        os._exit(1)


def test_a_migration_that_fails_is_named_and_changes_nothing(home: Home, next_core: Path) -> None:
    with connect(home) as warehouse:
        before = columns_of(warehouse)
        (wrong,) = (next_core / "migrations").glob("*two_changes.sql")
        wrong.write_text("alter table core.runs add column mood varchar; drop table core.not_there;", encoding="utf-8")
        with pytest.raises(MarktechoError, match=r"(?s)two_changes failed .*not_there.*The warehouse is as it was"):
            bring_up_to_date(warehouse, next_core, home.warehouse)
        assert columns_of(warehouse) == before


def test_migrations_are_numbered_without_gaps(next_core: Path) -> None:
    (wrong,) = (next_core / "migrations").glob("*two_changes.sql")
    wrong.rename(wrong.with_name("0099_two_changes.sql"))
    with pytest.raises(ValueError, match="expected to be named"):
        migrations(next_core)
