"""Leaks are told by their number only; what was found stays in the restricted file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import duckdb

CAUSE = "leaks"
STATE = "sent"
_PREFIX = "leak:"


def announce_leaks(warehouse: duckdb.DuckDBPyConnection, finding_ids: Iterable[str], found_at: datetime) -> None:
    """Let the next `notify` tell of findings: each once per channel that names the kind `leak`.

    Whoever finds leaks calls this with the ids of all findings that are open, known ones too; ids must not tell what
    was found.
    """
    for finding_id in finding_ids:
        warehouse.execute(
            """
            insert into core.leak_notices
            select $finding_id, $found_at
            where not exists (select 1 from core.leak_notices where finding_id = $finding_id)
            """,
            {"finding_id": finding_id, "found_at": found_at},
        )


def untold_leaks(warehouse: duckdb.DuckDBPyConnection, channel: str) -> list[tuple[str, str, str]]:
    """Findings that a channel has not been told of, as entries of the delivery log."""
    rows = warehouse.execute(
        """
        select finding_id
        from core.leak_notices
        where not exists (
            select 1 from core.deliveries where channel = $channel and subject_id = $prefix || finding_id
        )
        order by found_at, finding_id
        """,
        {"channel": channel, "prefix": _PREFIX},
    ).fetchall()
    return [(f"{_PREFIX}{finding_id}", CAUSE, STATE) for (finding_id,) in rows]
