"""Files as rows: CSV, JSON Lines and Parquet, each also gzipped, read in batches so that memory stays flat."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Literal

from flows.errors import UsageError
from flows.files.csv_rows import DELIMITERS, csv_rows, find_delimiter
from flows.files.encoding import find_encoding
from flows.files.lines import LONGEST_LINE, LongLine, bounded_lines
from flows.files.mapping import plain
from flows.files.rows import Row, UnreadableRow

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

Format = Literal["csv", "jsonl", "parquet"]

EXTENSIONS: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
SAMPLE_ROWS: Final = 1_000
"""Rows that are looked at before anything is read for good."""
_SNIFFED: Final = 1 << 16
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)(?:"|$)')


@dataclass(frozen=True)
class Layout:
    """How a file is to be read. `encoding` and `delimiter` only matter for text formats."""

    path: Path
    format: Format
    is_gzip: bool
    encoding: str = "utf-8"
    errors: Literal["strict", "replace"] = "strict"
    delimiter: str = ","
    lines_before_header: int = 0
    note: str | None = None
    """What had to be assumed about the file, for the user."""


def inspect(path: Path, header: frozenset[str] = frozenset()) -> Layout:
    """Find out how to read a file. Raises UsageError when it is missing, unreadable or of an unknown kind.

    Some tools put a report above the header of a CSV file: with `header`, plain names of columns of which the header
    has at least one, the file is read from that line on.
    """
    if not path.exists():
        raise UsageError(f"{path}: there is no such file.")
    if not path.is_file():
        raise UsageError(f"{path}: is not a file. Name files, or use a pattern such as '{path}/*.csv'.")
    is_gzip = path.suffix.lower() == ".gz"
    extension = Path(path.stem).suffix.lower() if is_gzip else path.suffix.lower()
    form = EXTENSIONS.get(extension)
    if form is None:
        known = ", ".join(EXTENSIONS)
        raise UsageError(
            f"{path}: '{extension or path.name}' is no known kind of file. Known are {known}, each also with .gz; "
            "save spreadsheets as CSV."
        )
    layout = Layout(path, form, is_gzip)
    try:
        return _inspect_text(layout, header) if form != "parquet" else layout
    except PermissionError:
        raise UsageError(f"{path}: cannot be read: permission denied.") from None
    except (OSError, EOFError) as error:
        raise UsageError(f"{path}: cannot be read: {error}.") from None


def _inspect_text(layout: Layout, header: frozenset[str]) -> Layout:
    with _open_bytes(layout) as file:
        found = find_encoding(file)
    layout = Layout(
        layout.path,
        layout.format,
        layout.is_gzip,
        found.name,
        found.errors,
        note=found.note and f"{layout.path}: {found.note}",
    )
    with _open_text(layout) as file:
        start = file.read(_SNIFFED)
    if not start.strip():
        raise UsageError(f"{layout.path}: the file is empty.")
    if layout.format == "jsonl":
        if start.lstrip().startswith("["):
            raise UsageError(
                f"{layout.path}: holds one JSON array; one object per line is needed (JSON Lines). "
                f"Convert it, for example: jq -c '.[]' {layout.path.name} > {layout.path.stem}.jsonl"
            )
        return layout
    before = _lines_before(start, header)
    table = "".join(start.splitlines(keepends=True)[before:])
    return replace(layout, delimiter=find_delimiter(table), lines_before_header=before)


def _lines_before(start: str, header: frozenset[str]) -> int:
    """How many lines stand above the one that has a column of the header; 0 when there is no such line."""
    for number, line in enumerate(start.splitlines()):
        if header & {plain(cell.strip('"')) for delimiter in DELIMITERS for cell in line.split(delimiter)}:
            return number
    return 0


def batches(layout: Layout, size: int, *, skip: int = 0) -> Iterator[tuple[list[Row | UnreadableRow], list[int]]]:
    """Yield batches of rows with their line numbers (Parquet: row numbers), leaving out the first `skip` rows.

    Rows that do not have the file's form come as UnreadableRow. Raises UsageError when the file as a whole is broken.
    """
    rows = itertools.islice(_rows(layout), skip, None)
    while batch := list(itertools.islice(rows, size)):
        yield [row for _, row in batch], [number for number, _ in batch]


def sample(layout: Layout) -> list[Row]:
    """Read the first readable rows of a file. Raises UsageError when the file is broken or has none."""
    rows = (row for _, row in itertools.islice(_rows(layout), SAMPLE_ROWS) if not isinstance(row, UnreadableRow))
    found = list(rows)
    if not found:
        raise UsageError(f"{layout.path}: there is no readable row in the first {SAMPLE_ROWS:,}.")
    return found


def columns(rows: list[Row], *, nested: bool = True) -> list[str]:
    """Name the columns of rows in order of appearance; those inside nested objects with dots (`user.name`)."""
    names: dict[str, None] = {}
    for row in rows:
        for key, value in row.items():
            names[key] = None
            if nested and isinstance(value, dict):
                names.update(dict.fromkeys(f"{key}.{inner}" for inner in value))
    return list(names)


def _rows(layout: Layout) -> Iterator[tuple[int, Row | UnreadableRow]]:
    readers = {"csv": _csv_rows, "jsonl": _json_rows, "parquet": _parquet_rows}
    try:
        yield from readers[layout.format](layout)
    except (EOFError, gzip.BadGzipFile) as error:
        raise UsageError(f"{layout.path}: the gzip file is damaged or cut off: {error}.") from None


def _csv_rows(layout: Layout) -> Iterator[tuple[int, Row | UnreadableRow]]:
    with _open_text(layout) as file:
        yield from csv_rows(bounded_lines(file), layout.delimiter, layout.lines_before_header)


def _json_rows(layout: Layout) -> Iterator[tuple[int, Row | UnreadableRow]]:
    with _open_text(layout) as file:
        for number, line in enumerate(bounded_lines(file), start=1):
            if not line.strip():
                continue
            if isinstance(line, LongLine):
                yield number, UnreadableRow.of(f"line {number}: is longer than {LONGEST_LINE:,} characters", [])
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                reason = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
                yield number, UnreadableRow.of(f"line {number}: is no valid JSON ({reason})", _QUOTED.findall(line))
                continue
            if isinstance(row, dict):
                yield number, row
            else:
                yield number, UnreadableRow.of(f"line {number}: is {type(row).__name__}, not a JSON object", [])


def _parquet_rows(layout: Layout) -> Iterator[tuple[int, Row | UnreadableRow]]:
    rows = (row for batch in arrow_batches(layout, SAMPLE_ROWS) for row in batch.to_pylist())
    yield from enumerate(rows, start=1)


def arrow_batches(layout: Layout, size: int) -> Iterator[pa.RecordBatch]:
    """Yield a Parquet file in batches of its own types. Raises UsageError when it is none, or damaged."""
    with _open_parquet(layout) as file:
        yield from file.iter_batches(batch_size=size)


def parquet_schema(layout: Layout) -> tuple[pa.Schema, int]:
    """The columns of a Parquet file and how many rows it has. Raises UsageError when it is none."""
    with _open_parquet(layout) as file:
        return file.schema_arrow, file.metadata.num_rows


@contextmanager
def _open_parquet(layout: Layout) -> Iterator[pq.ParquetFile]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with ExitStack() as stack:
        try:
            yield pq.ParquetFile(stack.enter_context(_open_bytes(layout)))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError, EOFError) as error:
            raise UsageError(f"{layout.path}: is no readable Parquet file: {error}.") from None


@contextmanager
def _open_bytes(layout: Layout) -> Iterator[IO[bytes]]:
    with layout.path.open("rb") as raw:
        if not layout.is_gzip:
            yield raw
            return
        with gzip.open(raw) as unpacked:
            yield unpacked  # type: ignore[misc]


@contextmanager
def _open_text(layout: Layout) -> Iterator[IO[str]]:
    newline = "" if layout.format == "csv" else "\n"
    with (
        _open_bytes(layout) as raw,
        io.TextIOWrapper(raw, encoding=layout.encoding, errors=layout.errors, newline=newline) as file,
    ):
        yield file
