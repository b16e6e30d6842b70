"""The command that shows everything on a fresh machine, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import platformdirs
import typer

from flows.cli.app import app
from flows.cli.night import run_nightly
from flows.cli.terminal import output
from flows.cli.working import working_night
from flows.home import Home
from flows.settings import load_settings


@app.command()
def demo(
    home: Annotated[
        Path | None,
        typer.Option("--home", help="Where the demo keeps its state; wiped at each start.", show_default=False),
    ] = None,
) -> None:
    """Listen to an invented company for sixty scripted days: local servers, real connectors, models and marts."""
    from flows.demo.run import run_demo

    root = home or Path(platformdirs.user_data_dir("marktecho")) / "demo"
    code = run_demo(root, run_nightly, _recheck, _import_survey, output.print)
    output.print(f"\nThe marts: {Home(root).marts}", soft_wrap=True)
    output.print(
        f'Ask them:  marktecho query --home {root} "select score, reason, url from sales_leads order by score desc"',
        soft_wrap=True,
    )
    output.print(f"What has leaked:  marktecho leaks --home {root}", soft_wrap=True)
    raise typer.Exit(code)


def _import_survey(config: Path, home: Home, file: Path, codebook: Path, wave: str) -> int:
    from flows.survey.codebook import load_codebook
    from flows.survey.step import import_survey, plan_survey

    plan = plan_survey(file, load_codebook(codebook), wave)
    with working_night(load_settings(config), home) as night:
        return import_survey(night, plan).complete_count


def _recheck(config: Path, home: Home) -> int:
    from flows.recheck import recheck

    with working_night(load_settings(config), home) as night:
        return recheck(night)
