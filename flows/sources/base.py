"""What a connector is: settings, pages of raw records, and their mapping to a mention.

A connector is one file in this folder. It knows its platform's protocol and nothing of disks, pseudonyms or tables:
it yields pages of records as the platform sent them, and maps one record to a `RawMention`. Everything that must be the
same for all sources (pseudonyms, redaction, quarantine, durable cursors) happens in `flows/landing`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from flows.memory import Memory

Record = Mapping[str, Any]
Cursor = dict[str, Any]
FOLDER = "folder"
"""Key of the validation context: the settings file's folder, where relative paths in settings start."""
AuthorKind = Literal["person", "organisation", "bot", "unknown"]


class Outcome(StrEnum):
    """How a source's part of a run ended. The words are those of `source_health`."""

    OK = "ok"
    NO_HITS = "no_hits"
    ACCESS_LOST = "access_lost"
    RATE_LIMITED = "rate_limited"
    DOWN = "down"
    SCHEMA_DRIFT = "schema_drift"

    @property
    def is_failure(self) -> bool:
        """Whether the run must say that this source failed."""
        return self not in (Outcome.OK, Outcome.NO_HITS)


class SourceFailed(Exception):  # noqa: N818 - an outcome, not a malfunction
    """A source cannot go on. What it delivered before is kept; its cursor stays behind the last durable page."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome


class EnoughAsked(Exception):  # noqa: N818 - an outcome, not a malfunction
    """The run's budget of requests is used up. No failure: the next run goes on from the last durable page."""


class BrokenRecord(ValueError):  # noqa: N818 - a fact about the record
    """One record cannot become a mention: it goes to quarantine with this field and reason."""

    def __init__(self, field_name: str, reason: str) -> None:
        super().__init__(f"{field_name}: {reason}")
        self.field_name = field_name
        self.reason = reason


