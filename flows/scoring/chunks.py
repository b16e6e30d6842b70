"""A file in pieces: rows as they are, and Parquet also in its own types, so that these survive."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import pyarrow as pa

from flows.files.mapping import value_of
from flows.files.reading import Layout, arrow_batches, batches
from flows.files.rows import Row, UnreadableRow


class Chunk:
    """Consecutive rows of a file; `places` say where each stands ("" in Parquet). `table` is there for Parquet only."""

    def __init__(self, places: list[str], content: list[Row | UnreadableRow] | pa.Table) -> None:
        self.places = places
        self._content = content

    @property
    def table(self) -> pa.Table | None:
        """The rows in the types of their Parquet file."""
        return None if isinstance(self._content, list) else self._content

    @cached_property
    def rows(self) -> list[Row | UnreadableRow]:
        """The rows as dictionaries."""
        return self._content if isinstance(self._content, list) else self._content.to_pylist()

    def values(self, column: str) -> list[Any]:
        """The values of a column, dots leading into objects; an UnreadableRow where there is no row."""
        if isinstance(self._content, list):
            rows = self._content
        else:
            whole = column if column in self._content.column_names else column.partition(".")[0]
            rows = self._content.select([whole]).to_pylist()
        return [row if isinstance(row, UnreadableRow) else value_of(row, column) for row in rows]


def chunks(layout: Layout, size: int) -> Iterator[Chunk]:
    """Yield a whole file. Raises UsageError when it turns out to be broken as a whole."""
    if layout.format == "parquet":
        for batch in arrow_batches(layout, size):
            yield Chunk([""] * batch.num_rows, pa.Table.from_batches([batch]))
    else:
        for rows, lines in batches(layout, size):
            yield Chunk([f"line {line}: " for line in lines], rows)
