"""Ask the sources whether known posts are still there; what is gone leaves the next publication."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa

from flows.night import Night
from flows.sources.base import Connector, Outcome, SourceFailed, SourceSettings
from flows.sources.registry import connector as build_connector
from flows.warehouse import connect, transaction

log = logging.getLogger(__name__)

INTERVAL = timedelta(days=7)
"""A post that was still there is asked for again after this time; a new one in the first recheck after it came in."""
BATCH_SIZE = 400


def recheck(night: Night, sources: Collection[str] | None = None) -> int:
    """Recheck live mentions that are due, at the enabled sources that can be asked (or those named).

    Each batch's answers are stored at once, also those a source gave before it failed; a failure is recorded in
    core.source_runs and the other sources go on. At most `max_records_per_run` posts of a source are asked for, those
    not asked for longest first. Returns how many posts were found gone; they are in core.tombstones.
    """
    gone = 0
    with connect(night.home) as warehouse:
        for source in night.settings.sources:
            if not source.enabled or (sources is not None and source.source not in sources):
                continue
            connector = build_connector(source)
            if type(connector).recheck is not Connector.recheck:
                gone += _recheck_source(warehouse, night, source, connector)
    return gone


def _recheck_source(
    warehouse: duckdb.DuckDBPyConnection, night: Night, source: SourceSettings, connector: Connector
) -> int:
    due = _due(warehouse, night, source)
    started_at = datetime.now(UTC)
    gone = done = 0
    for start in range(0, len(due), BATCH_SIZE):
        batch = due[start : start + BATCH_SIZE]
        answers = _Answers(connector, batch)
        answered = dict(answers)
        gone += _store(warehouse, night, source.source, answered)
        done += len(answered)
        night.report(f"recheck {source.source}", done, len(due))
        if answers.failure is not None:
            log.warning("%s: recheck stopped after %s of %s posts: %s", source.source, done, len(due), answers.failure)
            _record_failure(warehouse, night, source.source, started_at, answers.failure)
            break
    return gone


def _due(warehouse: duckdb.DuckDBPyConnection, night: Night, source: SourceSettings) -> list[str]:
    rows = warehouse.execute(
        """
        select native_id
        from core.mentions
        anti join core.tombstones using (mention_id)
        left join core.rechecks using (mention_id)
        where source = $source
          and deleted_at is null
          and (checked_at is null or checked_at <= $before)
        order by checked_at nulls first, published_at desc nulls last, mention_id
        limit $most
        """,
        {"source": source.source, "before": night.as_of - INTERVAL, "most": source.max_records_per_run},
    ).fetchall()
    return [row[0] for row in rows]


class _Answers:
    """A connector's answers for a batch, up to its failure, which is kept instead of raised."""

    def __init__(self, connector: Connector, native_ids: list[str]) -> None:
        self._connector = connector
        self._native_ids = native_ids
        self.failure: SourceFailed | None = None

    def __iter__(self) -> Iterator[tuple[str, str | None]]:
        try:
            yield from self._connector.recheck(self._native_ids)
        except SourceFailed as error:
            self.failure = error
        except Exception as error:
            log.exception("unexpected error of a connector")
            name = type(error).__name__
            self.failure = SourceFailed(Outcome.DOWN, f"Unexpected {name} while rechecking; the log has the details.")


def _store(warehouse: duckdb.DuckDBPyConnection, night: Night, source: str, answers: dict[str, str | None]) -> int:
    """Note what was checked and what is gone, in one transaction. Returns how many posts are gone."""
    if not answers:
        return 0
    rows = pa.table(
        {"native_id": list(answers), "reason": pa.array(list(answers.values()), pa.string())},
    )
    warehouse.register("answers", rows)
    try:
        with transaction(warehouse):
            warehouse.execute(
                """
                create or replace temp table checked as
                select mention_id, source, native_id, reason
                from core.mentions
                join answers using (native_id)
                where source = $source
                """,
                {"source": source},
            )
            warehouse.execute("delete from core.rechecks where mention_id in (select mention_id from checked)")
            warehouse.execute(
                "insert into core.rechecks select mention_id, $now from checked where reason is null",
                {"now": night.as_of},
            )
            found = warehouse.execute(
                """
                insert into core.tombstones by name
                select source, native_id, mention_id, reason, $now as noticed_at
                from checked
                anti join core.tombstones using (mention_id)
                where reason is not null
                """,
                {"now": night.as_of},
            ).fetchone()
            warehouse.execute("drop table checked")
    finally:
        warehouse.unregister("answers")
    return int(found[0]) if found else 0


def _record_failure(
    warehouse: duckdb.DuckDBPyConnection, night: Night, source: str, started_at: datetime, failure: SourceFailed
) -> None:
    """Let the run end as one with a failed source. An entry of the same run's ingest stays as it is."""
    warehouse.execute(
        """
        insert into core.source_runs by name
        select
            $run_id as run_id, $source as source, $started_at as started_at, $finished_at as finished_at,
            $outcome as outcome, $message as message, 0 as record_count, 0 as landed_count, 0 as quarantined_count,
            0 as skipped_count, $nothing as null_shares, $nothing as unknown_fields
        where not exists (from core.source_runs where run_id = $run_id and source = $source)
        """,
        {
            "run_id": night.run_id,
            "source": source,
            "started_at": started_at,
            "finished_at": datetime.now(UTC),
            "outcome": str(failure.outcome),
            "message": f"recheck: {failure}",
            "nothing": json.dumps({}),
        },
    )
