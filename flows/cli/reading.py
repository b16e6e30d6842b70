"""Commands for who reads: query, search, docs. Nothing is written but the file that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.app import HomeOption, JsonOption, app
from flows.cli.terminal import errors, output, print_json, print_rows
from flows.errors import UsageError
from flows.home import Home
from flows.remedies import remedy

if TYPE_CHECKING:
    import duckdb

OutputOption = Annotated[
    Path | None,
    typer.Option("--output", metavar="FILE", help="Write all rows to a .csv, .xlsx or .parquet file instead."),
]


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help='A query over the published marts, e.g. "select * from entity_daily".')],
    home: HomeOption = None,
    as_json: JsonOption = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Rows to print at most.")] = 100,
    file: OutputOption = None,
) -> None:
    """Query the published marts with SQL (read only; no other files, no network)."""
    import duckdb

    from flows.published import open_published

    with open_published(Home.at(home)) as marts:
        marts.execute("set enable_external_access = false")
        marts.execute("set lock_configuration = true")
        try:
            result = marts.sql(sql)
            if result is None:
                return
            if file is not None:
                _write(result, file)
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
        errors.print(
            f"Only the first {limit} rows are shown; ask for more with --limit, or for all with --output FILE."
        )


@app.command()
def search(
    words: Annotated[str, typer.Argument(help='What to look for, e.g. "Akku lädt nicht".')],
    home: HomeOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="Posts to find at most.")] = 10,
    text_only: Annotated[bool, typer.Option("--text-only", help="Compare words only, no meanings.")] = False,
    by_meaning: Annotated[bool, typer.Option("--by-meaning", help="Compare meanings only, no words.")] = False,
    entity: Annotated[str | None, typer.Option("--entity", metavar="ID", help="Posts about this entity only.")] = None,
    language: Annotated[str | None, typer.Option("--language", metavar="CODE", help="Such as de or en.")] = None,
    source: Annotated[str | None, typer.Option("--source", metavar="NAME", help="Posts of this source only.")] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help="Posts from this day or time on (UTC).")
    ] = None,
    with_copies: Annotated[bool, typer.Option("--with-copies", help="Find copies and spam, too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Find posts by their words and by their meaning, the best first."""
    from flows.model import load_model
    from flows.published import open_published
    from flows.search.query import Mode, has_vectors_of
    from flows.search.query import search as step

    if text_only and by_meaning:
        raise UsageError("--text-only and --by-meaning exclude each other.")
    mode = Mode.WORDS if text_only else Mode.MEANING if by_meaning else Mode.BOTH
    with open_published(Home.at(home)) as marts:
        where, values = _conditions(marts, entity, language, source, since, with_copies=with_copies)
        reader = None if text_only else load_model()
        hits = step(marts, words, reader, mode=mode, most=limit, where=where, values=values)
        found = _posts(marts, [hit.mention_id for hit in hits])
        is_by_words = reader is not None and not has_vectors_of(marts, reader)
    rows = [
        {"rank": rank, "score": round(hit.score, 4), "found_by": hit.found_by, **found[hit.mention_id]}
        for rank, hit in enumerate(hits, start=1)
    ]
    if as_json:
        print_json(rows)
    elif rows:
        print_rows(list(rows[0]), [list(row.values()) for row in rows])
    else:
        output.print("Nothing found. Try other words, or take an option away.")
    if is_by_words:
        errors.print("Words only: the published posts were read by another model. The next night makes that good.")


def _conditions(
    marts: duckdb.DuckDBPyConnection,
    entity: str | None,
    language: str | None,
    source: str | None,
    since: str | None,
    *,
    with_copies: bool,
) -> tuple[str | None, dict[str, Any]]:
    """Options as a condition over `mentions`. Raises UsageError for values that no mention has."""
    from flows.cli.app import parse_as_of

    conditions = [] if with_copies else ["not is_copy", "not is_spam"]
    values: dict[str, Any] = {}
    for option, value, column in (
        ("--entity", entity, "unnest(entity_ids)"),
        ("--language", language, "language"),
        ("--source", source, "source"),
    ):
        if value is None:
            continue
        known = sorted(
            row[0] for row in marts.execute(f"select distinct {column} as one from mentions").fetchall() if row[0]
        )
        if value not in known:
            raise UsageError(f"{option} {value}: no post has that. There are: {', '.join(known)}.")
        name = option.removeprefix("--")
        conditions.append(f"list_contains(entity_ids, ${name})" if name == "entity" else f"{column} = ${name}")
        values[name] = value
    if since is not None:
        conditions.append("published_at >= $since")
        values["since"] = parse_as_of(since, option="--since")
    return " and ".join(conditions) or None, values


def _posts(marts: duckdb.DuckDBPyConnection, mention_ids: list[str]) -> dict[str, dict[str, Any]]:
    result = marts.execute(
        """
        select mention_id, published_at, source, language, sentiment, text, url
        from mentions
        where mention_id in (select unnest($ids))
        """,
        {"ids": mention_ids},
    )
    names = [column[0] for column in result.description]
    return {row[0]: dict(zip(names, row, strict=True)) for row in result.fetchall()}


def _write(result: duckdb.DuckDBPyRelation, file: Path) -> None:
    import polars as pl

    from flows.exports import check_ending, write_rows

    check_ending(file)
    frame = pl.from_arrow(result.to_arrow_table())
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - a table gives a frame, a column would give a series
    write_rows(frame, file)
    errors.print(f"{frame.height:,} rows written to {file}.", soft_wrap=True)


@app.command()
def docs(
    home: HomeOption = None,
    folder: Annotated[
        Path | None,
        typer.Option("--output", metavar="DIR", help="Where to; default: reports/models in the state folder."),
    ] = None,
) -> None:
    """Write a page about every table and column, with the SQL behind it and where it comes from."""
    from flows.model_docs import write_docs

    place = Home.at(home)
    output.print(str(write_docs(place, folder or place.reports / "models")), soft_wrap=True)
