"""Known posts are asked for again at the real connectors; deletions stick, failures lose nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from flows import recheck as step
from flows.demo.platforms import HackerNewsItem, HackerNewsServer, MastodonAccount, MastodonPost, MastodonServer, faults
from flows.demo.platforms.bluesky import BlueskyPost, BlueskyServer
from flows.home import Home
from flows.prepare import prepare
from flows.recheck import recheck
from flows.sources.base import Connector
from flows.sources.mastodon import Mastodon
from tests.landed_fixture import AS_OF, PUBLISHED, land, make_night, post, rows

ANNA = MastodonAccount("anna")
SETTINGS = """
company: {{id: acme, name: Acme, query: acme}}
sources:
  - {{type: mastodon, server: "{mastodon}", public: all}}
  - {{type: hackernews, queries: [acme], base_url: "{hackernews}", items_url: "{hackernews}"}}
  - {{type: files, name: export, paths: ["/nowhere/*.csv"]}}
"""


class Stage:
    """Local platforms and a warehouse that has heard of their posts."""

    def __init__(self, home: Home, mastodon: MastodonServer, hackernews: HackerNewsServer) -> None:
        self.home = home
        self.mastodon = mastodon
        self.hackernews = hackernews
        self.settings = SETTINGS.format(mastodon=mastodon.url, hackernews=hackernews.url)
        self.toots = [mastodon.add(MastodonPost(ANNA, f"Acme {n}", PUBLISHED + timedelta(hours=n))) for n in range(5)]
        self.items = [
            str(
                hackernews.add(
                    HackerNewsItem(author="bob", created_at=PUBLISHED + timedelta(hours=n), text=f"acme {n}")
                )
            )
            for n in range(5)
        ]
        land(
            home,
            *(post(native_id, "Acme ist toll", source="mastodon") for native_id in self.toots),
            *(post(native_id, "acme is great", source="hackernews") for native_id in self.items),
            post("row-1", "Acme", source="export"),
        )
        self.prepare()

    def night(self, days: int = 0):  # type: ignore[no-untyped-def]
        return make_night(self.home, self.settings, AS_OF + timedelta(days=days))

    def prepare(self) -> None:
        prepare(self.night())

    def gone(self) -> set[str]:
        return {row[0] for row in rows(self.home, "select native_id from core.tombstones")}

    def checked_count(self) -> int:
        return int(rows(self.home, "select count(*) from core.rechecks")[0][0])


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with MastodonServer() as mastodon, HackerNewsServer() as hackernews:
        yield Stage(Home.locate(tmp_path / "home"), mastodon, hackernews)


@pytest.fixture
def bluesky() -> Iterator[BlueskyServer]:
    with BlueskyServer() as server:
        yield server


def test_deleted_posts_are_found_and_leave_the_live_ones(stage: Stage) -> None:
    stage.mastodon.delete(stage.toots[1])
    stage.hackernews.delete(int(stage.items[2]))
    stage.hackernews.kill(int(stage.items[3]))
    assert recheck(stage.night()) == 3
    assert stage.gone() == {stage.toots[1], stage.items[2], stage.items[3]}
    assert stage.checked_count() == 7
    stage.prepare()
    live = rows(stage.home, "select native_id from core.mentions where deleted_at is null")
    assert {row[0] for row in live} == {*stage.toots, *stage.items, "row-1"} - stage.gone()


def test_posts_are_asked_for_again_after_the_interval_only(stage: Stage) -> None:
    recheck(stage.night())
    asked = len(stage.hackernews.requests) + len(stage.mastodon.requests)
    stage.hackernews.delete(int(stage.items[0]))
    assert recheck(stage.night(days=Connector.recheck_interval.days - 1)) == 0
    assert len(stage.hackernews.requests) + len(stage.mastodon.requests) == asked
    assert recheck(stage.night(days=Connector.recheck_interval.days)) == 1
    assert stage.checked_count() == 9


def test_a_post_known_to_be_gone_is_not_asked_for(stage: Stage) -> None:
    stage.hackernews.delete(int(stage.items[0]))
    assert recheck(stage.night(), ["hackernews"]) == 1
    before = len(stage.hackernews.requests)
    assert recheck(stage.night(days=30), ["hackernews"]) == 0
    assert len(stage.hackernews.requests) - before == 4


def test_a_failing_source_keeps_its_answers_and_lets_the_others_go_on(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "BATCH_SIZE", 2)
    stage.mastodon.broken["/api/v1/statuses"] = faults.status(401)
    order = [row[0] for row in rows(stage.home, DUE_HACKERNEWS)]
    stage.hackernews.delete(int(order[0]))
    stage.hackernews.broken[f"/v0/item/{order[3]}.json"] = faults.status(401)
    night = stage.night()
    assert recheck(night) == 1
    assert stage.gone() == {order[0]}
    assert stage.checked_count() == 2
    outcomes = rows(stage.home, "select source, outcome, message from core.source_runs where run_id = $1", night.run_id)
    assert {source: outcome for source, outcome, _ in outcomes} == {
        "mastodon": "access_lost",
        "hackernews": "access_lost",
    }
    assert all(message.startswith("recheck: ") for _, _, message in outcomes)
    stage.hackernews.broken.clear()
    assert recheck(stage.night(), ["hackernews"]) == 0
    assert stage.checked_count() == 4


DUE_HACKERNEWS = """
select native_id from core.mentions where source = 'hackernews' order by published_at desc nulls last, mention_id
"""


def test_no_more_than_the_limit_is_asked_for_and_the_rest_comes_next(stage: Stage) -> None:
    stage.settings = stage.settings.replace("queries: [acme]", "queries: [acme], max_records_per_run: 3")
    recheck(stage.night(), ["hackernews"])
    assert stage.checked_count() == 3
    recheck(stage.night(), ["hackernews"])
    assert stage.checked_count() == 5


def test_a_source_that_cannot_be_asked_or_is_disabled_is_left_alone(stage: Stage) -> None:
    stage.settings = stage.settings.replace("type: hackernews", "type: hackernews, enabled: false")
    recheck(stage.night())
    assert stage.checked_count() == 5
    assert stage.hackernews.requests == []


def test_a_gone_account_takes_all_its_posts_along_also_those_not_due(stage: Stage, bluesky: BlueskyServer) -> None:
    did, other = "did:plc:anna", "did:plc:ben"
    uris = [bluesky.add(BlueskyPost(did, f"acme {n}", PUBLISHED + timedelta(hours=n))) for n in range(3)]
    uris.append(bluesky.add(BlueskyPost(other, "acme", PUBLISHED)))
    stage.settings += (
        f"  - {{type: bluesky, words: [acme], service: '{bluesky.url}', public_service: '{bluesky.url}'}}\n"
    )
    authors = [did, did, did, other]
    land(stage.home, *(post(uri, "Acme", source="bluesky", author=who) for uri, who in zip(uris, authors, strict=True)))
    stage.prepare()
    assert recheck(stage.night(), ["bluesky"]) == 0
    ((key,),) = rows(stage.home, "select author_key from landing.mentions where native_id = $1", uris[0])
    land(stage.home, post("at://did:plc:anna/app.bsky.feed.post/new", "Acme", source="bluesky", author=key))
    stage.prepare()
    for uri in uris[:3]:
        bluesky.delete(uri)
    bluesky.accounts[did] = "deleted"
    assert recheck(stage.night(days=1), ["bluesky"]) == 4
    assert stage.gone() == {*uris[:3], "at://did:plc:anna/app.bsky.feed.post/new"}


def test_what_the_platform_no_longer_confirms_in_its_time_has_to_go(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Mastodon, "must_confirm_within", timedelta(days=30))
    recheck(stage.night(), ["mastodon"])
    stage.mastodon.broken["/api/v1/statuses"] = faults.status(401)
    assert recheck(stage.night(days=30), ["mastodon"]) == 0
    assert recheck(stage.night(days=31), ["mastodon"]) == 5
    assert stage.gone() == set(stage.toots)
    assert {row[0] for row in rows(stage.home, "select reason from core.tombstones")} == {"unconfirmed"}


def test_an_empty_warehouse_is_no_trouble(tmp_path: Path) -> None:
    assert recheck(make_night(Home.locate(tmp_path / "empty"))) == 0
