"""The typer application and the options that many commands share."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from flows.errors import UsageError

app = typer.Typer(
    name="marktecho",
    help="Listens to what the public says about a company and its market, and turns it into tables to act on.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="The settings file.", envvar="MARKTECHO_CONFIG", show_default=True)
]
HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="The state folder; default $MARKTECHO_HOME or the platform's user data folder."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for scripts.")]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", metavar="TIME", help="Work as if it were this time (ISO 8601; without an offset: UTC)."),
]
DEFAULT_CONFIG = Path("listening.yaml")


def parse_as_of(text: str | None, option: str = "--as-of") -> datetime | None:
    """Read `--as-of`, or another option that is a time. Raises UsageError when it is no ISO 8601 time."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{option} {text}: not a time. Write it like 2026-11-23T02:30 or 2026-11-23T02:30+01:00."
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def parse_window(since: str | None, until: str | None, time_zone: str) -> tuple[datetime, datetime] | None:
    """Read `--since` and `--until` as aware times; without an offset they are of `time_zone`.

    A day as `until` means its end; without it, it is when today began. Returns None without either. Raises UsageError.
    """
    if since is None:
        if until is not None:
            raise UsageError("--until needs --since.")
        return None
    zone = ZoneInfo(time_zone)
    begin = _moment("--since", since, zone)
    if until is None:
        end = datetime.combine(datetime.now(zone).date(), time.min, zone)
    else:
        end = _moment("--until", until, zone)
    if until is not None and len(until) == len("2026-11-01"):
        end = datetime.combine(end.date() + timedelta(days=1), time.min, zone)
    if begin >= end:
        raise UsageError(f"--since {since} is not before {f'--until {until}' if until else 'today'}.")
    if end > datetime.now(UTC):
        raise UsageError(f"--until {until}: that is not over yet. New posts come with every `marktecho ingest`.")
    return begin, end


def _moment(option: str, text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text}: not a date. Write it like 2026-11-01 or 2026-11-01T08:00.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


@app.callback(invoke_without_command=True)
def _root(
    show_version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    if show_version:
        typer.echo(f"marktecho {version('marktecho')}")
        raise typer.Exit
