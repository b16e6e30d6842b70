"""The posts that a message quotes: few, short, and redacted like everything that is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from flows.quoting import shortened, web_address

QUOTED_POSTS = 3
QUOTE_LENGTH = 160


@dataclass(frozen=True)
class Quote:
    """A post as a message shows it."""

    mention_id: str
    text: str
    source: str
    url: str | None
    published_at: datetime | None


def quotes_of(warehouse: duckdb.DuckDBPyConnection, trend_ids: Sequence[str]) -> Mapping[str, list[Quote]]:
    """The posts that show the trends best and still stand, by trend_id."""
    rows = warehouse.execute(
        """
        select trend_id, mention_id, text, source, url, published_at
        from core.trend_evidence
        join core.mentions using (mention_id)
        anti join core.tombstones using (mention_id)
        where list_contains($trend_ids, trend_id) and deleted_at is null
        qualify row_number() over (partition by trend_id order by position) <= $count
        order by trend_id, position
        """,
        {"trend_ids": list(trend_ids), "count": QUOTED_POSTS},
    ).fetchall()
    quotes: dict[str, list[Quote]] = {}
    for trend_id, mention_id, text, source, url, published_at in rows:
        quotes.setdefault(trend_id, []).append(
            Quote(mention_id, shortened(text, QUOTE_LENGTH), source, web_address(url), published_at)
        )
    return quotes
