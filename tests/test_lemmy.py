"""The Lemmy connector against a local instance with its two ways of paging, its errors and its deletions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from flows.demo.platforms import faults
from flows.sources.base import BrokenRecord, Outcome, SourceFailed
from flows.sources.lemmy import Lemmy, LemmySettings
from tests.newest_first_fixture import read, without_sleep
from tests.platforms.lemmy import LemmyServer, comment, hours_apart, post

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def server() -> Any:
    posts = [post(number, time) for number, time in enumerate(hours_apart(NOW, 120), start=1)]
    comments = [comment(number, time) for number, time in enumerate(hours_apart(NOW, 70), start=1)]
    with LemmyServer(posts, comments) as running:
        yield running


def connector(server: LemmyServer, *, now: datetime = NOW, **changes: Any) -> Lemmy:
    given = {"everything": "all", "lookback_days": 30, "overlap_hours": 0, "timeout_seconds": 5} | changes
    return Lemmy(LemmySettings(server=server.url, **given), open_client=without_sleep, clock=lambda: now)


def test_reads_posts_and_comments_once_and_then_only_what_is_new(server: LemmyServer) -> None:
    ids, cursor = read(connector(server))
    assert len(ids) == len(set(ids)) == 190
    server.views["comment"].append(comment(999, NOW + timedelta(hours=1)))
    new, _ = read(connector(server, now=NOW + timedelta(hours=2)), cursor)
    assert set(new) - {"comment/999"} < set(ids), "what is read again is the last page only"
    assert "comment/999" in new


def test_a_community_and_a_search_are_asked_for_by_name(server: LemmyServer) -> None:
    server.views["post"].append(post(500, NOW, "Der Velumo bremst"))
    ids, _ = read(connector(server, everything="", communities=["!ebike@feddit.org"], queries=["velumo"]))
    assert ids.count("post/500") == 2
    asked = [request.query for request in server.requests]
    assert any(("community_name", "ebike@feddit.org") in query for query in asked)
    assert all(("sort", "New") in query for query in asked if ("limit", "50") in query)


def test_maps_a_post(server: LemmyServer) -> None:
    server.views["post"] = [post(5, NOW, "Neu: Velumo", body="Wer hat es?", url="https://velumo.example/", extra=None)]
    source = connector(server)
    mention = source.to_mention(next(iter(source.fetch({}))).records[0])
    assert (mention.native_id, mention.thread, mention.reply_to) == ("post/5", "post/5", None)
    assert mention.text == "Neu: Velumo\n\nWer hat es?\n\nhttps://velumo.example/"
    assert (mention.author, mention.author_kind, mention.language_hint) == ("anna@feddit.example", "unknown", "de")
    assert (mention.published_at, mention.edited_at) == (NOW, None)
    assert (mention.like_count, mention.reply_count, mention.repost_count, mention.reach) == (5, 2, None, None)
    assert mention.url == "https://feddit.example/post/5"


def test_maps_replies_by_their_path(server: LemmyServer) -> None:
    source = connector(server)
    top = source.to_mention(comment(8, NOW, updated="2026-11-01T13:00:00.5"))
    assert (top.native_id, top.thread, top.reply_to) == ("comment/8", "post/1", "post/1")
    assert (top.like_count, top.reply_count, top.language_hint) == (3, 1, None)
    assert top.edited_at == datetime(2026, 11, 1, 13, 0, 0, 500_000, UTC), "times without a zone are UTC"
    nested = source.to_mention(comment(9, NOW, "0.5.8"))
    assert (nested.thread, nested.reply_to) == ("post/1", "comment/8")


@pytest.mark.parametrize(
    ("record", "field"),
    [
        (post(1, NOW) | {"post": {"id": 1, "published": "soon", "name": "x"}}, "post.published"),
        (post(1, NOW) | {"creator": {}}, "creator.actor_id"),
        (post(1, NOW) | {"post": {"id": 1, "published": NOW.isoformat()}}, "post.name"),
        (comment(1, NOW, content=None), "comment.content"),
    ],
)
def test_broken_records_are_named(server: LemmyServer, record: dict[str, Any], field: str) -> None:
    with pytest.raises(BrokenRecord) as caught:
        connector(server).to_mention(record)
    assert caught.value.field_name == field
    assert connector(server).native_id(record) in ("post/1", "comment/1")


def test_what_is_deleted_or_removed_becomes_a_tombstone(server: LemmyServer) -> None:
    server.views["post"] = [post(1, NOW), post(2, NOW, deleted=True), post(3, NOW, removed=True)]
    source = connector(server)
    assert source.to_mention(server.views["post"][1]).deleted
    answers = list(source.recheck(["post/1", "post/2", "post/3", "post/4", "comment/1", "comment/4711"]))
    assert answers[0].record == server.views["post"][0], "what is still there lands again: edits and counts"
    assert {answer.native_id: answer.gone for answer in answers} == {
        "post/1": None,
        "post/2": "deleted",
        "post/3": "removed by moderators",
        "post/4": "deleted",
        "comment/1": None,
        "comment/4711": "deleted",
    }


@pytest.mark.parametrize(
    ("error", "outcome"),
    [("rate_limit_error", Outcome.RATE_LIMITED), ("instance_is_private", Outcome.ACCESS_LOST), ("oops", Outcome.DOWN)],
)
def test_errors_of_the_interface_have_their_own_outcomes(server: LemmyServer, error: str, outcome: Outcome) -> None:
    server.broken["/api/v3/post/list"] = faults.status(400, message=error)
    with pytest.raises(SourceFailed) as caught:
        list(connector(server).fetch({}))
    assert caught.value.outcome is outcome


def test_a_source_without_anything_to_read_is_refused() -> None:
    with pytest.raises(ValidationError, match="Name at least one"):
        LemmySettings(server="https://feddit.example")
