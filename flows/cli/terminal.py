"""What the command line prints: results on standard output, progress and errors on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from flows.night import Report, reporter
from flows.progress import in_lines

UNBROKEN = 10_000
"""Width of what is not a terminal: lines stay whole, so that they can be searched and cut by columns."""
READABLE = 30
"""Characters that a column needs at most to be read; longer values are wrapped."""
_TO_BLANKS = str.maketrans("\t\r\n", "   ")


def plain_console(**options: Any) -> Console:
    """A console that prints texts as they are: [email] and :-) in a post are neither markup nor emoji codes."""
    console = Console(markup=False, emoji=False, highlight=False, **options)
    if not console.is_terminal:
        console.width = UNBROKEN
    return console


output = plain_console()
errors = plain_console(stderr=True)


@contextmanager
def progress() -> Iterator[Report]:
    """Show the progress of the steps inside the block: bars on a terminal, a few plain lines elsewhere."""
    with _bars() if errors.is_terminal else in_lines(_write_line) as report:
        token = reporter.set(report)
        try:
            yield report
        finally:
            reporter.reset(token)


def print_json(value: Any) -> None:
    """Print a value for scripts; times as ISO 8601."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def new_table(*columns: str, title: str | None = None) -> Table:
    """A table for `output`: with lines on a terminal, without them elsewhere."""
    if output.is_terminal:
        return Table(*columns, title=title, title_justify="left")
    return Table(*columns, title=title, title_justify="left", box=None)


def print_rows(columns: Sequence[str], rows: Sequence[Sequence[Any]], to: Console = output) -> None:
    """Print rows of a query; null as nothing.

    On a terminal as a table, or as one block per row when the columns do not fit beside each other; elsewhere with a
    line per row and tabs between the columns.
    """
    cells = [["" if value is None else str(value) for value in row] for row in rows]
    if not to.is_terminal:
        for line in (columns, *cells):
            to.file.write("\t".join(value.translate(_TO_BLANKS) for value in line) + "\n")
        return
    widest = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    if sum(min(width, READABLE) + 3 for width in widest) < to.width:
        table = Table(*columns)
        for row in cells:
            table.add_row(*row)
        to.print(table)
        return
    for number, row in enumerate(cells, start=1):
        to.rule(f"row {number:,}", align="left")
        block = Table.grid(padding=(0, 2))
        for name, value in zip(columns, row, strict=True):
            block.add_row(name, value)
        to.print(block)


def _write_line(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


@contextmanager
def _bars() -> Iterator[Report]:
    bars = Progress(
        TextColumn("{task.description:<24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=errors,
    )
    known: dict[str, TaskID] = {}

    def report(step: str, done: int, total: int | None) -> None:
        if step not in known:
            known[step] = bars.add_task(step, total=total)
        bars.update(known[step], completed=done, total=total)

    with bars:
        yield report
