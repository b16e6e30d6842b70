"""`marktecho ingest SOURCE --since --until` fills in a past time, resumes, and refuses where that is not possible."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import flows.http
from flows.cli import app
from flows.demo.platforms import HackerNewsItem, HackerNewsServer, MastodonAccount, MastodonPost, MastodonServer, faults
from flows.home import Home
from flows.warehouse import connect

BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
SINCE, UNTIL = "2026-10-05T00:00+00:00", "2026-10-15T00:00+00:00"
CONFIG = """
company: {{id: velumo, name: Velumo, query: velumo}}
sources:
  - {{type: mastodon, server: "{mastodon}", tags: [velumo, rad], max_tries: 1}}
  - {{type: hackernews, queries: [velumo], base_url: "{hackernews}", items_url: "{hackernews}", max_tries: 1{limit}}}
  - {{type: feed, urls: ["{hackernews}/feed"]}}
"""


class Stage:
    """Two platforms with a post every six hours of October, and a home."""

    def __init__(self, root: Path, mastodon: MastodonServer, hackernews: HackerNewsServer) -> None:
        self.root, self.mastodon, self.hackernews = root, mastodon, hackernews
        anna = MastodonAccount("anna")
        for number in range(120):
            at = BEGIN + timedelta(hours=6 * number)
            mastodon.add(MastodonPost(anna, f"Post {number} #{('velumo', 'rad')[number % 2]}", at))
            hackernews.add(HackerNewsItem("pg", at, title=f"velumo {number}"))

    def ingest(self, *arguments: str, limit: str = "") -> tuple[int, Any]:
        config = self.root / "listening.yaml"
        config.write_text(
            CONFIG.format(mastodon=self.mastodon.url, hackernews=self.hackernews.url, limit=limit), encoding="utf-8"
        )
        given = ["ingest", *arguments, "--config", str(config), "--home", str(self.root / "home"), "--json"]
        done = CliRunner().invoke(app, given)
        return done.exit_code, json.loads(done.stdout) if done.stdout else done.exception

    def landed(self, source: str) -> list[datetime]:
        with connect(Home.locate(self.root / "home")) as warehouse:
            found = warehouse.execute(
                "select published_at from landing.mentions where source = $1 order by all", [source]
            )
            return [row[0] for row in found.fetchall()]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setattr(flows.http, "FIRST_RETRY_SECONDS", 0.01)
    with MastodonServer(page_limit=10) as mastodon, HackerNewsServer() as hackernews:
        yield Stage(tmp_path, mastodon, hackernews)


@pytest.mark.parametrize("source", ["mastodon", "hackernews"])
def test_fills_in_exactly_that_time_and_leaves_the_usual_cursor_alone(stage: Stage, source: str) -> None:
    code, (run,) = stage.ingest(source, "--since", SINCE, "--until", UNTIL)
    assert (code, run["outcome"], run["source"]) == (0, "ok", f"{source} backfill")
    wanted = [BEGIN + timedelta(hours=6 * number) for number in range(16, 56)]
    assert stage.landed(source) == wanted
    assert run["landed_count"] == 40
    code, (run,) = stage.ingest(source, "--since", SINCE, "--until", UNTIL)
    assert (code, run["outcome"], run["record_count"]) == (0, "no_hits", 0)
    assert "filled in before" in run["message"]


def test_goes_on_after_a_failure_and_after_the_limit_of_records(stage: Stage) -> None:
    path = "/api/v1/timelines/tag/rad"
    stage.mastodon.broken[path] = faults.status(500)
    window = ("--since", SINCE, "--until", UNTIL)
    code, (run,) = stage.ingest("mastodon", *window)
    assert (code, run["outcome"]) == (4, "down")
    assert len(stage.landed("mastodon")) == 20
    stage.mastodon.broken.clear()
    asked = len(stage.mastodon.requests)
    assert stage.ingest("mastodon", *window)[0] == 0
    assert len(stage.landed("mastodon")) == 40
    assert "/velumo" not in " ".join(request.path for request in stage.mastodon.requests[asked + 1 :])

    limit = ", max_records_per_run: 15"
    runs = [stage.ingest("hackernews", *window, limit=limit)[1][0] for _ in range(8)]
    assert len(stage.landed("hackernews")) == 40
    assert "run the same command again" in runs[0]["message"]
    assert "filled in before" in runs[-1]["message"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("feed", "--since", SINCE), "cannot be asked for a time. Types that can: bluesky, hackernews, mastodon"),
        (("--since", SINCE), "name it"),
        (("mastodon", "hackernews", "--since", SINCE), "name it"),
        (("mastodon", "--until", UNTIL), "needs --since"),
        (("mastodon", "--since", "gestern"), "not a date"),
        (("mastodon", "--since", UNTIL, "--until", SINCE), "not before"),
        (("mastodon", "--since", SINCE, "--until", "2999-01-01"), "not over yet"),
    ],
)
def test_wrong_use_is_refused_before_anything_is_written(stage: Stage, arguments: tuple[str, ...], reason: str) -> None:
    _, error = stage.ingest(*arguments)
    assert error.exit_code == 2
    assert reason in str(error)
    assert not (stage.root / "home" / "warehouse.duckdb").exists()
