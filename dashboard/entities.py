"""Whom the marts listen to: the company first, then its products, its competitors and the market."""

from __future__ import annotations

import polars as pl
import streamlit as st

from dashboard.marts import ask
from dashboard.words import word

_ENTITIES = """
select entity_id, entity_name, entity_kind
from entity_windows
where window_days = 28
order by list_position(['company', 'product', 'competitor', 'market'], entity_kind), entity_name
"""


def entities(*kinds: str) -> pl.DataFrame:
    """entity_id, entity_name and entity_kind in the order of the page; of some kinds, or of all."""
    found = ask(_ENTITIES)
    return found.filter(pl.col("entity_kind").is_in(kinds)) if kinds else found


def choose_entity(key: str, *kinds: str) -> str | None:
    """Let the reader choose an entity, the company to begin with. Returns its id; None when there is none."""
    found = entities(*kinds)
    names = dict(zip(found["entity_id"], found["entity_name"], strict=True))
    return st.selectbox(word("entity"), list(names), format_func=names.__getitem__, key=key)
