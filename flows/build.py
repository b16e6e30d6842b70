"""Builds the marts from the core tables: the dbt project in sql/, run inside this process."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import yaml

from flows.errors import MarktechoError
from flows.home import Home
from flows.mart_docs import mart_names
from flows.night import Night
from flows.queue.copy import copy_decisions
from flows.warehouse import connect, sql_folder

BUILD_MEMORY_LIMIT = "2GB"  # two million mentions fit; more go to disk


@dataclass(frozen=True)
class BuildResult:
    """What a build left behind: rows per mart."""

    row_counts: dict[str, int]


def build(night: Night, *, full_refresh: bool = False) -> BuildResult:
    """Bring the tables of schema `marts` up to date with the core tables, as of the night's time.

    Only changed rows of `mentions` and `mention_aspects` are written; `full_refresh` writes every row again, with the
    same result. Each table changes in one transaction, so a killed build is finished by the next one.
    Raises MarktechoError naming the models that failed.
    """
    with connect(night.home) as warehouse:
        copy_decisions(warehouse, night.home)
    arguments = ["run", "--exclude", "tag:trends", "tag:index", "--vars", json.dumps(dbt_variables(night))]
    if full_refresh:
        arguments.append("--full-refresh")
    run_dbt(night.home, arguments, on_event=_progress(night))
    with connect(night.home) as warehouse:
        return BuildResult(row_counts=row_counts(warehouse))


def row_counts(warehouse: Any) -> dict[str, int]:
    """Count the rows of every mart in an open warehouse or published file."""
    counts = {}
    for name in mart_names():
        (counts[name],) = warehouse.execute(f"select count(*) from marts.{name}").fetchone()
    return counts


def dbt_variables(night: Night) -> dict[str, str]:
    """What the dbt project has to know about the night."""
    return {
        "as_of": night.as_of.astimezone(UTC).isoformat(),
        "time_zone": night.settings.time_zone,
        "summary_language": night.settings.language,
    }


def run_dbt(home: Home, arguments: Sequence[str], *, on_event: Any = None) -> Any:
    """Run a dbt command on the warehouse of a home; everything dbt writes goes to its work folder.

    Returns dbt's own result. Raises MarktechoError with dbt's messages when the command fails.
    """
    from dbt.cli.main import dbtRunner

    folder = home.work / "dbt"
    _write_profile(home, folder)
    try:
        result = dbtRunner(callbacks=[on_event] if on_event else []).invoke(
            [
                *arguments,
                "--project-dir",
                str(sql_folder()),
                "--profiles-dir",
                str(folder),
                "--target-path",
                str(folder / "target"),
                "--log-path",
                str(folder / "logs"),
                "--log-level",
                "none",
                "--log-level-file",
                "info",
                "--no-send-anonymous-usage-stats",
                "--no-version-check",
                "--no-use-colors",
            ]
        )
    finally:
        _close_warehouse()
    if not result.success:
        raise MarktechoError(_failure(arguments[0], result, folder / "logs" / "dbt.log"))
    return result


def _close_warehouse() -> None:
    """Let go of the database file: dbt-duckdb keeps it open for the process's next command."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager as Manager

    if Manager._ENV is not None:
        Manager._ENV.close()
        Manager.close_all_connections()


def _write_profile(home: Home, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    profile = {
        "marktecho": {
            "target": "warehouse",
            "outputs": {
                "warehouse": {
                    "type": "duckdb",
                    "path": str(home.warehouse),
                    "schema": "marts",
                    "threads": 1,
                    "settings": {
                        "timezone": "UTC",
                        "memory_limit": BUILD_MEMORY_LIMIT,
                        "preserve_insertion_order": False,
                    },
                }
            },
        }
    }
    (folder / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")


def _progress(night: Night) -> Any:
    def on_event(event: Any) -> None:
        if event.info.name == "LogModelResult":
            night.report("build", event.data.index, event.data.total)

    return on_event


def _failure(command: str, result: Any, log: Path) -> str:
    problems = [
        f"{node.node.name}: {' '.join(str(node.message).split())}"
        for node in getattr(result.result, "results", None) or []
        if node.status in ("error", "fail")
    ]
    reason = "; ".join(problems) or " ".join(str(result.exception).split())
    return f"dbt {command} failed: {reason}. The marts published before stay in place. Details: {log}"
