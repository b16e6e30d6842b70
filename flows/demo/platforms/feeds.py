"""A local publisher of RSS 2.0 and Atom feeds, with ETag, Last-Modified and 304 and the faults that real feeds have."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, Literal
from xml.sax.saxutils import escape, quoteattr

from flows.demo.platforms.server import Answer, PlatformServer, Request


@dataclass(frozen=True)
class FeedItem:
    """One item. `text` is HTML; what is None or empty is left out of the XML."""

    title: str = ""
    text: str = ""
    link: str = ""
    guid: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    author: str = ""


@dataclass(frozen=True)
class Feed:
    """One feed at `path`. `raw` replaces its XML; `encoding` is what the bytes are, `content_type` what is claimed."""

    path: str
    items: tuple[FeedItem, ...] = ()
    title: str = "Feed"
    form: Literal["rss", "atom"] = "rss"
    language: str = ""
    encoding: str = "utf-8"
    content_type: str = ""
    raw: bytes | None = None
    has_etag: bool = True
    has_last_modified: bool = True
    changed_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    @property
    def body(self) -> bytes:
        """The feed as bytes."""
        if self.raw is not None:
            return self.raw
        xml = _rss(self) if self.form == "rss" else _atom(self)
        return xml.encode(self.encoding, errors="xmlcharrefreplace")


class FeedServer(PlatformServer):
    """Serves feeds whose items can be added, edited and deleted while it runs. Items are named by guid or link."""

    def __init__(self, feeds: Iterable[Feed] = ()) -> None:
        super().__init__()
        self.feeds: dict[str, Feed] = {feed.path: feed for feed in feeds}

    def add(self, path: str, item: FeedItem) -> None:
        """Put an item on top of a feed, which is created when it does not exist."""
        with self.lock:
            feed = self.feeds.get(path, Feed(path))
            self.change(path, items=(item, *feed.items))

    def edit(self, path: str, name: str, **changes: Any) -> None:
        """Change fields of an item."""
        with self.lock:
            items = (
                replace(item, **changes) if name in (item.guid, item.link) else item for item in self.feeds[path].items
            )
            self.change(path, items=tuple(items))

    def delete(self, path: str, name: str) -> None:
        """Take an item out of a feed."""
        with self.lock:
            self.change(
                path, items=tuple(item for item in self.feeds[path].items if name not in (item.guid, item.link))
            )

    def change(self, path: str, **changes: Any) -> None:
        """Change a feed as a whole; its Last-Modified moves on."""
        with self.lock:
            feed = self.feeds.get(path, Feed(path))
            changes.setdefault("changed_at", max(datetime.now(UTC), feed.changed_at))
            self.feeds[path] = replace(feed, **changes)

    def answer(self, request: Request) -> Answer:
        """Answer with the feed, or 304 when the client's copy is current."""
        feed = self.feeds.get(request.path)
        if feed is None:
            return Answer(404, {"Content-Type": "text/html"}, b"<html><body>Not found</body></html>")
        body = feed.body
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        headers = {"Content-Type": feed.content_type or f"application/{feed.form}+xml; charset={feed.encoding}"}
        if feed.has_etag:
            headers["ETag"] = etag
        if feed.has_last_modified:
            headers["Last-Modified"] = format_datetime(feed.changed_at.replace(microsecond=0), usegmt=True)
        if self._is_current(feed, etag, request):
            return Answer(304, headers)
        return Answer(200, headers, body)

    @staticmethod
    def _is_current(feed: Feed, etag: str, request: Request) -> bool:
        if feed.has_etag and (known := request.headers.get("if-none-match")):
            return etag in known
        if feed.has_last_modified and (since := request.headers.get("if-modified-since")):
            return feed.changed_at.replace(microsecond=0) <= parsedate_to_datetime(since)
        return False


def _element(name: str, value: str, attributes: str = "") -> str:
    return f"<{name}{attributes}>{escape(value)}</{name}>" if value else ""


def _rss(feed: Feed) -> str:
    items = "".join(
        "<item>"
        + _element("title", item.title)
        + _element("link", item.link)
        + _element("guid", item.guid or "", ' isPermaLink="false"')
        + _element("pubDate", format_datetime(item.published) if item.published else "")
        + _element("dc:creator", item.author)
        + _element("description", item.text)
        + "</item>"
        for item in feed.items
    )
    return (
        f'<?xml version="1.0" encoding="{feed.encoding}"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<channel>{_element('title', feed.title)}<link>https://example.org/</link><description>A feed</description>"
        f"{_element('language', feed.language)}{items}</channel></rss>"
    )


def _atom(feed: Feed) -> str:
    entries = "".join(
        "<entry>"
        + _element("id", item.guid or item.link)
        + _element("title", item.title)
        + (f"<link href={quoteattr(item.link)}/>" if item.link else "")
        + _element("published", item.published.isoformat() if item.published else "")
        + _element("updated", item.updated.isoformat() if item.updated else "")
        + (f"<author>{_element('name', item.author)}</author>" if item.author else "")
        + _element("content", item.text, ' type="html"')
        + "</entry>"
        for item in feed.items
    )
    language = f" xml:lang={quoteattr(feed.language)}" if feed.language else ""
    return (
        f'<?xml version="1.0" encoding="{feed.encoding}"?><feed xmlns="http://www.w3.org/2005/Atom"{language}>'
        f"<id>https://example.org{feed.path}</id>{_element('title', feed.title)}"
        f"<updated>{feed.changed_at.isoformat()}</updated>{entries}</feed>"
    )
