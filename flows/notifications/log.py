"""The delivery log: what each channel has taken, and which channel did not take its last message."""

from __future__ import annotations

from datetime import datetime

import duckdb

from flows.notifications.due import Told


def read_told(warehouse: duckdb.DuckDBPyConnection, channel: str) -> dict[str, Told]:
    """The last message per subject that a channel has taken."""
    rows = warehouse.execute(
        """
        select subject_id, cause, state, delivered_at
        from core.deliveries
        where channel = $channel
        qualify row_number() over (partition by subject_id order by delivered_at desc, rowid desc) = 1
        """,
        {"channel": channel},
    ).fetchall()
    return {subject_id: Told(cause, state, at) for subject_id, cause, state, at in rows}


def record_taken(
    warehouse: duckdb.DuckDBPyConnection, channel: str, subjects: list[tuple[str, str, str]], now: datetime
) -> None:
    """Write down that a channel has taken a message about subjects: (subject_id, cause, state). It works again."""
    for subject_id, cause, state in subjects:
        warehouse.execute(
            "insert into core.deliveries values (?, ?, ?, ?, ?)", [channel, subject_id, cause, state, now]
        )
    warehouse.execute("delete from core.channel_failures where channel = ?", [channel])


def record_failure(warehouse: duckdb.DuckDBPyConnection, channel: str, message: str, now: datetime) -> None:
    """Write down that a channel did not take a message; what it should have told is due again next time."""
    warehouse.execute("delete from core.channel_failures where channel = ?", [channel])
    warehouse.execute("insert into core.channel_failures values (?, ?, ?)", [channel, now, message])


def last_failure(warehouse: duckdb.DuckDBPyConnection, channel: str) -> str | None:
    """When and why a channel did not take its last message; None when it did."""
    row = warehouse.execute(
        "select failed_at, message from core.channel_failures where channel = ?", [channel]
    ).fetchone()
    return f"did not take its message of {row[0]:%Y-%m-%d %H:%M} UTC: {row[1]}" if row else None
