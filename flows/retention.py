"""Let go of what is older than the settings allow. The next night's build and publication hold it no more."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa

from flows.core.removal import remove_traces
from flows.erasure.journal import RETENTION, note
from flows.landing.quarantine import expire
from flows.night import Night
from flows.warehouse import connect, transaction


def retain(night: Night) -> int:
    """Remove mentions past their retention from landing and core, with all derived from them; broken records; reports.

    A mention is as old as its publication, or as its collection when the source gave no date. Texts that no remaining
    mention has lose their embedding and scores, too. One transaction: all or nothing. They leave the other places with
    the erasure that follows (`flows.erasure`). Returns how many mentions went.
    """
    with connect(night.home) as warehouse, transaction(warehouse):
        expired = _list_expired(warehouse, night)
        night.report("retain", 0, expired)
        if expired:
            note(warehouse, "select mention_id from expired", RETENTION)
            warehouse.execute("delete from core.mentions where mention_id in (select mention_id from expired)")
            remove_traces(warehouse, "expired")
        quarantine_days = partial(night.settings.retention_days, kept="quarantine")
        expire(warehouse, night.home.quarantine, quarantine_days, night.as_of)
    _expire_reports(night.home.reports, night.settings.retention_days("default", "reports"), night.as_of)
    night.report("retain", expired, expired)
    return expired


def _expire_reports(folder: Path, days: int | None, as_of: datetime) -> None:
    """Delete reports, and the pages of audits, that were written longer ago; empty folders of theirs go as well."""
    if days is None or not folder.exists():
        return
    oldest = (as_of - timedelta(days=days)).timestamp()
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            with suppress(OSError):
                path.rmdir()
        elif path.stat().st_mtime < oldest:
            path.unlink()


def _list_expired(warehouse: duckdb.DuckDBPyConnection, night: Night) -> int:
    sources = [row[0] for row in warehouse.execute("select distinct source from core.mentions").fetchall()]
    limits = pa.table(
        {
            "source": pa.array(sources, pa.string()),
            "days": pa.array([night.settings.retention_days(source) for source in sources], pa.int64()),
        }
    )
    warehouse.register("limits", limits)
    warehouse.execute(
        """
        create or replace temp table expired as
        select mention_id, text_hash
        from core.mentions
        join limits using (source)
        where coalesce(published_at, collected_at) < $as_of - to_days(cast(days as integer))
        """,
        {"as_of": night.as_of},
    )
    warehouse.unregister("limits")
    counted = warehouse.execute("select count(*) from expired").fetchone()
    return int(counted[0]) if counted else 0
