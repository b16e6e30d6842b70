"""The YouTube connector against a local API: threads with hidden replies, a daily budget, comments that are off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flows.landing.html import html_to_text
from flows.sources.base import BrokenRecord, Outcome, SourceFailed
from flows.sources.youtube import YouTube, YouTubeSettings
from tests.newest_first_fixture import read, without_sleep
from tests.platforms.youtube import KEY, YouTubeServer, comment, refused

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("VELUMO_YOUTUBE", KEY)
    tops = [comment(f"Ug{number}", NOW - timedelta(hours=number)) for number in range(150)]
    replies = [comment(f"Ug7.r{number}", NOW - timedelta(minutes=number)) for number in range(130)]
    with YouTubeServer({"v1": tops + replies, "v2": [comment("Uh1", NOW)]}) as running:
        yield running


def connector(server: YouTubeServer, **changes: Any) -> YouTube:
    given = {"videos": ("v1",), "key_variable": "VELUMO_YOUTUBE", "overlap_hours": 0, "timeout_seconds": 5} | changes
    settings = YouTubeSettings(base_url=server.url, **given)
    return YouTube(settings, open_client=without_sleep, clock=lambda: NOW)


def failing(source: YouTube) -> Outcome:
    with pytest.raises(SourceFailed) as caught:
        read(source)
    return caught.value.outcome


def test_reads_all_comments_and_replies_and_then_only_what_is_new(server: YouTubeServer) -> None:
    ids, cursor = read(connector(server, lookback_days=30))
    assert len(ids) == len(set(ids)) == 280
    server.videos["v1"].append(comment("Unew", NOW + timedelta(minutes=1)))
    server.spent = 0
    again, _ = read(connector(server), cursor)
    assert "Unew" in again
    assert server.spent <= 3, "one page and the replies of the thread on it"


def test_a_search_finds_videos_and_costs_its_units_of_the_day(server: YouTubeServer) -> None:
    server.disabled.add("v2")
    source = connector(server, videos=(), queries=("velumo",), units_per_day=105)
    ids, _ = read(source)
    assert len(ids) == 280
    assert server.spent == 105
    assert failing(source) is Outcome.RATE_LIMITED
    assert server.spent == 105, "what the day does not allow is not asked for"


def test_the_budget_may_be_shared_with_others(server: YouTubeServer) -> None:
    server.broken["/youtube/v3/commentThreads"] = lambda answer: refused(403, "quotaExceeded")
    assert failing(connector(server)) is Outcome.RATE_LIMITED


def test_channels_are_read_through_all_their_videos(server: YouTubeServer) -> None:
    ids, _ = read(connector(server, videos=(), channels=("UCvelumo",)))
    assert "Uh1" in ids
    assert ("allThreadsRelatedToChannelId", "UCvelumo") in server.requests[0].query


def test_maps_a_comment_and_a_reply(server: YouTubeServer) -> None:
    server.videos["v1"] = [comment("Ug1", NOW, updatedAt="2026-11-01T13:00:00Z"), comment("Ug1.a", NOW, likeCount=0)]
    source = connector(server)
    top, reply = map(source.to_mention, next(iter(source.fetch({}))).records)
    assert (top.text, top.is_html) == ("The Velumo is *great* & quick\nreally", False)
    assert (top.native_id, top.thread, top.reply_to) == ("Ug1", "Ug1", None)
    assert (top.like_count, top.reply_count, top.reach, top.author) == (5, 1, None, "UCanna")
    assert (top.published_at, top.edited_at) == (NOW, NOW + timedelta(hours=1))
    assert top.url == "https://www.youtube.com/watch?v=v1&lc=Ug1"
    assert (reply.native_id, reply.thread, reply.reply_to) == ("Ug1.a", "Ug1", "Ug1")
    assert (reply.like_count, reply.reply_count, reply.edited_at) == (0, None, None)
    assert reply.url == "https://www.youtube.com/watch?v=v1&lc=Ug1.a"


def test_text_is_read_from_html_where_the_original_is_not_shown(server: YouTubeServer) -> None:
    source = connector(server)
    html = source.to_mention(comment("a", NOW, textOriginal=None))
    assert html_to_text(html.text) == "The Velumo is great & quick\nreally"
    plain = source.to_mention(comment("a", NOW, textOriginal=None, textDisplay="One\nTwo", authorChannelId=None))
    assert html_to_text(plain.text) == "One\nTwo"
    assert plain.author is None


@pytest.mark.parametrize(
    ("record", "field"),
    [
        (comment("a", NOW, textOriginal=None, textDisplay=None), "snippet.textDisplay"),
        (comment("a", NOW, publishedAt="soon"), "snippet.publishedAt"),
        (comment("a", NOW, likeCount="many"), "snippet.likeCount"),
        (comment("a", NOW) | {"id": None}, "id"),
        ({"id": "a", "snippet": {"videoId": "v1"}}, "snippet.publishedAt"),
    ],
)
def test_broken_comments_are_named(server: YouTubeServer, record: dict[str, Any], field: str) -> None:
    with pytest.raises(BrokenRecord) as caught:
        connector(server).to_mention(record)
    assert caught.value.field_name == field


def test_recheck_asks_for_fifty_at_a_time_and_brings_edits(server: YouTubeServer) -> None:
    gone = server.videos["v1"].pop(3)["id"]
    ids = [f"Ug{number}" for number in range(60)] + ["Ug7.r1", "Ug7.gone"]
    found = {each.native_id: each for each in connector(server).recheck(ids)}
    assert [each for each, answer in found.items() if answer.gone] == [gone, "Ug7.gone"]
    assert server.spent == 3
    record = found["Ug7"].record
    assert record is not None
    assert (record["videoId"], record["totalReplyCount"]) == ("v1", 130)
    assert found["Ug7.r1"].record is None, "a reply comes without its video"


def test_a_page_token_that_has_expired_begins_again(server: YouTubeServer) -> None:
    open_walk = {"floor": "2026-10-01T00:00:00+00:00", "newest": None, "position": "expired"}
    ids, _ = read(connector(server), {"listings": {"v1": {"open": open_walk}}})
    assert len(set(ids)) == 280


def test_failures_have_their_own_outcomes(server: YouTubeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.broken["/youtube/v3/commentThreads"] = lambda answer: refused(403, "forbidden")
    assert failing(connector(server)) is Outcome.ACCESS_LOST
    server.broken.clear()
    assert connector(server).probe() == "the API answers and takes the key"
    monkeypatch.setenv("VELUMO_YOUTUBE", "wrong")
    assert failing(connector(server)) is Outcome.ACCESS_LOST
    monkeypatch.delenv("VELUMO_YOUTUBE")
    assert failing(connector(server)) is Outcome.ACCESS_LOST
