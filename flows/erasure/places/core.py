"""Core tables: mentions with all that is derived from them, texts' embeddings and scores, queue and trend evidence."""

from __future__ import annotations

from flows.core.removal import remove_traces
from flows.erasure.journal import FORGOTTEN, RETENTION, Gone
from flows.home import Home
from flows.warehouse import connect, transaction


def erase(home: Home, gone: Gone) -> int:
    """Delete mentions with all traces; of a post deleted upstream stays an empty row that says when, without its ids.

    Embeddings and scores of a text go unless another live mention has the same text.
    """
    with connect(home) as warehouse, transaction(warehouse):
        warehouse.register("gone_posts", gone.posts)
        warehouse.execute(
            """
            create or replace temp table gone_mentions as
            select mention_id, any_value(text_hash) as text_hash, min(reason) as reason
            from gone_posts
            left join core.mentions using (mention_id)
            where mention_id <> ''
            group by all
            """
        )
        found = warehouse.execute(
            """
            delete from core.mentions
            where mention_id in (select mention_id from gone_mentions where reason in ($1, $2))
            """,
            [FORGOTTEN, RETENTION],
        ).fetchone()
        warehouse.execute(
            "delete from core.tombstones where mention_id in (select mention_id from gone_mentions where reason = $1)",
            [FORGOTTEN],
        )
        for table in ("mentions", "tombstones"):
            warehouse.execute(
                f"update core.{table} set native_id = '' where mention_id in (select mention_id from gone_mentions)"
            )
        remove_traces(warehouse, "gone_mentions")
        warehouse.execute(
            """
            delete from core.trend_events
            where starts_with(series_id, 'post:') and substr(series_id, 6) in (select mention_id from gone_mentions)
            """
        )
        warehouse.execute("drop table gone_mentions")
    return int(found[0]) if found else 0
