"""The night's first step: fetch what is new at one source and land it."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from flows.errors import UsageError
from flows.landing.chunk import Chunk
from flows.landing.clean import Cleaning
from flows.landing.pipeline import open_landing, writing
from flows.landing.quarantine import export
from flows.landing.tally import Tally
from flows.night import Night
from flows.sources.base import Connector, Cursor, EnoughAsked, Outcome, Page, SourceFailed, SourceSettings
from flows.sources.registry import connector as build_connector
from flows.sources.registry import connector_types

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SourceRun:
    """How a source's part of a run ended; the row of `core.source_runs`.

    `record_count == landed_count + quarantined_count + skipped_count`. `null_shares` are 0 to 1 per optional field,
    `unknown_fields` counts per name.
    """

    run_id: str
    source: str
    started_at: datetime
    finished_at: datetime
    outcome: Outcome
    message: str | None
    record_count: int
    landed_count: int
    quarantined_count: int
    skipped_count: int
    null_shares: dict[str, float]
    unknown_fields: dict[str, int]
    newest_published_at: datetime | None


def ingest(night: Night, source: SourceSettings) -> SourceRun:
    """Land what is new at a source and record how it went in `core.source_runs`.

    A source that fails does not raise: its outcome says so, and what it delivered before is kept. Several sources may
    be ingested by threads of one process at once. Raises what the warehouse or the disk raise.
    """
    return land(night, build_connector(source, night.home), source)


def land(night: Night, connector: Connector, source: SourceSettings) -> SourceRun:
    """Land what a connector delivers for a source; see `ingest`."""
    return _land(night, connector, source, connector.fetch, f"ingest {source.source}")


def ensure_backfill(source: SourceSettings) -> None:
    """Raise UsageError when a source cannot be asked for a time."""
    kinds = connector_types()
    able = [name for name, kind in kinds.items() if kind.backfill is not Connector.backfill]
    if source.type not in able:
        raise UsageError(
            f"{source.source}: sources of the type {source.type} cannot be asked for a time. "
            f"Types that can: {', '.join(able)}."
        )


def backfill(night: Night, source: SourceSettings, since: datetime, until: datetime) -> SourceRun:
    """Land what a source published from `since` to before `until` (aware times), going on where the last try stopped.

    Recorded like an ingest, as `SOURCE backfill`, so that what is usual at the source is not judged by it. Raises
    UsageError when the source cannot be asked for a time.
    """
    ensure_backfill(source)
    connector = build_connector(source, night.home)
    step = f"backfill {source.source}"
    hours = [round(each.timestamp() / 3_600) for each in (since, until)]

    def pages(cursor: Cursor) -> Iterator[Page]:
        if cursor.get("is_done"):
            return
        for page in connector.backfill(since, until, cursor.get("position", {})):
            reached = round(page.reached.timestamp() / 3_600) if page.reached else hours[0]
            night.report(f"{step} (hours)", max(0, reached - hours[0]), hours[1] - hours[0])
            yield replace(page, cursor={"position": page.cursor})
        yield Page([], {"is_done": True})

    window = "_".join(f"{each.astimezone(UTC):%Y%m%dT%H%M%S}" for each in (since, until))
    return _land(night, connector, source, pages, step, window)


def _land(
    night: Night,
    connector: Connector,
    source: SourceSettings,
    fetch: Callable[[Cursor], Iterator[Page]],
    step: str,
    window: str = "",
) -> SourceRun:
    started_at = datetime.now(UTC)
    how = Cleaning.of(night, source)
    tally = Tally()
    failure: SourceFailed | None = None
    notices: list[str] = []
    is_stuck = False
    with open_landing(night.home, source.source, window) as landing:
        if window and landing.cursor.get("is_done"):
            notices.append("This time has been filled in before.")
        try:
            for chunk in _chunks(connector, fetch(landing.cursor), how, source.max_records_per_run, notices):
                is_stuck = connector.waits_for_repair and chunk.tally.is_unreadable
                if is_stuck:
                    chunk.cursor = None
                landing.load(chunk)
                tally.include(chunk.tally)
                night.report(step, tally.record_count, None)
                if is_stuck:
                    break
        except SourceFailed as error:
            failure = error
        if window and failure is None and not landing.cursor.get("is_done"):
            notices.append("There is more: run the same command again to go on.")
    outcome, message = _verdict(source.source, tally, failure, notices, is_stuck=is_stuck)
    run = SourceRun(
        run_id=night.run_id,
        source=f"{source.source} backfill" if window else source.source,
        started_at=started_at,
        finished_at=datetime.now(UTC),
        outcome=outcome,
        message=message,
        record_count=tally.record_count,
        landed_count=tally.landed_count,
        quarantined_count=tally.quarantined_count,
        skipped_count=tally.skipped_count,
        null_shares=tally.null_shares,
        unknown_fields=dict(tally.unknown_fields.most_common()),
        newest_published_at=tally.newest_published_at,
    )
    _record(night, run, source.source)
    return run


def _chunks(
    connector: Connector, fetched: Iterator[Page], how: Cleaning, limit: int, notices: list[str]
) -> Iterator[Chunk]:
    """Collect pages into chunks, and what they have to say into `notices`.

    Raises SourceFailed after the last complete page has been handed out.
    """
    chunk = Chunk()
    count = 0
    pages = _Pages(fetched)
    for page in pages:
        count += chunk.add(page, connector, how)
        notices += [page.notice] if page.notice else []
        if chunk.is_full:
            yield chunk
            chunk = Chunk()
        if count >= limit:
            log.info("%s: stopped at %s records; the next run goes on from there", how.source, count)
            break
    if chunk.cursor is not None:
        yield chunk
    if pages.failure:
        raise pages.failure


class _Pages:
    """A connector's pages up to its failure, which is kept instead of raised."""

    def __init__(self, pages: Iterator[Page]) -> None:
        self._pages = pages
        self.failure: SourceFailed | None = None

    def __iter__(self) -> Iterator[Page]:
        try:
            yield from self._pages
        except EnoughAsked as enough:
            log.info("Stopped after %s; the next run goes on from there", enough)
        except SourceFailed as error:
            self.failure = error
        except Exception as error:
            name = type(error).__name__
            places = "".join(traceback.format_tb(error.__traceback__))  # without its words: they may hold a secret
            log.error("Unexpected %s of a connector:\n%s", name, places)
            self.failure = SourceFailed(Outcome.DOWN, f"Unexpected {name} while fetching; the log has the details.")


