"""The Bluesky connector against a local event stream and search with their positions, limits and failures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from flows.demo.platforms import faults
from flows.demo.platforms.bluesky import BlueskyPost, BlueskyServer, view
from flows.demo.platforms.jetstream import JetstreamServer
from flows.http import PoliteClient
from flows.landing.html import html_to_text
from flows.memory import FileMemory
from flows.sources import bluesky_search, jetstream
from flows.sources.base import BrokenRecord, Cursor, Outcome, Page, RawMention, SourceFailed
from flows.sources.bluesky import Bluesky, BlueskySettings, rich_text

NOW = datetime.now(UTC).replace(microsecond=0)
ANNA, BEN = "did:plc:anna", "did:web:ben.example.org"
without_sleep = partial(PoliteClient, sleep=lambda seconds: None)


@pytest.fixture(params=[False, True], ids=["first", "second"])
def second(request: pytest.FixtureRequest) -> bool:
    """Each dialect of the stream in turn."""
    return bool(request.param)


@pytest.fixture
def server() -> Iterator[JetstreamServer]:
    with JetstreamServer(first_seq=4_000) as stream:
        yield stream


@pytest.fixture(autouse=True)
def _in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jetstream, "PONG_SECONDS", 0.3)
    monkeypatch.setattr(jetstream.random, "uniform", lambda low, high: 0.0)


def post(key: str, text: str = "Velumo rollt", *, did: str = ANNA, hours: float = 1, **fields: Any) -> BlueskyPost:
    return BlueskyPost(did, text, NOW - timedelta(hours=hours), key, **fields)


def stream_posts(server: JetstreamServer, count: int, *, every_minutes: float = 1) -> list[str]:
    """Posts up to a minute ago, the oldest first."""
    uris = []
    for number in range(count):
        at = NOW - timedelta(minutes=1 + every_minutes * (count - number))
        uris.append(server.post(BlueskyPost(ANNA, f"Velumo {number}", at, f"k{len(server.events)}"), at))
    return uris


def connector(address: str, **changes: Any) -> Bluesky:
    given = {
        "words": ("velumo",),
        "stream": address,
        "idle_seconds": 0.3,
        "timeout_seconds": 3,
        "max_tries": 3,
    } | changes
    return Bluesky(BlueskySettings(**given), open_client=without_sleep)


def read(source: Bluesky, cursor: Cursor | None = None) -> tuple[list[str], Cursor]:
    pages = list(source.fetch(cursor or {}))
    return [record["uri"] for page in pages for record in page.records if "uri" in record], pages[-1].cursor


def mention_of(source: Bluesky) -> RawMention:
    (record,) = [record for page in source.fetch({}) for record in page.records]
    return source.to_mention(record)


def failing(source: Bluesky, cursor: Cursor | None = None) -> tuple[SourceFailed, list[Page]]:
    pages: list[Page] = []
    with pytest.raises(SourceFailed) as caught:
        pages.extend(source.fetch(cursor or {}))
    return caught.value, pages


def test_reads_up_to_now_and_then_only_what_is_new(server: JetstreamServer, second: bool) -> None:
    uris = stream_posts(server, 30)
    source = connector(server.url(second=second))
    ids, cursor = read(source)
    assert ids == uris
    again, cursor = read(source, cursor)
    assert set(again) <= set(uris[-1:])
    new = server.post(post("new", hours=0), NOW)
    ids, cursor = read(source, cursor)
    assert new in ids
    assert len(ids) <= 2
    if second:
        assert server.cursors[1] == 4_029
        assert server.asked[0]["collections"] == ["app.bsky.feed.post"]
    else:
        assert server.asked[0]["wantedCollections"] == ["app.bsky.feed.post"]


def test_only_listened_posts_come_and_all_that_may_concern_them(server: JetstreamServer, second: bool) -> None:
    at = NOW - timedelta(hours=1)
    link = {
        "index": {"byteStart": 0, "byteEnd": 4},
        "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://velumo.example/"}],
    }
    wanted = [
        server.post(post("a", "Das VELUMO-Rad"), at),
        server.post(post("b", "hier klicken", facets=(link,)), at),
        server.post(post("c", "Räder", overrides={"tags": ["velumo"]}), at),
        server.post(post("d", "nothing of it"), at, "update"),
        server.post(post("e", "größe egal"), at),
    ]
    server.post(post("f", "Velumowind und anderes"), at)
    server.post(post("g", "velumo in Dutch", langs=("nl",)), at)
    server.delete(BEN, "x", at)
    server.account(BEN, at, active=False, status="deactivated")
    server.account(BEN, at, active=False, status="deleted")
    server.add(BEN, at, "identity", {"did": BEN, "handle": "ben.example.org", "seq": 1, "time": "2026-11-24T10:00:00Z"})
    source = connector(server.url(second=second), words=("velumo", "Groesse"), languages=("de", "en"))
    records = [record for page in source.fetch({}) for record in page.records]
    assert [record.get("uri") for record in records] == [*wanted, f"at://{BEN}/app.bsky.feed.post/x", None]
    mentions = [source.to_mention(record) for record in records]
    assert [mention.if_known for mention in mentions] == [False, False, False, True, False, True, False]
    assert mentions[-2].deleted
    assert (mentions[-1].account_gone, mentions[-1].author) == (True, BEN)


def test_maps_a_post_completely(server: JetstreamServer, second: bool) -> None:
    text = "Grüße! Velumo: velumo.example/neu… & <b>\nZeile"
    start = len("Grüße! Velumo: ".encode())
    facet = {
        "index": {"byteStart": start, "byteEnd": start + len("velumo.example/neu…".encode())},
        "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://velumo.example/neues-rad?a=1"}],
    }
    root, parent = f"at://{BEN}/app.bsky.feed.post/root", f"at://{BEN}/app.bsky.feed.post/parent"
    at = NOW - timedelta(hours=1)
    server.post(post("k", text, langs=("de-AT", "en"), facets=(facet,), root=root, parent=parent), at)
    mention = mention_of(connector(server.url(second=second)))
    assert html_to_text(mention.text) == "Grüße! Velumo: https://velumo.example/neues-rad?a=1 & <b>\nZeile"
    assert mention.native_id == f"at://{ANNA}/app.bsky.feed.post/k"
    assert mention.url == f"https://bsky.app/profile/{ANNA}/post/k"
    assert (mention.author, mention.author_kind, mention.language_hint) == (ANNA, "unknown", "de-AT")
    assert (mention.published_at, mention.edited_at) == (at, None)
    assert (mention.thread, mention.reply_to) == (root, parent)
    assert (mention.like_count, mention.repost_count, mention.reply_count, mention.reach) == (None, None, None, None)


def test_times_are_those_the_network_saw_when_the_author_is_ahead_of_it(server: JetstreamServer) -> None:
    server.post(BlueskyPost(ANNA, "Velumo", NOW + timedelta(days=300), "k"), NOW - timedelta(hours=1))
    mention = mention_of(connector(server.url()))
    assert mention.published_at == NOW - timedelta(hours=1)
    server.post(BlueskyPost(ANNA, "Velumo 2", NOW - timedelta(hours=2), "k"), NOW - timedelta(minutes=30), "update")
    source = connector(server.url())
    records = [record for page in source.fetch({}) for record in page.records]
    edited = source.to_mention(records[-1])
    assert (edited.published_at, edited.edited_at) == (NOW - timedelta(hours=2), NOW - timedelta(minutes=30))
    assert not edited.if_known


@pytest.mark.parametrize(
    ("facets", "html"),
    [
        ([{"index": {"byteStart": 5, "byteEnd": 99}, "features": []}], "a &lt;b"),
        ([None, {}, {"index": {"byteStart": "0"}}, "x"], "a &lt;b"),
        (
            [{"index": {"byteStart": 0, "byteEnd": 1}, "features": [{"$type": "x#link", "uri": 'http://a"'}]}],
            '<a href="http://a&quot;">a</a> &lt;b',
        ),
        (
            [{"index": {"byteStart": 3, "byteEnd": 1}, "features": [{"$type": "x#link", "uri": "http://a"}]}],
            "a &lt;b",
        ),
    ],
)
def test_facets_that_fit_nowhere_are_ignored(facets: list[Any], html: str) -> None:
    assert rich_text("a <b", facets) == html


@pytest.mark.parametrize(
    ("overrides", "field"),
    [
        ({"text": 5}, "record.text"),
        ({"createdAt": "yesterday"}, "record.createdAt"),
        ({"createdAt": "2026-11-01T10:00:00"}, "record.createdAt"),
        ({"reply": {"root": {}}}, "record.reply.root.uri"),
        ({"text": "velumo \udcff"}, "text"),
    ],
)
def test_broken_posts_are_named(overrides: dict[str, Any], field: str) -> None:
    source = connector("ws://127.0.0.1:1/subscribe")
    record = view(post("k", overrides=overrides))
    with pytest.raises(BrokenRecord) as caught:
        source.to_mention(record)
    assert caught.value.field_name == field
    assert source.native_id(record) == f"at://{ANNA}/app.bsky.feed.post/k"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda message: "<html>" if '"k1"' in message else message,
        lambda message: "[]" if '"k1"' in message else message,
        lambda message: message.encode().replace(b"Velumo 1", b"Velumo \xff") if '"k1"' in message else message,
    ],
    ids=["html", "shape", "utf-8"],
)
def test_a_broken_message_breaks_only_itself(server: JetstreamServer, second: bool, spoil: Any) -> None:
    stream_posts(server, 4)
    server.spoil = spoil
    source = connector(server.url(second=second))
    outcomes = []
    for record in [record for page in source.fetch({}) for record in page.records]:
        try:
            outcomes.append(source.to_mention(record).native_id[-2:])
        except BrokenRecord as broken:
            outcomes.append(broken.field_name)
    assert [outcome for outcome in outcomes if outcome not in ("message", "text")] == ["k0", "k2", "k3"]
    assert len(outcomes) == 4


def test_a_lost_connection_is_taken_up_where_it_broke_off(
    server: JetstreamServer, second: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jetstream, "BATCH_EVENTS", 7)
    uris = stream_posts(server, 60)
    server.cut_after += [10, 0, 20, 1]
    ids, _ = read(connector(server.url(second=second), max_tries=4))
    assert list(dict.fromkeys(ids)) == uris
    assert len(ids) <= 64
    assert len(server.cursors) == 5


def test_any_page_is_a_place_to_go_on_from(
    server: JetstreamServer, second: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jetstream, "BATCH_EVENTS", 7)
    uris = stream_posts(server, 40)
    source = connector(server.url(second=second))
    seen: list[str] = []
    cursor: Cursor = {}
    while not seen or seen[-1] != uris[-1]:
        pages = source.fetch(cursor)
        page = next(pages)
        seen += [record["uri"] for record in page.records]
        cursor = page.cursor
        pages.close()  # type: ignore[attr-defined]
    assert list(dict.fromkeys(seen)) == uris


def test_what_is_no_longer_kept_is_reported_as_a_gap(server: JetstreamServer, second: bool) -> None:
    server.post(post("old", hours=50), NOW - timedelta(hours=50))
    kept = server.post(post("kept", hours=20), NOW - timedelta(hours=20))
    cursor = {"time": int((NOW - timedelta(hours=60)).timestamp() * 1_000_000)}
    if second:
        cursor |= {"seq": 3_000, "server": server.url().split("/")[2]}
    pages = list(connector(server.url(second=second)).fetch(cursor))
    assert [record["uri"] for page in pages for record in page.records] == [kept]
    (notice,) = [page.notice for page in pages if page.notice]
    since, until = (f"{NOW - timedelta(hours=hours):%Y-%m-%dT%H:%M:%S}" for hours in (60, 20))
    assert f"--since {since}+00:00 --until {until}+00:00" in notice
    if second:
        assert server.cursors[-1] > 10**15


def test_a_position_of_another_server_is_not_used(server: JetstreamServer) -> None:
    uris = stream_posts(server, 3)
    source = connector(server.url(second=True))
    hour_ago = int((NOW - timedelta(hours=1)).timestamp() * 1_000_000)
    ids, _ = read(source, {"time": hour_ago, "seq": 3, "server": "elsewhere.example"})
    assert ids == uris
    ids, _ = read(source, {"time": hour_ago, "seq": 900_000, "server": server.url().split("/")[2]})
    assert ids == uris
    assert server.cursors[0] == server.cursors[2] > 10**15


def test_a_gap_is_no_failure_when_there_is_none(server: JetstreamServer, second: bool) -> None:
    pages = list(connector(server.url(second=second)).fetch({}))
    assert [(page.records, page.notice) for page in pages] == [([], None)]


@pytest.mark.parametrize(
    ("refusal", "outcome"),
    [
        ((401, {}), Outcome.ACCESS_LOST),
        ((403, {}), Outcome.ACCESS_LOST),
        ((404, {}), Outcome.DOWN),
        ((302, {"Location": "ws://10.0.0.1/subscribe"}), Outcome.DOWN),
        ((429, {}), Outcome.RATE_LIMITED),
        ((503, {}), Outcome.DOWN),
    ],
    ids=["401", "403", "404", "redirect", "429", "503"],
)
def test_refused_connections_have_their_outcome(
    server: JetstreamServer, refusal: tuple[int, dict[str, str]], outcome: Outcome
) -> None:
    server.refusals += [refusal] * 3
    failure, pages = failing(connector(server.url()))
    assert failure.outcome is outcome
    assert not pages
    assert len(server.refusals) == (0 if outcome in (Outcome.RATE_LIMITED,) or refusal[0] == 503 else 2)


def test_a_failing_handshake_is_tried_again(server: JetstreamServer) -> None:
    uris = stream_posts(server, 2)
    server.refusals += [(503, {}), (503, {})]
    assert read(connector(server.url()))[0] == uris


def test_a_dead_server_is_down_and_a_quiet_one_is_not(server: JetstreamServer) -> None:
    server.silent = True
    failure, _ = failing(connector("ws://127.0.0.1:9/subscribe"))
    assert failure.outcome is Outcome.DOWN
    assert read(connector(server.url()))[0] == []


def test_oversized_messages_are_down_and_keep_what_came_before(server: JetstreamServer) -> None:
    uris = stream_posts(server, 4)
    server.spoil = lambda message: message.replace("Velumo 2", "Velumo " + "x" * 3_000_000)
    failure, pages = failing(connector(server.url()))
    assert failure.outcome is Outcome.DOWN
    assert {record["uri"] for page in pages for record in page.records} == set(uris[:2])


def test_a_stream_that_goes_in_circles_is_contained(
    server: JetstreamServer, second: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jetstream, "MOST_REPEATED", 500)
    stream_posts(server, 10)
    server.is_endless = True
    failure, _ = failing(connector(server.url(second=second)))
    assert failure.outcome is Outcome.SCHEMA_DRIFT


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


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"words": []},
        {"words": [" * "]},
        {"words": ["a"], "stream": "https://example.org/subscribe"},
        {"words": ["a"], "stream": "wss://example.org/other"},
        {"words": ["a"], "handle": "a.example.org"},
        {"words": ["a"], "lookback_hours": 100},
    ],
)
def test_wrong_settings_are_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        BlueskySettings(**entry)
