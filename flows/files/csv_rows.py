"""CSV as people and spreadsheets write it: any delimiter, line breaks in quotes, quotes that are never closed."""

from __future__ import annotations

import csv
import io
import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

from flows.files.lines import LONGEST_LINE, LongLine
from flows.files.rows import Row, UnreadableRow

DELIMITERS: Final = (",", ";", "\t", "|")
LONGEST_FIELD: Final = 1 << 20
_ONE_COLUMN: Final = "\x1f"
_ROWS_SNIFFED: Final = 100


def find_delimiter(start: str) -> str:
    """Find the delimiter of a CSV file from its beginning: the one that gives most rows as many columns as the header.

    A file whose header has no delimiter is one column, whatever stands in its rows.
    """
    best, best_score = _ONE_COLUMN, (0.0, 0)
    for delimiter in DELIMITERS:
        rows = [row for row in itertools.islice(_parsed(start, delimiter), _ROWS_SNIFFED) if row]
        rows = rows[:-1] if len(rows) > 2 else rows  # the last one may be cut off
        columns = len(rows[0]) if rows else 0
        if columns > 1:
            score = (sum(len(row) == columns for row in rows) / len(rows), columns)
            if score > best_score:
                best, best_score = delimiter, score
    return best


def _parsed(text: str, delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            continue


class _Lines:
    """Lines of a file, numbered from `first`, that can be given back."""

    def __init__(self, lines: Iterable[str], first: int) -> None:
        self._lines = iter(lines)
        self._returned: deque[str] = deque()
        self.taken: list[str] = []
        self.first = first

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else next(self._lines)
        self.taken.append(line)
        if isinstance(line, LongLine):
            raise csv.Error(f"is longer than {LONGEST_LINE:,} characters")
        return line

    def advance(self) -> None:
        """Begin a new row: what was taken so far is done with."""
        self.first += len(self.taken)
        self.taken = []

    def give_back(self) -> None:
        """Return all taken lines but the first."""
        self._returned.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]

    @property
    def place(self) -> str:
        """Where the row stands, in words."""
        last = self.first + len(self.taken) - 1
        return f"line {self.first}" if last <= self.first else f"lines {self.first} to {last}"


def csv_rows(file: Iterable[str], delimiter: str, skip: int = 0) -> Iterator[tuple[int, Row | UnreadableRow]]:
    """Yield rows with the numbers of their first lines; the first line after `skip` ones is the header.

    Blank lines are passed over. A quote that is never closed costs its own line only: the lines it would swallow are
    read again by themselves.
    """
    csv.field_size_limit(LONGEST_FIELD)
    lines = _Lines(itertools.islice(file, skip, None), skip + 1)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    header: list[str] | None = None
    while True:
        lines.advance()
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if len(lines.taken) > 1:
                lines.give_back()
                reader = csv.reader(lines, delimiter=delimiter, strict=True)
                pieces = lines.taken[0].split(delimiter)
                yield lines.first, UnreadableRow.of(f"line {lines.first}: a quote is opened and not closed", pieces)
                continue
            is_long = isinstance(lines.taken[0], LongLine)
            values = [] if is_long else next(csv.reader(lines.taken, delimiter=delimiter), [])
            if not values:
                yield lines.first, UnreadableRow.of(f"line {lines.first}: {error}", [])
        if header is None:
            header = _header(values) if values else None
        elif values and len(values) != len(header):
            count = f"has {len(values)} columns, the header has {len(header)}"
            yield lines.first, UnreadableRow.of(f"{lines.place}: {count}", values)
        elif values:
            yield lines.first, dict(zip(header, values, strict=True))


def _header(values: list[str]) -> list[str]:
    """Column names without blanks around them; a column without a name or with one that came before gets a number."""
    header: list[str] = []
    for position, value in enumerate(values, start=1):
        plain = value.strip() or f"column_{position}"
        name, count = plain, 2
        while name in header:
            name, count = f"{plain}_{count}", count + 1
        header.append(name)
    return header
