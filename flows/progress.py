"""Progress as lines of text, for logs and pipes: few enough to read, with the beginning and the end of every step."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flows.errors import UsageError
from flows.night import Report

EVERY_SECONDS = 10.0
SECONDS_VARIABLE = "MARKTECHO_PROGRESS_SECONDS"


def seconds_between_lines() -> float:
    """How long a step stays silent between two lines: `$MARKTECHO_PROGRESS_SECONDS`, default 10; 0 prints all.

    Raises UsageError when the variable holds no number of at least 0.
    """
    text = os.environ.get(SECONDS_VARIABLE, "").strip()
    try:
        seconds = float(text or EVERY_SECONDS)
    except ValueError:
        seconds = -1.0
    if not seconds >= 0:
        raise UsageError(
            f"{SECONDS_VARIABLE}={text}: not a number of seconds. Write 0, 10 or another one, or unset it."
        )
    return seconds


@contextmanager
def in_lines(write: Callable[[str], None], *, clock: Callable[[], float] = time.monotonic) -> Iterator[Report]:
    """Report a step's beginning, its end, and in between what it has done every `seconds_between_lines()`.

    The end of a step whose total is unknown is only told when the next step begins or the block ends. `clock` gives
    seconds. Raises UsageError for a wrong interval.
    """
    lines = _Lines(write, seconds_between_lines(), clock)
    try:
        yield lines.report
    finally:
        lines.catch_up()


class _Lines:
    def __init__(self, write: Callable[[str], None], every: float, clock: Callable[[], float]) -> None:
        self._write = write
        self._every = every
        self._clock = clock
        self._told_at: dict[str, float] = {}
        self._waiting: dict[str, str] = {}
        self._lock = threading.RLock()

    def report(self, step: str, done: int, total: int | None) -> None:
        """Tell or hold back one report; steps may report from several threads."""
        line = f"{step}: {done:,}" + ("" if total is None else f" of {total:,}")
        with self._lock:
            now = self._clock()
            is_new = step not in self._told_at
            if is_new:
                self.catch_up()
            if is_new or done == total or now - self._told_at[step] >= self._every:
                self._waiting.pop(step, None)
                self._told_at[step] = now
                self._write(line)
            else:
                self._waiting[step] = line

    def catch_up(self) -> None:
        """Tell what has been held back."""
        with self._lock:
            for line in self._waiting.values():
                self._write(line)
            self._waiting.clear()
