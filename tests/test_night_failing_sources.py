"""A night in which every source but one fails, each in its own way.

It publishes, says truthfully what happened, and the next night has everything.
"""

from __future__ import annotations

import json
import shutil
import stat
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.demo.platforms import (
    Feed,
    FeedItem,
    FeedServer,
    HackerNewsItem,
    HackerNewsServer,
    MastodonAccount,
    MastodonPost,
    MastodonServer,
    faults,
)
from flows.demo.platforms.server import PlatformServer
from tests.night_process import Done, ask, nightly
from tests.prefect_server import PrefectServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FIRST_TIME = datetime(2026, 11, 2, 8, tzinfo=UTC)
TIMELINE, SEARCH, FEED = "/api/v1/timelines/tag/velumo", "/api/v1/search_by_date", "/news.rss"
POST_COUNT, PAGE = 6, 2
LATER = "posts.csv"
PLANTED = {
    "NIGHT_TOKEN": "tok-3f9c1e-fediverse",
    "NIGHT_CHANNEL": "json://anna:pw-77d0aa@127.0.0.1:9/hook-51b2ee",
}
"""Secrets in the environment."""
WATCHED = "Projekt Nachtigall"

OUTCOMES = {
    "healthy": ("ok", ""),
    "locked": ("access_lost", "access refused (401). Check the token"),
    "busy": ("rate_limited", "too many requests (429), asks to wait 3600 s"),
    "ill": ("down", "the platform fails (500)"),
    "cut": ("down", "without sending complete message body"),
    "page": ("down", "a web page instead of JSON"),
    "silent": ("down", "no complete answer in time"),
    "late": ("down", f"{LATER}: there is no such file. Check `paths`"),
}


@dataclass(frozen=True)
class Stage:
    """The platforms by source name, the settings that name them, and their posts in all."""

    config: Path
    servers: dict[str, PlatformServer]

    def spoil(self) -> None:
        """Let every platform but one fail."""
        broken = {name: server.broken for name, server in self.servers.items()}
        broken["locked"][TIMELINE] = faults.status(401)
        broken["busy"][TIMELINE] = faults.status(429, {"Retry-After": "3600"})
        broken["cut"][SEARCH] = faults.truncated()
        broken["page"][SEARCH] = faults.html()
        broken["silent"][FEED] = faults.hang(60)
        failing = faults.status(500)
        self.servers["ill"].faults = deque([lambda first_page: first_page, failing, failing])

    def mend(self) -> None:
        """Let all platforms work, and the missing file come."""
        for server in self.servers.values():
            server.broken.clear()
            assert not server.faults, "the failing platform was not asked as often as expected"
        rows = "".join(f"{n},2026-11-03T10:00:00Z,Velumo Nummer {n}\n" for n in range(POST_COUNT))
        (self.config.parent / LATER).write_text(f"id,created_at,text\n{rows}", encoding="utf-8")


@dataclass(frozen=True)
class Night:
    """A night that has run and what Prefect says about it."""

    home: Path
    done: Done
    state: dict[str, Any]

    def published(self, question: str) -> list[tuple[Any, ...]]:
        return ask(self.home / "published" / "marts.duckdb", question)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    servers: dict[str, PlatformServer] = {name: toots() for name in ("healthy", "busy", "ill")}
    servers["locked"] = toots(PLANTED["NIGHT_TOKEN"])
    servers |= {"cut": stories(), "page": stories(), "silent": articles()}
    with ExitStack() as stack:
        for server in servers.values():
            stack.enter_context(server)
        limits = "timeout_seconds: 1, max_wait_seconds: 5, max_tries: 2"
        entries = [f"{{type: files, name: late, paths: [{LATER}]}}"]
        for name, server in servers.items():
            match server:
                case MastodonServer():
                    where = f"type: mastodon, server: '{server.url}', tags: [velumo], lookback_days: 3650"
                    where += ", token_variable: NIGHT_TOKEN" if name == "locked" else ""
                case HackerNewsServer():
                    urls = f"base_url: '{server.url}', items_url: '{server.url}'"
                    where = f"type: hackernews, {urls}, queries: [velumo], lookback_days: 3650"
                case _:
                    where = f"type: feed, urls: ['{server.url}{FEED}']"
            entries.append(f"{{name: {name}, {where}, {limits}}}")
        config = tmp_path_factory.mktemp("failing") / "listening.yaml"
        lines = [
            "company: {id: velumo, name: Velumo, query: velumo}",
            "alerts: {channels: [NIGHT_CHANNEL]}",
            f"watchlist: {{terms: [{WATCHED}]}}",
            "sources:",
            *(f"  - {one}" for one in entries),
        ]
        config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        yield Stage(config, servers)


@pytest.fixture(scope="module")
def failed(stage: Stage, prefect: PrefectServer) -> Night:
    stage.spoil()
    return run_night(stage, stage.config.parent / "home", prefect)


