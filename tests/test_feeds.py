"""The feed connector against a local publisher: conditions, dates, keys, encodings, broken XML."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from flows.demo.platforms import Feed, FeedItem, FeedServer, faults
from flows.http import PoliteClient
from flows.landing.html import html_to_text
from flows.sources.base import BrokenRecord, Cursor, Outcome, Page, RawMention, SourceFailed
from flows.sources.feeds import Feeds, FeedSettings

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
without_sleep = partial(PoliteClient, sleep=lambda seconds: None)


def item(number: int, **changes: Any) -> FeedItem:
    address = f"https://news.example/{number}"
    return replace(
        FeedItem(
            f"Title {number}",
            f"<p>Text {number}</p>",
            address,
            f"tag:news.example,2026:{number}",
            NOW - timedelta(hours=number),
        ),
        **changes,
    )


def connector(server: FeedServer, *paths: str, **changes: Any) -> Feeds:
    given_settings = {"timeout_seconds": 5, "max_tries": 2} | changes
    addresses = tuple(server.url + path for path in paths or server.feeds)
    return Feeds(FeedSettings(urls=addresses, **given_settings), open_client=without_sleep)


def read(source: Feeds, cursor: Cursor | None = None) -> tuple[list[RawMention], Cursor]:
    pages = list(source.fetch(cursor or {}))
    mentions = [source.to_mention(record) for page in pages for record in page.records]
    return mentions, pages[-1].cursor if pages else (cursor or {})


def failing(source: Feeds, cursor: Cursor | None = None) -> tuple[SourceFailed, list[Page]]:
    pages: list[Page] = []
    with pytest.raises(SourceFailed) as caught:
        pages.extend(source.fetch(cursor or {}))
    return caught.value, pages


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_maps_items(form: Any) -> None:
    entry = item(
        1, title="Größe & <Mut>", text="<p>Mehr <a href='https://a.example/x'>hier</a></p>", author="Anna Muster"
    )
    with FeedServer([Feed("/news", (entry,), form=form, language="de-AT")]) as server:
        (mention,), _ = read(connector(server))
        assert mention.native_id == f"{server.url}/news tag:news.example,2026:1"
        assert mention.author == f"{server.url}/news"
    title, text = html_to_text(mention.text).split("\n\n")
    assert title == "Größe & <Mut>"
    assert "hier" in text
    assert "https://a.example/x" in text
    assert (mention.url, mention.author_kind, mention.language_hint) == (
        "https://news.example/1",
        "organisation",
        "de-AT",
    )
    assert mention.published_at == NOW - timedelta(hours=1)
    assert (mention.edited_at, mention.like_count, mention.reach, mention.thread) == (None, None, None, None)


def test_unchanged_feeds_answer_304_and_are_no_page() -> None:
    with FeedServer([Feed("/a", (item(1),)), Feed("/b", (item(1), item(2)))]) as server:
        source = connector(server)
        mentions, cursor = read(source)
        assert len(mentions) == 3
        server.requests.clear()
        assert list(source.fetch(cursor)) == []
        assert [set(request.headers) >= {"if-none-match", "if-modified-since"} for request in server.requests] == [
            True
        ] * 2
        server.add("/b", item(3))
        (page,) = source.fetch(cursor)
        assert len(page.records) == 3
        assert list(source.fetch(page.cursor)) == []


@pytest.mark.parametrize("changes", [{"has_etag": False}, {"has_last_modified": False}])
def test_one_of_the_two_conditions_is_enough(changes: dict[str, Any]) -> None:
    with FeedServer([Feed("/a", (item(1),), **changes)]) as server:
        source = connector(server)
        _, cursor = read(source)
        assert list(source.fetch(cursor)) == []


def test_dates_that_are_absent_or_unreadable_stay_unknown() -> None:
    with FeedServer(
        [Feed("/a", (item(1, published=None),)), Feed("/b", (item(2, published=None),), form="atom")]
    ) as server:
        server.feeds["/c"] = Feed(
            "/c", raw=server.feeds["/a"].body.replace(b"</item>", b"<pubDate>soon</pubDate></item>")
        )
        mentions, _ = read(connector(server))
    assert [mention.published_at for mention in mentions] == [None, None, None]


def test_dates_are_read_with_their_time_zones() -> None:
    berlin = datetime(2026, 7, 1, 14, 0, tzinfo=timezone(timedelta(hours=2)))
    with FeedServer(
        [Feed("/a", (item(1, published=berlin),)), Feed("/b", (item(2, published=berlin),), form="atom")]
    ) as server:
        mentions, _ = read(connector(server))
    assert [mention.published_at for mention in mentions] == [berlin, berlin]


def test_an_atom_change_date_is_an_edit_not_a_publication() -> None:
    changed = NOW + timedelta(hours=5)
    entries = (
        item(1, updated=changed),
        item(2, updated=NOW - timedelta(hours=2)),
        item(3, published=None, updated=changed),
    )
    with FeedServer([Feed("/a", entries, form="atom")]) as server:
        edited, untouched, unknown = read(connector(server))[0]
    assert (edited.published_at, edited.edited_at) == (NOW - timedelta(hours=1), changed)
    assert untouched.edited_at is None
    assert (unknown.published_at, unknown.edited_at) == (None, changed)


def test_a_dublin_core_date_is_a_publication() -> None:
    with FeedServer([Feed("/a", (item(1, published=None),))]) as server:
        dated = server.feeds["/a"].body.replace(b"</item>", b"<dc:date>2026-11-01T10:00:00Z</dc:date></item>")
        server.change("/a", raw=dated)
        (mention,), _ = read(connector(server))
    assert mention.published_at == datetime(2026, 11, 1, 10, tzinfo=UTC)


def test_keys_are_guid_then_link_then_content() -> None:
    entries = (item(1), item(2, guid=None), item(3, guid=None, link=""), item(4, guid=None, link="", text="", title=""))
    with FeedServer([Feed("/a", entries)]) as server:
        source = connector(server)
        (page,) = source.fetch({})
        by_guid, by_link, by_content = (source.to_mention(record).native_id for record in page.records[:3])
        with pytest.raises(BrokenRecord) as caught:
            source.to_mention(page.records[3])
        assert source.native_id(page.records[3]) is None
    assert by_guid.endswith(" tag:news.example,2026:1")
    assert by_link.endswith(" https://news.example/2")
    assert len(by_content.split()[-1]) == 32
    assert caught.value.field_name == "key"


def test_the_same_item_in_two_feeds_is_two_mentions() -> None:
    with FeedServer([Feed("/a", (item(1),)), Feed("/b", (item(1),))]) as server:
        first, second = read(connector(server))[0]
    assert first.native_id != second.native_id


def test_guids_made_up_at_every_fetch_do_not_multiply_items() -> None:
    with FeedServer([Feed("/a", (item(1), item(2)))]) as server:
        source = connector(server)
        before, cursor = read(source)
        for night in range(3):
            server.edit("/a", before[0].url or "", guid=f"session-{night}", title="Changed")
            server.add("/a", item(10 + night))
            mentions, cursor = read(source, cursor)
            assert {mention.native_id for mention in before} <= {mention.native_id for mention in mentions}
            assert len({mention.native_id for mention in mentions}) == len(mentions) == 3 + night


def test_an_item_that_moves_to_another_link_keeps_its_key() -> None:
    with FeedServer([Feed("/a", (item(1),))]) as server:
        source = connector(server)
        (before,), cursor = read(source)
        server.edit("/a", "https://news.example/1", link="https://news.example/1-corrected")
        server.add("/a", item(2, link="https://news.example/1"))
        new, moved = read(source, cursor)[0]
    assert moved.native_id == before.native_id
    assert new.native_id != before.native_id


def test_items_that_share_a_link_stay_apart() -> None:
    with FeedServer([Feed("/a", (item(1, link="https://news.example/live"),))]) as server:
        source = connector(server)
        _, cursor = read(source)
        server.add("/a", item(2, link="https://news.example/live"))
        mentions, cursor = read(source, cursor)
        assert len({mention.native_id for mention in mentions}) == 2
        server.delete("/a", "tag:news.example,2026:1")
        assert read(source, cursor)[0][0].native_id.endswith("tag:news.example,2026:2")


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("utf-8", "application/rss+xml; charset=iso-8859-1"),
        ("utf-8", "text/xml"),
        ("utf-8", "application/octet-stream"),
        ("iso-8859-1", "application/rss+xml"),
        ("iso-8859-1", "text/xml; charset=utf-8"),
        ("windows-1252", "application/rss+xml; charset=windows-1252"),
        ("utf-16", "application/rss+xml"),
    ],
)
def test_reads_text_whatever_the_header_claims(encoding: str, content_type: str) -> None:
    feed = Feed("/a", (item(1, title="Größe für Österreich"),), encoding=encoding, content_type=content_type)
    with FeedServer([feed]) as server:
        source = connector(server)
        (mention,), cursor = read(source)
        assert list(source.fetch(cursor)) == []
    assert html_to_text(mention.text).startswith("Größe für Österreich")


def test_a_declaration_that_lies_about_utf8_does_no_harm() -> None:
    with FeedServer([Feed("/a", (item(1, title="Größe"),))]) as server:
        body = server.feeds["/a"].body.replace(b'encoding="utf-8"', b'encoding="iso-8859-1"', 1)
        server.change("/a", raw=body, content_type="application/rss+xml; charset=iso-8859-1")
        (mention,), _ = read(connector(server))
    assert html_to_text(mention.text).startswith("Größe")


def test_an_empty_feed_is_no_failure() -> None:
    with FeedServer([Feed("/a")]) as server:
        source = connector(server)
        (page,) = source.fetch({})
        assert page.records == []
        assert list(source.fetch(page.cursor)) == []


def test_broken_xml_gives_what_can_be_read_and_is_asked_again() -> None:
    whole = Feed("/a", tuple(item(number) for number in range(5)))
    with FeedServer([whole]) as server:
        server.change("/a", raw=whole.body[: int(len(whole.body) * 0.7)])
        source = connector(server)
        mentions, cursor = read(source)
        assert 2 <= len(mentions) < 5
        server.change("/a", raw=None, changed_at=whole.changed_at)
        assert len(read(source, cursor)[0]) == 5


@pytest.mark.parametrize(
    ("raw", "outcome"),
    [
        (b"", Outcome.SCHEMA_DRIFT),
        (b"nothing like XML", Outcome.SCHEMA_DRIFT),
        (b'{"items": []}', Outcome.SCHEMA_DRIFT),
        (b"<!DOCTYPE html><html><body>Maintenance</body></html>", Outcome.DOWN),
        (bytes(range(128, 256)) * 20, Outcome.SCHEMA_DRIFT),
    ],
    ids=["empty", "text", "json", "page", "bytes"],
)
def test_what_is_no_feed_is_told(raw: bytes, outcome: Outcome) -> None:
    with FeedServer([Feed("/a", raw=raw)]) as server:
        failure, _ = failing(connector(server))
    assert failure.outcome is outcome
    assert "/a" in str(failure)


def test_entities_neither_explode_nor_read_files() -> None:
    nested = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, 10))
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "ha">{nested}<!ENTITY file SYSTEM "file:///etc/passwd">]>'
    body = "<rss version='2.0'><channel><item><title>{}</title><guid>1</guid></item></channel></rss>"
    with FeedServer() as server:
        for path, entity in (("/bomb", "&e9;"), ("/file", "&file;")):
            server.change(path, raw=f'<?xml version="1.0"?>{bomb}{body.format(entity)}'.encode())
            (mention,), _ = read(connector(server, path))
            assert len(mention.text) < 1_000
            assert "root" not in mention.text


def test_an_address_of_a_file_in_a_feed_is_never_opened() -> None:
    with FeedServer([Feed("/a", raw=b"/etc/passwd")]) as server:
        assert failing(connector(server))[0].outcome is Outcome.SCHEMA_DRIFT


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (faults.status(401), Outcome.ACCESS_LOST),
        (faults.status(404), Outcome.DOWN),
        (faults.status(429, {"Retry-After": "7200"}), Outcome.RATE_LIMITED),
        (faults.status(500), Outcome.DOWN),
        (faults.truncated(), Outcome.DOWN),
        (faults.hang(30), Outcome.DOWN),
        (faults.html(), Outcome.DOWN),
        (faults.gzip_bomb(40), Outcome.DOWN),
        (faults.redirect("http://192.168.0.1/feed"), Outcome.DOWN),
    ],
    ids=["401", "404", "429", "500", "cut", "hang", "html", "bomb", "redirect"],
)
def test_one_broken_feed_does_not_stop_the_others_but_is_told(fault: Any, outcome: Outcome) -> None:
    with FeedServer([Feed("/a", (item(1),)), Feed("/bad", (item(2),)), Feed("/c", (item(3),))]) as server:
        server.broken["/bad"] = fault
        source = connector(server, timeout_seconds=2)
        failure, pages = failing(source)
        assert failure.outcome is outcome
        assert "/bad" in str(failure)
        assert [len(page.records) for page in pages] == [1, 1]
        server.broken.clear()
        assert [mention.url for mention in read(source, pages[-1].cursor)[0]] == ["https://news.example/2"]


def test_the_record_limit_leaves_feeds_for_the_next_run() -> None:
    with FeedServer([Feed(path, (item(1), item(2))) for path in ("/a", "/b", "/c")]) as server:
        source = connector(server, max_records_per_run=3)
        mentions, cursor = read(source)
        assert len(mentions) == 4
        assert len(read(source, cursor)[0]) == 2


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="￾￿"), max_size=30)


@given(titles=st.lists(TEXT, min_size=1, max_size=6), form=st.sampled_from(["rss", "atom"]))
@settings(max_examples=40, deadline=None)
def test_any_title_survives(titles: list[str], form: Any) -> None:
    entries = tuple(item(number, title=title, text="") for number, title in enumerate(titles))
    with FeedServer([Feed("/a", entries, form=form)]) as server:
        mentions, _ = read(connector(server))
    assert len(mentions) == len(titles)


@pytest.mark.parametrize(
    "entry", [{}, {"urls": []}, {"urls": ["news.example/rss"]}, {"urls": ["https://anna:pass@news.example/rss"]}]
)
def test_wrong_settings_are_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FeedSettings(**entry)
