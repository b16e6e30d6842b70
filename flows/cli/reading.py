"""Commands that read the published marts; they never touch the warehouse."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli.app import HomeOption, JsonOption, app
from flows.cli.terminal import errors, print_json, print_rows
from flows.errors import UsageError
from flows.home import Home
from flows.remedies import remedy


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help='A query over the published marts, e.g. "select * from entity_daily".')],
    home: HomeOption = None,
    as_json: JsonOption = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Rows to print at most.")] = 100,
) -> None:
    """Query the published marts with SQL (read only)."""
    import duckdb

    from flows.published import open_published

    with open_published(Home.locate(home)) as marts:
        try:
            result = marts.sql(sql)
            if result is None:
                return
            columns = result.columns
            rows = result.fetchmany(limit + 1)
        except duckdb.Error as error:
            if remedy(error):
                raise
            raise UsageError(f"The query was refused: {error}") from None
    shown = rows[:limit]
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in shown])
        return
    print_rows(columns, shown)
    if len(rows) > limit:
        errors.print(f"Only the first {limit} rows are shown; ask for more with --limit.")