def run_night(stage: Stage, home: Path, prefect: PrefectServer) -> Night:
    done = nightly(stage.config, home, prefect.environment | PLANTED)
    return Night(home, done, prefect.started_runs()[-1]["state"])  # type: ignore[arg-type]


def test_the_night_publishes_and_tells_failed_source_from_failed_night(failed: Night) -> None:
    assert failed.done.code == 4, failed.done.errors
    assert (failed.state["type"], failed.state["name"]) == ("COMPLETED", "SourceFailed")
    assert failed.published("select outcome, audit_result from marts.runs") == [("source_failed", "passed")]
    (message,) = failed.published("select message from marts.runs")[0]
    for source in OUTCOMES.keys() - {"healthy"}:
        assert f"{source}: {OUTCOMES[source][0]}" in message
        assert f"{source}: {OUTCOMES[source][0]}" in failed.state["message"]
    assert "Traceback" not in failed.done.errors


def test_every_source_says_what_happened_and_what_to_do(failed: Night) -> None:
    health = failed.published("select source, outcome, coalesce(message, '') from marts.source_health")
    assert {source: outcome for source, outcome, _ in health} == {name: one[0] for name, one in OUTCOMES.items()}
    for source, _, message in health:
        assert OUTCOMES[source][1] in message
        assert (source == "healthy") == (message == "")


def test_the_night_keeps_what_was_delivered(failed: Night) -> None:
    counts = dict(failed.published("select source, count(*) from marts.mentions group by all"))
    assert counts == {"healthy": POST_COUNT, "ill": PAGE}


def test_the_user_sees_which_sources_failed(failed: Night) -> None:
    for source, (outcome, _) in OUTCOMES.items():
        (line,) = [line for line in failed.done.output.splitlines() if line.split()[:1] == [source]]
        assert outcome in line


def test_the_next_night_has_everything_once_the_sources_recover(
    failed: Night, stage: Stage, prefect: PrefectServer, tmp_path: Path
) -> None:
    stage.mend()
    shutil.copytree(failed.home, tmp_path / "home")
    night = run_night(stage, tmp_path / "home", prefect)
    assert night.done.code == 0, night.done.errors
    assert (night.state["type"], night.state["name"]) == ("COMPLETED", "Completed")
    counts = night.published("select source, count(*), count(distinct mention_id) from marts.mentions group by all")
    assert sorted(counts) == sorted((source, POST_COUNT, POST_COUNT) for source in OUTCOMES)
    assert night.published("select outcome from marts.runs order by started_at") == [("source_failed",), ("done",)]


def toots(token: str = "") -> MastodonServer:
    author = MastodonAccount("anna")
    return MastodonServer(
        [
            MastodonPost(author, f"Mein #Velumo, Teil {number}", FIRST_TIME + timedelta(hours=number))
            for number in range(POST_COUNT)
        ],
        page_limit=PAGE,
        token=token,
    )


def stories() -> HackerNewsServer:
    return HackerNewsServer(
        HackerNewsItem("pg", FIRST_TIME + timedelta(hours=number), title=f"Velumo, part {number}")
        for number in range(POST_COUNT)
    )


def articles() -> FeedServer:
    items = (FeedItem(f"Velumo im Test, Teil {number}", guid=f"tag:{number}") for number in range(POST_COUNT))
    return FeedServer([Feed(FEED, tuple(items))])


def test_no_secret_and_nothing_watched_for_is_in_anything_that_the_night_left(
    failed: Night, prefect: PrefectServer
) -> None:
    """Bytes of all files (reports, Data Docs, logs, Prefect's database), and rows: DuckDB packs texts."""
    planted = [PLANTED["NIGHT_TOKEN"], "pw-77d0aa", "hook-51b2ee", WATCHED, "achtigall"]
    said = failed.done.output + failed.done.errors + json.dumps(failed.state, default=str)
    left = {path: path.read_bytes() for path in files(failed.home, Path(prefect.environment["PREFECT_HOME"]))}
    assert any(path.name == "prefect.db" for path in left)
    for text in planted:
        assert text not in said
        assert [path for path, content in left.items() if text.encode() in content] == []
    for database in failed.home.rglob("*.duckdb"):
        with duckdb.connect(str(database), read_only=True) as connection:
            tables = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
            for schema, table in tables:
                whole = f'select count(*) from "{schema}"."{table}" as t where contains(t::varchar, ?)'
                assert [text for text in planted if connection.execute(whole, [text]).fetchone() != (0,)] == [], table


def test_what_the_night_left_is_for_its_user_alone(failed: Night) -> None:
    """Also in a folder that others may enter; the marts are for the group, as far as the user's umask allows."""
    modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in failed.home.rglob("*") if not path.is_symlink()}
    open_to_others = {path.relative_to(failed.home).as_posix() for path, mode in modes.items() if mode & 0o077}
    assert all(name == "published/marts.duckdb" or name.startswith("published/versions/") for name in open_to_others)
    assert all(mode & 0o027 == 0 for mode in modes.values())


def files(*folders: Path) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in folder.rglob("*") if path.is_file())
