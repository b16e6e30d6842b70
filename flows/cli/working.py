"""A recorded night for one command: progress shown, the warehouse held, the run written down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from flows import runs
from flows.cli.terminal import progress
from flows.home import Home
from flows.night import Night
from flows.settings import Settings
from flows.warehouse import exclusive


@contextmanager
def working_night(settings: Settings, home: Home, as_of: datetime | None = None) -> Iterator[Night]:
    """Begin a night for the block. Raises WarehouseBusy when another process holds the warehouse."""
    with progress():
        night = Night.start(settings, home, as_of=as_of)
        with exclusive(home), runs.recorded(night):
            yield night
