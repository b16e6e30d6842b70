"""Once a day: honour what was deleted upstream, and let go of what is past its retention."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import State

from flows import tasks
from flows.orchestration import ending, opened_night


@flow(name="daily-upkeep")
def daily_upkeep(config: str = "listening.yaml", home: str | None = None) -> State[Any]:
    """Recheck known posts and apply retention; the next night publishes the result. Ends like the night."""
    with ending() as end, opened_night(config, home) as night:
        tasks.recheck(night)
        tasks.retain(night)
        tasks.erase(night)
        end.well(night)
    return end.state
