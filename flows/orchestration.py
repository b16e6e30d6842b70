"""What all flows share: a night opened on the warehouse, sources asked at once, and an honest final state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from prefect import get_run_logger
from prefect.futures import PrefectFuture
from prefect.states import Completed, Failed, State
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows import runs, tasks
from flows.errors import AuditRefused
from flows.home import Home
from flows.night import Night, reporter, silent
from flows.private_files import private_files
from flows.progress import in_lines
from flows.remedies import in_words
from flows.settings import load_settings
from flows.warehouse import exclusive

SOURCE_POOL: TaskRunner[PrefectFuture[Any]] = cast(Any, ThreadPoolTaskRunner(max_workers=4))
WAIT_FOR_WAREHOUSE_SECONDS = 3_600.0
SOURCE_FAILED = "SourceFailed"
AUDIT_REFUSED = "AuditRefused"


@dataclass
class Ending:
    """The state in which a flow ends."""

    state: State[Any] = field(default_factory=lambda: Failed(message="The flow ended without a verdict."))

    def well(self, night: Night) -> None:
        """All steps have worked; tell whether all sources have, too."""
        outcome, message = runs.verdict(night)
        if outcome == "source_failed":
            self.state = Completed(name=SOURCE_FAILED, message=message)
        else:
            self.state = Completed(message=f"Run {night.run_id} is done.")


@contextmanager
def ending() -> Iterator[Ending]:
    """Turn errors meant for the user, and the machine's, into a final state with their message; others are raised."""
    end = Ending()
    try:
        yield end
    except AuditRefused as refusal:
        end.state = Failed(name=AUDIT_REFUSED, message=str(refusal))
    except Exception as error:
        message = in_words(error)
        if message is None:
            raise
        end.state = Failed(message=message)


@contextmanager
def opened_night(config: str, home: str | None, as_of: datetime | None = None) -> Iterator[Night]:
    """Begin a recorded night that holds the warehouse alone; waits for a run that holds it.

    Raises UsageError for wrong settings and WarehouseBusy when the other run does not end within an hour.
    """
    with private_files(), _reporting():
        night = Night.start(load_settings(Path(config)), Home.locate(home), as_of=as_of)
        with exclusive(night.home, wait_seconds=WAIT_FOR_WAREHOUSE_SECONDS), runs.recorded(night):
            yield night


def ingest_sources(night: Night) -> None:
    """Ask all enabled sources at once; what each delivered or why it failed is in core.source_runs."""
    futures = [tasks.ingest.submit(night, source) for source in night.settings.sources if source.enabled]
    for future in futures:
        future.result()


@contextmanager
def _reporting() -> Iterator[None]:
    """Report progress to the run's log, unless somebody listens; dbt and dlt report from threads without a run."""
    if reporter.get() is not silent:
        yield
        return
    with in_lines(get_run_logger().info) as report:
        token = reporter.set(report)
        try:
            yield
        finally:
            reporter.reset(token)
