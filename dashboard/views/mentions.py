"""All mentions, with filters."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import access
from dashboard.entities import entities
from dashboard.marts import ask
from dashboard.tables import show_table
from dashboard.words import period_names, value_name, word

MOST_ROWS = 500
VALUES = {
    "sentiment": "sentiment",
    "intent": "intent",
    "department": "department",
    "source": "source",
    "post_language": "language",
}
"""Filters by value: their word on the page, and the column of the mart."""


def show() -> None:
    """Show the mentions that pass the filters, the newest first, and offer them as a file."""
    access.ensure("mentions")
    st.title(word("mentions"), anchor=False)
    conditions, values = _chosen()
    where = " and ".join(conditions) or "true"
    count = ask(f"select count(*) as count from mentions where {where}", values)["count"][0]
    rows = ask(
        f"""
        select
            published_at, text, sentiment, intent, department, source, language as post_language, reach, url
        from mentions
        where {where}
        order by published_at desc nulls last, mention_id
        limit {MOST_ROWS}
        """,
        values,
    )
    st.caption(word("shown", shown=f"{rows.height:,}", count=f"{count:,}"))
    show_table(rows, "mentions")


def _chosen() -> tuple[list[str], dict[str, Any]]:
    """Let the reader choose; returns SQL conditions and their values."""
    first, second, third = st.columns([2, 2, 3])
    conditions: list[str] = []
    values: dict[str, Any] = {}
    periods = period_names(1, 7, 28, 90, None)
    days = first.selectbox(word("period"), list(periods), index=2, format_func=periods.__getitem__)
    if days is not None:
        conditions.append("published_at > (select max(as_of) from runs) - to_days($days)")
        values["days"] = days
    known = entities()
    names = dict(zip(known["entity_id"], known["entity_name"], strict=True))
    chosen = second.multiselect(word("entity"), list(names), format_func=names.__getitem__, placeholder=word("all"))
    if chosen:
        conditions.append("list_has_any(entity_ids, $entities)")
        values["entities"] = chosen
    for number, one in enumerate(third.text_input(word("words"), help=word("words_help")).split()):
        conditions.append(f"contains(lower(text), lower($word{number}))")
        values[f"word{number}"] = one
    with st.expander(word("more_filters")):
        for place, (name, column) in zip(st.columns(len(VALUES)), VALUES.items(), strict=True):
            found = ask(f"select distinct {column} as value from mentions where {column} is not null order by value")
            labels = {value: value_name(value) for value in found["value"]}
            picked = place.multiselect(
                word(name),
                list(labels),
                format_func=labels.__getitem__,
                placeholder=word("all"),
                key=f"filter-{column}",
            )
            if picked:
                conditions.append(f"list_contains(${column}, {column})")
                values[column] = picked
        if not st.toggle(word("with_copies")):
            conditions.append("not is_copy and not is_spam")
    return conditions, values
