"""Posts that are gone upstream: noticed by a source or by a recheck, and never alive again."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb

from flows.core.removal import remove_traces
from flows.erasure.journal import note
from flows.warehouse import transaction


def honour_tombstones(warehouse: duckdb.DuckDBPyConnection) -> int:
    """Collect new tombstones and empty their mentions: what stays is that a post was there, and when it was deleted.

    Text, address, author, embedding, scores and everything else derived go from landing and core at once, and from all
    other places when the night ends (`flows.erasure`). Returns how many mentions were emptied.
    """
    with transaction(warehouse):
        _note_for_erasure(warehouse)
        warehouse.execute(
            """
            insert into core.tombstones by name
            select source, native_id, mention_id, reason, noticed_at
            from landing.tombstones
            anti join core.tombstones using (mention_id)
            """
        )
        warehouse.execute(
            """
            create or replace temp table gone as
            select tombstones.mention_id, known.text_hash, min(tombstones.noticed_at) as noticed_at
            from core.tombstones
            left join core.mentions as known
                on known.mention_id = tombstones.mention_id and known.deleted_at is null
            where known.mention_id is not null
               or tombstones.mention_id in (select mention_id from landing.mentions)
            group by all
            """
        )
        emptied = warehouse.execute(
            """
            update core.mentions
            set text = '', text_hash = '', url = null, author_key = null, content_hash = '',
                deleted_at = gone.noticed_at, changed_at = $now
            from gone
            where gone.mention_id = mentions.mention_id and mentions.deleted_at is null
            """,
            {"now": datetime.now(UTC)},
        ).fetchone()
        if _count(warehouse):
            remove_traces(warehouse, "gone")
    return int(emptied[0]) if emptied else 0


def _note_for_erasure(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Write down, while their texts are still there, which posts have to go from every other place."""
    note(
        warehouse,
        """
        select mention_id from landing.tombstones
        where mention_id not in (select mention_id from core.tombstones)
        union
        select mention_id from core.tombstones
        where mention_id in (select mention_id from core.mentions where deleted_at is null)
           or mention_id in (select mention_id from landing.mentions)
        """,
        reason="deleted",
    )


def _count(warehouse: duckdb.DuckDBPyConnection) -> int:
    counted = warehouse.execute("select count(*) from gone").fetchone()
    return int(counted[0]) if counted else 0
