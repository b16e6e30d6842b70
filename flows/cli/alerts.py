"""Commands about alerts: list the open ones, check, send, and test the channels."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from flows.cli.app import DEFAULT_CONFIG, AsOfOption, ConfigOption, HomeOption, JsonOption, app, parse_as_of
from flows.cli.terminal import errors, new_table, output, print_json
from flows.cli.working import working_night
from flows.errors import ExitCode, UsageError
from flows.home import Home
from flows.settings import load_settings

alerts = typer.Typer(name="alerts", help="What somebody should know at once: list, check, send and test.")
app.add_typer(alerts)


@alerts.callback(invoke_without_command=True)
def list_alerts(context: typer.Context, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the open alerts, or with a command below check, send and test them."""
    if context.invoked_subcommand is not None:
        return
    from flows.alerts.overview import open_alerts

    found = open_alerts(Home.at(home))
    if found.note:
        errors.print(found.note, soft_wrap=True)
    if as_json:
        print_json(found.rows)
        return
    if not found.rows:
        output.print("No alert is open.")
        return
    table = new_table("severity", "kind", "since (UTC)")
    table.add_column("what", overflow="fold")
    for row in found.rows:
        table.add_row(row["severity"], row["kind"], f"{row['started_at']:%Y-%m-%d %H:%M}", row["summary"])
    output.print(table)


@alerts.command()
def check(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None, as_of: AsOfOption = None) -> None:
    """Compare trends and sources with the alerts there are: the night's step; the next build shows it."""
    from flows.alerts import check_alerts

    with working_night(load_settings(config), Home.locate(home), parse_as_of(as_of)) as night:
        counts = check_alerts(night)
    output.print(f"{counts.opened_count} opened, {counts.closed_count} closed, {counts.open_count} open.")


@alerts.command()
def send(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None) -> None:
    """Send what is due to every channel, such as what waited for the quiet hours to end."""
    from flows.notifications import notify

    with working_night(load_settings(config), Home.locate(home)) as night:
        sent = notify(night)
    _say(sent)


@alerts.command()
def test(
    channel: Annotated[str | None, typer.Option("--channel", help="Only this one.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Send a test message to every channel."""
    from flows.notifications import send_test

    settings = load_settings(config)
    chosen = tuple(one for one in settings.alerts.channels if channel in (None, one.name))
    if not chosen:
        known = ", ".join(one.name for one in settings.alerts.channels) or "none"
        raise UsageError(f"{config}: no channel {channel or 'in `alerts: channels:`'}. Known channels: {known}.")
    _say(send_test(settings, chosen))


def _say(sent: Any) -> None:
    output.print(f"Messages sent: {sent.message_count}.")
    for name, message in sent.failures.items():
        errors.print(f"channel {name}: {message}", soft_wrap=True)
    if sent.failures:
        raise typer.Exit(ExitCode.FAILED)
