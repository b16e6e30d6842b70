"""A reader that opens the published marts again and again while nights fail around it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from flows.audit import marts_fingerprint
from flows.published import attach_marts

CONTRADICTIONS = {
    "aspects of no mention": "select count(*) from mention_aspects anti join mentions using (mention_id)",
    "queues of no mention": "select count(*) from department_queue anti join mentions using (mention_id)",
    "mentions twice": "select count(*) - count(distinct mention_id) from mentions",
    "days that count more mentions than there are": """
        select greatest(0, sum(mention_count) - (
            select sum(len(entity_ids)) from mentions where not is_spam and published_at is not null
        ))
        from entity_daily
    """,
    "a publication that does not name its own run": """
        select count(*) = 0 from runs where published_at is not null and outcome in ('done', 'source_failed')
    """,
}


class Reader:
    """What a reader has seen: the fingerprints of all versions, and what was wrong."""

    def __init__(self, marts: Path) -> None:
        self._marts = marts
        self.seen: set[str] = set()
        self.wrong: list[str] = []
        self.look_count = 0

    def look(self) -> None:
        """Open the marts and read all of them once."""
        try:
            with attach_marts(self._marts) as marts:
                self.seen.add(content_of(marts))
                for what, question in CONTRADICTIONS.items():
                    row = marts.execute(question).fetchone()
                    if row and row[0]:
                        self.wrong.append(f"{what}: {row[0]}")
        except duckdb.Error as error:
            self.wrong.append(str(error))
        self.look_count += 1


def content_of(marts: duckdb.DuckDBPyConnection) -> str:
    """One value for the marts about mentions; alerts tell also of nights that failed, as those of these tests do."""
    return re.sub(r"\balerts:\([^)]*\) ?", "", marts_fingerprint(marts))


@contextmanager
def reading(home: Path, every_seconds: float = 0.7) -> Iterator[Reader]:
    """Read the published marts of a home while the block runs, all the time but for short pauses."""
    reader = Reader(home / "published" / "marts.duckdb")
    done = threading.Event()

    def look_again() -> None:
        while not done.wait(every_seconds):
            reader.look()

    thread = threading.Thread(target=look_again)
    thread.start()
    try:
        yield reader
    finally:
        done.set()
        thread.join()
        reader.look()
