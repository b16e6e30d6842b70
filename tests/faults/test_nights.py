"""Whole nights under every fault: each completes, or says what is wrong and ends with an honest exit code.

Nothing is lost, nothing is there twice, and readers see the old marts or the new ones all the time.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from flows.home import Home
from flows.prefect_database import set_aside_damaged
from tests.faults.command import Ended
from tests.faults.reader import Reader, reading
from tests.faults.small_night import Village, fingerprint, found, kept_ids
from tests.night_process import ask
from tests.prefect_server import PrefectServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

MOMENTS = [
    "ingest export: 80", "prepare: 60", "enrich: 60", "trends: 0", "build: 20", "audit: 2", "publish: 7",
]  # fmt: skip
LOSES_WORK = ("ingest export: 80", "build: 20")
"""After a kill there the working folders of dlt and dbt are gone, too."""
RANDOM_MOMENTS = [Random(seed).uniform(0.3, 9) for seed in (1,)]
EARLIER = "2026-11-18T02:30:00+00:00"


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory, prefect: PrefectServer) -> Village:
    return found(tmp_path_factory.mktemp("village"), prefect.environment)


@pytest.fixture(scope="module")
def calm(village: Village) -> Path:
    """The home after a second night that nobody disturbed."""
    home = village.copy_of(village.first, "calm")
    ended = village.night(home)
    assert ended.code == 0, ended.printed
    return home


def whole(home: Path, village: Village, calm: Path) -> None:
    """The published marts are those of an undisturbed night, and every post is there once."""
    assert fingerprint(home) == fingerprint(calm)
    for table, native_ids in kept_ids(home).items():
        assert native_ids == village.post_ids, table


def undisturbed(reader: Reader, *versions: str) -> None:
    assert reader.wrong == []
    assert reader.seen <= set(versions)
    assert reader.look_count > 2


def failed(ended: Ended, *words: str) -> None:
    """It ended with exit code 1, the words, and no traceback."""
    assert ended.code == 1, ended.printed
    for each in words:
        assert each in ended.printed
    assert "Traceback" not in ended.printed, ended.printed


def spoil(path: Path) -> None:
    """Let the middle half of a file rot."""
    content = bytearray(path.read_bytes())
    quarter = len(content) // 4
    content[quarter:-quarter] = Random(5).randbytes(len(content) - 2 * quarter)
    path.unlink()
    path.write_bytes(content)


def test_a_killed_night_run_again_ends_like_an_undisturbed_one(village: Village, calm: Path) -> None:
    home = village.copy_of(village.first, "killed")
    before = fingerprint(home)
    kills = 0
    with reading(home) as reader:
        for moment in MOMENTS:
            command = village.start(home)
            assert command.kill_at(moment), f"no progress matched {moment}: {command.printed}"
            kills += 1
            if moment in LOSES_WORK:
                shutil.rmtree(home / "work")
        for seconds in RANDOM_MOMENTS:
            kills += village.start(home).kill_after(seconds)
        ended = village.night(home)
    assert ended.code == 0, ended.printed
    whole(home, village, calm)
    undisturbed(reader, before, fingerprint(calm))
    outcomes = "select outcome, count(*) from marts.runs group by all order by all"
    assert ask(home / "published" / "marts.duckdb", outcomes)[0] == ("done", 2)
    (interrupted,) = ask(home / "warehouse.duckdb", "select count(*) from core.runs where outcome = 'interrupted'")[0]
    assert len(MOMENTS) <= interrupted <= kills


def test_a_damaged_database_of_prefect_is_set_aside(tmp_path: Path) -> None:
    home = Home.locate(tmp_path)
    home.prefect.mkdir()
    database = home.prefect / "prefect.db"
    database.write_bytes(b"SQLite format 3\x00" + os.urandom(20_000))
    aside = set_aside_damaged(home)
    assert aside is not None and aside.exists() and not database.exists()
    with closing(sqlite3.connect(database)) as new:
        new.execute("create table runs (run_id varchar)")
    assert set_aside_damaged(home) is None
    assert database.exists()