class SourceSettings(BaseModel):
    """What every entry under `sources:` in listening.yaml has; connectors add their own fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str = Field(description="The connector: a file in flows/sources.")
    name: str = Field(
        default="",
        pattern=r"^[a-z0-9][a-z0-9_-]*$|^$",
        description="The value of `source` in the marts; default: type.",
    )
    enabled: bool = Field(default=True, description="Set to false to leave this source out.")
    max_records_per_run: int = Field(
        default=50_000, ge=1, description="The run stops asking this source after that many."
    )

    @property
    def source(self) -> str:
        """The value of the column `source`."""
        return self.name or self.type


@dataclass(frozen=True)
class RawMention:
    """One public post as the platform tells it, before pseudonyms and redaction. Lives in memory only.

    Times are aware datetimes; counts are None when the platform does not say. `author` is the handle or id that makes
    the author unique on the platform. `thread` and `reply_to` are native ids of the same source.
    """

    native_id: str
    text: str
    url: str | None = None
    is_html: bool = False
    author: str | None = None
    author_kind: AuthorKind = "unknown"
    language_hint: str | None = None
    published_at: datetime | None = None
    edited_at: datetime | None = None
    thread: str | None = None
    reply_to: str | None = None
    like_count: int | None = None
    repost_count: int | None = None
    reply_count: int | None = None
    reach: int | None = None
    deleted: bool = False
    """The platform says that this post is gone: it becomes a tombstone."""
    account_gone: bool = False
    """The platform says that `author` is gone: all posts of that author become tombstones. `native_id` may be empty, or
    what all native ids of the author begin with, so that broken records of theirs leave quarantine as well."""
    if_known: bool = False
    """A change or deletion of a post that may never have been collected: it counts only when it was."""


@dataclass(frozen=True)
class Page:
    """Records as the platform sent them and the cursor that is true once they are durable."""

    records: list[Record]
    cursor: Cursor
    skipped_count: int = 0
    """Records of this page left out because their author opted out."""
    row_numbers: list[int] | None = field(default=None)
    """For files: the line or row of each record, for messages and quarantine."""
    notice: str | None = None
    """What whoever runs this should know although nothing failed, such as a time that can no longer be read."""
    reached: datetime | None = None
    """In a backfill: up to where the time asked for has been read, for the progress shown."""


@dataclass(frozen=True)
class Checked:
    """What a platform says about a known post when it is asked again."""

    native_id: str
    gone: str | None = None
    """Why the post is gone (it becomes a tombstone); None when it is still there."""
    account_gone: bool = False
    """Not only the post but its author is gone: all posts of that author become tombstones."""
    record: Record | None = None
    """The post as it is now, where the answer holds it in the form that `to_mention` reads: edits and counts land."""


class Connector(ABC):
    """Base of all connectors.

    Class attributes
    ----------------
    settings_type: the pydantic model of this connector's entry in listening.yaml (its `type` default is the name).
    required_fields, optional_fields: names of the platform's record that the mapping reads. A missing required field
        sends the record to quarantine; null shares of optional fields are counted; fields in neither are counted as
        unknown. Nested fields are written with dots (`account.acct`).
    author_fields: names of fields that identify persons; removed from a quarantined payload.
    waits_for_repair: whether the cursor stays where it is when not one record of a load can be read, so that the same
        records come again after an update of the connector.
    recheck_interval: a post that was still there is asked for again after that time.
    must_confirm_within: the platform's rules allow keeping a post only so long without asking for it again: what could
        not be confirmed in that time is removed. None: no such rule.
    """

    settings_type: ClassVar[type[SourceSettings]]
    required_fields: ClassVar[tuple[str, ...]] = ()
    optional_fields: ClassVar[tuple[str, ...]] = ()
    author_fields: ClassVar[tuple[str, ...]] = ()
    waits_for_repair: ClassVar[bool] = True
    recheck_interval: ClassVar[timedelta] = timedelta(days=7)
    must_confirm_within: ClassVar[timedelta | None] = None

    @cached_property
    def memory(self) -> Memory:
        """What must outlive the run besides the cursor: sign-in sessions, spent units.

        Whoever builds the connector for a run sets it; else it lasts as long as the connector.
        """
        return Memory()

    @abstractmethod
    def fetch(self, cursor: Cursor) -> Iterator[Page]:
        """Yield pages from `cursor` (empty on the first run) on, oldest unread first where the platform allows.

        Raises SourceFailed. No page at all, or only empty ones, is the outcome `no_hits`.
        """

    @abstractmethod
    def to_mention(self, record: Record) -> RawMention:
        """Map one record. Raises BrokenRecord for a missing or mistyped required field."""

    def native_id(self, record: Record) -> str | None:
        """Tell the `native_id` that the mention of an unreadable record would have had, for the quarantine.

        The default reads the field `id`; connectors that make the id otherwise override it.
        """
        value = record.get("id")
        return str(value) if isinstance(value, str | int) and value != "" else None

    def recheck(self, native_ids: Iterable[str]) -> Iterator[Checked]:
        """Ask again for known posts, and tell of each one asked for whether it is still there. Raises SourceFailed.

        Connectors of sources that cannot be asked do not override this: nothing is yielded.
        """
        return iter(())

    def backfill(self, since: datetime, until: datetime, cursor: Cursor) -> Iterator[Page]:
        """Yield the pages of posts published from `since` to before `until` (aware times), going on from `cursor`.

        `cursor` is empty when this window is begun, later the one of the last durable page of the same window; it has
        nothing to do with that of `fetch`. Pages say how far they `reached`. To end means that the window is complete:
        whoever calls heeds `max_records_per_run`. Raises SourceFailed. Connectors of sources that cannot be asked for a
        time do not override this.
        """
        raise NotImplementedError

    def probe(self) -> str:
        """Ask the source for as little as possible and say in words what came. Raises SourceFailed.

        The default reads the first page.
        """
        first = next(iter(self.fetch({})), None)
        return "nothing new at the moment" if first is None else f"the first page has {len(first.records)} records"


def can(connector: Connector, verb: str) -> bool:
    """Whether a connector can do what not every source allows: `recheck` or `backfill`."""
    return getattr(type(connector), verb) is not getattr(Connector, verb)
