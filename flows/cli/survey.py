"""Commands about surveys: import a wave, list waves, remove one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.app import DEFAULT_CONFIG, ConfigOption, HomeOption, JsonOption, app
from flows.cli.terminal import new_table, output, print_json
from flows.cli.working import working_night
from flows.home import Home
from flows.settings import load_settings

survey = typer.Typer(name="survey", help="What companies say in surveys: import waves, list and remove them.")
app.add_typer(survey, no_args_is_help=True)

PUBLISHED = "The next night publishes it."


@survey.command("import")
def import_wave(
    file: Annotated[Path, typer.Argument(help="The responses: a CSV export of LimeSurvey, or another CSV file.")],
    codebook: Annotated[Path, typer.Option("--survey", help="The survey's codebook (YAML).")],
    wave: Annotated[
        str | None,
        typer.Option("--wave", help="The wave, such as 2026-10; default: the month of the last finished response."),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check, weight and import a wave of a survey; no single respondent's answers are kept."""
    from flows.survey.codebook import load_codebook
    from flows.survey.step import import_survey, plan_survey

    settings = load_settings(config)
    plan = plan_survey(file, load_codebook(codebook), wave)
    with working_night(settings, Home.locate(home)) as night:
        done = import_survey(night, plan)
    if as_json:
        print_json(vars(done))
        return
    output.print(
        f"{done.survey_id} {done.wave}: {done.complete_count:,} responses, {done.incomplete_count:,} unfinished ones "
        f"left out, {done.quarantined_count:,} in quarantine ({night.home.quarantine}). Design effect of the weights "
        f"{done.design_effect:.2f}, {done.capped_count:,} at the largest weight. {done.told_count:,} of "
        f"{done.figure_count:,} figures can be told; the cells of the others are too small. {PUBLISHED}",
        soft_wrap=True,
    )


@survey.command("list")
def list_waves(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show the waves that have been imported."""
    from flows.survey.step import waves
    from flows.warehouse import connect, exclusive

    place = Home.locate(home)
    with exclusive(place), connect(place) as warehouse:
        found = waves(warehouse)
    if as_json:
        print_json(found)
        return
    table = new_table("survey", "wave", "responses", "unfinished", "quarantined", "design effect")
    for one in found:
        counts = (f"{one[name]:,}" for name in ("complete_count", "incomplete_count", "quarantined_count"))
        table.add_row(one["survey_id"], one["wave"], *counts, f"{one['design_effect']:.2f}")
    output.print(table)


@survey.command("remove")
def remove(
    survey_id: Annotated[str, typer.Argument(help="The survey's id.")],
    wave: Annotated[str, typer.Option("--wave", help="The wave to remove.")],
    config: ConfigOption = DEFAULT_CONFIG,
    home: HomeOption = None,
) -> None:
    """Let go of a wave, such as one imported by mistake."""
    from flows.survey.step import remove_wave

    with working_night(load_settings(config), Home.locate(home)) as night:
        remove_wave(night, survey_id, wave)
    output.print(f"{survey_id} {wave} is gone. {PUBLISHED}")
