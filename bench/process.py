"""Whole processes, measured by the operating system: wall time and peak memory of the process and its children."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

SAMPLE_SECONDS = 0.1


@dataclass(frozen=True)
class Measured:
    """One run of a command: seconds of wall time and megabytes (10^6 bytes) of resident memory at the peak."""

    seconds: float
    peak_mb: float


def measure(*arguments: str | Path) -> Measured:
    """Run `marktecho` with these arguments. Raises CalledProcessError when it fails."""
    started = time.perf_counter()
    command = [sys.executable, "-c", "from flows.cli import main; main()", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    peak = _Peak(process.pid)
    _, errors = process.communicate()
    seconds = time.perf_counter() - started
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=errors)
    return Measured(seconds, peak.stop() / 1e6)


class _Peak:
    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._highest = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        self._done.set()
        self._thread.join()
        return self._highest

    def _watch(self) -> None:
        while not self._done.wait(SAMPLE_SECONDS):
            try:
                family = [self._process, *self._process.children(recursive=True)]
                self._highest = max(self._highest, sum(one.memory_info().rss for one in family))
            except psutil.NoSuchProcess:
                continue
