"""A night killed (SIGKILL) at every step boundary and in the middle of steps, then run again: the marts are those of a
night that nobody disturbed. A long fault suite with disks and clocks comes on top of this one."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import duckdb
import pytest

from flows.demo.story.cast import Post
from flows.demo.story.script import Script
from tests.night_process import AS_OF, marktecho, marktecho_killed_at, marts_content
from tests.prefect_server import PrefectServer

FIRST_DAY, SECOND_DAY = 1_300, 1_100
FILLER = 6_000
"""Posts about nothing that is listened for, so that ingest has more than one chunk but the model little to read."""

BOUNDARIES = ["^ingest", "^prepare", "^enrich: 0", "^build", "^audit", "^publish"]
MIDDLES = [r"^ingest export: \d,", r"^prepare: [1-9]", r"^enrich: [1-9]", r"^build: [1-9]", r"^publish: [1-9]"]


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory, prefect: PrefectServer) -> Path:
    """A folder with a home whose first night is published, and with new posts waiting for the second."""
    folder = tmp_path_factory.mktemp("night")
    (folder / "exports").mkdir()
    (folder / "listening.yaml").write_text(
        "language: en\n"
        "company: {id: velumo, name: Velumo, query: velumo}\n"
        "competitors: [{id: pedelo, name: Pedelo, query: pedelo}]\n"
        "sources: [{type: files, name: export, paths: ['exports/*.csv']}]\n",
        encoding="utf-8",
    )
    posts = [post for post in Script(datetime(2026, 11, 20, tzinfo=UTC)).posts if post.platform == "mastodon"]
    write_export(folder / "exports" / "1.csv", posts[:FIRST_DAY], filler=0)
    night(folder, folder / "home", prefect)
    write_export(folder / "exports" / "2.csv", posts[FIRST_DAY : FIRST_DAY + SECOND_DAY], filler=FILLER)
    return folder


@pytest.fixture(scope="module")
def undisturbed(published_once: Path, prefect: PrefectServer) -> dict[str, list[tuple[object, ...]]]:
    """The marts after a second night that nobody disturbed."""
    home = published_once / "calm"
    shutil.copytree(published_once / "home", home)
    night(published_once, home, prefect)
    return marts_content(home)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("moments", [BOUNDARIES, MIDDLES], ids=["at step boundaries", "in the middle of steps"])
def test_a_killed_night_run_again_ends_like_an_undisturbed_one(
    moments: list[str],
    published_once: Path,
    undisturbed: dict[str, list[tuple[object, ...]]],
    prefect: PrefectServer,
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    shutil.copytree(published_once / "home", home)
    before = marts_content(home)
    for moment in moments:
        was_killed, lines = marktecho_killed_at(moment, *command(published_once, home), environment=prefect.environment)
        assert was_killed, f"no progress matched {moment}: {lines}"
        assert marts_content(home) in (before, undisturbed), f"killed at {moment}: readers see a mixture"
    night(published_once, home, prefect)
    assert marts_content(home) == undisturbed
    with duckdb.connect(str(home / "published" / "marts.duckdb"), read_only=True) as marts:
        outcomes = dict(marts.execute("select outcome, count(*) from marts.runs group by all").fetchall())
    assert outcomes == {"done": 2, "interrupted": len(moments)}


def command(folder: Path, home: Path) -> tuple[str | Path, ...]:
    return "nightly", "--config", folder / "listening.yaml", "--home", home, "--as-of", AS_OF


def night(folder: Path, home: Path, prefect: PrefectServer) -> None:
    done = marktecho(*command(folder, home), environment=prefect.environment)
    assert done.code == 0, done.errors


def write_export(path: Path, posts: Sequence[Post], *, filler: int) -> None:
    rng = Random(3)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "author", "created_at", "text"])
        for post in posts:
            out.writerow([post.key, post.author, post.published_at.isoformat(), post.text])
        for number in range(filler):
            moment = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(minutes=number)
            words = " ".join("".join(rng.choices("abcdefghij", k=6)) for _ in range(8))
            out.writerow([f"filler{number}", f"someone{number}", moment.isoformat(), words])
