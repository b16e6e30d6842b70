"""The night's step: look through new and changed posts for what is on the watchlist.

Only the redacted text is kept, so that is what is searched: a telephone number or a private address in a confidential
document is not found, and words around them are.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import polars as pl

from flows.core.tables import WorkList
from flows.home import Home
from flows.leaks.findings import as_frame, changing, open_count, read_findings, write_findings
from flows.leaks.from_settings import with_settings
from flows.leaks.matching import LeakMatcher
from flows.leaks.watchlist import Watchlist
from flows.night import Night
from flows.notifications.leaks import announce_leaks
from flows.warehouse import connect, transaction

log = logging.getLogger(__name__)

_LIVE = "select mention_id from core.mentions where deleted_at is null"


@dataclass(frozen=True)
class LeakCounts:
    """Posts that were looked through, findings that are new, and findings that nobody has marked yet."""

    searched_count: int
    new_count: int
    open_count: int


def find_leaks(night: Night) -> LeakCounts:
    """Bring the leak findings up to date with the live mentions and the watchlist.

    New and changed posts are looked through, and all of them after a change of the watchlist. Findings in posts that
    are gone, and under names that are watched for no longer, are dropped. What is found goes to the restricted file
    only; the counts tell nothing of it.
    """
    home = night.home
    watches = home.watchlist.exists() or night.settings.watchlist.terms or night.settings.watchlist.documents
    if not watches and not home.leaks.exists():
        return LeakCounts(0, 0, 0)
    watchlist = with_settings(Watchlist.read(home), night.settings, log.warning)
    with connect(home) as warehouse:
        known = set(read_findings(home)["finding_id"])
        _drop_stale(warehouse, home, watchlist)
        searched = _search(warehouse, night, watchlist)
        findings = read_findings(home)
        is_open = findings["status"] == "open"
        announce_leaks(warehouse, findings.filter(is_open)["finding_id"], night.as_of)
    return LeakCounts(searched, len(set(findings["finding_id"]) - known), open_count(findings))


def _drop_stale(warehouse: duckdb.DuckDBPyConnection, home: Home, watchlist: Watchlist) -> None:
    if not home.leaks.exists():
        warehouse.execute("delete from core.leak_scans")
        return
    live = {row[0] for row in warehouse.execute(_LIVE).fetchall()}
    with changing(home):
        findings = read_findings(home)
        kept = findings.filter(pl.col("mention_id").is_in(live) & pl.col("label").is_in(list(watchlist.entries)))
        if kept.height < findings.height:
            write_findings(home, kept)


def _search(warehouse: duckdb.DuckDBPyConnection, night: Night, watchlist: Watchlist) -> int:
    if not watchlist.entries:
        return 0
    version = watchlist.version
    work = WorkList(
        warehouse,
        "to_search",
        """
        select mention_id
        from core.mentions
        where deleted_at is null
          and (mention_id, content_hash, $version) not in (
              select (mention_id, content_hash, watchlist_version) from core.leak_scans
          )
        """,
        {"version": version},
    )
    matcher = LeakMatcher(watchlist)
    done = 0
    for posts in work.batches(
        """
        select mention_id, content_hash, url, source, published_at, text
        from core.mentions
        semi join batch using (mention_id)
        """
    ):
        _replace(night, posts, list(_found(matcher, posts, night.as_of, watchlist.key)))
        with transaction(warehouse):
            warehouse.register("searched", posts.select("mention_id", "content_hash").to_arrow())
            warehouse.execute("delete from core.leak_scans where mention_id in (select mention_id from searched)")
            warehouse.execute("insert into core.leak_scans select *, $version from searched", {"version": version})
            warehouse.unregister("searched")
        done += posts.height
        night.report("leaks", done, work.total)
    return done


def _found(matcher: LeakMatcher, posts: pl.DataFrame, seen_at: datetime, key: bytes) -> Iterator[dict[str, Any]]:
    for post in posts.iter_rows(named=True):
        for hit in matcher.find(post["text"]):
            yield {
                "finding_id": _finding_id(post["mention_id"], hit.label, key),
                "mention_id": post["mention_id"],
                "url": post["url"],
                "source": post["source"],
                "published_at": post["published_at"],
                "label": hit.label,
                "kind": hit.kind,
                "matched_share": hit.matched_share,
                "excerpt": hit.excerpt,
                "first_seen_at": seen_at,
                "status": "open",
            }


def _replace(night: Night, posts: pl.DataFrame, found: list[dict[str, Any]]) -> None:
    """Put what was found in place of what was known of these posts; marks and first times are kept."""
    with changing(night.home):
        before = read_findings(night.home)
        of_posts = before["mention_id"].is_in(posts["mention_id"].implode())
        if not found and not of_posts.any() and night.home.leaks.exists():
            return
        known = before.filter(of_posts).select("finding_id", "first_seen_at", "status")
        fresh = (
            as_frame(found)
            .join(known, on="finding_id", how="left", suffix="_before")
            .with_columns(
                pl.coalesce("first_seen_at_before", "first_seen_at").alias("first_seen_at"),
                pl.coalesce("status_before", "status").alias("status"),
            )
        )
        write_findings(night.home, pl.concat([before.filter(~of_posts), fresh.select(before.columns)]))


def _finding_id(mention_id: str, label: str, key: bytes) -> str:
    """Keyed, since it also stands where the name must not be guessed from it."""
    named = f"{mention_id}\x1f{label}".encode()
    return hashlib.blake2b(named, key=key, digest_size=8, person=b"leak-finding").hexdigest()
