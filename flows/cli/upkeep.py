"""Commands that keep an installation in order: doctor, recheck, retain, rollback."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from flows.cli.app import DEFAULT_CONFIG, ConfigOption, HomeOption, JsonOption, app
from flows.cli.terminal import new_table, output, print_json
from flows.cli.working import working_night
from flows.errors import ExitCode
from flows.home import Home
from flows.settings import load_settings


@app.command()
def doctor(
    config: ConfigOption = DEFAULT_CONFIG,
    home: HomeOption = None,
    repair: Annotated[bool, typer.Option("--repair", help="First mend what is damaged and can be mended.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Check the settings, the secrets, every source's reachability, the model and the published marts."""
    from flows.doctor import examine, mend

    findings = [*(mend(config, home) if repair else []), *examine(config, home)]
    if as_json:
        print_json([vars(finding) for finding in findings])
    else:
        table = new_table("", "checked")
        table.add_column("found", overflow="fold")
        for finding in findings:
            verdict = Text("ok", "green") if finding.is_ok else Text("not ok", "red")
            table.add_row(verdict, finding.checked, finding.found)
        output.print(table)
    if any(finding.is_wrong_use for finding in findings):
        raise typer.Exit(ExitCode.WRONG_USE)
    if not all(finding.is_ok for finding in findings):
        raise typer.Exit(ExitCode.FAILED)


@app.command()
def recheck(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None) -> None:
    """Ask the sources whether known posts are still there; what is gone leaves the next publication."""
    from flows.recheck import recheck as step

    with working_night(load_settings(config), Home.locate(home)) as night:
        gone = step(night)
    output.print(f"{gone:,} posts are gone upstream. They leave the marts with the next night.")


@app.command()
def retain(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None) -> None:
    """Let go of mentions older than the settings' retention."""
    from flows.erasure import erase
    from flows.retention import retain as step

    with working_night(load_settings(config), Home.locate(home)) as night:
        expired = step(night)
        erase(night)
    output.print(f"{expired:,} mentions were past their retention. They are gone from every place.")


@app.command()
def rollback(
    home: HomeOption = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="RUN_ID", help="A kept version; default: the one before.")
    ] = None,
) -> None:
    """Publish an earlier version of the marts again."""
    from flows.publish import rollback as step

    published = step(Home.at(home), to)
    output.print(f"Published again: {published}")
