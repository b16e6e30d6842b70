"""Work lists: what a step has to do, numbered so that it can be fetched in batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import polars as pl

from flows.warehouse import transaction

BATCH_SIZE = 20_000


class WorkList:
    """Ids of mentions that need work, kept in a temporary table while their batches are worked on.

    `query` selects `mention_id`; the order is fixed when the list is made.
    """

    def __init__(
        self, warehouse: duckdb.DuckDBPyConnection, name: str, query: str, parameters: Mapping[str, Any] | None = None
    ) -> None:
        self._warehouse = warehouse
        self._name = name
        warehouse.execute(
            f"""
            create or replace temp table {name} as
            with work as ({query})
            select mention_id, row_number() over (order by mention_id) - 1 as position from work
            """,
            dict(parameters or {}),
        )
        counted = warehouse.execute(f"select count(*) from {name}").fetchone()
        self.total = int(counted[0]) if counted else 0

    def batches(self, query: str) -> Iterator[pl.DataFrame]:
        """Fetch the rows of each batch: `query` joins the table `batch` (mention_id)."""
        for start in range(0, self.total, BATCH_SIZE):
            rows = self._warehouse.execute(
                f"""
                with batch as (
                    select mention_id from {self._name} where position >= $start and position < $stop
                )
                {query}
                """,
                {"start": start, "stop": start + BATCH_SIZE},
            ).to_arrow_table()
            yield pl.DataFrame(pl.from_arrow(rows))


def write_differences(warehouse: duckdb.DuckDBPyConnection, table: str, found: str) -> int:
    """Make a core table equal to the temporary table `found` of the same columns, touching only rows that differ.

    Drops `found`. Returns the number of rows.
    """
    with transaction(warehouse):
        warehouse.execute(
            f"create or replace temp table stale as select * from core.{table} except select * from {found}"
        )
        warehouse.execute(f"delete from core.{table} where mention_id in (select mention_id from stale)")
        warehouse.execute(f"insert into core.{table} by name select * from {found} except select * from core.{table}")
        counted = warehouse.execute(f"select count(*) from core.{table}").fetchone()
        warehouse.execute("drop table stale")
        warehouse.execute(f"drop table {found}")
    return int(counted[0]) if counted else 0
