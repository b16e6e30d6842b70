"""What the command line prints: results on standard output, progress and errors on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from flows.night import Report, reporter
from flows.progress import in_lines

output = Console()
errors = Console(stderr=True)


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
