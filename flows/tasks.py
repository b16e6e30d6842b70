"""The night's steps as Prefect tasks: the same functions the command line calls, with time limits and retries."""

from __future__ import annotations

from typing import Any

import duckdb
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import TaskRun
from prefect.states import State
from prefect.tasks import Task

from flows import audit as audit_step
from flows import build as build_step
from flows import enrich as enrich_step
from flows import ingest as ingest_step
from flows import prepare as prepare_step
from flows import publish as publish_step
from flows import recheck as recheck_step
from flows import retention as retention_step
from flows import summary as summary_step


def _is_passing(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether trying again may help: the disk or a file lock, never a refused audit or a wrong setting."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, duckdb.IOException | OSError)


_step: dict[str, Any] = {
    "cache_policy": NO_CACHE,
    "retries": 2,
    "retry_delay_seconds": [5, 30],
    "retry_condition_fn": _is_passing,
    "persist_result": False,
}
HOUR = 3_600

ingest = task(ingest_step.ingest, name="ingest", task_run_name="ingest {source.source}", **_step)
recheck = task(recheck_step.recheck, name="recheck", timeout_seconds=2 * HOUR, **_step)
retain = task(retention_step.retain, name="retain", timeout_seconds=HOUR, **_step)
prepare = task(prepare_step.prepare, name="prepare", timeout_seconds=4 * HOUR, **_step)
enrich = task(enrich_step.enrich, name="enrich", timeout_seconds=12 * HOUR, **_step)
build = task(build_step.build, name="build", timeout_seconds=HOUR, **_step)
audit = task(audit_step.audit, name="audit", timeout_seconds=HOUR, **_step)
publish = task(publish_step.publish, name="publish", timeout_seconds=HOUR, **_step)
summarise = task(summary_step.summarise, name="summarise", timeout_seconds=HOUR, **_step)
