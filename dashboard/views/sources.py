"""Can the numbers be trusted: what each source delivered, and how the runs ended."""

from __future__ import annotations

import streamlit as st

from dashboard import access, charts
from dashboard.marts import ask
from dashboard.tables import show_table
from dashboard.words import word

_LAST = """
select
    source, outcome, message, record_count as records, landed_count as landed, quarantined_count as quarantined,
    skipped_count as left_out, finished_at
from source_health
qualify row_number() over (partition by source order by finished_at desc) = 1
order by source
"""

_RECORDS = """
select h.source, r.as_of, h.record_count as records
from source_health as h
join runs as r using (run_id)
qualify row_number() over (partition by h.source order by r.as_of desc) <= 60
order by r.as_of
"""

_RUNS = """
select as_of as started_at, finished_at, outcome, audit_result as audit, message
from runs
order by as_of desc
limit 60
"""


def show() -> None:
    """Show sources and runs."""
    access.ensure("sources")
    st.title(word("sources"), anchor=False)
    st.subheader(word("last_run"), anchor=False)
    show_table(ask(_LAST), "sources")
    records = ask(_RECORDS)
    if not records.is_empty():
        st.subheader(word("records_per_run"), anchor=False)
        st.altair_chart(charts.records_per_run(records))
    st.subheader(word("runs"), anchor=False)
    show_table(ask(_RUNS), "runs")
