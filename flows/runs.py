"""The record of runs: begun, finished, or found dead by the next one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Literal

import duckdb

from flows.errors import AuditRefused, MarktechoError
from flows.night import Night
from flows.warehouse import connect

RunOutcome = Literal["done", "source_failed", "audit_refused", "failed"]


@dataclass(frozen=True)
class FailedSource:
    """A source that did not deliver in this run."""

    source: str
    outcome: str
    message: str


@contextmanager
def recorded(night: Night) -> Iterator[None]:
    """Record the run in core.runs while its steps run inside the block; errors are recorded and passed on.

    A failure that cannot even be recorded (the disk is full) is found by the next run, as that of a killed one is.
    """
    begin(night)
    try:
        yield
    except AuditRefused as refusal:
        with suppress(duckdb.Error, OSError, MarktechoError):
            finish(night, "audit_refused", str(refusal))
        raise
    except BaseException as error:
        with suppress(duckdb.Error, OSError, MarktechoError):
            finish(night, "failed", f"{type(error).__name__}: {error}")
        raise
    finish(night, *verdict(night))


def verdict(night: Night) -> tuple[RunOutcome, str]:
    """How a run whose steps all worked has ended: done, or source_failed with the sources and their reasons."""
    failed = failed_sources(night)
    if not failed:
        return "done", ""
    return "source_failed", "; ".join(f"{one.source}: {one.outcome} ({one.message})" for one in failed)


def begin(night: Night) -> None:
    """Record that the run has begun. Runs that never ended are marked as interrupted: this one finishes their work."""
    with connect(night.home) as warehouse:
        warehouse.begin()
        warehouse.execute(
            "update core.runs set outcome = 'interrupted', message = $message where outcome is null",
            {"message": f"The process ended before the run did; {night.run_id} finished its work."},
        )
        warehouse.execute(
            """
            insert into core.runs (run_id, started_at, as_of, versions)
            values ($run_id, $started_at, $as_of, $versions)
            """,
            {
                "run_id": night.run_id,
                "started_at": datetime.now(UTC),
                "as_of": night.as_of,
                "versions": json.dumps(
                    {
                        "marktecho": version("marktecho"),
                        "duckdb": version("duckdb"),
                        "settings": night.settings.fingerprint,
                    }
                ),
            },
        )
        warehouse.commit()


def finish(night: Night, outcome: RunOutcome, message: str = "") -> None:
    """Record how the run ended. The last word wins, so that a failure after `done` is seen."""
    with connect(night.home) as warehouse:
        warehouse.execute(
            """
            update core.runs
            set outcome = $outcome, message = nullif($message, ''), finished_at = $finished_at
            where run_id = $run_id
            """,
            {
                "outcome": outcome,
                "message": message,
                "finished_at": datetime.now(UTC),
                "run_id": night.run_id,
            },
        )


def failed_sources(night: Night) -> list[FailedSource]:
    """The sources of this run that were down, had lost access, were rate limited or had changed their format."""
    with connect(night.home) as warehouse:
        rows = warehouse.execute(
            """
            select source, outcome, coalesce(message, '')
            from core.source_runs
            where run_id = $run_id and outcome not in ('ok', 'no_hits')
            order by source
            """,
            {"run_id": night.run_id},
        ).fetchall()
    return [FailedSource(*row) for row in rows]
