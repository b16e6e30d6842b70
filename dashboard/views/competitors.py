"""The company beside its competitors: voice, strengths and weaknesses, and who leaves whom."""

from __future__ import annotations

import polars as pl
import streamlit as st

from dashboard import access, charts
from dashboard.entities import entities
from dashboard.marts import ask
from dashboard.tables import score_column, show_table
from dashboard.words import value_name, word

WEEKS = 13

_SHARE = """
select
    entity_name, date_trunc('week', published_date)::date as week_start_date,
    sum(original_count)::bigint as original_count, any_value(entity_kind <> 'company')::int as rank
from entity_daily
where entity_kind in ('company', 'competitor')
  and published_date >= date_trunc('week', (select max(published_date) from entity_daily)) - to_weeks($weeks)
group by all
having sum(original_count) > 0
order by week_start_date, entity_name
"""

_STRENGTHS = """
select coalesce(a.aspect_name, f.aspect_id) as aspect, f.intent, e.entity_name, f.original_count
from customer_feedback as f
left join aspects as a using (aspect_id)
join entity_windows as e using (entity_id, window_days)
where window_days = 90 and intent in ('complaint', 'praise') and e.entity_kind in ('company', 'competitor')
"""

_LEAVING = """
select l.published_at, l.lead_kind as kind, e.entity_name as entity, l.score, m.text, l.url
from sales_leads as l
join mentions as m using (mention_id)
join entity_windows as e on e.entity_id = l.entity_id and e.window_days = 28
where l.lead_kind in ('switch_from_competitor', 'churn_risk')
order by l.published_at desc nulls last
limit 100
"""


def show() -> None:
    """Show the comparison."""
    access.ensure("competitors")
    st.title(word("competitors"), anchor=False)
    names = entities("company", "competitor")["entity_name"].to_list()
    weekly = ask(_SHARE, {"weeks": WEEKS})
    st.subheader(word("share_per_week"), anchor=False)
    if weekly.is_empty():
        st.info(word("too_early"))
        return
    st.altair_chart(charts.share_per_week(weekly, names))
    st.subheader(word("strengths"), anchor=False, help=word("strengths_help"))
    for place, intent in zip(st.columns(2), ("praise", "complaint"), strict=True):
        with place:
            st.caption(value_name(intent))
            show_table(_by_entity(intent, names), intent, **{name: st.column_config.Column(name) for name in names})
    st.subheader(word("leaving"), anchor=False)
    show_table(ask(_LEAVING), "leaving", score=score_column("score"))


def _by_entity(intent: str, names: list[str]) -> pl.DataFrame:
    counts = ask(_STRENGTHS).filter(pl.col("intent") == intent)
    if counts.is_empty():
        return pl.DataFrame()
    table = counts.pivot("entity_name", index="aspect", values="original_count").fill_null(0)
    present = [name for name in names if name in table.columns]
    return table.select("aspect", *present).sort(pl.sum_horizontal(present), descending=True)
