"""The network connectors through the real landing: rows, reruns, outcomes, and no author left in quarantine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import flows.http
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
from flows.ingest import SourceRun, ingest
from flows.night import Night
from flows.settings import parse_settings
from flows.sources.base import Outcome
from tests.landing_fixture import make_night, rows

NOW = datetime.now(UTC).replace(microsecond=0)
ANNA = MastodonAccount("anna.geheim", display_name="Anna Geheim", followers_count=7)
TIMELINE, SEARCH, FEED = "/api/v1/timelines/tag/velumo", "/api/v1/search_by_date", "/news.rss"


@dataclass
class Stage:
    """A home and three platforms with 90 toots, 30 stories and 3 items."""

    home: Path
    mastodon: MastodonServer
    hackernews: HackerNewsServer
    feeds: FeedServer

    def night(self) -> Night:
        entries = f"""
company: {{id: velumo, name: Velumo, query: velumo}}
sources:
  - {{type: mastodon, server: "{self.mastodon.url}", tags: [velumo], timeout_seconds: 1, max_tries: 2}}
  - {{type: hackernews, base_url: "{self.hackernews.url}", items_url: "{self.hackernews.url}", queries: [velumo],
      timeout_seconds: 1, max_tries: 2}}
  - {{type: feed, urls: ["{self.feeds.url}{FEED}"], timeout_seconds: 1, max_tries: 2}}
"""
        made = make_night(self.home)
        return Night.start(parse_settings(entries), made.home)

    def ingest(self) -> dict[str, SourceRun]:
        night = self.night()
        return {source.type: ingest(night, source) for source in night.settings.sources}


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setattr(flows.http, "FIRST_RETRY_SECONDS", 0.01)
    toots = [MastodonPost(ANNA, f"Toot {number} #velumo", NOW - timedelta(hours=number)) for number in range(90, 0, -1)]
    stories = [HackerNewsItem("pg", NOW - timedelta(hours=n), title=f"velumo {n}") for n in range(30)]
    items = tuple(FeedItem(f"Item {n}", "Text", f"https://news.example/{n}", None, NOW) for n in range(3))
    with ExitStack() as stack:
        yield Stage(
            tmp_path,
            stack.enter_context(MastodonServer(toots)),
            stack.enter_context(HackerNewsServer(stories)),
            stack.enter_context(FeedServer([Feed(FEED, items)])),
        )


def test_what_is_published_lands_once_and_a_second_run_changes_nothing(stage: Stage) -> None:
    runs = stage.ingest()
    assert {kind: (run.outcome, run.landed_count) for kind, run in runs.items()} == {
        "mastodon": (Outcome.OK, 90),
        "hackernews": (Outcome.OK, 30),
        "feed": (Outcome.OK, 3),
    }
    landed = rows(stage.night(), "select * from landing.mentions order by mention_id")
    assert len(landed) == 123
    again = stage.ingest()
    assert again["feed"].outcome is Outcome.NO_HITS
    assert landed == rows(stage.night(), "select * from landing.mentions order by mention_id")


def test_new_and_edited_posts_arrive_the_next_time(stage: Stage) -> None:
    stage.ingest()
    newest = max(stage.mastodon.posts)
    stage.mastodon.edit(newest, text="Changed #velumo", favourites_count=5)
    stage.mastodon.add(MastodonPost(ANNA, "New #velumo", NOW))
    stage.hackernews.add(HackerNewsItem("pg", NOW - timedelta(minutes=5), title="velumo, late"))
    stage.feeds.add(FEED, FeedItem("Item 9", "Text", "https://news.example/9"))
    stage.ingest()
    counts = rows(stage.night(), "select source, count(*) as n from landing.mentions group by all order by all")
    assert [row["n"] for row in counts] == [4, 31, 91]
    (edited,) = rows(stage.night(), f"select * from landing.mentions where native_id = '{newest}'")
    assert (edited["text"], edited["like_count"]) == ("Changed #velumo", 5)
    assert edited["edited_at"] is not None


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (faults.status(401), Outcome.ACCESS_LOST),
        (faults.status(429, {"Retry-After": "7200"}), Outcome.RATE_LIMITED),
        (faults.hang(300), Outcome.DOWN),
        (faults.oversized(100), Outcome.DOWN),
    ],
    ids=["401", "429", "hang", "big"],
)
def test_every_failure_has_its_outcome_and_the_others_finish(stage: Stage, fault: Any, outcome: Outcome) -> None:
    stage.mastodon.broken[TIMELINE] = fault
    stage.feeds.broken[FEED] = fault
    begun = time.monotonic()
    runs = stage.ingest()
    assert time.monotonic() - begun < 60
    assert runs["mastodon"].outcome is runs["feed"].outcome is outcome
    assert runs["hackernews"].outcome is Outcome.OK
    for kind in ("mastodon", "feed"):
        assert runs[kind].message
        assert runs[kind].landed_count == 0


def test_a_broken_record_is_quarantined_without_its_author(stage: Stage) -> None:
    stage.mastodon.add(MastodonPost(ANNA, "#velumo", NOW, overrides={"content": None}))
    stage.hackernews.add(HackerNewsItem("paul.geheim", NOW, title="velumo", overrides={"points": "many"}))
    runs = stage.ingest()
    assert (runs["mastodon"].quarantined_count, runs["hackernews"].quarantined_count) == (1, 1)
    for run in runs.values():
        assert run.record_count == run.landed_count + run.quarantined_count + run.skipped_count
    found = rows(stage.night(), "select source, field, reason, payload from landing.quarantine order by source")
    assert [(row["source"], row["field"]) for row in found] == [("hackernews", "points"), ("mastodon", "content")]
    assert all("geheim" not in row["payload"].lower() for row in found)


def test_a_search_for_nothing_is_no_hits(stage: Stage) -> None:
    stage.hackernews.posts.clear()
    assert stage.ingest()["hackernews"].outcome is Outcome.NO_HITS
