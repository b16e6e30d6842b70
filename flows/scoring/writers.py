"""Rows and their scores into CSV, JSON Lines or Parquet, a chunk at a time."""

from __future__ import annotations

import base64
import csv
import io
import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from flows.files.rows import Row, UnreadableRow
from flows.landing.text import well_formed
from flows.scoring.chunks import Chunk

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_ROWS_PER_GROUP = 16_384


class Writer(Protocol):
    """Writes chunks with their scores; `scores` has the names the columns are to have."""

    def write(self, chunk: Chunk, scores: pa.Table) -> None:
        """Append a chunk."""


@contextmanager
def csv_writer(file: IO[bytes], types: dict[str, pa.DataType], delimiter: str, encoding: str) -> Iterator[Writer]:
    """Write CSV as of RFC 4180: a header, then a line per row, ended by CR LF; null is an empty field."""
    lines = io.TextIOWrapper(file, encoding, newline="")
    yield _Csv(lines, types, delimiter)
    lines.detach()


class _Csv:
    def __init__(self, lines: IO[str], types: dict[str, pa.DataType], delimiter: str) -> None:
        self._lines = csv.writer(lines, delimiter=delimiter)
        self._names = list(types)
        self._has_header = False

    def write(self, chunk: Chunk, scores: pa.Table) -> None:
        if not self._has_header:
            self._lines.writerow([_encodable(name) for name in (*self._names, *scores.column_names)])
            self._has_header = True
        for row, added in zip(chunk.rows, scores.to_pylist(), strict=True):
            given = _cells(row)
            self._lines.writerow(
                [*(_as_text(given.get(name)) for name in self._names), *(_as_text(value) for value in added.values())]
            )


@contextmanager
def json_writer(file: IO[bytes]) -> Iterator[Writer]:
    """Write JSON Lines in UTF-8."""
    yield _Json(file)


class _Json:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, chunk: Chunk, scores: pa.Table) -> None:
        lines = [
            _as_json({**_cells(row), **added}) + "\n" for row, added in zip(chunk.rows, scores.to_pylist(), strict=True)
        ]
        self._file.write("".join(lines).encode())


@contextmanager
def parquet_writer(file: IO[bytes], types: dict[str, pa.DataType]) -> Iterator[Writer]:
    """Write Parquet, compressed, in row groups of 16,384 rows or a few more."""
    writer = _Parquet(file, types)
    yield writer
    writer.close()


class _Parquet:
    def __init__(self, file: IO[bytes], types: dict[str, pa.DataType]) -> None:
        self._file = file
        self._schema = pa.schema([(_encodable(name), kind) for name, kind in types.items()])
        self._names = list(types)
        self._parts: list[pa.Table] = []
        self._writer: pq.ParquetWriter | None = None

    def write(self, chunk: Chunk, scores: pa.Table) -> None:
        table = chunk.table if chunk.table is not None else self._typed(chunk.rows)
        for field, column in zip(scores.schema, scores.columns, strict=True):
            table = table.append_column(field, column)
        self._parts.append(table)
        if sum(part.num_rows for part in self._parts) >= _ROWS_PER_GROUP:
            self._flush()

    def close(self) -> None:
        if self._parts:
            self._flush()
        if self._writer is not None:
            self._writer.close()

    def _flush(self) -> None:
        group = pa.concat_tables(self._parts)
        self._parts = []
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._file, group.schema, compression="zstd")
        self._writer.write_table(group, row_group_size=group.num_rows)

    def _typed(self, rows: list[Row | UnreadableRow]) -> pa.Table:
        given = [_cells(row) for row in rows]
        arrays = []
        for name, field in zip(self._names, self._schema, strict=True):
            values = [row.get(name) for row in given]
            if pa.types.is_string(field.type):
                values = [None if value is None else _as_text(value) for value in values]
            arrays.append(pa.array(values, field.type))
        return pa.table(arrays, schema=self._schema)


def _cells(row: Row | UnreadableRow) -> Row:
    return {} if isinstance(row, UnreadableRow) else row


def _as_text(value: Any) -> str:
    """A value in CSV, and in a Parquet column of mixed values."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _encodable(value)
    if isinstance(value, dict | list | bool | float | int):
        return repr(value) if isinstance(value, float) else _encodable(_as_json(value))
    return str(_plain(value))


def _as_json(value: Any) -> str:
    """One line of JSON that encodes as UTF-8; NaN and infinity, which JSON lacks, become null."""
    try:
        line = json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)
    except ValueError:
        line = json.dumps(_finite(value), ensure_ascii=False, default=_plain)
    return _LONE_SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", line)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _plain(value: Any) -> str:
    """Parquet's other values as text: times in ISO 8601, bytes in Base64, decimals with all their digits."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return well_formed(text)
    return text
