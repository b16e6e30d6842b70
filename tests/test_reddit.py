"""The Reddit connector against a local server: sign-in, listings, marks of deletion and limits in seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from flows.demo.platforms import faults
from flows.http import PoliteClient
from flows.sources.base import BrokenRecord, Outcome, SourceFailed
from flows.sources.reddit import Reddit, RedditSettings
from tests.newest_first_fixture import read, without_sleep
from tests.platforms.reddit import APP, SECRET, RedditServer, comment, post

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("REDDIT_APP", APP)
    monkeypatch.setenv("REDDIT_SECRET", SECRET)
    posts = [post(f"p{number}", NOW - timedelta(minutes=number)) for number in range(230)]
    comments = [comment(f"c{number}", NOW - timedelta(minutes=number)) for number in range(120)]
    with RedditServer(posts, comments) as running:
        yield running


def connector(server: RedditServer, open_client: Any = without_sleep, **changes: Any) -> Reddit:
    given = {
        "subreddits": ("ebikes",),
        "username": "velumo_listens",
        "client_id_variable": "REDDIT_APP",
        "client_secret_variable": "REDDIT_SECRET",
        "overlap_hours": 0,
        "timeout_seconds": 5,
    } | changes
    settings = RedditSettings(base_url=server.url, sign_in_url=server.url, **given)
    return Reddit(settings, open_client=open_client, clock=lambda: NOW)


def test_reads_posts_and_comments_once_and_then_only_what_is_new(server: RedditServer) -> None:
    ids, cursor = read(connector(server))
    assert len(ids) == len(set(ids)) == 350
    server.comments.append(comment("new", NOW + timedelta(minutes=1)))
    again, _ = read(connector(server), cursor)
    assert "t1_new" in again
    assert len(again) <= 201


def test_says_who_it_is_in_the_form_reddit_asks_for(server: RedditServer) -> None:
    read(connector(server, queries=("velumo range p1",), subreddits=()))
    for request in server.requests:
        assert request.headers["user-agent"].startswith("python:marktecho:")
        assert request.headers["user-agent"].endswith("(by /u/velumo_listens)")
    assert {request.value("limit") for request in server.requests[1:]} == {"100"}


def test_a_listing_that_ends_before_what_was_read_says_so(
    server: RedditServer, caplog: pytest.LogCaptureFixture
) -> None:
    _, cursor = read(connector(server, comments=False))
    server.posts += [post(f"n{number}", NOW + timedelta(minutes=number + 1)) for number in range(30)]
    server.cap = 20
    read(connector(server, comments=False), cursor)
    assert "what is older can no longer be read" in caplog.text


def test_maps_a_post(server: RedditServer) -> None:
    source = connector(server)
    mention = source.to_mention(post("x1", NOW, edited=NOW.timestamp() + 60.0, extra={"a": None}))
    assert mention.text == "Velumo range x1\n\nIt & I went far."
    assert (mention.native_id, mention.thread, mention.reply_to, mention.author) == ("t3_x1", "t3_x1", None, "anna_b")
    assert (mention.published_at, mention.edited_at) == (NOW, NOW + timedelta(seconds=60))
    assert (mention.like_count, mention.reply_count, mention.repost_count, mention.reach) == (12, 4, 1, None)
    assert mention.url == "https://www.reddit.com/r/ebikes/comments/x1/velumo/"
    link = source.to_mention(post("x2", NOW, selftext="", is_self=False, url="https://velumo.example/x"))
    assert link.text == "Velumo range x2\n\nhttps://velumo.example/x"


def test_maps_a_comment(server: RedditServer) -> None:
    source = connector(server)
    mention = source.to_mention(comment("c", NOW, parent_id="t1_b", replies="", author="[deleted]"))
    assert (mention.native_id, mention.thread, mention.reply_to) == ("t1_c", "t3_p1", "t1_b")
    assert (mention.text, mention.author, mention.edited_at) == ("Mine too.", None, None)
    assert mention.like_count == 0, "more down than up counts as no like"
    assert (mention.reply_count, mention.repost_count) == (None, None)
    assert source.to_mention(comment("c", NOW, score=1, score_hidden=True)).like_count is None


def test_replies_inside_a_comment_are_read_too(server: RedditServer) -> None:
    inner = {"kind": "Listing", "data": {"children": [comment("inner", NOW), {"kind": "more", "data": {"count": 3}}]}}
    server.comments = [comment("outer", NOW, replies=inner)]
    server.posts = []
    assert read(connector(server))[0] == ["t1_outer", "t1_inner"]


@pytest.mark.parametrize(
    ("record", "field"),
    [
        (post("x", NOW, title=None), "data.title"),
        (comment("x", NOW, body=None), "data.body"),
        (post("x", NOW, created_utc=None), "data.created_utc"),
        (post("x", NOW, name=None), "data.name"),
        (post("x", NOW) | {"kind": "t5"}, "kind"),
        ({"kind": "t3", "data": None}, "data"),
    ],
)
def test_broken_records_are_named(server: RedditServer, record: dict[str, Any], field: str) -> None:
    with pytest.raises(BrokenRecord) as caught:
        connector(server).to_mention(record)
    assert caught.value.field_name == field


def test_marks_of_deletion_become_tombstones(server: RedditServer) -> None:
    server.posts = [
        post("kept", NOW),
        post("gone", NOW, selftext="[deleted]", author="[deleted]"),
        post("moderated", NOW, selftext="[removed]", removed_by_category="moderator"),
        post("link", NOW, selftext="", removed_by_category="deleted"),
    ]
    server.comments = [comment("gone", NOW, body="[deleted]"), comment("cut", NOW, body="[removed]")]
    source = connector(server)
    assert source.to_mention(server.posts[1]).deleted
    names = [each["data"]["name"] for each in server.posts + server.comments] + ["t1_missing"]
    found = {each.native_id: each.gone for each in source.recheck(names)}
    moderated = "removed by moderators"
    assert list(found.values()) == [None, "deleted", moderated, "deleted", "deleted", moderated, "deleted"]
    assert len(server.requests) == 2, "one for the token, one for all"


def test_slows_down_before_it_is_refused(server: RedditServer) -> None:
    moment, slept = [NOW.timestamp()], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        moment[0] += seconds
        server.left = 600

    server.left = 2
    read(connector(server, partial(PoliteClient, sleep=sleep, clock=lambda: moment[0])))
    assert slept == [90.0]


def test_a_wrong_or_missing_secret_is_lost_access(server: RedditServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for secret in ("wrong", ""):
        monkeypatch.setenv("REDDIT_SECRET", secret)
        with pytest.raises(SourceFailed) as caught:
            read(connector(server))
        assert caught.value.outcome is Outcome.ACCESS_LOST


def test_a_listing_of_another_shape_is_drift(server: RedditServer) -> None:
    server.broken["/r/ebikes/new"] = faults.status(200, message="changed")
    with pytest.raises(SourceFailed) as caught:
        read(connector(server))
    assert caught.value.outcome is Outcome.SCHEMA_DRIFT
