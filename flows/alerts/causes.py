"""What is wrong now, read from the warehouse: trends, sources that do not deliver, sources that deliver unusually."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from flows.alerts.registry import Cause
from flows.alerts.words import say
from flows.night import Night


def trend_causes(warehouse: duckdb.DuckDBPyConnection, night: Night) -> Iterator[Cause]:
    """Ongoing trends that stand by themselves and are more than a note; a critical one is a crisis."""
    rows = warehouse.execute(
        """
        select trend_id, kind, severity, summary, started_at, entity_id, aspect_id, topic_id
        from core.trend_events
        where status = 'ongoing' and part_of is null and severity <> 'info' and detected_at <= $as_of
        order by started_at, trend_id
        """,
        {"as_of": night.as_of},
    ).fetchall()
    for trend_id, kind, severity, summary, started_at, entity_id, aspect_id, topic_id in rows:
        yield Cause(
            cause=f"trend:{trend_id}",
            kind="crisis" if severity == "critical" else kind,
            severity=severity,
            summary=summary,
            started_at=started_at,
            entity_id=entity_id,
            aspect_id=aspect_id,
            topic_id=topic_id,
            trend_id=trend_id,
        )


def source_causes(warehouse: duckdb.DuckDBPyConnection, night: Night) -> Iterator[Cause]:
    """Sources whose last run failed and that have not delivered for `source_down_hours`.

    One that never delivered counts from its first run. Sources that are switched off or gone from the settings are not
    missed.
    """
    rows = warehouse.execute(
        """
        with asked as (
            select
                source_runs.*,
                runs.as_of,
                source_runs.outcome in ('ok', 'no_hits') as is_good
            from core.source_runs
            join core.runs using (run_id)
            where list_contains($sources, source) and as_of <= $as_of
        ),
        latest as (
            select
                source,
                coalesce(max(as_of) filter (where is_good), min(as_of)) as silent_since,
                arg_max({'outcome': outcome, 'message': message, 'is_good': is_good}, (as_of, started_at)) as last_run
            from asked
            group by source
        )
        select source, silent_since, last_run.outcome, coalesce(last_run.message, '')
        from latest
        where not last_run.is_good and silent_since <= $as_of - to_hours($hours)
        order by source
        """,
        {
            "sources": _names(night),
            "as_of": night.as_of,
            "hours": night.settings.alerts.source_down_hours,
        },
    ).fetchall()
    for source, silent_since, outcome, message in rows:
        yield Cause(
            cause=f"source:{source}",
            kind="source_down",
            severity="warning",
            summary=say(night, "source_down", source=source, since=silent_since, outcome=outcome, reason=message),
            started_at=silent_since,
            source=source,
        )


def volume_causes(warehouse: duckdb.DuckDBPyConnection, night: Night) -> Iterator[Cause]:
    """Sources that answered in their last run, but brought far fewer or more posts, or emptier fields, than usual.

    What is unusual says the view behind source_health, as the last build left it; before the first nothing is.
    """
    is_built = warehouse.execute(
        "select count(*) > 0 from duckdb_views() where schema_name = 'intermediate' and view_name = 'int_source_alarms'"
    ).fetchone()
    if is_built != (True,):
        return
    rows = warehouse.execute(
        """
        with latest as (
            select source, run_id, as_of
            from core.source_runs
            join (select run_id, as_of from core.runs) using (run_id)
            where list_contains($sources, source) and as_of <= $as_of
            qualify row_number() over (partition by source order by as_of desc, started_at desc) = 1
        )
        select source, as_of, alarms
        from latest
        join intermediate.int_source_alarms using (source, run_id)
        order by source
        """,
        {"sources": _names(night), "as_of": night.as_of},
    ).fetchall()
    for source, since, alarms in rows:
        yield Cause(
            cause=f"volume:{source}",
            kind="volume_anomaly",
            severity="warning",
            summary=say(night, "volume_anomaly", source=source, alarms="; ".join(alarms)),
            started_at=since,
            source=source,
        )


def _names(night: Night) -> list[str]:
    return [source.source for source in night.settings.sources if source.enabled]
