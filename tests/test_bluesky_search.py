"""Bluesky's search, sign-in and recheck."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.demo.platforms import faults
from flows.demo.platforms.bluesky import BlueskyServer
from flows.memory import FileMemory
from flows.sources import bluesky_search
from flows.sources.base import Cursor, Outcome, SourceFailed
from flows.sources.bluesky import Bluesky
from tests.test_bluesky import NOW, connector, post


@pytest.fixture
def search(monkeypatch: pytest.MonkeyPatch) -> Iterator[BlueskyServer]:
    monkeypatch.setenv("BLUESKY_PASSWORD", "app-pass")
    with BlueskyServer(password="app-pass") as server:
        yield server


def searching(server: BlueskyServer, tmp_path: Path, **changes: Any) -> Bluesky:
    account = {"handle": server.handle, "password_variable": "BLUESKY_PASSWORD"}
    source = connector(
        "wss://stream.example/subscribe", service=server.url, public_service=server.url, **account | changes
    )
    source.memory = FileMemory(tmp_path)
    return source


def found(source: Bluesky, since: datetime, until: datetime, cursor: Cursor | None = None) -> list[str]:
    return [record["uri"] for page in source.backfill(since, until, cursor or {}) for record in page.records]


def test_backfill_finds_every_post_of_its_time_once(
    search: BlueskyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bluesky_search, "CURSOR_DIES_AT", 200)
    search.cursor_limit = 250
    uris = [search.add(post("", f"velumo {number}", hours=number / 20)) for number in range(1_000)]
    search.add(post("", "something else", hours=5))
    since, until = NOW - timedelta(hours=40), NOW - timedelta(hours=2)
    wanted = [uri for uri in uris if since <= search.posts[uri].sort_at < until]
    ids = found(searching(search, tmp_path), since, until)
    assert sorted(set(ids)) == sorted(wanted)
    assert len(ids) < len(wanted) + 20
    assert sum("createSession" in request.path for request in search.requests) == 1
    assert all("cursor is too deep" not in str(request) for request in search.requests)


def test_backfill_goes_on_where_it_was_cut_off(search: BlueskyServer, tmp_path: Path) -> None:
    uris = {search.add(post("", f"velumo {number}", hours=number / 4)) for number in range(400)}
    source = searching(search, tmp_path, words=("velumo", "rad"))
    since, until = NOW - timedelta(hours=200), NOW + timedelta(hours=1)
    seen: list[str] = []
    cursor: Cursor = {}
    reached = [since]
    for _ in range(100):
        page = next(source.backfill(since, until, cursor), None)
        if page is None:
            break
        seen += [record["uri"] for record in page.records]
        cursor = page.cursor
        reached.append(page.reached or since)
    assert set(seen) == uris
    assert reached == sorted(reached)
    assert reached[-1] == until


def test_a_session_is_kept_and_renewed(search: BlueskyServer, tmp_path: Path) -> None:
    search.add(post("a"))
    day = NOW - timedelta(days=1), NOW
    for _ in range(2):
        assert len(found(searching(search, tmp_path), *day)) == 1
    signed_in = [request for request in search.requests if "Session" in request.path]
    assert [request.path.split(".")[-1] for request in signed_in] == ["createSession"]
    (kept,) = tmp_path.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "app-pass" not in kept.read_text(encoding="utf-8")
    search.expire()
    assert len(found(searching(search, tmp_path), *day)) == 1
    search.expire(refreshable=False)
    assert len(found(searching(search, tmp_path), *day)) == 1
    signed_in = [request for request in search.requests if "Session" in request.path]
    assert [request.path.split(".")[-1] for request in signed_in[1:]] == [
        "refreshSession",
        "refreshSession",
        "createSession",
    ]


def test_a_wrong_password_is_lost_access(
    search: BlueskyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLUESKY_PASSWORD", "wrong-1234")
    with pytest.raises(SourceFailed) as caught:
        found(searching(search, tmp_path), NOW - timedelta(days=1), NOW)
    assert caught.value.outcome is Outcome.ACCESS_LOST
    assert "wrong-1234" not in str(caught.value)
    with pytest.raises(SourceFailed, match="needs an account"):
        found(connector("wss://stream.example/subscribe"), NOW - timedelta(days=1), NOW)


@pytest.mark.parametrize("signed_in", [True, False])
def test_recheck_tells_what_is_gone_and_brings_counts(search: BlueskyServer, tmp_path: Path, signed_in: bool) -> None:
    uris = [search.add(post("", f"velumo {number}", like_count=number)) for number in range(60)]
    search.delete(uris[7])
    none = {} if signed_in else {"handle": "", "password_variable": None}
    source = searching(search, tmp_path, **none)
    answers = list(source.recheck(uris))
    assert [answer.native_id for answer in answers] == uris
    assert {answer.native_id: answer.gone for answer in answers if answer.gone} == {uris[7]: "deleted"}
    record = answers[5].record
    assert record is not None
    mention = source.to_mention(record)
    assert (mention.native_id, mention.like_count, mention.reply_count) == (uris[5], 5, 0)
    assert max(len(request.values("uris")) for request in search.requests) == 25


@pytest.mark.parametrize("state", ["deleted", "takendown", "deactivated", ""])
def test_recheck_tells_whether_the_account_is_gone(search: BlueskyServer, tmp_path: Path, state: str) -> None:
    uris = [search.add(post("", f"velumo {number}")) for number in range(30)]
    for uri in uris:
        search.delete(uri)
    search.accounts[uris[0].split("/")[2]] = state
    answers = list(searching(search, tmp_path).recheck(uris))
    assert {answer.gone for answer in answers} == {"deleted"}
    assert {answer.account_gone for answer in answers} == {state in ("deleted", "takendown")}
    assert sum(request.path.endswith("getProfile") for request in search.requests) == 1


def test_recheck_does_not_take_a_failing_service_for_deletion(search: BlueskyServer, tmp_path: Path) -> None:
    uris = [search.add(post("a"))]
    search.broken["/xrpc/app.bsky.feed.getPosts"] = faults.status(502)
    with pytest.raises(SourceFailed) as caught:
        list(searching(search, tmp_path).recheck(uris))
    assert caught.value.outcome is Outcome.DOWN
