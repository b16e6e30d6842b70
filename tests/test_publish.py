"""Publication: what is audited is published whole or not at all, readers are never disturbed, versions can go back."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from warehouse_fixture import CoreTables, make_night, rows

from flows import runs
from flows.audit import audit
from flows.build import build
from flows.errors import AuditRefused, MarktechoError, UsageError
from flows.home import Home
from flows.mart_docs import mart_docs, mart_names
from flows.publish import publish, rollback
from flows.published import open_published, published_version
from flows.search.index import SCHEMAS
from flows.versions import current_version, prune, version_ids
from flows.warehouse import connect

FIRST, SECOND, THIRD = (f"2026112{day}T013000Z-00000{day}" for day in (1, 2, 3))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose marts are built and audited as FIRST, nothing published."""
    core = CoreTables(tmp_path_factory.mktemp("built"))
    with core.batch():
        core.weights("*", -1.2, 0.05, 1.2)
        core.rule("complaints", "support", intents=["complaint"])
        core.mention("m1", sentiment="negative", intent="complaint", aspects={"delivery": "negative"}, reach=100)
        core.mention("m2", entities=["rival"], sentiment="positive", intent="switching")
        core.insert(
            "source_runs",
            [(FIRST, "forum", *[make_night(core.home).as_of] * 2, "ok", None, 2, 2, 0, 0, None, None, None)],
        )
    night = make_night(core.home, run_id=FIRST)
    build(night)
    audit(night)
    return core.home.root


@pytest.fixture
def home(built: Path, tmp_path: Path) -> Home:
    """A copy of the built home for one test."""
    shutil.copytree(built, tmp_path / "home")
    return Home.locate(tmp_path / "home")


def publish_as(home: Home, run_id: str) -> None:
    """A whole recorded run over the same marts."""
    night = make_night(home, run_id=run_id)
    with runs.recorded(night):
        audit_again(home, run_id)
        publish(night)


def audit_again(home: Home, run_id: str) -> None:
    """Let a passed audit count for another run; the marts are the same."""
    with connect(home) as warehouse:
        warehouse.execute("update core.audits set run_id = ?, audited_at = now()", [run_id])
        warehouse.execute("update core.runs set audit_result = 'passed' where run_id = ?", [run_id])


def published(home: Home, sql: str) -> list[tuple[Any, ...]]:
    with open_published(home) as marts:
        return marts.execute(sql).fetchall()


def test_nothing_published_is_said_clearly(home: Home) -> None:
    for use in (open_published, published_version):
        with pytest.raises(UsageError, match="nothing has been published yet"):
            use(home)
    with pytest.raises(UsageError, match="nothing to go back to"):
        rollback(home)


def test_the_file_holds_the_marts_their_index_and_nothing_else(home: Home) -> None:
    publish_as(home, FIRST)
    with duckdb.connect(str(home.marts), read_only=True) as marts:
        tables = marts.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        assert sorted(one for one in tables if one[0] not in SCHEMAS) == [("main", name) for name in mart_names()]
        assert {schema for schema, _ in tables} == {"main", *SCHEMAS}
        assert marts.execute("select count(*) from duckdb_views() where not internal").fetchone() == (0,)
        for doc in mart_docs():
            comments = dict(
                marts.execute(
                    "select column_name, comment from duckdb_columns() where table_name = ?", [doc.name]
                ).fetchall()
            )
            assert comments == doc.columns
    for name in mart_names():
        if name not in ("runs", "source_health"):
            inside = rows(home, f"select * from marts.{name} order by all")
            assert published(home, f"select * from {name} order by all") == [tuple(row.values()) for row in inside]
    assert published(home, "select source, run_id from source_health") == [("forum", FIRST)]


def test_the_run_itself_is_published_as_it_ends(home: Home) -> None:
    publish_as(home, FIRST)
    ((outcome, audited, counts, finished, at),) = published(
        home, "select outcome, audit_result, row_counts->>'mentions', finished_at, published_at from runs"
    )
    assert (outcome, audited, counts) == ("done", "passed", "2")
    assert finished == at
    (inside,) = rows(home, "from core.runs")
    assert inside["outcome"] == "done" and inside["published_at"] == at


def test_a_run_with_a_failed_source_says_so(home: Home) -> None:
    with connect(home) as warehouse:
        warehouse.execute("update core.source_runs set outcome = 'down', message = 'no answer', run_id = ?", [FIRST])
    publish_as(home, FIRST)
    assert published(home, "select outcome, message from runs") == [("source_failed", "forum: down (no answer)")]


def test_publication_outside_a_recorded_run_is_a_run_of_its_own(home: Home) -> None:
    publish(make_night(home, run_id=SECOND))
    assert published(home, "select run_id, outcome from runs") == [(SECOND, "done")]


def test_unaudited_and_changed_marts_are_refused(home: Home) -> None:
    publish_as(home, FIRST)
    before = published_version(home)
    with connect(home) as warehouse:
        warehouse.execute("update marts.mentions set url = 'https://example.org/changed' where mention_id = 'm1'")
    with pytest.raises(AuditRefused, match="changed since their last audit"):
        publish(make_night(home, run_id=SECOND))
    with connect(home) as warehouse:
        warehouse.execute("update core.audits set audit_result = 'refused'")
    with pytest.raises(AuditRefused, match="not passed an audit"):
        publish(make_night(home, run_id=SECOND))
    with connect(home) as warehouse:
        warehouse.execute("delete from core.audits")
    with pytest.raises(AuditRefused, match="not passed an audit"):
        publish(make_night(home, run_id=SECOND))
    assert published_version(home) == before


