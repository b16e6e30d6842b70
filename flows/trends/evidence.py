"""The posts behind a trend."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import pyarrow as pa

from flows.trends.registry import Recorded

EVIDENCE_COUNT = 10


def replace_evidence(warehouse: duckdb.DuckDBPyConnection, entries: Iterable[Recorded]) -> None:
    """Choose the posts of trends that are told this night, inside the caller's transaction.

    Of the posts in the trend's days: for a fall in sentiment, and a wave that is mostly negative, the negative ones
    first, for a rise the positive ones; then those with most likes, reposts and replies. For a post that goes round,
    the original and its repetitions.
    """
    rows = [
        {
            "trend_id": entry.trend.trend_id,
            "series_id": entry.trend.series_id,
            "first_date": entry.trend.first_date,
            "started_at": entry.trend.started_at,
            "last_date": entry.trend.last_date,
            "preferred": _preferred(entry),
        }
        for entry in entries
    ]
    schema = pa.schema(
        [
            ("trend_id", pa.string()),
            ("series_id", pa.string()),
            ("first_date", pa.date32()),
            ("started_at", pa.timestamp("us", "UTC")),
            ("last_date", pa.date32()),
            ("preferred", pa.string()),
        ]
    )
    warehouse.register("told", pa.Table.from_pylist(rows, schema=schema))
    warehouse.execute("delete from core.trend_evidence where trend_id in (select trend_id from told)")
    warehouse.execute(
        """
        insert into core.trend_evidence
        with of_series as (
            select
                told.trend_id,
                posts.mention_id,
                coalesce(posts.sentiment = told.preferred, false) as is_preferred,
                coalesce(posts.engagement_count, 0) as engagement_count,
                posts.published_at
            from told
            join intermediate.int_trend_posts as posts
                on posts.series_id = told.series_id
                and posts.published_date <= told.last_date
                and (posts.published_date >= told.first_date or posts.published_at >= told.started_at)
        ),
        of_posts as (
            select
                told.trend_id,
                mentions.mention_id,
                mentions.is_original as is_preferred,
                coalesce(mentions.engagement_count, 0) as engagement_count,
                mentions.published_at
            from told
            join intermediate.int_mention_facts as mentions
                on 'post:' || coalesce(mentions.copy_of, mentions.mention_id) = told.series_id
            where told.series_id like 'post:%' and not mentions.is_spam
        ),
        ranked as (
            select
                *,
                row_number() over (
                    partition by trend_id order by is_preferred desc, engagement_count desc, published_at, mention_id
                ) as position
            from (from of_series union all from of_posts)
        )
        select trend_id, position, mention_id
        from ranked
        where position <= $count
        """,
        {"count": EVIDENCE_COUNT},
    )
    warehouse.unregister("told")


def _preferred(entry: Recorded) -> str:
    trend = entry.trend
    if trend.measure == "net_sentiment":
        return "positive" if trend.direction == "up" else "negative"
    return "negative" if (trend.negative_count or 0) >= 0.5 * trend.observed else ""
