"""What the audit expects of each published table: the suites in sql/expectations/, one YAML file per table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flows.errors import MarktechoError
from flows.mart_docs import MartDoc, mart_docs
from flows.warehouse import sql_folder

Severity = Literal["critical", "warning"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NotNull(_Strict):
    """No row is without a value."""

    expect: Literal["not_null"]
    severity: Severity = "critical"


class Between(_Strict):
    """Values, where there are any, lie in a range; an end that is not given is open."""

    expect: Literal["between"]
    min: float | None = None
    max: float | None = None
    severity: Severity = "critical"


class InSet(_Strict):
    """Values, where there are any, are among those listed."""

    expect: Literal["in_set"]
    values: list[str | int]
    severity: Severity = "critical"


class Matches(_Strict):
    """Values, where there are any, match a regular expression."""

    expect: Literal["matches"]
    pattern: str
    severity: Severity = "critical"


ColumnExpectation = Annotated[NotNull | Between | InSet | Matches, Field(discriminator="expect")]


class Check(_Strict):
    """A query over the warehouse that selects the failing rows; none is expected."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    says: str
    severity: Severity
    sql: str


class Suite(_Strict):
    """Everything expected of one table."""

    table: str
    key: list[str] = Field(min_length=1)
    columns: dict[str, list[ColumnExpectation]]
    checks: list[Check] = []

    @property
    def all_checks(self) -> list[Check]:
        """The file's checks, and those that hold for every table."""
        return [_unique_key(self), *self.checks]


def load_suites(folder: Path | None = None) -> list[Suite]:
    """Read the suites, by table name.

    Raises MarktechoError naming the file when one cannot be read, names the wrong table, or a published table has none.
    """
    folder = folder or sql_folder() / "expectations"
    suites = [_load(path) for path in sorted(folder.glob("*.yaml"))]
    docs = {doc.name: doc for doc in mart_docs()}
    if missing := docs.keys() - {suite.table for suite in suites}:
        raise MarktechoError(f"{folder}: no expectations for {', '.join(sorted(missing))}. Add a file for each table.")
    return [suite.model_copy(update={"checks": [_documented(docs[suite.table]), *suite.checks]}) for suite in suites]


def _load(path: Path) -> Suite:
    try:
        suite = Suite.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        raise MarktechoError(f"{path}: not a suite of expectations. {error}") from None
    if suite.table != path.stem:
        raise MarktechoError(f"{path}: names the table {suite.table}; a suite stands in the file of its table.")
    return suite


def _unique_key(suite: Suite) -> Check:
    key = ", ".join(suite.key)
    return Check(
        name="the_key_is_unique",
        says=f"Two rows have the same {key}.",
        severity="critical",
        sql=f"select {key}, count(*) as row_count from marts.{suite.table} group by {key} having count(*) > 1",
    )


def _documented(doc: MartDoc) -> Check:
    documented = ", ".join(f"('{column}')" for column in doc.columns)
    return Check(
        name="the_columns_are_the_documented_ones",
        says="A column is missing, or is not described in sql/marts/schema.yml.",
        severity="critical",
        sql=f"""
        with documented(column_name) as (values {documented}),
        built as (
            select column_name
            from duckdb_columns()
            where database_name = current_database() and schema_name = 'marts' and table_name = '{doc.name}'
        )
        select
            column_name,
            documented.column_name is not null as is_documented,
            built.column_name is not null as is_built
        from documented
        full join built using (column_name)
        where documented.column_name is null or built.column_name is null
        """,
    )
