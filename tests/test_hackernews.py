"""The Hacker News connector against a local Algolia and Firebase with their caps, gaps and failures."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from flows.demo.platforms import HackerNewsItem, HackerNewsServer, faults
from flows.demo.platforms.server import Answer, Request
from flows.http import PoliteClient
from flows.landing.html import html_to_text
from flows.sources.base import BrokenRecord, Cursor, Outcome, Page, SourceFailed
from flows.sources.hackernews import HackerNews, HackerNewsSettings

NOW = datetime.now(UTC).replace(microsecond=0)
SEARCH = "/api/v1/search_by_date"
without_sleep = partial(PoliteClient, sleep=lambda seconds: None)


def stories(count: int, *, every_seconds: float = 3_600, word: str = "velumo") -> list[HackerNewsItem]:
    """Stories up to now, the newest first."""
    times = (NOW - timedelta(seconds=every_seconds * number) for number in range(count))
    return [HackerNewsItem("pg", time, title=f"{word} {number}") for number, time in enumerate(times)]


def connector(server: HackerNewsServer, *, now: datetime = NOW, **changes: Any) -> HackerNews:
    given_settings = {"queries": ("velumo",), "overlap_hours": 0, "timeout_seconds": 5} | changes
    entry = HackerNewsSettings(base_url=server.url, items_url=server.url, **given_settings)
    return HackerNews(entry, open_client=without_sleep, clock=lambda: now)


def read(source: HackerNews, cursor: Cursor | None = None) -> tuple[list[str], Cursor]:
    pages = list(source.fetch(cursor or {}))
    ids = [record["objectID"] for page in pages for record in page.records]
    return ids, pages[-1].cursor if pages else (cursor or {})


def ids_of(server: HackerNewsServer) -> list[str]:
    return sorted(map(str, server.posts))


def hits_as_json(server: HackerNewsServer, ids: list[int], hit_count: int) -> bytes:
    """A search answer with these items, whatever was asked."""
    with HackerNewsServer([server.posts[item_id] for item_id in ids]) as other:
        body = json.loads(other.answer(Request("GET", SEARCH, (("hitsPerPage", "1000"),), {})).body)
    return json.dumps(body | {"nbHits": hit_count}).encode()


def test_reads_everything_once_and_then_only_what_is_new() -> None:
    with HackerNewsServer(stories(200)) as server:
        ids, cursor = read(connector(server))
        assert sorted(ids) == ids_of(server)
        later = NOW + timedelta(hours=3)
        assert not read(connector(server), cursor)[0]
        new = [
            server.add(HackerNewsItem("pg", time, title="velumo again")) for time in (NOW + timedelta(seconds=1), later)
        ]
        ids, _ = read(connector(server, now=later), cursor)
        assert sorted(ids) == sorted(map(str, new))


def test_windows_are_halved_under_the_cap() -> None:
    with HackerNewsServer(stories(3_000, every_seconds=60)) as server:
        ids, _ = read(connector(server))
        assert sorted(ids) == ids_of(server)
        assert max(Counter(request.value("page") for request in server.requests)) == "0"


def test_a_burst_in_one_second_is_read_as_far_as_it_goes() -> None:
    burst = [replace(each, created_at=NOW - timedelta(hours=1)) for each in stories(60)]
    with HackerNewsServer([*burst, *stories(5)], hit_cap=50) as server:
        source = connector(server, max_records_per_run=50)
        ids: list[str] = []
        cursor: Cursor = {}
        for _ in range(4):
            found, cursor = read(source, cursor)
            ids += found
        assert len(set(ids)) >= 54


def test_pages_that_come_smaller_than_asked_are_all_read() -> None:
    with HackerNewsServer(stories(90), hit_cap=1_000) as server:

        def small(answer: Answer) -> Answer:
            page = int(server.requests[-1].value("page"))
            hits = sorted(server.posts, reverse=False)[page * 20 : (page + 1) * 20]
            return replace(answer, body=hits_as_json(server, hits, 90))

        server.broken[SEARCH] = small
        ids, _ = read(connector(server))
        assert sorted(ids) == ids_of(server)


def test_overlap_reads_late_items_and_new_points() -> None:
    with HackerNewsServer(stories(48)) as server:
        _, cursor = read(connector(server, overlap_hours=12))
        late = server.add(HackerNewsItem("pg", NOW - timedelta(hours=2), title="velumo, indexed late"))
        grown = max(server.posts) - 1
        server.edit(40_000_003, points=99)
        source = connector(server, overlap_hours=12, now=NOW + timedelta(hours=1))
        records = {record["objectID"]: record for page in source.fetch(cursor) for record in page.records}
        assert str(late) in records
        assert str(grown) not in records
        assert records["40000003"]["points"] == 99
        assert len(records) < 16


def test_queries_are_read_in_turns_and_limited() -> None:
    with HackerNewsServer([*stories(400, every_seconds=600), *stories(30, word="pedelo")]) as server:
        source = connector(server, queries=("velumo", "pedelo"), max_records_per_run=100)
        seen: Counter[str] = Counter()
        cursor: Cursor = {}
        for run in range(12):
            ids, cursor = read(source, cursor)
            assert len(ids) <= 200
            seen.update(ids)
            if run == 0:
                assert any("pedelo" in server.posts[int(item_id)].title for item_id in ids)
        assert sorted(seen) == ids_of(server)
        assert set(seen.values()) == {1}


@given(
    ages=st.lists(st.integers(0, 5_000), max_size=60),
    cap=st.integers(1, 9),
    stops=st.sets(st.integers(1, 30), max_size=3),
    arrivals=st.lists(st.integers(0, 90), max_size=6),
)
@settings(max_examples=25, deadline=None)
@example(ages=[0, 1, 2], cap=1, stops=set(), arrivals=[60])  # indexed late while the first run's backlog lasted
def test_windows_see_every_item(ages: list[int], cap: int, stops: set[int], arrivals: list[int]) -> None:
    """Any spread of items, record limits, cut-off runs and late arrivals: nothing is missed."""
    items = [HackerNewsItem("pg", NOW - timedelta(seconds=age), title="velumo") for age in set(ages)]
    with HackerNewsServer(items) as server:
        seen: list[str] = []
        cursor: Cursor = {}
        number = 0
        for run in range(400):
            now = NOW + timedelta(seconds=60 * run)
            source = connector(server, now=now, lookback_days=1, max_records_per_run=cap, overlap_hours=0.05)
            was_cut = False
            for page in source.fetch(cursor):
                seen += [record["objectID"] for record in page.records]
                cursor = page.cursor
                number += 1
                if number in stops:
                    was_cut = True
                    break
            if run < len(arrivals):
                server.add(HackerNewsItem("pg", now - timedelta(seconds=arrivals[run]), title="velumo"))
            elif not was_cut and cursor["queries"]["velumo"]["caught_up"] and run > len(arrivals) + 1:
                break
        assert sorted(set(seen)) == ids_of(server)


def test_maps_a_story() -> None:
    text = 'It\'s "great":\n\nhttps://velumo.example/a?b=1&c=2'
    story = HackerNewsItem("pg", NOW, "Velumo & Co <3", text, "https://velumo.example/x", points=7, num_comments=3)
    with HackerNewsServer([story]) as server:
        source = connector(server)
        mention = source.to_mention(next(iter(source.fetch({}))).records[0])
    assert html_to_text(mention.text).split("\n\n") == [
        "Velumo & Co <3",
        'It\'s "great":',
        "https://velumo.example/a?b=1&c=2",
        "https://velumo.example/x",
    ]
    assert mention.native_id == mention.thread
    assert mention.url == f"https://news.ycombinator.com/item?id={mention.native_id}"
    assert (mention.author, mention.author_kind, mention.published_at) == ("pg", "unknown", NOW)
    assert (mention.like_count, mention.reply_count, mention.repost_count, mention.reach) == (7, 3, None, None)
    assert mention.reply_to is None
    assert mention.edited_at is None


def test_maps_a_comment() -> None:
    with HackerNewsServer(stories(1, word="bikes")) as server:
        reply = server.add(HackerNewsItem("dang", NOW, text="I ride a velumo", parent_id=40_000_001))
        nested = server.add(HackerNewsItem("dang", NOW, text="velumo too", parent_id=reply))
        source = connector(server)
        records = {record["objectID"]: record for page in source.fetch({}) for record in page.records}
        mention = source.to_mention(records[str(nested)])
    assert set(records) == {str(reply), str(nested)}
    assert html_to_text(mention.text) == "velumo too"
    assert (mention.thread, mention.reply_to) == ("40000001", str(reply))
    assert (mention.like_count, mention.reply_count) == (None, None)


@pytest.mark.parametrize(
    ("overrides", "field"),
    [
        ({"objectID": None}, "objectID"),
        ({"created_at_i": None}, "created_at_i"),
        ({"created_at_i": "soon"}, "created_at_i"),
        ({"title": None}, "title"),
        ({"title": ["velumo"]}, "title"),
        ({"points": "seven"}, "points"),
        ({"title": "velumo \udcff"}, "title"),
    ],
)
def test_broken_hits_are_named(overrides: dict[str, Any], field: str) -> None:
    with HackerNewsServer(stories(1)) as server:
        source = connector(server)
        record = next(iter(source.fetch({}))).records[0]
    with pytest.raises(BrokenRecord) as caught:
        source.to_mention({**record, **overrides})
    assert caught.value.field_name == field
    assert source.native_id({**record, **overrides}) == (None if field == "objectID" else "40000001")


def test_broken_hits_do_not_stop_the_run() -> None:
    broken = HackerNewsItem("pg", NOW, title="velumo", overrides={"objectID": None, "created_at_i": "soon"})
    with HackerNewsServer([broken, *stories(3)]) as server:
        records = [record for page in connector(server).fetch({}) for record in page.records]
    assert len(records) == 4


def test_recheck_tells_deleted_and_hidden_items() -> None:
    with HackerNewsServer(stories(4)) as server:
        source = connector(server)
        ids, _ = read(source)
        server.delete(int(ids[0]))
        server.kill(int(ids[1]))
        assert [(each.native_id, each.gone) for each in source.recheck([*ids, "17"])] == [
            (ids[0], "deleted"),
            (ids[1], "hidden by moderators"),
            (ids[2], None),
            (ids[3], None),
            ("17", "deleted"),
        ]


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (faults.status(403), Outcome.ACCESS_LOST),
        (faults.status(429, {"Retry-After": "7200"}), Outcome.RATE_LIMITED),
        (faults.status(500), Outcome.DOWN),
        (faults.truncated(), Outcome.DOWN),
        (faults.hang(30), Outcome.DOWN),
        (faults.html(), Outcome.DOWN),
        (faults.oversized(40), Outcome.DOWN),
        (lambda answer: replace(answer, body=b"[]"), Outcome.SCHEMA_DRIFT),
        (lambda answer: replace(answer, body=b'{"nbHits": 3, "hits": {}}'), Outcome.SCHEMA_DRIFT),
    ],
    ids=["403", "429", "500", "cut", "hang", "html", "big", "list", "shape"],
)
def test_failures_keep_what_came_before(fault: Any, outcome: Outcome) -> None:
    with HackerNewsServer(stories(40)) as server:
        source = connector(server, max_records_per_run=1_000, timeout_seconds=2, max_tries=2, queries=("velumo", "x"))
        pages: list[Page] = []
        with pytest.raises(SourceFailed) as caught:
            for page in source.fetch({}):
                pages.append(page)
                server.broken[SEARCH] = fault
        assert caught.value.outcome is outcome
        assert [len(page.records) for page in pages] == [40]
        server.broken.clear()
        assert read(source, pages[0].cursor)[0] == []


def test_a_search_that_repeats_its_page_is_contained() -> None:
    with HackerNewsServer(stories(30)) as server:
        server.broken[SEARCH] = lambda answer: replace(
            answer, body=hits_as_json(server, sorted(server.posts)[:10], 500)
        )
        with pytest.raises(SourceFailed) as caught:
            list(connector(server).fetch({}))
    assert caught.value.outcome is Outcome.SCHEMA_DRIFT
    assert len(server.requests) == 2


def test_a_search_that_ignores_the_window_is_contained() -> None:
    old = [replace(each, created_at=NOW - timedelta(days=900)) for each in stories(1_100)]
    with HackerNewsServer(old) as server:
        server.broken[SEARCH] = lambda answer: replace(
            answer, body=hits_as_json(server, sorted(server.posts)[:1_000], 1_100)
        )
        ids, _ = read(connector(server))
    assert len(ids) == 1_000
    assert len(server.requests) == 1


def test_the_message_past_the_end_is_no_record() -> None:
    with HackerNewsServer(stories(5)) as server:
        asked = (("query", "velumo"), ("page", "1"), ("hitsPerPage", "1000"))
        assert b"you can only fetch" in server.answer(Request("GET", SEARCH, asked, {})).body
        assert len(read(connector(server))[0]) == 5


def test_no_hits_are_no_failure() -> None:
    with HackerNewsServer() as server:
        assert read(connector(server))[0] == []


@pytest.mark.parametrize(
    "entry",
    [{}, {"queries": []}, {"queries": ["a"], "kinds": ["jobs"]}, {"queries": ["a"], "base_url": "hn.algolia.com"}],
)
def test_wrong_settings_are_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        HackerNewsSettings(**entry)
