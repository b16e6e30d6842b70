"""prefect.yaml on a real Prefect server: deployed, picked up by a process worker, and fired by its schedule."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import yaml

from tests.prefect_server import PrefectServer

ROOT = Path(__file__).parent.parent
FIRES_WITHIN_SECONDS = 480


def test_every_flow_has_a_deployment_with_a_schedule_and_runs_once_at_a_time() -> None:
    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    assert {one["name"] for one in deployments} == {"nightly", "hourly-ingest", "daily-upkeep", "weekly-topics"}
    for one in deployments:
        file, function = one["entrypoint"].split(":")
        assert f"def {function}(" in (ROOT / file).read_text(encoding="utf-8")
        assert one["concurrency_limit"]["limit"] == 1
        assert one["schedules"][0]["timezone"] == "Europe/Berlin"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_scheduled_night_fires_and_publishes(tmp_path: Path, server: PrefectServer) -> None:
    posts = tmp_path / "posts.csv"
    posts.write_text("id,text,created_at\n1,Velumo liefert endlich pünktlich!,2026-11-01T10:00:00Z\n", encoding="utf-8")
    config = tmp_path / "listening.yaml"
    config.write_text(
        "company: {id: velumo, name: Velumo, query: velumo}\n"
        f"sources:\n  - {{type: files, name: export, paths: ['{posts}']}}\n",
        encoding="utf-8",
    )
    server.prefect("work-pool", "create", "marktecho", "--type", "process")
    server.prefect("--no-prompt", "deploy", "--all")
    listed = server.prefect("deployment", "ls")
    for name in ("nightly/nightly", "hourly-ingest/hourly-ingest", "daily-upkeep/daily-upkeep"):
        assert name in listed
    server.prefect(
        "--no-prompt",
        "deploy",
        "--name",
        "nightly",
        "--param",
        f"config={config}",
        "--cron",
        "* * * * *",
        "--timezone",
        "UTC",
    )
    with server.worker():
        published = server.home / "published" / "marts.duckdb"
        server.wait_for(lambda: published.exists() or has_failed(server), FIRES_WITHIN_SECONDS)
    with duckdb.connect(str(published), read_only=True) as marts:
        assert marts.execute("select count(*) from marts.mentions").fetchone() == (1,)
    assert server.started_runs()[0]["auto_scheduled"] is True


def has_failed(server: PrefectServer) -> bool:
    for run in server.started_runs():
        assert run["state_type"] not in ("FAILED", "CRASHED"), run["state"]
    return False


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PrefectServer]:
    with PrefectServer(tmp_path) as one:
        yield one
