"""The dbt unit tests in sql/marts: every formula, on rows written down beside results worked out by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from warehouse_fixture import CoreTables, make_night

from flows.build import build, dbt_variables, run_dbt
from flows.errors import MarktechoError
from flows.home import Home
from flows.index import index
from flows.trends import trends
from flows.warehouse import sql_folder

UNIT_TESTS = sorted(
    test["name"]
    for path in sql_folder().rglob("unit_tests*.yml")
    for test in yaml.safe_load(path.read_text(encoding="utf-8"))["unit_tests"]
)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One dbt run over all unit tests: status and message by name."""
    home = Home.locate(tmp_path_factory.mktemp("formulas"))
    CoreTables(home)
    night = make_night(home)
    trends(night)
    index(night)
    build(night)  # unit tests read the columns' types from the built tables
    try:
        result = run_dbt(home, ["test", "--select", "test_type:unit", "--vars", json.dumps(dbt_variables(night))])
        results = result.result.results
    except MarktechoError:  # some failed; dbt wrote down which and how
        written = json.loads((home.work / "dbt" / "target" / "run_results.json").read_text(encoding="utf-8"))
        return {one["unique_id"].rsplit(".", 1)[-1]: (one["status"], one["message"]) for one in written["results"]}
    return {one.node.name: (str(one.status), one.message) for one in results}


@pytest.mark.parametrize("name", UNIT_TESTS)
def test_formula(name: str, outcomes: dict[str, Any]) -> None:
    status, message = outcomes[name]
    assert status == "pass", message


def test_there_is_a_unit_test_for_every_mart_with_a_formula() -> None:
    tested = {
        test["model"]
        for path in sql_folder().rglob("unit_tests*.yml")
        for test in yaml.safe_load(path.read_text(encoding="utf-8"))["unit_tests"]
    }
    passed_through = {"aspects", "mention_aspects", "runs"}
    assert {path.stem for path in (sql_folder() / "marts").glob("*.sql")} - passed_through <= tested


def test_sql_is_lower_case() -> None:
    for path in sql_folder().rglob("*.sql"):
        if "core" in path.parts or "macros" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        words = [line for line in text.splitlines() if not line.lstrip().startswith("--") and "{{" not in line]
        assert not any(word in " ".join(words) for word in ("SELECT ", "FROM ", "JOIN ")), f"{path}: upper-case SQL"
