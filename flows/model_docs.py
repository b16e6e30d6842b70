"""The marts and all they are built from, as one page that dbt writes: columns, descriptions, SQL, lineage."""

from __future__ import annotations

import os
from pathlib import Path

from flows.build import run_dbt
from flows.errors import UsageError
from flows.home import Home
from flows.warehouse import exclusive

_PAGE = "static_index.html"


def write_docs(home: Home, folder: Path) -> Path:
    """Write `index.html` into a folder, which is made when it is not there; returns its path. Needs no network.

    Raises UsageError before the first night, WarehouseBusy when another process holds the warehouse.
    """
    if not home.warehouse.exists():
        raise UsageError(f"{home.warehouse}: there is nothing to describe yet. Run `marktecho nightly` first.")
    with exclusive(home):
        run_dbt(home, ["docs", "generate", "--static"])
    target = home.work / "dbt" / "target"
    content = (target / _PAGE).read_bytes().replace(f"{target}/".encode(), b"")  # the page may be put on a web server
    folder.mkdir(parents=True, exist_ok=True)
    page, temporary = folder / "index.html", folder / ".index.html.tmp"
    temporary.write_bytes(content)
    os.replace(temporary, page)  # noqa: PTH105 - named as what it is, atomic
    return page
