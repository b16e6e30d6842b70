"""A data subject: what the warehouse holds of one author, or of the post at one address."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import duckdb
import pyarrow as pa

from flows.erasure.forgotten import plain_url
from flows.errors import UsageError
from flows.home import Home
from flows.privacy.pseudonyms import Pseudonyms
from flows.settings import Settings

IMPORTED = "files"
"""The platform of what `marktecho import` brought in: no entry of the settings says another one."""


@dataclass(frozen=True)
class Subject:
    """An author (platform and the ways their handle may be written there) or an address."""

    platform: str = ""
    handles: tuple[str, ...] = ()
    url: str = ""


@dataclass(frozen=True)
class Held:
    """What is held: posts (mention_id, source, native_id, url) and broken records."""

    posts: pa.Table
    quarantine_ids: list[str]

    def __bool__(self) -> bool:
        """Whether anything is held."""
        return bool(self.posts.num_rows or self.quarantine_ids)


def author(settings: Settings, handle: str, source: str) -> Subject:
    """Take a handle as its source writes it; on platforms of many servers also with the source's own server.

    Raises UsageError for an empty handle.
    """
    name = handle.strip().removeprefix("@")
    if not name:
        raise UsageError("--author: write the handle or id of the author as the platform shows it.")
    configured = {one.source: one for one in settings.sources}
    platform = configured[source].type if source in configured else IMPORTED
    handles = [name]
    host = urlsplit(getattr(configured.get(source), "server", "") or "").hostname
    site = getattr(configured.get(source), "site", None)
    if "@" not in name:
        handles += [f"{name}@{place}" for place in (host, site) if place]
    return Subject(platform=platform, handles=tuple(handles))


def address(url: str) -> Subject:
    """Take the address of a post. Raises UsageError when it is none."""
    if "://" not in url or not urlsplit(url).hostname:
        raise UsageError(f"--url {url}: not the address of a post. Copy it from the browser, with https://.")
    return Subject(url=url.strip())


def find(warehouse: duckdb.DuckDBPyConnection, home: Home, subject: Subject) -> Held:
    """Find the posts and broken records of a subject in landing and core."""
    keys = [Pseudonyms.open(home).author_key(subject.platform, handle) for handle in subject.handles]
    posts = warehouse.execute(
        """
        with known as (
            select mention_id, source, native_id, url, author_key from core.mentions where deleted_at is null
            union
            select mention_id, source, native_id, url, author_key from landing.mentions
        )
        select mention_id, any_value(source) as source, any_value(native_id) as native_id, any_value(url) as url
        from known
        where author_key in (select unnest($keys))
           or (
               $plain <> ''
               and (native_id = $url or coalesce(nullif(rtrim(regexp_replace(
                   regexp_replace(split_part(url, '#', 1), '^[a-z]+://', ''), '^www\\.', ''), '/'), ''), url) = $plain)
           )
        group by mention_id
        order by mention_id
        """,
        {"keys": keys, "url": subject.url, "plain": plain_url(subject.url) if subject.url else ""},
    ).to_arrow_table()
    warehouse.register("held_posts", posts)
    broken = warehouse.execute(
        """
        select quarantine_id
        from landing.quarantine
        where quarantine_id in (
                select quarantine_id from landing.quarantine_authors where author_key in (select unnest($keys))
            )
           or (source, native_id) in (select (source, native_id) from held_posts)
           or ($url <> '' and (native_id = $url or contains(payload, $url)))
        order by quarantine_id
        """,
        {"keys": keys, "url": subject.url},
    ).fetchall()
    warehouse.unregister("held_posts")
    return Held(posts, [quarantine_id for (quarantine_id,) in broken])
