"""What is seen, as CSV, Excel or Parquet."""

from __future__ import annotations

import io
from functools import partial

import polars as pl
import streamlit as st

from dashboard.words import word

_FORMULA_STARTS = "=+-@\t\r"


def offer_download(frame: pl.DataFrame, name: str) -> None:
    """Show a button that offers the rows of a table in three formats; files are made when they are asked for."""
    with st.popover(word("download"), icon=":material/download:"):
        for ending, make in (("csv", as_csv), ("xlsx", as_excel), ("parquet", as_parquet)):
            st.download_button(
                f"{name}.{ending}",
                data=partial(make, frame),
                file_name=f"{name}.{ending}",
                on_click="ignore",
                key=f"{name}-{ending}",
            )


def as_csv(frame: pl.DataFrame) -> bytes:
    """The rows as CSV with a byte order mark, so that Excel reads umlauts; no cell can start a formula."""
    return b"\xef\xbb\xbf" + _without_formulas(_flat(frame)).write_csv().encode()


def as_excel(frame: pl.DataFrame) -> bytes:
    """The rows as an Excel sheet: text stays text, never a formula or a link."""
    from xlsxwriter import Workbook

    buffer = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(buffer, {"in_memory": True, "remove_timezone": True, **plain}) as workbook:
        _flat(frame).write_excel(workbook, autofit=True)
    return buffer.getvalue()


def as_parquet(frame: pl.DataFrame) -> bytes:
    """The rows as Parquet, types and lists kept."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Lists as text: neither CSV nor Excel has them."""
    lists = [name for name, kind in frame.schema.items() if isinstance(kind, pl.List)]
    return frame.with_columns(pl.col(name).cast(pl.List(pl.String)).list.join(", ") for name in lists)


def _without_formulas(frame: pl.DataFrame) -> pl.DataFrame:
    """Text that a spreadsheet would compute gets an apostrophe in front (OWASP: CSV injection)."""
    return frame.with_columns(
        pl.when(pl.col(pl.String).str.slice(0, 1).is_in(list(_FORMULA_STARTS)))
        .then("'" + pl.col(pl.String))
        .otherwise(pl.col(pl.String))
        .name.keep()
    )
