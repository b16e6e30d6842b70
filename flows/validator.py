"""Great Expectations for one audit: suites in memory, frames in, results out, Data Docs on disk."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from flows.errors import MarktechoError
from flows.expectations import Between, Check, ColumnExpectation, InSet, Matches

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read when Great Expectations is imported

SAMPLE_ROWS = 5


class Validator:
    """Great Expectations with everything in memory but the Data Docs of this run."""

    def __init__(self, folder: Path, run_id: str) -> None:
        import great_expectations as gx

        # This module sets its own level when it is imported, and then tells where its temporary files are.
        from great_expectations.data_context.types import base

        base.logger.setLevel(logging.WARNING)
        self.gx = gx
        shutil.rmtree(folder, ignore_errors=True)
        self.context = gx.get_context(mode="ephemeral")
        self.context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
        self.source = self.context.data_sources.add_pandas("marts")
        self.run_id = run_id
        self.expectation_count = 0
        for site in list(self.context.get_site_names()):
            self.context.delete_data_docs_site(site)
        self.context.add_data_docs_site(
            "marktecho",
            {
                "class_name": "SiteBuilder",
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
                "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)},
            },
        )

    def definition(self, name: str, expectations: Sequence[Any]) -> Any:
        """Make a named suite that frames can be validated against."""
        self.expectation_count += len(expectations)
        batch = self.source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("rows")
        suite = self.context.suites.add(self.gx.ExpectationSuite(name=name, expectations=list(expectations)))
        return self.context.validation_definitions.add(self.gx.ValidationDefinition(name=name, data=batch, suite=suite))

    def validate(self, definition: Any, frame: pd.DataFrame, key: Sequence[str] = ()) -> list[Any]:
        """Validate a frame; gives one result per expectation, in their order, samples with the key columns."""
        result_format: dict[str, Any] = {"result_format": "SUMMARY", "partial_unexpected_count": SAMPLE_ROWS}
        if key:
            result_format["unexpected_index_column_names"] = list(key)
        result = definition.run(
            batch_parameters={"dataframe": frame},
            result_format=result_format,
            run_id=self.gx.RunIdentifier(run_name=self.run_id),
        )
        for one in result.results:
            if one.exception_info.get("raised_exception"):
                raise MarktechoError(
                    f"The audit could not test {one.expectation_config.type} on {definition.name}: "
                    f"{one.exception_info.get('exception_message')}"
                )
        return list(result.results)

    def write_docs(self) -> None:
        """Write the pages of all validations."""
        self.context.build_data_docs()


def translated(column: str, one: ColumnExpectation) -> Any:
    """A suite's expectation of a column, as Great Expectations knows it."""
    import great_expectations.expectations as gxe

    if isinstance(one, Between):
        return gxe.ExpectColumnValuesToBeBetween(
            column=column, min_value=one.min, max_value=one.max, severity=_severity(one)
        )
    if isinstance(one, InSet):
        return gxe.ExpectColumnValuesToBeInSet(column=column, value_set=one.values, severity=_severity(one))
    if isinstance(one, Matches):
        return gxe.ExpectColumnValuesToMatchRegex(column=column, regex=one.pattern, severity=_severity(one))
    return gxe.ExpectColumnValuesToNotBeNull(column=column, severity=_severity(one))


def expect_zero(check: Check, samples: list[str]) -> Any:
    """The expectation that a check's count of failing rows is zero; the samples are shown beside it."""
    import great_expectations.expectations as gxe

    return gxe.ExpectColumnValuesToBeInSet(
        column=check.name,
        value_set=[0],
        severity=_severity(check),
        description=f"No row: {check.says}",
        notes=samples or None,
    )


def _severity(one: ColumnExpectation | Check) -> Any:
    from great_expectations.expectations.metadata_types import FailureSeverity

    return FailureSeverity(one.severity)
