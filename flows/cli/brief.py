"""The command that writes the brief of the published night."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.app import DEFAULT_CONFIG, ConfigOption, HomeOption, app
from flows.cli.terminal import output
from flows.errors import UsageError
from flows.home import Home
from flows.settings import load_settings

ENDINGS = (".html", ".md")


class _Period(StrEnum):
    day = "day"
    week = "week"


class _Language(StrEnum):
    de = "de"
    en = "en"


@app.command()
def brief(
    period: Annotated[_Period, typer.Option("--period", help="The last night, or the week.")] = _Period.day,
    language: Annotated[
        _Language | None, typer.Option("--language", help="Its language; default: that of the settings.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--output", help="Write it to this file (.html or .md); default: print Markdown.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    home: HomeOption = None,
) -> None:
    """Write the morning brief of the published night: five things to know, what needs an answer, leads."""
    from flows.brief import as_markdown, as_page, compose_brief
    from flows.published import open_published

    if file is not None and file.suffix not in ENDINGS:
        raise UsageError(f"--output {file}: the ending must be {' or '.join(ENDINGS)}.")
    settings = load_settings(config)
    with open_published(Home.at(home)) as marts:
        written = compose_brief(marts, settings, period=period.value, language=language.value if language else None)
    if file is None:
        sys.stdout.write(as_markdown(written))
        return
    try:
        file.write_text(as_page(written) if file.suffix == ".html" else as_markdown(written), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--output {file}: cannot be written ({error.strerror}).") from None
    output.print(f"Written: {file}", soft_wrap=True)
