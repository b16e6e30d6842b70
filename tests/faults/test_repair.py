"""`marktecho doctor --repair` mends what it can, deletes nothing that was collected, leaves an intact home as it is."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import duckdb
import pytest

from flows.errors import UsageError, WarehouseBusy
from flows.home import Home
from flows.repair import repair
from flows.warehouse import connect, exclusive
from tests.landed_fixture import land, post
from tests.night_process import ask

NO_CONFIG = Path("not-needed.yaml")
LANDED = "select count(*) from landing.mentions"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home.locate(tmp_path / "home")
    land(home, *(post(str(number), f"Acme {number}") for number in range(20)))
    return home


def test_an_intact_installation_is_left_as_it_is(home: Home) -> None:
    before = home.warehouse.read_bytes()
    assert repair(home, NO_CONFIG) == []
    assert home.warehouse.read_bytes() == before


def test_what_dead_runs_have_begun_is_removed(home: Home) -> None:
    leftovers = [
        home.quarantine / "export-20261101T000000Z-1.part",
        home.published / ".marts-20261101T000000Z-1.tmp",
        home.reports / ".latest.json.0a1b2c3d.part",
    ]
    for path in leftovers:
        path.write_text("half of")
    assert sorted(one.damaged for one in repair(home, NO_CONFIG)) == sorted(map(str, leftovers))
    assert not any(path.exists() for path in leftovers)


def test_a_damaged_log_is_set_aside_and_the_warehouse_is_as_of_its_last_checkpoint(home: Home) -> None:
    log = home.warehouse.with_name("warehouse.duckdb.wal")
    child = os.fork()
    if not child:
        write_and_die(home)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    content = bytearray(log.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 300] = os.urandom(300)
    log.write_bytes(content)
    with pytest.raises(duckdb.IOException, match="replaying WAL"):
        connect(home).__enter__()
    (repaired,) = repair(home, NO_CONFIG)
    assert repaired.is_mended and "as of its last checkpoint" in repaired.done
    assert ask(home.warehouse, LANDED) == [(20,)]
    (aside,) = home.root.glob("warehouse.duckdb.wal.damaged-*")
    assert aside.read_bytes() == content


def write_and_die(home: Home) -> None:
    """Write rows that are only in the log when the process dies."""
    try:
        with connect(home) as warehouse:
            warehouse.execute("set checkpoint_threshold = '1GB'")
            warehouse.execute("insert into landing.mentions select mentions.* from landing.mentions, range(100)")
            os.kill(os.getpid(), signal.SIGKILL)
    finally:
        os._exit(1)


def test_a_first_run_that_died_while_it_made_the_warehouse(tmp_path: Path) -> None:
    home = Home.locate(tmp_path)
    home.warehouse.write_bytes(bytes(100))
    (repaired,) = repair(home, NO_CONFIG)
    assert repaired.is_mended
    with connect(home) as warehouse:
        assert warehouse.execute(LANDED).fetchone() == (0,)


def test_a_damaged_warehouse_without_a_backup_is_kept_and_told(home: Home) -> None:
    content = bytearray(home.warehouse.read_bytes())
    content[4096:12288] = os.urandom(8192)
    home.warehouse.write_bytes(content)
    (told,) = repair(home, NO_CONFIG)
    assert not told.is_mended
    assert "No backup of it is known" in told.done
    assert f"marktecho restore BACKUP --replace --home {home.root}" in told.done
    assert home.warehouse.read_bytes() == content


def test_a_home_at_work_or_half_restored_is_not_touched(home: Home) -> None:
    with exclusive(home), pytest.raises(WarehouseBusy):
        repair(home, NO_CONFIG)
    home.restoring.mkdir()
    with pytest.raises(UsageError, match="being restored here"):
        repair(home, NO_CONFIG)
