"""The published file and its kept versions: swapped in atomically, rolled back the same way.

A version is a second name (hard link) of a published file, or a copy of it where the file system knows no links. Files
are never written in place, so readers of any version are never disturbed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from flows.durable import sync
from flows.errors import WarehouseBusy
from flows.home import Home
from flows.published import attach_marts

TEMPORARY = ".marts-{run_id}.tmp"
LOCK_SECONDS = 300


@contextmanager
def publishing(home: Home) -> Iterator[None]:
    """Hold the published file for this process: publication and rollback come one after the other.

    Raises WarehouseBusy when another process holds it for longer than a swap takes.
    """
    try:
        with FileLock(home.published / ".publishing.lock", timeout=LOCK_SECONDS):
            yield
    except Timeout:
        raise WarehouseBusy(
            f"{home.published}: another process is publishing. Try again when it has finished."
        ) from None


def version_ids(home: Home) -> list[str]:
    """The run ids of the kept versions, oldest first."""
    return sorted(
        path.name.removeprefix("marts-").removesuffix(".duckdb") for path in home.versions.glob("marts-*.duckdb")
    )


def version_path(home: Home, run_id: str) -> Path:
    """Where the version that a run published is kept."""
    return home.versions / f"marts-{run_id}.duckdb"


def current_version(home: Home) -> str | None:
    """The run whose marts are published; null when none are."""
    if not home.marts.exists():
        return None
    for run_id in version_ids(home):
        if version_path(home, run_id).samefile(home.marts):
            return run_id
    return _run_of(home.marts)


def swap_in(home: Home, temporary: Path) -> None:
    """Make a finished file the published one, durably: readers see the old file or the new one, never a mixture."""
    sync(temporary)
    os.replace(temporary, home.marts)  # noqa: PTH105 - named as what it is, atomic
    sync(home.published)


def keep_version(home: Home, run_id: str) -> None:
    """Keep the published file under the run's name."""
    temporary = home.versions / TEMPORARY.format(run_id=run_id)
    temporary.unlink(missing_ok=True)
    link(home.marts, temporary)
    os.replace(temporary, version_path(home, run_id))  # noqa: PTH105
    temporary.unlink(missing_ok=True)  # still there when both names were the same file already
    sync(home.versions)


def adopt_current(home: Home) -> None:
    """Keep the published file as a version when the process that published it died before it could."""
    if not home.marts.exists():
        return
    if any(version_path(home, run_id).samefile(home.marts) for run_id in version_ids(home)):
        return
    run_id = _run_of(home.marts)
    if run_id is not None and run_id not in version_ids(home):
        keep_version(home, run_id)


def prune(home: Home, keep: int) -> None:
    """Delete all but the newest `keep` versions; never the one that is published, also with 0."""
    for run_id in version_ids(home)[: -keep or None]:
        version = version_path(home, run_id)
        if not version.samefile(home.marts):
            version.unlink()


@contextmanager
def swept(home: Home) -> Iterator[None]:
    """Delete what dead publications have left half done, and whatever the block leaves when it fails."""
    _sweep(home)
    try:
        yield
    finally:
        _sweep(home)


def _sweep(home: Home) -> None:
    for folder in (home.published, home.versions):
        for leftover in folder.glob(TEMPORARY.format(run_id="*") + "*"):
            leftover.unlink()


def _run_of(path: Path) -> str | None:
    try:
        with attach_marts(path) as marts:
            row = marts.execute("select max_by(run_id, published_at) from marts.runs").fetchone()
    except duckdb.Error:
        return None
    return row[0] if row else None


def link(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where that cannot be."""
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)
        sync(target)
