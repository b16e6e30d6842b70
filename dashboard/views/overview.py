"""The first page: how the company is doing, what happened, and what the posts behind it say."""

from __future__ import annotations

from typing import Final, Literal

import polars as pl
import streamlit as st

from dashboard import access, charts
from dashboard.entities import entities
from dashboard.marts import ask, has_table
from dashboard.tables import show_table, signed_column
from dashboard.times import local
from dashboard.words import language, value_name, word
from flows.alerts.words import KINDS, SEVERITIES
from flows.home import Home

WINDOW_DAYS = 7
DAYS_DRAWN = 42

_NIGHT = "select as_of, published_at from runs where outcome in ('done', 'source_failed') order by as_of desc limit 1"

_COMPANY = """
select * from entity_windows where window_days = $days and entity_kind = 'company' order by entity_id limit 1
"""

_VOICES = """
select entity_name, entity_kind, original_count, net_sentiment, net_sentiment_low, net_sentiment_high, share_of_voice
from entity_windows
where window_days = $days and entity_kind <> 'market'
"""

_WORK = """
select
    (
        select count(*) from sales_leads
        where published_at > (select max(as_of) from runs) - interval 7 day
    ) as lead_count,
    (
        select count(distinct mention_id) from department_queue
        where priority = 1 and status not in ('done', 'not_for_us')
    ) as urgent_count
"""

_ALERTS = """
select severity, kind, started_at, summary
from alerts
where status = 'open'
order by list_position(['critical', 'warning', 'info'], severity), opened_at desc, alert_id
"""
_SIGNS: Final[dict[str, tuple[Literal["red", "orange", "blue"], str]]] = {
    "critical": ("red", "crisis_alert"),
    "warning": ("orange", "warning"),
    "info": ("blue", "info"),
}

_PER_DAY = """
select entity_name, published_date, original_count
from entity_daily
where entity_kind in ('company', 'competitor') and not is_incomplete
  and published_date > (select max(published_date) from entity_daily) - $days
order by published_date, entity_name
"""

_GROWN = """
select
    coalesce(a.aspect_name, f.aspect_id) as aspect, f.intent, f.original_count as count,
    f.original_count_previous as before, f.net_sentiment, m.text, m.url
from customer_feedback as f
join entity_windows as e using (entity_id, window_days)
left join aspects as a using (aspect_id)
left join mentions as m on m.mention_id = f.verbatim_mention_ids[1]
where window_days = $days and e.entity_kind = 'company' and f.original_count_change > 0
order by f.original_count_change desc, f.aspect_id, f.intent
limit 6
"""

_TRENDS = """
select trend_id, kind, summary, detected_at
from market_trends
where detected_at > (select max(as_of) from runs) - interval 7 day
order by
    list_position(['critical', 'warning', 'info'], severity), status = 'ongoing' desc, strength desc nulls last,
    detected_at desc
limit 8
"""

_EVIDENCE = """
with evidence as (
    select trend_id, unnest(evidence_mention_ids) as mention_id
    from market_trends
    where detected_at > (select max(as_of) from runs) - interval 7 day
)
select trend_id, published_at, text, sentiment, url
from evidence
join mentions using (mention_id)
order by published_at desc nulls last, mention_id
"""


def show() -> None:
    """Show the overview."""
    access.ensure("overview")
    night = ask(_NIGHT)
    day = "" if night.is_empty() else f"{night['as_of'][0]:%d.%m.%Y}"
    st.title(word("overview"), anchor=False)
    st.caption(word("night_of", day=day))
    _brief()
    if has_table("alerts"):
        _alerts()
    _figures()
    if has_table("market_trends"):
        _trends()
    left, right = st.columns([3, 2])
    names = entities("company", "competitor")["entity_name"].to_list()
    with left:
        st.subheader(word("per_day"), anchor=False)
        daily = ask(_PER_DAY, {"days": DAYS_DRAWN})
        if daily.is_empty():
            st.info(word("nothing_here"))
        else:
            st.altair_chart(charts.per_day(daily, names))
    with right:
        st.subheader(word("voices", days=WINDOW_DAYS), anchor=False)
        voices = ask(_VOICES, {"days": WINDOW_DAYS})
        drawn = voices.drop_nulls("net_sentiment")
        if drawn.is_empty():
            st.info(word("too_early"))
        else:
            products = entities("product")["entity_name"].to_list()
            st.altair_chart(charts.sentiment_intervals(drawn, [*names, *products]))
            st.altair_chart(charts.shares(voices.drop_nulls("share_of_voice"), names))
    st.subheader(word("grown"), anchor=False)
    show_table(ask(_GROWN, {"days": WINDOW_DAYS}), "grown", net_sentiment=signed_column("net_sentiment"))


def _brief() -> None:
    """Offer the last brief, as the night has written it; it tells of all queues and leads, so managers get it."""
    page = Home.locate().latest_brief
    reading = access.reader()
    if page.exists() and reading is not None and reading.is_manager:
        st.download_button(
            word("brief"), page.read_bytes(), page.name, "text/html", icon=":material/newspaper:", on_click="ignore"
        )


def _alerts() -> None:
    for alert in ask(_ALERTS).iter_rows(named=True):
        with st.container(border=True):
            colour, icon = _SIGNS[alert["severity"]]
            kind, severity = KINDS[language()][alert["kind"]], SEVERITIES[language()][alert["severity"]]
            st.badge(f"{kind} · {severity}", icon=f":material/{icon}:", color=colour)
            st.text(alert["summary"])
            st.caption(word("alert_since", day=f"{local(alert['started_at']):%d.%m.%Y}"))


def _figures() -> None:
    company = ask(_COMPANY, {"days": WINDOW_DAYS})
    if company.is_empty():
        st.info(word("nothing_here"))
        return
    figures = company.row(0, named=True)
    work = ask(_WORK).row(0, named=True)
    columns = st.columns(5)
    columns[0].metric(
        f"{figures['entity_name']}: {word('count')}",
        f"{figures['original_count']:,}",
        f"{figures['original_count'] - figures['original_count_previous']:+,}",
        delta_color="off",
        help=word("count_help"),
    )
    columns[1].metric(
        word("net_sentiment"),
        _signed(figures["net_sentiment"]),
        None if figures["net_sentiment_change"] is None else _signed(figures["net_sentiment_change"]),
        help=word("net_sentiment_help"),
    )
    if figures["net_sentiment"] is not None:
        low, high = figures["net_sentiment_low"], figures["net_sentiment_high"]
        columns[1].caption(f"{word('interval')}: {_signed(low)} … {_signed(high)}")
    share = figures["share_of_voice"]
    columns[2].metric(
        word("share_of_voice"), word("too_early") if share is None else f"{share:.0%}", help=word("share_of_voice_help")
    )
    columns[3].metric(word("leads_7"), f"{work['lead_count']:,}")
    columns[4].metric(word("urgent"), f"{work['urgent_count']:,}")


def _signed(value: float | None) -> str:
    return word("too_early") if value is None else f"{value:+.2f}"


def _trends() -> None:
    st.subheader(word("what_happened"), anchor=False)
    trends = ask(_TRENDS)
    if trends.is_empty():
        st.info(word("no_trends"))
    places = st.columns(2)
    for number, trend in enumerate(trends.iter_rows(named=True)):
        with places[number % 2], st.container(border=True):
            st.badge(value_name(trend["kind"]))
            st.text(trend["summary"])
            with st.expander(word("posts_behind")):
                posts = ask(_EVIDENCE).filter(pl.col("trend_id") == trend["trend_id"]).drop("trend_id")
                show_table(posts, f"trend-{trend['trend_id'][:8]}")
