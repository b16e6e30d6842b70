"""Ask the sources whether known posts are still there; what is gone leaves the next publication."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa

from flows.landing.chunk import Chunk
from flows.landing.clean import Cleaning
from flows.landing.pipeline import open_landing
from flows.night import Night
from flows.sources.base import Checked, Connector, EnoughAsked, Outcome, Page, SourceFailed, SourceSettings, can
from flows.sources.registry import connector as build_connector
from flows.warehouse import connect, transaction

log = logging.getLogger(__name__)

BATCH_SIZE = 400
"""Answers that are stored at once."""


def recheck(night: Night, sources: Collection[str] | None = None) -> int:
    """Recheck live mentions that are due, at the enabled sources that can be asked (or those named).

    A new post is due at once, one that was still there after the connector's `recheck_interval`. Answers are stored in
    batches, also those a source gave before it failed; a failure is recorded in core.source_runs and the other sources
    go on. At most `max_records_per_run` posts of a source are asked for, those not asked for longest first. Returns how
    many posts were found gone; they are in core.tombstones.
    """
    gone = 0
    for source in night.settings.sources:
        if not source.enabled or (sources is not None and source.source not in sources):
            continue
        connector = build_connector(source, night.home)
        if can(connector, "recheck"):
            gone += _recheck_source(night, source, connector)
    return gone


def _recheck_source(night: Night, source: SourceSettings, connector: Connector) -> int:
    started_at = datetime.now(UTC)
    gone = done = 0
    with connect(night.home) as warehouse:
        due = _due(warehouse, night, source, connector)
        answers = _Answers(connector, due)
        for batch in answers.batches():
            _land_again(night, source, connector, batch)
            gone += _store(warehouse, night, source.source, batch)
            done += len(batch)
            night.report(f"recheck {source.source}", done, len(due))
        if answers.failure is not None:
            log.warning("%s: recheck stopped after %s of %s posts: %s", source.source, done, len(due), answers.failure)
            _record_failure(warehouse, night, source.source, started_at, answers.failure)
        if connector.must_confirm_within is not None:
            gone += _remove_unconfirmed(warehouse, night, source.source, connector.must_confirm_within)
    return gone


def _due(warehouse: duckdb.DuckDBPyConnection, night: Night, source: SourceSettings, connector: Connector) -> list[str]:
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
        {
            "source": source.source,
            "before": night.as_of - connector.recheck_interval,
            "most": source.max_records_per_run,
        },
    ).fetchall()
    return [row[0] for row in rows]


class _Answers:
    """A connector's answers, up to its failure, which is kept instead of raised."""

    def __init__(self, connector: Connector, native_ids: list[str]) -> None:
        self._answers = connector.recheck(native_ids) if native_ids else iter(())
        self.failure: SourceFailed | None = None

    def batches(self) -> Iterator[list[Checked]]:
        """Yield the answers, as many at a time as are stored at once."""
        batch: list[Checked] = []
        for answer in self._until_failure():
            batch.append(answer)
            if len(batch) == BATCH_SIZE:
                yield batch
                batch = []
        if batch:
            yield batch

    def _until_failure(self) -> Iterator[Checked]:
        try:
            yield from self._answers
        except EnoughAsked as enough:
            log.info("Recheck stopped after %s; the next one goes on from there", enough)
        except SourceFailed as error:
            self.failure = error
        except Exception as error:
            log.exception("unexpected error of a connector")
            name = type(error).__name__
            self.failure = SourceFailed(Outcome.DOWN, f"Unexpected {name} while rechecking; the log has the details.")


def _land_again(night: Night, source: SourceSettings, connector: Connector, answers: list[Checked]) -> None:
    """Land posts that came with their present form: edits and counts."""
    records = [answer.record for answer in answers if answer.record is not None and answer.gone is None]
    if not records:
        return
    chunk = Chunk()
    with open_landing(night.home, source.source) as landing:
        chunk.add(Page(records, landing.cursor), connector, Cleaning.of(night, source))
        landing.load(chunk)


def _store(warehouse: duckdb.DuckDBPyConnection, night: Night, source: str, answers: list[Checked]) -> int:
    """Note what was checked and what is gone, in one transaction. Returns how many posts are gone."""
    rows = pa.table(
        {
            "native_id": [answer.native_id for answer in answers],
            "reason": pa.array([answer.gone for answer in answers], pa.string()),
            "account_gone": [answer.account_gone for answer in answers],
        }
    )
    warehouse.register("answers", rows)
    try:
        with transaction(warehouse):
            warehouse.execute(
                """
                create or replace temp table checked as
                select mention_id, source, native_id, author_key, reason, account_gone
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
                with gone as (
                    select source, native_id, mention_id, reason from checked where reason is not null
                    union
                    select source, native_id, mention_id, 'account_deleted' as reason
                    from core.mentions
                    where deleted_at is null
                      and author_key in (select author_key from checked where account_gone)
                )
                select source, native_id, mention_id, min(reason) as reason, $now as noticed_at
                from gone
                anti join core.tombstones using (mention_id)
                group by all
                """,
                {"now": night.as_of},
            ).fetchone()
            warehouse.execute("drop table checked")
    finally:
        warehouse.unregister("answers")
    return int(found[0]) if found else 0


def _remove_unconfirmed(warehouse: duckdb.DuckDBPyConnection, night: Night, source: str, within: timedelta) -> int:
    """Bury what the platform's rules do not allow to keep any longer without an answer. Returns how many posts."""
    found = warehouse.execute(
        """
        insert into core.tombstones by name
        select source, native_id, mention_id, 'unconfirmed' as reason, $now as noticed_at
        from core.mentions
        anti join core.tombstones using (mention_id)
        left join core.rechecks using (mention_id)
        where source = $source
          and deleted_at is null
          and coalesce(checked_at, collected_at) < $oldest
        """,
        {"source": source, "now": night.as_of, "oldest": night.as_of - within},
    ).fetchone()
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
