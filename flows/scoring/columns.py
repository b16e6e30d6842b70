"""The columns of a file, found by reading through it once: needed before the first row of CSV or Parquet is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from flows.errors import UsageError
from flows.files.reading import Layout, batches, parquet_schema
from flows.files.rows import UnreadableRow

BATCH_SIZE = 2_048
_EXACT_AS_FLOAT = 2**53
_LONGEST_INTEGER = 2**63


@dataclass(frozen=True)
class Columns:
    """What a file consists of.

    Attributes:
        types: the columns in order of appearance, with the types that Parquet gives them.
        nested: names of what stands in objects, with dots (`user.name`).
        row_count: how many rows there are, unreadable ones included.
    """

    types: dict[str, pa.DataType]
    nested: list[str]
    row_count: int

    @property
    def names(self) -> list[str]:
        """Every name a text may be found under."""
        return [*self.types, *self.nested]


def find_columns(layout: Layout, report: Callable[[int], None]) -> Columns:
    """Read through a file; Parquet tells without. `report` gets the rows read so far.

    CSV columns are text. JSON columns that hold one kind of plain values in the whole file keep it (whole numbers,
    numbers, true and false, text); any other column is text in Parquet, objects and lists as JSON. Raises UsageError
    when there is no readable row.
    """
    if layout.format == "parquet":
        schema, row_count = parquet_schema(layout)
        if not row_count:
            raise UsageError(f"{layout.path}: there is no row.")
        return Columns(*_parquet_columns(layout, schema), row_count)
    kinds: dict[str, set[str]] = {}
    nested: dict[str, None] = {}
    row_count = 0
    for rows, _ in batches(layout, BATCH_SIZE):
        row_count += len(rows)
        for row in rows:
            if isinstance(row, UnreadableRow) or (layout.format == "csv" and kinds):
                continue
            for name, value in row.items():
                kinds.setdefault(name, set()).add(_kind(value))
                if isinstance(value, dict):
                    nested.update(dict.fromkeys(f"{name}.{inner}" for inner in value))
        report(row_count)
    if not kinds:
        raise UsageError(f"{layout.path}: there is no readable row.")
    return Columns({name: _type(found - {"null"}) for name, found in kinds.items()}, list(nested), row_count)


def _parquet_columns(layout: Layout, schema: pa.Schema) -> tuple[dict[str, pa.DataType], list[str]]:
    twice = sorted({name for name in schema.names if schema.names.count(name) > 1})
    if twice:
        raise UsageError(f"{layout.path}: several columns are named '{twice[0]}'. Rename all but one.")
    structs = [field for field in schema if pa.types.is_struct(field.type)]
    nested = [f"{field.name}.{inner.name}" for field in structs for inner in field.type]
    return {field.name: field.type for field in schema}, nested


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int):
        if -_EXACT_AS_FLOAT <= value <= _EXACT_AS_FLOAT:
            return "whole"
        return "long" if -_LONGEST_INTEGER <= value < _LONGEST_INTEGER else "other"
    return "number" if isinstance(value, float) else "text" if isinstance(value, str) else "other"


def _type(kinds: set[str]) -> pa.DataType:
    if kinds == {"flag"}:
        return pa.bool_()
    if kinds and kinds <= {"whole", "long"}:
        return pa.int64()
    return pa.float64() if kinds and kinds <= {"whole", "number"} else pa.string()
