"""What the brief is written from, read from the published marts; no metric is defined here."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from flows.brief.posts import Post, as_post

Rows = list[dict[str, Any]]


class Marts:
    """Questions to a published file, opened by `flows.published.open_published`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, time_zone: str) -> None:
        self._connection = connection
        self.time_zone = time_zone

    def rows(self, sql: str, **values: Any) -> Rows:
        """The rows of a query, by column."""
        found = self._connection.execute(sql, values)
        columns = [column[0] for column in found.description or []]
        return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]

    def has_table(self, name: str) -> bool:
        """Whether a table is there: files published by earlier versions lack some."""
        return bool(self.rows("select 1 from information_schema.tables where table_name = $name", name=name))

    def posts(self, mention_ids: list[str], count: int) -> list[Post]:
        """The first posts of a list, in its order."""
        rows = self.rows(
            """
            select mention_id, text, source, url, published_at, sentiment
            from marts.mentions
            where mention_id in (select unnest($ids))
            order by list_position($ids, mention_id)
            limit $count
            """,
            ids=mention_ids,
            count=count,
        )
        return [as_post(row) for row in rows]

    def telling_posts(self, entity_id: str, sentiment: str | None, count: int) -> list[Post]:
        """Originals of the last seven days about an entity, those with most likes, reposts and replies first."""
        rows = self.rows(
            """
            select mention_id, text, source, url, published_at, sentiment
            from marts.mentions
            where list_contains(entity_ids, $entity_id) and not is_copy and not is_spam
              and published_at > (select max(as_of) from marts.runs) - interval 7 day
              and ($sentiment is null or sentiment = $sentiment)
            order by engagement_count desc nulls last, published_at desc, mention_id
            limit $count
            """,
            entity_id=entity_id,
            sentiment=sentiment,
            count=count,
        )
        return [as_post(row) for row in rows]

    def local_day(self, moment: datetime) -> date:
        """The day of a moment in the company's time zone."""
        return moment.astimezone(ZoneInfo(self.time_zone)).date()


def latest_run(marts: Marts) -> dict[str, Any]:
    """The run that was published: run_id, as_of, outcome."""
    (row,) = marts.rows(
        """
        select run_id, as_of, outcome
        from marts.runs
        where published_at is not null
        order by published_at desc
        limit 1
        """
    )
    return row


def trends_since(marts: Marts, today: date, days: int) -> Rows:
    """Trends that stand by themselves and go on, or have ended less than `days` days ago; what matters most first."""
    return marts.rows(
        """
        select *
        from marts.market_trends
        where part_of is null and (status = 'ongoing' or last_date > $since)
        order by
            severity = 'critical' desc,
            status = 'ongoing' desc,
            list_position(['critical', 'warning', 'info'], severity),
            started_at desc,
            trend_id
        """,
        since=today - timedelta(days=days),
    )


def windows(marts: Marts) -> Rows:
    """All entities over the last seven days, the company first."""
    return marts.rows(
        """
        select *
        from marts.entity_windows
        where window_days = 7 and entity_kind <> 'market'
        order by list_position(['company', 'product', 'competitor'], entity_kind), entity_name
        """
    )


def names(marts: Marts, language: str) -> dict[str, dict[str, str]]:
    """What entities, aspects and topics are called, by id."""
    entities = marts.rows("select distinct entity_id, entity_name from marts.entity_windows")
    aspects = marts.rows("select aspect_id, aspect_name from marts.aspects")
    topics = marts.rows(f"select topic_id, label_{language} as label from marts.topics")
    return {
        "entities": {row["entity_id"]: row["entity_name"] for row in entities},
        "aspects": {row["aspect_id"]: row["aspect_name"] for row in aspects},
        "topics": {row["topic_id"]: row["label"] for row in topics},
    }


def daily_counts(
    marts: Marts, today: date, days: int, *, entity_id: str | None = None, topic_id: str | None = None,
    aspect_id: str | None = None,
) -> dict[date, int]:  # fmt: skip
    """Originals per full day about an entity, an aspect of it, or a topic; days without any are zero."""
    if topic_id is not None:
        sql = "select published_date, original_count from marts.topic_daily where topic_id = $topic_id"
    elif aspect_id is not None:
        sql = """
            select m.published_date, count(*) as original_count
            from marts.mention_aspects as a
            join marts.mentions as m using (mention_id)
            where a.entity_id = $entity_id and a.aspect_id = $aspect_id and not m.is_copy and not m.is_spam
              and m.published_date is not null
            group by all
        """
    else:
        sql = "select published_date, original_count from marts.entity_daily where entity_id = $entity_id"
    values = {"entity_id": entity_id, "topic_id": topic_id, "aspect_id": aspect_id}
    found = {
        row["published_date"]: row["original_count"]
        for row in marts.rows(sql, **{name: value for name, value in values.items() if f"${name}" in sql})
    }
    return {day: found.get(day, 0) for day in (today - timedelta(days=back) for back in range(days, 0, -1))}
