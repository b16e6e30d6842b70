"""Commands that save an installation and bring it back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.app import HomeOption, JsonOption, app
from flows.cli.terminal import output, print_json, progress
from flows.home import Home

MEGABYTE = 1_000_000


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="The folder of your backups; each becomes a folder in it.")],
    home: HomeOption = None,
    keep: Annotated[
        int | None, typer.Option("--keep", min=1, help="Keep that many backups and delete older ones; default: all.")
    ] = None,
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="Leave secrets/ out; keep it elsewhere, a restore needs it.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Save the whole installation, verified; waits for a night that is at work."""
    from flows.backups import backup as save

    with progress():
        saved = save(Home.at(home), folder, keep=keep, with_keys=not without_keys)
    if as_json:
        print_json(vars(saved))
        return
    output.print(
        f"{saved.path}: {saved.file_count:,} files, {saved.size / MEGABYTE:,.1f} MB, of these "
        f"{saved.copied_size / MEGABYTE:,.1f} MB new. Bring it back with: marktecho restore {saved.path}",
        soft_wrap=True,
    )


@app.command()
def restore(
    backup: Annotated[Path, typer.Argument(help="A backup, or a folder of backups: the newest one in it.")],
    home: HomeOption = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also where an installation is; what is there is kept beside it.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring an installation back from a backup, after every file of it has been checked."""
    from flows.backups import restore as bring_back

    with progress():
        restored = bring_back(Home.locate(home), backup, replace=replace)
    if as_json:
        print_json(vars(restored))
        return
    output.print(
        f"Restored {restored.backup} of {restored.created_at}: {restored.file_count:,} files, "
        f"{restored.mention_count:,} mentions, without {restored.forgotten_count:,} that were forgotten since. "
        "The next night fetches what is new; `marktecho recheck` asks for what was deleted in between.",
        soft_wrap=True,
    )
    if restored.replaced:
        output.print(f"What was there before lies in {restored.replaced}; delete it when all is well.", soft_wrap=True)
