"""A trend as a thing to know."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from flows.alerts.words import KINDS
from flows.brief.desk import POSTS_PER_POINT, Desk, Point, bars
from flows.brief.facts import daily_counts
from flows.brief.words import Writer
from flows.trends.trend import Trend
from flows.trends.words import NEARLY_NONE, Names, sentence
from models.intervals import count_interval


def trend_point(desk: Desk, row: dict[str, Any], called: dict[str, dict[str, str]]) -> Point:
    """Make the point of a row of market_trends; `called` names entities, aspects and topics by id."""
    writer = desk.writer
    first = desk.marts.local_day(row["started_at"])
    kind = "crisis" if row["severity"] == "critical" else row["kind"]
    name = called["topics"].get(row["topic_id"]) or called["entities"].get(row["entity_id"]) or row["trend_id"]
    aspect = called["aspects"].get(row["aspect_id"] or "")
    counts = daily_counts(
        desk.marts, desk.today, desk.days, entity_id=row["entity_id"], topic_id=row["topic_id"],
        aspect_id=row["aspect_id"],
    )  # fmt: skip
    length = (row["last_date"] - first).days + 1
    is_count = row["measure"] == "mention_count"
    figure, unit, interval = _trend_figure(writer, row)
    return Point(
        subject=f"{row['topic_id'] or row['entity_id']} {row['aspect_id'] or ''} {row['measure']}",
        label=KINDS[writer.language][kind],
        title=_title(writer, row, f"{name}, {aspect}" if aspect else name),
        figure=figure,
        unit=unit,
        interval=interval,
        says=_told(desk, row, called),
        chart=bars(
            desk,
            writer.say("chart_posts", name=name),
            counts,
            first,
            row["last_date"],
            level=row["expected"] / length if is_count and length else None,
        ),
        posts=desk.marts.posts(row["evidence_mention_ids"], POSTS_PER_POINT),
        is_critical=row["severity"] == "critical",
    )


def _title(writer: Writer, row: dict[str, Any], name: str) -> str:
    measure = row["measure"]
    if measure == "mention_count" and row["expected"] < NEARLY_NONE:
        form = "new"
    else:
        form = measure if measure in ("mention_count", "repeat_count") else f"{measure} {row['direction']}"
    times, count = writer.number(row["strength"], 1), writer.number(row["observed"])
    return str(writer.words["trend_title"][form].format(name=name, times=times, count=count))


def _trend_figure(writer: Writer, row: dict[str, Any]) -> tuple[str, str, str]:
    measure, observed = row["measure"], row["observed"]
    low, high = row["strength_low"], row["strength_high"]
    if measure == "net_sentiment":
        return (
            writer.signed(row["strength"]),
            writer.words["net_sentiment"],
            writer.say("change_interval", low=writer.signed(low), high=writer.signed(high)),
        )
    if measure == "share_of_voice":
        said = [f"{writer.signed(100 * value, 0)}" for value in (row["strength"], low, high)]
        return said[0], "%", writer.say("change_interval", low=said[1], high=said[2])
    unit = writer.words["trend_figure"][measure]
    if measure == "repeat_count" or row["expected"] < NEARLY_NONE:
        least, most = count_interval(round(observed))
        form = "people_interval" if measure == "repeat_count" else "trend_new"
        said_interval = writer.say(form, low=writer.number(least), high=writer.number(most))
    else:
        said_interval = writer.say(
            "trend_interval",
            low=writer.number(low, 1),
            high=writer.number(high, 1),
            expected=writer.number(row["expected"]),
        )
    return writer.number(observed), unit, said_interval


def _told(desk: Desk, row: dict[str, Any], called: dict[str, dict[str, str]]) -> str:
    """The trend's own sentence, or a new one when the reader's language is not that of the tables."""
    if desk.writer.language == desk.settings.language:
        return str(row["summary"])
    is_over = row["status"] == "ended"
    return sentence(_as_trend(desk, row), Names(**called), desk.writer.language, is_over=is_over)


def _as_trend(desk: Desk, row: dict[str, Any]) -> Trend:
    """The trend of a row of the mart, which does not keep the aspect that drives it."""
    known = {one.name: row[one.name] for one in fields(Trend) if one.name in row}
    return Trend(**known, series_id="", first_date=desk.marts.local_day(row["started_at"]))
