"""The database of the temporary Prefect server: a record of runs for Prefect's page, which no night needs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from flows.home import Home


def set_aside_damaged(home: Home) -> Path | None:
    """Rename a database that SQLite cannot read, so that the next server makes a new one; gives its new name.

    Nothing of Marktecho is lost with it: its own record of runs is `core.runs`.
    """
    path = home.prefect / "prefect.db"
    if not path.exists() or _is_whole(path):
        return None
    aside = path.with_name(f"prefect.db.damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    path.rename(aside)
    for companion in ("-wal", "-shm"):
        path.with_name(path.name + companion).unlink(missing_ok=True)
    return aside


def _is_whole(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(path)) as database:
            return bool(database.execute("pragma quick_check(1)").fetchall() == [("ok",)])
    except sqlite3.DatabaseError:
        return False
