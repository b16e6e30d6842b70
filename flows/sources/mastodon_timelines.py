"""Walking a Mastodon timeline: back as far as the first run looks, then always forward, with nothing skipped.

`min_id` gives the posts immediately newer than an id, so walking it forward leaves no gaps (`since_id` would). The
state of a timeline is part of the cursor:

- `marks`: points already read, as [time, id], oldest first; reading goes on after the last one.
- `caught_up`: whether the last run reached the end. If so, the next one begins `overlap` earlier: posts from other
  servers arrive late with an earlier id, and likes, replies and edits come after the post.
- `back`: how far the first run still has to go back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flows.http import Params, PoliteClient, Response
from flows.sources.base import Outcome, Record, SourceFailed
from flows.sources.records import records_in

PAGE_SIZE = 40
MARKS_KEPT = 25
"""Bounds the overlap to so many pages, however busy the timeline is."""


@dataclass(frozen=True)
class Timeline:
    """Where a timeline is: its name in the cursor, path and parameters, and its entry in `timelines_access`."""

    name: str
    path: str
    params: tuple[tuple[str, str], ...]
    feed: str


@dataclass(frozen=True)
class Reach:
    """How far to read: the first run back to `first_time` or `first_records`, later ones from `overlap` earlier on."""

    first_time: datetime
    first_records: int
    overlap: timedelta


def walk(client: PoliteClient, timeline: Timeline, state: dict[str, Any], reach: Reach) -> Iterator[list[Record]]:
    """Yield a timeline's pages from `state` on; `state` is kept true for the pages yielded. Raises SourceFailed."""
    if "back" in state or not state.get("marks"):
        yield from _back(client, timeline, state, reach)
    elif state["caught_up"]:
        state["marks"] = _before_overlap(state["marks"], reach.overlap)
    if state.get("marks"):
        yield from _forward(client, timeline, state)


def _back(client: PoliteClient, timeline: Timeline, state: dict[str, Any], reach: Reach) -> Iterator[list[Record]]:
    back = state.setdefault("back", {"until": reach.first_time.isoformat(), "left": reach.first_records})
    state["caught_up"] = False
    while "back" in state:
        records, response = _page(client, timeline, "max_id", back.get("max_id"))
        if not records:
            del state["back"]
            return
        oldest, newest = _edge(response, records, "max_id", min), _edge(response, records, "min_id", max)
        if "max_id" in back and _order(oldest) >= _order(back["max_id"]):
            raise _stuck(timeline)
        reached = _time(records[-1])
        marks = state.get("marks") or [[_time(records[0]).isoformat(), newest]]
        state["marks"] = [[reached.isoformat(), oldest], *marks][-MARKS_KEPT:]
        back |= {"max_id": oldest, "left": back["left"] - len(records)}
        if back["left"] <= 0 or reached < datetime.fromisoformat(back["until"]):
            del state["back"]
        yield records


def _forward(client: PoliteClient, timeline: Timeline, state: dict[str, Any]) -> Iterator[list[Record]]:
    state["caught_up"] = False
    while True:
        position = state["marks"][-1][1]
        records, response = _page(client, timeline, "min_id", position)
        if not records:
            state["caught_up"] = True
            yield []
            return
        newest = _edge(response, records, "min_id", max)
        if _order(newest) <= _order(position):
            raise _stuck(timeline)
        state["marks"] = [*state["marks"], [_time(records[0]).isoformat(), newest]][-MARKS_KEPT:]
        yield records


def read_back(
    client: PoliteClient, timeline: Timeline, since: datetime, until: datetime, max_id: str | None
) -> Iterator[tuple[list[Record], str]]:
    """Yield the posts of a time, newest first, with the id below which the rest lies; go on below `max_id`.

    Where ids are made of the time, as Mastodon's are, what is newer than `until` is jumped over.
    """
    is_first = max_id is None
    while True:
        records, response = _page(client, timeline, "max_id", max_id)
        if not records:
            return
        oldest = _edge(response, records, "max_id", min)
        if max_id is not None and _order(oldest) >= _order(max_id):
            raise _stuck(timeline)
        wanted = [record for record in records if since <= _time(record) < until]
        reached = _time(records[-1])
        jump = _id_at(records[-1], until) if is_first and reached >= until else None
        max_id = jump if jump is not None and _order(jump) < _order(oldest) else oldest
        is_first = False
        yield wanted, max_id
        if reached < since:
            return


def _id_at(record: Record, moment: datetime) -> str | None:
    """The id that a post of that time would have, where ids hold milliseconds above 16 bits; else None."""
    text = str(record.get("id"))
    if not text.isdecimal() or abs((int(text) >> 16) / 1_000 - _time(record).timestamp()) > 3_600:
        return None
    return str(int((moment + timedelta(hours=1)).timestamp() * 1_000) << 16)


def _page(client: PoliteClient, timeline: Timeline, bound: str, edge: str | None) -> tuple[list[Record], Response]:
    params: Params = [*timeline.params, ("limit", str(PAGE_SIZE)), *([(bound, edge)] if edge else [])]
    found, response = client.get_json(timeline.path, params, accept=(404, 422))
    if response.status == 422:
        raise SourceFailed(
            Outcome.ACCESS_LOST, f"{timeline.name}: this server shows it to its users only. Set `token_variable`."
        )
    # 404: a hashtag that nobody has used yet
    return records_in(found if response.status == 200 else [], timeline.name), response


def _edge(response: Response, records: list[Record], bound: str, choose: Callable[..., str]) -> str:
    """The id from which the next page begins: as the Link header says, else by the ids of this page.

    Only the id is taken from the link: its address forgets `any[]`, `all[]` and `none[]`.
    """
    for address in re.findall(r"<([^>]*)>", response.headers.get("link", "")):
        if found := parse_qs(urlsplit(address).query).get(bound):
            return found[-1]
    ids = [record["id"] for record in records if isinstance(record.get("id"), str)]
    if not ids:
        raise SourceFailed(Outcome.SCHEMA_DRIFT, "The server sent a page in which no post has an id.")
    return choose(ids, key=_order)


def _before_overlap(marks: list[list[str]], overlap: timedelta) -> list[list[str]]:
    """The marks up to the youngest one that is `overlap` older than the last (at least the first mark)."""
    limit = datetime.fromisoformat(marks[-1][0]) - overlap
    return [mark for mark in marks if datetime.fromisoformat(mark[0]) <= limit] or marks[:1]


def _order(status_id: str) -> tuple[int, str]:
    """Ids are opaque; they grow by length, then by character."""
    return len(status_id), status_id


def _time(record: Record) -> datetime:
    """When a post was published; now, when its record is broken."""
    try:
        return datetime.fromisoformat(str(record.get("created_at"))).astimezone(UTC)
    except ValueError:
        return datetime.now(UTC)


def _stuck(timeline: Timeline) -> SourceFailed:
    return SourceFailed(Outcome.SCHEMA_DRIFT, f"{timeline.name}: the server answers with the same page again.")
