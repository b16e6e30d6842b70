"""A queue per department: what must be answered, the most urgent first."""

from __future__ import annotations

import streamlit as st

from dashboard.marts import ask
from dashboard.tables import show_table
from dashboard.words import value_name, word

_DEPARTMENTS = """
select
    department, count(*) as count, count(*) filter (where priority = 1) as urgent_count,
    count(*) filter (where status = 'overdue') as overdue_count
from department_queue
group by all
order by urgent_count desc, department
"""

_QUEUE = """
select
    q.priority, q.status, q.due_at, q.reason, m.text, m.sentiment, m.intent, q.reach, q.url
from department_queue as q
join mentions as m using (mention_id)
where q.department = $department
order by q.priority, q.due_at, q.mention_id
"""


def show() -> None:
    """Show the queue of the department that the reader chose."""
    st.title(word("queues"), anchor=False)
    departments = ask(_DEPARTMENTS)
    if departments.is_empty():
        st.info(word("nothing_here"))
        return
    labels = {one: f"{value_name(one)} ({count:,})" for one, count in departments.select("department", "count").rows()}
    department = st.segmented_control(
        word("department"),
        list(labels),
        default=next(iter(labels)),
        required=True,
        format_func=labels.__getitem__,
    )
    row = departments.filter(departments["department"] == department).row(0, named=True)
    for place, name in zip(st.columns(3), ("count", "urgent_count", "overdue_count"), strict=True):
        label = {"count": "open", "urgent_count": "urgent", "overdue_count": "overdue"}[name]
        place.metric(word(label), f"{row[name]:,}")
    show_table(ask(_QUEUE, {"department": department}), f"queue-{department}")
