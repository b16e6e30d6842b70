"""Between two nights: fetch what the sources say, so that the night has less to fetch and short feeds lose nothing."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import State

from flows import tasks
from flows.orchestration import SOURCE_POOL, ending, ingest_sources, opened_night


@flow(name="hourly-ingest", task_runner=SOURCE_POOL)
def hourly_ingest(config: str = "listening.yaml", home: str | None = None) -> State[Any]:
    """Land what is new, tell of sources that do not deliver, and tell what has waited for the quiet hours to end.

    Ends like the night.
    """
    with ending() as end, opened_night(config, home) as night:
        ingest_sources(night)
        tasks.check_sources(night)
        tasks.notify(night)
        end.well(night)
    return end.state
