"""Hacker News: stories and comments found by Algolia's search, in time windows. See docs/sources/hackernews.md."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from html import escape, unescape
from math import ceil
from typing import Any, ClassVar, Literal
from urllib.parse import quote

from pydantic import AwareDatetime, BaseModel, Field

from flows.http import NetworkSettings, PoliteClient
from flows.sources.base import BrokenRecord, Checked, Connector, Cursor, Outcome, Page, RawMention, Record, SourceFailed
from flows.sources.records import field_names, in_turns, read_record, records_in

log = logging.getLogger(__name__)

HIT_CAP = 1_000
"""More hits than that cannot be reached by one query."""
SEARCH = "/api/v1/search_by_date"
SECONDS_PER_DAY = 86_400


class HackerNewsSettings(NetworkSettings):
    """What to search for on Hacker News, in listening.yaml."""

    type: Literal["hackernews"] = "hackernews"
    queries: tuple[str, ...] = Field(min_length=1, description="Words to search for; phrases in double quotes.")
    kinds: tuple[Literal["story", "comment", "poll"], ...] = Field(
        default=("story", "comment"), min_length=1, description="Which kinds of items to read."
    )
    lookback_days: float = Field(default=30, gt=0, description="How far back the first run reads.")
    overlap_hours: float = Field(
        default=24, ge=0, description="Items that were younger are read again by the next run."
    )
    base_url: str = Field(
        default="https://hn.algolia.com", pattern=r"^https?://[^/?#@\s]+$", description="Address of the search."
    )
    items_url: str = Field(
        default="https://hacker-news.firebaseio.com",
        pattern=r"^https?://[^/?#@\s]+$",
        description="Address of the items, asked for rechecks.",
    )


class Hit(BaseModel):
    """What is read of a hit; Algolia leaves out what has no value."""

    object_id: str = Field(alias="objectID", min_length=1)
    created_at: AwareDatetime = Field(alias="created_at_i")
    author: str | None = None
    title: str | None = None
    url: str | None = None
    story_text: str | None = None
    comment_text: str | None = None
    points: int | None = None
    num_comments: int | None = None
    parent_id: int | None = None
    story_id: int | None = None


class HackerNews(Connector):
    """Searches window by window, the oldest first.

    The cursor holds per query, in Unix seconds and inclusive: `read_until`; `settled_until`, up to where everything was
    read `overlap_hours` after it was written or later; and `caught_up`, whether the last run reached its present. If
    so, the next one begins where nothing is settled: items are indexed late, and points and comments grow.
    """

    settings_type = HackerNewsSettings
    required_fields = field_names(Hit, required=True)
    optional_fields = field_names(Hit, required=False)
    author_fields: ClassVar[tuple[str, ...]] = ("author", "_tags", "_highlightResult")

    def __init__(
        self,
        settings: HackerNewsSettings,
        *,
        open_client: Callable[..., PoliteClient] = PoliteClient,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings = settings
        self._open_client = open_client
        self._clock = clock

    def fetch(self, cursor: Cursor) -> Iterator[Page]:
        """Read all queries in turns, a window each. Raises SourceFailed."""
        known = cursor.get("queries", {})
        state: dict[str, dict[str, Any]] = {query: dict(known.get(query, {})) for query in self.settings.queries}
        with self._open_client(self.settings.base_url, self.settings) as client:
            walks = [self._walk(client, query, state[query], self._clock()) for query in self.settings.queries]
            for hits in in_turns(walks, self.settings.max_records_per_run):
                yield Page(hits, {"queries": {query: dict(each) for query, each in state.items()}})

    def backfill(self, since: datetime, until: datetime, cursor: Cursor) -> Iterator[Page]:
        """Read the windows of that time, all queries in turns. Raises SourceFailed."""
        begin = {"read_until": ceil(since.timestamp()) - 1, "settled_until": ceil(since.timestamp()) - 1}
        known = cursor.get("queries", {})
        state = {query: dict(known.get(query, begin | {"caught_up": False})) for query in self.settings.queries}
        last = datetime.fromtimestamp(ceil(until.timestamp()) - 1, UTC)
        with self._open_client(self.settings.base_url, self.settings) as client:
            walks = [self._walk(client, query, each, last) for query, each in state.items() if not each["caught_up"]]
            for hits in in_turns(walks):
                reached = datetime.fromtimestamp(min(each["read_until"] for each in state.values()), UTC)
                cursor = {"queries": {query: dict(each) for query, each in state.items()}}
                yield Page(hits, cursor, reached=reached)

    def to_mention(self, record: Record) -> RawMention:
        """Map a story (title, text and link) or a comment. Nobody knows the `reach` of an item. Raises BrokenRecord."""
        hit = read_record(Hit, record)
        # titles come with or without entities
        parts = [f"<p>{escape(unescape(hit.title))}</p>" if hit.title else "", hit.story_text, hit.comment_text]
        parts.append(f'<p><a href="{escape(hit.url)}">{escape(hit.url)}</a></p>' if hit.url else "")
        if not any(parts[:3]):
            raise BrokenRecord("title", "neither title, story_text nor comment_text")
        return RawMention(
            native_id=hit.object_id,
            text="".join(filter(None, parts)),
            is_html=True,
            url=f"https://news.ycombinator.com/item?id={hit.object_id}",
            author=hit.author,
            published_at=hit.created_at,
            thread=str(hit.story_id) if hit.story_id else (None if hit.parent_id else hit.object_id),
            reply_to=str(hit.parent_id) if hit.parent_id else None,
            like_count=hit.points,
            reply_count=hit.num_comments,
        )

    def native_id(self, record: Record) -> str | None:
        """The item's id, also of a broken hit."""
        value = record.get("objectID")
        return value if isinstance(value, str) and value else None

    def recheck(self, native_ids: Iterable[str]) -> Iterator[Checked]:
        """Ask Firebase for each item: it keeps deleted and dead ones as marks."""
        with self._open_client(self.settings.items_url, self.settings) as client:
            for item_id in native_ids:
                item, _ = client.get_json(f"/v0/item/{quote(item_id, safe='')}.json")
                if item is not None and not isinstance(item, dict):
                    raise SourceFailed(Outcome.SCHEMA_DRIFT, f"item {item_id}: an object was expected")
                if item is None or item.get("deleted"):
                    yield Checked(item_id, "deleted")
                else:
                    yield Checked(item_id, "hidden by moderators" if item.get("dead") else None)

    def _walk(self, client: PoliteClient, query: str, state: dict[str, Any], end: datetime) -> Iterator[list[Record]]:
        """Yield the hits of one window after the other up to `end`; a window with too many hits is halved."""
        now = int(end.timestamp())
        overlap = int(self.settings.overlap_hours * 3_600)
        start = now - int(self.settings.lookback_days * SECONDS_PER_DAY)
        if state:
            start = state["settled_until" if state["caught_up"] else "read_until"] + 1
        settled = state.get("settled_until", start - 1)
        windows = [(start, now)] if start <= now else []
        most = min(HIT_CAP, self.settings.max_records_per_run)
        while windows:
            low, high = windows.pop()
            hits, hit_count = self._hits(client, query, low, high, 0)
            is_filtered = all(low <= hit.get("created_at_i", low) <= high for hit in hits if _is_timed(hit))
            if hit_count > most and low < high and is_filtered:
                middle = (low + high) // 2
                windows += [(middle + 1, high), (low, middle)]
                continue
            if hit_count > HIT_CAP:
                log.warning("%s: %d hits in one window, only %d can be read", query, hit_count, HIT_CAP)
            records = self._rest(client, query, low, high, hits, min(hit_count, HIT_CAP))
            if settled >= low - 1:
                settled = max(settled, min(high, now - overlap))
            state |= {"read_until": high, "settled_until": settled, "caught_up": not windows}
            yield records

    def _rest(
        self, client: PoliteClient, query: str, low: int, high: int, hits: list[Record], hit_count: int
    ) -> list[Record]:
        """All hits of a window, of which `hits` is the first page."""
        found, number = list(hits), 0
        known = {hit.get("objectID") for hit in found}
        while hits and len(found) < hit_count:
            number += 1
            hits, _ = self._hits(client, query, low, high, number)
            if hits and known.issuperset(hit.get("objectID") for hit in hits):
                raise SourceFailed(Outcome.SCHEMA_DRIFT, f"{SEARCH}: page {number} repeats what came before")
            known.update(hit.get("objectID") for hit in hits)
            found += hits
        return found

    def _hits(self, client: PoliteClient, query: str, low: int, high: int, page: int) -> tuple[list[Record], int]:
        params = [
            ("query", query),
            ("tags", f"({','.join(self.settings.kinds)})"),
            ("numericFilters", f"created_at_i>{low - 1},created_at_i<{high + 1}"),
            ("hitsPerPage", str(HIT_CAP)),
            ("page", str(page)),
        ]
        body, _ = client.get_json(SEARCH, params)
        if not isinstance(body, dict) or not isinstance(body.get("nbHits"), int):
            raise SourceFailed(Outcome.SCHEMA_DRIFT, f"{SEARCH}: an object with `hits` and `nbHits` was expected")
        return records_in(body.get("hits"), SEARCH), body["nbHits"]


def _is_timed(hit: Record) -> bool:
    return isinstance(hit.get("created_at_i"), int)
