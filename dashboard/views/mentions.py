"""All mentions: filters, search by words and meaning, and the thread of a post."""

from __future__ import annotations

import hashlib
from typing import Any

import polars as pl
import streamlit as st

from dashboard import access
from dashboard.entities import entities
from dashboard.marts import ask, can_search, find
from dashboard.tables import choose_row, show_table
from dashboard.words import period_names, value_name, word
from flows.errors import UsageError

MOST_ROWS = 500
MOST_FOUND = 200
VALUES = {
    "sentiment": "sentiment",
    "intent": "intent",
    "department": "department",
    "source": "source",
    "post_language": "language",
}
"""Filters by value: their word on the page, and the column of the mart."""

_COLUMNS = """
published_at, text, sentiment, intent, department, source, language as post_language, reach, url,
coalesce(thread_id, mention_id) as thread_id, mention_id
"""

_NEWEST = """
with matched as materialized (
    select rowid as place, mention_id, published_at
    from mentions
    where {where}
),
newest as (
    select place, (select count(*) from matched) as matched_count
    from matched
    order by published_at desc nulls last, mention_id
    limit {most}
)
select {columns}, matched_count
from mentions
join newest on mentions.rowid = newest.place
order by published_at desc nulls last, mention_id
"""
"""Texts are looked through once, for the count and for the rows."""

_THREAD = """
select published_at, text, sentiment, intent, author_kind, url
from mentions
where thread_id = $thread or mention_id = $thread
order by published_at nulls last, mention_id
limit 500
"""


def show() -> None:
    """Show the mentions that pass the filters, the newest or the best match first, and offer them as a file."""
    access.ensure("mentions")
    st.title(word("mentions"), anchor=False)
    conditions, values, words = _chosen()
    if words:
        rows = _found(words, " and ".join(conditions), values)
    else:
        rows = _newest(" and ".join(conditions) or "true", values)
    asked = hashlib.blake2b(repr((words, conditions, values)).encode(), digest_size=8).hexdigest()
    chosen = choose_row(rows, "mentions", key=f"mentions-{asked}", hidden=("thread_id", "mention_id"))
    if chosen is not None:
        _show_thread(chosen["thread_id"])


def _newest(where: str, values: dict[str, Any]) -> pl.DataFrame:
    rows = ask(_NEWEST.format(where=where, columns=_COLUMNS, most=MOST_ROWS), values)
    count = 0 if rows.is_empty() else rows["matched_count"][0]
    st.caption(word("shown", shown=f"{rows.height:,}", count=f"{count:,}"))
    return rows.drop("matched_count")


def _found(words: str, where: str, values: dict[str, Any]) -> pl.DataFrame:
    try:
        hits = find(words, where or None, values, MOST_FOUND)
    except UsageError:
        return pl.DataFrame()
    rows = ask(f"select {_COLUMNS} from mentions where mention_id in (select unnest($ids))", {"ids": list(hits)})
    order = pl.DataFrame(
        {"mention_id": list(hits), "found_by": list(hits.values())},
        schema_overrides={"mention_id": pl.String, "found_by": pl.String},
    )
    found = order.with_row_index("rank").join(rows, on="mention_id").sort("rank").drop("rank")
    st.caption(word("found", shown=f"{found.height:,}"))
    return found.select("found_by", *rows.columns)


def _show_thread(thread_id: str) -> None:
    st.subheader(word("thread"), anchor=False)
    posts = ask(_THREAD, {"thread": thread_id})
    if posts.height < 2:
        st.info(word("alone"))
    else:
        show_table(posts, "thread")


def _chosen() -> tuple[list[str], dict[str, Any], str]:
    """Let the reader choose; returns SQL conditions, their values, and words for the best match ("": none)."""
    search, way = st.columns([3, 2])
    period, about = st.columns([1, 2])
    conditions: list[str] = []
    values: dict[str, Any] = {}
    periods = period_names(1, 7, 28, 90, None)
    days = period.selectbox(word("period"), list(periods), index=2, format_func=periods.__getitem__)
    if days is not None:
        conditions.append("published_at > (select max(as_of) from runs) - to_days($days)")
        values["days"] = days
    known = entities()
    names = dict(zip(known["entity_id"], known["entity_name"], strict=True))
    chosen = about.multiselect(word("entity"), list(names), format_func=names.__getitem__, placeholder=word("all"))
    if chosen:
        conditions.append("list_has_any(entity_ids, $entities)")
        values["entities"] = chosen
    words = search.text_input(word("search"), help=word("search_help")).strip()
    with way:
        is_best_match = _is_best_match()
    if not is_best_match:
        for number, one in enumerate(words.split()):
            conditions.append(f"contains(lower(text), lower($word{number}))")
            values[f"word{number}"] = one
    with st.expander(word("more_filters")):
        _choose_values(conditions, values)
    return conditions, values, words if is_best_match else ""


def _is_best_match() -> bool:
    """Files published by earlier versions can be searched by exact words only."""
    ways = ["best_match", "exact_words"] if can_search() else ["exact_words"]
    way = st.segmented_control(
        word("way"), ways, default=ways[0], required=True, format_func=word, key="way", label_visibility="hidden"
    )
    return way == "best_match"


def _choose_values(conditions: list[str], values: dict[str, Any]) -> None:
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
