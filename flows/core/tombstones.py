"""Posts that are gone upstream: noticed by a source or by a recheck, and never alive again."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb

from flows.warehouse import transaction


def honour_tombstones(warehouse: duckdb.DuckDBPyConnection) -> int:
    """Collect new tombstones and mark their mentions as deleted. Returns how many mentions were newly marked."""
    with transaction(warehouse):
        warehouse.execute(
            """
            insert into core.tombstones by name
            select source, native_id, mention_id, reason, noticed_at
            from landing.tombstones
            anti join core.tombstones using (mention_id)
            """
        )
        marked = warehouse.execute(
            """
            update core.mentions
            set deleted_at = gone.noticed_at, changed_at = $now
            from (
                select mention_id, min(noticed_at) as noticed_at
                from core.tombstones
                group by all
            ) as gone
            where gone.mention_id = mentions.mention_id and mentions.deleted_at is null
            """,
            {"now": datetime.now(UTC)},
        ).fetchone()
    return int(marked[0]) if marked else 0
