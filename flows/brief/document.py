"""The brief as data: what is in it, in the order it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import duckdb

from flows.alerts.words import KINDS
from flows.alerts.words import SEVERITIES as SEVERITY_WORDS
from flows.brief.desk import Desk, Point
from flows.brief.facts import Marts, latest_run, windows
from flows.brief.points import POINTS, choose_points
from flows.brief.posts import Post, as_post
from flows.brief.quality import quality_notes
from flows.brief.words import Writer
from flows.settings import Settings
from flows.summary.words import LEAD_KINDS
from models.intervals import share_interval

Period = Literal["day", "week"]
CHART_DAYS: dict[Period, int] = {"day": 28, "week": 84}
MOST_ALERTS = 6
MOST_LEADS = 6
MOST_ANSWERS = 8
URGENT_PRIORITY = 2


OPEN_ALERTS = """
select kind, severity, started_at, summary
from marts.alerts
where status = 'open'
order by list_position(['critical', 'warning', 'info'], severity), opened_at desc, alert_id
"""


@dataclass(frozen=True)
class Figure:
    """A number at the top, with what it counts and what to hold it against."""

    value: str
    name: str
    note: str


@dataclass(frozen=True)
class Line:
    """A line of a list: words in front, the post if it is about one, a note behind."""

    label: str
    says: str
    note: str
    post: Post | None = None
    is_critical: bool = False


@dataclass(frozen=True)
class Listed:
    """A list with a heading; `summary` tells how many there are, `more` how many are not shown."""

    heading: str
    summary: str
    lines: list[Line]
    more: str = ""


@dataclass(frozen=True)
class Brief:
    """A brief, ready to be laid out; all texts are plain."""

    run_id: str
    day: date
    period: Period
    writer: Writer
    title: str
    company: str
    as_of: str
    figures: list[Figure]
    alerts: Listed
    points_heading: str
    points: list[Point]
    leads: Listed
    answers: Listed
    quality: list[str]

    @property
    def mention_ids(self) -> set[str]:
        """All posts that are quoted."""
        of_points = (post for point in self.points for post in (*point.posts, *point.links))
        of_lists = (line.post for listed in (self.leads, self.answers) for line in listed.lines if line.post)
        return {post.mention_id for post in (*of_points, *of_lists)}


def compose_brief(
    connection: duckdb.DuckDBPyConnection, settings: Settings, *, period: Period = "day", language: str | None = None
) -> Brief:
    """Write the brief of a published night.

    `connection` is open on the published marts. `language` (de or en) is by default that of the settings; names of
    aspects and reasons stay in the language the tables were written in.
    """
    marts = Marts(connection, settings.time_zone)
    writer = Writer(language or settings.language, settings.time_zone)
    run = latest_run(marts)
    today = marts.local_day(run["as_of"])
    desk = Desk(marts, settings, writer, today, CHART_DAYS[period], recent=7)
    points = choose_points(desk)
    return Brief(
        run_id=run["run_id"],
        day=today,
        period=period,
        writer=writer,
        title=writer.words[f"title_{period}"],
        company=settings.company.name,
        as_of=f"{writer.long_day(today)} · {writer.say('as_of', time=writer.moment(run['as_of']))}",
        figures=list(_figures(desk)),
        alerts=_alerts(desk),
        points_heading=writer.words[f"points_{period}" if len(points) == POINTS else "points_some"],
        points=points,
        leads=_leads(desk, run["as_of"], period),
        answers=_answers(desk, run["as_of"]),
        quality=quality_notes(marts, writer, run["run_id"]),
    )


def _figures(desk: Desk) -> Iterator[Figure]:
    writer = desk.writer
    entities = windows(desk.marts)
    company = next((row for row in entities if row["entity_kind"] == "company"), None)
    if company is None:
        return
    yield Figure(
        writer.number(company["original_count"]),
        writer.words["mentions_7"],
        writer.say("before", count=writer.number(company["original_count_previous"])),
    )
    yesterday = desk.today - timedelta(days=1)
    (row,) = desk.marts.rows(
        """
        select
            coalesce(max(original_count) filter (where published_date = $yesterday), 0) as yesterday_count,
            median(original_count) filter (where published_date < $yesterday) as usual_count
        from marts.entity_daily
        where entity_id = $entity_id
          and published_date in ($yesterday, $yesterday - 7, $yesterday - 14, $yesterday - 21, $yesterday - 28)
        """,
        entity_id=company["entity_id"],
        yesterday=yesterday,
    )
    usual = row["usual_count"]
    note = "" if usual is None else writer.say("usual", count=writer.number(usual), weekday=writer.weekday(yesterday))
    yield Figure(writer.number(row["yesterday_count"]), writer.words["yesterday"], note)
    if company["net_sentiment"] is not None:
        low, high = writer.signed(company["net_sentiment_low"]), writer.signed(company["net_sentiment_high"])
        yield Figure(
            writer.signed(company["net_sentiment"]),
            writer.words["net_sentiment"],
            writer.say("interval", low=low, high=high),
        )
    voices = [row["original_count"] for row in entities if row["share_of_voice"] is not None]
    if len(voices) > 1 and sum(voices):
        low, high = (writer.percent(end) for end in share_interval(company["original_count"], sum(voices)))
        yield Figure(
            writer.percent(company["share_of_voice"]),
            writer.words["share_of_voice"],
            writer.say("interval", low=low, high=high),
        )


def _alerts(desk: Desk) -> Listed:
    writer = desk.writer
    rows = desk.marts.rows(OPEN_ALERTS) if desk.marts.has_table("alerts") else []
    lines = [
        Line(
            label=f"{KINDS[writer.language][row['kind']]} · {SEVERITY_WORDS[writer.language][row['severity']]}",
            says=row["summary"],
            note=writer.say("since", day=writer.day(desk.marts.local_day(row["started_at"]))),
            is_critical=row["severity"] == "critical",
        )
        for row in rows[:MOST_ALERTS]
    ]
    return Listed(writer.words["alerts"], "" if rows else writer.words["no_alerts"], lines)


def _leads(desk: Desk, as_of: datetime, period: Period) -> Listed:
    writer = desk.writer
    rows = desk.marts.rows(
        """
        select
            l.lead_kind, l.score, l.reason, l.entity_id, m.mention_id, m.text, m.source, m.url, m.published_at,
            m.sentiment, coalesce(l.published_at, m.collected_at) > $as_of - interval 1 day as is_new
        from marts.sales_leads as l
        join marts.mentions as m using (mention_id)
        where coalesce(l.published_at, m.collected_at) > $as_of - interval 7 day
        order by (is_new and $by_day) desc, l.score desc, l.mention_id
        """,
        as_of=as_of,
        by_day=period == "day",
    )
    lines = [
        Line(
            label=LEAD_KINDS[writer.language][row["lead_kind"]],
            says=row["reason"],
            note=writer.say("score", score=writer.number(row["score"], 2)),
            post=as_post(row),
        )
        for row in rows[:MOST_LEADS]
    ]
    said = [writer.say("leads_week", count=writer.number(len(rows)))]
    if period == "day":
        said.insert(0, writer.say("leads_new", count=writer.number(sum(row["is_new"] for row in rows))))
    more = len(rows) - len(lines)
    return Listed(
        writer.words["leads"],
        " · ".join(said) if rows else writer.words["leads_none"],
        lines,
        writer.say("leads_more", count=writer.number(more)) if more else "",
    )


def _answers(desk: Desk, as_of: datetime) -> Listed:
    """Urgent posts due by the end of the day, in the order they are due; then the overdue ones, the latest first."""
    writer = desk.writer
    midnight = datetime.combine(desk.today + timedelta(days=1), time(), ZoneInfo(desk.settings.time_zone))
    rows = desk.marts.rows(
        """
        with posts as (
            select
                mention_id,
                string_agg(department, ', ' order by priority, department) as departments,
                min(due_at) as due_at,
                arg_min(reason, (priority, department)) as reason,
                min(priority) as priority
            from marts.department_queue
            where priority <= $urgent and status = 'open' and due_at < $midnight
            group by mention_id
        )
        select p.*, p.due_at < $as_of as is_overdue, m.text, m.source, m.url, m.published_at, m.sentiment
        from posts as p
        join marts.mentions as m using (mention_id)
        order by is_overdue, if(is_overdue, -epoch(due_at), epoch(due_at)), mention_id
        """,
        urgent=URGENT_PRIORITY,
        midnight=midnight,
        as_of=as_of,
    )
    lines = [_answer(writer, row) for row in rows[:MOST_ANSWERS]]
    overdue = sum(row["is_overdue"] for row in rows)
    counts = {"due": writer.number(len(rows) - overdue), "overdue": writer.number(overdue)}
    more = len(rows) - len(lines)
    return Listed(
        writer.words["answers"],
        writer.say("answers_some", **counts) if rows else writer.words["answers_none"],
        lines,
        writer.say("answers_more", count=writer.number(more)) if more else "",
    )


def _answer(writer: Writer, row: dict[str, Any]) -> Line:
    return Line(
        label=row["departments"],
        says=row["reason"],
        note=writer.say("overdue" if row["is_overdue"] else "due", time=writer.moment(row["due_at"])),
        post=as_post(row),
        is_critical=row["priority"] == 1,
    )
