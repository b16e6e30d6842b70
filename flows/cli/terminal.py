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

output = Console()
errors = Console(stderr=True)


@contextmanager
def progress() -> Iterator[Report]:
    """Show the progress of the steps inside the block: bars on a terminal, one plain line per batch elsewhere."""
    report, close = _bars() if errors.is_terminal else (_line, None)
    token = reporter.set(report)
    try:
        yield report
    finally:
        reporter.reset(token)
        if close:
            close.stop()


def print_json(value: Any) -> None:
    """Print a value for scripts; times as ISO 8601."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def _line(step: str, done: int, total: int | None) -> None:
    sys.stderr.write(f"{step}: {done}" + ("" if total is None else f" of {total}") + "\n")
    sys.stderr.flush()


def _bars() -> tuple[Report, Progress]:
    bars = Progress(
        TextColumn("{task.description:<24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=errors,
    )
    bars.start()
    known: dict[str, TaskID] = {}

    def report(step: str, done: int, total: int | None) -> None:
        if step not in known:
            known[step] = bars.add_task(step, total=total)
        bars.update(known[step], completed=done, total=total)

    return report, bars
