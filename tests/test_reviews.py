"""The connectors of review platforms against local servers: Apple's feeds and Trustpilot's API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flows.demo.platforms import faults
from flows.sources.appstore import AppStore, AppStoreSettings
from flows.sources.base import BrokenRecord, Outcome, SourceFailed, can
from flows.sources.trustpilot import Trustpilot, TrustpilotSettings
from tests.newest_first_fixture import read, without_sleep
from tests.platforms.reviews import KEY, AppStoreServer, TrustpilotServer, entry, review

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def appstore(server: AppStoreServer, **changes: Any) -> AppStore:
    given = {"apps": (77,), "countries": ("DE", "at"), "overlap_hours": 0, "timeout_seconds": 5} | changes
    return AppStore(AppStoreSettings(base_url=server.url, **given), open_client=without_sleep, clock=lambda: NOW)


def trustpilot(server: TrustpilotServer, **changes: Any) -> Trustpilot:
    given = {"domains": ("velumo.de",), "key_variable": "VELUMO_REVIEWS", "overlap_hours": 0} | changes
    return Trustpilot(TrustpilotSettings(base_url=server.url, **given), open_client=without_sleep, clock=lambda: NOW)


def entries(count: int) -> list[dict[str, Any]]:
    return [entry(number, NOW - timedelta(hours=number)) for number in range(count)]


@pytest.mark.parametrize("is_empty", [False, True])
def test_apple_reviews_are_read_from_either_address(is_empty: bool) -> None:
    with AppStoreServer(entries(151)) as server:
        server.is_empty = is_empty
        ids, cursor = read(appstore(server))
        assert len(set(ids)) == 151
        server.entries.append(entry(900, NOW + timedelta(minutes=1)))
        assert "900" in read(appstore(server), cursor)[0]


def test_apple_shows_five_hundred_reviews_and_an_empty_feed_takes_nothing_away() -> None:
    with AppStoreServer(entries(600)) as server:
        ids, cursor = read(appstore(server, countries=("de",)))
        assert len(set(ids)) == 500
        server.entries = []
        assert read(appstore(server, countries=("de",)), cursor) == ([], cursor)


def test_maps_an_apple_review() -> None:
    with AppStoreServer(entries(1)) as server:
        source = appstore(server, countries=("de",))
        record = next(iter(source.fetch({}))).records[0]
        mention = source.to_mention(record)
    assert mention.text == "Absturz\n\nDie App stürzt ab."
    assert (mention.native_id, mention.author, mention.like_count, mention.reach) == ("0", "500", 4, None)
    assert mention.published_at == NOW
    assert mention.url == "https://apps.apple.com/de/app/id77?see-all=reviews"
    assert source.to_mention({**record, "updated": None}).published_at is None
    assert not can(source, "recheck"), "the feed cannot be asked for a single review"
    for changes, field in (({"content": None}, "content"), ({"updated": "soon"}, "updated"), ({"id": ""}, "id")):
        with pytest.raises(BrokenRecord) as caught:
            source.to_mention({**record, **changes})
        assert caught.value.field_name == field


def test_apple_failures_have_their_own_outcomes() -> None:
    with AppStoreServer(entries(1)) as server:
        for fault, outcome in (
            (faults.status(502), Outcome.DOWN),
            (faults.status(403), Outcome.ACCESS_LOST),
            (faults.status(200, message="changed"), Outcome.SCHEMA_DRIFT),
        ):
            server.broken["/de/rss/customerreviews/page=1/id=77/sortby=mostrecent/json"] = fault
            with pytest.raises(SourceFailed) as caught:
                read(appstore(server))
            assert caught.value.outcome is outcome


def test_trustpilot_reviews_are_read_and_mapped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VELUMO_REVIEWS", KEY)
    with TrustpilotServer([review(number, NOW - timedelta(hours=number)) for number in range(130)]) as server:
        source = trustpilot(server)
        ids, cursor = read(source)
        assert len(set(ids)) == 130
        server.reviews.append(review(900, NOW + timedelta(minutes=1), title=None, companyReply=None))
        assert "r900" in read(trustpilot(server), cursor)[0]
        first, last = (source.to_mention(server.reviews[number]) for number in (0, -1))
    assert first.text == "Nie wieder\n\nDas Rad kam nicht."
    assert (first.native_id, first.author, first.language_hint, first.url) == (
        *("r0", "c1", "de"),
        "https://www.trustpilot.com/reviews/r0",
    )
    assert (first.published_at, first.edited_at, first.like_count, first.reply_count) == (NOW, None, 2, 1)
    assert (last.text, last.reply_count) == ("Das Rad kam nicht.", 0)
    with pytest.raises(BrokenRecord, match="createdAt"):
        source.to_mention(review(1, NOW, createdAt=None))


def test_trustpilot_rechecks_and_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VELUMO_REVIEWS", KEY)
    with TrustpilotServer([review(1, NOW), review(2, NOW, status="archived")]) as server:
        answers = {each.native_id: each.gone for each in trustpilot(server).recheck(["r1", "r2", "r3"])}
        assert answers == {"r1": None, "r2": "taken down", "r3": "deleted"}
        with pytest.raises(SourceFailed, match=r"no company at velumo\.at"):
            read(trustpilot(server, domains=("velumo.at",)))
        monkeypatch.setenv("VELUMO_REVIEWS", "wrong")
        with pytest.raises(SourceFailed) as caught:
            read(trustpilot(server))
        assert caught.value.outcome is Outcome.ACCESS_LOST
