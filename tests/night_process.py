"""Run `marktecho` as its users do: a process of its own, watched through what it prints, killed when a test says so."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from flows.progress import SECONDS_VARIABLE

AS_OF = "2026-11-20T02:30:00+00:00"
NOT_COMPARED = {"runs", "source_health"}
"""Marts that tell about runs, not about mentions: they differ between one run and two."""


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    output: str
    errors: str


def marktecho(*arguments: str | Path, environment: dict[str, str] | None = None, timeout: float = 300) -> Done:
    """Run a command to its end."""
    process = _start(arguments, environment)
    output, errors = process.communicate(timeout=timeout)
    return Done(process.returncode, output, errors)


def nightly(config: Path, home: Path, environment: dict[str, str]) -> Done:
    """Run a night as of `AS_OF`."""
    return marktecho(
        "nightly", "--config", config, "--home", home, "--as-of", AS_OF, environment=environment, timeout=500
    )


def marktecho_killed_at(
    progress: str, *arguments: str | Path, environment: dict[str, str] | None = None
) -> tuple[bool, list[str]]:
    """Run a command and SIGKILL it as soon as it prints progress that matches a regular expression.

    Returns whether it was killed (False: it ended before), and the lines it had printed.
    """
    process = _start(arguments, environment)
    assert process.stderr is not None
    lines: list[str] = []
    for line in process.stderr:
        lines.append(line.rstrip())
        if re.search(progress, line):
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            return True, lines
    process.wait()
    return False, lines


def _start(arguments: tuple[str | Path, ...], environment: dict[str, str] | None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from flows.cli import main; main()", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | (environment or {}) | {"PYTHONUNBUFFERED": "1", "COLUMNS": "200", SECONDS_VARIABLE: "0"},
    )


def ask(database: Path, question: str, *values: object) -> list[tuple[Any, ...]]:
    """The rows that answer a question to a published file or to a warehouse that nobody is working on."""
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        return connection.execute(question, list(values)).fetchall()


def marts_content(home: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every published mart about mentions, in a fixed order."""
    with duckdb.connect(str(home / "published" / "marts.duckdb"), read_only=True) as marts:
        names = [
            row[0]
            for row in marts.execute(
                "select table_name from duckdb_tables() where schema_name = 'main' order by 1"
            ).fetchall()
        ]
        return {
            name: marts.execute(f"select * from marts.{name} order by all").fetchall()
            for name in names
            if name not in NOT_COMPARED
        }
