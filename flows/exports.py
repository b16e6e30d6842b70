"""Rows as files for a spreadsheet or for other tools: CSV, Excel, Parquet."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import polars as pl

from flows.errors import UsageError
from flows.private_files import users_umask

EXCEL_ROWS: Final = 1_048_575
"""Rows of a sheet, less the header."""
_FORMULA_STARTS = "=+-@\t\r\n＝＋－＠"


def as_csv(frame: pl.DataFrame) -> bytes:
    """The rows as CSV with a byte order mark, so that Excel reads umlauts; no cell can start a formula."""
    return b"\xef\xbb\xbf" + _without_formulas(_flat(frame)).write_csv().encode()


def as_excel(frame: pl.DataFrame) -> bytes:
    """The rows as an Excel sheet: text stays text, never a formula or a link; times in UTC."""
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


FORMATS: Final[dict[str, Callable[[pl.DataFrame], bytes]]] = {".csv": as_csv, ".xlsx": as_excel, ".parquet": as_parquet}


def check_ending(path: Path) -> None:
    """Raises UsageError when a file's name does not say one of the formats, or its folder is not there."""
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"{path}: the name must end in {', '.join(FORMATS)}.")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{path.absolute().parent}: there is no such folder. Make it first.")


def write_rows(frame: pl.DataFrame, path: Path) -> None:
    """Write rows in the format of the file's name; an existing file is replaced when the new one is complete.

    Raises UsageError for another ending, and for more rows than an Excel sheet holds.
    """
    check_ending(path)
    ending = path.suffix.lower()
    if ending == ".xlsx" and frame.height > EXCEL_ROWS:
        raise UsageError(
            f"{path}: {frame.height:,} rows do not fit into an Excel sheet. Write a .csv or .parquet file."
        )
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        temporary.write_bytes(FORMATS[ending](frame))
        temporary.chmod(0o666 & ~users_umask())
        os.replace(temporary, path)  # noqa: PTH105 - named as what it is, atomic
    finally:
        temporary.unlink(missing_ok=True)


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
