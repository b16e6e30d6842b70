"""What every step of a night receives: the run, its clock, its settings, its folders and where to report progress."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from flows.home import Home
from flows.settings import Settings
from flows.versions import version_ids

Report = Callable[[str, int, int | None], None]
"""Called as report(step, done, total); total is None when unknown."""


def silent(step: str, done: int, total: int | None) -> None:
    """Report progress to nobody."""


reporter: ContextVar[Report] = ContextVar("reporter", default=silent)
"""Where nights that start in this context report: the terminal, Prefect's log, or nobody."""


_TIME = "%Y%m%dT%H%M%SZ"


def new_run_id(now: datetime, last: str | None = None) -> str:
    """Make a run id that sorts by start time: 20261123T023000Z-1a2b3c.

    When the clock has gone back it follows the `last` run whose marts are kept, so that versions stay in order.
    """
    started = f"{now.astimezone(UTC):{_TIME}}"
    if last is not None and started < last[: len(started)]:
        after = datetime.strptime(last[: len(started)], _TIME).replace(tzinfo=UTC) + timedelta(seconds=1)
        started = f"{after:{_TIME}}"
    return f"{started}-{uuid.uuid4().hex[:6]}"


@dataclass(frozen=True)
class Night:
    """One run of the pipeline.

    `as_of` is the night's logical time (UTC): "the last 28 days" and due times count from it.
    """

    run_id: str
    as_of: datetime
    settings: Settings
    home: Home
    report: Report = field(default=silent)

    @classmethod
    def start(cls, settings: Settings, home: Home, *, as_of: datetime | None = None) -> Night:
        """Begin a night now, or as of a given UTC time; it reports to the context's reporter."""
        now = datetime.now(UTC)
        kept = version_ids(home)
        return cls(new_run_id(now, kept[-1] if kept else None), as_of or now, settings, home, reporter.get())
