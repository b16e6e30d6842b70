"""Mastodon: hashtag and public timelines of one server, and searches on it. See docs/sources/mastodon.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from html import escape
from itertools import islice
from typing import ClassVar, Literal
from urllib.parse import quote, urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from flows.http import NetworkSettings, PoliteClient
from flows.rate_limits import HeaderTimestamp
from flows.settings.secrets import SecretFromEnv
from flows.sources.base import Checked, Connector, Cursor, Outcome, Page, RawMention, Record, SourceFailed
from flows.sources.mastodon_search import listing
from flows.sources.mastodon_timelines import Reach, Timeline, read_back, walk
from flows.sources.newest_first import Depth, walk_down
from flows.sources.records import field_names, in_turns, read_record, records_in
from flows.sources.tokens import revealed

RECHECK_BATCH = 20


class Hashtags(BaseModel):
    """One hashtag timeline: posts with `tag` or any of `any`, with all of `all`, with none of `none`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tag: str = Field(min_length=1, description="The hashtag, with or without #.")
    any: tuple[str, ...] = Field(default=(), max_length=4, description="Or any of these.")
    all: tuple[str, ...] = Field(default=(), max_length=4, description="And all of these.")
    none: tuple[str, ...] = Field(default=(), max_length=4, description="And none of these.")

    @property
    def timeline(self) -> Timeline:
        """Where these posts are read."""
        extra = [(f"{rule}[]", _bare(tag)) for rule in ("any", "all", "none") for tag in getattr(self, rule)]
        name = " ".join([f"#{_bare(self.tag)}", *(f"{rule}{tag}" for rule, tag in extra)])
        return Timeline(name, f"/api/v1/timelines/tag/{quote(_bare(self.tag), safe='')}", tuple(extra), "hashtag_feeds")


class MastodonSettings(NetworkSettings):
    """A Mastodon server and its timelines in listening.yaml."""

    type: Literal["mastodon"] = "mastodon"
    server: str = Field(
        pattern=r"^https?://[^/?#@\s]+$", description="Address of the server, such as https://mastodon.social"
    )
    tags: tuple[str | Hashtags, ...] = Field(default=(), description="Hashtags to read.")
    public: Literal["", "all", "local", "remote"] = Field(default="", description="Also read the public timeline.")
    search: tuple[str, ...] = Field(
        default=(), description="Words to search for, where the server has full-text search; needs `token_variable`."
    )
    lookback_days: float = Field(default=7, gt=0, description="How far back the first run reads.")
    lookback_records: int = Field(default=2_000, ge=1, description="How many posts the first run reads per timeline.")
    overlap_hours: float = Field(
        default=24, ge=0, description="Posts that were younger are read again by the next run."
    )
    token_variable: SecretFromEnv | None = Field(
        default=None, description="Environment variable with an access token for this server."
    )
    require_indexable: bool = Field(default=False, description="Also skip accounts that do not say `indexable`.")
    require_discoverable: bool = Field(default=False, description="Also skip accounts that do not say `discoverable`.")
    opt_out_tags: tuple[str, ...] = Field(default=(), description="Further profile hashtags that mean: leave me out.")

    @model_validator(mode="after")
    def _something_to_read(self) -> MastodonSettings:
        if not (self.timelines or self.search):
            raise ValueError("Name at least one hashtag under `tags`, or words under `search`, or set `public`.")
        if self.search and self.token_variable is None:
            raise ValueError("`search` needs `token_variable`: servers search for their users only (read:search).")
        return self

    @property
    def timelines(self) -> list[Timeline]:
        """All timelines of this entry."""
        tags = (Hashtags(tag=tag) if isinstance(tag, str) else tag for tag in self.tags)
        params = () if self.public == "all" else ((self.public, "true"),)
        public = Timeline(f"public {self.public}", "/api/v1/timelines/public", params, "live_feeds")
        return [*(each.timeline for each in tags), *([public] if self.public else [])]

    @property
    def opt_outs(self) -> frozenset[str]:
        """Hashtags in a profile that mean: leave me out."""
        return frozenset({"nobot", "noindex", *map(_bare, self.opt_out_tags)})


def _bare(tag: str) -> str:
    return tag.removeprefix("#").lower()


class Account(BaseModel):
    """What is read of a post's account."""

    acct: str = Field(min_length=1)
    followers_count: int | None = None
    bot: bool | None = None


class Status(BaseModel):
    """What is read of a post."""

    id: str = Field(min_length=1)
    content: str
    created_at: AwareDatetime
    account: Account
    url: str | None = None
    spoiler_text: str | None = None
    language: str | None = None
    edited_at: AwareDatetime | None = None
    in_reply_to_id: str | None = None
    favourites_count: int | None = None
    reblogs_count: int | None = None
    replies_count: int | None = None


