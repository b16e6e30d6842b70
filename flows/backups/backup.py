"""Back up an installation while nobody works on it: copy, read the copy, keep it only when it is whole."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path

import duckdb
from filelock import FileLock

from flows.backups.manifest import DIGEST_BYTES, MANIFEST, Entry, Manifest, backup_name, complete_backups, digest
from flows.durable import sync, write_durably
from flows.errors import MarktechoError, UsageError
from flows.home import Home
from flows.integrity import row_counts
from flows.night import reporter
from flows.schema import version_of
from flows.versions import publishing
from flows.warehouse import exclusive, refuse_half_restored

WAIT_SECONDS = 3_600.0
PARTIAL = ".partial-"
LEFT_OUT = ("work", "prefect", "restoring", "last_backup.json")
"""Made anew by the next night."""
LEFT_OUT_ENDINGS = (".lock", ".tmp", ".tmp.wal", ".part")
REPLACED = "replaced-"
"""Begins the folder of what a restored backup has replaced."""
SQLITE = b"SQLite format 3\x00"
CHUNK_BYTES = 4 << 20


@dataclass(frozen=True)
class Saved:
    """A backup that was made; sizes in bytes. What is not copied did not change since the backup before."""

    path: Path
    file_count: int
    size: int
    copied_size: int


def backup(
    home: Home,
    folder: Path,
    *,
    keep: int | None = None,
    with_keys: bool = True,
    wait_seconds: float = WAIT_SECONDS,
) -> Saved:
    """Save everything that a night cannot make anew into a new folder in `folder`; without `with_keys` not secrets/.

    Waits for a run that is at work. Files that did not change since the last backup there are the same files on the
    disk (hard links). A backup gets its name when every database in it has been read from beginning to end. Afterwards
    all but the newest `keep` are deleted (None: nothing is).
    Raises UsageError when there is nothing to save or `folder` lies in the state folder, WarehouseBusy when a run does
    not end in time, MarktechoError when a file is damaged; then no backup is made.
    """
    folder = folder.expanduser().resolve()
    if folder == home.root or home.root in folder.parents:
        raise UsageError(f"{folder}: lies inside the state folder. Put backups elsewhere, best on another disk.")
    refuse_half_restored(home)
    if not home.warehouse.exists():
        raise UsageError(f"{home.warehouse}: not there, so there is nothing to back up. Is --home right?")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with exclusive(home, wait_seconds=wait_seconds), publishing(home), FileLock(folder / ".backup.lock"):
        for leftover in folder.glob(f"{PARTIAL}*"):
            shutil.rmtree(leftover)
        now = datetime.now(UTC)
        partial = folder / f"{PARTIAL}{backup_name(now)}"
        try:
            saved = _save(home, partial, now, complete_backups(folder), with_keys=with_keys)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        path = folder / backup_name(now)
        partial.rename(path)
        sync(folder)
        write_durably(home.last_backup, json.dumps({"path": str(path), "made_at": now.isoformat()}).encode())
        for old in complete_backups(folder)[:-keep] if keep else []:
            shutil.rmtree(old)
    return Saved(path, *saved)


def _save(home: Home, partial: Path, now: datetime, earlier: list[Path], *, with_keys: bool) -> tuple[int, int, int]:
    partial.mkdir(mode=0o700)
    schema_version, tables = _settle(home)
    before = _Before(earlier[-1]) if earlier else None
    paths = sorted(path for path in state_files(home) if with_keys or home.secrets not in path.parents)
    report = reporter.get()
    entries: list[Entry] = []
    names: dict[tuple[int, int], Entry] = {}
    copied_size = 0
    for done, path in enumerate(paths):
        report("backup", done, len(paths))
        status = path.stat()
        target = partial / path.relative_to(home.root)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        place = str(path.relative_to(home.root))
        twin = names.get((status.st_dev, status.st_ino))
        known = before.unchanged(place, status) if before else None
        if twin:
            os.link(partial / twin.path, target)
            entry = Entry(place, twin.size, twin.modified_ns, twin.digest)
        elif before and known:
            os.link(before.folder / place, target)
            entry = known
        else:
            entry = Entry(place, *_copy(path, target))
            copied_size += entry.size
        names.setdefault((status.st_dev, status.st_ino), entry)
        entries.append(entry)
    report("backup", len(paths), len(paths))
    _verify(partial, tables)
    manifest = Manifest(now.isoformat(), version("marktecho"), schema_version, tables, with_keys, entries)
    write_durably(partial / MANIFEST, manifest.to_json())
    return len(entries), sum(entry.size for entry in entries), copied_size


class _Before:
    """The backup before: which of its files are those that are to be saved now."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files = {entry.path: entry for entry in Manifest.read(folder).files}

    def unchanged(self, place: str, status: os.stat_result) -> Entry | None:
        entry = self._files.get(place)
        if entry is None or (entry.size, entry.modified_ns) != (status.st_size, status.st_mtime_ns):
            return None
        path = self.folder / place
        return entry if path.is_file() and digest(path) == entry.digest else None


def state_files(home: Home) -> Iterator[Path]:
    """Every file of an installation that a night cannot make anew."""
    for folder, folders, files in os.walk(home.root, followlinks=True):
        is_root = Path(folder) == home.root
        folders[:] = [name for name in folders if _is_kept(name, is_root=is_root)]
        yield from (Path(folder) / name for name in files if _is_kept(name, is_root=is_root))


def _is_kept(name: str, *, is_root: bool) -> bool:
    if is_root and (name in LEFT_OUT or name.startswith(REPLACED)):
        return False
    return not name.endswith(LEFT_OUT_ENDINGS)


def _settle(home: Home) -> tuple[int | None, dict[str, int]]:
    """Write what the warehouse holds into its one file; its version, and its tables with their rows."""
    try:
        with duckdb.connect(str(home.warehouse)) as warehouse:
            warehouse.execute("checkpoint")
            return version_of(warehouse), row_counts(warehouse)
    except duckdb.Error as error:
        raise MarktechoError(f"{home.warehouse}: cannot be read ({error}); no backup was made.") from error


def _copy(path: Path, target: Path) -> tuple[int, int, str]:
    """Copy a file; gives its size, when the original was changed, and its digest. A SQLite database may be in use."""
    status = path.stat()
    with path.open("rb") as source:
        if source.read(len(SQLITE)) == SQLITE:
            target.touch(mode=0o600)
            with closing(sqlite3.connect(path)) as live, closing(sqlite3.connect(target)) as copy:
                live.backup(copy)
            sync(target)
            return target.stat().st_size, status.st_mtime_ns, digest(target)
        source.seek(0)
        hashed = blake2b(digest_size=DIGEST_BYTES)
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            while chunk := source.read(CHUNK_BYTES):
                hashed.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
    return size, status.st_mtime_ns, hashed.hexdigest()


def _verify(partial: Path, tables: dict[str, int]) -> None:
    """Read every database of a copy from beginning to end. Raises MarktechoError when one is not whole."""
    for path in sorted(partial.rglob("*.duckdb")):
        try:
            with duckdb.connect(str(path), read_only=True) as copied:
                counts = row_counts(copied)
        except duckdb.Error as error:
            original = path.relative_to(partial)
            raise MarktechoError(f"{original}: its copy cannot be read ({error}); no backup was made.") from error
        if path == partial / "warehouse.duckdb" and counts != tables:
            raise MarktechoError(f"{path}: does not hold what the warehouse holds; no backup was made. Run it again.")
