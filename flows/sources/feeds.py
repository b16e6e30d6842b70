"""RSS and Atom feeds: news sites, blogs, press portals. See docs/sources/feeds.md."""

from __future__ import annotations

import calendar
import io
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from hashlib import blake2b
from html import escape
from typing import Any, ClassVar, Literal

import feedparser
from pydantic import AwareDatetime, BaseModel, Field, field_validator

from flows.http import NetworkSettings, PoliteClient, Response, shown
from flows.sources.base import Connector, Cursor, Outcome, Page, RawMention, Record, SourceFailed
from flows.sources.records import field_names, read_record

log = logging.getLogger(__name__)

HARMLESS = (feedparser.CharacterEncodingOverride, feedparser.NonXMLContentType)
"""What feedparser calls broken although the items are whole: a header that is wrong about encoding or type."""
KEYS_KEPT = 500
MAX_FEED_BYTES = 8_000_000
"""feedparser takes up to 20 seconds per megabyte of hostile markup."""


class FeedSettings(NetworkSettings):
    """A group of feeds in listening.yaml."""

    type: Literal["feed"] = "feed"
    urls: tuple[str, ...] = Field(min_length=1, description="Addresses of RSS or Atom feeds.")
    redirect_hosts: tuple[str, ...] = Field(default=(), description="Further hosts that a feed may redirect to.")

    @field_validator("urls")
    @classmethod
    def _are_addresses(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        for url in urls:
            if not url.startswith(("http://", "https://")) or "@" in url.split("/")[2]:
                raise ValueError(f"{url!r} is not an http(s) address without user name and password.")
        return urls


class Item(BaseModel):
    """What is read of an item; texts are HTML."""

    key: str = Field(min_length=1)
    feed: str
    title: str | None = None
    text: str | None = None
    link: str | None = None
    language: str | None = None
    published: AwareDatetime | None = None
    updated: AwareDatetime | None = None


class Feeds(Connector):
    """Reads several feeds. The cursor holds per feed its ETag, Last-Modified and which key belongs to which link."""

    settings_type = FeedSettings
    required_fields = field_names(Item, required=True)
    optional_fields = field_names(Item, required=False)
    author_fields: ClassVar[tuple[str, ...]] = ("author",)

    def __init__(self, settings: FeedSettings, *, open_client: Callable[..., PoliteClient] = PoliteClient) -> None:
        self.settings = settings
        self._open_client = open_client

    def fetch(self, cursor: Cursor) -> Iterator[Page]:
        """Yield a page per changed feed. Raises SourceFailed for broken ones after the others have been read."""
        state = {feed: deepcopy(cursor.get("feeds", {}).get(feed, {})) for feed in self.settings.urls}
        failures: list[SourceFailed] = []
        total = 0
        for feed in self.settings.urls:
            if total >= self.settings.max_records_per_run:
                break
            try:
                records, state[feed] = self._read(feed, state[feed])
            except SourceFailed as failure:
                failures.append(failure)
                continue
            if records is not None:
                total += len(records)
                yield Page(records, {"feeds": deepcopy(state)})
        if failures:
            raise SourceFailed(failures[0].outcome, "; ".join(map(str, failures)))

    def to_mention(self, record: Record) -> RawMention:
        """Map an item. Its author is the publisher, named by the feed; its `reach` is unknown. Raises BrokenRecord."""
        item = read_record(Item, record)
        return RawMention(
            native_id=_native_id(item.feed, item.key),
            text=f"<p>{item.title or ''}</p>{item.text or ''}",
            is_html=True,
            url=item.link,
            author=item.feed,
            author_kind="organisation",
            language_hint=item.language,
            published_at=item.published,
            edited_at=item.updated if item.updated != item.published else None,
        )

    def native_id(self, record: Record) -> str | None:
        """The item's id, also of a broken item."""
        return _native_id(record["feed"], record["key"]) if record.get("key") else None

    def _read(self, feed: str, known: dict[str, Any]) -> tuple[list[Record] | None, dict[str, Any]]:
        """One feed's records (None: not changed since the last time) and its new state."""
        conditions = {"If-None-Match": known.get("etag"), "If-Modified-Since": known.get("last_modified")}
        headers = {name: value for name, value in conditions.items() if value}
        hosts = self.settings.redirect_hosts
        with self._open_client(feed, self.settings, redirect_hosts=hosts, max_bytes=MAX_FEED_BYTES) as client:
            response = client.get(headers=headers, accept=(304,))
        if response.status == 304:
            return None, known
        parsed = _parse(response)
        keys: dict[str, str] = known.get("keys", {})
        records = _records(feed, parsed, keys)
        if parsed.bozo and not isinstance(parsed.bozo_exception, HARMLESS):
            # what is broken may be whole the next time, so it is asked for again unconditionally
            log.warning("%s: broken XML, %d items could be read: %s", shown(feed), len(records), parsed.bozo_exception)
            return records, {"keys": keys | _keys_by_link(records)}
        validators = {"etag": response.headers.get("etag"), "last_modified": response.headers.get("last-modified")}
        state = {name: value for name, value in validators.items() if value}
        return records, {"keys": _keys_by_link(records), **state}


def _native_id(feed: str, key: str) -> str:
    return f"{feed} {key}"


def _parse(response: Response) -> feedparser.FeedParserDict:
    """Parse the bytes of a feed. Raises SourceFailed when they are none."""
    headers = {"content-type": response.headers.get("content-type", ""), "content-location": response.url}
    try:
        parsed = feedparser.parse(io.BytesIO(response.body), response_headers=headers)
    except Exception as error:  # it reads broken feeds by guessing, which can end in anything
        name = type(error).__name__
        raise SourceFailed(
            Outcome.SCHEMA_DRIFT, f"{shown(response.url)}: a feed that cannot be read ({name})"
        ) from None
    if not parsed.get("version") and not parsed.entries:
        is_page = b"<html" in response.body[:2_000].lower()
        raise SourceFailed(
            Outcome.DOWN if is_page else Outcome.SCHEMA_DRIFT,
            f"{shown(response.url)}: {'a web page' if is_page else 'something unreadable'} instead of a feed",
        )
    return parsed


def _records(feed: str, parsed: feedparser.FeedParserDict, keys: Mapping[str, str]) -> list[Record]:
    """A feed's items as plain records.

    The key is the guid, else the link, else a digest of the content. Some publishers make up a new guid at every fetch:
    an item whose link is known by a key that is no longer in the feed keeps that key.
    """
    guids = {entry.get("id") for entry in parsed.entries}
    links = Counter(entry.get("link") for entry in parsed.entries)
    records: list[Record] = []
    for entry in parsed.entries:
        record = _record(feed, parsed, entry)
        earlier = keys.get(record["link"] or "")
        is_renamed = earlier is not None and earlier not in guids and links[record["link"]] == 1
        records.append({**record, "key": earlier if is_renamed else record["key"]})
    return records


def _keys_by_link(records: list[Record]) -> dict[str, str]:
    """Which item a link belongs to, where the link does not say it itself and belongs to one item only."""
    links = Counter(record["link"] for record in records)
    named = [each for each in records if each["link"] and each["key"] != each["link"] and links[each["link"]] == 1]
    return {record["link"]: record["key"] for record in named[:KEYS_KEPT]}


def _record(feed: str, parsed: feedparser.FeedParserDict, entry: feedparser.FeedParserDict) -> dict[str, Any]:
    body = next((each for each in entry.get("content", []) if each.value), entry.get("summary_detail", {}))
    title, text, link = _html(entry.get("title_detail", {})), _html(body), entry.get("link") or None
    digest = blake2b(f"{title}\x1f{text}".encode(), digest_size=16).hexdigest() if title or text else None
    published, updated = _moment(entry, "published_parsed"), _moment(entry, "updated_parsed")
    if not parsed.version.startswith("atom"):
        # RSS knows no change date: dc:date, which feedparser calls "updated", says when an item appeared
        published, updated = published or updated, None
    return {
        "key": entry.get("id") or link or digest,
        "feed": feed,
        "title": title,
        "text": text,
        "link": link,
        "author": entry.get("author"),
        "language": body.get("language") or parsed.feed.get("language"),
        "published": published,
        "updated": updated,
    }


def _html(part: Mapping[str, Any]) -> str | None:
    value = part.get("value")
    return escape(value) if value and part.get("type") == "text/plain" else value


def _moment(entry: feedparser.FeedParserDict, name: str) -> str | None:
    # dict.get: feedparser's own would answer with another date when this one is missing
    parsed = dict.get(entry, name)
    return datetime.fromtimestamp(calendar.timegm(parsed), UTC).isoformat() if parsed else None
