"""The numbers of the summary, read from the published marts; no metric is defined here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

EXAMPLE_LENGTH = 90
MOST_ROWS = 6


@dataclass(frozen=True)
class Facts:
    """Rows for the sections of the summary; the columns of each are those of its query."""

    trends: list[dict[str, Any]]
    voices: list[dict[str, Any]]
    feedback: list[dict[str, Any]]
    growth: list[dict[str, Any]]
    lead_count: int
    switching_count: int
    leads: list[dict[str, Any]]
    queues: list[dict[str, Any]]
    sources: list[dict[str, Any]]
    quality: dict[str, Any]


def gather(marts: duckdb.DuckDBPyConnection, run_id: str) -> Facts:
    """Ask the published marts, opened by `flows.published.open_published`."""
    return Facts(
        trends=_rows(marts, TRENDS),
        voices=_rows(marts, VOICES),
        feedback=_rows(marts, FEEDBACK, {"length": EXAMPLE_LENGTH, "most": MOST_ROWS}),
        growth=_rows(marts, GROWTH),
        **_rows(marts, LEAD_COUNT)[0],
        leads=_rows(marts, LEADS, {"most": MOST_ROWS}),
        queues=_rows(marts, QUEUES),
        sources=_rows(marts, SOURCES, {"run_id": run_id}),
        quality=_rows(marts, QUALITY)[0],
    )


def _rows(marts: duckdb.DuckDBPyConnection, sql: str, values: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    found = marts.execute(sql, values or {})
    columns = [column[0] for column in found.description or []]
    return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


TRENDS = """
select severity, summary
from marts.market_trends
where part_of is null and last_date > (select max(published_date) from marts.entity_daily) - 7
order by list_position(['critical', 'warning', 'info'], severity), started_at desc, trend_id
"""

VOICES = """
select
    entity_name, mention_count, mention_count_previous, net_sentiment, net_sentiment_low, net_sentiment_high,
    net_sentiment_change, share_of_voice
from marts.entity_windows
where window_days = 7 and entity_kind <> 'market'
order by list_position(['company', 'product', 'competitor'], entity_kind), entity_name
"""

FEEDBACK = """
with windows as (
    select f.*
    from marts.customer_feedback as f
    join marts.entity_windows as e using (entity_id, window_days)
    where window_days = 7 and e.entity_kind = 'company'
)
select
    w.aspect_id, w.intent, w.original_count, w.original_count_previous, w.net_sentiment,
    left(regexp_replace(m.text, '\\s+', ' ', 'g'), $length) as example
from windows as w
left join marts.mentions as m on m.mention_id = w.verbatim_mention_ids[1]
where w.original_count > 0
order by w.original_count desc, w.aspect_id, w.intent
limit $most
"""

GROWTH = """
select f.aspect_id, f.intent, f.original_count, f.original_count_previous
from marts.customer_feedback as f
join marts.entity_windows as e using (entity_id, window_days)
where window_days = 7 and e.entity_kind = 'company' and f.original_count_change > 0
order by f.original_count_change desc, f.aspect_id, f.intent
limit 1
"""

RECENT_LEADS = """
from marts.sales_leads
where published_at > (select max(as_of) from marts.runs) - interval 7 day
"""

LEAD_COUNT = f"""
select count(*) as lead_count, count(*) filter (where lead_kind = 'switch_from_competitor') as switching_count
{RECENT_LEADS}
"""

LEADS = f"""
select lead_kind, score, reason, coalesce(url, source) as place
{RECENT_LEADS}
order by score desc, mention_id
limit $most
"""

QUEUES = """
select
    department,
    count(*) as open_count,
    count(*) filter (where priority = 1) as urgent_count,
    count(*) filter (where is_overdue) as overdue_count
from marts.department_queue
where status in ('open', 'taken')
group by all
order by department
"""

SOURCES = """
select
    source, outcome, record_count, landed_count, quarantined_count, skipped_count, alarms,
    concat_ws('; ', message, array_to_string(alarms, '; ')) as message
from marts.source_health
where run_id = $run_id
order by source
"""

QUALITY = """
select
    count(*) as mention_count,
    count(*) filter (where is_copy) as copy_count,
    count(*) filter (where is_spam) as spam_count,
    count(*) filter (where published_at is null) as undated_count,
    count(*) filter (where sentiment is null) as unscored_count
from marts.mentions
"""
