"""Commands for whoever extends Marktecho."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.app import app
from flows.cli.terminal import output
from flows.private_files import users_umask

new = typer.Typer(help="Start a new part of Marktecho in a checkout.", no_args_is_help=True)
app.add_typer(new, name="new")


@new.callback()
def _new() -> None:
    """Start a new part of Marktecho in a checkout."""
    os.umask(users_umask())


@new.command()
def source(
    name: Annotated[str, typer.Argument(help="The source type: small letters and digits.")],
    checkout: Annotated[Path, typer.Option("--checkout", help="Where to write; default: here.")] = Path(),
) -> None:
    """Write a working connector with its test server, test, docs page and settings."""
    from flows.scaffold.new_source import write_source

    for path in write_source(name, checkout):
        output.print(str(path), markup=False, soft_wrap=True)
    output.print(f"\nIt works (python -m pytest tests/test_{name}.py): now make it speak your platform's protocol.")
