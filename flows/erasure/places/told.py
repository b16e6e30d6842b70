"""Topics, trends, alerts and runs in core: keywords, names and sentences that may hold words of posts."""

from __future__ import annotations

from flows.erasure.duckdb_files import scrub_table
from flows.erasure.journal import Gone
from flows.home import Home
from flows.warehouse import connect, transaction

TABLES = ("topics", "topic_events", "trend_events", "alerts", "channel_failures", "runs", "source_runs")


def erase(home: Home, gone: Gone) -> int:
    """Take out keywords that no other post has, and sentences that quote a post."""
    with connect(home) as warehouse, transaction(warehouse):
        return sum(scrub_table(warehouse, home.warehouse.stem, "core", table, gone) for table in TABLES)
