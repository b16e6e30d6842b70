"""Let go of what is older than the settings allow. The next night's build and publication hold it no more."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from flows.landing.quarantine import expire
from flows.night import Night
from flows.warehouse import connect


def retain(night: Night) -> int:
    """Remove mentions past their retention from landing and core with all derived from them, and broken records.

    A mention is as old as its publication, or as its collection when the source gave no date. Texts that no remaining
    mention has lose their embedding and scores, too. One transaction: all or nothing. Returns how many mentions went.
    """
    with connect(night.home) as warehouse:
        warehouse.begin()
        try:
            expired = _list_expired(warehouse, night)
            night.report("retain", 0, expired)
            if expired:
                _remove(warehouse)
            expire(warehouse, night.home.quarantine, night.settings.retention_days, night.as_of)
            warehouse.commit()
        except BaseException:
            warehouse.rollback()
            raise
    night.report("retain", expired, expired)
    return expired


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


def _remove(warehouse: duckdb.DuckDBPyConnection) -> None:
    for schema, table in _tables_with(warehouse, "mention_id"):
        if (schema, table) != ("core", "tombstones"):
            warehouse.execute(f"delete from {schema}.{table} where mention_id in (select mention_id from expired)")
    for schema, table in _tables_with(warehouse, "text_hash"):
        if (schema, table) != ("core", "mentions"):
            warehouse.execute(
                f"""
                delete from {schema}.{table}
                where text_hash in (select text_hash from expired)
                  and text_hash not in (select text_hash from core.mentions)
                """
            )


def _tables_with(warehouse: duckdb.DuckDBPyConnection, column: str) -> list[tuple[str, str]]:
    """Tables of landing and core that have a column: a new table with mentions is covered without being named here."""
    return warehouse.execute(
        """
        select table_schema, table_name
        from information_schema.columns
        join information_schema.tables using (table_schema, table_name)
        where table_schema in ('landing', 'core') and column_name = $column and table_type = 'BASE TABLE'
        order by all
        """,
        {"column": column},
    ).fetchall()
