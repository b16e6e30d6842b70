"""`marktecho` at work in a process of its own, forked from one that has its libraries loaded.

A killed night then costs what it did, not ten seconds of imports each time. What such a process does is what
`marktecho` does: the same `main` in a fresh process, its output in a file, its exit code its own.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flows.progress import SECONDS_VARIABLE

LIBRARIES = [
    "flows.nightly", "flows.cli", "flows.summary", "flows.validator", "great_expectations.expectations",
    "dbt.cli.main", "dbt.adapters.duckdb", "dlt.destinations", "dlt.load.load", "onnxruntime", "transformers",
    "prefect.client.orchestration", "prefect.artifacts", "polars", "tests.faults.command",
]  # fmt: skip
Preparation = Callable[[], None]
"""Runs in the process before the command does: takes away powers, limits, sets the clock."""

_processes = multiprocessing.get_context("forkserver")


@dataclass(frozen=True)
class Ended:
    """How a command ended (`code` is negative when a signal ended it) and all that it printed."""

    code: int
    printed: str


class Command:
    """A command at work."""

    def __init__(
        self,
        *arguments: str | Path,
        log: Path,
        environment: dict[str, str] | None = None,
        prepare: Preparation | None = None,
    ) -> None:
        _processes.set_forkserver_preload(LIBRARIES)
        self._log = log
        log.write_bytes(b"")
        self._process = _processes.Process(
            target=run, args=([str(argument) for argument in arguments], log, environment or {}, prepare), daemon=True
        )
        self._process.start()

    def end(self, seconds: float = 240) -> Ended:
        """Wait until it has ended; a command that hangs is killed and fails the test."""
        self._process.join(seconds)
        if self._process.exitcode is None:
            self.kill()
            raise AssertionError(f"still at work after {seconds} seconds:\n{self.printed}")
        return Ended(self._process.exitcode, self.printed)

    def kill_after(self, seconds: float) -> bool:
        """SIGKILL it after a time; False when it had ended before."""
        self._process.join(seconds)
        return self._process.exitcode is None and self.kill()

    def kill_at(self, progress: str) -> bool:
        """SIGKILL it as soon as it prints a line that begins as the expression says; False when it ended before."""
        pattern = re.compile(f"^{progress}", re.MULTILINE)
        while self._process.exitcode is None:
            if pattern.search(self.printed):
                return self.kill()
            time.sleep(0.02)
        return False

    def kill(self) -> bool:
        """SIGKILL it now; False when it has ended by itself."""
        with suppress(ProcessLookupError):
            self._process.kill()
        self._process.join()
        return self._process.exitcode == -signal.SIGKILL

    @property
    def printed(self) -> str:
        """What it has printed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")


def run(arguments: list[str], log: Path, environment: dict[str, str], prepare: Preparation | None) -> None:
    """What the process does."""
    output = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.update(environment | {SECONDS_VARIABLE: "0", "COLUMNS": "200"})
    sys.argv = ["marktecho", *arguments]
    from prefect.context import refresh_global_settings_context

    refresh_global_settings_context()
    if prepare:
        prepare()
    from flows.cli import main

    main()
