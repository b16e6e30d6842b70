"""The night, as a table of contents: sources, landing, core, leaks, models, topics, marts, audit, publication."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect import flow
from prefect.states import State

from flows import tasks
from flows.notifications import telling_failures
from flows.orchestration import SOURCE_POOL, ending, ingest_sources, opened_night


@flow(name="nightly", task_runner=SOURCE_POOL)
def nightly(config: str = "listening.yaml", home: str | None = None, as_of: datetime | None = None) -> State[Any]:
    """Bring the published marts up to date with what the sources say.

    Ends as Completed; as Completed named SourceFailed (published, but at least one source did not deliver); as Failed
    named AuditRefused (yesterday's marts stay published); or as Failed.
    """
    with ending() as end, opened_night(config, home, as_of) as night, telling_failures(night):
        ingest_sources(night)
        tasks.prepare(night)
        tasks.find_leaks(night)
        tasks.enrich(night)
        tasks.assign_topics(night)
        tasks.trends(night)
        tasks.check_alerts(night)
        tasks.index(night)
        tasks.build(night)
        tasks.audit(night)
        tasks.publish(night)
        tasks.settle_alerts(night)
        tasks.write_brief(night)
        sent = tasks.notify(night)
        tasks.summarise(night, sent.failures)
        tasks.erase(night)
        end.well(night)
    return end.state
