"""Tables of the page: columns under their names in the reader's language, addresses as links, values in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import streamlit as st

from dashboard.downloads import offer_download
from dashboard.words import has_word, value_name, word

NAMED_VALUES = ("sentiment", "intent", "department", "kind", "status", "outcome", "found_by", "author_kind")
DAYS = ("first_seen", "last_seen")
TIMES = ("published_at", "due_at", "started_at", "finished_at")


def show_table(frame: pl.DataFrame, name: str, **columns: Any) -> None:
    """Show rows whose column names are keys of the page's words; `name` is the file name of a download.

    `columns` overrides how single columns are shown. An empty table says so.
    """
    if frame.is_empty():
        st.info(word("nothing_found"))
        return
    st.dataframe(_in_reader_language(frame), hide_index=True, column_config=_config(frame) | columns, placeholder="–")
    offer_download(frame, name)


def choose_row(frame: pl.DataFrame, name: str, *, key: str, hidden: Sequence[str] = ()) -> dict[str, Any] | None:
    """Show rows as `show_table` does and let the reader choose one: returns it, None while none is chosen.

    `key` stands for what was asked for: with another one, nothing is chosen. `hidden` columns are not shown.
    """
    if frame.is_empty():
        st.info(word("nothing_found"))
        return None
    st.caption(word("choose_row"))
    shown = frame.drop(*hidden)
    event = st.dataframe(
        _in_reader_language(shown),
        hide_index=True,
        column_config=_config(shown),
        placeholder="–",
        on_select="rerun",
        selection_mode="single-row",
        key=key,
    )
    offer_download(shown, name)
    rows = [row for row in event.selection.rows if row < frame.height]
    return frame.row(rows[0], named=True) if rows else None


def _in_reader_language(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(in_words(frame[column]) for column in NAMED_VALUES if column in frame.columns)


def _config(frame: pl.DataFrame) -> dict[str, Any]:
    config: dict[str, Any] = {
        column: st.column_config.Column(word(column)) for column in frame.columns if has_word(column)
    }
    config |= {
        column: st.column_config.DatetimeColumn(
            word(column), format="DD.MM.YYYY HH:mm", timezone=st.context.timezone or "UTC"
        )
        for column in TIMES
        if column in frame.columns
    }
    config |= {
        column: st.column_config.DateColumn(word(column), format="DD.MM.YYYY")
        for column in DAYS
        if column in frame.columns
    }
    if "url" in frame.columns:
        config["url"] = st.column_config.LinkColumn(word("url"), display_text=r"https?://([^/]+)", width="small")
    if "text" in frame.columns:
        config["text"] = st.column_config.TextColumn(word("text"), width="large")
    return config


def in_words(values: pl.Series) -> pl.Series:
    """Values of the marts, such as intents, as a reader would call them."""
    return values.replace({value: value_name(value) for value in values.unique().drop_nulls()})


def score_column(name: str) -> Any:
    """A column of scores from 0 to 1 as bars."""
    return st.column_config.ProgressColumn(word(name), min_value=0, max_value=1, format="%.2f")


def signed_column(name: str, label: str | None = None) -> Any:
    """A column of figures from -1 to 1 with their sign."""
    return st.column_config.NumberColumn(label or word(name), format="%+.2f")
