"""What the tests of connectors share: a client that does not sleep, and reading a source to its end."""

from __future__ import annotations

from functools import partial

from flows.http import PoliteClient
from flows.sources.base import Connector, Cursor

without_sleep = partial(PoliteClient, sleep=lambda seconds: None)


def read(source: Connector, cursor: Cursor | None = None) -> tuple[list[str | None], Cursor]:
    """Native ids in the order they came, and the last cursor."""
    pages = list(source.fetch(cursor or {}))
    ids = [source.native_id(record) for page in pages for record in page.records]
    return ids, pages[-1].cursor if pages else (cursor or {})
