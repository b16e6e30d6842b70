"""Killed (SIGKILL) at any point of a load and run again: nothing is lost, nothing twice, nothing raw on the disk."""

from __future__ import annotations

import multiprocessing
import signal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.faults.command import LIBRARIES
from tests.faults.landing_process import PAGES, land_and_die
from tests.landing_fixture import make_night, rows

PLACES = [
    "page-3",
    "after-extract",
    "after-normalize",
    "before-complete_package",
    "after-complete_package",
]
EXPECTED = sorted(record["id"] for page in PAGES for record in page)


def run_process(home: Path, place: str) -> int | None:
    """Run a process of its own, forked from one that has the libraries loaded; returns its exit code."""
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(LIBRARIES)
    process = processes.Process(target=land_and_die, args=(home, place))
    process.start()
    process.join(timeout=120)
    return process.exitcode


@pytest.mark.slow
def test_killed_at_every_place_in_turn_the_last_run_has_it_all(tmp_path: Path) -> None:
    for place in PLACES:
        assert run_process(tmp_path, place) == -signal.SIGKILL, place
        _assert_nothing_raw(tmp_path / "work")
    assert run_process(tmp_path, "-") == 0
    night = make_night(tmp_path)
    assert [row["native_id"] for row in rows(night, "select native_id from landing.mentions order by 1")] == EXPECTED
    assert {row["text"] for row in rows(night, "select text from landing.mentions")} == {"Beitrag von [email]"}
    assert run_process(tmp_path, "-") == 0
    outcomes = rows(night, "select outcome, record_count from core.source_runs order by started_at")
    assert (outcomes[-1]["outcome"], outcomes[-1]["record_count"]) == ("no_hits", 0)


def _assert_nothing_raw(folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.suffix == ".parquet":
            assert "rika" not in str(pq.read_table(file).to_pylist())
        elif file.is_file():
            assert b"erika" not in file.read_bytes()
