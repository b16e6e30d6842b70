"""What is seen, as CSV, Excel or Parquet."""

from __future__ import annotations

from functools import partial

import polars as pl
import streamlit as st

from dashboard.words import word
from flows.exports import FORMATS


def offer_download(frame: pl.DataFrame, name: str) -> None:
    """Show a button that offers the rows of a table in three formats; files are made when they are asked for."""
    with st.popover(word("download"), icon=":material/download:"):
        for ending, make in FORMATS.items():
            st.download_button(
                f"{name}{ending}",
                data=partial(make, frame),
                file_name=f"{name}{ending}",
                on_click="ignore",
                key=f"{name}-{ending.removeprefix('.')}",
            )
