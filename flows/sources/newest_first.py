"""Walking listings that a platform serves newest first: down to what was read before, with nothing skipped.

The state of a listing is part of the cursor:

- `read_until`: everything up to this time was read by a walk that reached its floor; the next one goes down to
  `overlap` before it, because posts arrive late and counts and edits come after the post.
- `open`: a walk that was cut off: its `floor`, the `newest` time it saw and the `position` to go on from. It is
  finished first, then a new one begins at the top.
"""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field

from flows.http import NetworkSettings, PoliteClient
from flows.sources.base import Connector, Cursor, Outcome, Page, Record, SourceFailed
from flows.sources.records import in_turns

log = logging.getLogger(__name__)

MAX_EMPTY_PAGES = 40
"""A listing with gaps may have empty pages in between; so many in a row are its end."""
MAX_REPEATS = 10
"""A full page of new posts between two requests shows the same page again; so often in a row it does not happen."""

Position = str | int | None


@dataclass(frozen=True)
class Slice:
    """One page: its records and where the next one begins (None: this was the last)."""

    records: list[Record]
    next: Position


@dataclass(frozen=True)
class Listing:
    """A listing: its name in the cursor, how to get the page at a position (None: the top), and its sort key.

    `time_of` is the time by which the listing is sorted, None for a broken record.
    """

    name: str
    page: Callable[[Position], Slice]
    time_of: Callable[[Record], datetime | None]


@dataclass(frozen=True)
class Depth:
    """How far to read: the first walk down to `first_time`, later ones down to `overlap` before the last."""

    first_time: datetime
    overlap: timedelta


class DepthSettings(NetworkSettings):
    """What every source that is read newest first has in listening.yaml."""

    lookback_days: float = Field(default=7, gt=0, description="How far back the first run reads.")
    overlap_hours: float = Field(default=24, ge=0, description="What was younger is read again by the next run.")

    def depth(self, now: datetime) -> Depth:
        """How far a run at this time reads."""
        return Depth(now - timedelta(days=self.lookback_days), timedelta(hours=self.overlap_hours))


class NewestFirst(Connector):
    """Base of connectors whose platform serves listings newest first: they say which, and how to get a page."""

    def __init__(
        self,
        settings: Any,
        *,
        open_client: Callable[..., PoliteClient] = PoliteClient,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings = settings
        self.open_client = open_client
        self.clock = clock

    @abstractmethod
    def client(self) -> PoliteClient:
        """Open the client of this platform. Raises SourceFailed when a secret is missing."""

    @abstractmethod
    def listings(self, client: PoliteClient) -> list[Listing]:
        """Tell what to read; may ask the platform. Raises SourceFailed."""

    def fetch(self, cursor: Cursor) -> Iterator[Page]:
        """Read all listings in turns, a page each. Raises SourceFailed."""
        with self.client() as client:
            depth = self.settings.depth(self.clock())
            yield from read_listings(self.listings(client), cursor, depth, self.settings.max_records_per_run)


def read_listings(listings: list[Listing], cursor: Cursor, depth: Depth, max_records: int) -> Iterator[Page]:
    """Read listings in turns, a page each; the cursor holds the state of each by its name. Raises SourceFailed."""
    known = cursor.get("listings", {})
    state: dict[str, dict[str, Any]] = {each.name: deepcopy(known.get(each.name, {})) for each in listings}
    walks = [walk_down(each, state[each.name], depth) for each in listings]
    for records in in_turns(walks, max_records):
        yield Page(records, {"listings": deepcopy(state)})


def walk_down(listing: Listing, state: dict[str, Any], depth: Depth) -> Iterator[list[Record]]:
    """Yield a listing's pages from the top down; `state` is kept true for the pages yielded.

    A page whose last record is older than the floor is the last one: records pinned to the top do not end a walk.
    Raises SourceFailed.
    """
    was_cut = "open" in state
    yield from _one_walk(listing, state, depth)
    if was_cut:
        yield from _one_walk(listing, state, depth)


def _one_walk(listing: Listing, state: dict[str, Any], depth: Depth) -> Iterator[list[Record]]:
    read_until = _moment(state.get("read_until"))
    top = {"floor": (read_until - depth.overlap if read_until else depth.first_time).isoformat(), "newest": None}
    walk: dict[str, Any] = state.setdefault("open", {**top, "position": None})
    floor, seen, empty, repeats = _moment(walk["floor"]), {walk["position"]}, 0, 0
    previous: list[Record] = []
    while True:
        found = listing.page(walk["position"])
        repeats = repeats + 1 if found.records and found.records == previous else 0
        if repeats >= MAX_REPEATS or (found.next is not None and found.next in seen):
            raise SourceFailed(Outcome.SCHEMA_DRIFT, f"{listing.name}: the platform answers with the same page again.")
        times = [time for record in found.records if (time := listing.time_of(record)) is not None]
        newest = max([time for time in (_moment(walk["newest"]), *times) if time is not None], default=None)
        walk |= {"newest": newest.isoformat() if newest else None, "position": found.next}
        empty = 0 if found.records else empty + 1
        is_deep = bool(times) and floor is not None and times[-1] < floor
        if found.next is None or is_deep or empty >= MAX_EMPTY_PAGES:
            if found.next is None and read_until and times and floor and times[-1] > floor:
                log.warning("%s: the listing ends at %s; what is older can no longer be read", listing.name, times[-1])
            del state["open"]
            reached = max((time for time in (read_until, newest) if time is not None), default=None)
            if reached is not None:
                state["read_until"] = reached.isoformat()
            yield found.records
            return
        seen.add(found.next)
        previous = found.records
        yield found.records


def _moment(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def time_in(value: Any) -> datetime | None:
    """A record's time, as ISO 8601 (without a zone: UTC) or Unix seconds; None for anything else."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