def _verdict(
    source: str, tally: Tally, failure: SourceFailed | None, notices: list[str], *, is_stuck: bool
) -> tuple[Outcome, str | None]:
    messages = [*([str(failure)] if failure else []), *notices]
    field = tally.drifted_field
    if field:
        count, read = tally.failures[field], tally.landed_count + tally.quarantined_count
        messages.append(
            f"schema drift in {source}: field {field} ({count} of {read} records could not be read; see quarantine)."
        )
        if is_stuck:
            messages.append("Its cursor stays where it was: once the connector is right, the same records come again.")
    message = " ".join(messages) or None
    if failure:
        return failure.outcome, message
    if field:
        return Outcome.SCHEMA_DRIFT, message
    return (Outcome.OK if tally.record_count else Outcome.NO_HITS), message


def _record(night: Night, run: SourceRun, source: str) -> None:
    """Write the run's row, in place of the one of an attempt before, and export its quarantine for people."""
    row = {**vars(run), "null_shares": json.dumps(run.null_shares), "unknown_fields": json.dumps(run.unknown_fields)}
    with writing(night.home) as warehouse:
        export(warehouse, night.home.quarantine, source, run.run_id)
        warehouse.begin()
        warehouse.execute(
            "delete from core.source_runs where run_id = $run_id and source = $source",
            {"run_id": run.run_id, "source": run.source},
        )
        warehouse.execute(
            f"insert into core.source_runs ({', '.join(row)}) values ({', '.join(f'${name}' for name in row)})", row
        )
        warehouse.commit()
