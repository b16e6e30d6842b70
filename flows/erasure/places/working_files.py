"""Working files: dlt's packages and traces, dbt's logs, what DuckDB put aside. Nothing there is needed after a run."""

from __future__ import annotations

import shutil

from flows.erasure.journal import Gone
from flows.home import Home


def erase(home: Home, gone: Gone) -> int:
    """Delete them all. A load that was cut off is fetched again: the cursor is in the warehouse."""
    folders = [
        *(home.work / "dlt").glob("*"),
        home.work / "dbt" / "logs",
        home.work / "dbt" / "target" / "run",
        home.warehouse.with_name(f"{home.warehouse.name}.tmp"),
    ]
    found = [folder for folder in folders if folder.exists()]
    for folder in found:
        shutil.rmtree(folder) if folder.is_dir() else folder.unlink()
    return len(found)
