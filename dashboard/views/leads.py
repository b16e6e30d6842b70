"""Who wants to buy, who wants to leave: the best leads first."""

from __future__ import annotations

import streamlit as st

from dashboard import access
from dashboard.marts import ask
from dashboard.tables import score_column, show_table
from dashboard.words import period_names, value_name, word

_LEADS = """
select l.score, l.lead_kind as kind, e.entity_name as entity, l.published_at, m.text, l.reason, l.url
from sales_leads as l
join mentions as m using (mention_id)
join entity_windows as e on e.entity_id = l.entity_id and e.window_days = 28
where coalesce(l.published_at, m.collected_at) > (select max(as_of) from runs) - to_days($days)
order by l.score desc, l.mention_id
"""


def show() -> None:
    """Show the leads of a period, of some kinds or all."""
    access.ensure("leads")
    st.title(word("leads"), anchor=False)
    left, right = st.columns(2)
    with left:
        periods = period_names(7, 28, 90)
        days = st.segmented_control(
            word("period"), list(periods), default=28, required=True, format_func=periods.__getitem__
        )
    leads = ask(_LEADS, {"days": days})
    with right:
        names = {kind: value_name(kind) for kind in leads["kind"].unique().sort()}
        kinds = st.pills(word("kind"), list(names), selection_mode="multi", format_func=names.__getitem__)
    if kinds:
        leads = leads.filter(leads["kind"].is_in(kinds))
    show_table(leads, "leads", score=score_column("score"))
