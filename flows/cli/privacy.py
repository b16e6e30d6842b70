"""Commands for the rights of the people who wrote the posts, and for the key of their pseudonyms."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.app import DEFAULT_CONFIG, ConfigOption, HomeOption, JsonOption, app
from flows.cli.terminal import errors, output, print_json, progress
from flows.errors import ExitCode, UsageError
from flows.home import Home
from flows.settings import load_settings

if TYPE_CHECKING:
    from flows.subject import Subject

secret = typer.Typer(name="secret", help="The key of the pseudonyms.", no_args_is_help=True)
app.add_typer(secret)

AuthorOption = Annotated[
    str | None,
    typer.Option("--author", metavar="HANDLE", help="The author, as the platform writes handle or id; with --source."),
]
SourceOption = Annotated[str | None, typer.Option("--source", metavar="NAME", help="The source the author wrote at.")]


@app.command()
def forget(
    url: Annotated[str | None, typer.Option("--url", help="The address of a post.")] = None,
    handle: AuthorOption = None,
    source: SourceOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    home: HomeOption = None,
    is_sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove a post, or all of an author's posts, from every place, and keep them away from now on."""
    from flows import forget as step
    from flows.night import reporter
    from flows.warehouse import exclusive

    place = Home.locate(home)
    subject = _subject(url, handle, source, config)
    with progress(), exclusive(place):
        held = step.look_up(place, subject)
        if not is_sure:
            _confirm(held.posts.num_rows, len(held.quarantine_ids))
        counts = step.forget(place, subject, reporter.get())
    if as_json:
        print_json(asdict(counts))
        return
    if not held:
        output.print("Nothing was held. It will be kept away from now on.")
        if handle:
            output.print(
                "If you expected posts: some platforms know authors by an id, not by their handle "
                "(docs/privacy.md says which)."
            )
        return
    output.print(f"Forgotten: {counts.post_count:,} posts and {counts.broken_count:,} broken records.")
    for name, count in counts.places.items():
        output.print(f"  {name.replace('_', ' ')}: {count:,}")
    output.print("Counts per day and topic in the marts are made anew by the next night.")


@app.command("export-subject")
def export_subject(
    handle: Annotated[str, typer.Option("--author", metavar="HANDLE", help="As the platform writes handle or id.")],
    source: Annotated[str, typer.Option("--source", metavar="NAME", help="The source the author wrote at.")],
    file: Annotated[Path, typer.Option("--output", "-o", help="Where to: a file ending in .json or .zip.")],
    config: ConfigOption = DEFAULT_CONFIG,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write everything held on a person to a file that can be handed out (Articles 15 and 20 GDPR)."""
    from flows.subject import author
    from flows.subject_export import export_subject as step
    from flows.warehouse import exclusive

    settings, place = load_settings(config), Home.locate(home)
    with exclusive(place):
        counts = step(place, settings, author(settings, handle, source), source, file)
    if as_json:
        print_json(counts)
    else:
        output.print(f"{file}: {counts['posts']:,} posts, {counts['broken_records']:,} broken records")


@secret.command("rotate")
def rotate(
    home: HomeOption = None,
    is_sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Give the pseudonyms a new key: all are made anew from the old ones, no author is lost."""
    from flows.rotation import rotate as step
    from flows.warehouse import exclusive

    place = Home.locate(home)
    if not is_sure:
        if not output.is_terminal:
            raise UsageError("This makes all pseudonyms anew. Say --yes to do it.")
        if not typer.confirm("Make all pseudonyms anew with a new key?"):
            raise typer.Exit(ExitCode.DONE)
    with exclusive(place):
        count = step(place)
    output.print(f"{count:,} pseudonyms made anew. Back up {place.secrets / 'pseudonym.key'} now.", soft_wrap=True)


def _confirm(posts: int, broken: int) -> None:
    if not output.is_terminal:
        raise UsageError(f"This would forget {posts:,} posts and {broken:,} broken records. Say --yes to do it.")
    if not typer.confirm(f"Forget {posts:,} posts and {broken:,} broken records for good?"):
        errors.print("Nothing was forgotten.")
        raise typer.Exit(ExitCode.DONE)


def _subject(url: str | None, handle: str | None, source: str | None, config: Path) -> Subject:
    from flows.subject import address, author

    if (url is None) == (handle is None) or (handle is None) != (source is None):
        raise UsageError("Say either --url URL, or --author HANDLE together with --source NAME.")
    return address(url) if url is not None else author(load_settings(config), handle or "", source or "")
