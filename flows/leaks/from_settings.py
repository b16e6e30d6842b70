"""The section `watchlist` of the settings, as entries that are made anew each night and never stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from flows.errors import UsageError
from flows.leaks.documents import read_document
from flows.leaks.watchlist import Entry, Watchlist
from flows.settings import Settings

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def with_settings(watchlist: Watchlist, settings: Settings, warn: Callable[[str], None]) -> Watchlist:
    """The watchlist with the settings' terms and documents, named by their places in the file.

    `warn` is told, by its place and without its name, of one that cannot be watched for; the others are.
    """
    entries = dict(watchlist.entries)
    for number, term in enumerate(settings.watchlist.terms, start=1):
        label = f"watchlist.terms {number}"
        try:
            entries[label] = Entry(label, _NEVER).with_term(term.get_secret_value(), watchlist.key)
        except UsageError as error:
            warn(f"{label}: {error}")
    for number, path in enumerate(settings.watchlist.documents, start=1):
        label = f"watchlist.documents {number}"
        try:
            entries[label] = Entry(label, _NEVER).with_document(read_document(path), watchlist.key)
        except UsageError as error:
            warn(f"{label}: {str(error).removeprefix(f'{path}: ')}")
    return replace(watchlist, entries=entries)
