"""Commands that work on the warehouse: the night and each of its steps."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.cli.app import (
    DEFAULT_CONFIG,
    AsOfOption,
    ConfigOption,
    HomeOption,
    JsonOption,
    app,
    parse_as_of,
    parse_window,
)
from flows.cli.terminal import errors, output, print_json, progress
from flows.cli.working import working_night
from flows.errors import ExitCode, UsageError
from flows.home import Home
from flows.night import Night
from flows.prefect_database import set_aside_damaged
from flows.settings import load_settings


@app.command()
def nightly(
    config: ConfigOption = DEFAULT_CONFIG,
    home: HomeOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the whole night: ingest, prepare, enrich, topics, trends, index, build, audit, publish."""
    load_settings(config)  # before the state folder is made: wrong settings leave nothing behind
    raise typer.Exit(run_nightly(config, Home.locate(home), as_of, as_json=as_json))


def run_nightly(config: Path, home: Home, as_of: str | None, *, as_json: bool = False) -> ExitCode:
    """Run the nightly flow in this process and print its summary.

    Returns the exit code. Raises UsageError for a wrong time.
    """
    moment = parse_as_of(as_of)
    _prefect_without_server(home)
    from flows.nightly import nightly as flow
    from flows.orchestration import AUDIT_REFUSED, SOURCE_FAILED
    from flows.summary import latest_summary

    errors.print("starting Prefect")
    with progress():
        _import_while_the_server_starts()
        state = flow(str(config), str(home.root), moment, return_state=True)
    if state.name == AUDIT_REFUSED:
        errors.print(state.message, soft_wrap=True)
        return ExitCode.AUDIT_REFUSED
    if not state.is_completed():
        errors.print(f"marktecho: the night failed: {state.message}", soft_wrap=True)
        return ExitCode.FAILED
    summary = latest_summary(home)
    if as_json:
        print_json(summary.as_dict())
    else:
        output.print(summary.as_text(), soft_wrap=True)
    return ExitCode.SOURCE_FAILED if state.name == SOURCE_FAILED else ExitCode.DONE


@app.command()
def ingest(
    sources: Annotated[list[str] | None, typer.Argument(help="Names of sources; default: all enabled ones.")] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DATE", help="Fill in what one source published from then on; resumes."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="With --since: up to then (a day: its end).")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch what is new at the sources and land it, or with --since what one of them published in a past time."""
    from flows.ingest import backfill, ensure_backfill
    from flows.ingest import ingest as ingest_step

    settings = load_settings(config)
    known = {source.source: source for source in settings.sources}
    for name in sources or []:
        if name not in known:
            raise UsageError(
                f"{config}: there is no source '{name}'. Known sources: {', '.join(sorted(known)) or 'none'}."
            )
    chosen = [known[name] for name in sources] if sources else [s for s in settings.sources if s.enabled]
    window = parse_window(since, until, settings.time_zone)
    if window and len(sources or []) != 1:
        raise UsageError(
            "--since fills in one source: name it, such as `marktecho ingest hackernews --since 2026-11-01`."
        )
    if window:
        ensure_backfill(chosen[0])
    with working_night(settings, Home.locate(home)) as night:
        landed = [backfill(night, one, *window) if window else ingest_step(night, one) for one in chosen]
    if as_json:
        print_json([vars(run) for run in landed])
    failed = False
    for run in landed:
        failed = failed or run.outcome.is_failure
        if not as_json:
            output.print(
                f"{run.source}: {run.outcome}, {run.landed_count:,} landed, {run.quarantined_count:,} in quarantine"
            )
            if run.message:
                output.print(f"  {run.message}")
    raise typer.Exit(ExitCode.SOURCE_FAILED if failed else ExitCode.DONE)


@app.command()
def prepare(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None, as_of: AsOfOption = None) -> None:
    """Bring landed posts into core: language, queries, copies, tombstones."""
    from flows.prepare import prepare as step

    _run_step(step, config, home, as_of)


@app.command()
def enrich(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None, as_of: AsOfOption = None) -> None:
    """Let the model read every new text once."""
    from flows.enrich import enrich as step

    _run_step(step, config, home, as_of)


@app.command()
def trends(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None, as_of: AsOfOption = None) -> None:
    """Find what stands out; the next build shows it."""
    from flows.trends import trends as step

    _run_step(step, config, home, as_of)


@app.command()
def index(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None, as_of: AsOfOption = None) -> None:
    """Compute the business index; the next build shows it."""
    from flows.index import index as step

    _run_step(step, config, home, as_of)


@app.command()
def build(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None, as_of: AsOfOption = None) -> None:
    """Build the marts in the warehouse."""
    from flows.build import build as step

    _run_step(step, config, home, as_of)


@app.command()
def audit(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None, as_of: AsOfOption = None) -> None:
    """Check every mart against its expectations; exit code 3 when a critical one fails."""
    from flows.audit import audit as step

    _run_step(step, config, home, as_of)


@app.command()
def publish(config: ConfigOption = DEFAULT_CONFIG, home: HomeOption = None, as_of: AsOfOption = None) -> None:
    """Audit the marts and swap them in as the published file."""
    from flows.audit import audit as audit_step
    from flows.publish import publish as publish_step

    def audited_publication(night: Night) -> Path:
        audit_step(night)
        return publish_step(night)

    _run_step(audited_publication, config, home, as_of)


def _run_step(step: Callable[[Night], Any], config: Path, home: Path | None, as_of: str | None) -> None:
    settings = load_settings(config)
    moment = parse_as_of(as_of)
    with working_night(settings, Home.locate(home), moment) as night:
        result = step(night)
    for line in _in_words(result):
        output.print(line, soft_wrap=True)


def _in_words(result: Any) -> list[str]:
    """What a step returns, a fact per line."""
    if not is_dataclass(result):
        return [str(result)]
    lines = []
    for field in fields(result):
        value = getattr(result, field.name)
        if isinstance(value, dict):
            value = ", ".join(f"{name} {count:,}" for name, count in value.items())
        elif isinstance(value, list):
            value = "".join(f"\n- {item}" for item in value) or "none"
        lines.append(f"{field.name.replace('_', ' ')}: {value}")
    return lines


def _import_while_the_server_starts() -> None:
    """Load the libraries of the later steps now, while Prefect's temporary server starts, unless there is a server.

    Only this thread imports: two threads that meet in libraries with circular imports (SQLAlchemy) break each other.
    """
    from prefect.settings import PREFECT_API_URL

    if PREFECT_API_URL.value():
        return
    import httpcore  # noqa: F401 (what the other thread asks the server with)
    from prefect.server.api.server import SubprocessASGIServer

    server = threading.Thread(target=SubprocessASGIServer().start, daemon=True)
    server.start()
    for name in (
        "flows.validator",
        "great_expectations.expectations",
        "dbt.cli.main",
        "dbt.adapters.duckdb",
        "onnxruntime",
    ):
        import_module(name)
    server.join()


def _prefect_without_server(home: Home) -> None:
    """Without a Prefect server of the user's, keep the temporary one's database in the state folder; no telemetry."""
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    if "PREFECT_API_URL" not in os.environ:
        aside = set_aside_damaged(home)
        if aside:
            errors.print(f"Prefect's database was damaged; it is now {aside}, and a new one is made.", soft_wrap=True)
        os.environ.setdefault("PREFECT_HOME", str(home.prefect))
        os.environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")
        os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "180")
