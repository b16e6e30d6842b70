"""Publishes the audited marts: a new file beside the old one, swapped in atomically, the last versions kept.

The swap is the moment of publication. Everything before it is a temporary file that the next publication sweeps away;
everything after it (the kept version, the run's record) is made good by the next publication when this one dies.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from flows.audit import marts_fingerprint
from flows.build import row_counts
from flows.errors import AuditRefused, MarktechoError, UsageError
from flows.home import Home
from flows.integrity import damage
from flows.mart_docs import MartDoc, mart_docs
from flows.night import Night
from flows.private_files import users_umask
from flows.published import attach_marts
from flows.runs import verdict
from flows.search.index import SCHEMAS, write_index
from flows.versions import (
    TEMPORARY,
    adopt_current,
    current_version,
    keep_version,
    link,
    prune,
    publishing,
    swap_in,
    swept,
    version_ids,
    version_path,
)
from flows.warehouse import connect, transaction

logger = logging.getLogger(__name__)

KEPT_VERSIONS = 7
READABLE_BY_GROUP = 0o640


def publish(night: Night, *, keep: int = KEPT_VERSIONS) -> Path:
    """Write the marts to a new file and swap it in as `published/marts.duckdb`; keep the last `keep` versions.

    The new file holds the marts with their descriptions as comments and the index of `marktecho search`, and nothing
    else of the warehouse; its table `runs` shows this run as it ends. Readers of the old file keep it until they close
    it.
    Returns the published path. Raises AuditRefused unless an audit has passed for exactly these rows.
    """
    home = night.home
    outcome, message = verdict(night)
    ending: dict[str, object] = {"run_id": night.run_id, "outcome": outcome, "message": message}
    with publishing(home), swept(home):
        adopt_current(home)
        temporary = home.published / TEMPORARY.format(run_id=night.run_id)
        with connect(home) as warehouse:
            audited = _passed_audit(warehouse, night.run_id)
            _settle_earlier_runs(warehouse, night)
            _ensure_row(warehouse, night)
            counts = row_counts(warehouse)
            ending |= {"row_counts": json.dumps(counts), "published_at": datetime.now(UTC)}
            _write(warehouse, night, temporary, ending)
            write_index(night, warehouse, temporary)
        _verify(temporary, counts, audited)
        temporary.chmod(READABLE_BY_GROUP & ~users_umask())
        swap_in(home, temporary)
        keep_version(home, night.run_id)
        prune(home, keep)
    with connect(home) as warehouse:
        _record(warehouse, ending)
    return home.marts


def rollback(home: Home, to: str | None = None) -> str:
    """Publish an earlier version again: the one before the current, or that of run `to`; gives its run id.

    The versions in between are kept, so that `to` can also go forward again. Waits for a publication that is going on.
    Raises UsageError when there is no such version, MarktechoError when it is damaged.
    """
    if not home.versions.is_dir():
        raise UsageError(f"{home.published}: nothing has been published yet, so there is nothing to go back to.")
    with publishing(home), swept(home):
        adopt_current(home)
        kept = version_ids(home)
        if not kept:
            raise UsageError(f"{home.published}: nothing has been published yet, so there is nothing to go back to.")
        chosen = to if to is not None else _version_before_current(home, kept)
        if chosen not in kept:
            raise UsageError(f"{home.versions}: no version {chosen}. Kept are: {', '.join(kept)}.")
        version = version_path(home, chosen)
        if found := damage(version):
            raise MarktechoError(f"{version}: damaged ({found}). Choose another one with --to: {', '.join(kept)}.")
        if not (home.marts.exists() and version.samefile(home.marts)):
            temporary = home.published / TEMPORARY.format(run_id=chosen)
            link(version, temporary)
            swap_in(home, temporary)
        return chosen


def _passed_audit(warehouse: duckdb.DuckDBPyConnection, run_id: str) -> str:
    """The fingerprint of the marts as they stand, given that this run's audit, or without one the last, passed for it.

    A run's own audit counts first: after the clock has gone back it is not the one with the latest time.
    """
    last = warehouse.execute(
        """
        select audit_result, marts_fingerprint
        from core.audits
        order by run_id = $run_id desc, audited_at desc
        limit 1
        """,
        {"run_id": run_id},
    ).fetchone()
    if last is None or last[0] != "passed":
        raise AuditRefused("The marts have not passed an audit. Run `marktecho audit` and see what it says.")
    fingerprint = marts_fingerprint(warehouse)
    if last[1] != fingerprint:
        raise AuditRefused("The marts have changed since their last audit. Run `marktecho audit` again.")
    return fingerprint


def _settle_earlier_runs(warehouse: duckdb.DuckDBPyConnection, night: Night) -> None:
    """Give runs that died after their swap the ending that their published file tells."""
    known = {
        run_id
        for (run_id,) in warehouse.execute("select run_id from core.runs where published_at is not null").fetchall()
    }
    for run_id in set(version_ids(night.home)) - known - {night.run_id}:
        try:
            with attach_marts(version_path(night.home, run_id)) as version:
                row = version.execute(
                    """
                    select run_id, outcome, message, published_at, row_counts
                    from marts.runs
                    where run_id = $run_id and published_at is not null
                    """,
                    {"run_id": run_id},
                ).fetchone()
        except duckdb.Error as error:
            logger.warning("%s: cannot be read (%s)", version_path(night.home, run_id), error)
            continue
        if row:
            _record(
                warehouse,
                dict(zip(("run_id", "outcome", "message", "published_at", "row_counts"), row, strict=True)),
            )


def _ensure_row(warehouse: duckdb.DuckDBPyConnection, night: Night) -> None:
    """A publication outside a recorded run (`marktecho publish`) is a run of its own."""
    warehouse.execute(
        """
        insert into core.runs (run_id, started_at, as_of)
        select $run_id, $started_at, $as_of
        where not exists (select 1 from core.runs where run_id = $run_id)
        """,
        {"run_id": night.run_id, "started_at": datetime.now(UTC), "as_of": night.as_of},
    )


def _record(warehouse: duckdb.DuckDBPyConnection, ending: dict[str, object]) -> None:
    warehouse.execute(
        """
        update core.runs
        set outcome = $outcome,
            message = nullif($message, ''),
            finished_at = $published_at,
            published_at = $published_at,
            audit_result = 'passed',
            row_counts = $row_counts
        where run_id = $run_id
        """,
        ending,
    )


def _write(warehouse: duckdb.DuckDBPyConnection, night: Night, temporary: Path, ending: dict[str, object]) -> None:
    """Copy the marts into a new database file, each in the order it is queried by.

    They stand in its default schema: a client that opens `marts.duckdb` finds `entity_daily` and `marts.entity_daily`,
    where a schema `marts` inside a database `marts` would be ambiguous to DuckDB.
    """
    docs = mart_docs()
    path = str(temporary).replace("'", "''")
    warehouse.execute(f"attach '{path}' as published")
    try:
        with transaction(warehouse):
            for done, doc in enumerate(docs):
                night.report("publish", done, len(docs))
                table = f"published.{doc.name}"
                source = _RUNS if doc.name == "runs" else f"select * from marts.{doc.name}"
                warehouse.execute(
                    f"create table {table} as {source} order by {', '.join(doc.order_by)}",
                    ending if doc.name == "runs" else {},
                )
                _comment(warehouse, table, doc)
        warehouse.execute("checkpoint published")
    finally:
        warehouse.execute("detach published")
    night.report("publish", len(docs), len(docs))


_RUNS = """
    select * replace (
        case when run_id = $run_id then $outcome else outcome end as outcome,
        case when run_id = $run_id then nullif($message, '') else message end as message,
        case when run_id = $run_id then $published_at else finished_at end as finished_at,
        case when run_id = $run_id then $published_at else published_at end as published_at,
        case when run_id = $run_id then 'passed' else audit_result end as audit_result,
        case when run_id = $run_id then $row_counts::json else row_counts end as row_counts
    )
    from marts.runs
