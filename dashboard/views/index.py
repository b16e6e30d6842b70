"""The business index: the public part and the survey part side by side."""

from __future__ import annotations

import polars as pl
import streamlit as st

from dashboard import access, index_charts, survey_part
from dashboard.entities import entities
from dashboard.marts import ask, has_table
from dashboard.tables import show_table, signed_column
from dashboard.words import word

COMPONENTS = ("reach", "voice", "sentiment", "responsiveness", "activity")

_PERIODS = """
select distinct period_kind, period, period_start_date, period_end_date, is_incomplete
from business_index
order by period_kind = 'month', period_start_date desc
"""

_INDEX = """
select * from business_index where period = $period order by rank nulls last, entity_name
"""

_HISTORY = """
select entity_name, period, index_value, index_low, index_high, is_incomplete
from business_index
where period_kind = 'month' and index_value is not null
order by period, entity_name
"""


def show() -> None:
    """Show both parts."""
    access.ensure("index")
    st.title(word("index"), anchor=False)
    public, asked = st.columns([1, 1], gap="large")
    with public:
        st.subheader(word("public_part"), anchor=False, help=word("public_part_help"))
        if has_table("business_index"):
            _public()
        else:
            st.info(word("not_in_file"))
    with asked:
        st.subheader(word("survey_part"), anchor=False, help=word("survey_part_help"))
        if has_table("survey_index"):
            survey_part.show()
        else:
            st.info(word("not_in_file"))


def _public() -> None:
    periods = ask(_PERIODS)
    if periods.is_empty():
        st.info(word("no_index"))
        return
    named = {row["period"]: _period_name(row) for row in periods.iter_rows(named=True)}
    period = st.selectbox(word("period"), list(named), format_func=named.__getitem__, key="index-period")
    found = ask(_INDEX, {"period": period})
    ranked = found.drop_nulls("index_value")
    if ranked.is_empty():
        st.info(word("no_comparison"))
    else:
        names = entities("company", "competitor")["entity_name"].to_list()
        _figures(ranked)
        st.altair_chart(index_charts.index_intervals(ranked, names, ranked["industry_median"][0]))
        st.caption(word("index_help"))
        st.markdown(f"**{word('components')}**")
        st.altair_chart(index_charts.components(_scores(ranked), [word(one) for one in COMPONENTS], names))
        _missing(ranked)
        months = ask(_HISTORY)
        if not months.is_empty():
            st.markdown(f"**{word('per_month')}**")
            st.altair_chart(index_charts.history(months, names))
            st.caption(word("incomplete_help"))
    st.markdown(f"**{word('figures_behind')}**")
    show_table(
        found.select(
            entity="entity_name",
            index="index_value",
            rank="rank",
            count="earned_count",
            reach="earned_reach",
            share_of_voice="earned_share_of_voice",
            net_sentiment="earned_net_sentiment",
            waiting="asked_count",
            answered="answered_share",
            answer_hours="answer_hours",
            own_posts="own_post_count",
        ),
        f"index-{period}",
        index=st.column_config.NumberColumn(word("index"), format="%.0f"),
        share_of_voice=st.column_config.NumberColumn(word("share_of_voice"), format="percent"),
        answered=st.column_config.NumberColumn(word("answered"), format="percent"),
        answer_hours=st.column_config.NumberColumn(word("answer_hours"), format="%.1f"),
        net_sentiment=signed_column("net_sentiment"),
    )


def _period_name(row: dict[str, object]) -> str:
    if row["period_kind"] == "month":
        return f"{row['period']} ({word('incomplete')})" if row["is_incomplete"] else str(row["period"])
    return f"{word('days', days=90)} ({row['period_start_date']:%d.%m.%Y} – {row['period_end_date']:%d.%m.%Y})"


def _figures(ranked: pl.DataFrame) -> None:
    company = ranked.filter(pl.col("entity_kind") == "company")
    if company.is_empty():
        st.info(word("no_company_index"))
        return
    own = company.row(0, named=True)
    columns = st.columns(3)
    columns[0].metric(f"{own['entity_name']}: {word('index')}", f"{own['index_value']:.0f}")
    columns[1].metric(
        word("rank"), word("rank_of", rank=own["rank"], count=own["ranked_count"]), help=word("rank_help")
    )
    columns[2].metric(word("industry_median"), f"{own['industry_median']:.0f}")
    if own["index_low"] is not None:
        columns[0].caption(f"{word('interval')}: {own['index_low']:.0f} … {own['index_high']:.0f}")
        columns[1].caption(word("rank_range", best=own["rank_best"], worst=own["rank_worst"]))


def _scores(ranked: pl.DataFrame) -> pl.DataFrame:
    rows = [
        {
            "component": word(component),
            "entity_name": row["entity_name"],
            "score": row[component],
            "figure": _behind(component, row),
        }
        for row in ranked.iter_rows(named=True)
        for component in COMPONENTS
        if row[component] is not None
    ]
    return pl.DataFrame(rows)


def _behind(component: str, row: dict[str, object]) -> str:
    match component:
        case "reach":
            return f"{row['earned_reach'] or 0:,}"
        case "voice":
            return f"{row['earned_share_of_voice']:.0%}"
        case "sentiment":
            return f"{row['earned_net_sentiment']:+.2f}"
        case "responsiveness":
            hours = row["answer_hours"]
            answered = f"{row['answered_share']:.0%} {word('answered')}"
            return answered if hours is None else f"{answered}, {hours:.1f} h"
        case _:
            return f"{row['own_post_count']:,} {word('own_posts')}"


def _missing(ranked: pl.DataFrame) -> None:
    for row in ranked.iter_rows(named=True):
        if row["missing_components"]:
            listed = ", ".join(word(one) for one in row["missing_components"])
            st.caption(word("missing_components", entity=row["entity_name"], listed=listed))
