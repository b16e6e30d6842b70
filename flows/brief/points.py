"""The five things to know: trends first, then sentiment, what has grown, a competitor, a topic, the share of voice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from flows.alerts.words import KINDS
from flows.brief.charts import Intervals, Row
from flows.brief.desk import POSTS_PER_POINT, Desk, Point, bars, ratio_interval, sentiment_interval
from flows.brief.facts import daily_counts, names, trends_since, windows
from flows.brief.trend_point import trend_point
from flows.summary.words import INTENTS
from models.intervals import ratio_of_counts, share_interval

POINTS = 5
MOST_TRENDS = 3
WINDOW_DAYS = 7
LEAST_POSTS = 3
"""Posts of a window below which nothing is said about its growth."""


def choose_points(desk: Desk) -> list[Point]:
    """The first five of what there is to say, each subject once."""
    chosen: dict[str, Point] = {}
    told: set[str] = set()
    for point in _candidates(desk):
        if point.subject not in chosen:
            chosen[point.subject] = point.told_once(told)
        if len(chosen) == POINTS:
            break
    return list(chosen.values())


def _candidates(desk: Desk) -> Iterator[Point]:
    entities = windows(desk.marts)
    called = names(desk.marts, desk.writer.language)
    trends = [trend_point(desk, row, called) for row in trends_since(desk.marts, desk.today, desk.recent)]
    yield from trends[:MOST_TRENDS]
    yield from _sentiment(desk, entities)
    yield from _growth(desk, entities, called)
    yield from _competitor(desk, entities)
    yield from _topics(desk)
    yield from _share(desk, entities)
    yield from trends[MOST_TRENDS:]


def _sentiment(desk: Desk, entities: list[dict[str, Any]]) -> Iterator[Point]:
    company = next((row for row in entities if row["entity_kind"] == "company"), None)
    if company is None or company["net_sentiment"] is None:
        return
    writer, change = desk.writer, company["net_sentiment_change"]
    if change is None:
        compared = writer.words["sentiment_early"]
    elif round(change, 2) == 0:
        compared = writer.words["sentiment_same"]
    else:
        compared = writer.say(
            "sentiment_fell" if change < 0 else "sentiment_rose", change=writer.number(abs(change), 2)
        )
    counts = _sentiment_counts(desk, company["entity_id"])
    sentiment = None if change is None else "negative" if change < 0 else "positive"
    yield Point(
        subject=f"{company['entity_id']}  net_sentiment",
        label=writer.words["sentiment"],
        title=writer.say("sentiment_title", name=company["entity_name"]),
        figure=writer.signed(company["net_sentiment"]),
        unit="",
        interval=sentiment_interval(writer, company),
        says=f"{compared} {writer.say('sentiment_says', **counts)}",
        chart=_sentiment_chart(desk, entities),
        posts=desk.marts.telling_posts(company["entity_id"], sentiment, POSTS_PER_POINT),
    )


def _sentiment_counts(desk: Desk, entity_id: str) -> dict[str, str]:
    (row,) = desk.marts.rows(
        """
        select
            count(*) as count,
            count(*) filter (where sentiment = 'negative') as negative,
            count(*) filter (where sentiment = 'positive') as positive
        from marts.mentions
        where list_contains(entity_ids, $entity_id) and not is_copy and not is_spam and sentiment is not null
          and published_at > (select max(as_of) from marts.runs) - interval 7 day
        """,
        entity_id=entity_id,
    )
    return {name: desk.writer.number(value) for name, value in row.items()}


def _sentiment_chart(desk: Desk, entities: list[dict[str, Any]]) -> Intervals:
    writer = desk.writer
    rows = [
        Row(
            row["entity_name"],
            row["net_sentiment"],
            row["net_sentiment_low"],
            row["net_sentiment_high"],
            f"{writer.signed(row['net_sentiment'])} [{writer.signed(row['net_sentiment_low'])}, "
            f"{writer.signed(row['net_sentiment_high'])}]",
            row["entity_kind"] != "competitor",
        )
        for row in entities
        if row["net_sentiment"] is not None
    ]
    return Intervals(writer.words["chart_sentiment"], rows[:6], -1, 1, middle=0)


def _growth(desk: Desk, entities: list[dict[str, Any]], called: dict[str, dict[str, str]]) -> Iterator[Point]:
    writer = desk.writer
    rows = desk.marts.rows(
        """
        select f.*
        from marts.customer_feedback as f
        join marts.entity_windows as e using (entity_id, window_days)
        where window_days = $days and e.entity_kind = 'company'
          and f.original_count_change > 0 and f.original_count >= $least
        order by f.original_count_change desc, f.aspect_id, f.intent
        limit 1
        """,
        days=WINDOW_DAYS,
        least=LEAST_POSTS,
    )
    for row in rows:
        aspect = called["aspects"].get(row["aspect_id"], row["aspect_id"])
        intent = INTENTS[writer.language][row["intent"]]
        now, before = row["original_count"], row["original_count_previous"]
        counts = daily_counts(desk.marts, desk.today, desk.days, entity_id=row["entity_id"], aspect_id=row["aspect_id"])
        yield Point(
            subject=f"{row['entity_id']} {row['aspect_id']} mention_count",
            label=writer.words["growth"],
            title=writer.say("growth_title", intent=intent[:1].upper() + intent[1:], aspect=aspect),
            figure=writer.number(now),
            unit=writer.words["trend_figure"]["mention_count"],
            interval=ratio_interval(writer, ratio_of_counts(now, before)),
            says=writer.say("growth_says", now=writer.number(now), before=writer.number(before)),
            chart=bars(desk, writer.say("chart_posts", name=aspect), counts, desk.today - timedelta(days=WINDOW_DAYS)),
            posts=desk.marts.posts(row["verbatim_mention_ids"], POSTS_PER_POINT),
        )


def _competitor(desk: Desk, entities: list[dict[str, Any]]) -> Iterator[Point]:
    writer = desk.writer
    moved = [row for row in entities if row["entity_kind"] == "competitor" and row["net_sentiment_change"] is not None]
    for row in sorted(moved, key=lambda one: -abs(one["net_sentiment_change"]))[:1]:
        change = row["net_sentiment_change"]
        counts = daily_counts(desk.marts, desk.today, desk.days, entity_id=row["entity_id"])
        form = "sentiment_fell" if change < 0 else "sentiment_rose"
        says = writer.say(
            "competitor_says",
            count=writer.number(row["original_count"]),
            before=writer.number(row["original_count_previous"]),
        )
        yield Point(
            subject=f"{row['entity_id']}  competitor",
            label=writer.words["competitor"],
            title=writer.say("competitor_title", name=row["entity_name"]),
            figure=writer.signed(row["net_sentiment"]),
            unit="",
            interval=sentiment_interval(writer, row),
            says=f"{writer.say(form, change=writer.number(abs(change), 2))} {says}",
            chart=bars(
                desk, writer.say("chart_posts", name=row["entity_name"]), counts,
                desk.today - timedelta(days=WINDOW_DAYS),
            ),
            posts=desk.marts.telling_posts(row["entity_id"], "negative" if change < 0 else "positive", POSTS_PER_POINT),
        )  # fmt: skip


def _topics(desk: Desk) -> Iterator[Point]:
    writer = desk.writer
    rows = desk.marts.rows(
        """
        with counted as (
            select
                topic_id,
                coalesce(sum(original_count) filter (where published_date >= $today - 7), 0) as now_count,
                coalesce(sum(original_count) filter (where published_date < $today - 7), 0) as before_count
            from marts.topic_daily
            where published_date < $today and published_date >= $today - 35
            group by topic_id
        )
        select topics.*, now_count, before_count
        from marts.topics
        join counted using (topic_id)
        where status in ('new', 'growing') and now_count >= $least
        order by now_count - before_count / 4 desc, topic_id
        limit 2
        """,
        today=desk.today,
        least=LEAST_POSTS,
    )
    for row in rows:
        label = row[f"label_{writer.language}"]
        now, before = int(row["now_count"]), int(row["before_count"])
        counts = daily_counts(desk.marts, desk.today, desk.days, topic_id=row["topic_id"])
        yield Point(
            subject=f"{row['topic_id']}  mention_count",
            label=KINDS[writer.language]["emerging_topic" if row["status"] == "new" else "surge"],
            title=writer.say("topic_title", topic=label),
            figure=writer.number(now),
            unit=writer.words["trend_figure"]["mention_count"],
            interval=ratio_interval(writer, ratio_of_counts(now, before, length_ratio=7 / 28)),
            says=writer.say("topic_says", now=writer.number(now), before=writer.number(before)),
            chart=bars(desk, writer.say("chart_posts", name=label), counts, desk.today - timedelta(days=WINDOW_DAYS)),
            posts=desk.marts.posts(row["example_mention_ids"], POSTS_PER_POINT),
        )


def _share(desk: Desk, entities: list[dict[str, Any]]) -> Iterator[Point]:
    writer = desk.writer
    voices = [row for row in entities if row["share_of_voice"] is not None]
    total = sum(row["original_count"] for row in voices)
    if len(voices) < 2 or not total:
        return
    rows = []
    for row in voices:
        low, high = share_interval(row["original_count"], total)
        said = f"{writer.percent(row['share_of_voice'])} [{writer.percent(low)}, {writer.percent(high)}]"
        is_ours = row["entity_kind"] == "company"
        rows.append(Row(row["entity_name"], row["share_of_voice"], low, high, said, is_ours))
    company = voices[0]
    low, high = share_interval(company["original_count"], total)
    yield Point(
        subject=f"{company['entity_id']}  share_of_voice",
        label=writer.words["share"],
        title=writer.say("share_title", name=company["entity_name"]),
        figure=writer.percent(company["share_of_voice"]),
        unit="",
        interval=writer.say("interval", low=writer.percent(low), high=writer.percent(high)),
        says=writer.say(
            "share_says",
            count=writer.number(company["original_count"]),
            total=writer.number(total),
            name=company["entity_name"],
        ),
        chart=Intervals(writer.words["chart_share"], rows[:6], 0, 1),
        posts=desk.marts.telling_posts(company["entity_id"], None, POSTS_PER_POINT),
    )
