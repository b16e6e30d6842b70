"""A Prefect server of the tests' own: its own port, its own database, ended with all its children."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parent.parent


class PrefectServer:
    """Serves while the block runs; `environment` makes commands use it."""

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
        self._server = self._background("server", "start", "--host", "127.0.0.1", "--port", str(self.port), "--no-ui")

    def __enter__(self) -> PrefectServer:
        self._server.__enter__()
        self.wait_for(self._answers, 240)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__()

    def prefect(self, *arguments: str) -> str:
        """Run a `prefect` command against this server; returns what it printed."""
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
        """A process worker for the pool of prefect.yaml."""
        return self._background("worker", "start", "--pool", "marktecho", "--type", "process")

    def started_runs(self) -> list[dict[str, object]]:
        """Flow runs that have started, oldest first."""
        address = f"http://127.0.0.1:{self.port}/api/flow_runs/filter"
        body = {"sort": "START_TIME_ASC", "flow_runs": {"start_time": {"is_null_": False}}}
        found: list[dict[str, object]] = httpx.post(address, json=body, timeout=30).raise_for_status().json()
        return found

    def wait_for(self, condition: Callable[[], bool], seconds: float) -> None:
        """Wait until a condition holds; fails the test with the end of the server's log when it does not."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if condition():
                return
            time.sleep(0.5)
        pytest.fail(f"nothing happened within {seconds} seconds; the log ends:\n{self.log.read_text()[-4000:]}")

    def _background(self, *arguments: str) -> Background:
        return Background(["prefect", *arguments], self.environment, self.log)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/api/health", timeout=2).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False


class Background:
    """A process in a group of its own, ended with all its children."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self._command, self._environment, self._log = command, environment, log

    def __enter__(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
