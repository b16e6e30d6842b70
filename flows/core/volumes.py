"""How many posts of each language the sources brought, day by day, so that a language that falls silent is noticed."""

from __future__ import annotations

import duckdb

from flows.night import Night
from flows.warehouse import transaction

DAYS = 28
"""Earlier days that a day is compared with."""
LATE_DAYS = 3
"""Posts that were older than that when they came are no news: first runs and backfills bring them."""


def count_volumes(warehouse: duckdb.DuckDBPyConnection, night: Night) -> None:
    """Write core.source_volumes for the sources that answered in this run; what is usual is decided by the marts.

    A day is the 24 hours before a run's logical time. Days in which a source was not asked or failed do not count.
    """
    values = {"run_id": night.run_id, "as_of": night.as_of, "days": DAYS, "late_days": LATE_DAYS}
    with transaction(warehouse):
        warehouse.execute("delete from core.source_volumes where run_id = $run_id", {"run_id": night.run_id})
        warehouse.execute(VOLUMES, values)


VOLUMES = """
insert into core.source_volumes by name
with answered as (
    select distinct
        source,
        cast(floor((epoch($as_of) - epoch(as_of)) / 86400) as integer) as days_ago,
        run_id = $run_id as is_now
    from core.source_runs
    join (select run_id, as_of from core.runs) using (run_id)
    where source_runs.outcome in ('ok', 'no_hits')
      and as_of <= $as_of
      and as_of > $as_of - to_days(cast($days + 1 as integer))
),
counted as (
    select
        source,
        language,
        cast(floor((epoch($as_of) - epoch(collected_at)) / 86400) as integer) as days_ago,
        count(*) as mention_count
    from core.mentions
    where language is not null
      and collected_at <= $as_of
      and collected_at > $as_of - to_days(cast($days + 1 as integer))
      and (published_at is null or published_at > collected_at - to_days(cast($late_days as integer)))
    group by all
),
days as (
    select source, language, answered.days_ago, coalesce(counted.mention_count, 0) as mention_count
    from (select distinct source, days_ago from answered) as answered
    join (select distinct source, language from counted) using (source)
    left join counted using (source, language, days_ago)
)
select
    $run_id as run_id,
    source,
    language,
    coalesce(sum(mention_count) filter (where days_ago = 0), 0) as mention_count,
    coalesce(list(mention_count order by days_ago desc) filter (where days_ago > 0), []) as earlier_counts
from days
where source in (select source from answered where is_now)
group by source, language
"""
