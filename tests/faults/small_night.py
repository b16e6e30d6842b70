"""A night small enough to be disturbed many times: a few hundred posts from files, in small portions."""

from __future__ import annotations

import csv
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flows.demo.story.cast import Post
from flows.demo.story.script import Script
from flows.published import attach_marts
from tests.faults.command import Command, Ended, Preparation
from tests.faults.reader import content_of
from tests.night_process import AS_OF, ask

FIRST_DAY, SECOND_DAY = 240, 160
CONFIG = """
language: en
company: {id: velumo, name: Velumo, query: velumo}
competitors: [{id: pedelo, name: Pedelo, query: pedelo}]
sources: [{type: files, name: export, paths: ['exports/*.csv', 'exports/*.parquet']}]
"""


def in_small_portions() -> None:
    """Let every step have several portions of the few posts, as it has of many."""
    from flows import enrich
    from flows.core import tables
    from flows.landing import chunk
    from flows.sources import files

    files.ROWS_PER_PAGE, chunk.ENOUGH, tables.BATCH_SIZE, enrich.BATCH_SIZE = 40, 40, 60, 60  # type: ignore[misc]


@dataclass(frozen=True)
class Prepared:
    """Runs `then` in the process of a command that works in small portions."""

    then: Preparation | None = None

    def __call__(self) -> None:
        in_small_portions()
        if self.then:
            self.then()


@dataclass(frozen=True)
class Village:
    """Settings and exports in a folder, with the posts of a second day waiting.

    Nights run in `home`. What it was after the first day's night is kept as `first`, what it was after the second's,
    which nobody disturbed, as `calm`.
    """

    folder: Path
    environment: dict[str, str]
    post_ids: list[str]

    @property
    def settings(self) -> tuple[str, Path]:
        """The option that names the settings."""
        return "--config", self.folder / "listening.yaml"

    @property
    def first(self) -> Path:
        return self.folder / "first"

    @property
    def calm(self) -> Path:
        return self.folder / "calm"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def begin_with(self, kept: Path) -> Path:
        """Make `home` what it was. The place stays the same, so dbt does not read its project anew each time."""
        shutil.rmtree(self.home, ignore_errors=True)
        subprocess.run(["cp", "-a", str(kept), str(self.home)], check=True)
        return self.home

    def start(self, home: Path, prepare: Preparation | None = None, *, as_of: str = AS_OF) -> Command:
        """Begin a night."""
        return self.command("nightly", *self.settings, "--as-of", as_of, home=home, prepare=prepare)

    def night(self, home: Path, prepare: Preparation | None = None, *, as_of: str = AS_OF) -> Ended:
        """Run a night to its end."""
        return self.start(home, prepare, as_of=as_of).end()

    def command(self, *arguments: str | Path, home: Path, prepare: Preparation | None = None) -> Command:
        """Begin a command on a home."""
        log = self.folder / f"{home.name}-{time.monotonic_ns()}.log"
        return Command(
            *arguments, "--home", home, log=log, environment=self.environment, prepare=Prepared(prepare)
        )  # fmt: skip


def found(folder: Path, environment: dict[str, str]) -> Village:
    """Write settings and exports, and run the two nights."""
    exports = folder / "exports"
    exports.mkdir(parents=True)
    (folder / "listening.yaml").write_text(CONFIG, encoding="utf-8")
    village = Village(folder, environment, sorted(post.key for post in posts()))
    write_export(exports / "1.csv", posts()[:FIRST_DAY])
    _keep(village, village.first)
    write_export(exports / "2.csv", posts()[FIRST_DAY:])
    _keep(village, village.calm)
    return village


def _keep(village: Village, kept: Path) -> None:
    ended = village.night(village.home)
    assert ended.code == 0, ended.printed
    subprocess.run(["cp", "-a", str(village.home), str(kept)], check=True)


def posts() -> list[Post]:
    """The posts of both days, the oldest first."""
    script = Script(datetime(2026, 11, 20, tzinfo=UTC))
    return [post for post in script.posts if post.platform == "mastodon"][-FIRST_DAY - SECOND_DAY :]


def fingerprint(home: Path) -> str:
    """One value for all published marts about mentions; see `content_of`."""
    with attach_marts(home / "published" / "marts.duckdb") as marts:
        return content_of(marts)


def kept_ids(home: Path) -> dict[str, list[str]]:
    """The posts that a home's warehouse holds, by table; one that is there twice is there twice."""
    return {
        table: [row[0] for row in ask(home / "warehouse.duckdb", f"select native_id from {table} order by 1")]
        for table in ("landing.mentions", "core.mentions")
    }


def write_export(path: Path, posts: Sequence[Post]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "author", "created_at", "text"])
        for post in posts:
            out.writerow([post.key, post.author, post.published_at.isoformat(), post.text])
