"""Commands of the leak watch: what is watched for, and what was found."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.app import DEFAULT_CONFIG, AsOfOption, ConfigOption, HomeOption, JsonOption, app, parse_as_of
from flows.cli.terminal import output, print_json, print_rows
from flows.cli.working import working_night
from flows.errors import UsageError
from flows.home import Home
from flows.settings import load_settings

watchlist = typer.Typer(help="Confidential terms and documents to watch for, kept as fingerprints only.")
leaks = typer.Typer(help="Posts that give away what is on the watchlist.", invoke_without_command=True)
app.add_typer(watchlist, name="watchlist", no_args_is_help=True)
app.add_typer(leaks, name="leaks")

NameOption = Annotated[str, typer.Option("--name", help="What findings are listed under; must not give anything away.")]
FROM_INPUT = "-"


@watchlist.command("add")
def add_to_watchlist(
    name: NameOption,
    terms: Annotated[
        list[str] | None,
        typer.Option("--term", metavar="TERM", help="A confidential term; - asks for it, or reads standard input."),
    ] = None,
    term_files: Annotated[
        list[Path] | None, typer.Option("--term-file", metavar="FILE", help="A text file with a term per line.")
    ] = None,
    documents: Annotated[
        list[Path] | None,
        typer.Option("--document", metavar="FILE", help="A confidential document: txt, md, html, docx or pdf."),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Watch for terms and documents. Only keyed fingerprints of them are kept; the next night looks for them."""
    from flows.leaks.documents import read_document
    from flows.leaks.watchlist import add

    chosen = [line for term in terms or [] for line in (_asked() if term == FROM_INPUT else [term])]
    chosen += [line for file in term_files or [] for line in _lines(read_document(file))]
    texts = [(str(file), read_document(file)) for file in documents or []]
    entry = add(Home.locate(home), name, chosen, texts)
    output.print(
        f"{entry.label}: {len(entry.terms):,} terms and {len(entry.documents):,} documents are watched for. "
        "The next night looks through all posts; `marktecho leaks find` does so now.",
        soft_wrap=True,
    )


@watchlist.command("list")
def list_watchlist(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show the names on the watchlist, and how much is watched for under each."""
    from flows.leaks.watchlist import Watchlist

    rows = [
        {
            "name": entry.label,
            "term_count": len(entry.terms),
            "document_count": len(entry.documents),
            "added_at": entry.added_at.isoformat(timespec="seconds"),
        }
        for entry in Watchlist.read(Home.locate(home)).entries.values()
    ]
    if as_json:
        print_json(rows)
        return
    print_rows(("name", "terms", "documents", "added"), [tuple(row.values()) for row in rows])


@watchlist.command("remove")
def remove_from_watchlist(
    name: Annotated[str, typer.Argument(help="A name of `marktecho watchlist list`.")], home: HomeOption = None
) -> None:
    """Watch for a name's terms and documents no longer, and drop its findings."""
    from flows.leaks.findings import forget_label
    from flows.leaks.watchlist import remove

    place = Home.locate(home)
    remove(place, name)
    dropped = forget_label(place, name)
    output.print(f"{name} is watched for no longer; {dropped:,} findings were dropped.")


@leaks.callback()
def list_leaks(
    context: typer.Context,
    home: HomeOption = None,
    as_json: JsonOption = False,
    show_all: Annotated[bool, typer.Option("--all", help="Also those marked as false positives.")] = False,
) -> None:
    """Show posts that give away what is on the watchlist, and mark them."""
    if context.invoked_subcommand:
        return
    import polars as pl

    from flows.leaks.findings import read_findings

    findings = read_findings(Home.locate(home))
    shown = findings if show_all else findings.filter(pl.col("status") != "false_positive")
    if as_json:
        print_json(shown.to_dicts())
        return
    if shown.is_empty():
        output.print("No leak has been found.")
        return
    columns = ("finding_id", "status", "label", "kind", "published_at", "source", "url", "excerpt")
    print_rows(columns, shown.select(columns).rows())


@leaks.command()
def find(
    config: ConfigOption = DEFAULT_CONFIG,
    home: HomeOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look through the posts now: the night's step."""
    from flows.leaks import find_leaks

    with working_night(load_settings(config), Home.locate(home), parse_as_of(as_of)) as night:
        counts = find_leaks(night)
    if as_json:
        print_json(vars(counts))
        return
    output.print(
        f"{counts.searched_count:,} posts looked through, {counts.new_count:,} new findings, "
        f"{counts.open_count:,} open."
    )


@leaks.command()
def mark(
    finding_id: Annotated[str, typer.Argument(help="Id of a finding, or its beginning.")],
    false_positive: Annotated[bool, typer.Option("--false-positive", help="It gives nothing away.")] = False,
    confirmed: Annotated[bool, typer.Option("--confirmed", help="It is a leak.")] = False,
    reopen: Annotated[bool, typer.Option("--open", help="It has to be looked at again.")] = False,
    home: HomeOption = None,
) -> None:
    """Say whether a finding is a leak; the mark stays while the post says the same."""
    from flows.leaks.findings import STATUSES
    from flows.leaks.findings import mark as step

    chosen = [status for status, is_it in zip(STATUSES, (reopen, false_positive, confirmed), strict=True) if is_it]
    if len(chosen) != 1:
        raise UsageError("Say one of --false-positive, --confirmed and --open.")
    finding = step(Home.locate(home), finding_id, chosen[0])
    output.print(f"{finding['finding_id']}: {finding['status'].replace('_', ' ')}")


def _asked() -> list[str]:
    """Terms that stand in no history of a shell."""
    if sys.stdin.isatty():
        return [typer.prompt("Term", hide_input=True)]
    return _lines(sys.stdin.read())


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
