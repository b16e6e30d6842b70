"""The marts in the warehouse, and the tables between core and them: until the next build makes them anew."""

from __future__ import annotations

from flows.erasure.duckdb_files import scrub
from flows.erasure.journal import Gone
from flows.home import Home
from flows.warehouse import connect, transaction


def erase(home: Home, gone: Gone) -> int:
    """Delete rows, list entries and quotations."""
    with connect(home) as warehouse, transaction(warehouse):
        return scrub(warehouse, home.warehouse.stem, gone, schemas=("marts", "intermediate", "staging"))
