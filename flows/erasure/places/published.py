"""The published marts, their kept versions for rollback, and every other database beside them."""

from __future__ import annotations

import os
from pathlib import Path

from flows.durable import sync
from flows.erasure.duckdb_files import LEFTOVER, copied
from flows.erasure.journal import Gone
from flows.home import Home
from flows.versions import link, publishing, swept


def erase(home: Home, gone: Gone) -> int:
    """Write each file that holds something anew and swap it in atomically; readers keep the file they have opened."""
    touched = 0
    with publishing(home), swept(home):
        for leftover in home.published.rglob(f"{LEFTOVER}*"):
            leftover.unlink()
        done: dict[tuple[int, int], Path] = {}
        for file in sorted(home.published.rglob("*.duckdb"), reverse=True):
            status = file.stat()
            twin = done.get((status.st_dev, status.st_ino))
            if twin is not None:
                if not twin.samefile(file):
                    _swap(twin, file)
                continue
            clean, count = copied(home, file, gone)
            if clean != file:
                os.replace(clean, file)  # noqa: PTH105 - named as what it is, atomic
                sync(file.parent)
            done[(status.st_dev, status.st_ino)] = file
            touched += count
    return touched


def _swap(twin: Path, file: Path) -> None:
    """Give the new file the second name that the old one had."""
    temporary = file.with_name(LEFTOVER.replace("*", file.name))
    temporary.unlink(missing_ok=True)
    link(twin, temporary)
    os.replace(temporary, file)  # noqa: PTH105
    sync(file.parent)
