"""Landing by dlt: chunks of clean rows merged into the warehouse, the cursor stored in the same load."""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from flows.home import Home
from flows.landing.chunk import Chunk
from flows.landing.mention import MENTIONS, QUARANTINE, TOMBSTONES
from flows.sources.base import Cursor
from flows.warehouse import connect

log = logging.getLogger(__name__)

DATASET: Final = "landing"
_STATE: Final = "mentions"
_WRITES: Final = threading.Lock()
"""Connectors fetch at the same time; what they fetched is written one after the other."""
_KEYS: Final = {
    "mentions": ("source", "native_id"),
    "quarantine": ("quarantine_id",),
    "tombstones": ("source", "native_id"),
}
_DLT: Final = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "CRITICAL",
    "RUNTIME__INTERCEPT_SIGNALS": "false",
    "LOAD__DELETE_COMPLETED_JOBS": "true",
    "LOAD__TRUNCATE_STAGING_DATASET": "true",
    "LOAD__WORKERS": "1",
}


class Landing:
    """The landing tables of one source.

    `cursor` is what the source's last durable load stored; empty before the first one. A `window` of time that is
    filled in afterwards has a cursor of its own.
    """

    def __init__(self, warehouse: duckdb.DuckDBPyConnection, folder: Path, source: str, window: str = "") -> None:
        self._warehouse = warehouse
        self._folder = folder
        self._source = source
        self._name = f"marktecho_{source}{f'_BACKFILL_{window}' if window else ''}"
        self._finish_pending()
        self._tidy()
        self._pipeline = self._open_pipeline()
        self._pipeline.sync_destination()
        self.cursor: Cursor = self._stored_cursor()

    def load(self, chunk: Chunk) -> None:
        """Make a chunk durable in one dlt load; its cursor, when it has one, becomes the source's cursor with it.

        Rows that are stored already in the same form are not written again; a changed row keeps its first
        `collected_at`. Posts known to be deleted are withheld and counted as skipped. All posts of accounts that are
        gone become tombstones, whatever source they came from. What only counts for known posts is left out for others.
        """
        with _WRITES:
            self._bury_accounts(chunk)
            self._forget_unknown(chunk)
            self._withhold_deleted(chunk)
            self._resolve_quarantine(chunk)
            tables = {
                "mentions": self._changed_mentions(chunk),
                "quarantine": self._new_quarantine(chunk),
                "tombstones": self._new_tombstones(chunk),
            }
            self._name_authors(chunk)
            moved = chunk.cursor is not None and chunk.cursor != self.cursor
            if moved or any(table.num_rows for table in tables.values()):
                self._run(tables, chunk.cursor if moved else None)
            self._tidy()
            if chunk.cursor is not None:
                self.cursor = chunk.cursor

    def _run(self, tables: dict[str, pa.Table], cursor: Cursor | None) -> None:
        """Load with dlt, then drop the states before the newest complete one: with long cursors they add up."""
        resources = [_resource(name, table, cursor if name == _STATE else None) for name, table in tables.items()]
        self._pipeline.run(resources, loader_file_format="parquet").raise_on_failed_jobs()
        self._warehouse.execute(
            """
            delete from landing._dlt_pipeline_state
            where pipeline_name = $name
              and _dlt_load_id < (
                  select max(state._dlt_load_id)
                  from landing._dlt_pipeline_state as state
                  join landing._dlt_loads as loads on loads.load_id = state._dlt_load_id
                  where state.pipeline_name = $name and loads.status = 0
              )
            """,
            {"name": self._name},
        )

    def _open_pipeline(self) -> Any:
        os.environ.update(_DLT)
        import dlt

        return dlt.pipeline(
            self._name,
            pipelines_dir=str(self._folder),
            destination=dlt.destinations.duckdb(self._warehouse),
            dataset_name=DATASET,
        )

    def _finish_pending(self) -> None:
        """Load what a killed run had ready; then forget dlt's working files: the destination holds the truth."""
        if (self._folder / self._name).exists():
            try:
                pipeline = self._open_pipeline()
                if pipeline.has_pending_data:
                    pipeline.run()
            except Exception:
                log.warning("%s: a load that was cut off is left out; its pages are fetched again", self._name)
            shutil.rmtree(self._folder / self._name, ignore_errors=True)

    def _stored_cursor(self) -> Cursor:
        # dlt writes the pipeline's name in another form there (small letters, no hyphens); the state holds no other
        for source in self._pipeline.state.get("sources", {}).values():
            if cursor := source.get("resources", {}).get(_STATE, {}).get("cursor"):
                return dict(cursor)
        return {}

    def _bury_accounts(self, chunk: Chunk) -> None:
        """Add tombstones for what earlier loads hold of accounts that are gone."""
        if not chunk.gone_accounts:
            return
        prefixes = [account.id_prefix for account in chunk.gone_accounts.values()]
        gone = pa.table({"author_key": list(chunk.gone_accounts), "id_prefix": prefixes})
        posts = self._with_rows(
            gone,
            """
            select source, native_id, mention_id, author_key
            from (
                select source, native_id, mention_id, author_key from landing.mentions
                union
                select source, native_id, mention_id, author_key from core.mentions
            )
            semi join delivered using (author_key)
            """,
        )
        for post in posts.to_pylist():
            chunk.gone_accounts[post.pop("author_key")].has_posts = True
            tombstone = {**post, "reason": "account_deleted", "noticed_at": datetime.now(UTC)}
            chunk.tombstones.setdefault(post["mention_id"], tombstone)
            chunk.unsure_tombstones.pop(post["mention_id"], None)
        self._with_rows(
            gone,
            """
            delete from landing.quarantine
            where source = $source
              and exists (from delivered where id_prefix <> '' and starts_with(quarantine.native_id, id_prefix))
            """,
            {"source": self._source},
        )
        for account in chunk.gone_accounts.values():
            if account.has_posts:
                chunk.tally.landed()

    def _forget_unknown(self, chunk: Chunk) -> None:
        """Leave out what only counts for posts that were collected, where they were not."""
        unsure = {key: chunk.tombstones[key]["native_id"] for key in chunk.unsure_tombstones}
        unsure |= {key: chunk.mentions[key]["native_id"] for key in chunk.unsure_mentions if key in chunk.mentions}
        if not unsure:
            return
        known = self._with_rows(
            pa.table({"mention_id": pa.array(list(unsure)), "native_id": pa.array(list(unsure.values()))}),
            """
            select mention_id from delivered
            where mention_id in (select mention_id from landing.mentions)
               or mention_id in (select mention_id from landing.tombstones)
               or mention_id in (select mention_id from core.mentions)
               or mention_id in (select mention_id from core.tombstones)
               or native_id in (select native_id from landing.quarantine where source = $source)
            """,
            {"source": self._source},
        )
        for key in unsure.keys() - set(known["mention_id"].to_pylist()):
            chunk.tally.disregard(chunk.unsure_mentions[key] + chunk.unsure_tombstones[key])
            if key in chunk.unsure_tombstones:
                del chunk.tombstones[key]
            if key in chunk.unsure_mentions:
                chunk.mentions.pop(key, None)

    def _withhold_deleted(self, chunk: Chunk) -> None:
        ids = pa.table({"mention_id": pa.array(list(chunk.mentions), pa.string())})
        gone = self._with_rows(
            ids,
            """
            select mention_id from delivered
            where mention_id in (select mention_id from landing.tombstones)
               or mention_id in (select mention_id from core.tombstones)
            """,
        )
        for key in {*gone["mention_id"].to_pylist(), *(chunk.mentions.keys() & chunk.tombstones.keys())}:
            del chunk.mentions[key]
            chunk.tally.withhold(chunk.deliveries[key])

    def _resolve_quarantine(self, chunk: Chunk) -> None:
        """Mark quarantined records whose post comes well this time; before the load, so that a crash repeats it."""
        self._with_rows(
            pa.Table.from_pylist(list(chunk.mentions.values()), MENTIONS),
            """
            update landing.quarantine
            set resolved_at = delivered.collected_at
            from delivered
            where quarantine.resolved_at is null
              and quarantine.source = delivered.source
              and quarantine.native_id = delivered.native_id
            """,
        )

    def _changed_mentions(self, chunk: Chunk) -> pa.Table:
        return self._with_rows(
            pa.Table.from_pylist(list(chunk.mentions.values()), MENTIONS),
            """
            select delivered.* replace (coalesce(known.collected_at, delivered.collected_at) as collected_at)
            from delivered
            left join landing.mentions as known using (mention_id)
            where known.content_hash is distinct from delivered.content_hash
            """,
        ).cast(MENTIONS)

    def _new_quarantine(self, chunk: Chunk) -> pa.Table:
        return self._with_rows(
            pa.Table.from_pylist(list(chunk.quarantine.values()), QUARANTINE),
            """
            select delivered.*
            from delivered
            anti join (from landing.quarantine where resolved_at is null) as known using (quarantine_id)
            """,
        ).cast(QUARANTINE)

    def _name_authors(self, chunk: Chunk) -> None:
        """Note whose the broken records are, so that they can be forgotten with their authors."""
        named = [
            {"quarantine_id": quarantine_id, "author_key": author_key}
            for quarantine_id in chunk.quarantine
            for author_key in sorted(chunk.quarantine_authors.get(quarantine_id, ()))
        ]
        if named:
            self._with_rows(
                pa.Table.from_pylist(named),
                """
                insert into landing.quarantine_authors by name
                select * from delivered
                anti join landing.quarantine_authors using (quarantine_id, author_key)
                """,
            )

    def _new_tombstones(self, chunk: Chunk) -> pa.Table:
        return self._with_rows(
            pa.Table.from_pylist(list(chunk.tombstones.values()), TOMBSTONES),
            """
            select delivered.*
            from delivered
            anti join landing.tombstones using (mention_id)
            anti join core.tombstones using (mention_id)
            """,
        ).cast(TOMBSTONES)

    def _with_rows(self, rows: pa.Table, query: str, values: dict[str, Any] | None = None) -> pa.Table:
        self._warehouse.register("delivered", rows)
        try:
            return self._warehouse.execute(query, values or {}).to_arrow_table()
        finally:
            self._warehouse.unregister("delivered")

    def _tidy(self) -> None:
        """Remove deleted posts from landing, broken versions of them included: their tombstone is all that stays."""
        for schema in ("landing", "core"):
            self._warehouse.execute(
                f"delete from landing.mentions where mention_id in (select mention_id from {schema}.tombstones)"
            )
            self._warehouse.execute(
                f"""
                delete from landing.quarantine
                where (source, native_id) in (select (source, native_id) from {schema}.tombstones)
                """
            )


@contextmanager
def open_landing(home: Home, source: str, window: str = "") -> Iterator[Landing]:
    """Open the landing tables of a source: work that a killed run left is finished first.

    Several sources of one process may be open at once; the caller holds the warehouse (`flows.warehouse.exclusive`).
    """
    with ExitStack() as stack:
        with _WRITES:
            warehouse = stack.enter_context(connect(home))
            landing = Landing(warehouse, home.work / "dlt", source, window)
        yield landing


@contextmanager
def writing(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse for a write beside landings in other threads: one writes at a time."""
    with _WRITES, connect(home) as warehouse:
        yield warehouse


def _resource(name: str, table: pa.Table, cursor: Cursor | None) -> Any:
    import dlt

    def rows() -> Iterator[pa.Table]:
        if cursor is not None:
            dlt.current.resource_state()["cursor"] = cursor
        if table.num_rows:
            yield table

    return dlt.resource(
        rows,
        name=name,
        primary_key=_KEYS[name],
        write_disposition={"disposition": "merge", "strategy": "upsert"},
        schema_contract={"columns": "freeze", "data_type": "freeze"},
    )()
