"""The Bluesky connector against a local event stream and search with their positions, limits and failures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from pydantic import ValidationError

from flows.demo.platforms.bluesky import BlueskyPost, view
from flows.demo.platforms.jetstream import JetstreamServer
from flows.http import PoliteClient
from flows.landing.html import html_to_text
from flows.sources import jetstream
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
