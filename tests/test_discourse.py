"""The Discourse connector against a local forum: windows of ids, hidden posts, a search that ends at page ten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from flows.demo.platforms import faults
from flows.landing.html import html_to_text
from flows.sources.base import BrokenRecord, Outcome, SourceFailed
from flows.sources.discourse import Discourse, DiscourseSettings
from tests.newest_first_fixture import read, without_sleep
from tests.platforms.discourse import DiscourseServer, post

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def posts(count: int, *, topic: int = 9) -> list[dict[str, Any]]:
    """Posts of one topic, an hour apart up to now."""
    return [
        post(number, NOW - timedelta(hours=count - number), topic=topic, place=number) for number in range(1, count + 1)
    ]


def connector(server: DiscourseServer, *, now: datetime = NOW, **changes: Any) -> Discourse:
    given = {"latest": True, "lookback_days": 60, "overlap_hours": 0, "timeout_seconds": 5} | changes
    return Discourse(DiscourseSettings(server=server.url, **given), open_client=without_sleep, clock=lambda: now)


def test_windows_of_hidden_posts_do_not_end_the_walk() -> None:
    with DiscourseServer(posts(400)) as server:
        server.private = {*range(100, 260), *range(300, 399)}
        ids, cursor = read(connector(server))
        assert set(ids) == {str(each["id"]) for each in server.visible}
        server.posts[401] = post(401, NOW + timedelta(minutes=5), place=401)
        server.requests.clear()
        again, _ = read(connector(server, now=NOW + timedelta(hours=1)), cursor)
        assert "401" in again
        assert len(server.requests) < 5


def test_a_search_goes_on_below_its_last_page() -> None:
    with DiscourseServer(posts(120), page_size=8) as server:
        ids, cursor = read(connector(server, latest=False, queries=("velumo",)))
        assert set(ids) == {str(number) for number in range(1, 121)}
        again, _ = read(connector(server, latest=False, queries=("velumo",)), cursor)
        assert len(again) <= 16


def test_maps_a_first_post_and_a_reply() -> None:
    reply = {"place": 4, "reply_to_post_number": 2, "version": 3, "updated_at": "2026-11-01T13:00:00.000Z"}
    with DiscourseServer(posts(2)) as server:
        server.posts[8] = post(8, NOW, **reply)
        source = connector(server)
        found = {each.native_id: each for page in source.fetch({}) for each in map(source.to_mention, page.records)}
        first, answer = found["1"], found["8"]
    assert html_to_text(first.text) == "Range & weather\n\nVelumo number 1"
    assert (first.thread, first.reply_to, first.edited_at) == ("topic-9", None, None)
    assert (first.like_count, first.reply_count, first.reach) == (3, 1, 7)
    assert first.author == "anna_b@127.0.0.1"
    assert html_to_text(answer.text) == "Velumo number 8"
    assert (answer.thread, answer.reply_to) == ("topic-9", "2")
    assert answer.published_at == NOW.replace(microsecond=123_000)
    assert answer.edited_at == datetime(2026, 11, 1, 13, tzinfo=UTC)
    assert answer.url == f"{server_url(source)}/t/range/9/4"


def server_url(source: Discourse) -> str:
    return source.settings.server


def test_a_parent_is_asked_for_once_and_named_by_its_place_when_hidden() -> None:
    with DiscourseServer([post(1, NOW), post(50, NOW, place=2)]) as server:
        for number in (60, 61):
            server.posts[number] = post(number, NOW, place=number, reply_to_post_number=1)
        server.posts[62] = post(62, NOW, place=62, reply_to_post_number=2)
        server.private = {1}
        source = connector(server)
        replies = {
            each.native_id: each.reply_to for page in source.fetch({}) for each in map(source.to_mention, page.records)
        }
        asked = [request.path for request in server.requests if "by_number" in request.path]
    assert replies == {"62": "50", "61": "topic-9/1", "60": "topic-9/1", "50": None}
    assert asked == ["/posts/by_number/9/1.json"]


def test_a_hit_whose_post_cannot_be_had_is_read_from_its_blurb() -> None:
    with DiscourseServer(posts(3)) as server:
        source = connector(server, latest=False, queries=("velumo",))
        server.broken["/posts/2.json"] = faults.status(404)
        found = {each.native_id: each for page in source.fetch({}) for each in map(source.to_mention, page.records)}
    assert html_to_text(found["2"].text) == "Velumo number 2"
    assert (found["2"].like_count, found["2"].thread, found["2"].reach) == (3, "topic-9", None)
    assert html_to_text(found["1"].text) == "Range & weather\n\nVelumo number 1"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cooked": None}, "cooked"),
        ({"topic_id": None}, "topic_id"),
        ({"created_at": "soon"}, "created_at"),
        ({"username": 7}, "username"),
    ],
)
def test_broken_posts_are_named(changes: dict[str, Any], field: str) -> None:
    with DiscourseServer([]) as server, pytest.raises(BrokenRecord) as caught:
        connector(server).to_mention(post(1, NOW) | changes)
    assert caught.value.field_name == field


def test_nulls_and_missing_fields_are_fine() -> None:
    needed = {
        name: post(1, NOW)[name] for name in ("id", "topic_id", "post_number", "created_at", "username", "cooked")
    }
    with DiscourseServer([]) as server:
        mention = connector(server).to_mention(needed | {"actions_summary": None, "locale": None})
        nobody = connector(server).to_mention(needed | {"actions_summary": [{"id": 2, "can_act": True}]})
    assert (mention.like_count, mention.reply_count, mention.reach) == (None, None, None)
    assert nobody.like_count == 0, "who is signed in is told of actions that nobody has taken"
    assert mention.url.endswith("/t/-/9/1")


def test_recheck_tells_deleted_hidden_and_private_posts() -> None:
    with DiscourseServer(posts(6)) as server:
        server.posts[2] |= {"user_deleted": True}
        server.posts[3] |= {"deleted_at": "2026-11-01T00:00:00.000Z"}
        server.posts[4] |= {"hidden": True}
        server.private = {5}
        found = {each.native_id: each.gone for each in connector(server).recheck([*map(str, range(1, 7)), "99"])}
    hidden = {"4": "hidden by moderators", "5": "no longer public"}
    assert found == {"1": None, "2": "deleted", "3": "deleted", **hidden, "6": None, "99": "deleted"}


def test_too_many_requests_are_a_rate_limit() -> None:
    with DiscourseServer(posts(3)) as server:
        server.broken["/posts.json"] = faults.status(429, {"Retry-After": "7200"})
        with pytest.raises(SourceFailed) as caught:
            read(connector(server))
    assert caught.value.outcome is Outcome.RATE_LIMITED


def test_a_key_is_sent_in_the_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    with DiscourseServer(posts(1)) as server:
        monkeypatch.setenv("VELUMO_FORUM", "k3y")
        read(connector(server, key_variable="VELUMO_FORUM", key_user="listener"))
        assert all(request.headers["api-key"] == "k3y" for request in server.requests)
        assert server.requests[0].headers["api-username"] == "listener"


def test_a_source_without_anything_to_read_is_refused() -> None:
    with pytest.raises(ValidationError, match="Name at least one"):
        DiscourseSettings(server="https://forum.example")
