"""What repairs and restored backups have put aside: damaged files, and the installation that a backup replaced."""

from __future__ import annotations

import shutil
import time

from flows.erasure.journal import FORGOTTEN, Gone
from flows.home import Home

KEPT_SECONDS = 7 * 86_400


def erase(home: Home, gone: Gone) -> int:
    """Delete it all when somebody asked to be forgotten, else what is older than a week."""
    kept_since = time.time() - KEPT_SECONDS
    found = [
        *home.root.glob("replaced-*"),
        *home.root.glob("warehouse.duckdb.wal.damaged-*"),
        *home.prefect.glob("prefect.db.damaged-*"),
    ]
    due = [path for path in found if FORGOTTEN in gone.reasons or path.stat().st_mtime < kept_since]
    for path in due:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return len(due)
