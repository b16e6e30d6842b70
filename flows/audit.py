"""Audits the marts before publication: Great Expectations over every table, Data Docs kept, a verdict."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from flows.errors import AuditRefused, MarktechoError
from flows.expectations import Between, Check, ColumnExpectation, InSet, Matches, Severity, Suite, load_suites
from flows.mart_docs import mart_names
from flows.night import Night
from flows.validator import SAMPLE_ROWS, Validator, expect_zero, translated
from flows.warehouse import connect

logger = logging.getLogger(__name__)

CHUNK_ROWS = 50 * duckdb.__standard_vector_size__
KEPT_DOCS = 7
RECORDS_OF_RUNS = ("runs", "source_health")


@dataclass(frozen=True)
class Failure:
    """An expectation that does not hold: where, how many rows or values fail, and some of them."""

    table: str
    expectation: str
    severity: Severity
    count: int
    samples: list[dict[str, Any]]

    def __str__(self) -> str:
        shown = "; ".join(json.dumps(sample, default=str, ensure_ascii=False) for sample in self.samples)
        return f"{self.table}: {self.expectation} ({self.count} failing) {shown}"


@dataclass(frozen=True)
class AuditResult:
    """What the audit found. Warnings do not keep the marts from being published."""

    expectation_count: int
    critical: list[Failure]
    warnings: list[Failure]
    data_docs: Path


def audit(night: Night) -> AuditResult:
    """Hold every published table against its suite in sql/expectations/.

    Tables are read in chunks, so memory does not grow with them; Data Docs go to reports/data_docs/<run_id>. The
    verdict is recorded in core.audits together with the fingerprint of what was audited, and in core.runs.
    Raises AuditRefused when a critical expectation fails, after all of them have been tried.
    """
    suites = load_suites()
    folder = night.home.reports / "data_docs" / night.run_id
    with connect(night.home) as warehouse:
        _require_marts(warehouse)
        validator = Validator(folder, night.run_id)
        failures: list[Failure] = []
        for done, suite in enumerate(suites):
            night.report("audit", done, len(suites))
            failures += _column_failures(warehouse, suite, validator)
            failures += _check_failures(warehouse, suite, validator)
        night.report("audit", len(suites), len(suites))
        validator.write_docs()
        result = AuditResult(
            expectation_count=validator.expectation_count,
            critical=[failure for failure in failures if failure.severity == "critical"],
            warnings=[failure for failure in failures if failure.severity == "warning"],
            data_docs=folder / "index.html",
        )
        _record(warehouse, night, "refused" if result.critical else "passed")
    _keep_latest_docs(folder.parent)
    for failure in result.warnings:
        logger.warning("%s", failure)
    if result.critical:
        listed = "\n".join(f"- {failure}" for failure in result.critical)
        raise AuditRefused(
            f"{len(result.critical)} critical expectation(s) failed; the marts published before stay in place.\n"
            f"{listed}\nData Docs: {result.data_docs}"
        )
    return result


def marts_fingerprint(marts: duckdb.DuckDBPyConnection) -> str:
    """One value that changes when a row of the marts does: per table the number of rows and the XOR of their hashes.

    Works on the warehouse and on a published file. The record of the runs is left out: a run's own row changes until it
    is published.
    """
    parts = []
    for table in mart_names():
        if table in RECORDS_OF_RUNS:
            continue
        row = marts.execute(f"select count(*), bit_xor(hash({table})) from marts.{table}").fetchone()
        parts.append(f"{table}:{row}")
    return " ".join(parts)


def _column_failures(warehouse: duckdb.DuckDBPyConnection, suite: Suite, validator: Validator) -> list[Failure]:
    present = _columns(warehouse, suite.table)  # a missing column is for the_columns_are_the_documented_ones to report
    suite = suite.model_copy(
        update={"columns": {name: many for name, many in suite.columns.items() if name in present}}
    )
    expected = [(column, one) for column, several in suite.columns.items() for one in several]
    if not expected:
        return []
    definition = validator.definition(suite.table, [translated(column, one) for column, one in expected])
    counts = [0] * len(expected)
    samples: list[list[dict[str, Any]]] = [[] for _ in expected]
    for frame in _chunks(warehouse, suite):
        for position, result in enumerate(validator.validate(definition, frame, suite.key)):
            counts[position] += result.result.get("unexpected_count", 0)
            samples[position] += result.result.get("partial_unexpected_index_list") or []
    return [
        Failure(suite.table, f"{column} {_words(one)}", one.severity, counts[position], samples[position][:SAMPLE_ROWS])
        for position, (column, one) in enumerate(expected)
        if counts[position]
    ]


def _check_failures(warehouse: duckdb.DuckDBPyConnection, suite: Suite, validator: Validator) -> list[Failure]:
    """Failing rows are counted and sampled by SQL; Great Expectations expects a count of zero for every check."""
    found = {check.name: _failing_rows(warehouse, check) for check in suite.all_checks}
    expectations = [
        expect_zero(check, [json.dumps(row, default=str, ensure_ascii=False) for row in found[check.name][1]])
        for check in suite.all_checks
    ]
    definition = validator.definition(f"{suite.table} checks", expectations)
    frame = pd.DataFrame({name: [count] for name, (count, _) in found.items()})
    results = validator.validate(definition, frame)
    return [
        Failure(suite.table, f"{check.name}: {check.says}", check.severity, *found[check.name])
        for check, result in zip(suite.all_checks, results, strict=True)
        if not result.success
    ]


def _failing_rows(warehouse: duckdb.DuckDBPyConnection, check: Check) -> tuple[int, list[dict[str, Any]]]:
    cursor = warehouse.execute(f"select * from ({check.sql}) limit {SAMPLE_ROWS}")
    names = [column[0] for column in cursor.description]
    samples = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    if len(samples) < SAMPLE_ROWS:
        return len(samples), samples
    (count,) = warehouse.execute(f"select count(*) from ({check.sql})").fetchone() or (0,)
    return count, samples


def _chunks(warehouse: duckdb.DuckDBPyConnection, suite: Suite) -> Iterator[pd.DataFrame]:
    """The key columns and those with expectations, a bounded number of rows at a time; an empty table is one chunk."""
    columns = ", ".join(dict.fromkeys([*suite.key, *suite.columns]))
    vectors = CHUNK_ROWS // duckdb.__standard_vector_size__
    result = warehouse.execute(f"select {columns} from marts.{suite.table}")
    frame = result.fetch_df_chunk(vectors)
    while True:
        yield frame
        frame = result.fetch_df_chunk(vectors)
        if frame.empty:
            return


def _columns(warehouse: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    return {row[0] for row in warehouse.execute(f"describe marts.{table}").fetchall()}


def _words(one: ColumnExpectation) -> str:
    if isinstance(one, Between):
        return f"is between {one.min} and {one.max}"
    if isinstance(one, InSet):
        return f"is one of {', '.join(map(str, one.values))}"
    if isinstance(one, Matches):
        return f"matches {one.pattern}"
    return "is not null"


def _require_marts(warehouse: duckdb.DuckDBPyConnection) -> None:
    built = {
        name
        for (name,) in warehouse.execute(
            "select table_name from information_schema.tables where table_schema = 'marts'"
        ).fetchall()
    }
    if missing := set(mart_names()) - built:
        raise MarktechoError(
            f"The marts have not been built: {', '.join(sorted(missing))}. Run `marktecho build` first."
        )


def _record(warehouse: duckdb.DuckDBPyConnection, night: Night, verdict: str) -> None:
    warehouse.begin()
    warehouse.execute("delete from core.audits where run_id = $run_id", {"run_id": night.run_id})
    warehouse.execute(
        "insert into core.audits values ($run_id, $audited_at, $verdict, $fingerprint)",
        {
            "run_id": night.run_id,
            "audited_at": datetime.now(UTC),
            "verdict": verdict,
            "fingerprint": marts_fingerprint(warehouse),
        },
    )
    warehouse.execute(
        "update core.runs set audit_result = $verdict where run_id = $run_id",
        {"verdict": verdict, "run_id": night.run_id},
    )
    warehouse.commit()


def _keep_latest_docs(folder: Path) -> None:
    for old in sorted(folder.iterdir())[:-KEPT_DOCS]:
        shutil.rmtree(old)
