"""Listings that are served newest first: whatever happens between two pages, nothing is missed and all walks end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.sources.base import Outcome, Record, SourceFailed
from flows.sources.newest_first import MAX_EMPTY_PAGES, Depth, Listing, Position, Slice, time_in, walk_down

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def depth(days: float = 365, overlap_minutes: float = 0) -> Depth:
    return Depth(NOW - timedelta(days=days), timedelta(minutes=overlap_minutes))


def at(minutes: int, number: int = 0) -> dict[str, Any]:
    return {"id": f"{minutes}-{number}", "at": (NOW + timedelta(minutes=minutes)).isoformat()}


def listing(page: Any) -> Listing:
    return Listing("posts", page, lambda record: time_in(record.get("at")))


def numbered(posts: list[Record], size: int, position: Position) -> Slice:
    """Pages by number, as most platforms have them: what arrives meanwhile shifts them."""
    number = position if isinstance(position, int) else 0
    newest = sorted(posts, key=lambda record: str(record["at"]), reverse=True)
    page = newest[number * size : (number + 1) * size]
    return Slice(page, number + 1 if page else None)


@given(
    first=st.lists(st.integers(-50, 0), max_size=20),
    arrivals=st.lists(st.lists(st.integers(1, 30), max_size=6), min_size=1, max_size=8),
    late=st.integers(0, 20),
    size=st.integers(1, 7),
    cuts=st.sets(st.integers(1, 30), max_size=5),
)
@settings(max_examples=60, deadline=None)
def test_every_post_is_seen(first: list[int], arrivals: list[list[int]], late: int, size: int, cuts: set[int]) -> None:
    """Any posts, page sizes and cut-off runs; posts arrive between pages, at most `late` minutes after their time."""
    posts: list[Record] = [at(minute, number) for number, minute in enumerate(first)]
    seen: set[str] = set()
    state: dict[str, Any] = {}
    pages, clock = 0, 0
    for _run in range(len(arrivals) + 4):
        working = {key: dict(value) if isinstance(value, dict) else value for key, value in state.items()}
        for records in walk_down(listing(partial(numbered, posts, size)), working, depth(overlap_minutes=late)):
            seen |= {str(record["id"]) for record in records}
            state = {key: dict(value) if isinstance(value, dict) else value for key, value in working.items()}
            pages += 1
            if arrivals:
                clock += 31
                posts += [at(clock + max(minute - 30, -late), 100 + pages) for minute in arrivals.pop()]
            if pages in cuts:
                break
    assert seen == {str(record["id"]) for record in posts}


def test_pinned_posts_do_not_end_a_walk() -> None:
    pinned = {"id": "pinned", "at": "2020-01-01T00:00:00+00:00"}
    posts = [at(-number) for number in range(30)]

    def page(position: Position) -> Slice:
        found = numbered(posts, 10, position)
        return Slice([pinned, *found.records], found.next) if found.records else found

    seen = [record["id"] for records in walk_down(listing(page), {}, depth()) for record in records]
    assert len(set(seen)) == 31


def test_a_walk_ends_at_its_floor_and_the_next_one_where_it_began() -> None:
    posts = [at(-60 * number) for number in range(200)]
    state: dict[str, Any] = {}
    assert sum(map(len, walk_down(listing(partial(numbered, posts, 10)), state, depth(days=2)))) == 50
    assert list(walk_down(listing(partial(numbered, posts, 10)), state, depth())) == [posts[:10]]
    assert state == {"read_until": NOW.isoformat()}


@pytest.mark.parametrize("below", [7, None])
def test_a_listing_that_repeats_itself_is_contained(below: Position) -> None:
    numbers = iter(range(1_000))
    with pytest.raises(SourceFailed) as caught:
        list(walk_down(listing(lambda position: Slice([at(1), at(2)], below or next(numbers))), {}, depth()))
    assert caught.value.outcome is Outcome.SCHEMA_DRIFT


def test_empty_pages_are_gone_through_up_to_a_number() -> None:
    pages = list(walk_down(listing(lambda position: Slice([], int(position or 0) + 1)), {}, depth()))
    assert len(pages) == MAX_EMPTY_PAGES


@pytest.mark.parametrize("value", [None, True, "soon", [], 1e30])
def test_what_is_no_time_is_none(value: Any) -> None:
    assert time_in(value) is None


def test_times_without_a_zone_are_utc() -> None:
    assert time_in("2026-11-01T00:00:00") == time_in(NOW.timestamp()) == NOW
