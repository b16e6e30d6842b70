"""What customers say: aspects by week, what grew, and the posts themselves."""

from __future__ import annotations

import streamlit as st

from dashboard import access, charts
from dashboard.entities import choose_entity
from dashboard.marts import ask
from dashboard.tables import show_table, signed_column
from dashboard.words import period_names, word

WEEKS = 13

_HEAT = """
select
    coalesce(aspect_name, aspect_id) as aspect, iso_week, net_sentiment, net_sentiment_low, net_sentiment_high,
    original_count
from aspect_weekly
left join aspects using (aspect_id)
where entity_id = $entity and net_sentiment is not null
  and week_start_date > (select max(week_start_date) from aspect_weekly) - 7 * $weeks
order by week_start_date, aspect_id
"""

_TABLE = """
select
    aspect_id, coalesce(aspect_name, aspect_id) as aspect, intent, original_count as count,
    original_count_previous as before, net_sentiment, net_sentiment_change as change
from customer_feedback
left join aspects using (aspect_id)
where entity_id = $entity and window_days = $days
order by original_count desc, aspect_id, intent
"""

_VERBATIMS = """
select m.published_at, a.evidence as text, a.sentiment, m.url
from mention_aspects as a
join mentions as m using (mention_id)
where a.entity_id = $entity and a.aspect_id = $aspect and not a.is_copy and not a.is_spam
  and m.published_at > (select max(as_of) from runs) - to_days($days)
order by a.evidence_similarity desc, m.mention_id
limit 50
"""


def show() -> None:
    """Show the feedback about an entity."""
    access.ensure("feedback")
    st.title(word("feedback"), anchor=False)
    left, right = st.columns([2, 3])
    with left:
        entity = choose_entity("feedback-entity", "company", "product", "competitor")
    with right:
        windows = period_names(7, 28, 90)
        days = st.segmented_control(
            word("window"), list(windows), default=28, required=True, format_func=windows.__getitem__
        )
    if entity is None:
        st.info(word("nothing_here"))
        return
    st.subheader(word("heat_map"), anchor=False, help=word("heat_map_help"))
    weekly = ask(_HEAT, {"entity": entity, "weeks": WEEKS})
    if weekly.is_empty():
        st.info(word("too_early"))
        return
    st.altair_chart(charts.aspect_heat_map(weekly))
    st.subheader(word("feedback_table"), anchor=False)
    table = ask(_TABLE, {"entity": entity, "days": days})
    show_table(
        table.drop("aspect_id"),
        "feedback",
        net_sentiment=signed_column("net_sentiment"),
        change=signed_column("change"),
    )
    st.subheader(word("verbatims"), anchor=False)
    names = dict(zip(table["aspect_id"], table["aspect"], strict=True))
    aspect = st.selectbox(word("aspect"), list(names), format_func=names.__getitem__)
    if aspect is not None:
        show_table(ask(_VERBATIMS, {"entity": entity, "aspect": aspect, "days": days}), f"verbatims-{aspect}")
