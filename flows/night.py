"""What every step of a night receives: the run, its clock, its settings, its folders and where to report progress."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flows.home import Home
from flows.settings import Settings

Report = Callable[[str, int, int | None], None]
"""Called as report(step, done, total); total is None when unknown."""


def silent(step: str, done: int, total: int | None) -> None:
    """Report progress to nobody."""


def new_run_id(now: datetime) -> str:
    """Make a run id that sorts by start time: 20261123T023000Z-1a2b3c."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:6]}"


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
    def start(
        cls, settings: Settings, home: Home, *, as_of: datetime | None = None, report: Report = silent
    ) -> Night:
        """Begin a night now (or as of a given UTC time)."""
        now = datetime.now(UTC)
        return cls(run_id=new_run_id(now), as_of=as_of or now, settings=settings, home=home, report=report)
