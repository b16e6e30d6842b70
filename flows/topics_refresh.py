"""Once a week: topics found anew and matched to those there are; the next night publishes the result."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import State

from flows import tasks
from flows.orchestration import ending, opened_night


@flow(name="weekly-topics")
def weekly_topics(config: str = "listening.yaml", home: str | None = None) -> State[Any]:
    """Refresh the topics. Ends like the night."""
    with ending() as end, opened_night(config, home) as night:
        tasks.refresh_topics(night)
        end.well(night)
    return end.state
