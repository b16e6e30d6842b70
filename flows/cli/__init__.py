"""The command line `marktecho`: one file per group of commands."""

from __future__ import annotations

import sys

from rich.text import Text

from flows.cli.app import app
from flows.cli.terminal import errors
from flows.errors import ExitCode, MarktechoError
from flows.private_files import private_files
from flows.remedies import in_words

# Each import registers its commands.
from flows.cli import alerts, backups, brief, dashboard, demo, extending, files, leaks, night, privacy  # noqa: F401  isort: skip
from flows.cli import queue, reading, scoring, survey, topics, training, upkeep  # noqa: F401  isort: skip

__all__ = ["app", "main"]


def main() -> None:
    """Run `marktecho`; errors meant for the user end in a message and an honest exit code, not in a traceback."""
    try:
        with private_files():
            app()
    except KeyboardInterrupt:
        errors.print("marktecho: interrupted; run the command again to go on where it stopped.")
        sys.exit(ExitCode.FAILED)
    except Exception as error:
        message = in_words(error)
        if message is None:
            raise
        errors.print(Text.assemble(("marktecho:", "bold red"), f" {message}"), soft_wrap=True)
        sys.exit(error.exit_code if isinstance(error, MarktechoError) else ExitCode.FAILED)
