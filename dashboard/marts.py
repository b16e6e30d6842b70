"""The published marts for the page: one connection per published version, answers kept while it stays published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
import polars as pl
import streamlit as st

from flows.home import Home
from flows.published import open_published, published_version

KEPT_ANSWERS = 300


def version() -> str:
    """A token of the version that is published now. Raises UsageError when nothing is published yet."""
    return published_version(Home.locate())


def ask(sql: str, values: Mapping[str, Any] | None = None) -> pl.DataFrame:
    """Ask the published marts, read-only, times in UTC. An answer is computed once per published version.

    Raises UsageError when nothing is published yet, and what DuckDB raises.
    """
    return _answer(version(), sql, dict(values or {}))


def has_table(name: str) -> bool:
    """Whether the published file has a table of that name: files published by earlier versions may lack some."""
    found = ask("select 1 from information_schema.tables where table_name = $name", {"name": name})
    return not found.is_empty()


@st.cache_resource(max_entries=2, show_spinner=False, on_release=lambda connection: connection.close())
def _connection(of_version: str) -> duckdb.DuckDBPyConnection:
    return open_published(Home.locate())


@st.cache_data(max_entries=KEPT_ANSWERS, show_spinner=False)
def _answer(of_version: str, sql: str, values: dict[str, Any]) -> pl.DataFrame:
    with _connection(of_version).cursor() as cursor:
        cursor.execute("use marts")
        frame = pl.from_arrow(cursor.execute(sql, values).to_arrow_table())
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - a table gives a frame, a column would give a series
    return frame
