"""Commands that read files of other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.app import DEFAULT_CONFIG, ConfigOption, HomeOption, JsonOption, app
from flows.cli.terminal import errors, output, print_json
from flows.cli.working import working_night
from flows.errors import ExitCode
from flows.files.presets import PRESETS
from flows.home import Home
from flows.settings import load_settings


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="CSV, JSON Lines or Parquet files; each may be gzipped.")],
    source: Annotated[str, typer.Option("--source", help="The value of `source` in the marts, such as brandwatch.")],
    mapping: Annotated[
        list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="Which column is which field; repeatable.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option("--preset", help=f"The tool that wrote the files: {', '.join(PRESETS)}.")
    ] = None,
    date_format: Annotated[
        str | None, typer.Option("--date-format", help="How dates are written, as of strptime; default: known forms.")
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option("--time-zone", help="The zone of times that name none; default: that of the settings.")
    ] = None,
    html: Annotated[bool, typer.Option("--html", help="The text column holds HTML.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Land exports of other tools; files that cannot be mapped are refused before anything is written."""
    from flows.imports import import_files, plan_import

    settings = load_settings(config)
    plan = plan_import(
        files,
        source,
        mapping or [],
        preset=preset,
        date_format=date_format,
        time_zone=time_zone or settings.time_zone,
        html=html,
    )
    for note in plan.notes:
        errors.print(note, soft_wrap=True)
    with working_night(settings, Home.locate(home)) as night:
        run = import_files(night, plan)
    if as_json:
        print_json(vars(run))
    else:
        output.print(
            f"{run.source}: {run.record_count:,} rows read, {run.landed_count:,} landed, "
            f"{run.quarantined_count:,} in quarantine ({night.home.quarantine}), {run.skipped_count:,} left out.",
            soft_wrap=True,
        )
    if run.outcome.is_failure:
        errors.print(run.message or str(run.outcome), soft_wrap=True)
        raise typer.Exit(ExitCode.SOURCE_FAILED)
