"""Whole nights under every fault: each completes, or says what is wrong and ends with an honest exit code.

Nothing is lost, nothing is there twice, and readers see the old marts or the new ones all the time.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from flows.home import Home
from flows.prefect_database import set_aside_damaged
from tests.faults.command import Ended
from tests.faults.limits import ClockOff, FullDisk, read_only, without_roots_powers
from tests.faults.reader import Reader, reading
from tests.faults.small_night import Village, fingerprint, found, kept_ids
from tests.night_process import ask
from tests.prefect_server import PrefectServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

MOMENTS = [
    "ingest export: 80", "prepare: 60", "enrich: 60", "trends: 0", "build: 20", "audit: 2", "publish: 7",
]  # fmt: skip
LOST_THEN = {"ingest export: 80": "work/dlt", "build: 20": "work"}
"""After a kill there the working folders of dlt and dbt are gone, too."""
RANDOM_MOMENTS = [Random(seed).uniform(0.3, 9) for seed in (1,)]
EARLIER = "2026-11-18T02:30:00+00:00"


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory, prefect: PrefectServer) -> Village:
    return found(tmp_path_factory.mktemp("village"), prefect.environment)


def whole(village: Village) -> None:
    """The published marts are those of an undisturbed night, and every post is there once."""
    assert fingerprint(village.home) == fingerprint(village.calm)
    for table, native_ids in kept_ids(village.home).items():
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


def test_a_killed_night_run_again_ends_like_an_undisturbed_one(village: Village) -> None:
    home = village.begin_with(village.first)
    before = fingerprint(home)
    kills = 0
    with reading(home) as reader:
        for moment in MOMENTS:
            command = village.start(home)
            assert command.kill_at(moment), f"no progress matched {moment}: {command.printed}"
            kills += 1
            if moment in LOST_THEN:
                shutil.rmtree(home / LOST_THEN[moment])
        for seconds in RANDOM_MOMENTS:
            kills += village.start(home).kill_after(seconds)
        ended = village.night(home)
    assert ended.code == 0, ended.printed
    whole(village)
    undisturbed(reader, before, fingerprint(village.calm))
    outcomes = "select outcome, count(*) from marts.runs group by all order by all"
    assert ask(home / "published" / "marts.duckdb", outcomes)[0] == ("done", 2)
    (interrupted,) = ask(home / "warehouse.duckdb", "select count(*) from core.runs where outcome = 'interrupted'")[0]
    assert len(MOMENTS) <= interrupted <= kills


def test_without_room_rights_or_server_it_says_so_and_two_nights_take_turns(village: Village) -> None:
    home = village.begin_with(village.first)
    before = fingerprint(home)
    published = home / "published"
    away = replace(village, environment=village.environment | {"PREFECT_API_URL": "http://127.0.0.1:9/api"})
    with reading(home) as reader:
        failed(village.night(home, FullDisk(300_000)), "The disk is full: make room")
        with read_only(home, published, home / "work"):
            failed(village.night(home, without_roots_powers), "Marktecho may not write there")
        failed(away.night(home), "http://127.0.0.1:9", "The Prefect server does not answer")
    undisturbed(reader, before)
    for file in (published / "marts.duckdb", *(published / "versions").glob("*.duckdb")):
        spoil(file)
    nights = [village.start(home), village.start(home)]
    ends = [night.end() for night in nights]
    assert [ended.code for ended in ends] == [0, 0], ends
    assert any("another marktecho process is at work here; waiting" in ended.printed for ended in ends)
    whole(village)


def test_a_clock_that_goes_back_and_a_broken_export_do_not_stop_the_night(village: Village) -> None:
    home = village.begin_with(village.calm)
    broken = village.folder / "exports" / "3.parquet"
    broken.write_bytes(b"PAR1" + os.urandom(2_000) + b"PAR1")
    with reading(home) as reader:
        ended = village.night(home, ClockOff(timedelta(days=-3)), as_of=EARLIER)
        assert ended.code == 4, ended.printed
        assert "3.parquet" in ended.printed
        assert "Traceback" not in ended.printed
        earlier = fingerprint(home)
        assert village.command("rollback", home=home).end().code == 0
    broken.unlink()
    whole(village)
    undisturbed(reader, earlier, fingerprint(village.calm))
    refused = village.command("import", __file__, "--source", "export", *village.settings, home=home).end()
    assert refused.code == 2, refused.printed
    whole(village)


def test_damaged_files_are_told_and_mended_or_brought_back(village: Village) -> None:
    home = village.begin_with(village.calm)
    marts, warehouse = home / "published" / "marts.duckdb", home / "warehouse.duckdb"
    backups = village.folder / "backups"
    assert village.command("backup", backups, home=home).end().code == 0

    spoil(marts)
    failed(village.command("query", "from mentions", home=home).end(), "marktecho doctor --repair")
    with read_only(home / "published", home / "published" / "versions"):
        refused = village.command("rollback", home=home, prepare=without_roots_powers).end()
    failed(refused, "Marktecho may not write there")
    mended = village.command("doctor", "--repair", *village.settings, home=home).end()
    assert "published anew from the warehouse" in mended.printed, mended.printed
    whole(village)

    spoil(warehouse)
    failed(village.night(home), "A file is damaged: `marktecho doctor --repair`")
    told = village.command("doctor", "--repair", *village.settings, home=home).end()
    assert f"--replace --home {home}" in told.printed
    assert fingerprint(home) == fingerprint(village.calm)
    restored = village.command("restore", backups, "--replace", home=home).end()
    assert restored.code == 0, restored.printed
    whole(village)


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
