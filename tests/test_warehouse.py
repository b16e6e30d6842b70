"""The warehouse belongs to one process at a time."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.errors import WarehouseBusy
from flows.home import Home
from flows.warehouse import connect, exclusive

HOLDER = """
import sys, time
from flows.home import Home
from flows.warehouse import exclusive
with exclusive(Home.locate(sys.argv[1])):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.locate(tmp_path / "home")


@pytest.fixture
def held(home: Home, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the warehouse for as many seconds as the test says."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(home.root), str(request.param)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("held", [60], indirect=True)
def test_a_held_warehouse_is_refused_with_its_path(home: Home, held: subprocess.Popen[str]) -> None:
    with pytest.raises(WarehouseBusy, match=r"warehouse\.duckdb"), exclusive(home):
        pytest.fail("two processes hold the warehouse")


@pytest.mark.parametrize("held", [2], indirect=True)
def test_a_run_that_may_wait_says_so_and_waits(
    home: Home, held: subprocess.Popen[str], caplog: pytest.LogCaptureFixture
) -> None:
    started = time.monotonic()
    with exclusive(home, wait_seconds=60):
        assert held.wait(10) == 0
    assert time.monotonic() - started < 30
    assert "waiting" in caplog.text


@pytest.mark.parametrize("held", [60], indirect=True)
def test_a_killed_holder_leaves_no_lock_behind(home: Home, held: subprocess.Popen[str]) -> None:
    held.kill()
    held.wait()
    with exclusive(home), connect(home) as warehouse:
        assert warehouse.execute("select count(*) from core.mentions").fetchone() == (0,)


def test_the_state_folder_is_the_owners_alone(home: Home) -> None:
    assert home.root.stat().st_mode & 0o077 == 0
    assert home.secrets.stat().st_mode & 0o077 == 0
