"""A publication that dies anywhere, with the process or with the power: readers see the old marts or the new ones, and
the next publication makes good what is missing."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from warehouse_fixture import CoreTables, make_night, rows

from flows import runs
from flows.audit import marts_fingerprint
from flows.build import build
from flows.home import Home
from flows.publish import publish
from flows.versions import version_ids
from flows.warehouse import connect
from tests.faults.power_cut import Disk
from tests.test_publish import FIRST, SECOND, THIRD, publish_as, published

BEFORE_THE_SWAP = [
    ("flows.publish._comment", "1+1"),
    ("flows.publish._write", "1+1"),
    ("flows.publish._verify", "1+1"),
    ("flows.versions.sync", "1+1"),
    ("os.replace", "1+0"),
]
AFTER_THE_SWAP = [
    ("os.replace", "1+1"),
    ("flows.versions.sync", "2+1"),
    ("flows.versions.link", "1+1"),
    ("os.replace", "2+1"),
    ("flows.publish.prune", "1+0"),
    ("flows.publish._record", "1+0"),
    ("flows.publish._record", "1+1"),
]
NOT_YET_DURABLE = [("os.replace", "1+1")]
"""The swap has happened, but a power cut may take it back."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a publication of two mentions, whose run SECOND is about to publish them changed."""
    core = CoreTables(tmp_path_factory.mktemp("built"))
    with core.batch():
        core.mention("m1", sentiment="negative")
        core.mention("m2", entities=["rival"], sentiment="positive")
    build(make_night(core.home, run_id=FIRST))
    with connect(core.home) as warehouse:
        fingerprint = marts_fingerprint(warehouse)
        warehouse.execute("insert into core.audits values (?, now(), 'passed', ?)", [FIRST, fingerprint])
    publish_as(core.home, FIRST)
    change_marts(core.home)
    runs.begin(make_night(core.home, run_id=SECOND))
    return core.home.root


@pytest.fixture
def home(built: Path, tmp_path: Path) -> Home:
    """A copy of the built home for one test."""
    subprocess.run(["cp", "-a", str(built), str(tmp_path / "home")], check=True)
    return Home.locate(tmp_path / "home")


def change_marts(home: Home) -> None:
    """Other marts than before, audited."""
    with connect(home) as warehouse:
        warehouse.execute("update marts.mentions set url = url || '/changed'")
        warehouse.execute("update core.audits set marts_fingerprint = ?", [marts_fingerprint(warehouse)])


def publish_and_die(home: Home, function: str, call: str, disk: Disk) -> int:
    """Publish as SECOND in a process that SIGKILLs itself at a call: before (`1+0`) or after (`1+1`) the first, ...

    Returns the status with which the process ended.
    """
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    disk.watch()
    module_name, name = function.rsplit(".", 1)
    module = importlib.import_module(module_name)
    original = getattr(module, name)
    number, after = (int(part) for part in call.split("+"))
    calls = 0

    def deadly(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == number and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **kwargs)
        if calls == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(module, name, deadly)
    try:
        publish(make_night(home, run_id=SECOND))
    finally:
        os._exit(1)


@pytest.mark.parametrize(("function", "call"), BEFORE_THE_SWAP + AFTER_THE_SWAP)
def test_a_publication_cut_off_is_made_good_by_the_next(
    home: Home,
    tmp_path: Path,
    function: str,
    call: str,
) -> None:
    disk = Disk(home.published, tmp_path / "journal")
    assert publish_and_die(home, function, call, disk) == signal.SIGKILL
    survived = SECOND if (function, call) in AFTER_THE_SWAP else FIRST
    check(home, survived)
    killed = Home.at(tmp_path / "killed")
    subprocess.run(["cp", "-a", str(home.root), str(killed.root)], check=True)
    if disk.lose():
        make_good(killed, survived)
        survived = FIRST if (function, call) in NOT_YET_DURABLE else survived
        check(home, survived)
    make_good(home, survived)


def check(home: Home, survived: str) -> None:
    """The old marts or the new ones, whole, and the warehouse does not say otherwise."""
    assert published(home, "select max(run_id) from runs where published_at is not null") == [(survived,)]
    changed = published(home, "select count(*) from mentions where url like '%/changed'")
    assert changed == [(2 if survived == SECOND else 0,)]
    for row in rows(home, "select run_id from core.runs where published_at is not null"):
        assert row["run_id"] <= survived


def make_good(home: Home, survived: str) -> None:
    """The next publication leaves nothing half done."""
    publish_as(home, THIRD)
    assert published(home, "select max(run_id) from runs") == [(THIRD,)]
    outcome = "done" if survived == SECOND else "interrupted"
    assert published(home, f"select outcome, published_at is not null from runs where run_id = '{SECOND}'") == [
        (outcome, survived == SECOND)
    ]
    assert rows(home, f"select outcome from core.runs where run_id = '{SECOND}'") == [{"outcome": outcome}]
    assert version_ids(home) == sorted({FIRST, survived, THIRD})
    assert not list(home.published.rglob(".marts-*"))
