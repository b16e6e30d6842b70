"""The published marts for the page: one connection per published version, answers kept while it stays published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
import polars as pl
import streamlit as st

from flows.home import Home
from flows.model import load_model
from flows.published import open_published, published_version
from flows.search.meaning import Vectors, load_vectors
from flows.search.query import has_index, search
from models.reading import TextReader

KEPT_ANSWERS = 300


def version() -> str:
    """A token of the version that is published now. Raises UsageError when nothing is published yet."""
    return published_version(Home.at())


def ask(sql: str, values: Mapping[str, Any] | None = None) -> pl.DataFrame:
    """Ask the published marts, read-only, times in UTC. An answer is computed once per published version.

    Raises UsageError when nothing is published yet, and what DuckDB raises.
    """
    return _answer(version(), sql, dict(values or {}))


def has_table(name: str) -> bool:
    """Whether the published file has a table of that name: files published by earlier versions may lack some."""
    found = ask("select 1 from information_schema.tables where table_name = $name", {"name": name})
    return not found.is_empty()


def can_search() -> bool:
    """Whether the published file has an index to search by: files published by earlier versions have none."""
    return _can_search(version())


def find(words: str, where: str | None, values: Mapping[str, Any], most: int) -> dict[str, str]:
    """Search the mentions by words and meaning: ids, the best match first, with what each was found by.

    `where` is a condition over `mentions`, None for all. Raises UsageError when there is no word in the search.
    """
    return _hits(version(), words, where, dict(values), most)


@st.cache_data(max_entries=2, show_spinner=False)
def _can_search(of_version: str) -> bool:
    with _connection(of_version).cursor() as cursor:
        return has_index(cursor)


@st.cache_data(max_entries=KEPT_ANSWERS, show_spinner=False)
def _hits(of_version: str, words: str, where: str | None, values: dict[str, Any], most: int) -> dict[str, str]:
    with _connection(of_version).cursor() as cursor:
        cursor.execute("use marts")
        found = search(
            cursor,
            words,
            _reader(),
            most=most,
            where=where,
            values=values,
            load=lambda marts: _vectors(of_version, marts),
        )
    return {hit.mention_id: hit.found_by for hit in found}


@st.cache_resource(max_entries=1, show_spinner=False)
def _vectors(of_version: str, _marts: duckdb.DuckDBPyConnection) -> Vectors | None:
    return load_vectors(_marts)


@st.cache_resource(show_spinner=False)
def _reader() -> TextReader:
    return load_model()


@st.cache_resource(max_entries=2, show_spinner=False, on_release=lambda connection: connection.close())
def _connection(of_version: str) -> duckdb.DuckDBPyConnection:
    return open_published(Home.at())


@st.cache_data(max_entries=KEPT_ANSWERS, show_spinner=False)
def _answer(of_version: str, sql: str, values: dict[str, Any]) -> pl.DataFrame:
    with _connection(of_version).cursor() as cursor:
        cursor.execute("use marts")
        frame = pl.from_arrow(cursor.execute(sql, values).to_arrow_table())
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - a table gives a frame, a column would give a series
    return frame