"""


def _comment(warehouse: duckdb.DuckDBPyConnection, table: str, doc: MartDoc) -> None:
    warehouse.execute(f"comment on table {table} is {_literal(doc.description)}")
    for column, text in doc.columns.items():
        warehouse.execute(f"comment on column {table}.{column} is {_literal(text)}")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _verify(temporary: Path, expected: dict[str, int], audited: str) -> None:
    """Read the new file once before anybody else does: all marts, nothing unknown, every audited row."""
    if temporary.with_name(f"{temporary.name}.wal").exists():
        raise MarktechoError(f"{temporary}: not written completely. Run `marktecho publish` again.")
    with attach_marts(temporary) as written:
        tables = {
            f"{schema}.{table}"
            for schema, table in written.execute("select schema_name, table_name from duckdb_tables()").fetchall()
            if schema not in SCHEMAS
        }
        if (
            tables != {f"main.{name}" for name in expected}
            or row_counts(written) != expected
            or marts_fingerprint(written) != audited
        ):
            raise MarktechoError(
                f"{temporary}: does not hold what was audited. The disk may be failing; run `marktecho publish` again."
            )


def _version_before_current(home: Home, kept: list[str]) -> str:
    current = current_version(home)
    earlier = [run_id for run_id in kept if current is None or run_id < current]
    if not earlier:
        raise UsageError(f"{home.versions}: no version before {current}. Kept are: {', '.join(kept)}.")
    return earlier[-1]