def test_a_file_that_lost_a_row_is_never_swapped_in(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    import flows.publish as step

    publish_as(home, FIRST)
    before = published_version(home)
    write = step._write

    def lossy(warehouse: Any, night: Any, temporary: Path, ending: dict[str, object]) -> None:
        write(warehouse, night, temporary, ending)
        with duckdb.connect(str(temporary)) as file:
            file.execute("update mentions set text = 'another' where mention_id = 'm1'")

    monkeypatch.setattr(step, "_write", lossy)
    audit_again(home, SECOND)
    with pytest.raises(MarktechoError, match="does not hold what was audited"):
        publish(make_night(home, run_id=SECOND))
    assert published_version(home) == before


def test_a_publication_that_fails_leaves_nothing_behind(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    import flows.publish as step

    def full(*_: Any) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(step, "_comment", full)
        with pytest.raises(OSError, match="No space left"):
            publish(make_night(home, run_id=FIRST))
    assert not list(home.published.rglob(".marts-*")) and not home.marts.exists()
    publish(make_night(home, run_id=FIRST))
    assert published(home, "select count(*) from mentions") == [(2,)]


def test_the_file_is_readable_by_the_group_as_far_as_the_umask_allows(home: Home) -> None:
    for umask, mode in ((0o022, 0o640), (0o077, 0o600)):
        before = os.umask(umask)
        try:
            publish(make_night(home, run_id=FIRST))
        finally:
            os.umask(before)
        assert stat.S_IMODE(home.marts.stat().st_mode) == mode


READER = """
import duckdb, sys
marts = duckdb.connect(sys.argv[1], read_only=True)
print(marts.sql("select max(run_id) from marts.runs").fetchone()[0], flush=True)
sys.stdin.readline()
print(marts.sql("select max(run_id), (select count(*) from marts.mentions) from marts.runs").fetchone(), flush=True)
"""


@pytest.fixture
def reader(home: Home) -> Iterator[subprocess.Popen[str]]:
    publish_as(home, FIRST)
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(READER), str(home.marts)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def test_a_reader_keeps_its_version_while_others_are_published(home: Home, reader: subprocess.Popen[str]) -> None:
    assert reader.stdin and reader.stdout
    assert reader.stdout.readline().strip() == FIRST
    for run_id in (SECOND, THIRD):
        night = make_night(home, run_id=run_id)
        with runs.recorded(night):
            publish(night, keep=1)
    assert published(home, "select max(run_id) from runs") == [(THIRD,)]
    assert version_ids(home) == [THIRD]
    print(file=reader.stdin, flush=True)
    assert reader.stdout.readline().strip() == f"('{FIRST}', 2)"


def test_a_process_with_the_old_version_open_sees_the_new_one_when_it_connects_again(home: Home) -> None:
    publish_as(home, FIRST)
    with open_published(home) as old:
        token = published_version(home)
        publish_as(home, SECOND)
        assert published_version(home) != token
        assert old.execute("select max(run_id) from runs").fetchone() == (FIRST,)
        assert published(home, "select max(run_id) from runs") == [(SECOND,)]


def test_the_file_can_be_read_while_the_warehouse_is_being_written(home: Home) -> None:
    publish_as(home, FIRST)
    with connect(home) as warehouse:
        warehouse.execute("create table core.busy as select 1")
        assert published(home, "select count(*) from mentions") == [(2,)]


def test_rollback_goes_one_version_back_and_to_any_kept_one(home: Home) -> None:
    for run_id in (FIRST, SECOND, THIRD):
        publish_as(home, run_id)
    assert rollback(home) == SECOND
    assert published(home, "select max(run_id) from runs") == [(SECOND,)]
    assert rollback(home) == FIRST
    with pytest.raises(UsageError, match=f"no version before {FIRST}"):
        rollback(home)
    assert rollback(home, to=THIRD) == THIRD
    assert rollback(home, to=THIRD) == THIRD
    assert version_ids(home) == [FIRST, SECOND, THIRD]
    with pytest.raises(UsageError, match=r"no version 2020.*Kept are: 20261121"):
        rollback(home, to="2020")
    assert not list(home.published.glob(".marts-*"))


def test_old_versions_are_deleted_but_never_the_published_one(home: Home) -> None:
    for number in range(4):
        publish_as(home, f"2026112{number}T000000Z-000000")
    rollback(home, to="20261120T000000Z-000000")
    prune(home, keep=2)
    assert version_ids(home) == [f"2026112{number}T000000Z-000000" for number in (0, 2, 3)]
    prune(home, keep=0)
    assert version_ids(home) == [current_version(home)] == ["20261120T000000Z-000000"]


def test_versions_are_copied_where_files_cannot_have_two_names(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(self: Path, target: Path) -> None:
        raise OSError("not supported")

    monkeypatch.setattr(Path, "hardlink_to", unsupported)
    publish_as(home, FIRST)
    publish_as(home, SECOND)
    assert version_ids(home) == [FIRST, SECOND]
    assert current_version(home) == SECOND
    assert rollback(home) == FIRST
    assert published(home, "select max(run_id) from runs") == [(FIRST,)]


def test_leftovers_of_a_dead_publication_are_swept_away(home: Home) -> None:
    leftovers = [
        home.published / ".marts-x.tmp",
        home.published / ".marts-x.tmp.wal",
        home.versions / ".marts-y.tmp",
        home.published / f".marts-{FIRST}.tmp",
    ]
    for leftover in leftovers:
        leftover.write_bytes(b"not a database")
    publish_as(home, FIRST)
    assert not any(leftover.exists() for leftover in leftovers)
    assert published(home, "select count(*) from mentions") == [(2,)]