class Mastodon(Connector):
    """Reads one server.

    The cursor holds the state of each timeline (flows/sources/mastodon_timelines.py) and of each search
    (flows/sources/newest_first.py).
    """

    settings_type = MastodonSettings
    required_fields = field_names(Status, required=True)
    optional_fields = field_names(Status, required=False)
    author_fields: ClassVar[tuple[str, ...]] = (
        *("account", "url", "uri", "mentions", "in_reply_to_account_id", "card"),
        *("reblog", "quote"),  # other people's posts with their accounts
    )

    def __init__(
        self,
        settings: MastodonSettings,
        *,
        open_client: Callable[..., PoliteClient] = PoliteClient,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings = settings
        self._open_client = open_client
        self._clock = clock

    def fetch(self, cursor: Cursor) -> Iterator[Page]:
        """Read all timelines and searches in turns, a page each. Raises SourceFailed."""
        timelines, known = self.settings.timelines, cursor.get("timelines", {})
        state = {timeline.name: deepcopy(known.get(timeline.name, {})) for timeline in timelines}
        searched = {words: deepcopy(cursor.get("searches", {}).get(words, {})) for words in self.settings.search}
        reach = Reach(
            first_time=self._clock() - timedelta(days=self.settings.lookback_days),
            first_records=self.settings.lookback_records,
            overlap=timedelta(hours=self.settings.overlap_hours),
        )
        total = 0
        with self._client() as client:
            walks = [walk(client, timeline, state[timeline.name], reach) for timeline in timelines]
            depth = Depth(reach.first_time, reach.overlap)
            walks += [walk_down(listing(client, words), searched[words], depth) for words in self.settings.search]
            for records in in_turns(walks, self.settings.max_records_per_run):
                kept = [record for record in records if not self._is_left_out(record)]
                total += len(records)
                reached = {"timelines": state} | ({"searches": searched} if searched else {})
                yield Page(kept, deepcopy(reached), skipped_count=len(records) - len(kept))
            if not total:
                self._explain_silence(client)

    def backfill(self, since: datetime, until: datetime, cursor: Cursor) -> Iterator[Page]:
        """Read each timeline back through that time, one after the other; no searches. Raises SourceFailed."""
        timelines = self.settings.timelines
        first = int(cursor.get("timeline", 0))
        max_id = cursor.get("max_id")
        with self._client() as client:
            for number, timeline in enumerate(timelines[first:], first):
                for records, oldest in read_back(client, timeline, since, until, max_id):
                    kept = [record for record in records if not self._is_left_out(record)]
                    at = {"timeline": number, "max_id": oldest}
                    reached = since + (until - since) * number / len(timelines)
                    yield Page(kept, at, skipped_count=len(records) - len(kept), reached=reached)
                max_id = None

    def to_mention(self, record: Record) -> RawMention:
        """Map a post. `reach` is the account's number of followers. Raises BrokenRecord."""
        status = read_record(Status, record)
        warning = f"<p>{escape(status.spoiler_text)}</p>" if status.spoiler_text else ""
        return RawMention(
            native_id=status.id,
            text=warning + status.content,
            is_html=True,
            url=status.url,
            author=self._full_handle(status.account.acct),
            author_kind="bot" if status.account.bot else "unknown",
            language_hint=status.language,
            published_at=status.created_at,
            edited_at=status.edited_at,
            thread=None if status.in_reply_to_id else status.id,
            reply_to=status.in_reply_to_id,
            like_count=status.favourites_count,
            repost_count=status.reblogs_count,
            reply_count=status.replies_count,
            reach=status.account.followers_count,
        )

    def recheck(self, native_ids: Iterable[str]) -> Iterator[Checked]:
        """Ask for known posts in batches; one that is missing is asked for alone before it counts as deleted."""
        ids = iter(native_ids)
        with self._client() as client:
            while batch := list(islice(ids, RECHECK_BATCH)):
                asked = [("id[]", status_id) for status_id in batch]
                # 404 and 422: servers before 4.3 have no batches
                found, _ = client.get_json("/api/v1/statuses", asked, accept=(404, 422))
                statuses = {status.get("id"): status for status in records_in(found or [], "/api/v1/statuses")}
                for status_id in batch:
                    yield self._checked(client, status_id, statuses.get(status_id))

    def _checked(self, client: PoliteClient, status_id: str, status: Record | None) -> Checked:
        if status is None:
            path = f"/api/v1/statuses/{quote(status_id, safe='')}"
            status, response = client.get_json(path, accept=(404, 410))
            if response.status != 200:
                return Checked(status_id, "deleted")
        if isinstance(status, dict) and self._is_left_out(status):
            return Checked(status_id, "author opted out")
        return Checked(status_id, record=status)

    def _explain_silence(self, client: PoliteClient) -> None:
        """Since 4.5 a timeline that is switched off looks empty; the instance tells. Raises SourceFailed if so."""
        instance, _ = client.get_json("/api/v2/instance", accept=(404,))
        configuration = instance.get("configuration") if isinstance(instance, dict) else None
        access = configuration.get("timelines_access") if isinstance(configuration, dict) else None
        for timeline in self.settings.timelines:
            levels = access.get(timeline.feed) if isinstance(access, dict) else None
            if isinstance(levels, dict) and levels and all(level == "disabled" for level in levels.values()):
                raise SourceFailed(Outcome.ACCESS_LOST, f"{timeline.name}: this server has switched the timeline off.")

    def _is_left_out(self, record: Record) -> bool:
        """Whether the post is not public or its author does not want to be found (docs/sources/mastodon.md)."""
        account = record.get("account")
        if record.get("visibility") in ("private", "direct"):
            return True
        if not isinstance(account, dict):
            return False
        indexable = account.get("indexable")
        if indexable is False or account.get("noindex") is True:
            return True
        if self.settings.require_indexable and indexable is not True:
            return True
        if self.settings.require_discoverable and account.get("discoverable") is not True:
            return True
        profile = re.sub(r"<[^>]*>", "", f"{account.get('note')} {account.get('fields')}")
        return not self.settings.opt_outs.isdisjoint(re.findall(r"#(\w+)", profile.lower()))

    def _client(self) -> PoliteClient:
        token = revealed(self.settings.token_variable, "token_variable")
        return self._open_client(self.settings.server, self.settings, token=token, limiter=HeaderTimestamp())

    def _full_handle(self, acct: str) -> str:
        """A handle with its server, in lower case: local accounts come without one."""
        return (acct if "@" in acct else f"{acct}@{urlsplit(self.settings.server).hostname}").lower()
