"""prefect.yaml on a real Prefect server: deployed, picked up by a process worker, and fired by its schedule."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import httpx
import pytest
import yaml

ROOT = Path(__file__).parent.parent
FIRES_WITHIN_SECONDS = 240


def test_every_flow_has_a_deployment_with_a_schedule_and_runs_once_at_a_time() -> None:
    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    assert {one["name"] for one in deployments} == {"nightly", "hourly-ingest", "daily-upkeep"}
    for one in deployments:
        file, function = one["entrypoint"].split(":")
        assert f"def {function}(" in (ROOT / file).read_text(encoding="utf-8")
        assert one["concurrency_limit"]["limit"] == 1
        assert one["schedules"][0]["timezone"] == "Europe/Berlin"


@pytest.mark.slow
@pytest.mark.timeout(600)
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
        wait_for(published.exists, FIRES_WITHIN_SECONDS, server)
    with duckdb.connect(str(published), read_only=True) as marts:
        assert marts.execute("select count(*) from marts.mentions").fetchone() == (1,)
    run = server.scheduled_runs()[0]
    assert run["auto_scheduled"] is True


class PrefectServer:
    """A Prefect server of the test's own, with its own database."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.home = folder / "home"
        self.log = folder / "server.log"
        self.environment = os.environ | {
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_API_URL": f"http://127.0.0.1:{self.port}/api",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "MARKTECHO_HOME": str(self.home),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "200",
        }

    def prefect(self, *arguments: str) -> str:
        done = subprocess.run(
            ["prefect", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"prefect {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def worker(self) -> Background:
        return Background(["prefect", "worker", "start", "--pool", "marktecho", "--type", "process"], self)

    def scheduled_runs(self) -> list[dict[str, object]]:
        address = f"http://127.0.0.1:{self.port}/api/flow_runs/filter"
        body = {"sort": "START_TIME_ASC", "flow_runs": {"start_time": {"is_null_": False}}}
        found: list[dict[str, object]] = httpx.post(address, json=body, timeout=30).raise_for_status().json()
        return found


class Background:
    """A process of its own group, ended with all its children."""

    def __init__(self, command: list[str], server: PrefectServer) -> None:
        self.command, self.server = command, server

    def __enter__(self) -> None:
        with self.server.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env=self.server.environment, stdout=log, stderr=log, start_new_session=True
            )

    def __exit__(self, *_: object) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def wait_for(condition: object, seconds: float, server: PrefectServer) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(1)
    pytest.fail(f"nothing happened within {seconds} seconds; the server's log ends:\n{server.log.read_text()[-4000:]}")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PrefectServer]:
    one = PrefectServer(tmp_path)
    start = Background(["prefect", "server", "start", "--host", "127.0.0.1", "--port", str(one.port), "--no-ui"], one)
    with start:
        wait_for(lambda: _answers(one), 90, one)
        yield one


def _answers(server: PrefectServer) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{server.port}/api/health", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
