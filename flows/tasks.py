"""The night's steps as Prefect tasks: the same functions the command line calls, with time limits and retries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import duckdb
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import TaskRun
from prefect.states import State
from prefect.tasks import Task

from flows import alerts as alerts_step
from flows import audit as audit_step
from flows import brief as brief_step
from flows import build as build_step
from flows import enrich as enrich_step
from flows import erasure as erasure_step
from flows import index as index_step
from flows import ingest as ingest_step
from flows import leaks as leaks_step
from flows import notifications as notifications_step
from flows import prepare as prepare_step
from flows import publish as publish_step
from flows import recheck as recheck_step
from flows import retention as retention_step
from flows import summary as summary_step
from flows import topics as topics_step
from flows import trends as trends_step
from flows.remedies import remedy


def _is_passing(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether trying again may help: a file lock or a network disk, never a full disk or a refused audit."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, duckdb.IOException | OSError) and remedy(error) is None


P = ParamSpec("P")
R = TypeVar("R")


def _as_task(step: Callable[P, R], *, hours: float | None = None, run_name: str | None = None) -> Task[P, R]:
    """Make a task of a step. `hours` is its time limit; Prefect cannot enforce one for tasks that run in threads."""
    decorate = task(
        name=step.__name__,
        task_run_name=run_name,
        cache_policy=NO_CACHE,
        retries=2,
        retry_delay_seconds=[5.0, 30.0],
        retry_condition_fn=_is_passing,
        persist_result=False,
        timeout_seconds=hours and hours * 3_600,
    )
    return decorate(step)


ingest = _as_task(ingest_step.ingest, run_name="ingest {source.source}")
recheck = _as_task(recheck_step.recheck, hours=2)
erase = _as_task(erasure_step.erase, hours=2)
retain = _as_task(retention_step.retain, hours=1)
prepare = _as_task(prepare_step.prepare, hours=4)
find_leaks = _as_task(leaks_step.find_leaks, hours=4)
enrich = _as_task(enrich_step.enrich, hours=12)
assign_topics = _as_task(topics_step.assign_topics, hours=2)
refresh_topics = _as_task(topics_step.refresh_topics, hours=2)
trends = _as_task(trends_step.trends, hours=1)
check_alerts = _as_task(alerts_step.check_alerts, hours=1)
check_sources = _as_task(alerts_step.check_sources, hours=1)
index = _as_task(index_step.index, hours=1)
build = _as_task(build_step.build, hours=1)
audit = _as_task(audit_step.audit, hours=1)
publish = _as_task(publish_step.publish, hours=1)
settle_alerts = _as_task(alerts_step.settle_alerts, hours=1)
write_brief = _as_task(brief_step.write_brief, hours=1)
notify = _as_task(notifications_step.notify, hours=1)
summarise = _as_task(summary_step.summarise, hours=1)
