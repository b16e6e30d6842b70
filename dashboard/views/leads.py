"""Who wants to buy, who wants to leave: the best leads first."""

from __future__ import annotations

import streamlit as st

from dashboard import access
from dashboard.marts import ask
from dashboard.tables import score_column, show_table
from dashboard.words import period_names, value_name, word

MOST_ROWS = 500

_KINDS = "select distinct lead_kind as kind from sales_leads order by kind"

_LEADS = """
with undated as (
    select mention_id, collected_at
    from mentions
    where published_at is null
),
chosen as (
    select l.*, e.entity_name
    from sales_leads as l
    join entity_windows as e on e.entity_id = l.entity_id and e.window_days = 28
    left join undated using (mention_id)
    where coalesce(l.published_at, undated.collected_at) > (select max(as_of) from runs) - to_days($days)
      and (len($kinds) = 0 or list_contains($kinds, l.lead_kind))
),
best as (
    select *, count(*) over () as lead_count
    from chosen
    order by score desc, mention_id
    limit {most}
)
select
    best.score, best.lead_kind as kind, best.entity_name as entity, best.published_at, m.text, best.reason, best.url,
    best.lead_count
from best
join mentions as m using (mention_id)
order by best.score desc, mention_id
"""


def show() -> None:
    """Show the best leads of a period, of some kinds or all."""
    access.ensure("leads")
    st.title(word("leads"), anchor=False)
    periods = period_names(7, 28, 90)
    days = st.segmented_control(
        word("period"), list(periods), default=28, required=True, format_func=periods.__getitem__
    )
    names = {kind: value_name(kind) for kind in ask(_KINDS)["kind"]}
    kinds = st.pills(word("kind"), list(names), selection_mode="multi", format_func=names.__getitem__)
    leads = ask(_LEADS.format(most=MOST_ROWS), {"days": days, "kinds": kinds})
    if leads.height:
        st.caption(word("best_of", shown=f"{leads.height:,}", count=f"{leads['lead_count'][0]:,}"))
    show_table(leads.drop("lead_count"), "leads", score=score_column("score"))
